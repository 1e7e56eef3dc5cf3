"""Everything that is known of a run, drawn into a plot: on screen, or for a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minimind.events import Event
from minimind.run_state import RunState
from minimind.text import _
from studio.store.records import PhaseSpan, Run
from studio.ui import format as fmt
from studio.ui.plot import smoothing
from studio.ui.plot.marks import EndValue
from studio.ui.run import machine, plot_marks
from studio.ui.run.metrics import AXES, METRICS, Metric
from studio.ui.run.plot_feed import PlotFeed
from studio.ui.widgets.loss_plot import LossPlot

RAW, SMOOTH = "raw", "smooth"
# an axis shorter than this many steps would stretch with every step of a young run
_LEAST_STEPS = 20


@dataclass(frozen=True, kw_only=True)
class PlotPicture:
    """One run as it is now.

    Attributes:
        run, events, phases: as the service knows them.
        feed: its curves, in the metric and on the axis that a person chose.
        vocabulary: how many tokens a guess chooses from; None where nobody knows.
        planned: steps, also before the trainer says how many; None where nobody knows.
        most_lanes: how many lanes of hardware the window has room for; 0 = a person wants none.
    """

    run: Run
    feed: PlotFeed
    events: tuple[Event, ...] = ()
    phases: tuple[PhaseSpan, ...] = ()
    vocabulary: int | None = None
    planned: int | None = None
    most_lanes: int = machine.NORMAL_LANES

    @property
    def metric(self) -> Metric:
        """The curve that was chosen."""
        return METRICS[self.feed.metric]

    @property
    def is_smoothed(self) -> bool:
        """Whether an average is drawn over the measured values."""
        return self.metric.smoothed and self.feed.smoothing > smoothing.OFF

    def draw(self, plot: LossPlot) -> None:
        """Everything, in one pass."""
        axis, place = AXES[self.feed.axis], self.feed.place_of
        plot.set_axes(x_ticks=axis.ticks, x_text=axis.text, y_text=self.metric.tick)
        plot.set_extent(*self._extent())
        self._draw_curves(plot)
        self._draw_lanes(plot)
        marks = plot_marks.marks(self.run, list(self.events), place)
        saved = [x for step in self.run.checkpoints if (x := place(float(step))) is not None]
        on_time = self.feed.axis == "time"
        bands = plot_marks.bands(self.run, list(self.phases)) if on_time else []
        plot.set_marks(marks, saved, bands)
        self._draw_empty(plot)
        plot.refresh()

    def _extent(self) -> tuple[float, float]:
        run, feed = self.run, self.feed
        last = feed.last_place
        # the last evaluation comes after the last step
        newest = max((float(c.x[-1]) for c in (feed.curve, feed.held_out) if len(c.x)), default=0.0)
        if feed.axis == "step":
            if not run.step:
                return 0.0, float(self.planned or 1000)
            least = min(_LEAST_STEPS, self.planned or _LEAST_STEPS)
            return 0.0, max(float(run.step), newest, float(least))
        if feed.axis == "tokens":
            return 0.0, max(last or 0.0, newest, float(run.tokens or 0), 1.0)
        return 0.0, max(last or 0.0, newest, 1.0)

    def _draw_curves(self, plot: LossPlot) -> None:
        curve, metric = self.feed.curve, self.metric
        ends = []
        if self.is_smoothed:
            average = self.feed.smoothed()
            plot.set_line(RAW, curve.x, curve.y, token="raw1")
            plot.set_line(SMOOTH, average.x, average.y, token="curve1", smooth=True)
        else:
            average = curve
            plot.remove_line(SMOOTH)
            plot.set_line(RAW, curve.x, curve.y, token="curve1")
        held = self.feed.held_out if metric.held_out else None
        nothing = np.empty(0)
        plot.set_dots(held.x if held else nothing, held.y if held else nothing)
        in_sight = held.y[held.x <= plot.visible[1]] if held is not None else nothing
        if len(in_sight):
            value = float(in_sight[-1])
            ends.append(EndValue(y=value, text=fmt.loss(value), token="curve2"))
        known = average.y[np.isfinite(average.y)]
        if len(known):
            value = float(known[-1])
            text = fmt.loss(value) if metric.key == "loss" else metric.tick(value, [value])
            ends.append(EndValue(y=value, text=text, token="curve1"))
        plot.set_end_values(ends)

    def _draw_lanes(self, plot: LossPlot) -> None:
        hardware = self.feed.hardware
        if hardware is None or not self.most_lanes:
            plot.lanes.set_lanes([])
            return
        ran_out = self.run.error is not None and self.run.error.code == "out_of_memory"
        shown = machine.lanes(hardware, self.most_lanes, memory_first=ran_out)
        plot.lanes.set_lanes(shown)
        xs = plot.mapping.drawn_xs(hardware.x)
        for lane in shown:
            plot.lanes.set_data(lane.name, xs, hardware.lanes[lane.name])

    def _draw_empty(self, plot: LossPlot) -> None:
        message = ""
        if not len(self.feed.curve.x) and not len(self.feed.held_out.x):
            if self.run.state in (RunState.QUEUED, RunState.STARTING, RunState.RUNNING):
                message = _("The curve appears here after the first step")
            elif not self.run.step:
                message = _("There is no curve: it ended before its first step")
        faint = None
        if message and self.feed.metric == "loss" and self.vocabulary:
            expected = float(np.log(self.vocabulary))
            text = f"{fmt.loss(expected)} = ln {self.vocabulary}"
            faint = (expected, _("{value}, where guessing begins").format(value=text))
        plot.set_empty(message, faint)
