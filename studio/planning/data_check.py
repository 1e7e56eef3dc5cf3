"""Reading a data file before it is used: which rows are wrong, how many are usable, about how many tokens."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minimind.assets import BUNDLED_TOKENIZER
from minimind.data.facts import FileFacts
from minimind.data.formats import open_source
from minimind.data.problems import Problem, no_usable_row
from minimind.data.rows import Kind, Row
from minimind.errors import BadInput
from minimind.methods import Needs
from minimind.text import _
from minimind.tokenizer.tokenizer import EncodedChat, Tokenizer

# rows with a fault that are kept to be shown; the rest is only counted
SHOWN_PROBLEMS = 200
# what is turned into tokens to learn how many bytes a token has: the beginning, then every 50th row
SAMPLE_BEGIN, SAMPLE_LIMIT, SAMPLE_EVERY = 256_000, 1_500_000, 50
# without a tokenizer at hand: measured on Chinese prose
BYTES_PER_TOKEN = 2.9
# how often a reading looks up: rows
_BEAT = 64

Stamp = tuple[int, int]


def stamp_of(path: str) -> Stamp:
    """Size and time of change, which tell whether it is still the same file; (-1, 0) when it is gone."""
    try:
        found = os.stat(path)
        return found.st_size, found.st_mtime_ns
    except OSError:
        return -1, 0


@dataclass(frozen=True, kw_only=True)
class FileCheck:
    """What is known about a file now.

    Attributes:
        path, needs: which file, read for which kind of rows.
        size_bytes: on disk.
        is_reading: more will come; the figures are those of the part read so far.
        share: of the file read so far.
        stopped: a person stopped the reading; `facts` are extrapolated, the counts are of what was read.
        kind, container, encoding: as recognised.
        rows, usable, skipped: counts.
        problems: the first rows with a fault.
        facts: tokens, documents and their lengths, from a part of the rows; None until the reading has ended.
        fault, code: why the file as a whole cannot be used; empty when it can.
    """

    path: str
    needs: Needs
    size_bytes: int = 0
    is_reading: bool = False
    share: float = 0.0
    stopped: bool = False
    kind: str = ""
    container: str = ""
    encoding: str = ""
    rows: int = 0
    usable: int = 0
    skipped: int = 0
    problems: tuple[Problem, ...] = ()
    facts: FileFacts | None = None
    fault: str = ""
    code: str = ""

    @property
    def is_complete(self) -> bool:
        """Read to its end, and usable."""
        return not (self.is_reading or self.stopped or self.fault)


Progress = Callable[[FileCheck], None]


def check_file(
    path: str,
    needs: Needs,
    *,
    progress: Progress = lambda _check: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FileCheck:
    """Read a file to its end, or until `cancelled`. Memory is bounded by one row.

    Args:
        path: the file.
        needs: the kind of rows that the method learns from.
        progress: called now and then with what is known so far.
        cancelled: asked now and then.

    Returns:
        What was found; a file that cannot be used is an answer too, never an exception.
    """
    reading = _Reading(path, needs)
    try:
        reading.run(progress, cancelled)
    except BadInput as error:
        return reading.failed(str(error), error.code)
    except OSError as error:
        name, reason = Path(path).name, error.strerror or str(error)
        return reading.failed(
            _("{file} cannot be read: {reason}.").format(file=name, reason=reason), "unreadable"
        )
    return reading.result()


def kind_of(path: str) -> str:
    """The kind of rows that the beginning of a file holds (`text`, `chat`); empty when it is not told."""
    try:
        return open_source(Path(path), None).kind or ""
    except (BadInput, OSError):
        return ""


class _Reading:
    def __init__(self, path: str, needs: Needs) -> None:
        self._check = FileCheck(path=path, needs=needs, size_bytes=max(0, stamp_of(path)[0]), is_reading=True)
        self._problems: list[Problem] = []
        self._rows = self._usable = self._bytes = self._position = 0
        self._sample = _Sample(needs)

    def run(self, progress: Progress, cancelled: Callable[[], bool]) -> None:
        kind: Kind = self._check.needs.value
        source = open_source(Path(self._check.path), kind)
        self._check = dataclasses.replace(
            self._check, kind=source.kind, container=source.container, encoding=source.encoding
        )
        for item in source:
            self._rows += 1
            if isinstance(item, Row):
                self._usable += 1
                self._bytes += len(item.content)
                self._sample.add(item)
            elif len(self._problems) < SHOWN_PROBLEMS:
                self._problems.append(item)
            if self._rows % _BEAT == 0:
                self._position = source.position
                if cancelled():
                    self._check = dataclasses.replace(self._check, stopped=True)
                    return
                progress(self._known())
        self._position = source.size
        if not self._usable:
            first = self._problems[0] if self._problems else None
            raise no_usable_row(Path(self._check.path), kind, first)

    def result(self) -> FileCheck:
        self._sample.flush()
        known = self._known()
        whole = 1 / known.share if known.stopped and known.share else 1.0
        facts = FileFacts(
            tokens=round(whole * self._bytes / self._sample.bytes_per_token),
            documents=round(whole * self._usable),
            lengths=tuple(self._sample.lengths),
            exact=False,
        )
        return dataclasses.replace(known, is_reading=False, facts=facts)

    def failed(self, sentence: str, code: str) -> FileCheck:
        return dataclasses.replace(self._known(), is_reading=False, fault=sentence, code=code)

    def _known(self) -> FileCheck:
        size = self._check.size_bytes
        return dataclasses.replace(
            self._check,
            share=min(1.0, self._position / size) if size else 0.0,
            rows=self._rows,
            usable=self._usable,
            skipped=self._rows - self._usable,
            problems=tuple(self._problems),
        )


@functools.cache
def _tokenizer() -> Tokenizer | None:
    try:
        return Tokenizer.load(BUNDLED_TOKENIZER)
    except BadInput:
        return None


class _Sample:
    """Some of the rows as tokens: how many bytes a token has, how long documents are."""

    def __init__(self, needs: Needs) -> None:
        self.lengths: list[int] = []
        self._needs = needs
        self._seen = self._rows = 0
        self._waiting: list[Row] = []
        self._waiting_bytes = self._bytes = 0

    def add(self, row: Row) -> None:
        self._rows += 1
        begin = self._seen < SAMPLE_BEGIN
        if begin or (self._seen < SAMPLE_LIMIT and self._rows % SAMPLE_EVERY == 0):
            self._seen += len(row.content)
            self._waiting.append(row)
            self._waiting_bytes += len(row.content)
            if self._waiting_bytes >= SAMPLE_BEGIN:
                self.flush()

    def flush(self) -> None:
        tokenizer = _tokenizer()
        rows, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for row, length in zip(rows, self._measured(rows, tokenizer) if tokenizer else [], strict=False):
            if length:
                self._bytes += len(row.content)
                self.lengths.append(length)

    def _measured(self, rows: list[Row], tokenizer: Tokenizer) -> list[int]:
        if self._needs is Needs.TEXT:
            # bos and eos come to each document
            return [len(ids) + 2 for ids in tokenizer.encode_texts([row.text for row in rows])]
        try:
            chats = tokenizer.encode_chats([row.conversation for row in rows if row.conversation])
        except BadInput:
            return []
        return [len(chat.ids) if isinstance(chat, EncodedChat) else 0 for chat in chats]

    @property
    def bytes_per_token(self) -> float:
        return self._bytes / sum(self.lengths) if self.lengths else BYTES_PER_TOKEN
