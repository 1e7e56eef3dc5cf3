"""The event lines of `events.jsonl`: writer and parser, the contract with everything outside.

One JSON object a line: `{"v": 1, "seq": n, "t": unix seconds, "kind": …, …}`. Readers skip unknown kinds
and fields.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimind.files import LineAppender, read_lines
from minimind.messages import english

VERSION = 1
KINDS = (
    "start",
    "step",
    "eval",
    "sample",
    "checkpoint",
    "progress",
    "schedule",
    "control",
    "stage",
    "warning",
    "error",
    "done",
)
# events that describe a point of the curve: superseded when a later attempt resumes before them
STEPPED = frozenset({"step", "eval", "sample", "checkpoint"})
# what a reader may not lose in a power cut
_SYNCED = frozenset({"start", "checkpoint", "error", "done"})


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line: kind, order, time and the rest as it stands in the file."""

    kind: str
    seq: int
    t: float
    fields: dict[str, Any]

    @property
    def step(self) -> int | None:
        """The step that the event speaks of, when it does."""
        value = self.fields.get("step")
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse_line(line: bytes) -> Event | None:
    """One event, or None for what this version cannot read (never an exception)."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("kind") not in KINDS:
        return None
    seq, t = value.get("seq"), value.get("t")
    if (
        not isinstance(seq, int)
        or isinstance(seq, bool)
        or not isinstance(t, int | float)
        or isinstance(t, bool)
    ):
        return None
    try:
        seconds = float(t)
    except OverflowError:
        return None
    if not math.isfinite(seconds):
        return None
    fields = {key: item for key, item in value.items() if key not in ("v", "seq", "t", "kind")}
    return Event(kind=value["kind"], seq=seq, t=seconds, fields=fields)


def read_events(path: Path) -> Iterator[Event]:
    """Every whole line of a file as it stands, superseded ones included."""
    for line in read_lines(path):
        event = parse_line(line)
        if event is not None:
            yield event


def effective(events: Iterable[Event]) -> list[Event]:
    """The events that count: a resume from step k drops what earlier attempts said about steps > k."""
    kept: list[Event] = []
    for event in events:
        if event.kind == "start":
            told = event.fields.get("from_step")
            from_step = told if isinstance(told, int) else 0
            kept = [e for e in kept if e.kind not in STEPPED or e.step is None or e.step <= from_step]
        kept.append(event)
    return kept


class EventWriter:
    """Appends events; one writer per run folder, which the folder's lock guarantees.

    `seq` goes on across attempts. NaN and infinity become null, since they are not JSON.
    """

    def __init__(self, path: Path) -> None:
        self._lines = LineAppender(path)
        self._seq = 0
        for event in read_events(path):
            self._seq = max(self._seq, event.seq)

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._seq

    def emit(self, kind: str, **fields: Any) -> None:
        """Append one event.

        Raises:
            OSError: no room or a disk error; the line is not in the file, its number is not used up.
        """
        if kind not in KINDS:
            raise ValueError(kind)
        body = {"v": VERSION, "seq": self._seq + 1, "t": round(time.time(), 3), "kind": kind, **clean(fields)}
        self._lines.append(json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
        self._seq += 1
        if kind in _SYNCED:
            self._lines.sync()

    def warn(self, code: str, **params: Any) -> str:
        """Append a `warning` by its code; returns the English sentence."""
        return self._say("warning", code, params)

    def fail(self, code: str, **params: Any) -> str:
        """Append an `error` by its code; returns the English sentence."""
        return self._say("error", code, params)

    def _say(self, kind: str, code: str, params: dict[str, Any]) -> str:
        message, advice = english(code, params)
        self.emit(kind, code=code, params=params, message=message, advice=advice)
        return message

    def close(self) -> None:
        """Sync and close."""
        self._lines.sync()
        self._lines.close()


def clean(value: Any) -> Any:
    """JSON-ready: floats that are not finite become None, numpy and torch scalars plain numbers."""
    if isinstance(value, dict):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if hasattr(value, "item"):
        return clean(value.item())
    return str(value)
