"""One row after the other of a data file, wherever it stands, as it is written and as it is trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from minimind.data.count import FileCount
from minimind.data.formats import Source, open_source
from minimind.data.preview import preview_of
from minimind.data.problems import Problem
from minimind.data.rows import Kind, Row
from minimind.errors import BadInput
from minimind.text import _
from minimind.tokenizer.tokenizer import Tokenizer
from studio.planning.token_blocks import Sums, Turn, sums_of, turns_of

# rows behind the present one that are kept, for who goes back
_KEPT = 256


class Given(Exception):  # noqa: N818
    """Somebody wants another row by now."""


@dataclass(frozen=True, kw_only=True)
class RowView:
    """A row for people.

    Attributes:
        path, number, line: the file, how many-th usable row, and where it stands, both from 1.
        kind: what it is.
        raw: as it stands in the file; JSON is laid out over several lines.
        turns, sums: as the model sees it.
    """

    path: str
    number: int
    line: int
    kind: Kind
    raw: str
    turns: tuple[Turn, ...]
    sums: Sums


class RowReader:
    """Keeps its place in the file, so that the next row is at hand. Used in one thread."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._key: tuple[str, int, int] = ("", 0, 0)
        self._source: Source | None = None
        self._items: Iterator[Row | Problem] = iter(())
        self._rows: dict[int, Row] = {}
        self._last = 0

    def read(
        self,
        path: str,
        number: int,
        count: FileCount | None,
        given: Callable[[], bool] = lambda: False,
    ) -> RowView:
        """The `number`-th usable row.

        Args:
            path: the file.
            number: from 1.
            count: what was counted so far; it shortens the way.
            given: asked on the way whether nobody waits any more.

        Raises:
            BadInput: the file cannot be read, or has fewer rows.
            Given: `given` said so.
        """
        stat = Path(path).stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key != self._key or self._source is None:
            self._source = open_source(Path(path), count.kind if count else None)
            self._key = key
            self._begin(0, None)
        row = self._rows.get(number) or self._find(number, count, given)
        return self._view(path, number, row, count)

    def _begin(self, before: int, items: Iterator[Row | Problem] | None) -> None:
        assert self._source is not None
        self._items = items if items is not None else self._source.rows()
        self._rows, self._last = {}, before

    def _find(self, number: int, count: FileCount | None, given: Callable[[], bool]) -> Row:
        assert self._source is not None
        before, place = count.place_before(number) if count else (0, None)
        if number <= self._last or before > self._last:
            self._begin(before, self._source.rows(place))
        # rows that only the chat template refuses are no usable ones
        refused = {problem.line for problem in count.problems} if count else set()
        for steps, item in enumerate(self._items):
            if steps % 64 == 0 and given():
                self._begin(0, None)
                raise Given
            if isinstance(item, Problem) or item.line in refused:
                continue
            self._last += 1
            self._rows[self._last] = item
            self._rows.pop(self._last - _KEPT, None)
            if self._last == number:
                return item
        self._begin(0, None)
        raise BadInput(_("{file} has no row {row}.").format(file=self._source.path.name, row=number))

    def _view(self, path: str, number: int, row: Row, count: FileCount | None) -> RowView:
        assert self._source is not None
        shown = preview_of(row, self._tokenizer, Path(path))
        raw = shown.raw
        if self._source.container == "lines":
            raw = laid_out(self._source.raw(row.line, count.place_above(row.line) if count else None))
        return RowView(
            path=path,
            number=number,
            line=row.line,
            kind=row.kind,
            raw=raw,
            turns=turns_of(shown.pieces),
            sums=sums_of(shown.pieces),
        )


def line_of(path: str, line: int, count: FileCount | None) -> str:
    """A line as it stands in the file, for a row that cannot be used.

    Raises:
        BadInput: the file cannot be read.
        OSError: nor at all.
    """
    return open_source(Path(path)).raw(line, count.place_above(line) if count else None)


def laid_out(text: str) -> str:
    """A line of JSON over several lines, so that it can be read; what is none stays as it is."""
    try:
        return json.dumps(json.loads(text, strict=False), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text
