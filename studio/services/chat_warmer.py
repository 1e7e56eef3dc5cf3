"""Gets the chat's worker ready when somebody will soon want to talk: as a training comes to its end."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from minimind.job import KIND_TRAIN
from minimind.run_state import RunState
from studio.services.chat_service import ChatService
from studio.services.run_service import RunService

# importing what a model needs takes 2 s, on a machine that trains somewhat longer
_BEFORE_END_S = 20.0
_IDLE_MS = 10 * 60 * 1000


class ChatWarmer(QObject):
    """Watches the runs; a worker that nobody has given a model goes again after ten minutes."""

    def __init__(self, runs: RunService, service: ChatService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs, self._service = runs, service
        self._done: set[tuple[str, int]] = set()
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(_IDLE_MS)
        self._idle.timeout.connect(self._on_idle)
        runs.run_changed.connect(self._on_run_changed)

    def _on_run_changed(self, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is None or run.kind != KIND_TRAIN or run.state is not RunState.RUNNING:
            return
        ends_soon = run.eta_s is not None and run.eta_s <= _BEFORE_END_S
        if ends_soon and (run_id, run.attempt) not in self._done:
            self._done.add((run_id, run.attempt))
            self._service.warm()
            self._idle.start()

    def _on_idle(self) -> None:
        if not self._service.wanted_path:
            self._service.unload()
