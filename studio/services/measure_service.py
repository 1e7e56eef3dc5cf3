"""Measuring a planned run in the background: one at a time, with progress, and given up when asked."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from minimind.job import JobSpec
from studio.jobs.launch import TRAINER
from studio.jobs.measure import Progress, measure
from studio.services.background import Worker, sentence_of


class MeasureService(QObject):
    """Call it from the GUI thread only; nothing here waits.

    Signals:
        changed(): it began, came further, or ended; `progress` says where it is, `speeds` what is known.
        failed(sentence): the steps could not be made.
    """

    changed = Signal()
    failed = Signal(str)
    _told = Signal(object)

    def __init__(
        self, folder: Path, *, trainer: Sequence[str] = TRAINER, parent: QObject | None = None
    ) -> None:
        """
        Args:
            folder: made for each measurement and thrown away after it.
            trainer: the command that works on a run folder; tests put another one in.
            parent: as in Qt.
        """
        super().__init__(parent)
        self._folder, self._trainer = folder, trainer
        self._worker: Worker | None = None
        self._cancel = threading.Event()
        self.speeds: dict[Hashable, float] = {}
        self.measuring: Hashable | None = None
        self.progress: Progress | None = None
        # from the worker's thread, which Qt does not know
        self._told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    def start(self, key: Hashable, job: JobSpec) -> None:
        """Measure; nothing happens while another measurement goes on."""
        if self.measuring is not None:
            return
        if self._worker is None:
            self._worker = Worker("measure", self)
        self._cancel = threading.Event()
        self.measuring, self.progress = key, Progress()
        work = partial(
            measure,
            job,
            self._folder,
            progress=self._told.emit,
            cancelled=self._cancel.is_set,
            trainer=self._trainer,
        )
        self._worker.submit(work, done=self._on_done, failed=self._on_failed)
        self.changed.emit()

    def stop(self) -> None:
        """Give up what goes on; `changed` follows when it has ended."""
        self._cancel.set()

    def close(self) -> None:
        """End it with the window."""
        self.stop()
        if self._worker is not None:
            self._worker.close()

    def _on_told(self, progress: Progress) -> None:
        if self.measuring is not None:
            self.progress = progress
            self.changed.emit()

    def _on_done(self, speed: float | None) -> None:
        if speed is not None:
            self.speeds[self.measuring] = speed
        self._end()

    def _on_failed(self, error: Exception) -> None:
        self._end()
        self.failed.emit(sentence_of(error))

    def _end(self) -> None:
        self.measuring = self.progress = None
        self.changed.emit()
