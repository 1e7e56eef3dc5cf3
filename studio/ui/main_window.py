"""The window: rail, pages, status strip, shortcuts, toasts; it remembers how it stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from minimind.run_state import RunState
from minimind.text import _
from studio.ui.close_dialog import CloseAnswer, CloseDialog
from studio.ui.navigator import Toast
from studio.ui.notifier import Notifier
from studio.ui.pages.page import COMPACT_BELOW, Page
from studio.ui.pages.table import PAGES, PageRow, Tools
from studio.ui.shortcut_list import ShortcutList
from studio.ui.status_strip import StatusStrip
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
        self.shortcut_list = ShortcutList(tools.appearance, ground)
        self._notifier = Notifier(tools.appearance, tools.preferences, tools.runs, self)
        self._connect()
        self._bind_keys()
        self.retranslate()
        self._restore()
        self._on_runs_changed()
        self.open_page(self._first_page())
        # else Qt gives the keyboard, and its ring, to the first button of the rail
        self._stack.setFocus()

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

    def back(self) -> None:
        """To the page before this one."""
        if self._history:
            self.open_page(self._history.pop())

    def retranslate(self) -> None:
        """Rail and title in the language in force; pages and widgets look after themselves."""
        places = [row for row in self._rows.values() if row.icon and not row.bottom]
        below = [row for row in self._rows.values() if row.icon and row.bottom]
        self.rail.set_items(
            [_nav_item(row, f"Ctrl {number}") for number, row in enumerate(places, start=1)],
            [_nav_item(row, "Ctrl ,") for row in below],
        )
        self.rail.set_texts(_("New run"), _("Shortcuts & help"))
        self.rail.new_run.setVisible("wizard" in self._rows)
        self.setWindowIcon(self._tools.appearance.window_icon())
        self.status.set_findings(self._tools.system.findings())
        self._show_projects()
        self._on_runs_changed()

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
        tools.runs.run_changed.connect(self._on_runs_changed)
        tools.runs.problem.connect(lambda sentence: self._on_toasted(Toast(text=sentence, tone="danger")))
        tools.system.sampled.connect(self.status.set_sample)
        tools.system.doctor_changed.connect(self.status.set_findings)
        self.status.set_findings(tools.system.findings())
        if (sample := tools.system.latest()) is not None:
            self.status.set_sample(sample)
        self.rail.page_clicked.connect(self.open_page)
        self.rail.new_run_clicked.connect(lambda: tools.navigator.new_run())
        self.rail.help_clicked.connect(self._show_shortcuts)
        self.rail.project_chosen.connect(self._on_project_chosen)
        self.rail.project_created.connect(self._on_project_chosen)
        self.status.run_clicked.connect(self._on_status_clicked)
        self.status.doctor_clicked.connect(lambda: self.open_page("home", {"show": "doctor"}))

    def _bind_keys(self) -> None:
        def bind(keys: str, call: Any) -> None:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(call)

        for number in range(1, 6):
            bind(f"Ctrl+{number}", lambda number=number: self._open_place(number))
        bind("Ctrl+N", self._new_run)
        bind("Ctrl+,", lambda: self.open_page("preferences"))
        bind("Ctrl+B", self._toggle_rail)
        bind("F1", self._show_shortcuts)
        bind("?", self._show_shortcuts)
        bind("Esc", self._on_escape)
        bind("Ctrl+Return", self._press_primary)
        bind("Ctrl+Enter", self._press_primary)
        bind("Ctrl+Tab", self.back)

    # -- what a person does --------------------------------------------------------------------

    def _open_place(self, number: int) -> None:
        places = [row.key for row in self._rows.values() if row.icon and not row.bottom]
        if number <= len(places):
            self.open_page(places[number - 1])

    def _new_run(self) -> None:
        if "wizard" in self._rows:
            self._tools.navigator.new_run()

    def _press_primary(self) -> None:
        button = self.current_page().primary_action()
        if button is not None and button.isEnabled():
            button.click()

    def _on_escape(self) -> None:
        if self.shortcut_list.isVisible():
            self.shortcut_list.hide()
        elif not self.current_page().escape():
            self.back()

    def _show_shortcuts(self) -> None:
        if self.shortcut_list.isVisible():
            self.shortcut_list.hide()
            return
        self.shortcut_list.open(_(self._rows[self._current].title), self.current_page().shortcuts())

    def _toggle_rail(self) -> None:
        self._wants_folded = not self._wants_folded
        self._tools.memory.set("rail_folded", self._wants_folded)
        self._fold()

    def _on_project_chosen(self, name: str) -> None:
        self._tools.runs.set_project(name)
        self._tools.memory.set("project", name)
        self._show_projects()

    def _on_status_clicked(self, run_id: str) -> None:
        if run_id and "run" in self._rows:
            self._tools.navigator.open_run(run_id)
        elif "runs" in self._rows:
            self.open_page("runs")

    def _on_page_requested(self, key: str, request: dict[str, Any]) -> None:
        self.open_page(key, request)

    def _on_toasted(self, toast: Toast) -> None:
        self.toasts.show_toast(toast)

    # -- what happens --------------------------------------------------------------------------

    def _show_projects(self) -> None:
        runs = self._tools.runs
        self.rail.set_projects(runs.projects(), runs.project)

    def _on_runs_changed(self) -> None:
        runs = self._tools.runs
        every, active = runs.runs(), runs.active()
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
        event.accept()
        # after the event: whoever listens may end the program
        QTimer.singleShot(0, self.closed.emit)

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
