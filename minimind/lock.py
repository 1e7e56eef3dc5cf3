"""One writer per folder: an advisory lock that dies with its process and says who holds it."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any

if os.name == "nt":
    import msvcrt
else:
    import fcntl


class Held(Exception):  # noqa: N818
    """Somebody else holds the lock; `holder` has pid, host and since as far as they could be read."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        self.path = path
        self.holder = holder
        since = time.strftime("%H:%M", time.localtime(holder["since"])) if "since" in holder else "?"
        super().__init__(
            f"{path.parent} is held by process {holder.get('pid', '?')} "
            f"on host {holder.get('host', '?')} since {since}"
        )


class FileLock:
    """An exclusive lock on a file that is never deleted; a context manager.

    flock, not lockf: a POSIX record lock is lost as soon as its holder opens and closes the file again.
    Forked children give it up at once, else a surviving worker would keep a dead trainer's folder locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self, *, wait: bool = False) -> FileLock:
        """Take the lock.

        Args:
            wait: block until it is free instead of raising.

        Raises:
            Held: another process has it.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(fd, wait)
        except OSError as error:
            holder = _holder(fd)
            os.close(fd)
            raise Held(self.path, holder) from error
        self._fd = fd
        _held.add(self)
        content = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()})
        os.ftruncate(fd, 0)
        os.pwrite(fd, content.encode(), 0) if hasattr(os, "pwrite") else os.write(fd, content.encode())
        return self

    def release(self) -> None:
        """Give it back; harmless when it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        _held.discard(self)

    def __enter__(self) -> FileLock:
        return self if self._fd is not None else self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


# one hook for all: registering one for each lock would keep every lock in memory for ever
_held: set[FileLock] = set()


def _give_up_in_child() -> None:
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_give_up_in_child)


def _lock(fd: int, wait: bool) -> None:
    if os.name == "nt":
        msvcrt.locking(fd, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(fd: int) -> dict[str, Any]:
    try:
        value = json.loads(os.read(fd, 4096) or b"{}")
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
