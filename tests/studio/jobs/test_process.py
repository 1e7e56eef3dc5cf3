from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import psutil
import pytest

from minimind.run_folder import KILL, ProcessIdentity, RunFolder
from studio.jobs import process
from studio.jobs.process import PATIENCE_S, RUN_VARIABLE, StopLadder, end_by_force, family, kill, terminate
from tests.helpers.waiting import wait_for

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.fixture
def spawn():
    started: list[subprocess.Popen[bytes]] = []

    def start(command, **options) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
        started.append(child)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"up"
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


def identity(child: subprocess.Popen[bytes]) -> ProcessIdentity:
    found = ProcessIdentity.of(child.pid)
    assert found is not None
    return found


def test_terminate_asks_the_process(spawn):
    child = spawn(SLEEPER)
    assert terminate(identity(child))
    assert child.wait(60) == -signal.SIGTERM
    assert not terminate(ProcessIdentity(pid=child.pid, start_ticks=1, host="h", boot_id="b"))


def test_terminate_never_hits_a_reused_pid(spawn):
    child = spawn(SLEEPER)
    me = identity(child)
    for other in (
        replace(me, start_ticks=me.start_ticks - 1),
        replace(me, boot_id="another life of the machine"),
        replace(me, host="another host"),
    ):
        assert not terminate(other)
    assert child.poll() is None


def test_without_pidfd_it_looks_before_it_signals(spawn, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    child = spawn(SLEEPER)
    me = identity(child)
    assert not terminate(replace(me, start_ticks=0))
    assert terminate(me)
    assert child.wait(60) == -signal.SIGTERM


def test_a_frozen_process_is_killed(spawn):
    child = spawn(SLEEPER)
    me = identity(child)
    os.kill(child.pid, signal.SIGSTOP)
    wait_for(lambda: psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)
    assert me.is_alive()
    assert kill([psutil.Process(child.pid)]) == 1
    assert child.wait(60) == -signal.SIGKILL


def test_a_zombie_is_dead_and_has_no_family(tmp_path, spawn):
    child = spawn(SLEEPER)
    me = identity(child)
    child.send_signal(signal.SIGKILL)
    wait_for(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    assert psutil.pid_exists(child.pid)
    assert not me.is_alive()
    assert ProcessIdentity.of(child.pid) is None
    assert family(me, RunFolder(tmp_path)) == []


FAMILY = """
import subprocess, sys
code = "import time; time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code])
apart = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
print(child.pid, apart.pid, flush=True)
apart.wait()
"""


def test_force_takes_children_and_those_in_sessions_of_their_own(tmp_path):
    folder = RunFolder(tmp_path)
    environment = {**os.environ, RUN_VARIABLE: str(folder.path)}
    leader = subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, env=environment, start_new_session=True
    )
    assert leader.stdout is not None
    pids = [int(part) for part in leader.stdout.readline().split()]
    identities = [ProcessIdentity.of(pid) for pid in pids]
    me = identity(leader)
    found = {p.pid for p in family(me, folder)}
    assert found == {leader.pid, *pids}
    # the leader dies alone; what it left behind is found all the same
    leader.kill()
    leader.wait()
    leader.stdout.close()
    assert {p.pid for p in family(me, folder)} == set(pids)
    assert end_by_force(folder, me, attempt=2) == 2
    wait_for(lambda: not any(one is not None and one.is_alive() for one in identities))
    assert [action for _, action in folder.requests(attempt=2)] == [KILL]


def test_force_says_so_before_it_kills(tmp_path, spawn, monkeypatch):
    child = spawn(DEAF)
    folder = RunFolder(tmp_path)
    said = []
    monkeypatch.setattr(process, "kill", lambda processes: said.append(folder.requests(attempt=1)) or 0)
    end_by_force(folder, identity(child), attempt=1)
    assert [[action for _, action in requests] for requests in said] == [[KILL]]


def test_force_that_cannot_be_noted_kills_nobody(tmp_path, spawn):
    child = spawn(SLEEPER)
    folder = RunFolder(tmp_path / "absent")
    with pytest.raises(OSError):
        end_by_force(folder, identity(child), attempt=1)
    assert child.poll() is None


def test_another_process_has_this_pid(tmp_path, spawn):
    """The kernel gives the number of a dead trainer to somebody else."""
    last_pid = "/proc/sys/kernel/ns_last_pid"
    if not os.access(last_pid, os.W_OK):
        pytest.skip("ns_last_pid cannot be written here")
    first = spawn(SLEEPER)
    me = identity(first)
    first.kill()
    first.wait()
    # a clock tick must pass, else the start time is the same too
    threading.Event().wait(0.03)
    for _ in range(20):
        with open(last_pid, "w") as file:
            file.write(str(me.pid - 1))
        second = spawn(SLEEPER)
        if second.pid == me.pid:
            break
    else:
        pytest.skip("somebody else was quicker each time")
    assert not me.is_alive()
    assert not terminate(me)
    assert family(me, RunFolder(tmp_path)) == []
    assert second.poll() is None


def test_the_ladder_has_one_rung_and_waits_before_it():
    ladder = StopLadder(asked_at=100.0)
    assert not ladder.is_due(100.0 + PATIENCE_S - 1, answered=False)
    assert not ladder.is_due(100.0 + PATIENCE_S + 1, answered=True)
    assert ladder.is_due(100.0 + PATIENCE_S + 1, answered=False)
    assert not ladder.is_due(100.0 + PATIENCE_S + 9, answered=False)
