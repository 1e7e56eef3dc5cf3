from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.lock import Held
from minimind.run_folder import (
    ACTIONS,
    Notes,
    ProcessIdentity,
    RunFolder,
    State,
    boot_id,
    checkpoint_step,
)
from minimind.run_state import RunState


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    return RunFolder(tmp_path)


def me() -> ProcessIdentity:
    found = ProcessIdentity.of(os.getpid())
    assert found is not None
    return found


# -- processes ------------------------------------------------------------------------------------


def test_this_process_lives_and_is_known_by_five_things():
    mine = me()
    assert mine.is_alive()
    assert mine.boot_id == boot_id() != ""
    assert not replace(mine, host="elsewhere").is_alive()
    assert not replace(mine, boot_id="before the last start").is_alive()
    assert not replace(mine, start_ticks=mine.start_ticks - 1).is_alive()
    assert not replace(mine, start_ticks=mine.start_ticks + 1).is_alive()


def test_a_dead_process_and_one_that_never_was():
    child = subprocess.Popen([sys.executable, "-c", ""])
    identity = ProcessIdentity.of(child.pid)
    child.wait()
    assert identity is None or not identity.is_alive()
    assert ProcessIdentity.of(child.pid) is None
    assert ProcessIdentity.of(2**22 + 5) is None
    assert not ProcessIdentity(pid=0, start_ticks=0.0, host="", boot_id="").is_alive()


def test_a_program_name_with_brackets_and_spaces(tmp_path):
    link = tmp_path / "a (b) c) R"
    link.symlink_to("/bin/sleep")
    child = subprocess.Popen([str(link), "600"])
    identity = ProcessIdentity.of(child.pid)
    assert identity is not None
    assert identity.is_alive()
    child.kill()
    child.wait()
    assert not identity.is_alive()


# -- state ----------------------------------------------------------------------------------------


def test_no_state_is_none(folder):
    assert folder.read_state() is None
    assert not folder.exists()


def test_a_state_is_read_as_written(folder):
    mine = me()
    state = State(
        status=RunState.RUNNING,
        pid=mine.pid,
        start_ticks=mine.start_ticks,
        host=mine.host,
        boot_id=mine.boot_id,
        heartbeat=5.5,
        step=7,
        attempt=3,
        extra={"address": "127.0.0.1:1"},
    )
    folder.write_state(state)
    assert folder.read_state() == state
    assert state.process == mine


@pytest.mark.parametrize("status", RunState)
def test_every_state_has_a_name_in_the_file(folder, status):
    folder.write_state(State(status=status), sync=False)
    read = folder.read_state()
    assert read is not None
    assert read.status is status


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["v", "status", "pid", "start_ticks", "host", "boot_id", "heartbeat", "step", "attempt"]
        ),
        json_values | st.just("running"),
    )
)
def test_any_object_is_a_state_or_none(value):
    assert isinstance(State.from_dict(value), State | None)


# -- notes ----------------------------------------------------------------------------------------


def test_notes_are_changed_field_by_field(folder):
    assert folder.read_notes() == Notes()
    folder.change_notes(name="名字", tags=["a", "b"])
    folder.change_notes(star=True)
    assert folder.change_notes(note="n") == Notes(name="名字", tags=("a", "b"), star=True, note="n")


def test_what_a_later_version_wrote_is_kept(folder):
    folder.notes_file.write_text('{"v": 2, "rev": "x", "colour": "red", "tags": 5, "star": 1}')
    assert folder.read_notes() == Notes(star=True)
    folder.change_notes(name="n")
    assert '"colour": "red"' in folder.notes_file.read_text()


EDITOR = """
import sys
from minimind.run_folder import RunFolder
folder = RunFolder(sys.argv[1])
for number in range(150):
    if sys.argv[2] == "requests":
        folder.request("save", attempt=1)
    else:
        folder.change_notes(**{sys.argv[2]: f"{number}"})
"""


def editors(folder: RunFolder, *what: str) -> None:
    children = [subprocess.Popen([sys.executable, "-c", EDITOR, str(folder.path), word]) for word in what]
    assert [child.wait(120) for child in children] == [0] * len(what)


def test_two_windows_lose_no_edit_of_the_notes(folder):
    editors(folder, "name", "note")
    assert folder.read_notes() == Notes(name="149", note="149")
    assert '"rev": 300' in folder.notes_file.read_text()


# -- requests -------------------------------------------------------------------------------------


def test_requests_of_an_attempt_in_order(folder):
    ids = [folder.request(action, attempt=2) for action in ACTIONS]
    assert folder.requests(attempt=2) == list(zip(ids, ACTIONS, strict=True))
    assert folder.requests(attempt=1) == []
    with pytest.raises(ValueError):
        folder.request("explode", attempt=2)


def test_requests_of_earlier_attempts_go(folder):
    folder.request("stop", attempt=1)
    folder.request("save", attempt=2)
    assert folder.requests(attempt=1) == []
    folder.withdraw(attempt=2)
    assert folder.requests(attempt=2) == []


def test_withdrawing_leaves_the_others(folder):
    folder.request("stop", attempt=1)
    folder.withdraw(attempt=2)
    assert [action for _, action in folder.requests(attempt=1)] == ["stop"]


@pytest.mark.parametrize("content", ["", "[]", '{"requests": 3}', '{"requests": [1, null, {"id": 1}]}'])
def test_a_strange_control_file_asks_for_nothing(folder, content):
    folder.control_file.write_text(content)
    assert folder.requests(attempt=1) == []
    folder.request("stop", attempt=1)
    assert len(folder.requests(attempt=1)) == 1


def test_two_windows_lose_no_request(folder):
    editors(folder, "requests", "requests")
    assert len(folder.requests(attempt=1)) == 300


# -- the rest -------------------------------------------------------------------------------------


def test_the_trainers_lock(folder):
    with folder.lock().acquire(), pytest.raises(Held):
        folder.lock().acquire()


def test_attempts_are_counted_by_their_files(folder):
    assert folder.attempt_numbers() == []
    folder.attempts.mkdir()
    for name in ("002.json", "010.json", "x.json", "003.json.tmp"):
        (folder.attempts / name).write_text("{}")
    assert folder.attempt_numbers() == [2, 10]
    assert folder.attempt_file(7).name == "007.json"


def test_checkpoints_that_are_whole(folder):
    assert folder.step_folders() == []
    for name in ("step-00000010", "step-00000009", "step-00000011.tmp", ".trash-step-00000001-5", "step-x"):
        (folder.checkpoints / name).mkdir(parents=True)
    (folder.checkpoints / "step-00000012").write_text("a file")
    assert [checkpoint_step(path) for path in folder.step_folders()] == [9, 10]
    assert folder.step_folder(1000).name == "step-00001000"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"step-00000010\n", True),
        (b"step-00000010", True),
        (b"", False),
        (b"step-00000011", False),
        (b"../../outside", False),
        (b"/etc", False),
        (b"\xff\xfe", False),
        (b"a\0b", False),
    ],
)
def test_where_last_points(folder, content, found):
    folder.step_folder(10).mkdir(parents=True)
    assert folder.pointed("last") is None
    (folder.checkpoints / "last").write_bytes(content)
    assert folder.pointed("last") == (folder.step_folder(10) if found else None)
