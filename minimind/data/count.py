"""All that a data file holds, counted to its end: rows, tokens, lengths, repeats, languages; bit by bit.

Memory is bounded by a batch of rows and a few numbers per row. What was found can be kept as JSON.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.data.encode import Block, Cancelled, encoded_blocks
from minimind.data.encodings import Place
from minimind.data.formats import MAX_PROBLEMS, Container, Source, open_source
from minimind.data.problems import Problem
from minimind.data.rows import Kind, Row
from minimind.tokenizer.tokenizer import Tokenizer

MAX_REPEATS = 500
# of text encoded at once: a window counts in its own process, and each batch holds up its other threads
_BATCH_BYTES = 1 << 18
# hashes of so many rows are looked up one by one before they join the sorted ones
_RECENT = 65_536
_LATIN = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
# first bytes, in UTF-8, of U+4000 to U+9FFF; of Greek to Hebrew and Arabic; of Hangul
_HAN, _OTHERS, _HANGUL = bytes(range(0xE4, 0xEA)), bytes(range(0xCD, 0xDE)), bytes(range(0xEA, 0xEE))
_KANA = (b"\xe3\x81", b"\xe3\x82", b"\xe3\x83")
Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """A row whose content stands further up already: both lines, and how many-th usable row it is."""

    line: int
    first_line: int
    row: int


@dataclass(frozen=True, kw_only=True)
class FileCount:
    """What a file holds, as far as it was read.

    Attributes:
        kind, container, encoding, size_bytes: as recognised.
        position: bytes read.
        complete: read to its end.
        rows, usable, skipped: rows in all, those that can be used, the others.
        tokens, trained: of the usable rows; trained are those that the model learns to say.
        repeats: rows whose content stands further up; `repeated` are the first 500 of them.
        chinese, english, others: bytes of letters of each.
        lengths: (tokens of a row, number of such rows), ascending.
        problems: the first 1,000 skipped rows.
        places: (usable rows before it, line, byte), ascending: where reading can be taken up.
    """

    kind: Kind
    container: Container
    encoding: str
    size_bytes: int
    position: int = 0
    complete: bool = False
    rows: int = 0
    usable: int = 0
    tokens: int = 0
    trained: int = 0
    repeats: int = 0
    repeated: tuple[Repeat, ...] = ()
    chinese: int = 0
    english: int = 0
    others: int = 0
    lengths: tuple[tuple[int, int], ...] = ()
    problems: tuple[Problem, ...] = ()
    places: tuple[tuple[int, int, int], ...] = ()

    @property
    def skipped(self) -> int:
        """Rows that cannot be used."""
        return self.rows - self.usable

    @property
    def share(self) -> float:
        """How much of the file was read, 0 to 1."""
        if self.complete or not self.size_bytes:
            return 1.0
        return min(1.0, self.position / self.size_bytes)

    def percentile(self, share: float) -> int:
        """The length that this share of the rows does not exceed; 0 without rows."""
        wanted, seen = share * self.usable, 0
        for length, rows in self.lengths:
            seen += rows
            if seen >= wanted:
                return length
        return 0

    def longer_than(self, length: int) -> int:
        """How many rows have more tokens than that."""
        return sum(rows for tokens, rows in self.lengths if tokens > length)

    def place_before(self, row: int) -> tuple[int, Place | None]:
        """Where to begin to read for the `row`-th usable row: usable rows before it, and the place."""
        found: tuple[int, Place | None] = (0, None)
        for before, line, offset in self.places:
            if before >= row:
                break
            found = before, Place(line=line, offset=offset)
        return found

    def place_above(self, line: int) -> Place | None:
        """The last known place before a line."""
        above = [place for place in self.places if place[1] < line]
        return Place(line=above[-1][1], offset=above[-1][2]) if above else None

    def to_json(self) -> dict[str, Any]:
        """As `from_json` takes it."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["problems"] = [[p.line, p.code, p.params] for p in self.problems]
        values["repeated"] = [[r.line, r.first_line, r.row] for r in self.repeated]
        return values

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> FileCount:
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        values = dict(value)
        values["problems"] = tuple(
            Problem(line=int(line), code=str(code), params=dict(params))
            for line, code, params in value["problems"]
        )
        values["repeated"] = tuple(
            Repeat(line=line, first_line=first, row=row) for line, first, row in value["repeated"]
        )
        values["lengths"] = tuple((int(length), int(rows)) for length, rows in value["lengths"])
        values["places"] = tuple((int(row), int(line), int(at)) for row, line, at in value["places"])
        return cls(**values)


def count(
    path: Path,
    tokenizer: Tokenizer,
    needs: Kind | None = None,
    *,
    progress: Callable[[FileCount], None] = lambda _so_far: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FileCount:
    """Read a file to its end, or until `cancelled`: then what was counted so far, not `complete`.

    Args:
        path: the file.
        tokenizer: what makes the tokens.
        needs: the kind of rows; None takes the most frequent.
        progress: called a few times a megabyte.
        cancelled: asked as often.

    Raises:
        BadInput: the file as a whole cannot be read.
    """
    source = open_source(path, needs)
    counting = _Counting(source)
    try:
        for block, position in encoded_blocks(source, tokenizer, cancelled, batch_bytes=_BATCH_BYTES):
            counting.take(block, position)
            progress(counting.found())
    except Cancelled:
        return counting.found()
    return counting.found(complete=True)


class _Counting:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._values: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._problems: list[Problem] = []
        self._places: list[tuple[int, int, int]] = []
        self._seen = _Seen()
        self._position = 0

    def found(self, *, complete: bool = False) -> FileCount:
        source = self._source
        return FileCount(
            kind=source.kind,
            container=source.container,
            encoding=source.encoding,
            size_bytes=source.size,
            position=self._position,
            complete=complete,
            lengths=tuple(sorted(self._lengths.items())),
            problems=tuple(self._problems),
            places=tuple(self._places),
            repeats=self._seen.repeats,
            repeated=tuple(self._seen.repeated),
            **self._values,
        )

    def take(self, block: Block, position: int) -> None:
        values, before = self._values, self._values["usable"]
        lengths = block.lengths.tolist()
        values["rows"] += len(block.rows) + len(block.problems)
        values["usable"] += len(block.rows)
        values["tokens"] += sum(lengths)
        if self._source.kind == "text":
            # all but the first token, which only begins it
            values["trained"] += sum(lengths) - len(lengths)
        else:
            values["trained"] += int((block.spans[:, 1] - block.spans[:, 0]).sum())
        self._lengths.update(lengths)
        self._problems += block.problems[: MAX_PROBLEMS - len(self._problems)]
        self._seen.take(block.rows, before)
        for name, size in zip(("chinese", "english", "others"), _letters(block.rows), strict=True):
            values[name] += size
        self._position = position
        last = max([row.line for row in block.rows[-1:]] + [problem.line for problem in block.problems[-1:]])
        place = self._source.place(last)
        if place is not None:
            self._places.append((values["usable"], last, position))


def _letters(rows: list[Row]) -> tuple[int, int, int]:
    """Bytes of Chinese, English and other letters; what is said about them is a share."""
    texts = b"\n".join(row.content if row.conversation is None else _said(row) for row in rows)
    chinese = 3 * (len(texts) - len(texts.translate(None, _HAN)))
    english = len(texts) - len(texts.translate(None, _LATIN))
    others = 2 * (len(texts) - len(texts.translate(None, _OTHERS)))
    others += 3 * (len(texts) - len(texts.translate(None, _HANGUL)) + sum(map(texts.count, _KANA)))
    return chinese, english, others


def _said(row: Row) -> bytes:
    assert row.conversation is not None
    return "\n".join(message["content"] for message in row.conversation.messages).encode("utf-8", "replace")


@dataclass
class _Seen:
    """Which contents were there already: the recent ones in a table, the others sorted by hash."""

    repeats: int = 0
    repeated: list[Repeat] = field(default_factory=list)
    _recent: dict[int, int] = field(default_factory=dict)
    _hashes: Array = field(default_factory=lambda: np.zeros(0, np.uint64))
    _lines: Array = field(default_factory=lambda: np.zeros(0, np.uint32))

    def take(self, rows: list[Row], before: int) -> None:
        digests = [hashlib.blake2b(row.content, digest_size=8).digest() for row in rows]
        hashes = np.frombuffer(b"".join(digests), np.uint64)
        at = np.searchsorted(self._hashes, hashes)
        there = np.zeros(len(hashes), bool)
        inside = at < len(self._hashes)
        there[inside] = self._hashes[at[inside]] == hashes[inside]
        for index, (row, number) in enumerate(zip(rows, hashes.tolist(), strict=True)):
            first = int(self._lines[at[index]]) if there[index] else self._recent.get(number)
            if first is None:
                self._recent[number] = row.line
            else:
                self._repeat(row, first, before + index + 1)
        if len(self._recent) > _RECENT:
            self._merge()

    def _repeat(self, row: Row, first: int, number: int) -> None:
        self.repeats += 1
        if len(self.repeated) < MAX_REPEATS:
            self.repeated.append(Repeat(line=row.line, first_line=first, row=number))

    def _merge(self) -> None:
        hashes = np.concatenate([self._hashes, np.fromiter(self._recent, np.uint64, len(self._recent))])
        lines = np.concatenate([self._lines, np.array([*self._recent.values()], np.uint32)])
        order = np.argsort(hashes)
        self._hashes, self._lines = hashes[order], lines[order]
        self._recent.clear()
