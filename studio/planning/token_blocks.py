"""What the model sees of one row, cut into what a page draws: turns, and in them tokens one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minimind.text import N_

if TYPE_CHECKING:
    from minimind.data.preview import Piece

ROLES = {
    "system": N_("System"),
    "user": N_("User"),
    "assistant": N_("Assistant"),
    "tool": N_("Tool"),
}
# what is drawn for characters that have no shape of their own
LINE_END = "↵"
_SHAPES = {"\n": LINE_END, "\t": "⇥", "\r": LINE_END}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is drawn as one box: a token, the tokens of a split character, or a header of the template.

    Attributes:
        ids: in order.
        text: what they read as, line ends and all; the runs of all turns together are the whole row.
        special: a control token, or a header that begins with one.
        trained: the model learns to say it.
        alt: the other one of the two grounds: trained neighbours differ in it, so that borders show.
        split: how many tokens make the one character; 1 for everything else.
    """

    ids: tuple[int, ...]
    text: str
    special: bool = False
    trained: bool = False
    alt: bool = False
    split: int = 1


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One message, or a whole text: `role` is a key of ROLES, a name of the template's own, or empty."""

    role: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class Sums:
    """For the legend: tokens trained, in plain sight only, special; characters that take several tokens."""

    trained: int
    context: int
    special: int
    split: int


def turns_of(pieces: Sequence[Piece]) -> tuple[Turn, ...]:
    """Cut a row at the headers that the template writes; nothing is lost and nothing added."""
    turns: list[Turn] = []
    runs: list[Run] = []
    role, alt, at = "", False, 0
    while at < len(pieces):
        header = _header(pieces, at)
        if header is not None:
            name, end = header
            if runs:
                turns.append(Turn(role=role, runs=tuple(runs)))
            role, runs = name, [_header_run(pieces[at:end])]
            at = end
            continue
        piece = pieces[at]
        alt = piece.trained and not alt
        runs.append(
            Run(
                ids=piece.ids,
                text=piece.text,
                special=piece.special,
                trained=piece.trained,
                alt=alt,
                split=len(piece.ids),
            )
        )
        at += 1
    if runs:
        turns.append(Turn(role=role, runs=tuple(runs)))
    return tuple(turns)


def _header(pieces: Sequence[Piece], at: int) -> tuple[str, int] | None:
    """A control token, the name of a role and a line end: the role, and where it ends."""
    if not pieces[at].special or pieces[at].trained:
        return None
    text = ""
    for end in range(at + 1, min(at + 9, len(pieces))):
        piece = pieces[end]
        if piece.special or piece.trained:
            return None
        text += piece.text
        if "\n" in text:
            name = text[:-1]
            return (name, end + 1) if text.endswith("\n") and name.isidentifier() else None
    return None


def _header_run(pieces: Sequence[Piece]) -> Run:
    ids = tuple(number for piece in pieces for number in piece.ids)
    return Run(ids=ids, text="".join(piece.text for piece in pieces), special=True)


def sums_of(pieces: Sequence[Piece]) -> Sums:
    """Count tokens by what the legend tells apart; special ones that are trained count as trained."""
    trained = sum(len(piece.ids) for piece in pieces if piece.trained)
    special = sum(len(piece.ids) for piece in pieces if piece.special and not piece.trained)
    every = sum(len(piece.ids) for piece in pieces)
    split = sum(1 for piece in pieces if len(piece.ids) > 1)
    return Sums(trained=trained, context=every - trained - special, special=special, split=split)


def shapes(text: str) -> Iterator[tuple[str, bool]]:
    """A text as it can be drawn: (what is drawn, whether a new line begins behind it).

    A line end becomes an arrow; what has no shape is spelled out, `\\x00`, so that nothing is a box or
    nothing at all.
    """
    shown: list[str] = []
    for character in text:
        if character == "\n":
            yield "".join(shown) + LINE_END, True
            shown = []
        elif character in _SHAPES:
            shown.append(_SHAPES[character])
        elif character.isprintable() or character in "\u3000\u00a0":
            shown.append(character)
        else:
            shown.append(spelled(character))
    if shown:
        yield "".join(shown), False


def spelled(character: str) -> str:
    """A character by its number: `\\x00`, `U+200B`."""
    number = ord(character)
    return f"\\x{number:02x}" if number < 0xA0 else f"U+{number:04X}"
