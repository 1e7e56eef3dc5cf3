"""What is said about a shape of one's own bears the names of its fields, in both languages."""

from __future__ import annotations

import re

import pytest

from minimind.errors import BadInput
from minimind.presets import shaped
from minimind.text import set_language
from studio.planning.shape import blamed, in_words


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("shape", "fields"),
    [
        ({"num_heads": 7, "num_kv_heads": 2}, {"num_heads", "num_kv_heads"}),
        ({"dim": 1}, {"dim"}),
        ({"ffn_dim": 0}, {"ffn_dim"}),
        # an odd head follows from width and number of heads
        ({"dim": 60, "num_heads": 4, "num_kv_heads": 4}, {"dim", "num_heads"}),
    ],
)
def test_no_name_of_the_engine_reaches_a_person(
    shape: dict[str, int], fields: set[str], language: str
) -> None:
    set_language(language)
    try:
        with pytest.raises(BadInput) as refused:
            shaped("mini", shape)
        fault = str(refused.value)
        assert blamed(fault) == fields
        assert re.search(r"[a-z]_[a-z]|\bdim\b", in_words(fault)) is None
    finally:
        set_language("en")
