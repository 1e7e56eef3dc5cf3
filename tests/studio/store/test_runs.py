from __future__ import annotations

from pathlib import Path

import pytest

from minimind.job import JobSpec, ModelRef
from minimind.run_folder import Notes
from minimind.run_state import RunState
from studio.store.database import Database
from studio.store.ingest import ingest_events
from studio.store.records import Cursor, Problem
from studio.store.runs import Runs, View, make_run, model_label, origin_of
from studio.store.summary import Summary
from tests.helpers.histories import line


@pytest.fixture
def runs(tmp_path):
    database = Database(tmp_path / "studio.db")
    made = Runs(database, tmp_path)
    made.database = database
    yield made
    database.close()


def job(**changes) -> JobSpec:
    return JobSpec(run_id="r", method="sft", model=ModelRef(preset="mini"), created=5.0, **changes)


def full_view() -> View:
    return View(
        state=RunState.LOST,
        attempt=3,
        ended_at=7.5,
        error=Problem(code="lost", params={"step": 3}, message="gone", advice="resume"),
        asked=("stop",),
        forced=True,
        log_end=("a", "b"),
        notes=Notes(name="名字", tags=("x", "\ud800"), star=True, note="n", archived=True, trashed=True),
        checkpoints=(1, 2),
        last_checkpoint=2,
        best_checkpoint=1,
    )


def test_a_view_survives_the_index(runs):
    row = runs.add("p/runs/r", job())
    assert runs.all()[0].view == View()
    runs.save_view(row.id, full_view())
    assert runs.get(row.id).view == full_view()


def test_a_job_survives_the_index(runs):
    row = runs.add("p/runs/r", job(settings={"lr": 0.1, "sample_prompts": ["春\ud800"]}))
    (again,) = runs.all()
    assert again == row


def test_an_unreadable_job_is_remembered_as_that(runs):
    assert runs.add("p/runs/r", None).job is None
    assert runs.all()[0].job is None


def test_two_projects_may_have_a_folder_of_one_name(runs):
    ids = [runs.add(f"{project}/runs/same", job()).run_id for project in ("a", "b")]
    assert ids == ["same", "b/same"]


def test_summary_and_cursors_come_back(runs):
    row = runs.add("p/runs/r", job())
    lines = [(0, line("start", 1, 9.0, attempt=1, from_step=0, device="cpu")[:-1])]
    summary, after = Summary(), Cursor(offset=99, head="h", tail="t")
    ingest_events(runs.database, row.id, lines, summary=summary, before=row.events, after=after)
    again = runs.get(row.id)
    assert again.summary == summary
    assert again.events == Cursor(offset=99, head="h", tail="t", attempt=1)
    assert again.hardware == Cursor()


def test_a_removed_run_is_gone(runs):
    row = runs.add("p/runs/r", job())
    runs.remove(row.id)
    assert runs.all() == []


def test_samples_events_and_losses(runs):
    row = runs.add("p/runs/r", job())
    content = [
        line("eval", 1, step=0, val_loss=9.5),
        line("sample", 2, 8.0, step=0, prompt="p", text="t"),
        line("sample", 3, 9.0, step=4, prompt=None, text=5),
        line("eval", 4, step=4, val_loss=None),
    ]
    lines = [(index * 100, part[:-1]) for index, part in enumerate(content)]
    ingest_events(runs.database, row.id, lines, summary=Summary(), before=Cursor(), after=Cursor(offset=400))
    assert [(s.step, s.prompt, s.text, s.t) for s in runs.samples(row.id)] == [
        (0, "p", "t", 8.0),
        (4, "", "5", 9.0),
    ]
    assert runs.val_losses(row.id) == {0: 9.5}
    assert [e.seq for e in runs.events(row.id, limit=3)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("model", "label"),
    [
        (ModelRef(preset="tiny"), "tiny"),
        (ModelRef(checkpoint="/p/runs/20260101-mini/checkpoints/step-00000010"), "20260101-mini"),
        (ModelRef(checkpoint="/models/qwen"), "qwen"),
        (ModelRef(), ""),
    ],
)
def test_the_model_has_a_name(model, label):
    assert model_label(JobSpec(run_id="r", model=model)) == label


def test_a_model_from_a_run_is_called_as_the_run_is(tmp_path):
    model = ModelRef(checkpoint=str(tmp_path / "p" / "runs" / "first" / "checkpoints" / "step-00000010"))
    asked = JobSpec(run_id="second", model=model)
    names = {"first": "My first model"}
    assert model_label(asked, names.get) == "My first model"
    assert origin_of(asked, tmp_path) == "first"
    assert origin_of(asked, tmp_path / "elsewhere") is None
    assert origin_of(JobSpec(run_id="first", model=model), tmp_path) is None
    assert origin_of(JobSpec(run_id="r", model=ModelRef(preset="tiny")), tmp_path) is None


def test_a_run_as_the_window_shows_it(runs):
    row = runs.add("p/runs/r", job())
    lines = [
        (0, line("start", 1, 9.0, attempt=1, from_step=3, total_steps=9)[:-1]),
        (99, line("step", 2, 10.0, step=4, loss=2.0, eta_s=5.0, tokens=7, memory_bytes=1e3)[:-1]),
    ]
    summary = row.summary
    ingest_events(runs.database, row.id, lines, summary=summary, before=Cursor(), after=Cursor(offset=200))
    running = make_run(row, View(state=RunState.RUNNING, attempt=1, ended_at=99.0), Path("/projects"))
    assert (running.name, running.project, running.folder) == ("r", "p", Path("/projects/p/runs/r"))
    assert (running.step, running.total_steps, running.eta_s, running.tokens) == (4, 9, 5.0, 7)
    assert (running.phase, running.phase_done, running.phase_total) == ("train", 4, 9)
    assert running.ended_at is None
    again = make_run(row, View(state=RunState.STARTING, attempt=2), Path("/projects"))
    assert (again.step, again.eta_s, again.phase) == (4, None, None)
    lost = make_run(row, full_view(), Path("/projects"))
    assert (lost.eta_s, lost.phase, lost.ended_at) == (None, None, 7.5)
    assert (lost.name, lost.star, lost.tags[0], lost.trashed) == ("名字", True, "x", True)
    assert lost.error is not None
    assert lost.error.code == "lost"
