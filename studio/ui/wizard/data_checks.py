"""Data files read in the background: one thread, progress by signal, results kept while the window lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from minimind.methods import Needs
from minimind.text import _
from studio.planning.data_check import FileCheck, Stamp, check_file, stamp_of

# progress goes to the window ten times a second at most
_BEAT_S = 0.1
Check = Callable[..., FileCheck]


class DataChecks(QObject):
    """Reads files one after the other and remembers what it found by path, size, time and kind of rows.

    Signals:
        changed(path): more is known about a file; `known` answers.
    """

    changed = Signal(str)
    _found = Signal(object, object)

    def __init__(self, *, check: Check = check_file, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._check = check
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="data-check")
        self._results: dict[tuple[str, Needs], tuple[Stamp, FileCheck]] = {}
        self._running: dict[tuple[str, Needs], tuple[Future[None], threading.Event]] = {}
        self._found.connect(self._on_found)
        application = QCoreApplication.instance()
        if application is not None:
            # else the interpreter would wait at its end until a large file is read
            application.aboutToQuit.connect(self.close)

    def want(self, files: Iterable[tuple[str, Needs]]) -> None:
        """See to it that these are read, each for its kind of rows; readings of others under way end."""
        wanted = {*files}
        for key in [*self._running]:
            if key not in wanted:
                self._cancel(key)
                self._results.pop(key, None)
        for key in wanted:
            stamp = stamp_of(key[0])
            known = self._results.get(key)
            if key not in self._running and (known is None or known[0] != stamp):
                self._begin(key, stamp)

    def known(self, path: str, needs: Needs) -> FileCheck | None:
        """What is known now; None: nothing yet."""
        found = self._results.get((path, needs))
        return found[1] if found else None

    @property
    def is_busy(self) -> bool:
        """A reading is under way or waits for its turn."""
        return bool(self._running)

    def stop(self, path: str, needs: Needs) -> None:
        """End a reading at the person's wish; what was read so far counts."""
        running = self._running.get((path, needs))
        if running:
            running[1].set()

    def again(self, path: str, needs: Needs) -> None:
        """Read a file anew: it was stopped, or the person mended it."""
        self._results.pop((path, needs), None)
        self.want({(path, needs), *self._running})
        self.changed.emit(path)

    def close(self) -> None:
        """End the thread."""
        for key in [*self._running]:
            self._cancel(key)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, key: tuple[str, Needs], stamp: Stamp) -> None:
        path, needs = key
        ended = threading.Event()
        self._results[key] = (stamp, FileCheck(path=path, needs=needs, size_bytes=stamp[0], is_reading=True))
        future = self._pool.submit(self._read, key, stamp, ended)
        self._running[key] = (future, ended)

    def _cancel(self, key: tuple[str, Needs]) -> None:
        future, ended = self._running.pop(key)
        ended.set()
        future.cancel()

    def _read(self, key: tuple[str, Needs], stamp: Stamp, ended: threading.Event) -> None:
        # on the worker thread; signals hop to the thread of this object by themselves
        last, which = 0.0, (key, stamp, ended)

        def on_progress(check: FileCheck) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _BEAT_S:
                last = now
                self._found.emit(which, check)

        try:
            found = self._check(*key, progress=on_progress, cancelled=ended.is_set)
        except Exception as error:  # a fault of ours must not leave the file "being read" for ever
            name, reason = Path(key[0]).name, f"{type(error).__name__}: {error}"
            sentence = _("{file} cannot be read: {reason}.").format(file=name, reason=reason)
            found = FileCheck(path=key[0], needs=key[1], fault=sentence, code="crashed")
        self._found.emit(which, found)

    def _on_found(self, which: tuple[tuple[str, Needs], Stamp, threading.Event], check: FileCheck) -> None:
        key, stamp, ended = which
        if key not in self._running or self._running[key][1] is not ended:
            # of a reading that was given up
            return
        if not check.is_reading:
            self._running.pop(key)
        self._results[key] = (stamp, check)
        self.changed.emit(key[0])
