"""Which model a folder means."""

from __future__ import annotations

import dataclasses

from minimind.run_state import RunState
from studio.services.chat_models import stage_model
from studio.store.records import Run
from tests.studio.ui.fake_runs import make_run


def run_of(run_id: str, **fields: object) -> Run:
    record = make_run(RunState.FINISHED, step=60, run_id=run_id).record
    return dataclasses.replace(record, **fields)  # type: ignore[arg-type]


def test_a_pipeline_means_its_last_stage_that_has_a_checkpoint() -> None:
    pipe = run_of("pipe", kind="pipeline", checkpoints=())
    stages = [run_of(f"pipe-{n}-sft", parent="pipe", stage=n, checkpoints=(60,)) for n in (2, 9, 10)]
    begun = run_of("pipe-11-sft", parent="pipe", stage=11, checkpoints=())
    found = stage_model([pipe, begun, *stages], pipe.folder)
    assert found is not None
    assert found.run_id == "pipe-10-sft"


def test_a_run_with_a_similar_name_is_no_stage() -> None:
    run, other = run_of("novel"), run_of("novel-2-b", checkpoints=(60,))
    assert stage_model([run, other], run.folder) is None
