"""Tables and rows with keys of their own become usable rows: a person says which field is what.

Read are CSV and TSV with a first line of names, and JSON objects whose keys nobody here knows.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from minimind.data.convert import native
from minimind.data.encodings import Encoding, detect
from minimind.data.formats import MAX_PROBLEMS, TABLES, CheckReport, open_source
from minimind.data.problems import Problem, at_line, no_usable_row
from minimind.data.rows import Row, RowProblem, convert
from minimind.errors import BadInput
from minimind.files import replace_stream
from minimind.text import _

_SAMPLE = 64 << 10
_MAX_FIELD = 8 << 20
# damaged bytes become a lone surrogate, which makes a skipped row; `surrogateescape` refuses bytes below 128,
# and in UTF-16 those can be damaged, too
_DAMAGED = "minimind-damaged"
codecs.register_error(_DAMAGED, lambda error: ("\udcff", getattr(error, "end", 0)))
TEXT = ("text", "content", "body", "article", "passage", "正文", "文本", "内容")
QUESTION = ("question", "prompt", "instruction", "query", "input", "问题", "提问", "指令")
ANSWER = ("answer", "response", "output", "completion", "reply", "target", "回答", "答案", "回复")


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Which field is what: `text` alone, or `question` and `answer`. Names are the file's own."""

    text: str = ""
    question: str = ""
    answer: str = ""

    @property
    def is_whole(self) -> bool:
        """Enough is said to convert."""
        return bool(self.text) or bool(self.question and self.answer and self.question != self.answer)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The fields of a file in their order, and what the first row has in them."""

    names: tuple[str, ...]
    example: tuple[str, ...]

    def guess(self) -> Mapping:
        """What the names suggest; nothing where they suggest nothing."""
        text, question, answer = (self._first(known) for known in (TEXT, QUESTION, ANSWER))
        if question and answer and question != answer:
            return Mapping(question=question, answer=answer)
        if not text and len(self.names) == 1:
            text = self.names[0]
        return Mapping(text=text)

    def _first(self, known: tuple[str, ...]) -> str:
        by_word = {name.strip().lower(): name for name in reversed(self.names)}
        return next((by_word[word] for word in known if word in by_word), "")


def is_table(path: Path) -> bool:
    """A file that is read column by column, judged by its name."""
    return path.suffix.lower() in TABLES - {".xls", ".xlsx"}


def fields_of(path: Path) -> Fields:
    """The names to choose from; none where the rows have no fields of text.

    Raises:
        BadInput: the file cannot be read at all.
    """
    _line, first = next(_objects(path), (0, {}))
    texts = {name: value for name, value in first.items() if isinstance(value, str)}
    return Fields(names=tuple(texts), example=tuple(_beginning(value) for value in texts.values()))


def _beginning(text: str) -> str:
    # a label cannot show half a character
    return " ".join(text.encode("utf-8", "replace").decode().split())[:80]


def convert_fields(
    path: Path, out: Path, mapping: Mapping, *, cancelled: Callable[[], bool] = lambda: False
) -> CheckReport:
    """Write a new file of JSON Lines; `out` must not exist yet.

    Returns:
        What was read: rows, and those that were left out.

    Raises:
        BadInput: the file cannot be read, no row has these fields, or `out` exists; nothing is written then.
        OSError: no room.
    """
    if out.exists():
        raise BadInput(_("{file} exists already.").format(file=out))
    problems: list[Problem] = []
    counts = {"rows": 0, "usable": 0}

    def lines() -> Iterator[bytes]:
        for line, value in _objects(path):
            counts["rows"] += 1
            try:
                row = _row(value, line, mapping)
            except RowProblem as problem:
                if len(problems) < MAX_PROBLEMS:
                    problems.append(Problem(line=line, code=problem.code, params=problem.params))
                continue
            counts["usable"] += 1
            yield json.dumps(native(row), ensure_ascii=False).encode() + b"\n"
            if cancelled():
                raise BadInput(_("Stopped; nothing was written."), code="cancelled")
        if not counts["usable"]:
            raise no_usable_row(path, None, problems[0] if problems else None)

    replace_stream(out, lines())
    return CheckReport(
        path=path,
        kind="text" if mapping.text else "chat",
        encoding="utf-8",
        rows=counts["rows"],
        usable=counts["usable"],
        problems=problems,
    )


def _row(value: dict[str, Any], line: int, mapping: Mapping) -> Row:
    if mapping.text:
        return convert({"text": value.get(mapping.text)}, line, "text")
    pair = {"question": value.get(mapping.question), "answer": value.get(mapping.answer)}
    return convert(pair, line, "chat")


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, fields) of each row."""
    if is_table(path):
        yield from _table(path, detect(path))
        return
    for line, value in open_source(path).values():
        if isinstance(value, dict):
            yield line, value


def _table(path: Path, encoding: Encoding) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding.codec, errors=_DAMAGED, newline="") as file:
        if encoding.bom:
            file.read(1)
        start = file.tell()
        delimiter = _delimiter(path, "".join(islice(iter(lambda: file.read(4096), ""), _SAMPLE // 4096)))
        file.seek(start)
        csv.field_size_limit(_MAX_FIELD)
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        try:
            names = next(reader, [])
            line = reader.line_num + 1
            for values in reader:
                if any(values):
                    yield line, dict(zip(names, values, strict=False))
                line = reader.line_num + 1
        except csv.Error as error:
            raise at_line(path, reader.line_num, str(error), code="table") from error


def _delimiter(path: Path, sample: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    # judged by the line of names: the text below is full of marks
    first = sample.splitlines()[0] if sample else ""
    return max(",;\t|", key=first.count)
