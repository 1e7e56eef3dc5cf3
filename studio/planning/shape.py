"""A shape of one's own: what people call its numbers, and which of them a complaint is about."""

from __future__ import annotations

import re

from minimind.text import N_, _

# fields of ModelConfig that a person may change
FIELDS = {
    "dim": N_("Width"),
    "num_layers": N_("Layers"),
    "num_heads": N_("Query heads"),
    "num_kv_heads": N_("Key/value heads"),
    "ffn_dim": N_("Feed-forward width"),
}
# follows from width and query heads
_HEAD = "head_dim"
_NAMES = {**FIELDS, _HEAD: N_("Width of a head")}
# Chinese letters count as part of a word, these do not
_KNOWN = re.compile(rf"(?<![A-Za-z_])({'|'.join(_NAMES)})(?![A-Za-z_])")


def in_words(fault: str) -> str:
    """What the engine says about a shape, with the names that stand at the fields."""
    return _KNOWN.sub(lambda found: _(_NAMES[found[0]]), fault)


def blamed(fault: str) -> set[str]:
    """The fields that what the engine says is about."""
    names = set(_KNOWN.findall(fault))
    return names - {_HEAD} | ({"dim", "num_heads"} if _HEAD in names else set())
