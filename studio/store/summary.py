"""The running summary of a run: what folding its events gives. Small, JSON, stored beside the cursor."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from minimind.events import Event
from studio.store.schema import STEP_COLUMNS

SPARK_POINTS = 96
METRICS_MAX = 64
PAUSED = "paused"
# the phase that an attempt begins with: what lies before it was not work
FIRST = "prepare"
# phases that come before `start` says which attempt it is
BEFORE_START = frozenset({FIRST, "compile"})
_WORK = frozenset({"step", "eval", "sample", "checkpoint", "stage", "done"})
# what the run page offers first; other metrics follow in the order in which they came
_CURVES = ("loss", "lr", "grad_norm", "tokens_per_s")
_NO_CURVES = ("tokens", "memory_bytes", "eta_s")


def number(value: Any) -> float | None:
    """A finite float, or None for whatever is none."""
    # exact types, as JSON gives them: a bool is no number, and this is asked for each field of each step
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return None
    return value if type(value) is float and math.isfinite(value) else None


def integer(value: Any) -> int | None:
    """A whole number that SQLite can hold, or None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(1 << 63) <= value < 1 << 63:
        return None
    return value


def is_metric(name: str) -> bool:
    """Whether a field of a step event can be drawn: its name is a plain word."""
    return name.isidentifier() and name.isascii()


@dataclass(kw_only=True)
class Sketch:
    """A curve in at most 96 values that grows in place: when it is full, neighbours merge."""

    values: list[float] = field(default_factory=list)
    stride: int = 1
    waiting: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """Take one more point of the curve."""
        self.waiting += value
        self.count += 1
        if self.count < self.stride:
            return
        self.values.append(self.waiting / self.count)
        self.waiting, self.count = 0.0, 0
        if len(self.values) >= SPARK_POINTS:
            pairs = zip(self.values[::2], self.values[1::2], strict=True)
            self.values = [(a + b) / 2 for a, b in pairs]
            self.stride *= 2

    def line(self) -> tuple[float, ...]:
        """What it shows now, the newest points included."""
        return (*self.values, self.waiting / self.count) if self.count else tuple(self.values)


@dataclass(kw_only=True)
class Span:
    """The phase that goes on."""

    number: int
    phase: str
    began: float
    ended: float
    done: float = 0.0
    total: float | None = None
    unit: str = ""


@dataclass(kw_only=True)
class Summary:
    """Folded events. After a `start` that supersedes steps, `rewind` puts the figures back.

    Attributes:
        first_t, start_t: unix seconds of the first and the newest start.
        last_t, work_t: of the newest event, and of the newest one that shows work of the attempt.
        before_s: seconds of work of the earlier attempts.
        last: figures of the newest step event.
        done: the `done` event of the newest attempt.
        error: its last `error` event.
        answered: ids of the requests that it acknowledged.
    """

    attempt: int = 0
    from_step: int = 0
    first_t: float | None = None
    start_t: float | None = None
    last_t: float | None = None
    work_t: float | None = None
    before_s: float = 0.0
    step: int = 0
    last: dict[str, float] = field(default_factory=dict)
    total_steps: int | None = None
    parameters: int | None = None
    trainable_parameters: int | None = None
    tokens_per_step: int | None = None
    device: str = ""
    val_loss: float | None = None
    bits_per_byte: float | None = None
    best_val_loss: float | None = None
    best_step: int | None = None
    metrics: list[str] = field(default_factory=list)
    spark: Sketch = field(default_factory=Sketch)
    span: Span | None = None
    spans: int = 0
    done: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    answered: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As the index stores it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Summary:
        """From the index."""
        spark, span = value.get("spark"), value.get("span")
        parts = {"spark": Sketch(**spark or {}), "span": Span(**span) if span else None}
        return cls(**{**value, **parts})

    @property
    def wall_s(self) -> float:
        """Seconds from start to the last sign of work, over all attempts."""
        return self.before_s + self._attempt_s()

    def curves(self) -> tuple[str, ...]:
        """Names of the metrics that there are, the usual ones first."""
        first = [name for name in _CURVES if name in self.metrics]
        return (*first, *(name for name in self.metrics if name not in (*_CURVES, *_NO_CURVES)))

    def _attempt_s(self) -> float:
        return max(0.0, (self.work_t or 0.0) - self.start_t) if self.start_t is not None else 0.0

    # -- the fold ------------------------------------------------------------------------------

    def take(self, event: Event) -> Span | None:
        """Fold one event in.

        Returns:
            The phase that ended with it, to be stored.
        """
        self.last_t = event.t if self.last_t is None else max(self.last_t, event.t)
        if event.kind in _WORK and self.work_t is not None:
            self.work_t = max(self.work_t, event.t)
        # preparing comes before `start`: whatever follows `done` belongs to the next attempt
        self.done = None
        match event.kind:
            case "start":
                return self._take_start(event)
            case "step":
                return self._take_step(event)
            case "progress":
                return self._take_progress(event)
            case "control":
                return self._take_control(event)
            case "done":
                return self._take_done(event)
            case "eval":
                self._take_eval(event)
            case "schedule":
                self.total_steps = integer(event.fields.get("total_steps")) or self.total_steps
            case "error":
                self.error = dict(event.fields)
        return None

    def rewind(
        self, *, step: int, last: dict[str, float], losses: Iterable[float], evaluations: list[Event]
    ) -> None:
        """After a resume: the figures as they stood at the last step that still counts."""
        self.step, self.last, self.spark = step, last, Sketch()
        for loss in losses:
            self.spark.add(loss)
        self.val_loss = self.bits_per_byte = self.best_val_loss = self.best_step = None
        for event in evaluations:
            self._take_eval(event)

    def _take_start(self, event: Event) -> Span | None:
        self.before_s, ended = self.before_s + self._attempt_s(), self.span
        fields = event.fields
        self.attempt = integer(fields.get("attempt")) or self.attempt + 1
        self.from_step = integer(fields.get("from_step")) or 0
        self.start_t = self.work_t = event.t
        self.first_t = event.t if self.first_t is None else self.first_t
        for name in ("parameters", "trainable_parameters", "tokens_per_step", "total_steps"):
            setattr(self, name, integer(fields.get(name)))
        self.device = str(fields.get("device") or "")
        self.span = self.error = None
        return ended

    def _take_step(self, event: Event) -> Span | None:
        step = integer(event.step)
        if step is None:
            return None
        self.step, self.last = step, {}
        for name, value in event.fields.items():
            known = number(value)
            if known is None or name == "step":
                continue
            if name in STEP_COLUMNS:
                self.last[name] = known
            if name not in self.metrics and is_metric(name) and len(self.metrics) < METRICS_MAX:
                self.metrics.append(name)
        if "loss" in self.last:
            self.spark.add(self.last["loss"])
        # a paused trainer finishes the step that it is in
        if self.span is not None and self.span.phase == PAUSED:
            return None
        return self._enter("train", event.t, done=step, total=self.total_steps, unit="steps")

    def _take_progress(self, event: Event) -> Span | None:
        fields = event.fields
        done = number(fields.get("done")) or 0.0
        total, unit = number(fields.get("total")), str(fields.get("unit") or "")
        return self._enter(str(fields.get("phase") or ""), event.t, done=done, total=total, unit=unit)

    def _enter(
        self, phase: str, t: float, *, done: float = 0.0, total: float | None = None, unit: str = ""
    ) -> Span | None:
        before = self.span
        if before is not None and before.phase == phase:
            before.ended = max(before.ended, t)
            before.done, before.total, before.unit = done, total, unit
            return None
        if before is not None and phase != FIRST:
            before.ended = max(before.ended, t)
        self.span = Span(number=self.spans, phase=phase, began=t, ended=t, done=done, total=total, unit=unit)
        self.spans += 1
        return before

    def _take_eval(self, event: Event) -> None:
        self.val_loss = number(event.fields.get("val_loss"))
        self.bits_per_byte = number(event.fields.get("bits_per_byte"))
        if self.val_loss is not None and (self.best_val_loss is None or self.val_loss < self.best_val_loss):
            self.best_val_loss, self.best_step = self.val_loss, integer(event.step)

    def _take_control(self, event: Event) -> Span | None:
        self.answered = [*self.answered[-99:], str(event.fields.get("id"))]
        action = event.fields.get("action")
        if action == "pause":
            return self._enter(PAUSED, event.t)
        if action == "resume" and self.span is not None and self.span.phase == PAUSED:
            return self._enter("train", event.t, done=self.step, total=self.total_steps, unit="steps")
        return None

    def _take_done(self, event: Event) -> Span | None:
        self.done = {**event.fields, "t": event.t}
        ended, self.span = self.span, None
        if ended is not None:
            ended.ended = max(ended.ended, event.t)
        return ended
