"""One worker thread with a queue of work; answers come back on the GUI thread."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from minimind.errors import BadInput
from minimind.text import _
from studio.store.database import KnownError

T = TypeVar("T")
_log = logging.getLogger(__name__)

# what a person waits for goes before what only keeps up
SOON, LATER = 0, 1


@dataclass(order=True)
class _Work:
    priority: int
    number: int
    call: Callable[[], Any] | None = field(compare=False)
    done: Callable[[Any], None] | None = field(compare=False, default=None)
    failed: Callable[[Exception], None] | None = field(compare=False, default=None)


class Worker(QObject):
    """Runs calls one after another in a thread of its own.

    `done(result)` and `failed(exception)` are called on the thread that made the worker. An exception that
    nobody asked for is logged: the thread goes on.
    """

    _answered = Signal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: queue.PriorityQueue[_Work] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._newest: dict[Hashable, Callable[[], Any]] = {}
        self._closed = False
        # queued whatever thread emits: a plain Python thread has no event loop to be compared with
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(
        self,
        call: Callable[[], T],
        *,
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        priority: int = SOON,
    ) -> None:
        """Run `call` in the thread, after what has the same or a lower priority number."""
        if not self._closed:
            self._work.put(_Work(priority, next(self._numbers), call, done, failed))

    def submit_newest(
        self,
        key: Hashable,
        call: Callable[[], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Like `submit`, but calls with the same key that still wait are dropped: the newest one counts."""
        self._newest[key] = call

        def run() -> tuple[bool, Any]:
            newest = self._newest.pop(key, None)
            return newest is not None, newest() if newest is not None else None

        self.submit(run, done=lambda answer: done(answer[1]) if answer[0] else None, failed=failed)

    def close(self, finish: Callable[[], None] | None = None, timeout_s: float = 10.0) -> None:
        """End the thread after the call under way; `finish` is its last one. No answer comes afterwards."""
        if self._closed:
            return
        self._closed = True
        if finish is not None:
            self._work.put(_Work(-2, next(self._numbers), finish))
        self._work.put(_Work(-1, next(self._numbers), None))
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            if work.call is None:
                return
            try:
                answer, callback = work.call(), work.done
            except Exception as error:
                answer, callback = error, work.failed
                if callback is None:
                    _log.exception("background work failed")
            if callback is not None and not self._closed:
                # whoever asked may have been deleted meanwhile: nobody waits for the answer then
                with suppress(RuntimeError):
                    self._answered.emit(callback, answer)

    @Slot(object, object)
    def _on_answered(self, callback: Callable[[Any], None], answer: object) -> None:
        if not self._closed:
            callback(answer)


def sentence_of(error: Exception) -> str:
    """What a person reads about it; a bug goes to the log."""
    if isinstance(error, BadInput | KnownError):
        return str(error)
    if isinstance(error, OSError):
        return _("The disk did not do it: {reason}").format(reason=error.strerror or error)
    _log.error("a bug in the background", exc_info=error)
    return _("Something went wrong in the studio itself; the log has the details.")
