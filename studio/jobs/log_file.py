"""Any stretch of a log of any length: where its lines begin is remembered, what they say is not."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from studio.jobs.follow import plain

# a line longer than this is cut: nobody reads it in a window
LINE_CAP_BYTES = 4096
_PIECE_BYTES = 1 << 20
_HEAD_BYTES = 256


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """Some lines.

    Attributes:
        total: how many lines the file has now.
        first: number of the first one given, from 0.
        lines: without colours and control characters; the last one may still be growing.
    """

    total: int
    first: int
    lines: tuple[str, ...]


class LogFile:
    """One growing text file, read in stretches. For one thread. 8 bytes a line stay in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts = array("q", [0])
        self._known = 0
        self._head = b""

    def read(self, first: int, count: int) -> LogPage:
        """Lines `first` to `first + count`; a negative `first` counts from the end.

        Returns:
            What there is of them; nothing where there is no file.

        Raises:
            OSError: the disk failed.
        """
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(0)
                head = file.read(_HEAD_BYTES)
                if size < self._known or not head.startswith(self._head):
                    # another file than before
                    self._starts, self._known = array("q", [0]), 0
                self._head = head
                self._index(file, size)
                total = self._total(size)
                first = max(0, total + first) if first < 0 else min(first, total)
                last = min(total, first + max(0, count))
                return LogPage(total=total, first=first, lines=tuple(self._lines(file, first, last, size)))
        except FileNotFoundError:
            return LogPage(total=0, first=0, lines=())

    def _index(self, file: BinaryIO, size: int) -> None:
        file.seek(self._known)
        while self._known < size:
            piece = file.read(min(_PIECE_BYTES, size - self._known))
            if not piece:
                break
            ends = np.flatnonzero(np.frombuffer(piece, dtype=np.uint8) == 10) + self._known + 1
            self._starts.frombytes(ends.astype(np.int64).tobytes())
            self._known += len(piece)

    def _total(self, size: int) -> int:
        # behind the last newline a line has begun only if something stands there
        return len(self._starts) - (1 if self._starts[-1] >= size else 0)

    def _lines(self, file: BinaryIO, first: int, last: int, size: int) -> list[str]:
        found = []
        for number in range(first, last):
            start = self._starts[number]
            end = self._starts[number + 1] if number + 1 < len(self._starts) else size
            file.seek(start)
            text = file.read(min(end - start, LINE_CAP_BYTES)).decode("utf-8", "replace").rstrip("\r\n")
            # a progress bar rewrites its line: what counts is what it says last
            found.append(text.rsplit("\r", 1)[-1])
        return plain(found)
