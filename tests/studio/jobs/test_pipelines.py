"""A pipeline in the window's core: found, followed, asked, trashed and rebuilt together with its stages."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minimind.errors import BadInput
from minimind.run_folder import KILL, RunFolder
from minimind.run_state import RunState
from studio.jobs.actions import Actions
from studio.jobs.library import Library
from studio.jobs.queue import Queue
from studio.jobs.supervisor import Devices
from studio.store.records import Run
from tests.helpers.fake_pipeline import COMMAND, pipeline_job
from tests.helpers.waiting import wait_for

LONG = {"mode": "slow", "num_steps": 100_000, "interval": 0.01, "save_every": 5}


class Studio:
    """Library and actions as the service holds them, driven by hand."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.projects = place / "projects"
        self.projects.mkdir(exist_ok=True)
        self.open()

    def open(self) -> None:
        self.library = Library(self.projects, self.place / "studio.db")
        self.actions = Actions(self.library, COMMAND)

    def look(self) -> None:
        while self.library.poll().more:
            pass
        self.actions.keep_queue_moving()

    def runs(self) -> dict[str, Run]:
        self.look()
        found = (entry.published for entry in self.library._entries.values())
        return {run.run_id: run for run in found if run is not None}

    def folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.projects / "p" / "runs" / run_id)

    def started(self, *stages: dict[str, Any]) -> str:
        job = pipeline_job(stages)
        self.actions.start("p", job)
        self.look()
        return job.run_id

    def wait(self, run_id: str, *states: RunState) -> Run:
        wait_for(lambda: run_id in self.runs() and self.runs()[run_id].state in states)
        return self.runs()[run_id]

    def at_work(self, *stages: dict[str, Any]) -> tuple[str, str]:
        """A pipeline whose first stage has made a few steps: (pipeline, stage)."""
        whole = self.started(*stages)
        first = f"{whole}-1-pretrain"
        wait_for(lambda: first in self.runs() and self.runs()[first].step >= 2)
        return whole, first

    def close(self) -> None:
        for run in self.runs().values():
            if self.runs()[run.run_id].state.is_active:
                self.actions.force_end(run.run_id)
        self.library.close()
        for child in self.actions._supervisors:
            child.wait(60)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path)
    yield made
    made.close()


def kill(folder: RunFolder) -> None:
    state = folder.read_state()
    assert state is not None
    os.kill(state.pid, signal.SIGKILL)


def test_it_is_one_place_of_the_queue_and_its_stages_are_runs(studio: Studio) -> None:
    whole = studio.started({"num_steps": 8}, {})
    assert len(Queue(studio.projects).items()) <= 1
    run = studio.wait(whole, RunState.FINISHED)
    assert (run.kind, run.parent, run.model) == ("pipeline", None, "tiny")
    first, second = studio.runs()[f"{whole}-1-pretrain"], studio.runs()[f"{whole}-2-sft"]
    assert (first.parent, first.stage, second.parent, second.stage) == (whole, 1, whole, 2)
    assert (first.state, second.state) == (RunState.FINISHED, RunState.FINISHED)
    # the figures are those of its last stage, its time that of both
    assert (run.step, run.total_steps, run.val_loss) == (second.step, second.total_steps, second.val_loss)
    assert run.result is not None
    assert run.result["stages"][0]["run_id"] == first.run_id


def test_what_is_asked_of_a_stage_goes_to_the_pipeline(studio: Studio) -> None:
    whole, first = studio.at_work(LONG, {})
    assert studio.runs()[whole].step >= 2
    studio.actions.request(first, "pause")
    studio.wait(whole, RunState.PAUSED)
    studio.wait(first, RunState.PAUSED)
    studio.actions.go_on(first)
    studio.wait(first, RunState.RUNNING)
    with pytest.raises(BadInput, match="running"):
        studio.actions.trash(first)
    studio.actions.stop(first)
    studio.wait(whole, RunState.STOPPED)
    studio.wait(first, RunState.STOPPED)
    # so does a resume
    studio.actions.resume(first, {})
    studio.wait(whole, RunState.RUNNING)
    studio.wait(first, RunState.RUNNING)
    assert studio.folder(whole).read_state().attempt == 2  # type: ignore[union-attr]


def test_a_pipeline_and_its_stages_take_one_device(studio: Studio) -> None:
    studio.at_work(LONG)
    assert Devices(studio.projects, lambda: 0).taken() == {"cpu"}
    other = studio.started({})
    assert studio.runs()[other].state is RunState.QUEUED


def test_forced_it_ends_with_its_stage_and_neither_reads_as_lost(studio: Studio) -> None:
    whole, first = studio.at_work(LONG)
    studio.actions.force_end(first)
    studio.wait(whole, RunState.STOPPED)
    stage = studio.wait(first, RunState.STOPPED)
    assert stage.forced
    asked = studio.folder(first).requests(attempt=1)
    assert KILL in [action for _id, action in asked]


def test_a_stage_that_outlives_its_pipeline_is_taken_up_again(studio: Studio) -> None:
    whole, first = studio.at_work(LONG, {})
    kill(studio.folder(whole))
    lost = studio.wait(whole, RunState.LOST)
    assert lost.error is not None
    assert studio.runs()[first].state is RunState.RUNNING
    # its device is taken by its own stage: waiting for that would never end
    studio.actions.resume(whole, {})
    studio.wait(whole, RunState.RUNNING)
    assert studio.runs()[first].attempt == 1
    studio.actions.stop(whole)
    studio.wait(whole, RunState.STOPPED)
    assert studio.runs()[first].state is RunState.STOPPED


def test_a_stage_that_outlives_its_pipeline_can_be_stopped_by_itself(studio: Studio) -> None:
    whole, first = studio.at_work(LONG, {})
    kill(studio.folder(whole))
    studio.wait(whole, RunState.LOST)
    studio.actions.stop(whole)
    studio.wait(first, RunState.STOPPED)


def test_a_failed_stage_fails_it_with_the_same_words(studio: Studio) -> None:
    whole = studio.started({"mode": "nan", "at": 2}, {})
    run = studio.wait(whole, RunState.FAILED)
    stage = studio.wait(f"{whole}-1-pretrain", RunState.FAILED)
    assert run.error is not None
    assert stage.error is not None
    assert (run.error.code, run.error.message, run.error.advice) == (
        stage.error.code,
        stage.error.message,
        stage.error.advice,
    )


def test_trash_and_back_and_away_with_its_stages(studio: Studio) -> None:
    whole = studio.started({"num_steps": 4}, {"num_steps": 4})
    studio.wait(whole, RunState.FINISHED)
    stages = [f"{whole}-1-pretrain", f"{whole}-2-sft"]
    studio.actions.trash(whole)
    assert all(studio.runs()[run_id].trashed for run_id in (whole, *stages))
    studio.actions.restore(whole)
    assert not any(studio.runs()[run_id].trashed for run_id in (whole, *stages))
    studio.actions.trash(whole)
    studio.actions.delete_forever(whole)
    studio.look()
    assert studio.runs() == {}
    assert not any(studio.folder(run_id).path.exists() for run_id in (whole, *stages))


def test_stages_are_named_after_a_pipeline_that_has_a_name(studio: Studio) -> None:
    whole = studio.started({"num_steps": 4})
    studio.wait(whole, RunState.FINISHED)
    studio.actions.change_notes(whole, {"name": "阿福"})
    wait_for(lambda: studio.runs()[f"{whole}-1-pretrain"].name == "阿福 · Pretrain")
    studio.actions.change_notes(f"{whole}-1-pretrain", {"name": "own"})
    wait_for(lambda: studio.runs()[f"{whole}-1-pretrain"].name == "own")


def test_without_the_index_everything_comes_back(studio: Studio) -> None:
    whole = studio.started({"num_steps": 4}, {"num_steps": 4})
    studio.wait(whole, RunState.FINISHED)
    before = studio.runs()
    studio.close()
    for path in studio.place.glob("studio.db*"):
        path.unlink()
    studio.open()
    assert studio.runs() == before


def test_a_stage_without_its_pipeline_is_a_run_of_its_own(studio: Studio) -> None:
    whole = studio.started({"num_steps": 4}, {"mode": "crash", "at": 3})
    studio.wait(whole, RunState.FAILED)
    second = f"{whole}-2-sft"
    studio.actions.trash(whole)
    studio.actions.restore(second)
    studio.actions.delete_forever(whole)
    wait_for(lambda: set(studio.runs()) == {second} and studio.runs()[second].parent is None)
    studio.actions.resume(second, {})
    studio.wait(second, RunState.FINISHED)


def test_a_pipeline_that_somebody_spoilt_harms_nobody(studio: Studio) -> None:
    whole = studio.started({"num_steps": 4})
    studio.wait(whole, RunState.FINISHED)
    job = json.loads(studio.folder(whole).job_file.read_text())
    for number, work in enumerate(({"stages": 5}, {"stages": [{"name": "pretrain", "budget": 7}]}), start=1):
        folder = studio.folder(f"spoilt{number}")
        folder.path.mkdir()
        folder.job_file.write_text(json.dumps({**job, "run_id": folder.path.name, "work": work}))
    wait_for(lambda: len(studio.runs()) == 4)
    assert studio.runs()["spoilt1"].state is RunState.QUEUED
