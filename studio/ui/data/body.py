"""Where the parts of the data page lie: three columns, two in a narrow window with the counts as a tab."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from minimind.text import N_, _
from studio.planning.file_report import FileReport, FileState
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.data.cards import SEQ_LEN, CountsCard, LengthsCard, SkippedCard
from studio.ui.data.convert_panel import ConvertPanel
from studio.ui.data.file_list import FileList
from studio.ui.data.preview_panel import PreviewPanel
from studio.ui.data.row_tabs import LengthsTab, RepeatsTab, SkippedTab
from studio.ui.pages.page import GAP
from studio.ui.widgets.card import Card
from studio.ui.widgets.empty_state import EmptyState
from studio.ui.widgets.labels import Divider

_TITLES = {
    "preview": N_("Preview"),
    "lengths": N_("Lengths"),
    "repeats": N_("Repeats"),
    "skipped": N_("Skipped rows"),
    "counts": N_("How much it is"),
}
FILES, FILES_COMPACT, SIDE = (212, 272), (200, 224), (248, 282)
# below this height the list of skipped rows is in its tab only, and the drop zone has one line
LOW = 640
_COUNTS_AT_MOST, _NO_LIMIT = 420, 16_777_215


class DataBody(QWidget):
    """Files at the left, tabs in the middle, cards at the right."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._compact = False
        self.files = FileList(appearance)
        self.tabs = QTabBar()
        self.preview = PreviewPanel(appearance)
        self.lengths_tab = LengthsTab(appearance)
        self.repeats_tab = RepeatsTab(appearance)
        self.skipped_tab = SkippedTab(appearance)
        self.counts = CountsCard(appearance)
        self.lengths = LengthsCard(appearance)
        self.skipped = SkippedCard(appearance)
        self.convert = ConvertPanel(appearance)
        self.empty = EmptyState(appearance, "database")
        self._keys: list[str] = []
        # what stands behind the titles of tabs
        self._counted: dict[str, int] = {}
        self._lay_out()

    # -- building --------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.currentChanged.connect(self._on_tab)
        bar = QHBoxLayout()
        bar.setContentsMargins(14, 0, 14, 0)
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        # in a narrow window the counts move in here
        self._counts_tab = QWidget()
        place = QVBoxLayout(self._counts_tab)
        place.setContentsMargins(0, 0, 0, 0)
        self._counts_place = place
        self._stack = QStackedWidget()
        self._panels: dict[str, QWidget] = {
            "preview": self.preview,
            "lengths": self.lengths_tab,
            "repeats": self.repeats_tab,
            "skipped": self.skipped_tab,
            "counts": self._counts_tab,
        }
        for panel in self._panels.values():
            self._stack.addWidget(panel)
        tabbed = QWidget()
        column = QVBoxLayout(tabbed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(Divider())
        column.addWidget(self._stack, 1)
        scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setWidget(self.convert)
        self.convert.setObjectName("scrolled")
        self._states = QStackedWidget()
        for widget in (tabbed, scrolled, self.empty):
            self._states.addWidget(widget)
        self._tabbed, self._faulty = tabbed, scrolled
        self.middle = Card(padded=False)
        self.middle.body.setSpacing(0)
        self.middle.body.addWidget(self._states)
        self.side = QWidget()
        self._side = QVBoxLayout(self.side)
        self._side.setContentsMargins(0, 0, 0, 0)
        self._side.setSpacing(GAP)
        self._side.addWidget(self.counts)
        self._side.addWidget(self.lengths)
        self._side.addWidget(self.skipped, 1)
        # takes the room where the list of skipped rows is not shown
        self._side.addStretch(0)
        self._row = QHBoxLayout(self)
        self._row.setSpacing(GAP)
        self._row.addWidget(self.files)
        self._row.addWidget(self.middle, 1)
        self._row.addWidget(self.side)
        self._set_tabs()

    def build(self, page: QWidget, header: QWidget) -> None:
        """Put header and body into a page."""
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(header)
        column.addWidget(self, 1)

    def retranslate(self) -> None:
        """Texts in the language in force."""
        for part in (
            self.files,
            self.preview,
            self.lengths_tab,
            self.repeats_tab,
            self.skipped_tab,
            self.counts,
            self.lengths,
            self.skipped,
            self.convert,
        ):
            part.retranslate()
        self.empty.set_texts(_("Drop files here, or begin with the sample."), _("Use the sample"))
        self.tabs.setAccessibleName(_("Parts of the page"))
        self._show_titles()

    # -- arranging -------------------------------------------------------------------------------------

    def set_compact(self, compact: bool, padding: int) -> None:
        """Two columns instead of three."""
        self._row.setContentsMargins(padding, 0, padding, padding - 4)
        for card in (self.counts, self.lengths, self.skipped):
            card.set_compact(compact)
        if compact != self._compact:
            self._compact = compact
            if compact:
                self._counts_place.addWidget(self.counts)
                self._counts_place.addStretch(1)
            else:
                self._counts_place.takeAt(1)
                self._side.insertWidget(0, self.counts)
            self.counts.set_look("" if compact else "true")
            self.counts.setMaximumWidth(_COUNTS_AT_MOST if compact else _NO_LIMIT)
            self._set_tabs()
        self._show_side()

    def set_size(self, width: int, height: int) -> None:
        """The page has another size."""
        low, high = FILES_COMPACT if self._compact else FILES
        self.files.setFixedWidth(max(low, min(high, round(width * 0.22))))
        self.side.setFixedWidth(max(SIDE[0], min(SIDE[1], round(width * 0.23))))
        self.files.drop.set_low(height < LOW)
        self.skipped.setVisible(height >= LOW)
        self._side.setStretch(self._side.count() - 1, 0 if height >= LOW else 1)

    def _set_tabs(self) -> None:
        chosen = self.current_tab
        keys = [key for key in _TITLES if key != "counts" or self._compact]
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for _key in keys:
            self.tabs.addTab("")
        self.tabs.blockSignals(False)
        self._keys = keys
        self._show_titles()
        self.open_tab(chosen if chosen in keys else "preview")

    @property
    def current_tab(self) -> str:
        """Key of the open tab."""
        at = self.tabs.currentIndex()
        return self._keys[at] if 0 <= at < len(self._keys) else ""

    def open_tab(self, key: str) -> None:
        """Bring a tab to the front."""
        self.tabs.setCurrentIndex(self._keys.index(key))
        self._stack.setCurrentWidget(self._panels[key])

    def _on_tab(self, at: int) -> None:
        if 0 <= at < len(self._keys):
            self._stack.setCurrentWidget(self._panels[self._keys[at]])

    # -- showing ---------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """The project has no files."""
        self._states.setCurrentWidget(self.empty)
        self._show_side()

    def show_report(self, report: FileReport, *, seq_len: int = SEQ_LEN, cost: str, cost_tip: str) -> None:
        """What is known about the file in sight."""
        count = report.count
        faulty = report.state in (FileState.BAD, FileState.GONE)
        self._states.setCurrentWidget(self._faulty if faulty else self._tabbed)
        self._show_side()
        if faulty:
            convertible = report.code in ("table", "no_usable_row")
            self.convert.show_fault(
                report.fault, gone=report.state is FileState.GONE, convertible=convertible
            )
        self.preview.set_rows(count.usable if count else 0, exact=report.state is FileState.DONE)
        if self.preview.view is None and not faulty and count is None:
            self.preview.show_note(_("Counting…"))
        self.counts.show_report(report, cost, cost_tip)
        self.lengths.show_report(report, seq_len)
        self.lengths_tab.show_report(report, seq_len)
        self.repeats_tab.show_report(report)
        self.skipped.show_report(report)
        self.skipped_tab.show_report(report)
        self._counted = {"skipped": count.skipped, "repeats": count.repeats} if count else {}
        self._show_titles()

    def _show_titles(self) -> None:
        for at, key in enumerate(self._keys):
            number = self._counted.get(key, 0)
            words = _(_TITLES[key])
            self.tabs.setTabText(at, f"{words} {fmt.exact(number)}" if number else words)

    def _show_side(self) -> None:
        self.side.setVisible(not self._compact and self._states.currentWidget() is self._tabbed)
