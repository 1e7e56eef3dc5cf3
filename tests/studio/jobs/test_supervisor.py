from __future__ import annotations

import itertools
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from minimind.files import replace_json
from minimind.job import Hardware
from minimind.lock import Held
from minimind.run_folder import ProcessIdentity, RunFolder, State
from minimind.run_state import RunState
from studio.jobs import supervisor
from studio.jobs.launch import Launch, Launcher, create_run, read_launch
from studio.jobs.queue import Queue, QueueItem
from studio.jobs.supervisor import Devices, Supervisor, is_running, run_folders, spawn
from tests.helpers.fake_trainer import fake_command, fake_job
from tests.helpers.waiting import wait_for


def made(projects: Path, label: str = "r", **changes) -> RunFolder:
    return create_run(projects, "p", fake_job(label, **changes))


def name_of(folder: RunFolder) -> str:
    return f"p/runs/{folder.path.name}"


def enqueue(projects: Path, folder: RunFolder, **changes) -> None:
    Queue(projects).add(QueueItem(folder=name_of(folder), **changes))


def status(folder: RunFolder) -> RunState | None:
    state = folder.read_state()
    return state.status if state else None


def finish(supervising: Supervisor) -> None:
    wait_for(lambda: not supervising.tick())


def supervisor_of(projects: Path, mode: str = "fast", cards: int = 0, **options) -> Supervisor:
    found = Supervisor(projects, Launcher(fake_command(mode, **options)), Devices(projects, lambda: cards))
    found._lock.acquire()
    return found


@pytest.fixture
def running():
    """Writes state.json of a run whose process is this test."""

    def write(folder: RunFolder, state: RunState = RunState.RUNNING) -> None:
        me = ProcessIdentity.of(os.getpid())
        assert me is not None
        identity = {"pid": me.pid, "start_ticks": me.start_ticks, "host": me.host, "boot_id": me.boot_id}
        folder.write_state(State(status=state, **identity))

    return write


def test_runs_start_in_order_one_after_the_other(tmp_path):
    folders = [made(tmp_path, label) for label in "cab"]
    for folder in folders:
        enqueue(tmp_path, folder)
    finish(supervisor_of(tmp_path, num_steps=3))
    assert [status(folder) for folder in folders] == [RunState.FINISHED] * 3
    assert Queue(tmp_path).items() == []
    spans = []
    for folder in folders:
        launch = read_launch(folder)
        assert launch is not None
        assert launch.exit_code == 0
        spans.append((launch.t, launch.ended))
    assert all(ended <= begun for (_, ended), (begun, _) in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("mode", "code", "state"),
    [
        ("crash", 1, RunState.FAILED),
        ("die", -9, RunState.RUNNING),
        ("torn", -9, RunState.RUNNING),
        ("nan", 1, RunState.FAILED),
        ("mute", -9, None),
        ("refuse", 2, None),
    ],
)
def test_how_a_trainer_ended_is_noted_and_the_next_one_starts(tmp_path, mode, code, state):
    bad, good = made(tmp_path, "bad", work={"mode": mode}), made(tmp_path, "good")
    enqueue(tmp_path, bad)
    enqueue(tmp_path, good)
    finish(supervisor_of(tmp_path))
    launch = read_launch(bad)
    assert launch is not None
    assert (launch.exit_code, status(bad)) == (code, state)
    assert status(good) is RunState.FINISHED


def test_a_trainer_that_cannot_be_started_does_not_stop_the_queue(tmp_path):
    first, second = made(tmp_path, "first"), made(tmp_path, "second")
    enqueue(tmp_path, first)
    enqueue(tmp_path, second)
    first.job_file.write_text("{}")
    finish(supervisor_of(tmp_path))
    launch = read_launch(first)
    assert launch is not None
    assert "job.json" in launch.problem
    assert status(second) is RunState.FINISHED
    broken = Supervisor(tmp_path, Launcher(("/no/such/program",)), Devices(tmp_path, lambda: 0))
    broken._lock.acquire()
    third = made(tmp_path, "third")
    enqueue(tmp_path, third)
    finish(broken)
    launch = read_launch(third)
    assert launch is not None
    assert launch.problem


def test_it_waits_for_a_run_that_it_did_not_start(tmp_path, running):
    other, mine = made(tmp_path, "other"), made(tmp_path, "mine")
    running(other)
    enqueue(tmp_path, mine)
    supervising = supervisor_of(tmp_path, num_steps=2)
    assert supervising.tick()
    assert status(mine) is None
    running(other, RunState.STOPPED)
    finish(supervising)
    assert status(mine) is RunState.FINISHED


def test_a_paused_run_still_holds_its_device(tmp_path, running):
    other, mine = made(tmp_path, "other"), made(tmp_path, "mine")
    running(other, RunState.PAUSED)
    enqueue(tmp_path, mine)
    assert supervisor_of(tmp_path).tick()
    assert read_launch(mine) is None


def test_start_now_does_not_wait(tmp_path, running):
    other, mine = made(tmp_path, "other"), made(tmp_path, "mine")
    running(other)
    enqueue(tmp_path, mine)
    Queue(tmp_path).put_first(name_of(mine))
    finish(supervisor_of(tmp_path, num_steps=2))
    assert status(mine) is RunState.FINISHED


def test_another_device_is_free(tmp_path, running):
    other = made(tmp_path, "other", hardware=Hardware(device="cuda:1"))
    running(other)
    waits = made(tmp_path, "waits", hardware=Hardware(device="cuda:1"))
    free = made(tmp_path, "free", hardware=Hardware(device="cpu"))
    for folder in (waits, free):
        enqueue(tmp_path, folder)
    supervising = supervisor_of(tmp_path, cards=2, num_steps=2)
    wait_for(lambda: supervising.tick() and not supervising._children)
    assert status(free) is RunState.FINISHED
    assert read_launch(waits) is None


def test_which_devices_a_run_needs(tmp_path):
    def needed(cards: int, hardware: Hardware, kind: str = "train", **overrides) -> set[str]:
        folder = made(tmp_path, hardware=hardware, kind=kind)
        return set(Devices(tmp_path, lambda: cards).needed(folder, overrides))

    assert needed(0, Hardware()) == {"cpu"}
    assert needed(1, Hardware()) == {"cuda:0"}
    assert needed(1, Hardware(device="cuda")) == {"cuda:0"}
    assert needed(2, Hardware(device="cuda", nproc=2)) == {"cuda:0", "cuda:1"}
    assert needed(1, Hardware(device="cpu")) == {"cpu"}
    assert needed(1, Hardware(device="cpu"), device="cuda:1") == {"cuda:1"}
    assert needed(1, Hardware(), kind="export") == set()


def test_the_device_of_a_run_is_the_one_that_it_resolved(tmp_path, running):
    folder = made(tmp_path)
    running(folder)
    devices = Devices(tmp_path, lambda: 4)
    assert devices.taken() == {"cuda:0"}
    folder.attempts.mkdir()
    replace_json(folder.attempt_file(1), {"attempt": {"device": "cpu"}})
    assert devices.taken() == {"cpu"}
    running(folder, RunState.FINISHED)
    assert devices.taken() == set()


def test_who_has_left_the_queue_for_good(tmp_path, running):
    trashed, gone, active, begun = (made(tmp_path, label) for label in ("trashed", "gone", "active", "begun"))
    for folder in (trashed, gone, active, begun):
        enqueue(tmp_path, folder)
    trashed.change_notes(trashed=True)
    gone.job_file.unlink()
    running(active)
    Launch(t=time.time() + 1, attempt=1, problem="x").save(begun)
    supervising = supervisor_of(tmp_path)
    assert supervising.tick()
    assert Queue(tmp_path).items() == []
    assert not supervising.tick()


def test_there_is_one_supervisor(tmp_path):
    first = supervisor_of(tmp_path)
    second = Supervisor(tmp_path, Launcher(fake_command()))
    with pytest.raises(Held):
        second.run()
    assert not first.tick()
    second.run()


def test_folders_are_found_wherever_there_is_a_job(tmp_path):
    folder = made(tmp_path)
    (tmp_path / "p" / "runs" / "no-job").mkdir()
    (tmp_path / "p" / "runs" / ".trash-x-1").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert run_folders(tmp_path) == [name_of(folder)]
    with pytest.raises(OSError):
        run_folders(tmp_path / "absent")


def test_the_process_does_it_all(tmp_path):
    folders = [made(tmp_path, label) for label in "ab"]
    for folder in folders:
        enqueue(tmp_path, folder)
    children = [spawn(tmp_path, fake_command("slow", num_steps=4, interval=0.01)) for _ in range(2)]
    assert [child.wait(120) for child in children] == [0, 0]
    assert [status(folder) for folder in folders] == [RunState.FINISHED] * 2
    assert not is_running(tmp_path)
    assert (tmp_path / ".supervisor.log").read_text() == ""


def test_a_killed_supervisor_takes_no_run_along_and_the_next_one_goes_on(tmp_path):
    first, second = made(tmp_path, "first"), made(tmp_path, "second")
    enqueue(tmp_path, first)
    enqueue(tmp_path, second)
    child = spawn(tmp_path, fake_command("slow", num_steps=400, interval=0.01))
    wait_for(lambda: status(first) is RunState.RUNNING)
    assert is_running(tmp_path)
    child.kill()
    child.wait()
    state = first.read_state()
    assert state is not None
    assert state.process.is_alive()
    assert not is_running(tmp_path)
    again = spawn(tmp_path, fake_command("slow", num_steps=5, interval=0.01))
    first.request("stop", attempt=1)
    assert again.wait(120) == 0
    assert status(first) is RunState.STOPPED
    assert status(second) is RunState.FINISHED


def test_sigterm_ends_the_supervisor_and_not_the_run(tmp_path):
    folder = made(tmp_path)
    enqueue(tmp_path, folder)
    child = spawn(tmp_path, fake_command("slow", num_steps=400, interval=0.01))
    wait_for(lambda: status(folder) is RunState.RUNNING)
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 0
    state = folder.read_state()
    assert state is not None
    assert state.process.is_alive()
    folder.request("stop", attempt=1)
    wait_for(lambda: status(folder) is RunState.STOPPED)
    wait_for(lambda: not state.process.is_alive())


def test_a_pid_in_the_lock_that_is_another_program_is_nobody(tmp_path):
    replace_json(tmp_path / ".supervisor.lock", {"pid": os.getpid()})
    assert not is_running(tmp_path)
    replace_json(tmp_path / ".supervisor.lock", {"pid": "x"})
    assert not is_running(tmp_path)
    assert supervisor.MODULE not in psutil.Process().cmdline()


def test_a_state_of_another_machine_holds_nothing_here(tmp_path, running):
    folder = made(tmp_path)
    running(folder)
    state = folder.read_state()
    assert state is not None
    folder.write_state(replace(state, host="elsewhere"))
    assert Devices(tmp_path, lambda: 0).taken() == set()
