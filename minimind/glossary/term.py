"""One word of the glossary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Term:
    """One word.

    Attributes:
        key: its name; an option of that name means it.
        word: msgid; as the window writes it.
        text: msgid; what it means, in one to three sentences for somebody who is learning.
        expert: what papers and other programs call it, where that differs.
        names: other option, metric and column names that mean it.
        also: keys of words to read next.
    """

    key: str
    word: str
    text: str
    expert: str = ""
    names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
