from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import weakref

import pytest

from minimind import lock as lock_module
from minimind.lock import FileLock, Held

HOLDER = """
import sys
from pathlib import Path
from minimind.lock import FileLock
with FileLock(Path(sys.argv[1])).acquire():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout.readline().strip() == b"held"
    yield child
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


def test_the_loser_is_told_who_holds_it(tmp_path, holder):
    with pytest.raises(Held) as caught:
        FileLock(tmp_path / "lock").acquire()
    assert caught.value.holder["pid"] == holder.pid
    assert str(holder.pid) in str(caught.value)
    assert socket.gethostname() in str(caught.value)


def test_it_dies_with_its_process(tmp_path, holder):
    holder.kill()
    holder.wait()
    with FileLock(tmp_path / "lock").acquire():
        pass


def test_it_is_given_back(tmp_path):
    lock = FileLock(tmp_path / "lock")
    with lock:
        with pytest.raises(Held):
            FileLock(tmp_path / "lock").acquire()
        assert json.loads((tmp_path / "lock").read_bytes())["pid"] == os.getpid()
    with lock.acquire():
        pass
    lock.release()


def test_opening_and_closing_the_file_does_not_lose_it(tmp_path):
    with FileLock(tmp_path / "lock").acquire():
        (tmp_path / "lock").read_bytes()
        with pytest.raises(Held):
            FileLock(tmp_path / "lock").acquire()


def test_whoever_waits_gets_it(tmp_path, holder):
    code = (
        "import sys; from pathlib import Path; from minimind.lock import FileLock\n"
        "print('trying', flush=True)\n"
        "with FileLock(Path(sys.argv[1])).acquire(wait=True): print('got it', flush=True)"
    )
    waiter = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    assert waiter.stdout.readline().strip() == b"trying"
    assert waiter.poll() is None
    holder.stdin.close()
    assert waiter.stdout.readline().strip() == b"got it"
    assert waiter.wait(60) == 0
    waiter.stdout.close()


FORKER = """
import os, sys
from pathlib import Path
from minimind.lock import FileLock
lock = FileLock(Path(sys.argv[1])).acquire()
if os.fork() == 0:
    print("child", flush=True)
    sys.stdin.read()
    os._exit(0)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_worker_does_not_keep_a_dead_trainers_lock(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", FORKER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout.readline().strip() == b"child"
    parent.wait()
    with FileLock(tmp_path / "lock").acquire():
        pass
    parent.stdin.close()
    parent.stdout.close()


def test_locks_that_were_given_back_are_not_remembered(tmp_path):
    before = set(lock_module._held)
    lock = FileLock(tmp_path / "lock").acquire()
    assert lock_module._held == {*before, lock}
    lock.release()
    gone = weakref.ref(lock)
    del lock
    gc.collect()
    assert gone() is None
    assert lock_module._held == before


def test_a_holder_that_cannot_be_read_is_no_crash(tmp_path):
    path = tmp_path / "lock"
    with FileLock(path).acquire():
        for content in (b"", b"nonsense", b"[]", b'{"since": 5}'):
            path.write_bytes(content)
            with pytest.raises(Held, match="held by process"):
                FileLock(path).acquire()
