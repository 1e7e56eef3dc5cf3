from __future__ import annotations

from typing import Any

import pytest

from studio.planning.choices import Choices
from studio.planning.fitting import changes_between, fitting
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation
from tests.studio.ui.wizard_kit import GB, card


def plan(memory_gb: float, **choices: Any) -> RunPlan:
    size = int(memory_gb * GB)
    device = card(memory_bytes=size, free_bytes=size)
    made = Choices(**{"method": "pretrain", "preset": "minimind2", **choices})
    return RunPlan(choices=made, situation=Situation(devices=(device,)))


def test_what_fits_stays_as_it_is() -> None:
    assert fitting(plan(24)) is None


def test_too_many_rows_at_once_become_fewer() -> None:
    before = plan(24, settings={"micro_batch": 512, "tokens_per_step": 262_144})
    after = fitting(before)
    assert after is not None
    assert (after.preset, after.settings) == ("minimind2", {"tokens_per_step": 262_144})
    assert changes_between(before.choices, after) == "micro-batch automatic"


def test_a_model_that_is_too_large_becomes_a_smaller_one() -> None:
    before = plan(2)
    after = fitting(before)
    assert after is not None
    assert after.preset not in (None, "minimind2")
    tried = RunPlan(choices=after, situation=before.situation).estimate()
    assert tried is not None
    assert tried.peak_memory_bytes <= tried.device.memory_bytes


@pytest.mark.parametrize("seq_len", [4096, 16_384])
def test_long_rows_become_shorter_before_the_model_does(seq_len: int) -> None:
    before = plan(
        8,
        preset="minimind2-small",
        settings={"seq_len": seq_len, "micro_batch": 64, "tokens_per_step": 64 * seq_len},
    )
    assert (estimate := before.estimate()) is not None
    assert estimate.peak_memory_bytes > estimate.device.memory_bytes
    after = fitting(before)
    assert after is not None
    assert after.preset == "minimind2-small"


def test_nothing_helps_where_there_is_no_memory_at_all() -> None:
    assert fitting(plan(0.05, preset="tiny")) is None
