"""What a plot of a run shows, asked for in the stretch that is in sight, as often as it can be read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from studio.services.run_service import RunService
from studio.store.records import Curve, HardwareLanes
from studio.ui.plot import smoothing
from studio.ui.run.metrics import METRICS

Array = NDArray[np.float64]

GROWTH_MS = 500
HAND_MS = 100
MOST_POINTS = 4000
MOST_SAMPLES = 2000
_NOTHING = np.empty(0)
_EMPTY = Curve(x=_NOTHING, y=_NOTHING)


@dataclass(frozen=True, kw_only=True)
class Token:
    """Names an answer: one for another run, metric or axis than the present ones is of no use any more."""

    kind: str
    run_id: str
    metric: str
    axis: str


class PlotFeed(QObject):
    """Holds the curve, the held-out values, the hardware and the steps ↔ x map of one run.

    Signals:
        changed: something arrived.
    """

    changed = Signal()

    def __init__(self, runs: RunService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.run_id = ""
        self.metric = "loss"
        self.axis = "step"
        self.smoothing = smoothing.DEFAULT
        self._live = False
        self._shift = 0.0
        self._visible: tuple[float, float] | None = None
        self.curve = _EMPTY
        self.held_out = _EMPTY
        self.hardware: HardwareLanes | None = None
        self._steps = _EMPTY
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.request)
        runs.curve_grew.connect(self._on_curve_grew)
        runs.curve_ready.connect(self._on_curve_ready)
        runs.hardware_ready.connect(self._on_hardware_ready)

    def watch(self, run_id: str) -> None:
        """Show another run; everything known is of the old one."""
        self.run_id = run_id
        self._visible = None
        self.hardware = None
        self._forget()
        self.request()

    def set_live(self, live: bool) -> None:
        """Whether somebody looks: a hidden plot asks for nothing, and for everything when it shows."""
        if live and not self._live:
            self.request()
        self._live = live
        if not live:
            self._timer.stop()

    def choose(self, *, metric: str | None = None, axis: str | None = None) -> None:
        """Another curve, or another x axis."""
        if metric is not None:
            self.metric = metric
        if axis is not None and axis != self.axis:
            self.axis, self._visible, self.hardware, self._steps = axis, None, None, _EMPTY
        self.curve = self.held_out = _EMPTY
        self.request()

    def set_start_up(self, seconds: float) -> None:
        """How long the first attempt prepared before it began: the time axis starts there, so that it shows.

        The service counts time from the `start` event.
        """
        if seconds != self._shift:
            self._shift = seconds
            if self.axis == "time":
                self._forget()
                self.hardware = None
                self.request()

    def look_at(self, visible: tuple[float, float] | None) -> None:
        """What is in sight, in the axis' units; None: everything. By hand it is asked for at 10 Hz."""
        if visible != self._visible:
            self._visible = visible
            self._soon(HAND_MS)

    @property
    def looked_at(self) -> tuple[float | None, float | None]:
        """What is in sight, as the service counts it; None for no limit."""
        lo, hi = self._visible if self._visible is not None else (None, None)
        return self._out(lo), self._out(hi)

    def request(self) -> None:
        """Ask for everything that the present view needs."""
        self._timer.stop()
        if not self.run_id:
            return
        lo, hi = self._visible if self._visible is not None else (None, None)
        lead = None if lo is None else lo - self._lead_in(lo)
        self._ask("curve", self.metric, lead, hi)
        held_out = METRICS[self.metric].held_out if self.metric in METRICS else ""
        if held_out:
            self._ask("held_out", held_out, None, None)
        if self.axis != "step":
            self._ask("steps", "step", None, None)
        self._runs.request_hardware(
            self.run_id,
            x=self.axis,
            lo=self._out(lo),
            hi=self._out(hi),
            max_points=MOST_SAMPLES,
            token=self._token("hardware", ""),
        )

    # -- steps ↔ x -----------------------------------------------------------------------------

    def steps_of(self, xs: Array) -> Array:
        """Step numbers of places on the axis."""
        if self.axis == "step":
            return xs
        if len(self._steps.x) < 2:
            return np.arange(len(xs), dtype=np.float64)
        return np.interp(xs, self._steps.x, self._steps.y)

    def place_of(self, step: float) -> float | None:
        """Where a step lies on the axis; None while that is not known."""
        if self.axis == "step":
            return float(step)
        if len(self._steps.x) == 0:
            return None
        if step <= self._steps.y[0]:
            # step 0 was before the first measured one
            return 0.0 if self.axis == "tokens" and step == 0 else float(self._steps.x[0])
        return float(np.interp(step, self._steps.y, self._steps.x))

    @property
    def last_place(self) -> float | None:
        """The newest step's place on the axis."""
        if self.axis == "step" or len(self._steps.x) == 0:
            return None
        return float(self._steps.x[-1])

    def smoothed(self) -> Curve:
        """The average over the curve, in steps on every axis; over means where points were left out."""
        curve = self.curve
        if curve.mean_x is not None and curve.mean_y is not None:
            curve = Curve(x=curve.mean_x, y=curve.mean_y)
        return Curve(x=curve.x, y=smoothing.smooth(self.steps_of(curve.x), curve.y, self.smoothing))

    # -- inside --------------------------------------------------------------------------------

    def _lead_in(self, lo: float) -> float:
        """How far left of `lo` the average reaches, in the axis' units."""
        steps = smoothing.lead_in(self.smoothing) if METRICS[self.metric].smoothed else 0.0
        if self.axis == "step" or steps == 0:
            return steps
        at = float(self.steps_of(np.array([lo]))[0])
        before = self.place_of(max(0.0, at - steps))
        return 0.0 if before is None else max(0.0, lo - before)

    def _forget(self) -> None:
        self.curve = self.held_out = self._steps = _EMPTY

    def _token(self, kind: str, metric: str) -> Token:
        return Token(kind=kind, run_id=self.run_id, metric=metric, axis=self.axis)

    def _ask(self, kind: str, metric: str, lo: float | None, hi: float | None) -> None:
        self._runs.request_curve(
            self.run_id,
            metric,
            x=self.axis,
            lo=self._out(lo),
            hi=self._out(hi),
            max_points=MOST_POINTS,
            token=self._token(kind, metric),
        )

    def _out(self, x: float | None) -> float | None:
        """A place of ours as the service counts it."""
        return x if x is None or self.axis != "time" else x - self._shift

    def _in(self, xs: Array) -> Array:
        """Places of the service as we count them."""
        return xs + self._shift if self.axis == "time" and self._shift else xs

    def _soon(self, ms: int) -> None:
        if not self._timer.isActive() or self._timer.remainingTime() > ms:
            self._timer.start(ms)

    def _on_curve_grew(self, run_id: str) -> None:
        if run_id == self.run_id and self._live:
            self._soon(GROWTH_MS)

    def _on_curve_ready(self, token: object, curve: Curve) -> None:
        if not isinstance(token, Token):
            return
        means = None if curve.mean_x is None else self._in(curve.mean_x)
        curve = dataclasses.replace(curve, x=self._in(curve.x), mean_x=means)
        if token == self._token("curve", self.metric):
            self.curve = curve
        elif token == self._token("steps", "step"):
            good = np.isfinite(curve.x) & np.isfinite(curve.y)
            self._steps = Curve(x=curve.x[good], y=curve.y[good])
        elif token == self._token("held_out", METRICS[self.metric].held_out):
            good = np.isfinite(curve.y)
            self.held_out = Curve(x=curve.x[good], y=curve.y[good])
        else:
            return
        self.changed.emit()

    def _on_hardware_ready(self, token: object, hardware: HardwareLanes) -> None:
        if isinstance(token, Token) and token == self._token("hardware", ""):
            self.hardware = HardwareLanes(x=self._in(hardware.x), lanes=hardware.lanes)
            self.changed.emit()
