from __future__ import annotations

import functools
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from minimind.job import JobSpec
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from studio.jobs.launch import create_run
from studio.jobs.library import Changes, Library
from studio.jobs.queue import Queue, QueueItem
from studio.jobs.tail import Tail
from studio.store.database import KnownError
from studio.store.records import Run
from tests.helpers.fake_trainer import fake_command, fake_job
from tests.helpers.histories import attempt_lines, events_in, line
from tests.helpers.waiting import wait_for


def made(projects: Path, label: str = "r", project: str = "p", **changes) -> RunFolder:
    return create_run(projects, project, fake_job(label, **changes))


def trained(folder: RunFolder, mode: str = "fast", *flags: str, **options) -> int:
    command = [*fake_command(mode, **options), str(folder.path), *flags]
    with folder.log_file.open("ab") as log:
        return subprocess.run(command, stdout=log, stderr=log, check=False).returncode


@pytest.fixture
def place(tmp_path):
    (tmp_path / "projects").mkdir()
    return tmp_path


@pytest.fixture
def opened(place):
    libraries = []

    def open_library() -> Library:
        for library in libraries:
            library.close()
        libraries[:] = [Library(place / "projects", place / "studio.db")]
        return libraries[0]

    yield open_library
    for library in libraries:
        library.close()


def read_all(library: Library, rounds: int = 1) -> Changes:
    """Poll until there is nothing more, everything at least once."""
    total = library.first()
    library.expect_gone()
    while True:
        changes = library.poll()
        total.runs.update(changes.runs)
        total.jobs.update(changes.jobs)
        total.grew |= changes.grew
        total.events += changes.events
        total.details.update(changes.details)
        total.notices += changes.notices
        if not changes.more:
            return total


def runs_of(library: Library) -> dict[str, Run]:
    read_all(library)
    return {entry.row.run_id: entry.published for entry in library._entries.values()}


def steps_of(library: Library, run_id: str) -> list[tuple[float, float]]:
    curve = library.curve(run_id, "loss", x="step", lo=None, hi=None, max_points=10**9)
    return list(zip(curve.x.tolist(), curve.y.tolist(), strict=True))


def expected(content: bytes) -> list[tuple[float, float]]:
    return sorted({e.step: e.fields["loss"] for e in events_in(content) if e.kind == "step"}.items())


# -- what a run becomes ---------------------------------------------------------------------------


def test_a_finished_run(place, opened):
    folder = made(place / "projects")
    trained(folder)
    run = runs_of(opened())[folder.path.name]
    assert (run.state, run.step, run.total_steps, run.attempt) == (RunState.FINISHED, 20, 20, 1)
    assert (run.project, run.method, run.model, run.error) == ("p", "pretrain", "tiny", None)
    assert run.checkpoints == (5, 10, 15, 20)
    assert (run.last_checkpoint, run.best_checkpoint, run.best_step) == (20, 20, 20)
    assert run.ended_at is not None
    assert run.wall_s > 0
    assert len(run.sparkline) == 20


@pytest.mark.parametrize(
    ("mode", "state", "code", "log"),
    [
        ("crash", RunState.FAILED, "crashed", "RuntimeError: a fault made on purpose"),
        ("nan", RunState.FAILED, "non_finite", "attempt 1 begins"),
        ("die", RunState.LOST, "lost", "attempt 1 begins"),
        ("torn", RunState.LOST, "lost", "attempt 1 begins"),
    ],
)
def test_a_run_that_died_says_why_and_can_be_resumed(place, opened, mode, state, code, log):
    folder = made(place / "projects")
    trained(folder, mode)
    library = opened()
    run = runs_of(library)[folder.path.name]
    assert run.error is not None
    assert (run.state, run.error.code) == (state, code)
    assert any(log in text for text in run.log_end)
    assert run.state.can_resume
    assert run.last_checkpoint == (10 if mode == "nan" else 5)
    assert trained(folder, "fast", "--resume") == 0
    run = runs_of(library)[folder.path.name]
    assert (run.state, run.step, run.attempt, run.error, run.log_end) == (RunState.FINISHED, 20, 2, None, ())
    assert [step for step, _ in steps_of(library, folder.path.name)] == list(range(1, 21))


def test_the_reason_that_only_a_parent_knows_comes_later(place, opened):
    folder = made(place / "projects")
    library = opened()
    from studio.jobs.launch import Launcher, record_exit

    child = Launcher(fake_command("die")).start(folder)
    wait_for(lambda: library.poll() and library.entry(folder.path.name).view.state is RunState.LOST)
    error = library.entry(folder.path.name).view.error
    assert error is not None
    assert error.code == "lost"
    record_exit(folder, child.pid, child.wait())
    run = runs_of(library)[folder.path.name]
    assert run.error is not None
    assert (run.error.code, run.error.params) == ("lost_killed", {"step": 9, "signal": 9})


def test_a_live_run_is_followed_and_its_events_are_news(place, opened):
    library = opened()
    folder = made(place / "projects")
    library.adopt(f"p/runs/{folder.path.name}", JobSpec.load(folder.job_file))
    seen = Changes()
    command = [*fake_command("slow", num_steps=12, interval=0.02), str(folder.path)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    states = []

    def watch() -> bool:
        changes = library.poll()
        seen.events += changes.events
        states.extend(run.state for run in changes.runs.values() if run is not None)
        return RunState.FINISHED in states

    wait_for(watch)
    child.wait()
    kinds = [event.kind for _, event in seen.events]
    assert kinds[0] == "start"
    assert kinds[-1] == "done"
    assert {"step", "progress"} & set(kinds) == set()
    seqs = [event.seq for _, event in seen.events]
    assert seqs == sorted(set(seqs))
    assert RunState.RUNNING in states


def test_events_of_the_past_are_no_news(place, opened):
    folder = made(place / "projects")
    trained(folder, "crash")
    library = opened()
    assert read_all(library).events == []
    trained(folder, "fast", "--resume")
    assert next(event.kind for _, event in read_all(library).events) == "start"


# -- the index can go -----------------------------------------------------------------------------


def test_an_evaluation_without_a_step_is_a_point_too(place, opened):
    folder = made(place / "projects")
    folder.events_file.write_bytes(line("step", 1, step=1, loss=2.0))
    library = opened()
    read_all(library)
    with folder.events_file.open("ab") as events:
        events.write(line("eval", 2, step=1, val_loss=2.1, bits_per_byte=1.0))
    assert read_all(library).grew == {folder.path.name}


def everything(library: Library) -> dict[str, object]:
    runs = runs_of(library)
    details = {run_id: library.watch(run_id) for run_id in runs}
    return {
        run_id: (replace(run), details[run_id], steps_of(library, run_id)) for run_id, run in runs.items()
    }


def test_deleting_the_index_brings_everything_back(place, opened):
    projects = place / "projects"
    for mode in ("fast", "crash", "die"):
        trained(made(projects, mode), mode)
    resumed = made(projects, "resumed", project="q")
    trained(resumed, "die")
    trained(resumed, "fast", "--resume")
    resumed.change_notes(name="名字", tags=["x"], star=True, note="n", archived=True)
    waiting = made(projects, "waiting")
    Queue(projects).add(QueueItem(folder=f"p/runs/{waiting.path.name}"))
    before = everything(opened())
    opened().close()
    for part in place.glob("studio.db*"):
        part.unlink()
    after = everything(opened())
    assert after == before
    assert len(after) == 5


def test_reopening_reads_nothing_twice(place, opened, monkeypatch):
    folder = made(place / "projects")
    trained(folder)
    before = everything(opened())
    library = opened()
    remembered = library.first().runs[folder.path.name]
    assert remembered == before[folder.path.name][0]
    changes = read_all(library)
    assert (changes.grew, changes.events) == (set(), [])
    assert everything(library) == before


def test_an_index_damaged_during_the_work_is_built_anew(place, opened):
    folders = [made(place / "projects", f"r{n}") for n in range(3)]
    for folder in folders:
        trained(folder)
    library = opened()
    before = runs_of(library)
    library._database.sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    path = place / "studio.db"
    size = path.stat().st_size
    code = f"f = open({str(path)!r}, 'r+b'); f.seek(4096); f.write(b'\\x5a' * ({size} - 4096))"
    subprocess.run([sys.executable, "-c", code], check=True)
    library._database.sql.execute("PRAGMA cache_size = 0").fetchone()
    trained(folders[0], "fast", "--resume")  # finished: only its notes change
    for folder in folders:
        folder.change_notes(name="again")
    library.expect_gone()
    changes = library.poll()
    while changes.more:
        changes = library.poll()
    after = {run_id: library.entry(run_id).published for run_id in before}
    assert {run.name for run in after.values()} == {"again"}
    assert {run_id: run.loss for run_id, run in after.items()} == {i: run.loss for i, run in before.items()}
    assert list(place.glob("studio.db.damaged-*"))


def test_a_long_history_is_called_by_its_name_before_it_was_read(place, opened, monkeypatch):
    folder = made(place / "projects")
    trained(folder)
    folder.change_notes(name="My run")
    monkeypatch.setattr("studio.jobs.entry.Tail", functools.partial(Tail, chunk=500))
    library = opened()
    changes = library.poll()
    run = changes.runs[folder.path.name]
    assert changes.more
    assert (run.name, run.state) == ("My run", RunState.FINISHED)
    assert run.step < 30
    assert runs_of(library)[run.run_id].state is RunState.FINISHED


def test_folders_that_are_new_are_counted_until_they_are_read(place, opened, monkeypatch):
    for number in range(3):
        folder = made(place / "projects", f"r{number}")
        folder.events_file.write_bytes(b"".join(attempt_lines(1, 0, 20, 0, 1000.0)))
    monkeypatch.setattr("studio.jobs.library._PATIENCE_S", 0.0)
    library = opened()
    assert [library.poll().reading for _ in range(3)] == [2, 1, 0]
    library.expect_gone()
    assert library.poll().reading == 0


def test_a_full_disk_hides_no_state_and_is_caught_up_with(place, opened):
    folder = made(place / "projects")
    library = opened()
    read_all(library)
    pages = library._database.sql.execute("PRAGMA page_count").fetchone()[0]
    library._database.sql.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    trained(folder, "big", num_steps=3000)
    changes = read_all(library)
    assert any("disk is full" in notice for notice in changes.notices)
    library._database.sql.execute("PRAGMA max_page_count = 1000000").fetchone()
    run = runs_of(library)[folder.path.name]
    assert (run.state, run.step) == (RunState.FINISHED, 3000)
    assert [step for step, _ in steps_of(library, folder.path.name)] == list(range(1, 3001))


def test_two_windows_cannot_have_one_index(place, opened):
    opened()
    with pytest.raises(KnownError):
        Library(place / "projects", place / "studio.db")


# -- killed in the middle -------------------------------------------------------------------------

READER = """
import functools, sys
from pathlib import Path
from studio.jobs import entry, tail
from studio.jobs.library import Library
entry.Tail = functools.partial(tail.Tail, chunk=2000)
library = Library(Path(sys.argv[1]), Path(sys.argv[2]))
while library.poll().more:
    pass
"""


def long_history() -> bytes:
    first = attempt_lines(1, 0, 300, 1, 1000.0)
    second = attempt_lines(2, 200, 400, len(first) + 1, 9000.0)
    return b"".join([*first, *second])


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 8, 13, 21])
def test_a_reader_killed_before_any_commit_loses_and_doubles_nothing(place, opened, nth):
    folder = made(place / "projects")
    content = long_history()
    folder.events_file.write_bytes(content)
    command = [sys.executable, "-c", READER, str(place / "projects"), str(place / "studio.db")]
    environment = {**os.environ, "MINIMIND_FAILPOINTS": f"store.before_commit@{nth}=kill"}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    library = opened()
    read_all(library)
    assert steps_of(library, folder.path.name) == expected(content)


def test_a_reader_killed_at_random_loses_and_doubles_nothing(place, opened):
    seed = random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    folder = made(place / "projects")
    content = long_history()
    lines = content.split(b"\n")[:-1]
    at = 0
    command = [sys.executable, "-c", READER, str(place / "projects"), str(place / "studio.db")]
    while at < len(lines):
        count = dice.randrange(20, 120)
        # the last line of a piece is torn in the middle until the next piece comes
        piece = b"\n".join(lines[at : at + count]) + b"\n"
        cut = dice.randrange(len(piece) - 30, len(piece))
        with folder.events_file.open("ab") as file:
            file.write(piece[:cut])
            file.flush()
            nth = dice.randrange(1, 8)
            environment = {**os.environ, "MINIMIND_FAILPOINTS": f"store.before_commit@{nth}=kill"}
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
            file.write(piece[cut:])
        at += count
    library = opened()
    read_all(library)
    assert steps_of(library, folder.path.name) == expected(content), f"seed {seed}"


# -- folders come and go --------------------------------------------------------------------------


def test_a_folder_that_is_put_there_is_found_and_one_that_goes_is_forgotten(place, opened):
    library = opened()
    assert runs_of(library) == {}
    folder = made(place / "projects")
    trained(folder)
    assert list(runs_of(library)) == [folder.path.name]
    folder.path.rename(place / "elsewhere")
    changes = read_all(library)
    assert changes.runs[folder.path.name] is None
    (place / "elsewhere").rename(folder.path)
    assert runs_of(library)[folder.path.name].state is RunState.FINISHED


def test_a_drive_that_is_away_has_not_lost_its_runs(place, opened):
    folder = made(place / "projects")
    trained(folder)
    library = opened()
    read_all(library)
    (place / "projects").rename(place / "away")
    library.expect_gone()
    assert library.poll().runs == {}
    (place / "away").rename(place / "projects")
    assert runs_of(library)[folder.path.name].step == 20


def test_an_older_copy_put_back_under_a_running_window(place, opened):
    folder = made(place / "projects")
    trained(folder)
    library = opened()
    assert runs_of(library)[folder.path.name].step == 20
    content = folder.events_file.read_bytes()
    short = content[: content.index(b'"step": 8') - 60]
    short = short[: short.rindex(b"\n") + 1]
    folder.events_file.write_bytes(short)
    run = runs_of(library)[folder.path.name]
    assert steps_of(library, folder.path.name) == expected(short)
    assert run.step < 20


def test_an_unreadable_job_is_a_failed_run_with_a_sentence(place, opened):
    folder = made(place / "projects")
    good = folder.job_file.read_text()
    folder.job_file.write_text("{")
    library = opened()
    run = runs_of(library)[folder.path.name]
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert "job.json" in run.error.message
    folder.job_file.write_text(good)
    read_all(library)
    run = runs_of(library)[folder.path.name]
    assert (run.state, run.method) == (RunState.QUEUED, "pretrain")


def test_a_run_that_waits_knows_its_place(place, opened):
    first, second = made(place / "projects", "a"), made(place / "projects", "b")
    library = opened()
    queue = Queue(place / "projects")
    for folder in (second, first):
        queue.add(QueueItem(folder=f"p/runs/{folder.path.name}"))
    runs = runs_of(library)
    assert [runs[f.path.name].queue_position for f in (second, first)] == [1, 2]
    queue.remove(f"p/runs/{second.path.name}")
    runs = runs_of(library)
    assert [runs[f.path.name].queue_position for f in (second, first)] == [None, 1]


def test_notes_of_another_window_are_seen(place, opened):
    folder = made(place / "projects")
    library = opened()
    read_all(library)
    folder.change_notes(star=True, name="n")
    run = runs_of(library)[folder.path.name]
    assert (run.star, run.name) == (True, "n")


def test_a_thousand_foreign_bytes_do_no_harm(place, opened):
    folder = made(place / "projects")
    noise = random.Random(7).randbytes(1000)
    for path in (folder.events_file, folder.hardware_file, folder.state_file, folder.notes_file):
        path.write_bytes(noise + b"\n" + line("step", 1, step=1, loss=1.0))
    for name in ("control.json", "launch.json", "log.txt"):
        (folder.path / name).write_bytes(noise)
    folder.checkpoints.mkdir()
    (folder.checkpoints / "last").write_bytes(noise)
    library = opened()
    run = runs_of(library)[folder.path.name]
    assert (run.state, run.step) == (RunState.QUEUED, 1)
    assert library.watch(folder.path.name).checkpoints == ()


# -- details --------------------------------------------------------------------------------------


def test_details_follow_along(place, opened):
    folder = made(place / "projects")
    trained(folder, "crash")
    library = opened()
    read_all(library)
    details = library.watch(folder.path.name)
    assert [s.step for s in details.samples] == [0]
    assert [(c.step, c.is_last, c.is_best) for c in details.checkpoints] == [(5, True, True)]
    assert details.checkpoints[0].size_bytes > 0
    assert details.checkpoints[0].val_loss is not None
    assert [p.phase for p in details.phases] == ["prepare", "train"]
    assert details.log[-2:] == ("RuntimeError: a fault made on purpose", "failed at step 10")
    trained(folder, "fast", "--resume")
    details = read_all(library).details[folder.path.name]
    assert [c.step for c in details.checkpoints] == [5, 10, 15, 20]
    assert [e.kind for e in details.events][-1] == "done"
    with folder.log_file.open("a") as log:
        log.write("one more line\n")
    assert read_all(library).details[folder.path.name].log[-1] == "one more line"


def test_only_the_runs_asked_last_follow_along(place, opened):
    folders = [made(place / "projects", f"r{n}") for n in range(8)]
    library = opened()
    read_all(library)
    for folder in folders:
        library.watch(folder.path.name)
    for folder in folders:
        folder.change_notes(star=True)
    assert set(read_all(library).details) == {folder.path.name for folder in folders[2:]}


def test_hardware_is_indexed(place, opened):
    folder = made(place / "projects")
    trained(folder)
    samples = [
        {"v": 1, "t": 5.0 + n, "cpu_percent": n, "ram_used_bytes": 1, "ram_total_bytes": 2} for n in range(3)
    ]
    folder.hardware_file.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    library = opened()
    read_all(library)
    lanes = library.hardware(folder.path.name, x="time", lo=None, hi=None, max_points=100)
    assert lanes.lanes["cpu_percent"].tolist() == [0, 1, 2]
