"""Lines of a run folder's two append-only files into rows: rows and the new cursor in ONE transaction.

Taking in the same lines twice is refused (the cursor has moved on), so a reader that dies anywhere neither
doubles nor loses a row. A resume from step k drops what earlier attempts said about steps above k.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from minimind.events import STEPPED, Event, clean, parse_line
from minimind.hardware import HardwareSample
from minimind.hardware import parse_line as parse_sample
from studio.store.database import BugError, Database
from studio.store.records import Cursor
from studio.store.schema import STEP_COLUMNS
from studio.store.summary import BEFORE_START, Span, Summary, integer, number

Line = tuple[int, bytes]  # where it begins in the file, and its bytes without the newline

_INSERT_STEP = (
    f"INSERT OR REPLACE INTO steps (run, step, t, {', '.join(STEP_COLUMNS)}, extra) "
    f"VALUES ({', '.join('?' * (len(STEP_COLUMNS) + 4))})"
)
_INSERT_EVENT = (
    "INSERT OR REPLACE INTO events (run, pos, seq, t, kind, step, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_SPAN = (
    "INSERT OR REPLACE INTO phases (run, attempt, number, phase, began, ended, done, total, unit) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEQ_MAX = (1 << 63) - 1


@dataclass(kw_only=True)
class Taken:
    """What a batch brought.

    Attributes:
        events: all kinds but step and progress, in the order of the file.
        steps: number of points of the curve.
        lowest_step: the lowest of them; a cached curve beyond it is out of date.
        rewound: a resume has dropped rows.
    """

    events: list[Event] = field(default_factory=list)
    steps: int = 0
    lowest_step: int | None = None
    rewound: bool = False


class _Batch:
    """Rows that wait for their one executemany, while the summary folds along."""

    def __init__(self, connection: sqlite3.Connection, run: int, summary: Summary) -> None:
        self._connection = connection
        self._run = run
        self._summary = summary
        self._steps: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._spans: list[tuple[Any, ...]] = []
        self.taken = Taken()

    def take(self, position: int, event: Event) -> None:
        if event.kind == "start":
            self._start(event)
        else:
            self._keep_span(self._summary.take(event), self._summary.attempt)
        if event.kind == "step":
            self._take_step(event)
        elif event.kind != "progress":
            self.taken.events.append(event)
            body = json.dumps(clean(event.fields))  # ASCII: a lone surrogate cannot be stored as text
            seq = min(event.seq, _SEQ_MAX)
            self._events.append((self._run, position, seq, event.t, event.kind, integer(event.step), body))

    def flush(self) -> None:
        self._connection.executemany(_INSERT_STEP, self._steps)
        self._connection.executemany(_INSERT_EVENT, self._events)
        self._connection.executemany(_INSERT_SPAN, self._spans)
        self._steps, self._events, self._spans = [], [], []

    def finish(self) -> None:
        self._keep_span(self._summary.span, self._summary.attempt)
        self.flush()

    def _take_step(self, event: Event) -> None:
        step = integer(event.step)
        if step is None:
            return
        values = {name: number(value) for name, value in event.fields.items() if name != "step"}
        extra = {k: v for k, v in values.items() if v is not None and k not in STEP_COLUMNS}
        row = (values.get(name) for name in STEP_COLUMNS)
        self._steps.append((self._run, step, event.t, *row, json.dumps(extra) if extra else None))
        self.taken.steps += 1
        low = self.taken.lowest_step
        self.taken.lowest_step = step if low is None else min(low, step)

    def _start(self, event: Event) -> None:
        self.flush()
        attempt = self._summary.attempt
        self._keep_span(self._summary.take(event), attempt)
        run, kept = self._run, self._summary.from_step
        execute = self._connection.execute
        dropped = execute("DELETE FROM steps WHERE run = ? AND step > ?", (run, kept)).rowcount
        marks = ", ".join("?" * len(STEPPED))
        dropped += execute(
            f"DELETE FROM events WHERE run = ? AND kind IN ({marks}) AND step > ?", (run, *STEPPED, kept)
        ).rowcount
        if dropped:
            self.taken.rewound = True
            _rewind(self._connection, run, self._summary)

    def _keep_span(self, span: Span | None, attempt: int) -> None:
        if span is not None:
            s = span
            attempt += s.phase in BEFORE_START
            self._spans.append(
                (self._run, attempt, s.number, s.phase, s.began, s.ended, s.done, s.total, s.unit)
            )


def _rewind(connection: sqlite3.Connection, run: int, summary: Summary) -> None:
    columns = ", ".join(STEP_COLUMNS)
    newest = connection.execute(
        f"SELECT step, {columns} FROM steps WHERE run = ? ORDER BY step DESC LIMIT 1", (run,)
    ).fetchone()
    last = dict(zip(STEP_COLUMNS, newest[1:], strict=True)) if newest else {}
    losses = connection.execute(
        "SELECT loss FROM steps WHERE run = ? AND loss IS NOT NULL ORDER BY step", (run,)
    )
    summary.rewind(
        step=newest[0] if newest else 0,
        last={name: value for name, value in last.items() if value is not None},
        losses=(row[0] for row in losses),
        evaluations=list(events_of(connection, run, "eval")),
    )


def events_of(
    connection: sqlite3.Connection, run: int, kind: str | None = None, limit: int | None = None
) -> Iterator[Event]:
    """Stored events of a run in the order of the file; `limit`: only the newest ones."""
    where, values = ("AND kind = ?", (kind,)) if kind else ("", ())
    rows = connection.execute(
        f"SELECT kind, seq, t, body FROM events WHERE run = ? {where} ORDER BY pos DESC LIMIT ?",
        (run, *values, -1 if limit is None else limit),
    ).fetchall()
    for name, seq, t, body in reversed(rows):
        yield Event(kind=name, seq=seq, t=t, fields=json.loads(body))


def ingest_events(
    database: Database,
    run: int,
    lines: Sequence[Line],
    *,
    summary: Summary,
    before: Cursor,
    after: Cursor,
    anew: bool = False,
) -> Taken:
    """Take in one batch of events.jsonl.

    Args:
        run: the row of the run.
        lines: whole lines behind `before`.
        summary: folded up to `before`; folded further in place, to be thrown away if this raises.
        before, after: where the batch begins and ends; `after.attempt` is set here.
        anew: the file is another one than before: forget what it said, begin at its first byte.

    Raises:
        StoreError: nothing has changed.
    """
    with database.transaction() as connection:
        if anew:
            for table in ("steps", "events", "phases"):
                connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        batch = _Batch(connection, run, summary)
        for position, line in lines:
            event = parse_line(line)
            if event is not None:
                batch.take(position, event)
        batch.finish()
        batch.taken.rewound |= anew
        row = (after.offset, after.head, after.tail, summary.attempt, json.dumps(clean(summary.to_dict())))
        guard = "" if anew else f" AND events_offset = {before.offset:d}"
        moved = connection.execute(
            "UPDATE runs SET events_offset = ?, events_head = ?, events_tail = ?, events_attempt = ?, "
            f"summary = ? WHERE id = ?{guard}",
            (*row, run),
        ).rowcount
        if moved != 1:
            raise BugError(f"events of run {run} were read from {before.offset}, which is not where they end")
    return batch.taken


def lanes_of(sample: HardwareSample) -> dict[str, float]:
    """Flat numbers of a sample, named as in `HardwareLanes`."""
    names = ("cpu_percent", "ram_used_bytes", "ram_total_bytes", "rss_bytes")
    found = {name: getattr(sample, name) for name in names}
    for card in sample.gpus:
        for name in (
            "utilisation_percent",
            "memory_used_bytes",
            "memory_total_bytes",
            "temperature_c",
            "power_w",
            "power_limit_w",
        ):
            found[f"gpu{card.index}.{name}"] = getattr(card, name)
    return {name: value for name, value in found.items() if number(value) is not None}


def ingest_hardware(
    database: Database, run: int, lines: Sequence[Line], *, before: Cursor, after: Cursor, anew: bool = False
) -> int:
    """Take in one batch of hardware.jsonl.

    Returns:
        How many samples it had.

    Raises:
        StoreError: nothing has changed.
    """
    rows = []
    for position, line in lines:
        sample = parse_sample(line)
        if sample is not None and number(sample.t) is not None:
            rows.append((run, position, sample.t, json.dumps(lanes_of(sample))))
    with database.transaction() as connection:
        if anew:
            connection.execute("DELETE FROM hardware WHERE run = ?", (run,))
        connection.executemany(
            "INSERT OR REPLACE INTO hardware (run, pos, t, lanes) VALUES (?, ?, ?, ?)", rows
        )
        guard = "" if anew else f" AND hardware_offset = {before.offset:d}"
        moved = connection.execute(
            f"UPDATE runs SET hardware_offset = ?, hardware_head = ?, hardware_tail = ? WHERE id = ?{guard}",
            (after.offset, after.head, after.tail, run),
        ).rowcount
        if moved != 1:
            raise BugError(f"hardware of run {run} was read from {before.offset}, not where it ends")
    return len(rows)
