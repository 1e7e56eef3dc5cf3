"""The applications menu for the window; files in a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from studio.desktop_entry import DesktopEntry
from studio.services.background import Worker, sentence_of


class DesktopService(QObject):
    """Call it from the GUI thread only.

    Signals:
        looked(bool): whether the menu has the program, after the first look and each change.
        done(bool): a person's wish was carried out: True when it was added.
        problem(str): it was not: one sentence.
    """

    looked = Signal(bool)
    done = Signal(bool)
    problem = Signal(str)

    def __init__(self, entry: DesktopEntry | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entry = entry or DesktopEntry()
        self._worker = Worker("desktop", self)
        self._worker.submit(self._entry.is_there, done=self.looked.emit)

    def add(self, icons: Mapping[int, bytes], svg: bytes) -> None:
        """Put the program into the menu."""
        self._worker.submit(
            lambda: self._entry.add(icons, svg),
            done=lambda _none: self._on_done(True),
            failed=self._on_failed,
        )

    def remove(self) -> None:
        """Take it out again."""
        self._worker.submit(
            self._entry.remove, done=lambda _none: self._on_done(False), failed=self._on_failed
        )

    def close(self) -> None:
        """End the thread."""
        self._worker.close(timeout_s=1.0)

    def _on_done(self, added: bool) -> None:
        self.looked.emit(added)
        self.done.emit(added)

    def _on_failed(self, error: Exception) -> None:
        self.problem.emit(sentence_of(error))
