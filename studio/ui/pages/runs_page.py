"""Everything that was ever trained: a table with a filter, and a strip about the selected run."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from minimind.text import _
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.page import GAP, Page, ShortcutHint
from studio.ui.run.actions import Action, actions
from studio.ui.run.commands import RunCommands
from studio.ui.run.confirm_dialog import delete_dialog
from studio.ui.runs import query
from studio.ui.runs.chip_bar import ChipBar
from studio.ui.runs.detail_strip import DetailStrip
from studio.ui.runs.edit_popup import EditPopup
from studio.ui.runs.table_model import RunsFilter, RunsModel
from studio.ui.runs.table_view import RunsTable
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.empty_state import EmptyState
from studio.ui.widgets.page_header import MenuItem, PageHeader, fill_menu

REFRESH_MS = 500
_MEMORY_COLUMNS, _MEMORY_GROUP = "runs/hidden_columns", "runs/group"


class RunsPage(Page):
    """The table of runs.

    Signals:
        open_run(str): a run's id.
        open_chat(str), export_requested(str): a run folder.
        new_run_requested(dict): what the wizard is filled in with.
    """

    open_run = Signal(str)
    open_chat = Signal(str)
    export_requested = Signal(str)
    new_run_requested = Signal(dict)

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        runs: RunService,
        memory: WindowMemory,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, parent)
        self._navigator, self._runs, self._memory = navigator, runs, memory
        self._group = str(memory.get(_MEMORY_GROUP, query.ALL))
        self._editing = ("", "")
        self._undo: list[str] = []
        self.commands = RunCommands(appearance, navigator, runs, self)
        self.header = PageHeader(appearance)
        self.new_button = Button(appearance, kind="primary", icon="plus")
        self.filter_field = QLineEdit()
        self.filter_field.setClearButtonEnabled(True)
        self.chips = ChipBar(appearance)
        self.model = RunsModel(self)
        self.filtered = RunsFilter(self.model, self)
        self.table = RunsTable(appearance)
        self.empty = EmptyState(appearance, "activity", self.table.viewport())
        self.strip = DetailStrip(appearance)
        self.popup = EditPopup(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()
        self.retranslate()

    # -- Page ----------------------------------------------------------------------------------

    def opened(self, request: Mapping[str, object]) -> None:
        if "filter" in request:
            self.filter_field.setText(str(request["filter"]))
        self.refresh()
        if not self.table.currentIndex().isValid() and self.filtered.rowCount():
            self.table.selectRow(0)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def retranslate(self) -> None:
        self.header.set_title(_("Runs"))
        self.new_button.setText(_("New run"))
        self.new_button.set_hint(_("New run"), "Ctrl+N")
        self.filter_field.setPlaceholderText(_("Filter: name, #tag, state:failed"))
        self.filter_field.setAccessibleName(_("Filter the runs"))
        self.filter_field.setToolTip(
            _("Words in name, note, tags, method, model; state: tag: method: model:")
        )
        self.table.setAccessibleName(_("Runs"))
        self.model.retranslate()
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self._set_margins()

    def primary_action(self) -> QAbstractButton | None:
        return self.new_button

    def escape(self) -> bool:
        if self.filter_field.text():
            self.filter_field.clear()
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return False

    def shortcuts(self) -> list[ShortcutHint]:
        return [
            ShortcutHint(keys="↑ ↓ Enter", text=_("Choose and open a run")),
            ShortcutHint(keys="Ctrl+F", text=_("Filter the runs")),
            ShortcutHint(keys="F2", text=_("Rename")),
            ShortcutHint(keys="T", text=_("Tags")),
            ShortcutHint(keys="S", text=_("Star")),
            ShortcutHint(keys="Del", text=_("Move to the trash")),
            ShortcutHint(keys="Ctrl+Z", text=_("Put back from the trash")),
        ]

    # -- what is shown -------------------------------------------------------------------------

    def refresh(self) -> None:
        """The list as the service knows it now; selection and scroll position stay."""
        self._timer.stop()
        runs, trashed = self._runs.runs(), self._runs.runs(trashed=True)
        chips = query.chips(runs, len(trashed))
        if self._group not in [key for key, _word, _count in chips]:
            self._group = query.ALL
        self.chips.set_chips(chips, self._group)
        chosen = self.table.current_run()
        self.model.set_runs(trashed if self._group == query.TRASH else runs)
        self.filtered.set_filter(self.filter_field.text(), self._group)
        if chosen is not None and not self.table.currentIndex().isValid():
            self._select(chosen.run_id)
        self._show_empty(bool(runs) or bool(trashed))
        self._show_strip()

    def select(self, run_id: str) -> None:
        """Select a run's row, if it is in sight."""
        self._select(run_id)
        self._show_strip()

    def _select(self, run_id: str) -> None:
        row = self.model.row_of(run_id)
        if row is not None:
            index = self.filtered.mapFromSource(self.model.index(row, 0))
            if index.isValid():
                self.table.selectRow(index.row())

    def _show_empty(self, any_run: bool) -> None:
        empty = self.filtered.rowCount() == 0
        self.empty.setVisible(empty)
        if not empty:
            return
        if any_run:
            self.empty.set_texts(_("No run fits the filter."), _("Clear the filter"))
        else:
            self.empty.set_texts(
                _("Nothing trained yet. The first model takes only a few minutes."), _("Train my first model")
            )

    def _show_strip(self) -> None:
        run = self.table.current_run()
        self.strip.setVisible(run is not None and not run.trashed)
        if run is None or run.trashed:
            return
        events = self._runs.events(run.run_id)
        self.strip.show_run(run, self._runs.samples(run.run_id), events, _strip_actions(run))

    # -- inside --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.header.set_actions([self.new_button])
        self.filter_field.setMinimumWidth(220)
        self.filter_field.setMaximumWidth(360)
        self.filter_field.addAction(
            self.appearance.icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition
        )
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(self.filter_field, 1)
        line.addWidget(self.chips)
        line.addStretch(1)
        card = Card(padded=False)
        card.body.setContentsMargins(1, 8, 1, 8)
        card.body.addWidget(self.table)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.header)
        self._column.addLayout(line)
        self._column.addWidget(card, 1)
        self._column.addWidget(self.strip)
        self._set_margins()
        inside = QVBoxLayout(self.table.viewport())
        inside.addWidget(self.empty)
        self.table.setModel(self.filtered)
        self.table.prepare()
        self.table.set_columns([str(key) for key in self._memory.get(_MEMORY_COLUMNS, [])])

    def _set_margins(self) -> None:
        top = self.padding - 4
        self._column.setContentsMargins(self.padding, top, self.padding, top)

    def _connect(self) -> None:
        runs, table, commands = self._runs, self.table, self.commands
        runs.runs_changed.connect(self._soon)
        runs.run_changed.connect(self._soon)
        runs.ready.connect(self.refresh)
        commands.open_chat.connect(self.open_chat)
        commands.export_requested.connect(self.export_requested)
        commands.new_run_requested.connect(self.new_run_requested)
        commands.rename_wanted.connect(lambda _run_id: table.edit_name())
        self.new_button.clicked.connect(lambda: self.new_run_requested.emit({}))
        self.filter_field.textChanged.connect(lambda _text: self.refresh())
        self.filter_field.returnPressed.connect(self._leave_filter)
        self.chips.chosen.connect(self._choose_group)
        self.empty.button.clicked.connect(self._on_empty_button)
        table.opened.connect(self._open)
        table.renamed.connect(lambda run_id, name: runs.change_notes(run_id, name=name))
        table.star_clicked.connect(self._toggle_star)
        table.key_pressed.connect(self._on_key)
        table.menu_wanted.connect(self._on_menu)
        table.columns_changed.connect(lambda hidden: self._memory.set(_MEMORY_COLUMNS, hidden))
        table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_strip())
        self.strip.action_chosen.connect(self._on_strip_action)
        self.popup.accepted.connect(self._on_edited)
        for keys, call in (("Ctrl+F", self._focus_filter), ("Ctrl+Z", self._undo_trash)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # -- what a person does --------------------------------------------------------------------

    def _open(self, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is not None and not run.trashed:
            self.open_run.emit(run_id)

    def _focus_filter(self) -> None:
        self.filter_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_field.selectAll()

    def _leave_filter(self) -> None:
        if self.filtered.rowCount():
            self.table.selectRow(0)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_group(self, key: str) -> None:
        self._group = key
        # the trash is looked into, not lived in
        self._memory.set(_MEMORY_GROUP, query.ALL if key == query.TRASH else key)
        self.refresh()

    def _on_empty_button(self) -> None:
        if self._runs.runs() or self._runs.runs(trashed=True):
            self._group = query.ALL
            self.filter_field.clear()
            self.refresh()
        else:
            self.new_run_requested.emit({})

    def _toggle_star(self, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is not None:
            self._runs.change_notes(run_id, star=not run.star)

    def _on_key(self, key: str, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is None:
            return
        if key == "star":
            self._toggle_star(run_id)
        elif key == "tags":
            self._edit("tags", run)
        elif key == "trash" and not run.trashed:
            self._trash(run)

    def _trash(self, run: Run) -> None:
        if not run.state.is_active:
            self._undo.append(run.run_id)
        self.commands.do("trash", run)

    def _undo_trash(self) -> None:
        while self._undo:
            run = self._runs.run(self._undo.pop())
            if run is not None and run.trashed:
                self._runs.restore(run.run_id)
                return

    def _edit(self, what: str, run: Run) -> None:
        self._editing = (what, run.run_id)
        rect = self.table.visualRect(self.table.currentIndex())
        place = self.table.viewport().mapToGlobal(QPoint(48, rect.bottom() + 2))
        if what == "tags":
            hint = _("Separated by spaces or commas")
            self.popup.ask(_("Tags"), ", ".join(run.tags), hint, place)
        else:
            self.popup.ask(_("Note"), run.note, "", place)

    def _on_edited(self, text: str) -> None:
        what, run_id = self._editing
        if what == "tags":
            self._runs.change_notes(run_id, tags=query.parse_tags(text))
        elif what == "note":
            self._runs.change_notes(run_id, note=" ".join(text.split()))

    def _on_strip_action(self, key: str) -> None:
        run = self.table.current_run()
        if run is None:
            return
        if key == "open":
            self._open(run.run_id)
        else:
            self.commands.do(key, run)

    def _on_menu(self, run_id: str, place: QPoint) -> None:
        run = self._runs.run(run_id)
        if run is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(self.appearance, menu, self._trash_items(run) if run.trashed else self._items(run))
        menu.popup(place)

    def _items(self, run: Run) -> list[MenuItem]:
        offered = actions(run)
        doing = [action for action in offered.buttons if action.enabled]
        rest = [action for action in offered.menu if action.key not in ("rename", "trash")]
        star = _("Take the star away") if run.star else _("Give it a star")
        return [
            MenuItem(text=_("Open"), icon="activity", keys="Enter", action=lambda: self._open(run.run_id)),
            *self.commands.menu_items(tuple(doing), run),
            MenuItem(),
            MenuItem(text=_("Rename"), icon="pencil", keys="F2", action=self.table.edit_name),
            MenuItem(text=_("Tags…"), icon="tag", keys="T", action=lambda: self._edit("tags", run)),
            MenuItem(text=_("Note…"), icon="file-text", action=lambda: self._edit("note", run)),
            MenuItem(text=star, icon="star", keys="S", action=lambda: self._toggle_star(run.run_id)),
            MenuItem(),
            *self.commands.menu_items(tuple(rest), run),
            MenuItem(
                text=_("Move to the trash"),
                icon="trash-2",
                keys="Del",
                enabled=not run.state.is_active,
                hint=_("Stop it first") if run.state.is_active else "",
                action=lambda: self._trash(run),
            ),
        ]

    def _trash_items(self, run: Run) -> list[MenuItem]:
        return [
            MenuItem(text=_("Put back"), icon="undo-2", action=lambda: self._runs.restore(run.run_id)),
            MenuItem(text=_("Delete forever…"), icon="trash-2", action=lambda: self._delete([run])),
        ]

    def _delete(self, runs: list[Run]) -> None:
        dialog = delete_dialog(self.appearance, runs, self)
        if dialog.exec():
            for run in runs:
                self._runs.delete_forever(run.run_id)
        dialog.deleteLater()

    # -- what happens --------------------------------------------------------------------------

    def _soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(REFRESH_MS)


def _strip_actions(run: Run) -> list[Action]:
    """The header's buttons of the run's own page, and the way on of one that ended early."""
    offered = list(actions(run).buttons)
    if run.state.can_resume and not any(action.key == "resume" for action in offered):
        offered.insert(0, Action(key="resume", text=_("Resume"), icon="rotate-ccw"))
    return offered
