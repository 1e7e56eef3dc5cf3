from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.events import KINDS, STEPPED, Event, EventWriter, clean, effective, parse_line, read_events
from minimind.messages import MESSAGES


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_nothing(line):
    assert isinstance(parse_line(line), Event | None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["v", "seq", "t", "kind", "step", "loss", "from_step"]), json_values)
    | st.fixed_dictionaries({"seq": json_values, "t": json_values, "kind": st.sampled_from(KINDS)})
)
def test_any_object_is_an_event_or_nothing(value):
    event = parse_line(json.dumps(value).encode())
    if event is not None:
        assert event.kind in KINDS
        assert event.step is None or type(event.step) is int
        assert event.t == event.t
        effective([event, event])


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5), st.sampled_from(KINDS))
def test_what_is_written_is_read(tmp_path_factory, fields, kind):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    fields = {name: value for name, value in fields.items() if name not in ("kind", "v", "t", "seq", "self")}
    writer = EventWriter(path)
    writer.emit(kind, **fields)
    writer.close()
    (event,) = read_events(path)
    expected = json.loads(json.dumps(clean(fields)).encode("utf-8", "replace"))
    written = json.loads(json.dumps(expected, ensure_ascii=False).encode("utf-8", "replace"))
    assert (event.kind, event.seq, event.fields) == (kind, 1, written)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b'{"v":1,"seq":1,"t":1,"kind":"later"}',
        b'{"v":1,"seq":"1","t":1,"kind":"step"}',
        b'{"v":1,"seq":true,"t":1,"kind":"step"}',
        b'{"v":1,"seq":1,"t":true,"kind":"step"}',
        b'{"v":1,"seq":1,"t":NaN,"kind":"step"}',
        b'{"v":1,"seq":1,"t":1' + b"0" * 400 + b',"kind":"step"}',
        b'{"v":1,"seq":1,"kind":"step"}',
        b'{"v":1,"seq":1,"t":1,"kind":["step"]}',
        b'{"v":1,"seq":1,"t":1,"kind":"step"',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_event(line):
    assert parse_line(line) is None


def test_unknown_fields_are_kept_and_the_frame_is_not():
    event = parse_line(b'{"v":9,"seq":3,"t":4,"kind":"step","step":5,"later":[1]}')
    assert event == Event(kind="step", seq=3, t=4.0, fields={"step": 5, "later": [1]})
    assert event.step == 5


def test_numbers_go_on_across_attempts_and_the_torn_tail_goes(tmp_path):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.emit("start", attempt=1)
    writer.emit("step", step=1)
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"v":1,"seq":3,"t":1,"kind":"st')
    writer = EventWriter(path)
    assert writer.seq == 2
    writer.emit("start", attempt=2)
    writer.close()
    assert [event.seq for event in read_events(path)] == [1, 2, 3]


def test_what_is_no_number_is_null(tmp_path):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    values = {"a": float("nan"), "b": float("-inf"), "c": np.float32(1.5), "d": np.int64(7)}
    writer.emit("step", **values, e=[float("inf")], f=(1, 2), g=path, h=np.float64("nan"), i={1: True})
    writer.close()
    (event,) = read_events(path)
    plain = {"a": None, "b": None, "c": 1.5, "d": 7, "e": [None], "f": [1, 2], "g": str(path), "h": None}
    assert event.fields == {**plain, "i": {"1": True}}
    assert b"NaN" not in path.read_bytes()


def test_a_line_that_does_not_fit_uses_no_number_up(tmp_path, monkeypatch):
    writer = EventWriter(tmp_path / "events.jsonl")
    writer.emit("step", step=1)

    def full(line: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writer._lines, "append", full)
        with pytest.raises(OSError):
            writer.emit("step", step=2)
    writer.emit("step", step=2)
    writer.close()
    assert [event.seq for event in read_events(tmp_path / "events.jsonl")] == [1, 2]


@pytest.mark.parametrize("kind", ["start", "checkpoint", "error", "done"])
def test_what_may_not_be_lost_is_synced(tmp_path, monkeypatch, kind):
    writer = EventWriter(tmp_path / "events.jsonl")
    synced = []
    monkeypatch.setattr(writer._lines, "sync", lambda: synced.append(1))
    writer.emit("step", step=1)
    assert synced == []
    writer.emit(kind)
    assert synced == [1]
    monkeypatch.undo()
    writer.close()


def test_an_unknown_kind_is_our_mistake(tmp_path):
    writer = EventWriter(tmp_path / "events.jsonl")
    with pytest.raises(ValueError):
        writer.emit("stop")
    writer.close()


def test_warnings_and_errors_carry_their_sentence(tmp_path):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    said = writer.warn("no_heldout"), writer.fail("non_finite", step=7)
    writer.close()
    warning, error = read_events(path)
    assert (warning.kind, error.kind) == ("warning", "error")
    assert (warning.fields["message"], error.fields["message"]) == said
    assert error.fields == {
        "code": "non_finite",
        "params": {"step": 7},
        "message": "The loss is not a number at step 7.",
        "advice": MESSAGES["non_finite"].advice,
    }


def event(kind: str, step: int | None = None, **fields) -> Event:
    return Event(kind=kind, seq=0, t=0.0, fields=fields if step is None else {"step": step, **fields})


def test_a_resume_drops_what_lies_behind_it():
    history = [
        event("start", from_step=0),
        *(event(kind, step) for step in (1, 2, 3) for kind in sorted(STEPPED)),
        event("warning"),
        event("start", from_step=2),
        event("step", 3, second=True),
    ]
    kept = effective(history)
    assert [e.step for e in kept if e.kind == "step"] == [1, 2, 3]
    assert [e.fields.get("second") for e in kept if e.step == 3] == [True]
    assert [e.kind for e in kept].count("warning") == 1
    assert [e.kind for e in kept].count("start") == 2


@pytest.mark.parametrize("from_step", [None, "2", [1]])
def test_a_start_that_does_not_say_where_begins_at_nought(from_step):
    kept = effective([event("eval", 0), event("step", 1), event("start", from_step=from_step)])
    assert [(e.kind, e.step) for e in kept] == [("eval", 0), ("start", None)]
