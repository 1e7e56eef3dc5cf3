"""The machine for the window: a sample a second, and what the doctor found, in the background."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from minimind.doctor import Finding, judge, judge_early
from minimind.hardware import HardwareSample, HardwareSampler
from minimind.machine import Facts, gather
from studio.services.background import Worker

_log = logging.getLogger(__name__)


class SystemService(QObject):
    """Call it from the GUI thread only; nothing here waits.

    Signals:
        sampled(HardwareSample): about once a second.
        doctor_changed(list[Finding]): an examination has ended.
        found_so_far(list[Finding]): the quick part of it; torch takes seconds more.
    """

    sampled = Signal(object)
    doctor_changed = Signal(object)
    found_so_far = Signal(object)
    _early = Signal(object)
    _measured = Signal(object)

    def __init__(
        self, *, folder: Path | None = None, interval_s: float = 1.0, parent: QObject | None = None
    ) -> None:
        """Starts to sample and to examine at once; `folder`: where runs are written, for the disk's room."""
        super().__init__(parent)
        self._folder = folder
        self._latest: HardwareSample | None = None
        self._facts: Facts | None = None
        self._examining = False
        self._measured.connect(self._on_measured, Qt.ConnectionType.QueuedConnection)
        self._early.connect(
            lambda facts: self.found_so_far.emit(judge_early(facts)), Qt.ConnectionType.QueuedConnection
        )
        self._sampler = HardwareSampler(on_sample=self._measured.emit, interval_s=interval_s)
        self._sampler.start()
        # a thread of its own: torch in a child process takes seconds to answer
        self._worker = Worker("doctor", self)
        self.recheck()

    def latest(self) -> HardwareSample | None:
        """The newest sample; None before the first."""
        return self._latest

    def findings(self) -> list[Finding] | None:
        """What the doctor found, in the language of now; None while it examines for the first time."""
        return None if self._facts is None else judge(self._facts)

    @property
    def facts(self) -> Facts | None:
        """What was found out about this machine; None while it is examined for the first time."""
        return self._facts

    def recheck(self) -> None:
        """Examine again; `doctor_changed` follows."""
        if not self._examining:
            self._examining = True
            self._worker.submit(
                lambda: gather(self._folder, early=self._early.emit),
                done=self._on_gathered,
                failed=self._on_gather_failed,
            )

    def close(self) -> None:
        """End the threads; an examination under way is left behind."""
        self._sampler.stop()
        self._worker.close(timeout_s=0.1)

    @Slot(object)
    def _on_measured(self, sample: HardwareSample) -> None:
        self._latest = sample
        self.sampled.emit(sample)

    def _on_gathered(self, facts: Facts) -> None:
        self._examining = False
        self._facts = facts
        self.doctor_changed.emit(judge(facts))

    def _on_gather_failed(self, error: Exception) -> None:
        self._examining = False
        _log.error("the examination failed", exc_info=error)
