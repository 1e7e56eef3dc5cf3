"""New whole lines of an append-only file that another process writes, from where the last reading ended."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from studio.store.ingest import Line
from studio.store.records import Cursor

CHUNK_BYTES = 256 * 1024
LINE_CAP_BYTES = 1 << 20
_PROOF_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one look at the file gave.

    Attributes:
        lines: (where it begins, bytes without the newline); lines over the cap are left out.
        after: the cursor behind them.
        anew: the file is another one than before, or was cut: this reading begins at its first byte.
        more: whole lines are left; read again.
    """

    lines: list[Line]
    after: Cursor
    anew: bool = False
    more: bool = False


class Tail:
    """Reads one file. Bytes, split on LF only: a lone CR or U+2028 inside a line is no end of it."""

    def __init__(self, path: Path, *, chunk: int = CHUNK_BYTES, cap: int = LINE_CAP_BYTES) -> None:
        self._path = path
        self._chunk = chunk
        self._cap = cap
        self._seen: tuple[int, int, int, int] | None = None

    def read(self, cursor: Cursor) -> Reading | None:
        """The next lines behind the cursor.

        Returns:
            None when nothing can have changed since the last look, or there is no file.

        Raises:
            OSError: the disk failed; the cursor still stands.
        """
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        mark = (stat.st_ino, stat.st_size, stat.st_mtime_ns, cursor.offset)
        if mark == self._seen:
            return None
        with self._path.open("rb") as file:
            reading = self._read(file, cursor)
        if not reading.more:
            # a line that is written just now changes size or time again
            self._seen = (*mark[:3], reading.after.offset)
        return reading

    def _read(self, file: BufferedReader, cursor: Cursor) -> Reading:
        anew = not _is_same(file, cursor)
        start = 0 if anew else cursor.offset
        file.seek(start)
        data = file.read(self._chunk)
        if b"\n" not in data and len(data) == self._chunk:
            data += file.read(max(0, self._cap - self._chunk))
        end = data.rfind(b"\n") + 1
        if end == 0 and len(data) >= self._cap:
            end, data = self._skip(file, len(data)), b""
        if end == 0:
            return Reading(lines=[], after=Cursor() if anew else cursor, anew=anew)
        lines, position = [], start
        for line in data[:end].split(b"\n")[:-1]:
            if len(line) < self._cap:
                lines.append((position, line))
            position += len(line) + 1
        # after a full chunk there may be more; an empty look costs nothing
        more = len(data) >= self._chunk or not data
        return Reading(lines=lines, after=_cursor_at(file, start + end), anew=anew, more=more)

    def _skip(self, file: BufferedReader, length: int) -> int:
        """Bytes from the start of an overlong line to behind its end; 0 when it has none yet."""
        while piece := file.read(self._cap):
            newline = piece.find(b"\n")
            if newline >= 0:
                return length + newline + 1
            length += len(piece)
        return 0


def _is_same(file: BufferedReader, cursor: Cursor) -> bool:
    if cursor.offset == 0:
        return True
    if os.fstat(file.fileno()).st_size < cursor.offset:
        return False
    fresh = _cursor_at(file, cursor.offset)
    return (fresh.head, fresh.tail) == (cursor.head, cursor.tail)


def _cursor_at(file: BufferedReader, offset: int) -> Cursor:
    file.seek(0)
    head = file.read(min(_PROOF_BYTES, offset)).partition(b"\n")[0]
    file.seek(max(0, offset - _PROOF_BYTES))
    tail = file.read(min(_PROOF_BYTES, offset))
    return Cursor(offset=offset, head=_hash(head), tail=_hash(tail))


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def last_lines(path: Path, count: int, *, reach: int = 256 * 1024) -> list[str]:
    """The last lines of a text file that may be growing; [] when it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - reach))
            text = file.read(reach).decode("utf-8", "replace")
    except OSError:
        return []
    # a progress bar rewrites its line: what counts is what it says last
    lines = [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").split("\n")]
    if size > reach:
        lines = lines[1:]
    if not lines[-1:] or not lines[-1]:
        lines = lines[:-1]
    return lines[-count:]
