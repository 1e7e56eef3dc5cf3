"""Rows of runs: which folders are known, what was said about them last, and the Run made from it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.events import Event, clean
from minimind.job import JobSpec
from minimind.methods import METHODS
from minimind.run_folder import Notes
from minimind.run_state import RunState
from minimind.text import _
from studio.store.database import Database, translating
from studio.store.ingest import events_of
from studio.store.records import Cursor, PhaseSpan, Problem, Run, Sample
from studio.store.summary import BEFORE_START, Summary, integer


@dataclass(frozen=True, kw_only=True)
class View:
    """What the small files of a run folder say: everything about a run that is not in its events."""

    state: RunState = RunState.QUEUED
    queue_position: int | None = None
    attempt: int = 0
    ended_at: float | None = None
    error: Problem | None = None
    asked: tuple[str, ...] = ()
    forced: bool = False
    log_end: tuple[str, ...] = ()
    notes: Notes = field(default_factory=Notes)
    checkpoints: tuple[int, ...] = ()
    last_checkpoint: int | None = None
    best_checkpoint: int | None = None

    def to_json(self) -> str:
        """As the index stores it."""
        return json.dumps(clean(asdict(self)))

    @classmethod
    def from_json(cls, text: str) -> View:
        """From the index."""
        value = json.loads(text)
        if not value:
            return cls()
        notes = {**value["notes"], "tags": tuple(value["notes"]["tags"])}
        return cls(
            **{
                **value,
                "state": RunState(value["state"]),
                "error": Problem(**value["error"]) if value["error"] else None,
                "notes": Notes(**notes),
                **{name: tuple(value[name]) for name in ("asked", "log_end", "checkpoints")},
            }
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run as the index holds it. `folder` is relative to the projects folder; job None = unreadable."""

    id: int
    folder: str
    run_id: str
    job: JobSpec | None
    summary: Summary
    view: View
    events: Cursor
    hardware: Cursor


class Runs:
    """The table of runs. For the thread of its database."""

    def __init__(self, database: Database, projects: Path) -> None:
        self._database = database
        self._projects = projects

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._database.sql.conn
        return connection

    def all(self) -> list[Row]:
        """Every run that is known.

        Raises:
            StoreError: the index cannot be read.
        """
        with translating(self._database.path):
            return [_row(record) for record in self._database.sql.query("SELECT * FROM runs ORDER BY id")]

    def get(self, run: int) -> Row:
        """One run as the index has it.

        Raises:
            StoreError: the index cannot be read.
        """
        with translating(self._database.path):
            return _row(next(iter(self._database.sql.query("SELECT * FROM runs WHERE id = ?", (run,)))))

    def add(self, folder: str, job: JobSpec | None) -> Row:
        """Remember a folder that was not known.

        Raises:
            StoreError: nothing has changed.
        """
        name = folder.rpartition("/")[2]
        with self._database.transaction() as connection:
            taken = connection.execute("SELECT 1 FROM runs WHERE run_id = ?", (name,)).fetchone()
            run_id = f"{folder.partition('/')[0]}/{name}" if taken else name
            text = json.dumps(clean(job.to_dict())) if job else None
            number = connection.execute(
                "INSERT INTO runs (folder, run_id, job) VALUES (?, ?, ?)", (folder, run_id, text)
            ).lastrowid
        assert number is not None
        return Row(
            id=number,
            folder=folder,
            run_id=run_id,
            job=job,
            summary=Summary(),
            view=View(),
            events=Cursor(),
            hardware=Cursor(),
        )

    def remove(self, run: int) -> None:
        """Forget a run whose folder is gone.

        Raises:
            StoreError: nothing has changed.
        """
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run,))

    def save_view(self, run: int, view: View) -> None:
        """Remember what the small files said, for the first picture at the next start.

        Raises:
            StoreError: nothing has changed.
        """
        with self._database.transaction() as connection:
            connection.execute("UPDATE runs SET view = ? WHERE id = ?", (view.to_json(), run))

    # -- details -------------------------------------------------------------------------------

    def events(self, run: int, limit: int) -> list[Event]:
        """The newest events, oldest first."""
        with translating(self._database.path):
            return list(events_of(self._connection, run, limit=limit))

    def samples(self, run: int) -> list[Sample]:
        """What the model said, oldest first."""
        with translating(self._database.path):
            found = list(events_of(self._connection, run, "sample"))
        return [
            Sample(
                step=integer(event.step) or 0,
                prompt=str(event.fields.get("prompt") or ""),
                text=str(event.fields.get("text") or ""),
                t=event.t,
            )
            for event in found
        ]

    def val_losses(self, run: int) -> dict[int, float]:
        """Held-out loss by step, as evaluated."""
        with translating(self._database.path):
            found = list(events_of(self._connection, run, "eval"))
        losses = ((integer(event.step), event.fields.get("val_loss")) for event in found)
        return {step: loss for step, loss in losses if step is not None and isinstance(loss, float)}

    def phases(self, run: int) -> list[PhaseSpan]:
        """Phases by the clock, oldest first."""
        names = ("attempt", "phase", "began", "ended", "done", "total", "unit")
        with translating(self._database.path):
            rows = self._connection.execute(
                f"SELECT {', '.join(names)} FROM phases WHERE run = ? ORDER BY number", (run,)
            ).fetchall()
        return [PhaseSpan(**dict(zip(names, row, strict=True))) for row in rows]


def _row(record: dict[str, Any]) -> Row:
    cursors = {
        what: Cursor(**{part: record[f"{what}_{part}"] for part in ("offset", "head", "tail")})
        for what in ("events", "hardware")
    }
    return Row(
        id=record["id"],
        folder=record["folder"],
        run_id=record["run_id"],
        job=_job(record["job"]),
        summary=Summary.from_dict(json.loads(record["summary"])),
        view=View.from_json(record["view"]),
        events=replace(cursors["events"], attempt=record["events_attempt"]),
        hardware=cursors["hardware"],
    )


def _job(text: str | None) -> JobSpec | None:
    try:
        return JobSpec.from_dict(json.loads(text)) if text else None
    except (BadInput, ValueError, TypeError, AttributeError):
        return None


def origin_of(job: JobSpec, projects: Path) -> str | None:
    """The run whose checkpoint a job begins with; None for one from a preset or from elsewhere."""
    if not job.model.checkpoint:
        return None
    try:
        place = Path(job.model.checkpoint).relative_to(projects).parts
    except ValueError:
        return None
    return place[2] if len(place) > 2 and place[1] == "runs" and place[2] != job.run_id else None


def model_label(job: JobSpec, name_of: Callable[[str], str | None] = lambda run_id: None) -> str:
    """What a person would call the model that a job starts from; `name_of` knows runs by their id."""
    if job.model.preset:
        return job.model.preset
    if not job.model.checkpoint:
        return ""
    path = Path(job.model.checkpoint)
    # a step of a run is known by the run
    run_id = path.parents[1].name if path.parent.name == "checkpoints" else path.name
    return name_of(run_id) or run_id


def parent_folder(row: Row) -> str | None:
    """The folder of the pipeline that a run is a stage of, relative to the projects folder."""
    name = row.job.work.get("pipeline") if row.job else None
    return f"{row.folder.rpartition('/')[0]}/{name}" if isinstance(name, str) and name else None


def _label(row: Row, view: View, pipeline: str | None) -> str:
    """What a person called it; a stage bears the name of its pipeline."""
    own = row.run_id.rpartition("/")[2]
    if view.notes.name or pipeline is None or row.job is None or own.startswith(pipeline):
        return view.notes.name or own
    method = METHODS.get(row.job.method)
    return f"{pipeline} · {_(method.title) if method else row.job.method}"


def make_run(
    row: Row,
    view: View,
    projects: Path,
    name_of: Callable[[str], str | None] = lambda run_id: None,
    parent: str | None = None,
) -> Run:
    """The run that the window shows; `name_of` knows other runs by their id, `parent` is its pipeline's."""
    job, summary = row.job, row.summary
    active = view.state.is_active
    # an attempt that has not said `start` yet has no figures of its own
    speaks = active and summary.attempt == view.attempt
    span, last = summary.span, summary.last
    if not speaks and not (active and span is not None and span.phase in BEFORE_START):
        span = None
    tokens, memory = last.get("tokens"), last.get("memory_bytes")
    return Run(
        run_id=row.run_id,
        folder=projects / row.folder,
        project=row.folder.partition("/")[0],
        name=_label(row, view, name_of(parent) if parent else None),
        kind=job.kind if job else "train",
        method=job.method if job else "",
        model=model_label(job, name_of) if job else "",
        origin=origin_of(job, projects) if job else None,
        parent=parent,
        stage=integer(job.work.get("stage")) if job and parent else None,
        state=view.state,
        queue_position=view.queue_position,
        created=job.created if job else 0.0,
        started_at=summary.first_t,
        ended_at=None if active else view.ended_at,
        attempt=view.attempt,
        step=max(summary.step, summary.from_step),
        total_steps=summary.total_steps,
        loss=last.get("loss"),
        lr=last.get("lr"),
        grad_norm=last.get("grad_norm"),
        tokens=None if tokens is None else int(tokens),
        tokens_per_s=last.get("tokens_per_s"),
        memory_bytes=None if memory is None else int(memory),
        eta_s=last.get("eta_s") if speaks else None,
        val_loss=summary.val_loss,
        bits_per_byte=summary.bits_per_byte,
        best_val_loss=summary.best_val_loss,
        best_step=summary.best_step,
        wall_s=summary.wall_s,
        phase=span.phase if span else None,
        phase_done=span.done if span else 0.0,
        phase_total=span.total if span else None,
        phase_unit=span.unit if span else "",
        parameters=summary.parameters,
        trainable_parameters=summary.trainable_parameters,
        tokens_per_step=summary.tokens_per_step,
        device=summary.device,
        from_step=summary.from_step,
        metrics=summary.curves(),
        sparkline=summary.spark.line(),
        star=view.notes.star,
        tags=view.notes.tags,
        note=view.notes.note,
        archived=view.notes.archived,
        trashed=view.notes.trashed,
        error=view.error,
        asked=view.asked,
        forced=view.forced,
        log_end=view.log_end,
        checkpoints=view.checkpoints,
        last_checkpoint=view.last_checkpoint,
        best_checkpoint=view.best_checkpoint,
        result=(summary.done or {}).get("result"),
    )
