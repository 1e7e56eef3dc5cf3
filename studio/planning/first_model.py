"""The first model: the recipe behind the first door, how long it takes here, and its runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from minimind.device import Device
from minimind.errors import BadInput
from minimind.job import Hardware, JobSpec, ModelRef
from minimind.plan import Data, predict
from minimind.presets import PRESETS
from minimind.recipes import RECIPES, job_for
from studio.store.records import Run

RECIPE = "first"
# about what the bundled sample holds; its lengths decide little beside the recipe's budgets
_SAMPLE = Data(tokens=600_000, rows=1_200, heldout_tokens=6_000)
# a process starts, imports torch, opens the data
_START_S = 8.0


@dataclass(frozen=True, kw_only=True)
class StageTime:
    """One stage of the recipe and about how long it takes."""

    method: str
    seconds: float


def first_job() -> JobSpec:
    """The job behind the first door.

    Raises:
        BadInput: the bundled sample is not there.
    """
    return job_for(RECIPE)


def stage_times(device: Device) -> list[StageTime]:
    """About how long each stage of the recipe takes on a device, its start included."""
    recipe = RECIPES[RECIPE]
    preset = PRESETS[recipe.model]
    times = []
    for stage in recipe.stages:
        job = JobSpec(
            run_id="first",
            method=stage.method,
            model=ModelRef(preset=recipe.model),
            settings=dict(stage.settings),
            budget=stage.budget,
            hardware=Hardware(device=device.label),
        )
        found = predict(job, preset.config, _SAMPLE, device)
        times.append(StageTime(method=stage.method, seconds=found.seconds + _START_S))
    return times


def whole_minutes(seconds: float) -> int:
    """As a promise on a button says it: never less than it takes."""
    return max(1, math.ceil(seconds / 60 - 0.1))


def is_first_model(run: Run, job: Callable[[str], JobSpec]) -> bool:
    """Whether a run is that recipe's; `job` as `RunService.job`."""
    if run.kind != "pipeline":
        return False
    try:
        return job(run.run_id).work.get("recipe") == RECIPE
    except (KeyError, BadInput):
        return False


def last_stage(pipeline: Run, runs: Iterable[Run]) -> Run | None:
    """The run of a pipeline's last stage that has begun."""
    stages = [run for run in runs if run.parent == pipeline.run_id]
    return max(stages, key=lambda run: run.stage or 0, default=None)
