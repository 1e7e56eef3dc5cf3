from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minimind.job import DataFile
from minimind.methods import Needs
from studio.planning.choices import Choices
from studio.planning.first_choices import first_choices, needs_of, with_method
from studio.planning.situation import Situation, StartPoint

EMPTY = Situation()
ONE_RUN = Situation(
    start_points={
        "r1": StartPoint(run_id="r1", name="first", method="pretrain", folder=Path("/runs/r1"), step=9)
    }
)


@pytest.mark.parametrize(
    ("prefill", "situation", "expected"),
    [
        ({}, EMPTY, {"method": "pretrain", "preset": "mini", "checkpoint": None}),
        ({"preset": "tiny"}, ONE_RUN, {"method": "pretrain", "preset": "tiny"}),
        ({"method": "sft"}, EMPTY, {"method": "sft", "preset": "mini", "checkpoint": None}),
        ({"method": "sft"}, ONE_RUN, {"method": "sft", "preset": None, "checkpoint": "r1"}),
        ({"checkpoint": "r1"}, ONE_RUN, {"method": "sft", "preset": None, "checkpoint": "r1"}),
        # what is not there stays, so that the plan can say what is wrong
        ({"checkpoint": "gone", "method": "pretrain"}, ONE_RUN, {"method": "pretrain", "checkpoint": "gone"}),
        ({"method": "telepathy"}, ONE_RUN, {"method": "telepathy", "preset": "mini"}),
        ({"data": ["/a.jsonl"]}, EMPTY, {"data": (DataFile(path="/a.jsonl"),)}),
    ],
)
def test_what_is_missing_is_filled_in(
    prefill: dict[str, Any], situation: Situation, expected: dict[str, Any]
) -> None:
    found = first_choices(prefill, situation)
    assert {name: getattr(found, name) for name in expected} == expected


def test_preferences_count_where_nothing_else_was_asked_for() -> None:
    assert first_choices({}, EMPTY).settings == {}
    preferred = first_choices({}, EMPTY, device="cpu", keep_checkpoints=5)
    assert (preferred.device, preferred.settings) == ("cpu", {"keep_checkpoints": 5})
    asked = {"device": "cuda", "settings": {"keep_checkpoints": 3}}
    given = first_choices(asked, EMPTY, device="cpu", keep_checkpoints=5)
    assert (given.device, given.settings) == ("cuda", {"keep_checkpoints": 3})


def test_fewer_than_two_checkpoints_are_never_asked_for() -> None:
    assert first_choices({}, EMPTY, keep_checkpoints=1).settings == {}


def test_a_model_that_nobody_chose_follows_the_method() -> None:
    plain = first_choices({}, ONE_RUN)
    tuned = with_method(plain, "sft", ONE_RUN)
    assert (tuned.preset, tuned.checkpoint) == (None, "r1")
    back = with_method(tuned, "pretrain", ONE_RUN)
    assert (back.preset, back.checkpoint) == ("mini", None)


def test_a_model_chosen_on_purpose_stays() -> None:
    chosen = Choices(method="pretrain", preset="minimind2")
    assert with_method(chosen, "sft", ONE_RUN).preset == "minimind2"


def test_rows_are_text_until_there_is_a_method() -> None:
    assert needs_of(Choices()) is Needs.TEXT
    assert needs_of(Choices(method="telepathy")) is Needs.TEXT
    assert needs_of(Choices(method="sft")) is Needs.CHAT
