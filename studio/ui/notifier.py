"""A message of the desktop when a run has ended while nobody looks at the window."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from minimind.job import KIND_PIPELINE, KIND_TRAIN
from minimind.messages import translated
from minimind.run_state import RunState
from minimind.text import _
from studio.paths import APP
from studio.preferences import PreferencesFile
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance

_ENDED = (RunState.FINISHED, RunState.FAILED, RunState.LOST)


class Notifier(QObject):
    """Watches runs; where the desktop has no place for messages nothing happens.

    Args:
        show: what shows title and text; None takes the system tray, or where there is none `notify-send`.
    """

    def __init__(
        self,
        appearance: Appearance,
        preferences: PreferencesFile,
        runs: RunService,
        window: QWidget,
        *,
        show: Callable[[str, str], None] | None = None,
    ) -> None:
        super().__init__(window)
        self._appearance = appearance
        self._preferences = preferences
        self._runs = runs
        self._window = window
        self._show = show or self._show_on_desktop
        self._tray: QSystemTrayIcon | None = None
        # only what was seen going on can end: old runs that are read at the start are no news
        self._going_on = {run.run_id for run in runs.active()}
        runs.run_changed.connect(self._on_run_changed)

    def _on_run_changed(self, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is None or self._runs.run(run.parent or "") is not None:
            # a stage of a pipeline is no news: the pipeline goes on, or ends for itself
            return
        if run.state.is_active:
            self._going_on.add(run_id)
        elif run_id in self._going_on:
            self._going_on.discard(run_id)
            if run.state in _ENDED and self._nobody_looks() and self._preferences.current.notify:
                self._show(*ended_words(run))

    def _nobody_looks(self) -> bool:
        return not self._window.isActiveWindow()

    def _show_on_desktop(self, title: str, text: str) -> None:
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._show_in_tray(title, text)
        else:
            send(title, text)

    def _show_in_tray(self, title: str, text: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._appearance.window_icon(), self)
            self._tray.activated.connect(self._on_activated)
            self._tray.messageClicked.connect(self._on_activated)
        self._tray.show()
        self._tray.showMessage(title, text, self._appearance.window_icon())

    def _on_activated(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        if self._tray is not None:
            self._tray.hide()


def send(title: str, text: str) -> bool:
    """Let the desktop's own command show a message; False, and nothing else, where there is none.

    Some desktops have no tray and still show messages.
    """
    command = shutil.which("notify-send")
    if command is None:
        return False
    # arguments, not a shell: a run may be called anything
    words = ["--app-name=MiniMind Studio", f"--icon={APP}", "--", title, text]
    return bool(QProcess.startDetached(command, words)[0])


def ended_words(run: Run) -> tuple[str, str]:
    """Title and text of the message about a run that has ended."""
    if run.state is RunState.FINISHED and run.kind not in (KIND_TRAIN, KIND_PIPELINE):
        return run.name, _("Done, it took {time}.").format(time=fmt.duration(run.wall_s))
    if run.state is RunState.FINISHED:
        words = _("Finished: held-out loss {loss}, it took {time}.")
        loss = fmt.loss(run.best_val_loss if run.best_val_loss is not None else run.val_loss)
        return run.name, words.format(loss=loss, time=fmt.duration(run.wall_s))
    if run.error is not None:
        return run.name, translated(run.error.code, run.error.params, run.error.message)[0]
    return run.name, _("It stopped at step {step}.").format(step=fmt.exact(run.step))
