"""Data files: recognised by their content, streamed row by row, checked with file and line.

Read are JSON Lines and JSON lists with {"text"}, {"conversations"} (MiniMind's, ShareGPT's), {"messages"}
(OpenAI's), {"instruction", "output"} (Alpaca's), question and answer, {"chosen", "rejected"}, {"prompt"}; and
plain text. Memory is bounded by one row. A bad row becomes a `Problem` and is skipped; a blank line is none.

Decisions: control characters and NUL stay as they are (byte-level tokens hold them) and are remarked upon;
lone surrogates and bytes that are not valid text make a bad row, since they cannot be trained on as written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from minimind.data import plain_text
from minimind.data.encodings import Encoding, Lines, Place, detect, raw_line
from minimind.data.json_list import list_items
from minimind.data.problems import Problem, at_line, no_usable_row
from minimind.data.rows import Kind, Row, RowProblem, convert, kind_of, text_row
from minimind.text import _

Container = Literal["lines", "list", "text"]
TEXT_SUFFIXES = {"", ".txt", ".text", ".md", ".markdown", ".rst", ".log"}
JSON_SUFFIXES = {".json", ".jsonl", ".ndjson", ".jsonlines"}
TABLES = {".csv", ".tsv", ".xls", ".xlsx"}
MAX_PROBLEMS = 1_000
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Source:
    """A data file, recognised; iterate it for `Row`s and `Problem`s, as often as you like.

    Attributes:
        path, size: the file and its bytes.
        encoding: for people: utf-8, utf-16, gb18030.
        container: JSON Lines, a JSON list, or plain text.
        kind: what its rows are read as.
        position: the byte that the running iteration has reached.
    """

    def __init__(self, path: Path, encoding: Encoding, container: Container, kind: Kind) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.encoding = encoding.label
        self.container: Container = container
        self.kind: Kind = kind
        self.position = 0
        self._encoding = encoding

    def __iter__(self) -> Iterator[Row | Problem]:
        return self.rows()

    def place(self, line: int) -> Place | None:
        """Where `rows` can go on after `line`, the one that was read last; None: only from the beginning."""
        if self.container != "lines" or self._encoding.is_wide:
            return None
        return Place(line=line, offset=self.position)

    def raw(self, line: int, after: Place | None = None) -> str:
        """A line as it stands in the file; what is no text is written as \\xNN."""
        return raw_line(self.path, self._encoding, line, after)

    def rows(self, after: Place | None = None) -> Iterator[Row | Problem]:
        """What stands in the file, from the beginning or behind a place."""
        for line, value in self.values(after):
            if isinstance(value, Problem):
                yield value
                continue
            try:
                if self.container == "text":
                    yield text_row(line, value)
                else:
                    yield convert(value, line, self.kind)
            except RowProblem as problem:
                yield Problem(line=line, code=problem.code, params=problem.params)

    def values(self, after: Place | None = None) -> Iterator[tuple[int, Any]]:
        """What is written in the file, with its line: JSON values, documents, problems."""
        if self.container == "list":
            for line, value, position in list_items(self.path, self._encoding):
                self.position = position
                yield line, value
            return
        lines = Lines(self.path, self._encoding, after)
        if self.container == "text":
            target = plain_text.document_bytes(self.size)
            for item in plain_text.documents(lines, target):
                self.position = lines.position
                yield (item.line, item) if isinstance(item, Problem) else item
            return
        for number, text in lines:
            self.position = lines.position
            if isinstance(text, Problem):
                yield number, text
            elif text and not text.isspace():
                yield number, parse(text, number)


_DECODER = json.JSONDecoder(strict=False)


def parse(text: str, line: int) -> Any:
    """One line of JSON; a Problem when it is not. Raw tabs and line feeds inside strings are let pass."""
    try:
        # the usual line is one object and nothing else: no need to look for space around it
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    except (ValueError, RecursionError):
        pass
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        params = {"reason": error.msg, "column": error.colno}
        return Problem(line=line, code="not_json", params=params)
    except ValueError:  # a number of more than 4,300 digits
        return Problem(line=line, code="not_json", params={"reason": "number too long", "column": 1})
    except RecursionError:
        return Problem(line=line, code="too_deep")


def open_source(path: Path, needs: Kind | None = None) -> Source:
    """Recognise a file.

    Args:
        path: the file.
        needs: the kind of row that is wanted; None takes the most frequent among the first 200 rows.

    Raises:
        BadInput: absent, empty, binary, a table, or nothing that is read here; one sentence with the place.
    """
    encoding = detect(path)
    container = _container(path, encoding)
    if container == "text":
        if needs not in (None, "text"):
            first = Problem(line=1, code="wrong_kind", params={"found": "text", "wanted": needs})
            raise no_usable_row(path, needs, first)
        return Source(path, encoding, container, "text")
    source = Source(path, encoding, container, needs or "text")
    if needs is None:
        source.kind = _most_frequent_kind(source)
        source.position = 0
    return source


def _most_frequent_kind(source: Source) -> Kind:
    values = (value for _line, value in source.values())
    kinds = Counter(kind for value in islice(values, 200) if (kind := kind_of(value)))
    return kinds.most_common(1)[0][0] if kinds else "text"


def _container(path: Path, encoding: Encoding) -> Container:
    """Judged by the content first: the name only decides what the content leaves open."""
    suffix = path.suffix.lower()
    first, second = _first_lines(path, encoding)
    start = first.lstrip()
    whole = start.startswith(("{", "[")) and not isinstance(parse(first, 1), Problem)
    if start.startswith("{") and (whole or suffix in JSON_SUFFIXES):
        if not whole and suffix == ".json" and start.rstrip() == "{":
            reason = _("this is one JSON object over many lines; one object a line is needed")
            raise at_line(path, 1, reason, code="one_object")
        return "lines"
    if start.startswith("["):
        opened = start[1:].lstrip()
        inside = opened or second.lstrip()
        if (suffix in JSON_SUFFIXES or inside.startswith("{")) and not (
            whole and second.lstrip().startswith("[")
        ):
            return "list"
        if suffix in JSON_SUFFIXES:
            return "lines"
    if suffix in TABLES:
        reason = _('this is a table (CSV); JSON Lines is needed, one {{"text": "…"}} a line').format()
        raise at_line(path, 1, reason, code="table")
    if suffix in JSON_SUFFIXES:
        return "lines"
    if suffix in TEXT_SUFFIXES:
        return "text"
    reason = _("files that end in {suffix} are not read; JSON Lines (.jsonl) or plain text (.txt) is needed")
    raise at_line(path, 1, reason.format(suffix=suffix), code="unknown_file")


def _first_lines(path: Path, encoding: Encoding) -> tuple[str, str]:
    """The first two lines that are not blank."""
    found = []
    for _number, text in Lines(path, encoding):
        line = "" if isinstance(text, Problem) else text
        if line.strip() or isinstance(text, Problem):
            found.append(line)
        if len(found) == 2:
            break
    return (*found, "", "")[:2]  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a file holds: `problems` are the skipped rows (the first 1,000), `notes` remarks on used ones."""

    path: Path
    kind: Kind
    encoding: str
    rows: int
    usable: int
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """Rows that cannot be used."""
        return self.rows - self.usable

    def to_json(self) -> dict[str, Any]:
        """The shape that `data check --json` prints."""
        return {
            "file": str(self.path),
            "kind": self.kind,
            "encoding": self.encoding,
            "rows": self.rows,
            "usable": self.usable,
            "skipped": self.skipped,
            "problems": [problem.to_json() for problem in self.problems],
            "notes": [note.to_json() for note in self.notes],
        }


def check(path: Path, needs: Kind | None = None) -> CheckReport:
    """Read a whole file and count.

    Raises:
        BadInput: the file as a whole cannot be read; rows that cannot be used are in the report.
    """
    source = open_source(path, needs)
    rows = usable = 0
    problems: list[Problem] = []
    notes: list[Problem] = []
    for item in source:
        rows += 1
        if isinstance(item, Problem):
            if len(problems) < MAX_PROBLEMS:
                problems.append(item)
            continue
        usable += 1
        # JSON escapes control characters, so in a conversation's content they are \u00XX
        odd = _CONTROL.search(item.content) or (item.conversation and b"\\u00" in item.content)
        if odd and len(notes) < MAX_PROBLEMS:
            notes.append(Problem(line=item.line, code="control_characters"))
    return CheckReport(
        path=path,
        kind=source.kind,
        encoding=source.encoding,
        rows=rows,
        usable=usable,
        problems=problems,
        notes=notes,
    )
