"""What a person can do with a run, by the keys of `actions`: the service, other pages, the clipboard."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QWidget

from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.text import _
from studio.planning.command_line import command_line
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.navigator import Navigator
from studio.ui.run import failure as failing
from studio.ui.run.actions import Action
from studio.ui.run.confirm_dialog import force_dialog
from studio.ui.widgets.page_header import MenuItem

SFT = "sft"


class RunCommands(QObject):
    """Carries out actions; pages share it.

    Signals:
        open_chat(str): a run folder or a step folder.
        export_requested(str): a run folder or a step folder.
        new_run_requested(dict): what the wizard is filled in with.
        rename_wanted(str): the run's name is to be edited where it stands.
        edit_wanted(str, Run): its "tags" or its "note".
    """

    open_chat = Signal(str)
    export_requested = Signal(str)
    new_run_requested = Signal(dict)
    rename_wanted = Signal(str)
    edit_wanted = Signal(str, object)

    def __init__(
        self, appearance: Appearance, navigator: Navigator, runs: RunService, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._navigator = navigator
        self._runs = runs
        self._window = parent

    def do(self, key: str, run: Run) -> None:
        """Carry out an action.

        Raises:
            KeyError: no such action.
        """
        table = {
            "pause": lambda: self._runs.pause(run.run_id),
            "go_on": lambda: self._runs.go_on(run.run_id),
            "start_now": lambda: self._runs.start_now(run.run_id),
            "stop": lambda: self._runs.stop(run.run_id),
            "save": lambda: self._runs.save(run.run_id),
            "sample": lambda: self._runs.sample(run.run_id),
            "resume": lambda: self._runs.resume(run.run_id),
            "force": lambda: self._force(run),
            "chat": lambda: self.open_chat.emit(str(run.folder)),
            "export": lambda: self.export_requested.emit(str(run.folder)),
            "branch": lambda: self.branch(run),
            "tune": lambda: self._tune(run),
            "folder": lambda: open_folder(str(run.folder)),
            "command": lambda: self.copy_command(run),
            "rename": lambda: self.rename_wanted.emit(run.run_id),
            "tags": lambda: self.edit_wanted.emit("tags", run),
            "note": lambda: self.edit_wanted.emit("note", run),
            "trash": lambda: self._trash(run),
        }
        table[key]()

    def menu_items(self, actions: tuple[Action, ...], run: Run) -> list[MenuItem]:
        """Actions as lines of a menu."""
        return [
            MenuItem(
                text=action.text,
                icon=action.icon,
                action=partial(self.do, action.key, run) if action.key else None,
                enabled=action.enabled,
                hint=action.hint,
                keys=action.keys,
            )
            for action in actions
        ]

    def branch(self, run: Run, settings: dict[str, Any] | None = None) -> None:
        """Open the wizard with this run's choices."""
        self.new_run_requested.emit(failing.branch(run, self.job(run.run_id), settings))

    def copy_command(self, run: Run) -> None:
        """The command line that makes the same run again."""
        job = self.job(run.run_id)
        if job is not None:
            self.copy(command_line(job, run.name), _("The command line is copied"))

    def copy(self, text: str, said: str) -> None:
        """Put text on the clipboard and say so."""
        QApplication.clipboard().setText(text)
        self._navigator.toast(said)

    def job(self, run_id: str) -> JobSpec | None:
        """The saved job; None where it cannot be read."""
        try:
            return self._runs.job(run_id)
        except (KeyError, BadInput):
            return None

    def _force(self, run: Run) -> None:
        dialog = force_dialog(self._appearance, run, self._window)
        if dialog.exec():
            self._runs.force_end(run.run_id)
        dialog.deleteLater()

    def _tune(self, run: Run) -> None:
        self.new_run_requested.emit({"method": SFT, "checkpoint": run.run_id})

    def _trash(self, run: Run) -> None:
        self._runs.trash(run.run_id)
        self._navigator.toast(
            _("“{name}” is in the trash; it can be put back").format(name=run.name),
            action_text=_("Undo"),
            action=lambda: self._runs.restore(run.run_id),
        )


def open_folder(path: str) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))
