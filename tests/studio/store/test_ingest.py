from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.events import Event
from minimind.hardware import GpuSample, HardwareSample
from studio.store.database import BugError, Database, KnownError
from studio.store.ingest import events_of, ingest_events, ingest_hardware, lanes_of
from studio.store.records import Cursor
from studio.store.summary import Summary
from tests.helpers.histories import attempt_lines, events_in, histories, line


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    opened = Database(tmp_path_factory.mktemp("store") / "studio.db")
    yield opened
    opened.close()


def new_run(database: Database) -> int:
    with database.transaction() as connection:
        count = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        values = (f"p/runs/{count}", str(count))
        return connection.execute("INSERT INTO runs (folder, run_id) VALUES (?, ?)", values).lastrowid


def positioned(content: bytes, start: int = 0) -> list[tuple[int, bytes]]:
    lines, position = [], start
    for part in content.split(b"\n")[:-1]:
        lines.append((position, part))
        position += len(part) + 1
    return lines


def take(database, run, content: bytes, summary: Summary | None = None):
    summary = summary or Summary()
    after = Cursor(offset=len(content), head="h", tail="t")
    taken = ingest_events(database, run, positioned(content), summary=summary, before=Cursor(), after=after)
    return taken, summary


def rows(database, table: str, run: int, columns: str) -> list[tuple]:
    return database.sql.execute(f"SELECT {columns} FROM {table} WHERE run = ? ORDER BY 1", (run,)).fetchall()


def expected_steps(events: list[Event]) -> list[tuple]:
    found = {e.step: e for e in events if e.kind == "step"}
    return [
        (s, e.fields["loss"], e.fields["tokens"], {"ce": e.fields["ce"]}) for s, e in sorted(found.items())
    ]


def stored_steps(database, run) -> list[tuple]:
    found = rows(database, "steps", run, "step, loss, tokens, extra")
    return [(step, loss, tokens, json.loads(extra)) for step, loss, tokens, extra in found]


@settings(max_examples=120, deadline=None)
@given(content=histories(), data=st.data())
def test_any_history_in_any_pieces_gives_the_rows_that_count(database, content, data):
    run = new_run(database)
    lines = positioned(content)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(lines)), max_size=6)) | {0, len(lines)})
    summary, cursor = Summary(), Cursor()
    for low, high in itertools.pairwise(cuts):
        end = lines[high][0] if high < len(lines) else len(content)
        after = Cursor(offset=end)
        ingest_events(database, run, lines[low:high], summary=summary, before=cursor, after=after)
        cursor = after
    events = events_in(content)
    assert stored_steps(database, run) == expected_steps(events)
    kept = [(e.kind, e.seq, e.fields) for e in events if e.kind not in ("step", "progress")]
    stored = events_of(database.sql.conn, run)
    assert [(e.kind, e.seq, e.fields) for e in stored] == kept
    losses = [(e.fields["val_loss"], e.step) for e in events if e.kind == "eval"]
    assert summary.val_loss == (losses[-1][0] if losses else None)
    assert summary.best_val_loss == (min(losses)[0] if losses else None)
    steps = [e.step for e in events if e.kind == "step"]
    assert summary.step == (max(steps) if steps else 0)
    assert Summary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary


def test_reading_from_where_the_index_does_not_end_is_refused(database):
    run = new_run(database)
    content = b"".join(attempt_lines(1, 0, 5, 1, 1000.0))
    take(database, run, content)
    with pytest.raises(BugError):
        take(database, run, content)
    assert len(stored_steps(database, run)) == 5


def test_a_batch_that_fails_leaves_rows_and_cursor_alone(database, monkeypatch):
    run = new_run(database)
    content = b"".join(attempt_lines(1, 0, 5, 1, 1000.0))
    monkeypatch.setenv("MINIMIND_FAILPOINTS", "store.before_commit=enospc")
    with pytest.raises(OSError, match="No space"):
        take(database, run, content)
    assert stored_steps(database, run) == []
    monkeypatch.delenv("MINIMIND_FAILPOINTS")
    take(database, run, content)
    assert len(stored_steps(database, run)) == 5


def test_a_full_index_is_a_known_error(database):
    run = new_run(database)
    pages = database.sql.execute("PRAGMA page_count").fetchone()[0]
    database.sql.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    content = b"".join(attempt_lines(1, 0, 5000, 1, 1000.0))
    with pytest.raises(KnownError):
        take(database, run, content)
    database.sql.execute("PRAGMA max_page_count = 1000000").fetchone()
    assert stored_steps(database, run) == []


def test_anew_forgets_what_the_other_file_said(database):
    run = new_run(database)
    take(database, run, b"".join(attempt_lines(1, 0, 9, 1, 1000.0)))
    fresh = b"".join(attempt_lines(1, 0, 3, 1, 5000.0))
    summary = Summary()
    after = Cursor(offset=len(fresh))
    taken = ingest_events(
        database, run, positioned(fresh), summary=summary, before=Cursor(), after=after, anew=True
    )
    assert taken.rewound
    assert [step for step, *_ in stored_steps(database, run)] == [1, 2, 3]
    assert summary.first_t == 5000.0


@pytest.mark.parametrize(
    ("fields", "column", "stored"),
    [
        (b'"loss": NaN', "loss", None),
        (b'"loss": 1e999', "loss", None),
        (b'"loss": null', "loss", None),
        (b'"loss": "3"', "loss", None),
        (b'"loss": true', "loss", None),
        (b'"tokens": 9223372036854775808', "tokens", 2.0**63),
        (b'"tokens": 1' + b"0" * 400, "tokens", None),
        (b'"loss": 3', "loss", 3.0),
    ],
)
def test_odd_values_of_a_step(database, fields, column, stored):
    run = new_run(database)
    take(database, run, b'{"v":1,"seq":1,"t":1,"kind":"step","step":1,' + fields + b"}\n")
    assert rows(database, "steps", run, column) == [(stored,)]


@pytest.mark.parametrize("step", [b"9223372036854775808", b"-9223372036854775809", b'"1"', b"null", b"true"])
def test_a_step_that_is_no_step_is_no_point(database, step):
    run = new_run(database)
    take(database, run, b'{"v":1,"seq":1,"t":1,"kind":"step","step":' + step + b',"loss":1}\n')
    assert stored_steps(database, run) == []


def test_text_that_no_database_takes(database):
    run = new_run(database)
    odd = b'{"v":1,"seq":99999999999999999999,"t":1,"kind":"sample","prompt":"\\ud800","text":"\\u0000x"}'
    take(database, run, odd + b"\n")
    (event,) = events_of(database.sql.conn, run)
    assert (event.fields["prompt"], event.fields["text"]) == ("\ud800", "\0x")


def test_lines_that_are_no_events_are_passed_over(database):
    run = new_run(database)
    bad = b'nonsense\n\n[]\n{"kind":"step"}\n{"v":1,"seq":1,"t":1,"kind":"later","x":1}\n\xff\xfe\n'
    taken, _ = take(database, run, bad + line("step", 2, step=1, loss=1.0, ce=1.0))
    assert taken.steps == 1


def test_what_a_batch_brought(database):
    run = new_run(database)
    content = b"".join(attempt_lines(1, 0, 8, 1, 1000.0))
    taken, summary = take(database, run, content)
    assert (taken.steps, taken.lowest_step, taken.rewound) == (8, 1, False)
    assert [e.kind for e in taken.events] == ["start", "eval", "checkpoint", "sample", "eval"]
    more = b"".join(attempt_lines(2, 5, 7, 90, 2000.0))
    after = Cursor(offset=len(content) + len(more))
    taken = ingest_events(
        database,
        run,
        positioned(more, len(content)),
        summary=summary,
        before=Cursor(offset=len(content)),
        after=after,
    )
    assert (taken.steps, taken.lowest_step, taken.rewound) == (2, 6, True)


def test_hardware_rows(database):
    run = new_run(database)
    card = GpuSample(index=1, name="card", utilisation_percent=50, memory_used_bytes=10)
    sample = HardwareSample(t=5.0, cpu_percent=None, ram_used_bytes=1, ram_total_bytes=2, gpus=(card,))
    lines = [(0, sample.to_line()), (500, b"nonsense")]
    count = ingest_hardware(database, run, lines, before=Cursor(), after=Cursor(offset=600))
    assert count == 1
    ((t, lanes),) = rows(database, "hardware", run, "t, lanes")
    assert t == 5.0
    assert json.loads(lanes) == lanes_of(sample)
    assert json.loads(lanes)["gpu1.utilisation_percent"] == 50
    with pytest.raises(BugError):
        ingest_hardware(database, run, lines, before=Cursor(), after=Cursor(offset=600))
    ingest_hardware(database, run, lines[:1], before=Cursor(), after=Cursor(offset=600), anew=True)
    assert len(rows(database, "hardware", run, "t")) == 1


def test_a_run_takes_its_rows_along(database):
    run = new_run(database)
    take(database, run, b"".join(attempt_lines(1, 0, 9, 1, 1000.0)))
    with database.transaction() as connection:
        connection.execute("DELETE FROM runs WHERE id = ?", (run,))
    for table in ("steps", "events", "phases", "hardware"):
        assert rows(database, table, run, "run") == []


def test_figures_go_back_with_the_steps(database):
    run = new_run(database)
    first = b"".join(attempt_lines(1, 0, 20, 1, 1000.0))
    _, summary = take(database, run, first)
    assert summary.best_val_loss == 2.0  # 20 / 20 + 1
    start = line("start", 900, 2000.0, attempt=2, from_step=6)
    ingest_events(
        database,
        run,
        positioned(start, len(first)),
        summary=summary,
        before=Cursor(offset=len(first)),
        after=Cursor(offset=len(first) + len(start)),
    )
    assert summary.step == 6
    assert math.isclose(summary.last["loss"], 10 / 6 + 0.001)
    assert (summary.val_loss, summary.best_step) == (6.0, 4)
    assert len(summary.spark.line()) == 6


def test_phases_belong_to_the_attempt_that_they_prepare(database):
    run = new_run(database)
    content = b"".join(
        [
            line("progress", 1, 10.0, phase="prepare", done=1, total=2, unit="bytes"),
            line("progress", 2, 11.0, phase="compile", done=0, total=1, unit="graphs"),
            line("start", 3, 12.0, attempt=1, from_step=0),
            line("step", 4, 13.0, step=1, loss=1.0),
            line("progress", 5, 90.0, phase="prepare", done=1, total=2, unit="bytes"),
            line("start", 6, 91.0, attempt=2, from_step=1),
            line("progress", 7, 92.0, phase="evaluate", done=1, total=2, unit="documents"),
        ]
    )
    take(database, run, content)
    found = rows(database, "phases", run, "number, attempt, phase, began, ended")
    assert found == [
        (0, 1, "prepare", 10, 11),
        (1, 1, "compile", 11, 11),
        (2, 1, "train", 13, 13),
        (3, 2, "prepare", 90, 90),
        (4, 2, "evaluate", 92, 92),
    ]
