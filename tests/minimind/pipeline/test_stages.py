"""Which stage comes next, and what it is asked to do."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.pipeline.stages import lasting, next_stage, stage_job, stages_of
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from tests.helpers.fake_pipeline import pipeline_job

ENDS = [RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.RUNNING]


@given(count=st.integers(1, 6), seed=st.integers(), removed=st.integers(0, 63))
def test_every_stage_is_finished_once_and_in_order(count: int, seed: int, removed: int) -> None:
    """Whatever ends in between, and whichever finished folders somebody removes."""
    choose = random.Random(seed)
    statuses: list[RunState | None] = [None] * count
    finished: list[int] = []
    for _attempt in range(1000):
        index = next_stage(statuses)
        if index is None:
            break
        statuses[index] = choose.choice(ENDS)
        if statuses[index] is RunState.FINISHED:
            finished.append(index)
            if removed >> index & 1 and index > 0:
                statuses[index - 1] = None
    assert finished == list(range(count))


def test_a_folder_that_was_removed_is_not_trained_again() -> None:
    assert next_stage([None, RunState.STOPPED]) == 1
    assert next_stage([None, RunState.FINISHED, None]) == 2
    assert next_stage([RunState.FINISHED, RunState.QUEUED]) == 1
    assert next_stage([RunState.FINISHED, RunState.FINISHED]) is None


def test_a_stage_lies_beside_its_pipeline_and_says_whose_it_is(tmp_path: Path) -> None:
    folder, job = RunFolder(tmp_path / "here"), pipeline_job([{}, {}], seed=7)
    first, second = stages_of(folder, job)
    assert [stage.folder.path.name for stage in (first, second)] == ["here-1-pretrain", "here-2-sft"]
    made = stage_job(job, first, parent=folder, before=None, changes={})
    assert made.work == {"pipeline": "here", "stage": 1, "stages": 2}
    assert (made.run_id, made.model.preset, made.seed) == ("here-1-pretrain", "tiny", 7)
    made = stage_job(job, second, parent=folder, before=first, changes={"micro_batch": 2, "device": "cpu"})
    assert made.model.preset is None
    assert made.model.checkpoint == str(first.folder.path)
    assert (made.settings["micro_batch"], made.hardware.device) == (2, "cpu")
    assert JobSpec.from_dict(made.to_dict()) == made


def test_how_long_is_for_one_stage_and_on_what_for_all() -> None:
    assert lasting({"steps": 5, "minutes": 2, "device": "cpu", "micro_batch": 1, "nproc": None}) == {
        "device": "cpu",
        "micro_batch": 1,
    }


@pytest.mark.parametrize("stages", [None, [], [{}], [{"name": ""}], [{"name": "../x"}], ["a"], "abc"])
def test_a_pipeline_without_stages_is_refused(tmp_path: Path, stages: object) -> None:
    job = pipeline_job([{}]).with_changes(work={"stages": stages})
    with pytest.raises(BadInput, match="without stages"):
        stages_of(RunFolder(tmp_path / "p"), job)
