"""Templates: `[this|that|]` chooses, `{slot}` is filled in. The same text writes sentences and recognises them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

_PART = re.compile(r"(\[[^\[\]]*\]|\{\w+\})")


def expand(template: str, r: random.Random, slots: Mapping[str, str] | None = None) -> str:
    """One of the texts that a template stands for; choices first, so that they may hold slots."""
    chosen = re.sub(r"\[([^\[\]]*)\]", lambda found: r.choice(found[1].split("|")), template)
    return re.sub(r"\{(\w+)\}", lambda found: (slots or {})[found[1]], chosen)


def pattern(template: str, fillers: Mapping[str, Sequence[str]]) -> str:
    """A regular expression for all of them, with a group for each slot; the second time it must say the same.

    A slot may stand in one choice of a pair of brackets, not in two.
    """
    seen: set[str] = set()

    def part(piece: str) -> str:
        if piece.startswith("["):
            return "(?:" + "|".join(of(choice) for choice in piece[1:-1].split("|")) + ")"
        if not piece.startswith("{"):
            return re.escape(piece)
        name = piece[1:-1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>" + "|".join(re.escape(text) for text in fillers[name]) + ")"

    def of(text: str) -> str:
        return "".join(part(piece) for piece in _PART.split(text) if piece)

    return of(template)


def capital(text: str) -> str:
    """With a large first letter; Chinese stays as it is."""
    return text[:1].upper() + text[1:]
