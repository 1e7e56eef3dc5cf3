from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from minimind.errors import BadInput
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from studio.services.run_service import RunService
from tests.helpers import fake_pipeline
from tests.helpers.fake_trainer import fake_command, fake_job
from tests.helpers.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
SLOW = fake_command("slow", num_steps=600, interval=0.01)


@pytest.fixture
def service(qtbot, tmp_path):
    """Makes services on one projects folder; the last one ends what still runs."""
    made: list[RunService] = []

    def make(trainer=SLOW) -> RunService:
        for old in made:
            old.close()
        service = RunService(
            projects=tmp_path / "projects", database=tmp_path / "studio.db", trainer=trainer, poll_ms=20
        )
        made.append(service)
        qtbot.waitSignal(service.ready, timeout=60_000).wait()
        return service

    yield make
    last = made[-1]
    for run in last.active():
        last.force_end(run.run_id)
    qtbot.waitUntil(lambda: last.active() == [], timeout=60_000)
    for run in last.runs():
        if run.state is RunState.QUEUED:
            last.stop(run.run_id)
    supervisors = last._actions._supervisors
    qtbot.waitUntil(lambda: all(child.poll() is not None for child in supervisors), timeout=60_000)
    last.close()


def wait_state(qtbot, service: RunService, run_id: str, *states: RunState) -> None:
    qtbot.waitUntil(lambda: service.run(run_id).state in states, timeout=60_000)


def curve_of(qtbot, service: RunService, run_id: str, metric: str = "loss", **options):
    with qtbot.waitSignal(service.curve_ready, timeout=60_000) as answer:
        service.request_curve(run_id, metric, token="t", **options)
    assert answer.args[0] == "t"
    return answer.args[1]


def test_an_empty_folder(qtbot, service):
    made = service()
    assert made.runs() == []
    assert made.run("nobody") is None
    assert made.events("nobody") == []
    with pytest.raises(KeyError):
        made.job("nobody")


def test_a_run_is_there_at_the_click(qtbot, service):
    made = service()
    job = fake_job("now")
    with qtbot.waitSignal(made.runs_changed):
        assert made.start(job, name="名字") == job.run_id
    run = made.run(job.run_id)
    assert (run.state, run.name, run.model, run.project) == (RunState.QUEUED, "名字", "tiny", "default")
    assert made.job(job.run_id) == job
    wait_state(qtbot, made, job.run_id, RunState.RUNNING)
    assert made.run(job.run_id).name == "名字"
    assert [r.run_id for r in made.active()] == [job.run_id]


def test_a_whole_life(qtbot, service):
    made = service()
    run_id = made.start(fake_job())
    seen = []
    made.event_added.connect(lambda name, event: seen.append((name, event.kind)))
    wait_state(qtbot, made, run_id, RunState.RUNNING)
    made.pause(run_id)
    wait_state(qtbot, made, run_id, RunState.PAUSED)
    made.go_on(run_id)
    wait_state(qtbot, made, run_id, RunState.RUNNING)
    made.save(run_id)
    made.sample(run_id)
    qtbot.waitUntil(lambda: len(made.samples(run_id)) == 2, timeout=60_000)
    made.stop(run_id)
    wait_state(qtbot, made, run_id, RunState.STOPPED)
    stopped = made.run(run_id)
    assert stopped.last_checkpoint == stopped.step > 0
    qtbot.waitUntil(lambda: made.events(run_id)[-1:] != [] and made.events(run_id)[-1].kind == "done")
    assert (run_id, "done") in seen
    assert made.checkpoints(run_id)[-1].is_last
    assert made.log_tail(run_id, 1) == [f"stopped at step {stopped.step}"]
    assert made.log_tail(run_id, 0) == []
    assert "paused" in [span.phase for span in made.phases(run_id)]
    made.resume(run_id, overrides={"steps": 600})
    wait_state(qtbot, made, run_id, RunState.RUNNING)
    assert made.run(run_id).attempt == 2


def test_a_pipeline_from_the_click_to_its_last_stage(qtbot, service):
    made = service(trainer=fake_pipeline.COMMAND)
    job = fake_pipeline.pipeline_job([{"mode": "slow", "num_steps": 40}, {}])
    run_id = made.start(job, name="first")
    assert (made.run(run_id).kind, made.run(run_id).model) == ("pipeline", "tiny")
    first, second = f"{run_id}-1-pretrain", f"{run_id}-2-sft"
    qtbot.waitUntil(lambda: made.run(first) is not None and made.run(first).step > 1, timeout=60_000)
    assert [run.run_id for run in made.active()] == [run_id]
    assert made.job(first).work["pipeline"] == run_id
    wait_state(qtbot, made, run_id, RunState.FINISHED)
    qtbot.waitUntil(lambda: made.run(second).state is RunState.FINISHED, timeout=60_000)
    assert {run.run_id for run in made.runs()} == {run_id, first, second}
    qtbot.waitUntil(lambda: made.run(second).name == "first · Pretrain", timeout=60_000)
    qtbot.waitUntil(lambda: bool(made.events(run_id)), timeout=60_000)
    assert [e.fields["stage"] for e in made.events(run_id) if e.kind == "stage"] == [1, 1, 2, 2]


def test_curves_are_answered_and_the_newest_request_wins(qtbot, service):
    made = service(fake_command("fast"))
    run_id = made.start(fake_job())
    wait_state(qtbot, made, run_id, RunState.FINISHED)
    curve = curve_of(qtbot, made, run_id)
    assert curve.x.tolist() == list(range(1, 21))
    assert curve_of(qtbot, made, run_id, lo=5, hi=7).x.tolist() == [4, 5, 6, 7, 8]
    assert curve_of(qtbot, made, run_id, "val_loss").x.tolist() == [0, 5, 10, 15, 20]
    answers = []
    made.curve_ready.connect(lambda token, curve: answers.append(len(curve.x)))
    for hi in range(1, 20):
        made.request_curve(run_id, "loss", hi=hi, token="drag")
    made.request_hardware(run_id, token="h")
    with qtbot.waitSignal(made.hardware_ready, timeout=60_000) as hardware:
        pass
    assert hardware.args[0] == "h"
    assert answers[-1] == 20
    assert len(answers) < 19


def test_growing_curves_are_told(qtbot, service):
    made = service()
    grown = set()
    made.curve_grew.connect(grown.add)
    run_id = made.start(fake_job())
    qtbot.waitUntil(lambda: run_id in grown, timeout=60_000)


def test_a_wish_that_cannot_be_is_one_sentence(qtbot, service, tmp_path):
    made = service(fake_command("fast"))
    run_id = made.start(fake_job())
    wait_state(qtbot, made, run_id, RunState.FINISHED)
    for wish in (
        lambda: made.pause(run_id),
        lambda: made.resume(run_id),
        lambda: made.stop("nobody"),
        lambda: made.delete_forever(run_id),
        lambda: made.start(made.job(run_id)),
    ):
        with qtbot.waitSignal(made.problem, timeout=60_000) as told:
            wish()
        assert "\n" not in told.args[0]


def test_a_run_that_cannot_be_made_disappears_again(qtbot, service, tmp_path):
    made = service()
    made.set_project("../outside")
    with qtbot.waitSignal(made.problem, timeout=60_000):
        run_id = made.start(fake_job())
    assert made.run(run_id) is None
    made.set_project("mine")
    assert made.project == "mine"


def test_notes_trash_restore_delete(qtbot, service):
    made = service(fake_command("fast"))
    run_id = made.start(fake_job())
    wait_state(qtbot, made, run_id, RunState.FINISHED)
    made.change_notes(run_id, name="新名字", star=True, tags=["a"])
    qtbot.waitUntil(lambda: made.run(run_id).name == "新名字")
    made.trash(run_id)
    qtbot.waitUntil(lambda: made.runs() == [] and len(made.runs(trashed=True)) == 1)
    made.restore(run_id)
    qtbot.waitUntil(lambda: len(made.runs()) == 1)
    made.trash(run_id)
    made.delete_forever(run_id)
    qtbot.waitUntil(lambda: made.run(run_id) is None, timeout=60_000)
    assert made.runs(trashed=True) == []


def test_a_queue_of_two(qtbot, service):
    made = service()
    first, second = made.start(fake_job("a")), made.start(fake_job("b"))
    wait_state(qtbot, made, first, RunState.RUNNING)
    qtbot.waitUntil(lambda: made.run(second).queue_position == 1)
    made.stop(first)
    wait_state(qtbot, made, second, RunState.RUNNING)
    assert made.run(first).state is RunState.STOPPED
    third = made.start(fake_job("c"))
    made.start_now(third)
    wait_state(qtbot, made, third, RunState.RUNNING)
    assert made.run(second).state is RunState.RUNNING


def test_force(qtbot, service):
    made = service()
    run_id = made.start(fake_job(work={"mode": "hang", "at": 3}))
    wait_state(qtbot, made, run_id, RunState.RUNNING)
    made.force_end(run_id)
    wait_state(qtbot, made, run_id, RunState.STOPPED)
    assert made.run(run_id).forced


@pytest.mark.parametrize(
    ("mode", "state", "code"),
    [
        ("die", RunState.LOST, "lost_killed"),
        ("mute", RunState.LOST, "lost_killed"),
        ("crash", RunState.FAILED, "crashed"),
        ("refuse", RunState.FAILED, "not_started"),
    ],
)
def test_a_death_has_its_reason_and_its_last_lines(qtbot, service, mode, state, code):
    made = service()
    run_id = made.start(fake_job(work={"mode": mode}))

    def has_reason() -> bool:
        run = made.run(run_id)
        return run.state is state and run.error is not None and run.error.code == code

    qtbot.waitUntil(has_reason, timeout=60_000)
    if mode != "mute":
        assert made.run(run_id).log_end
    if mode in ("die", "crash"):
        made.resume(run_id)
        wait_state(qtbot, made, run_id, RunState.RUNNING)
        assert (made.run(run_id).attempt, made.run(run_id).error) == (2, None)


def test_an_index_in_other_hands_is_said(qtbot, service, tmp_path):
    service()
    second = RunService(projects=tmp_path / "projects", database=tmp_path / "studio.db", poll_ms=20)
    with qtbot.waitSignal(second.problem, timeout=60_000) as told:
        pass
    assert "Another program holds" in told.args[0]
    second.close()


def test_an_unreadable_job_is_bad_input(qtbot, service, tmp_path):
    made = service(fake_command("fast"))
    folder = tmp_path / "projects" / "p" / "runs" / "odd"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("{")
    qtbot.waitUntil(lambda: made.run("odd") is not None, timeout=60_000)
    with pytest.raises(BadInput):
        made.job("odd")


WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from studio.services.run_service import RunService
from tests.helpers.fake_trainer import fake_job
place = Path(sys.argv[1])
app = QCoreApplication([])
service = RunService(
    projects=place / "projects", database=place / "studio.db", trainer=tuple(sys.argv[2:]), poll_ms=20
)
job = fake_job(run_id="the-run")
service.start(job)
service.run_changed.connect(lambda run_id: print(service.run(run_id).step, flush=True))
app.exec()
"""


def test_the_window_is_killed_and_the_next_one_has_the_whole_curve(qtbot, service, tmp_path):
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(tmp_path), *SLOW],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert window.stdout is not None
    wait_for(lambda: int(window.stdout.readline() or 0) > 5)
    window.kill()
    assert window.wait() == -signal.SIGKILL
    window.stdout.close()
    folder = RunFolder(tmp_path / "projects" / "default" / "runs" / "the-run")
    at_death = folder.events_file.stat().st_size
    wait_for(lambda: folder.events_file.stat().st_size > at_death + 2000)
    made = service()
    run = made.run("the-run")
    qtbot.waitUntil(lambda: made.run("the-run") is not None, timeout=60_000)
    wait_state(qtbot, made, "the-run", RunState.RUNNING)
    made.stop("the-run")
    wait_state(qtbot, made, "the-run", RunState.STOPPED)
    run = made.run("the-run")
    curve = curve_of(qtbot, made, "the-run", max_points=10_000)
    assert curve.x.tolist() == list(range(1, run.step + 1))
    assert (run.attempt, run.error) == (1, None)
