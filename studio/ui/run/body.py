"""Where the parts of the run page lie: side by side, as tabs in a narrow window, the log apart when wide."""

from __future__ import annotations

from enum import Enum

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from minimind.text import N_, _
from studio.services.run_service import RunService
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.pages.page import GAP
from studio.ui.run import machine
from studio.ui.run.figures_card import FiguresCard
from studio.ui.run.log_view import LogView
from studio.ui.run.plot_panel import PlotPanel
from studio.ui.run.row_list import RowList
from studio.ui.run.samples_panel import SamplesPanel
from studio.ui.run.settings_list import SettingsList
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider, Label

WIDE_FROM = 1680
SIDE, SIDE_WIDE = 336, 420
_NO_LIMIT = 16_777_215
_TITLES = {
    "plot": N_("Curves"),
    "samples": N_("What it says now"),
    "events": N_("Events"),
    "log": N_("Log"),
    "checkpoints": N_("Checkpoints"),
    "settings": N_("Settings"),
}


class Room(Enum):
    """How wide the window is."""

    COMPACT = "compact"
    NORMAL = "normal"
    WIDE = "wide"


class Tabs(QWidget):
    """A tab bar with a stack below; panels move in and out of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels: dict[str, QWidget] = {}
        self.bar = QTabBar()
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setUsesScrollButtons(False)
        self.line = QHBoxLayout()
        self.line.setContentsMargins(14, 0, 14, 0)
        self.line.setSpacing(8)
        self.line.addWidget(self.bar)
        self.line.addStretch(1)
        self.divider = Divider()
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.line)
        column.addWidget(self.divider)
        column.addWidget(self.stack, 1)
        self.bar.currentChanged.connect(self._on_changed)

    def hold(self, panels: dict[str, QWidget]) -> None:
        """Hold exactly these, in this order; the open one stays open."""
        chosen = self.current()
        self.bar.blockSignals(True)
        while self.bar.count():
            self.bar.removeTab(0)
        for key, panel in panels.items():
            at = self.bar.addTab(_(_TITLES[key]))
            self.bar.setTabData(at, key)
            self.stack.addWidget(panel)
        self.bar.blockSignals(False)
        self._panels = panels
        self.open(chosen if chosen in panels else next(iter(panels), ""))

    def current(self) -> str:
        """Key of the open panel."""
        return str(self.bar.tabData(self.bar.currentIndex()) or "")

    def held(self) -> list[str]:
        """Keys of what it holds."""
        return [str(self.bar.tabData(at)) for at in range(self.bar.count())]

    def open(self, key: str) -> bool:
        """Bring a panel to the front; False if it is not here."""
        keys = self.held()
        if key not in keys:
            return False
        self.bar.setCurrentIndex(keys.index(key))
        self.stack.setCurrentWidget(self._panels[key])
        return True

    def set_text(self, key: str, text: str) -> None:
        """What a tab says."""
        keys = self.held()
        if key in keys:
            self.bar.setTabText(keys.index(key), text)

    def _on_changed(self, at: int) -> None:
        key = str(self.bar.tabData(at) or "")
        if key in self._panels:
            self.stack.setCurrentWidget(self._panels[key])


class RunBody(QWidget):
    """Figures, plot, samples, events, log, checkpoints, settings.

    The panels are the same widgets in every arrangement, so that a selection or a scroll position stays.
    """

    def __init__(self, appearance: Appearance, runs: RunService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.figures = FiguresCard()
        self.plot = PlotPanel(appearance, runs)
        self.samples = SamplesPanel(appearance)
        self.events = RowList(appearance)
        self.log = LogView(appearance, runs)
        self.checkpoints = RowList(appearance)
        self.settings = SettingsList(appearance)
        self._num_checkpoints = 0
        self._compact = False
        self._arranged: tuple[object, ...] = ()
        self.plot_tabs, self.side_tabs = Tabs(), Tabs()
        self._build()
        self.plot_tabs.bar.currentChanged.connect(lambda _at: self._show_switches())
        self.arrange(Room.NORMAL, ended=False, low=False)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def arrange(self, room: Room, *, ended: bool, low: bool, plain: bool = False) -> None:
        """Lay the parts out.

        Args:
            room: how wide the window is.
            ended: the run failed or was lost; the panel on top needs the height.
            low: the window is lower than 720 px.
            plain: there is no curve and no model: an export, say. Events and log take all the room.
        """
        wanted = (room, ended, low, plain, self._appearance.scale)
        if wanted == self._arranged:
            return
        self._arranged = wanted
        compact = room is Room.COMPACT
        self.figures.set_room(compact=compact, low=low or ended)
        # the reason of a failure and the curve matter more than figures that do not change any more
        self.figures.setVisible(not (ended and low))
        self._plot_card.body.setContentsMargins(1, 1, 1, 3 if low else 8)
        self._grid.setVerticalSpacing(10 if low else GAP)
        most = {
            Room.COMPACT: machine.COMPACT_LANES,
            Room.NORMAL: machine.NORMAL_LANES,
            Room.WIDE: machine.WIDE_LANES,
        }
        self.plot.set_room(compact=compact or low, lanes=most[room])
        if plain:
            self._place_plain()
        else:
            self._place_panels(room, ended)
            self._place_cards(room, ended)
        self.retranslate()

    def show_panel(self, key: str) -> QWidget:
        """Bring a panel to the front wherever it lies now; returns it."""
        self.plot_tabs.open(key)
        self.side_tabs.open(key)
        return self.panels[key]

    def set_num_checkpoints(self, count: int) -> None:
        """The figure on the checkpoints' tab."""
        self._num_checkpoints = count
        self._name_tabs()

    def retranslate(self) -> None:
        """Set every text in the language in force."""
        self._name_tabs()
        self._samples_title.setText(_("What it says now"))
        self._log_title.setText(_("Log"))
        icon = self._appearance.pixmap("message-square-quote", "accent_text")
        self._samples_icon.setPixmap(icon)
        self.events.set_empty(_("Nothing has happened yet."))
        self.events.setAccessibleName(_("Events"))
        self.checkpoints.set_empty(_("No checkpoint yet."))
        self.checkpoints.setAccessibleName(_("Checkpoints"))

    # -- inside --------------------------------------------------------------------------------

    @property
    def panels(self) -> dict[str, QWidget]:
        """Every panel by its key."""
        return {
            "plot": self.plot,
            "samples": self._samples_place,
            "events": self.events,
            "log": self._log_place,
            "checkpoints": self.checkpoints,
            "settings": self.settings,
        }

    def _build(self) -> None:
        self._samples_place = _framed(self.samples, 14)
        self._log_place = _framed(self.log, 10)
        self._plot_card = Card(padded=False)
        # what fills the card must not paint over its round corners
        self._plot_card.body.setContentsMargins(1, 1, 1, 8)
        self._plot_card.body.addWidget(self.plot_tabs)
        self._samples_card = Card()
        self._samples_card.body.setContentsMargins(1, 12, 1, 1)
        self._samples_title, self._samples_icon = Label(role="card"), Label()
        self._samples_line = QHBoxLayout()
        self._samples_line.setContentsMargins(14, 0, 14, 0)
        self._samples_line.setSpacing(8)
        self._samples_line.addWidget(self._samples_icon)
        self._samples_line.addWidget(self._samples_title)
        self._samples_line.addStretch(1)
        self._samples_card.body.addLayout(self._samples_line)
        self._side_card = Card(padded=False)
        self._side_card.body.setContentsMargins(1, 1, 1, 8)
        self._side_card.body.addWidget(self.side_tabs)
        self._log_card = Card(padded=False)
        self._log_title = Label(role="card")
        line = QHBoxLayout()
        line.setContentsMargins(14, 10, 14, 0)
        line.addWidget(self._log_title)
        self._log_card.body.addLayout(line)
        self._side = QWidget()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(GAP)
        side.addWidget(self._samples_card, 1)
        side.addWidget(self._side_card, 1)
        side.addWidget(self._log_card, 1)
        for part in (self.figures, self._plot_card, self._side):
            # before the first layout: shown without a parent they would be windows for a moment
            part.setParent(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        self._grid.setColumnStretch(0, 1)
        self._grid.setRowStretch(1, 1)

    def _place_plain(self) -> None:
        self.plot_tabs.hold({})
        self.side_tabs.hold({key: self.panels[key] for key in ("log", "events")})
        for widget in (self.figures, self._plot_card, self._samples_card, self._log_card):
            widget.hide()
        self._grid.removeWidget(self._side)
        self._side.setMinimumWidth(0)
        self._side.setMaximumWidth(_NO_LIMIT)
        self._side.show()
        self._grid.addWidget(self._side, 0, 0, 2, 2)

    def _place_panels(self, room: Room, ended: bool) -> None:
        panels = self.panels
        compact = room is Room.COMPACT
        tabs = self.plot_tabs
        tabs.bar.setVisible(compact)
        tabs.divider.setVisible(compact)
        switches = (self.plot.axis_switch, self.plot.options_button)
        for switch in switches:
            (tabs.line if compact else self.plot.bar).addWidget(switch)
        self._plot_margins(compact)
        self._compact = compact
        self._show_switches()
        if compact:
            self.samples.take_button_back()
            tabs.hold(panels)
            self.side_tabs.hold({})
            self._show_switches()
            return
        tabs.hold({"plot": panels["plot"]})
        side = {key: panels[key] for key in ("events", "log", "checkpoints", "settings")}
        self._samples_card.body.addWidget(panels["samples"])
        self._samples_line.addWidget(self.samples.again)
        panels["samples"].show()
        if room is Room.WIDE and not ended:
            del side["log"]
            self._log_card.body.addWidget(panels["log"])
            panels["log"].show()
        self.side_tabs.hold(side)

    def _show_switches(self) -> None:
        """In the tabs' line they stand beside other panels, too, of which they say nothing."""
        shown = not self._compact or self.plot_tabs.current() == "plot"
        for switch in (self.plot.axis_switch, self.plot.options_button):
            switch.setVisible(shown)

    def _plot_margins(self, compact: bool) -> None:
        layout = self.plot.layout()
        if layout is not None:
            # the plot has its own margins, so it begins at the card's edge
            layout.setContentsMargins(0, 8 if compact else 10, 0, 0)
            self.plot.bar.setContentsMargins(14, 0, 14, 0)

    def _place_cards(self, room: Room, ended: bool) -> None:
        grid, compact = self._grid, room is Room.COMPACT
        self._side.setVisible(not compact)
        # beside the plot of a failed run there is room for one card, in a wide window for two
        self._samples_card.setVisible(not compact and not (ended and room is Room.NORMAL))
        self._log_card.setVisible(room is Room.WIDE and not ended)
        for widget in (self.figures, self._plot_card, self._side):
            grid.removeWidget(widget)
        self._plot_card.show()
        side = round((SIDE_WIDE if room is Room.WIDE else SIDE) * self._appearance.scale)
        grid.setColumnMinimumWidth(1, 0 if compact else side)
        if compact:
            grid.addWidget(self.figures, 0, 0, 1, 2)
            grid.addWidget(self._plot_card, 1, 0, 1, 2)
            return
        self._side.setFixedWidth(side)
        grid.addWidget(self.figures, 0, 0, 1, 2 if ended else 1)
        grid.addWidget(self._plot_card, 1, 0)
        grid.addWidget(self._side, 1 if ended else 0, 1, 1 if ended else 2, 1)

    def _name_tabs(self) -> None:
        for tabs in (self.plot_tabs, self.side_tabs):
            for key in tabs.held():
                text = _(_TITLES[key])
                if key == "checkpoints" and self._num_checkpoints:
                    text = f"{text} {fmt.exact(self._num_checkpoints)}"
                tabs.set_text(key, text)


def _framed(widget: QWidget, margin: int) -> QWidget:
    """A panel with air around it; the panel itself stays what it is in every arrangement."""
    frame = QWidget()
    column = QVBoxLayout(frame)
    column.setContentsMargins(margin, 6, margin, margin)
    column.addWidget(widget)
    return frame
