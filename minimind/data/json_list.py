"""A JSON list of rows, read item by item: files that are one `[{…}, {…}]` need not fit in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minimind.data.encodings import MAX_LINE, Encoding, chunks
from minimind.data.problems import Problem

_DECODER = json.JSONDecoder(strict=False)
_GAP = re.compile(r"\s*")


class _Window:
    """The part of the text that is looked at: grows at the end, is dropped at the front."""

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._chunks = chunks(path, encoding)
        self.text = ""
        self.at = 0
        self.line = 1
        self.position = 0
        self.ended = False

    def more(self) -> bool:
        """Read on: as much again as is there, so that a long item is not tried too often."""
        parts, wanted = [self.text], max(1 << 18, len(self.text))
        while wanted > 0 and not self.ended:
            try:
                chunk, self.position = next(self._chunks)
            except StopIteration:
                self.ended = True
                break
            parts.append(chunk)
            wanted -= len(chunk)
        grown = len(parts) > 1
        self.text = "".join(parts)
        return grown

    def skip_gap(self) -> str:
        """Go to the next character that is no space and return it; empty at the end of the file."""
        while True:
            match = _GAP.match(self.text, self.at)
            assert match is not None
            self.move(match.end())
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def move(self, to: int) -> None:
        """Go on, counting lines; what lies behind is dropped now and then."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to
        if self.at > 1 << 20:
            self.text = self.text[self.at :]
            self.at = 0


def list_items(path: Path, encoding: Encoding) -> Iterator[tuple[int, Any, int]]:
    """(line, value or Problem, bytes reached) of each item.

    After a break in the list itself nothing can be trusted: one Problem says where, and reading ends.
    """
    window = _Window(path, encoding)
    if window.skip_gap() != "[":
        raise ValueError(f"{path} does not begin with a list")
    window.move(window.at + 1)
    if window.skip_gap() == "]":
        return
    while True:
        window.skip_gap()
        line = window.line
        value = _item(window)
        yield line, value, window.position
        if isinstance(value, Problem):
            return
        separator = window.skip_gap()
        if separator not in {",", "]"}:
            reason = "Expecting ',' or ']'" if separator else "the file ends"
            yield window.line, Problem(line=window.line, code="array_broken", params={"reason": reason}), 0
            return
        window.move(window.at + 1)
        if separator == "]":
            if window.skip_gap():
                yield window.line, Problem(line=window.line, code="after_array"), window.position
            return


def _item(window: _Window) -> Any:
    while True:
        reason = "the file ends"
        try:
            value, end = _DECODER.raw_decode(window.text, window.at)
        except json.JSONDecodeError as error:
            reason = error.msg
            # a true mistake lies inside of what was read; a cut item is wrong at its very end
            cut = error.msg.startswith("Unterminated") or error.pos > len(window.text) - 16
        except RecursionError:
            return Problem(line=window.line, code="array_broken", params={"reason": "nested too deeply"})
        except ValueError as error:
            reason, cut = str(error).split(";")[0][:80], False
        else:
            # a number may go on in the part that was not read yet
            if end < len(window.text) or window.ended or not window.more():
                window.move(end)
                return value
            continue
        if len(window.text) - window.at > MAX_LINE:
            return Problem(line=window.line, code="line_too_long", params={"size": MAX_LINE >> 20})
        if not cut or not window.more():
            return Problem(line=window.line, code="array_broken", params={"reason": reason})
