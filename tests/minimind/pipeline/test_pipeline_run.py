"""A pipeline at work: order, requests, ends, and what survives a kill. Its stages are fake trainers."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from minimind.attempt import Result
from minimind.errors import BadInput
from minimind.events import Event, read_events
from minimind.pipeline import follow
from minimind.pipeline.run import execute
from minimind.pipeline.stages import StageRun, stages_of
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from tests.helpers import fake_pipeline
from tests.helpers.fake_pipeline import pipeline_job
from tests.helpers.fake_trainer import fake_command
from tests.helpers.waiting import wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def made(tmp_path: Path, stages: list[dict[str, Any]]) -> tuple[RunFolder, list[StageRun]]:
    folder = RunFolder(tmp_path / "pipe")
    folder.path.mkdir()
    job = pipeline_job(stages, run_id="pipe")
    job.save(folder.job_file)
    return folder, stages_of(folder, job)


def carry_out(folder: RunFolder, *, resume: bool = False, **overrides: Any) -> Result:
    return execute(folder, resume=resume, overrides=overrides, quiet=True, trainer=fake_command())


def told(folder: RunFolder) -> list[tuple[int, str]]:
    return [
        (event.fields["stage"], event.fields["status"])
        for event in read_events(folder.events_file)
        if event.kind == "stage"
    ]


def last(folder: RunFolder, kind: str) -> Event:
    return [event for event in read_events(folder.events_file) if event.kind == kind][-1]


def status(folder: RunFolder) -> RunState | None:
    state = folder.read_state()
    return state.status if state else None


def runs_at(stage: StageRun, step: int) -> bool:
    """Whether it has reached a step."""
    return any(event.kind == "step" and event.step == step for event in read_events(stage.folder.events_file))


def test_stages_run_in_order_and_the_result_names_each(tmp_path: Path) -> None:
    folder, stages = made(tmp_path, [{}, {}])
    result = carry_out(folder)
    assert (result.exit_status, result.values["status"]) == (0, "finished")
    assert told(folder) == [(1, "running"), (1, "finished"), (2, "running"), (2, "finished")]
    assert [item["status"] for item in result.values["stages"]] == ["finished", "finished"]
    assert result.values["checkpoint"] == str(stages[1].folder.pointed("last"))
    assert last(folder, "done").fields["result"]["stages"][1]["run_id"] == "pipe-2-sft"
    again = carry_out(folder, resume=True)
    assert (again.exit_status, again.values["checkpoint"]) == (0, result.values["checkpoint"])
    assert folder.read_state().attempt == 1  # type: ignore[union-attr]


def test_a_failed_stage_fails_it_in_its_own_words_and_a_resume_begins_there(tmp_path: Path) -> None:
    folder, stages = made(tmp_path, [{}, {"mode": "nan", "at": 2}])
    result = carry_out(folder)
    assert (result.exit_status, status(folder)) == (1, RunState.FAILED)
    error = last(folder, "error").fields
    assert (error["code"], error["message"]) == ("non_finite", "The loss is not a number at step 6.")
    assert error["advice"] == last(stages[1].folder, "error").fields["advice"]
    assert carry_out(folder, resume=True).values["status"] == "finished"
    assert stages[0].folder.read_state().attempt == 1  # type: ignore[union-attr]
    assert stages[1].folder.read_state().attempt == 2  # type: ignore[union-attr]


def test_a_killed_stage_is_told_as_killed_and_resumed_from_its_checkpoint(tmp_path: Path) -> None:
    folder, stages = made(tmp_path, [{"mode": "die", "at": 4}, {}])
    assert carry_out(folder).exit_status == 1
    error = last(folder, "error").fields
    assert (error["code"], error["params"]["signal"]) == ("lost_killed", 9)
    assert told(folder)[-1] == (1, "failed")
    assert carry_out(folder, resume=True).values["status"] == "finished"
    assert last(stages[0].folder, "start").fields["from_step"] == 2


def test_a_stage_that_refuses_at_the_start_is_bad_input(tmp_path: Path) -> None:
    folder, _stages = made(tmp_path, [{"mode": "refuse"}, {}])
    with pytest.raises(BadInput, match="there is no such file"):
        carry_out(folder)
    assert status(folder) is RunState.FAILED


def test_a_stage_that_refuses_after_another_has_finished_fails_it(tmp_path: Path) -> None:
    folder, _stages = made(tmp_path, [{}, {"mode": "refuse"}])
    assert carry_out(folder).exit_status == 1
    assert "there is no such file" in last(folder, "error").fields["message"]


def test_a_stopped_pipeline_whose_stage_refuses_to_go_on_stays_stopped(tmp_path: Path) -> None:
    folder, (first,) = made(tmp_path, [{"mode": "slow", "num_steps": 100_000}])
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 1))
    process.terminate()
    assert process.wait(60) == 0
    script = tmp_path / "refuse.py"
    script.write_text(
        "import sys; print('minimind train: a.jsonl has changed', file=sys.stderr); sys.exit(2)"
    )
    refuses = (sys.executable, str(script))
    with pytest.raises(BadInput, match=r"^a\.jsonl has changed$"):
        execute(folder, resume=True, quiet=True, trainer=refuses)
    assert (status(folder), status(first.folder)) == (RunState.STOPPED, RunState.STOPPED)
    assert told(folder)[-1] == (1, "stopped")
    assert "a.jsonl has changed" in last(folder, "warning").fields["message"]


def test_changes_on_resume_go_to_the_stage_and_to_those_that_follow(tmp_path: Path) -> None:
    folder, stages = made(tmp_path, [{"mode": "crash", "at": 3}, {}, {}])
    carry_out(folder)
    carry_out(folder, resume=True, micro_batch=2, steps=6)
    assert '"micro_batch": 2' in stages[1].folder.job_file.read_text()
    assert '"micro_batch": 2' in stages[2].folder.job_file.read_text()


def test_pause_resume_save_and_stop_reach_the_stage(tmp_path: Path) -> None:
    folder, (first, second) = made(
        tmp_path, [{"mode": "slow", "num_steps": 100_000, "save_every": 99_999}, {}]
    )
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 2))
    folder.request("pause", attempt=1)
    wait_for(lambda: status(folder) is RunState.PAUSED)
    assert status(first.folder) is RunState.PAUSED
    folder.request("resume", attempt=1)
    wait_for(lambda: status(folder) is RunState.RUNNING)
    folder.request("save", attempt=1)
    wait_for(lambda: first.folder.step_folders())
    folder.request("stop", attempt=1)
    assert process.wait(60) == 0
    assert (status(folder), status(first.folder)) == (RunState.STOPPED, RunState.STOPPED)
    assert not second.folder.exists()
    actions = [e.fields["action"] for e in read_events(folder.events_file) if e.kind == "control"]
    assert actions == ["pause", "resume", "save", "stop"]


def test_sigterm_stops_the_stage_with_a_checkpoint(tmp_path: Path) -> None:
    folder, (first,) = made(tmp_path, [{"mode": "slow", "num_steps": 100_000, "save_every": 99_999}])
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 2))
    process.terminate()
    assert process.wait(60) == 0
    assert (status(folder), status(first.folder)) == (RunState.STOPPED, RunState.STOPPED)
    assert len(first.folder.step_folders()) == 1


def test_a_stage_stopped_by_itself_stops_the_pipeline(tmp_path: Path) -> None:
    folder, (first, second) = made(tmp_path, [{"mode": "slow", "num_steps": 100_000}, {}])
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 1))
    first.folder.request("stop", attempt=1)
    assert process.wait(60) == 0
    assert (status(folder), second.folder.exists()) == (RunState.STOPPED, False)


def test_a_killed_pipeline_finds_its_stage_at_work_and_goes_on_with_it(tmp_path: Path) -> None:
    folder, (first, second) = made(tmp_path, [{"mode": "slow", "num_steps": 100_000}, {}])
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 1))
    folder.request("pause", attempt=1)
    wait_for(lambda: status(first.folder) is RunState.PAUSED)
    process.kill()
    process.wait()
    assert follow.is_held(first.folder)
    process = fake_pipeline.start(folder, "--resume")
    wait_for(lambda: status(first.folder) is RunState.RUNNING)
    wait_for(lambda: status(folder) is RunState.RUNNING and folder.read_state().attempt == 2)  # type: ignore[union-attr]
    # what is asked of the new pipeline reaches the stage of the old one
    folder.request("stop", attempt=2)
    assert process.wait(60) == 0
    assert (status(folder), status(first.folder)) == (RunState.STOPPED, RunState.STOPPED)
    assert first.folder.read_state().attempt == 1  # type: ignore[union-attr]
    assert not second.folder.exists()


def test_a_stage_that_ended_while_nobody_looked_is_told_and_not_repeated(tmp_path: Path) -> None:
    folder, (first, second) = made(tmp_path, [{"mode": "slow", "num_steps": 30}, {}])
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 1))
    process.kill()
    process.wait()
    wait_for(lambda: not follow.is_held(first.folder))
    assert carry_out(folder, resume=True).values["status"] == "finished"
    assert told(folder) == [(1, "running"), (1, "finished"), (2, "running"), (2, "finished")]
    assert first.folder.read_state().attempt == 1  # type: ignore[union-attr]
    assert status(second.folder) is RunState.FINISHED


def test_a_stop_that_is_not_answered_becomes_a_sigterm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _folder, (first,) = made(tmp_path, [{"mode": "slow", "num_steps": 100_000}])
    first.folder.path.mkdir()
    pipeline_job([{}]).with_changes(
        kind="train", work={"mode": "slow", "num_steps": 100_000}, method="pretrain"
    ).save(first.folder.job_file)
    process = follow.StageProcess.start(first, fake_command(), resume=False, overrides={})
    wait_for(lambda: runs_at(first, 1))
    monkeypatch.setattr(follow, "PATIENCE_S", 0.0)
    process.ask("pause")
    wait_for(lambda: status(first.folder) is RunState.PAUSED)
    monkeypatch.setattr(first.folder.__class__, "request", lambda *_args, **_named: "lost on the way")
    process.ask("stop")
    process.press()
    wait_for(process.is_over)
    assert process.end().status is RunState.STOPPED


def test_an_interrupt_that_insists_ends_the_stage_at_once(tmp_path: Path) -> None:
    folder, (first,) = made(tmp_path, [{"mode": "hang", "num_steps": 100, "at": 2}])
    process = fake_pipeline.start(folder)
    wait_for(lambda: runs_at(first, 1))
    process.send_signal(signal.SIGINT)
    wait_for(lambda: any(event.kind == "control" for event in read_events(folder.events_file)))
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 1
    assert not follow.is_held(first.folder)
    assert status(folder) is RunState.FAILED


def test_a_full_disk_between_two_stages_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, (_first, second) = made(tmp_path, [{}, {}])
    mkdir = Path.mkdir

    def full(path: Path, *arguments: Any, **named: Any) -> None:
        if path == second.folder.path:
            raise OSError(28, os.strerror(28), str(path))
        mkdir(path, *arguments, **named)

    monkeypatch.setattr(Path, "mkdir", full)
    assert carry_out(folder).exit_status == 1
    assert "the disk is full" in last(folder, "error").fields["message"]
    monkeypatch.undo()
    assert carry_out(folder, resume=True).values["status"] == "finished"
