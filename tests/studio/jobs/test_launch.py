from __future__ import annotations

import json
import os
import sys

import pytest

from minimind.detached import resume_arguments
from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.run_folder import RunFolder, State
from minimind.run_state import RunState
from studio.jobs.launch import (
    Launcher,
    create_run,
    read_launch,
    record_exit,
)
from studio.jobs.process import RUN_VARIABLE
from tests.helpers.fake_trainer import fake_job

# writes down how it was started
WITNESS = (
    "import json, os, sys; "
    "print(json.dumps({'argv': sys.argv[1:], 'cwd': os.getcwd(), 'sid': os.getsid(0), 'pid': os.getpid(),"
    f" 'run': os.environ['{RUN_VARIABLE}'], 'order': os.environ['CUDA_DEVICE_ORDER'],"
    " 'stdin': sys.stdin.read()}))"
)


def launched(folder: RunFolder, **options) -> dict:
    child = Launcher((sys.executable, "-c", WITNESS)).start(folder, **options)
    assert child.wait(60) == 0
    record_exit(folder, child.pid, 0)
    return json.loads(folder.log_file.read_text().splitlines()[-1])


def test_a_run_folder_is_made_whole(tmp_path):
    job = fake_job("one")
    folder = create_run(tmp_path, "p", job, name="名字")
    assert folder.path == tmp_path / "p" / "runs" / job.run_id
    assert JobSpec.load(folder.job_file) == job
    assert folder.read_notes().name == "名字"
    assert folder.read_state() is None
    with pytest.raises(BadInput, match="already"):
        create_run(tmp_path, "p", job)


@pytest.mark.parametrize(
    ("project", "run"), [("", "r"), ("..", "r"), ("a/b", "r"), ("p", "../r"), ("p", ".r")]
)
def test_a_name_that_leaves_the_folder_is_refused(tmp_path, project, run):
    with pytest.raises(BadInput, match="name of a folder"):
        create_run(tmp_path, project, fake_job(run_id=run))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "p").write_text("a file")
    with pytest.raises(BadInput, match="cannot be written"):
        create_run(tmp_path, "p", fake_job())
    job = fake_job()
    monkeypatch.setenv("MINIMIND_FAILPOINTS", "replace.before_rename=enospc")
    with pytest.raises(BadInput, match="No space"):
        create_run(tmp_path, "q", job)
    assert list((tmp_path / "q" / "runs").iterdir()) == []


def test_the_process_is_detached_and_recorded(tmp_path):
    folder = create_run(tmp_path, "p", fake_job())
    told = launched(folder)
    assert told["argv"] == [str(folder.path)]
    assert told["sid"] == told["pid"] != os.getsid(0)
    assert (told["run"], told["stdin"], told["order"]) == (str(folder.path), "", "PCI_BUS_ID")
    launch = read_launch(folder)
    assert launch is not None
    assert launch.process is not None
    assert (launch.process.pid, launch.attempt, launch.exit_code) == (told["pid"], 1, 0)


def test_a_resume_gets_its_flags(tmp_path):
    folder = create_run(tmp_path, "p", fake_job())
    old = State(status=RunState.STOPPED, pid=7, start_ticks=8.0, attempt=4)
    folder.write_state(old)
    told = launched(folder, resume=True, overrides={"steps": 9, "micro_batch": 4})
    assert told["argv"] == [str(folder.path), "--resume", "--steps", "9", "--set", "micro_batch=4"]
    launch = read_launch(folder)
    assert launch is not None
    assert (launch.attempt, launch.before) == (5, (7, 8.0))
    assert not launch.has_spoken(old)
    assert launch.has_spoken(State(status=RunState.STARTING, pid=9, start_ticks=9.0))


def test_flags_of_a_resume():
    assert resume_arguments({}) == ["--resume"]
    assert resume_arguments({"device": "cuda:1"}) == ["--resume", "--device", "cuda:1"]
    assert resume_arguments({"precision": "bf16"}) == ["--resume", "--set", "precision=bf16"]


def test_the_next_attempt_is_counted_as_the_trainer_does(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.next_attempt() == 1
    folder.write_state(State(status=RunState.FAILED, attempt=2))
    assert folder.next_attempt() == 3
    folder.attempts.mkdir()
    folder.attempt_file(5).write_text("{}")
    assert folder.next_attempt() == 6


def test_a_program_that_is_not_there_is_recorded(tmp_path):
    folder = create_run(tmp_path, "p", fake_job())
    with pytest.raises(OSError):
        Launcher(("/no/such/program",)).start(folder)
    launch = read_launch(folder)
    assert launch is not None
    assert "No such file" in launch.problem
    assert launch.process is None


def test_the_exit_of_an_older_process_is_not_taken_for_the_new_one(tmp_path):
    folder = create_run(tmp_path, "p", fake_job())
    launched(folder)
    record_exit(folder, 1, -9)
    launch = read_launch(folder)
    assert launch is not None
    assert launch.exit_code == 0


def test_other_kinds_of_job_go_by_their_kind(tmp_path, monkeypatch):
    seen = []

    class FakePopen:
        pid = os.getpid()

        def __init__(self, command, **options) -> None:
            seen.append(command)

    monkeypatch.setattr("studio.jobs.launch.subprocess.Popen", FakePopen)
    for kind in ("train", "export"):
        folder = create_run(tmp_path, "p", fake_job(kind, kind=kind))
        Launcher().start(folder)
    assert [command[1:4] for command in seen] == [["-m", "minimind", "train"], ["-m", "minimind", "run"]]


def test_on_windows_it_leaves_the_terminals_job_where_it_may(tmp_path, monkeypatch):
    """The branch as far as it can be run here: first with breakaway, then without."""
    seen = []

    class FakePopen:
        pid = os.getpid()

        def __init__(self, command, **options) -> None:
            seen.append(options)
            if options["creationflags"] & 0x01000000:
                raise OSError("refused")

    folder = create_run(tmp_path, "p", fake_job())
    monkeypatch.setattr("studio.jobs.launch.subprocess.Popen", FakePopen)
    monkeypatch.setattr("studio.jobs.launch.os.name", "nt")
    launcher = Launcher(("trainer",))
    try:
        launcher._spawn(JobSpec.load(folder.job_file), folder, [])
    finally:
        monkeypatch.undo()
    assert [options["creationflags"] & 0x200 for options in seen] == [0x200, 0x200]
    assert "start_new_session" not in seen[0]
