"""Plain text becomes documents: whole paragraphs, as many as make a piece worth learning from.

A paragraph alone is too short to learn connections from, and a whole book as one document leaves nothing to
hold out. So paragraphs (separated by blank lines) that follow each other are put together until a document
has about 6,000 bytes: 2,000 Chinese characters or 1,000 English words, a few times the usual sequence length.
A small file gives smaller documents, about 128 of them, so that some can be held out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from minimind.data.problems import Problem

SMALLEST, LARGEST, DOCUMENTS = 600, 6_000, 128
_SENTENCE_END = re.compile(r"(?:[。！？!?…]|\.(?=\s))[\"'”’」』）)]*\s*")


def document_bytes(file_bytes: int) -> int:
    """How many bytes make a document of a file of that size."""
    return max(SMALLEST, min(LARGEST, file_bytes // DOCUMENTS))


def documents(lines: Iterable[tuple[int, str | Problem]], target: int) -> Iterator[tuple[int, str] | Problem]:
    """Put lines together to (first line, text); blank lines at the ends go, several in a row become one.

    Args:
        lines: numbered lines without their ends.
        target: bytes from which on a document ends: at the next blank line, and if none comes before twice
            as much, at the end of a line. A longer line is cut at the end of a sentence.
    """
    parts: list[str] = []
    size = first = 0
    for number, line in lines:
        if isinstance(line, Problem) or (not line.strip() and size >= target) or size >= 2 * target:
            if size:
                yield first, "\n".join(parts).strip("\n")
            parts, size = [], 0
        if isinstance(line, Problem):
            yield line
            continue
        line = line.replace("\r", "\n")
        if not line.strip():
            if parts and parts[-1]:
                parts.append("")
            continue
        for piece in filter(str.strip, _pieces(line, target)):
            if size >= 2 * target:
                yield first, "\n".join(parts).strip("\n")
                parts, size = [], 0
            first = first if size else number
            parts.append(piece)
            size += len(piece.encode("utf-8", "replace"))
    if size:
        yield first, "\n".join(parts).strip("\n")


def _pieces(line: str, target: int) -> Iterator[str]:
    """A line, or its parts when it is a text of its own; nothing is lost but space at the cuts."""
    if len(line) <= 4 * target:
        yield line
        return
    start = 0
    while len(line) - start > 2 * target:
        match = _SENTENCE_END.search(line, start + target, start + 2 * target)
        end = match.end() if match else line.rfind(" ", start + target, start + 2 * target) + 1
        if end <= start:
            end = start + 2 * target
        yield line[start:end]
        start = end
    yield line[start:]
