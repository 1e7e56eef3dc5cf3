"""The machine for the window: a sample a second, and what the doctor found, in the background."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from minimind.hardware import HardwareSample


class SystemService(QObject):
    """Call it from the GUI thread only; nothing here waits.

    Signals:
        sampled(HardwareSample): about once a second.
        doctor_changed(list[Finding]): an examination has ended.
    """

    sampled = Signal(object)
    doctor_changed = Signal(object)

    def __init__(self, *, interval_s: float = 1.0, parent: QObject | None = None) -> None:
        """Starts to sample and to examine at once."""
        super().__init__(parent)
        raise NotImplementedError

    def latest(self) -> HardwareSample | None:
        """The newest sample; None before the first."""
        raise NotImplementedError

    def findings(self) -> list[Any] | None:
        """What the doctor found; None while it examines for the first time."""
        raise NotImplementedError

    def recheck(self) -> None:
        """Examine again; `doctor_changed` follows."""
        raise NotImplementedError

    def close(self) -> None:
        """End the threads."""
        raise NotImplementedError
