"""What a pipeline shows of its stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minimind.run_state import RunState
from studio.store.pipelines import with_stages
from studio.store.records import Run
from tests.helpers.fake_pipeline import pipeline_job

JOB = pipeline_job([{}, {}, {}])


def run(run_id: str, state: RunState, **fields: Any) -> Run:
    return Run(run_id=run_id, folder=Path("/p") / run_id, project="p", name=run_id, state=state, **fields)


def stage(number: int, state: RunState, **fields: Any) -> Run:
    return run(f"p-{number}", state, parent="p", stage=number, attempt=1, **fields)


WHOLE = run("p", RunState.RUNNING, kind="pipeline", wall_s=1.0)


def test_without_a_stage_it_is_as_its_folder_says() -> None:
    assert with_stages(WHOLE, JOB, []) == WHOLE
    assert with_stages(WHOLE, JOB, [run("p-1", RunState.QUEUED, stage=1)]) == WHOLE


def test_the_stage_at_work_is_shown_and_the_time_of_all_is_counted() -> None:
    first = stage(1, RunState.FINISHED, step=6, wall_s=10.0, val_loss=3.0)
    second = stage(2, RunState.RUNNING, step=2, total_steps=6, wall_s=4.0, eta_s=8.0, phase="train", loss=2.0)
    shown = with_stages(WHOLE, JOB, [first, second])
    assert (shown.step, shown.total_steps, shown.loss, shown.val_loss) == (2, 6, 2.0, None)
    assert (shown.wall_s, shown.phase) == (14.0, "train")
    assert (shown.run_id, shown.state, shown.kind) == ("p", RunState.RUNNING, "pipeline")
    # four steps take eight seconds, the six of the third stage twelve, and it has to start
    assert shown.eta_s == pytest.approx(8.0 + 12.0 + 4.0)


def test_minutes_bound_what_is_still_to_come_and_an_unknown_length_is_no_guess() -> None:
    going = stage(2, RunState.RUNNING, step=2, total_steps=6, eta_s=400.0)
    for budget, eta in (
        ({"steps": 1000, "minutes": 1}, 400.0 + 60.0 + 4.0),
        ({"minutes": 2}, 400.0 + 120.0 + 4.0),
        ({"epochs": 1}, None),
        ("spoilt", None),
    ):
        stages = [*JOB.work["stages"][:2], {**JOB.work["stages"][2], "budget": budget}]
        shown = with_stages(WHOLE, JOB.with_changes(work={"stages": stages}), [going])
        assert shown.eta_s == eta


def test_when_nothing_goes_on_the_last_stage_is_shown() -> None:
    stages = [stage(1, RunState.FINISHED, step=6), stage(2, RunState.STOPPED, step=3, val_loss=2.5)]
    shown = with_stages(run("p", RunState.STOPPED, kind="pipeline"), JOB, stages)
    assert (shown.step, shown.val_loss, shown.eta_s, shown.phase) == (3, 2.5, None, None)
