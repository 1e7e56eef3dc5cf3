from __future__ import annotations

import subprocess

import pytest

from minimind.errors import BadInput
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from studio.jobs import supervisor
from studio.jobs.actions import Actions
from studio.jobs.library import Library
from studio.jobs.process import PATIENCE_S
from studio.store.records import Run
from tests.helpers.fake_trainer import fake_command, fake_job
from tests.helpers.waiting import wait_for


class Studio:
    """Library and actions as the service holds them, driven by hand."""

    def __init__(self, place) -> None:
        self.projects = place / "projects"
        self.projects.mkdir(exist_ok=True)
        self.library = Library(self.projects, place / "studio.db")
        self.actions = Actions(self.library, fake_command("slow", num_steps=400, interval=0.01))

    def look(self) -> None:
        while self.library.poll().more:
            pass
        self.actions.keep_queue_moving()

    def run(self, run_id: str) -> Run:
        self.look()
        published = self.library.entry(run_id).published
        assert published is not None
        return published

    def folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.projects / "p" / "runs" / run_id)

    def started(self, label: str = "r", **work) -> str:
        job = fake_job(label, work=work)
        self.actions.start("p", job)
        self.look()
        return job.run_id

    def wait(self, run_id: str, *states: RunState) -> Run:
        wait_for(lambda: self.run(run_id).state in states)
        return self.run(run_id)

    def close(self) -> None:
        for entry in self.library._entries.values():
            if self.run(entry.row.run_id).state.is_active:
                self.actions.force_end(entry.row.run_id)
        self.library.close()
        for child in self.actions._supervisors:
            child.wait(60)


@pytest.fixture
def studio(tmp_path):
    made = Studio(tmp_path)
    yield made
    made.close()


@pytest.fixture
def still(tmp_path, monkeypatch):
    """A studio whose queue does not move."""
    monkeypatch.setattr(supervisor, "spawn", lambda projects, command: subprocess.Popen(["true"]))
    made = Studio(tmp_path)
    yield made
    made.close()


def test_start_pause_go_on_save_sample_stop_resume(studio):
    run_id = studio.started()
    studio.wait(run_id, RunState.RUNNING)
    studio.actions.request(run_id, "pause")
    studio.wait(run_id, RunState.PAUSED)
    studio.actions.go_on(run_id)
    studio.wait(run_id, RunState.RUNNING)
    samples = len(studio.library.watch(run_id).samples)
    studio.actions.request(run_id, "sample")
    studio.actions.request(run_id, "save")
    wait_for(lambda: studio.run(run_id).asked == ())
    assert len(studio.library.watch(run_id).samples) == samples + 1
    studio.actions.stop(run_id)
    stopped = studio.wait(run_id, RunState.STOPPED)
    assert stopped.last_checkpoint == stopped.step
    studio.actions.resume(run_id, {"steps": 12})
    resumed = studio.wait(run_id, RunState.RUNNING)
    assert (resumed.attempt, resumed.from_step) == (2, stopped.step)
    log = studio.folder(run_id).log_file.read_text()
    assert f"attempt 2 begins at step {stopped.step}" in log


def test_a_run_goes_on_when_the_window_has_gone_and_can_be_stopped_by_the_next(studio, tmp_path):
    run_id = studio.started()
    wait_for(lambda: studio.run(run_id).step > 3)
    # as after kill -9: nothing is closed in order but the lock and the index, which the kernel frees
    studio.library.close()
    studio.library = Library(studio.projects, tmp_path / "studio.db")
    supervisors = studio.actions._supervisors
    studio.actions = Actions(studio.library, fake_command())
    studio.actions._supervisors = supervisors
    run = studio.wait(run_id, RunState.RUNNING)
    assert run.step > 3
    studio.actions.stop(run_id)
    assert studio.wait(run_id, RunState.STOPPED).error is None


def test_a_stop_before_the_start_is_kept_by_the_folder(still):
    run_id = still.started()
    assert still.run(run_id).state is RunState.QUEUED
    assert still.run(run_id).queue_position == 1
    still.actions.stop(run_id)
    assert still.run(run_id).state is RunState.STOPPED
    assert still.library.queue.items() == []
    still.actions.resume(run_id, {})
    assert still.run(run_id).state is RunState.QUEUED
    assert still.folder(run_id).requests(attempt=1) == []
    (item,) = still.library.queue.items()
    assert not item.resume


def test_a_resume_that_waits_goes_back_when_it_leaves_the_queue(still):
    run_id = still.started()
    still.library.queue.remove(f"p/runs/{run_id}")
    subprocess.run([*fake_command("crash"), str(still.folder(run_id).path)], capture_output=True, check=False)
    assert still.run(run_id).state is RunState.FAILED
    still.actions.resume(run_id, {"micro_batch": 2})
    assert still.run(run_id).state is RunState.QUEUED
    (item,) = still.library.queue.items()
    assert (item.resume, item.overrides) == (True, {"micro_batch": 2})
    still.actions.stop(run_id)
    assert still.run(run_id).state is RunState.FAILED


def test_a_folder_that_was_put_there_waits_for_a_person(still):
    run_id = still.started()
    still.library.queue.remove(f"p/runs/{run_id}")
    assert still.run(run_id).queue_position is None
    assert still.run(run_id).state is RunState.QUEUED
    still.actions.go_on(run_id)
    assert still.run(run_id).queue_position == 1


def test_start_now(still):
    ids = [still.started(label) for label in "ab"]
    still.actions.start_now(ids[1])
    assert [still.run(run_id).queue_position for run_id in ids] == [2, 1]
    still.library.queue.remove(f"p/runs/{ids[0]}")
    still.look()
    still.actions.start_now(ids[0])
    assert [item.at_once for item in still.library.queue.items()] == [True, True]


def test_a_stuck_run_is_ended_by_force(studio):
    run_id = studio.started(mode="hang", at=3)
    wait_for(lambda: studio.run(run_id).step >= 2)
    studio.actions.stop(run_id)
    assert studio.run(run_id).asked == ("stop",)
    studio.actions.force_end(run_id)
    run = studio.wait(run_id, RunState.STOPPED)
    assert (run.forced, run.error) == (True, None)
    assert run.state.can_resume


def test_an_unanswered_stop_becomes_sigterm(studio, monkeypatch):
    run_id = studio.started(mode="slow", interval=0.05)
    studio.wait(run_id, RunState.RUNNING)
    sent = []
    monkeypatch.setattr("studio.jobs.library.process.terminate", lambda identity: sent.append(identity.pid))
    # the trainer does not see it: as if a step took for ever
    studio.folder(run_id).control_file.mkdir()
    entry = studio.library.entry(run_id)
    monkeypatch.setattr(type(entry.folder), "request", lambda self, action, attempt: "x")
    studio.actions.stop(run_id)
    assert entry.ladder is not None
    entry.ladder.asked_at -= PATIENCE_S + 1
    monkeypatch.setattr(
        "studio.jobs.library.look",
        lambda *args, notes, before: before.__class__(state=RunState.RUNNING, attempt=1, asked=("stop",)),
    )
    studio.look()
    assert sent == [entry.evidence.state.pid]
    studio.look()
    assert len(sent) == 1
    monkeypatch.undo()
    studio.folder(run_id).control_file.rmdir()
    studio.wait(run_id, RunState.RUNNING)


@pytest.mark.parametrize("action", ["pause", "resume", "save", "sample"])
def test_what_is_not_running_cannot_be_asked(still, action):
    run_id = still.started()
    with pytest.raises(BadInput, match="not running"):
        still.actions.request(run_id, action)


def test_refusals_are_sentences(still):
    run_id = still.started()
    subprocess.run([*fake_command("fast"), str(still.folder(run_id).path)], capture_output=True, check=True)
    still.library.queue.remove(f"p/runs/{run_id}")
    assert still.run(run_id).state is RunState.FINISHED
    for call in (
        lambda: still.actions.resume(run_id, {}),
        lambda: still.actions.stop(run_id),
        lambda: still.actions.force_end(run_id),
        lambda: still.actions.delete_forever(run_id),
        lambda: still.actions.resume("nobody", {}),
    ):
        with pytest.raises(BadInput):
            call()
    with pytest.raises(ValueError):
        still.actions.change_notes(run_id, {"trashed": True})


def test_trash_restore_delete(still):
    run_id = still.started()
    still.actions.change_notes(run_id, {"name": "名字", "tags": ("a", "b"), "star": True})
    run = still.run(run_id)
    assert (run.name, run.tags, run.star) == ("名字", ("a", "b"), True)
    still.actions.trash(run_id)
    assert still.run(run_id).trashed
    assert still.library.queue.items() == []
    still.actions.restore(run_id)
    assert not still.run(run_id).trashed
    still.actions.trash(run_id)
    assert still.actions.delete_forever(run_id) == still.folder(run_id).path
    still.look()
    with pytest.raises(BadInput):
        still.library.entry(run_id)
    assert list((still.projects / "p" / "runs").iterdir()) == []


def test_a_running_run_is_not_trashed_and_a_held_one_not_deleted(studio):
    run_id = studio.started()
    studio.wait(run_id, RunState.RUNNING)
    with pytest.raises(BadInput, match="stop it first"):
        studio.actions.trash(run_id)
    studio.folder(run_id).change_notes(trashed=True)
    entry = studio.library.entry(run_id)
    # the window does not know yet that another trainer has begun
    entry.view = entry.view.__class__(state=RunState.STOPPED)
    with pytest.raises(BadInput, match="held by process"):
        studio.actions.delete_forever(run_id)
    assert studio.folder(run_id).exists()


def test_a_queue_without_a_supervisor_gets_one(still, monkeypatch):
    spawned = []

    def spawn(projects, command):
        spawned.append(command)
        return subprocess.Popen(["true"])

    monkeypatch.setattr(supervisor, "spawn", spawn)
    run_id = still.started()
    assert len(spawned) == 1
    still.look()
    assert len(spawned) == 1  # not twice a second
    still.actions._called_at -= 100
    still.look()
    assert len(spawned) == 2
    still.actions.stop(run_id)
    still.actions._called_at -= 100
    still.look()
    assert len(spawned) == 2
