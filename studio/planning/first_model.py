"""The first model: the recipe behind the first door, how long it takes here, and its runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from minimind.device import Device
from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.recipes import RECIPES, job_for, stage_seconds
from studio.store.records import Run

RECIPE = "first"


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
    seconds = stage_seconds(recipe, device)
    return [
        StageTime(method=stage.method, seconds=taken)
        for stage, taken in zip(recipe.stages, seconds, strict=True)
    ]


def whole_minutes(seconds: float) -> int:
    """As a button promises it."""
    return max(1, round(seconds / 60))


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
