"""What a person does with the rows of the runs table: star, tags, note, trash and back, queue; the menus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from minimind.run_state import RunState
from minimind.text import _, ngettext
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.run.actions import actions
from studio.ui.run.commands import RunCommands
from studio.ui.run.confirm_dialog import delete_dialog
from studio.ui.runs.edit_popup import EditPopup
from studio.ui.runs.table_view import RunsTable
from studio.ui.widgets.page_header import MenuItem, fill_menu


class RunDeeds(QObject):
    """Carries them out on the selected rows."""

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        runs: RunService,
        commands: RunCommands,
        table: RunsTable,
        open_run: Callable[[str], None],
    ) -> None:
        super().__init__(table)
        self._appearance, self._navigator, self._runs = appearance, navigator, runs
        self._commands, self._table, self._open = commands, table, open_run
        self._undo: list[list[str]] = []
        self._editing: tuple[str, list[str]] = ("", [])
        self.popup = EditPopup(table)
        self.popup.accepted.connect(self._on_edited)
        table.renamed.connect(lambda run_id, name: runs.change_notes(run_id, name=name))
        table.star_clicked.connect(self._on_star)
        table.key_pressed.connect(self._on_key)
        table.menu_wanted.connect(self._on_menu)
        table.queue_ordered.connect(runs.order_queue)

    # -- deeds ---------------------------------------------------------------------------------

    def star(self, runs: list[Run]) -> None:
        """Give all of them a star; take it away where all have one."""
        on = not all(run.star for run in runs)
        for run in runs:
            if run.star != on:
                self._runs.change_notes(run.run_id, star=on)

    def trash(self, runs: list[Run]) -> None:
        """Out of sight, all that nothing works on; one toast, one undo."""
        idle = [run for run in runs if self._at_work(run) is None and not run.trashed]
        if not idle:
            if runs and (busy := self._at_work(runs[0])) is not None:
                self._runs.problem.emit(_("{name} is running; stop it first").format(name=busy.name))
            return
        self._undo.append([run.run_id for run in idle])
        for run in idle:
            self._runs.trash(run.run_id)
        text = _("“{name}” is in the trash; it can be put back").format(name=idle[0].name)
        if len(idle) > 1:
            text = ngettext(
                "{n} run is in the trash; it can be put back",
                "{n} runs are in the trash; they can be put back",
                len(idle),
            ).format(n=fmt.exact(len(idle)))
        ids = self._undo[-1]
        self._navigator.toast(text, action_text=_("Undo"), action=lambda: self.put_back(ids))

    def put_back(self, ids: list[str]) -> None:
        """Back from the trash, those that are still in it."""
        for run_id in ids:
            run = self._runs.run(run_id)
            if run is not None and run.trashed:
                self._runs.restore(run_id)

    def undo(self) -> None:
        """The last move to the trash, if it can still be undone."""
        while self._undo:
            ids = self._undo.pop()
            if any((run := self._runs.run(run_id)) is not None and run.trashed for run_id in ids):
                self.put_back(ids)
                return

    def delete(self, runs: list[Run]) -> None:
        """For ever, after a question."""
        dialog = delete_dialog(self._appearance, runs, self._table.window())
        if dialog.exec():
            for run in runs:
                self._runs.delete_forever(run.run_id)
        dialog.deleteLater()

    def edit(self, what: str, runs: list[Run]) -> None:
        """Ask for tags or a note; several runs get the same."""
        if not runs:
            return
        self._editing = (what, [run.run_id for run in runs])
        rect = self._table.visualRect(self._table.currentIndex())
        place = self._table.viewport().mapToGlobal(QPoint(48, rect.bottom() + 2))
        self.popup.ask_for(what, runs[0], place)

    def _at_work(self, run: Run) -> Run | None:
        """The run, or its pipeline, if a process works on it: the next stage begins with its checkpoint."""
        whole = self._runs.run(run.parent) if run.parent else None
        return next((one for one in (run, whole) if one is not None and one.state.is_active), None)

    # -- menus ---------------------------------------------------------------------------------

    def items(self, run: Run) -> list[MenuItem]:
        """What can be done with one run."""
        offered = actions(run)
        doing = [action for action in offered.buttons if action.enabled]
        rest = [action for action in offered.menu if action.key not in ("rename", "tags", "note", "trash")]
        star = _("Take the star away") if run.star else _("Give it a star")
        return [
            MenuItem(text=_("Open"), icon="activity", keys="Enter", action=lambda: self._open(run.run_id)),
            *self._commands.menu_items(tuple(doing), run),
            *self._queue_items(run),
            MenuItem(),
            MenuItem(text=_("Rename"), icon="pencil", keys="F2", action=self._table.edit_name),
            MenuItem(text=_("Tags…"), icon="tag", keys="T", action=lambda: self.edit("tags", [run])),
            MenuItem(text=_("Note…"), icon="file-text", action=lambda: self.edit("note", [run])),
            MenuItem(text=star, icon="star", keys="S", action=lambda: self.star([run])),
            MenuItem(),
            *self._commands.menu_items(tuple(rest), run),
            self._trash_item([run]),
        ]

    def items_of_many(self, runs: list[Run]) -> list[MenuItem]:
        """What can be done with several."""
        star = _("Take the star away") if all(run.star for run in runs) else _("Give it a star")
        return [
            MenuItem(text=_("Tags…"), icon="tag", keys="T", action=lambda: self.edit("tags", runs)),
            MenuItem(text=star, icon="star", keys="S", action=lambda: self.star(runs)),
            MenuItem(),
            self._trash_item(runs),
        ]

    def trash_items(self, runs: list[Run]) -> list[MenuItem]:
        """What can be done with runs in the trash."""
        ids = [run.run_id for run in runs]
        return [
            MenuItem(text=_("Put back"), icon="undo-2", action=lambda: self.put_back(ids)),
            MenuItem(text=_("Delete forever…"), icon="trash-2", action=lambda: self.delete(runs)),
        ]

    def _queue_items(self, run: Run) -> list[MenuItem]:
        if not self._table.is_queue or run.state is not RunState.QUEUED:
            return []
        last = self._table.model().rowCount() - 1
        row, move = self._table.currentIndex().row(), self._table.move_in_queue
        return [
            MenuItem(
                text=_("Start earlier"),
                icon="chevron-up",
                keys="Alt+↑",
                enabled=row > 0,
                action=lambda: move(-1),
            ),
            MenuItem(
                text=_("Start later"),
                icon="chevron-down",
                keys="Alt+↓",
                enabled=row < last,
                action=lambda: move(1),
            ),
        ]

    def _trash_item(self, runs: list[Run]) -> MenuItem:
        busy = all(self._at_work(run) is not None for run in runs)
        return MenuItem(
            text=_("Move to the trash"),
            icon="trash-2",
            keys="Del",
            enabled=not busy,
            hint=_("Stop it first") if busy else "",
            action=lambda: self.trash(runs),
        )

    # -- what happens --------------------------------------------------------------------------

    def _on_star(self, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is not None:
            self.star([run])

    def _selected(self) -> list[Run]:
        """As the service knows them now; the table may be half a second behind."""
        known = (self._runs.run(run.run_id) for run in self._table.selected_runs())
        return [run for run in known if run is not None]

    def _on_key(self, key: str) -> None:
        runs = self._selected()
        if key == "star":
            self.star(runs)
        elif key == "tags":
            self.edit("tags", runs)
        elif key == "trash" and runs and runs[0].trashed:
            self.delete(runs)
        elif key == "trash":
            self.trash(runs)

    def _on_edited(self, text: str) -> None:
        what, ids = self._editing
        for run_id in ids:
            self._runs.change_notes(run_id, **self.popup.notes(what, text))

    def _on_menu(self, run_id: str, place: QPoint) -> None:
        runs = self._selected()
        run = self._runs.run(run_id)
        if run is None:
            return
        if run_id not in [other.run_id for other in runs]:
            runs = [run]
        if run.trashed:
            items = self.trash_items(runs)
        else:
            items = self.items(run) if len(runs) < 2 else self.items_of_many(runs)
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(self._appearance, menu, items)
        menu.popup(place)
