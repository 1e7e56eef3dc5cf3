"""The window: rail, pages, status strip, shortcuts, toasts; it remembers how it stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QHelpEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from minimind.run_state import RunState
from minimind.text import _
from studio.ui.close_dialog import CloseAnswer, CloseDialog
from studio.ui.first_model import FirstModel
from studio.ui.navigator import Toast
from studio.ui.notifier import Notifier
from studio.ui.pages.page import COMPACT_BELOW, Page
from studio.ui.pages.table import PAGES, PageRow, Tools
from studio.ui.shell.commands import COMMANDS, PLACE_COMMANDS, Command, keys_of
from studio.ui.shell.overlays import Overlays, place_keys
from studio.ui.shell.project_switcher import ProjectSwitcher
from studio.ui.status_strip import StatusStrip
from studio.ui.tab_order import move_on
from studio.ui.widgets.nav_rail import NavItem, NavRail
from studio.ui.widgets.toast import ToastHost

DEFAULT_SIZE, SMALLEST, FRAME = (1440, 900), (1024, 600), 40


class MainWindow(QMainWindow):
    """Shows one page at a time; makes each at its first visit.

    Signals:
        closed: it has closed for good; the composition root ends the services.
    """

    closed = Signal()

    def __init__(self, tools: Tools, pages: Sequence[PageRow] = PAGES) -> None:
        super().__init__()
        self._tools = tools
        self._rows = {row.key: row for row in pages}
        self._pages: dict[str, Page] = {}
        self._current = ""
        self._history: list[str] = []
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self._on_runs_changed)
        self._seen_failures: set[str] = set(tools.memory.get("seen_failures", []))
        self._wants_folded = bool(tools.memory.get("rail_folded", False))
        self.setWindowTitle("MiniMind Studio")
        self.setMinimumSize(*SMALLEST)
        self.rail = NavRail(tools.appearance)
        self.status = StatusStrip(tools.appearance)
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        ground = self._lay_out()
        self.toasts = ToastHost(tools.appearance, self._stack)
        self._projects = ProjectSwitcher(tools, self.rail, self)
        self.overlays = Overlays(tools, self, ground, self._projects.choose)
        self._notifier = Notifier(tools.appearance, tools.preferences, tools.runs, self)
        self._first_model = FirstModel(tools.runs, tools.navigator, self._watched_runs, self)
        self._connect()
        self._bind_keys()
        self.retranslate()
        self._restore()
        self._on_runs_changed()
        self.open_page(self._first_page())
        # else Qt gives the keyboard, and its ring, to the first button of the rail
        self.current_page().setFocus()

    # -- pages ---------------------------------------------------------------------------------

    def open_page(self, key: str, request: Mapping[str, Any] | None = None) -> None:
        """Bring a page to the front.

        Raises:
            KeyError: no such page in the table.
        """
        row = self._rows[key]
        page = self._page(row)
        if self._current and self._current != key:
            self._pages[self._current].left()
            self._history = [*(past for past in self._history if past != key), self._current][-20:]
        self._current = key
        focus = self.focusWidget()
        had_keyboard = focus is not None and self._stack.isAncestorOf(focus)
        self._stack.setCurrentWidget(page)
        self.rail.set_current(row.place or key)
        page.set_compact(self.width() < COMPACT_BELOW)
        if had_keyboard:
            # else Qt hands it to the rail, and the keys of the page do nothing
            page.setFocus()
        page.opened(request or {})
        self._mark_failure_seen(request or {})

    def current_page(self) -> Page:
        """The page in front."""
        return self._pages[self._current]

    @property
    def current_key(self) -> str:
        """Its key."""
        return self._current

    def _watched_runs(self) -> set[str] | None:
        """The runs on the page in front, what the person looks at; None on the first page."""
        if self._current == "home":
            return None
        run = getattr(self.current_page(), "run", None) if self._current == "run" else None
        return {run.run_id} if run is not None else set()

    def back(self) -> None:
        """To the page before this one."""
        if self._history:
            self.open_page(self._history.pop())

    def retranslate(self) -> None:
        """Rail and title in the language in force; pages and widgets look after themselves."""
        places = self._places()
        items = [(row.bottom, _nav_item(row, place_keys(places, row))) for row in places]
        self.rail.set_items(
            [item for bottom, item in items if not bottom], [item for bottom, item in items if bottom]
        )
        self.rail.set_texts(_("New run"), _("Shortcuts & help"))
        self.rail.new_run.setVisible("wizard" in self._rows)
        self.setWindowIcon(self._tools.appearance.window_icon())
        self.status.set_findings(self._tools.system.findings())
        self._projects.show()
        self._on_runs_changed()

    def _places(self) -> list[PageRow]:
        """The pages of the rail, those with a number first."""
        return sorted((row for row in self._rows.values() if row.icon), key=lambda row: row.bottom)

    def _page(self, row: PageRow) -> Page:
        page = self._pages.get(row.key)
        if page is None:
            page = row.build(self._tools)
            self._pages[row.key] = page
            self._stack.addWidget(page)
        return page

    def _first_page(self) -> str:
        remembered = self._tools.memory.get("page", "home")
        row = self._rows.get(remembered)
        return remembered if row is not None and row.icon else next(iter(self._rows))

    # -- wiring --------------------------------------------------------------------------------

    def _lay_out(self) -> QWidget:
        ground = QWidget()
        ground.setObjectName("page")
        ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        column.addLayout(row, 1)
        column.addWidget(self.status)
        self.setCentralWidget(ground)
        return ground

    def _connect(self) -> None:
        tools = self._tools
        tools.appearance.changed.connect(self.retranslate)
        tools.navigator.page_requested.connect(self._on_page_requested)
        tools.navigator.toasted.connect(self._on_toasted)
        tools.runs.runs_changed.connect(self._on_runs_changed)
        tools.runs.run_changed.connect(self._soon_look_at_runs)
        tools.runs.reading_changed.connect(self.status.set_reading)
        tools.runs.problem.connect(lambda sentence: self._on_toasted(Toast(text=sentence, tone="danger")))
        tools.system.sampled.connect(self.status.set_sample)
        tools.system.doctor_changed.connect(self.status.set_findings)
        self.status.set_findings(tools.system.findings())
        if (sample := tools.system.latest()) is not None:
            self.status.set_sample(sample)
        self.rail.page_clicked.connect(self.open_page)
        self.rail.new_run_clicked.connect(self.new_run)
        self.rail.help_clicked.connect(self.show_shortcuts)
        self.status.run_clicked.connect(self._on_status_clicked)
        self.status.doctor_clicked.connect(self.open_doctor)

    def _bind_keys(self) -> None:
        def bind(keys: str, command: Command) -> None:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(lambda: command.do(self))

        for command in (*COMMANDS, *PLACE_COMMANDS):
            for keys in command.keys:
                bind(keys, command)

    # -- what a person does: the window is the `Shell` of the commands -------------------------

    def open_place(self, number: int) -> None:
        """The page that stands there in the rail, from 1; nothing when there are fewer."""
        numbered = [row.key for row in self._places() if not row.bottom]
        if number <= len(numbered):
            self.open_page(numbered[number - 1])

    def new_run(self) -> None:
        """The wizard, where there is one."""
        if "wizard" in self._rows:
            self._tools.navigator.new_run()

    def press_primary(self) -> None:
        """The filled button of the page."""
        button = self.current_page().primary_action()
        if button is not None and button.isEnabled():
            button.click()

    def escape(self) -> None:
        """Close what is open over the window or on the page, else leave a field, else go back."""
        if not (self.overlays.close_open() or self.current_page().escape() or self._leave_field()):
            self.back()

    def explain(self) -> None:
        """The word under the keyboard or the pointer, else the list of shortcuts; again closes it."""
        if self.overlays.close_open():
            return
        term = self.overlays.word_at_hand(self._stack)
        if term is not None:
            self.overlays.show_glossary(term)
        else:
            self.show_shortcuts()

    def show_shortcuts(self) -> None:
        """What works everywhere and on this page; again closes it."""
        self.overlays.show_shortcuts(_(self._rows[self._current].title), self.current_page())

    def show_glossary(self) -> None:
        """The glossary, at its first word."""
        self.overlays.show_glossary()

    def show_palette(self) -> None:
        """The palette; again closes it."""
        self.overlays.show_palette(self._rows[self._current], self.current_page(), self._places())

    def switch_project(self) -> None:
        """The menu of projects."""
        self.rail.open_projects()

    def toggle_rail(self) -> None:
        """Fold or unfold the rail, from now on."""
        self._wants_folded = not self._wants_folded
        self._tools.memory.set("rail_folded", self._wants_folded)
        self._fold()

    def _leave_field(self) -> bool:
        """Esc in a field stays on the page: what is written there is not to be lost to another page."""
        focus = self.focusWidget()
        if focus is None or not self._stack.isAncestorOf(focus):
            return False
        if isinstance(focus, QLineEdit | QAbstractSpinBox):
            self.current_page().setFocus()
            return True
        return isinstance(focus, QPlainTextEdit | QTextEdit) and not focus.isReadOnly()

    def _on_status_clicked(self, run_id: str) -> None:
        if run_id and "run" in self._rows:
            self._tools.navigator.open_run(run_id)
        elif "runs" in self._rows:
            self.open_page("runs")

    def open_doctor(self) -> None:
        """What was found out about this computer."""
        if "doctor" in self._rows:
            self.open_page("doctor")
        else:
            self.open_page("home", {"show": "doctor"})

    def _on_page_requested(self, key: str, request: dict[str, Any]) -> None:
        self.open_page(key, request)

    def _on_toasted(self, toast: Toast) -> None:
        self.toasts.show_toast(toast)

    # -- what happens --------------------------------------------------------------------------

    def _soon_look_at_runs(self) -> None:
        """Once for all that changed at a time: the first reading tells of every run there ever was."""
        self._look.start()

    def _on_runs_changed(self) -> None:
        runs = self._tools.runs
        active = runs.active()
        # of a pipeline only the whole counts
        every = [run for run in runs.runs() if runs.run(run.parent or "") is None]
        queued = sum(1 for run in every if run.state is RunState.QUEUED)
        unseen = [
            run
            for run in every
            if run.state is RunState.FAILED and f"{run.run_id}/{run.attempt}" not in self._seen_failures
        ]
        newest = max(unseen, key=lambda run: run.ended_at or 0.0, default=None)
        self.status.set_runs(active, queued, newest)
        self.rail.set_count("runs", len(active))

    def _mark_failure_seen(self, request: Mapping[str, Any]) -> None:
        run = self._tools.runs.run(str(request["run_id"])) if "run_id" in request else None
        if run is not None and run.state is RunState.FAILED:
            self._seen_failures.add(f"{run.run_id}/{run.attempt}")
            self._tools.memory.set("seen_failures", sorted(self._seen_failures)[-200:])
            self._on_runs_changed()

    def event(self, event: QEvent) -> bool:
        # it comes here when what lies under the pointer has no tip of its own
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            primary = self.current_page().primary_action()
            if primary is not None and self.childAt(event.pos()) is primary and primary.isEnabled():
                QToolTip.showText(event.globalPos(), keys_of("primary"), primary)
                return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes as one reads: rail, header, content, right column, status strip."""
        return move_on(self, forward=forward)

    # -- size and end --------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()
        compact = self.width() < COMPACT_BELOW
        if self._current and self.current_page().compact != compact:
            self.current_page().set_compact(compact)

    def _fold(self) -> None:
        # between resizes of one drag nothing slides: the width follows the window
        self.rail.set_folded(self._wants_folded or self.width() < COMPACT_BELOW)

    def _restore(self) -> None:
        room = self.screen().availableGeometry()
        # the frame around the window needs room too
        self.resize(min(DEFAULT_SIZE[0], room.width()), min(DEFAULT_SIZE[1], room.height() - FRAME))
        geometry = self._tools.memory.get("geometry", "")
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        self._fold()

    def _remember(self) -> None:
        memory = self._tools.memory
        memory.set("geometry", bytes(self.saveGeometry().toBase64().data()).decode())
        memory.set("page", self._current)
        memory.save()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self._remember()
        self.overlays.close()
        event.accept()
        # after the event: whoever listens may end the program
        QTimer.singleShot(0, self, self.closed.emit)

    def _may_close(self) -> bool:
        tools = self._tools
        if not tools.runs.active() or not tools.preferences.current.ask_on_close:
            return True
        dialog = CloseDialog(tools.appearance, tools.runs, self)
        dialog.exec()
        if dialog.answer is not CloseAnswer.CANCEL and dialog.never_again.isChecked():
            tools.preferences.change(ask_on_close=False)
        answer = dialog.answer
        dialog.deleteLater()
        return answer is not CloseAnswer.CANCEL


def _nav_item(row: PageRow, keys: str) -> NavItem:
    return NavItem(key=row.key, icon=row.icon, title=_(row.title), keys=keys)
