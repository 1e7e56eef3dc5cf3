"""What is promised before a recipe starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from minimind.device import Device
from minimind.recipes import RECIPES, recipe_seconds, stage_seconds
from minimind.recipes.forecast import STARTUP_S

SLOW = Device(
    kind="cpu",
    name="slow",
    memory_bytes=8 << 30,
    free_bytes=4 << 30,
    bf16=False,
    flops=1e9,
    flops_float32=1e9,
)
FAST = replace(SLOW, kind="cuda", name="fast", bf16=True, flops=1e15, flops_float32=1e15)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_slow_machine_takes_the_time_it_may_and_its_start(name: str) -> None:
    recipe = RECIPES[name]
    most = sum(60 * (stage.budget.minutes or 0.0) + STARTUP_S for stage in recipe.stages)
    assert recipe_seconds(recipe, SLOW) == pytest.approx(most)
    assert len(stage_seconds(recipe, SLOW)) == len(recipe.stages)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_fast_machine_is_done_earlier_but_has_to_start_too(name: str) -> None:
    recipe = RECIPES[name]
    starts = STARTUP_S * len(recipe.stages)
    assert starts < recipe_seconds(recipe, FAST) < recipe_seconds(recipe, SLOW)
    assert recipe_seconds(recipe, FAST, model="minimind2") > recipe_seconds(recipe, FAST, model="tiny")
