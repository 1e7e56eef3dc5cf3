from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.events import Event
from studio.store.summary import SPARK_POINTS, Sketch, Summary, integer, number


def event(kind: str, t: float = 1000.0, **fields) -> Event:
    return Event(kind=kind, seq=1, t=t, fields=fields)


def folded(*events: Event) -> Summary:
    summary = Summary()
    for one in events:
        summary.take(one)
    return summary


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), max_size=2000))
def test_a_sketch_keeps_the_mean_and_never_grows_too_long(values):
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    line = sketch.line()
    assert len(line) <= SPARK_POINTS
    assert bool(line) == bool(values)
    if values:
        assert min(values) - 1e-9 <= min(line) <= max(line) <= max(values) + 1e-9


def test_a_sketch_of_few_points_is_the_curve():
    sketch = Sketch()
    for value in (3.0, 2.0, 1.0):
        sketch.add(value)
    assert sketch.line() == (3.0, 2.0, 1.0)


def test_a_sketch_falls_when_the_curve_falls():
    sketch = Sketch()
    for value in range(1000, 0, -1):
        sketch.add(float(value))
    line = sketch.line()
    assert list(line) == sorted(line, reverse=True)


def test_figures_come_from_the_newest_events():
    summary = folded(
        event("start", attempt=1, from_step=0, total_steps=10, parameters=5, device="cpu"),
        event("step", 1001, step=1, loss=9.0, lr=0.1, tokens=64, reward=0.5, odd="text"),
        event("eval", 1001, step=1, val_loss=8.0, bits_per_byte=2.0),
        event("step", 1002, step=2, loss=None, lr=0.2, tokens=128),
        event("eval", 1002, step=2, val_loss=9.0, bits_per_byte=2.1),
    )
    assert (summary.step, summary.total_steps, summary.parameters, summary.device) == (2, 10, 5, "cpu")
    assert summary.last == {"lr": 0.2, "tokens": 128.0}
    assert (summary.val_loss, summary.best_val_loss, summary.best_step) == (9.0, 8.0, 1)
    assert summary.curves() == ("loss", "lr", "reward")
    assert summary.spark.line() == (9.0,)


def test_a_schedule_says_how_many_steps():
    summary = folded(event("start", attempt=1, total_steps=None), event("schedule", total_steps=77))
    assert summary.total_steps == 77


def test_work_is_counted_from_start_to_the_last_sign_over_all_attempts():
    summary = folded(
        event("progress", 990, phase="prepare", done=1, total=2, unit="bytes"),
        event("start", 1000, attempt=1, from_step=0),
        event("step", 1010, step=1, loss=1.0),
        # killed; two days later:
        event("progress", 180_000, phase="prepare", done=1, total=2, unit="bytes"),
        event("warning", 180_001, code="not_identical"),
        event("start", 180_005, attempt=2, from_step=0),
        event("step", 180_008, step=1, loss=1.0),
        event("done", 180_009, status="stopped"),
    )
    assert summary.wall_s == 10 + 4
    assert summary.first_t == 1000


def test_phases_follow_the_clock_and_a_gap_is_none():
    summary = Summary()
    ended = []
    for one in (
        event("progress", 10, phase="prepare", done=0, total=100, unit="bytes"),
        event("progress", 12, phase="prepare", done=100, total=100, unit="bytes"),
        event("start", 13, attempt=1),
        event("step", 14, step=1, loss=1.0),
        event("control", 15, id="a", action="pause"),
        event("step", 15.5, step=2, loss=1.0),
        event("control", 20, id="b", action="resume"),
        event("step", 21, step=3, loss=1.0),
        event("progress", 22, phase="save", done=0, total=1, unit="files"),
        # killed
        event("progress", 500, phase="prepare", done=0, total=100, unit="bytes"),
    ):
        span = summary.take(one)
        if span is not None:
            ended.append((span.number, span.phase, span.began, span.ended))
    assert ended == [
        (0, "prepare", 10, 12),
        (1, "train", 14, 15),
        (2, "paused", 15, 20),
        (3, "train", 20, 22),
        (4, "save", 22, 22),
    ]
    assert summary.span is not None
    assert (summary.span.number, summary.span.phase) == (5, "prepare")


def test_done_belongs_to_the_attempt_that_said_it():
    done = event("done", status="failed", step=3)
    summary = folded(event("start", attempt=1), event("error", code="crashed", params={}), done)
    assert summary.done is not None
    assert summary.error is not None
    summary.take(event("progress", phase="prepare", done=0, total=1, unit="bytes"))
    assert summary.done is None
    summary.take(event("start", attempt=2, from_step=2))
    assert summary.error is None
    assert (summary.attempt, summary.from_step) == (2, 2)


def test_acknowledged_requests_are_remembered():
    summary = folded(*(event("control", id=str(n), action="save") for n in range(150)))
    assert len(summary.answered) == 100
    assert summary.answered[-1] == "149"


@pytest.mark.parametrize(
    ("value", "as_number", "as_integer"),
    [
        (1, 1.0, 1),
        (1.5, 1.5, None),
        (2.0, 2.0, 2),
        (True, None, None),
        ("1", None, None),
        (None, None, None),
        (float("nan"), None, None),
        (float("inf"), None, None),
        (1 << 63, 2.0**63, None),
        (10**400, None, None),
        ((1 << 63) - 1, 2.0**63, (1 << 63) - 1),
    ],
)
def test_numbers_that_the_index_can_hold(value, as_number, as_integer):
    assert number(value) == as_number
    assert integer(value) == as_integer
