"""The plot of a run with its switches, legend and options; draws what the feed brings."""

from __future__ import annotations

import dataclasses

import numpy as np
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from minimind.events import Event
from minimind.run_state import RunState
from minimind.text import _
from studio.services.run_service import RunService
from studio.store.records import PhaseSpan, Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.plot import smoothing
from studio.ui.plot.marks import EndValue
from studio.ui.run import machine, plot_marks
from studio.ui.run.metrics import AXES, METRICS, Metric, next_axis
from studio.ui.run.plot_feed import PlotFeed
from studio.ui.run.plot_legend import LegendItem, PlotLegend
from studio.ui.run.plot_options import PlotOptions, PlotOptionsPopup
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.labels import ElidedLabel
from studio.ui.widgets.loss_plot import LossPlot
from studio.ui.widgets.segmented import SegmentedControl

_RAW, _SMOOTH = "raw", "smooth"
# an axis shorter than this many steps would stretch with every step of a young run
_LEAST_STEPS = 20


class PlotPanel(QWidget):
    """Switches, legend, plot and lanes of one run.

    `axis_switch` and `options_button` may be taken into another line (the tabs of a narrow window).

    Signals:
        options_changed(PlotOptions): to be remembered.
        copy_wanted: the visible figures as text, to the clipboard.
    """

    options_changed = Signal(object)
    copy_wanted = Signal(str)

    def __init__(self, appearance: Appearance, runs: RunService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.feed = PlotFeed(runs, self)
        self._run: Run | None = None
        self._events: list[Event] = []
        self._phases: list[PhaseSpan] = []
        self._vocabulary: int | None = None
        self._planned: int | None = None
        self._most_lanes = machine.NORMAL_LANES
        self.plot = LossPlot(appearance)
        self.metric_switch = SegmentedControl(appearance)
        self.axis_switch = SegmentedControl(appearance)
        self.options_button = IconButton(appearance, "sliders-horizontal", kind="normal", small=True)
        self.popup = PlotOptionsPopup(appearance, self)
        self.legend = PlotLegend(appearance)
        self.latest_chip = Button(appearance, icon="chevron-right", size="small", parent=self.plot)
        self.latest_chip.hide()
        self.note = ElidedLabel(role="small", tone="3")
        self.note.setContentsMargins(14, 0, 14, 6)
        self.note.hide()
        self._lay_out()
        self._connect()
        self.retranslate()

    # -- what is shown -------------------------------------------------------------------------

    def watch(self, run: Run) -> None:
        """Another run: everything in sight, no crosshair."""
        self._run = run
        self._events, self._phases = [], []
        self.plot.set_crosshair(None)
        self.plot.reset_zoom()
        self.metric_switch.set_segments(self._segments(run))
        self.feed.metric = self.metric_switch.current() or "loss"
        self.feed.watch(run.run_id)
        self._draw()

    def show_run(
        self,
        run: Run,
        events: list[Event],
        phases: list[PhaseSpan],
        *,
        vocabulary: int | None = None,
        planned: int | None = None,
    ) -> None:
        """The run as it is now, with what marks the plot.

        Args:
            run, events, phases: as the service knows them.
            vocabulary: how many tokens a guess chooses from.
            planned: steps, before the trainer says how many.
        """
        self._run, self._events, self._phases, self._vocabulary = run, events, phases, vocabulary
        self._planned = run.total_steps or planned
        self.feed.set_start_up(plot_marks.start_up(run, phases))
        self.metric_switch.set_segments(self._segments(run))
        self._draw()

    def set_options(self, options: PlotOptions) -> None:
        """Draw it in another way."""
        self.popup.set_options(options)
        self._apply_options(options)

    def set_room(self, *, compact: bool, lanes: int) -> None:
        """How much room the window has: lanes of 30 or 42 px, and how many at most."""
        self._most_lanes = lanes
        self.plot.lanes.compact = compact
        self._draw()

    def retranslate(self) -> None:
        """Set every text in the language in force."""
        if self._run is not None:
            self.metric_switch.set_segments(self._segments(self._run))
        self.metric_switch.setAccessibleName(_("Curve"))
        self.axis_switch.set_segments([(axis.key, _(axis.segment)) for axis in AXES.values()])
        self.axis_switch.setAccessibleName(_("Horizontal axis"))
        self.axis_switch.setToolTip(_("Horizontal axis") + "  X")
        self.options_button.set_name(_("How the plot is drawn"))
        self.latest_chip.setText(_("Back to the newest"))
        self.note.setText(_("No NVIDIA driver, so this shows processor and memory"))
        self.plot.setAccessibleName(_("Curves of the run"))
        self._draw()

    # -- what keys do --------------------------------------------------------------------------

    def use_next_axis(self) -> None:
        """Steps, tokens, time, and again."""
        self._choose_axis(next_axis(self.feed.axis))

    def smooth_more(self, by: int) -> None:
        """One stop of the slider longer (1) or shorter (-1)."""
        longer = smoothing.longer(self.popup.options.smoothing, by)
        options = dataclasses.replace(self.popup.options, smoothing=longer)
        self.set_options(options)
        self.options_changed.emit(options)

    def show_step(self, step: int) -> None:
        """Put the crosshair at a step, moving there if it is out of sight."""
        place = self.feed.place_of(float(step))
        if place is not None:
            lo, hi = self.plot.visible
            if not lo <= place <= hi:
                self.plot.reset_zoom()
            self.plot.set_crosshair(place)

    def as_table(self) -> str:
        """The visible measured values, tab-separated, for a spreadsheet."""
        lo, hi = self.plot.visible
        curve = self.feed.curve
        inside = (curve.x >= lo) & (curve.x <= hi)
        steps = self.feed.steps_of(curve.x)
        lines = [f"step\t{self.feed.metric}"]
        for step, value in zip(steps[inside], curve.y[inside], strict=True):
            lines.append(f"{round(step)}\t{value:.6g}")
        return "\n".join(lines)

    # -- inside --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.bar = QHBoxLayout()
        self.bar.setSpacing(8)
        self.bar.addWidget(self.metric_switch)
        self.bar.addSpacing(8)
        self.bar.addWidget(self.legend, 1)
        self.bar.addWidget(self.axis_switch)
        self.bar.addWidget(self.options_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self.bar)
        column.addWidget(self.plot, 1)
        column.addWidget(self.note)
        self.plot.installEventFilter(self)

    def _connect(self) -> None:
        self.feed.changed.connect(self._draw)
        self.metric_switch.selected.connect(self._choose_metric)
        self.axis_switch.selected.connect(self._choose_axis)
        self.options_button.clicked.connect(lambda: self.popup.open_below(self.options_button))
        self.popup.changed.connect(self._on_options_changed)
        self.plot.range_changed.connect(self._on_range_changed)
        self.plot.following_changed.connect(lambda following: self.latest_chip.setVisible(not following))
        self.plot.crosshair_moved.connect(lambda _x: self._draw_readout())
        self.latest_chip.clicked.connect(self.plot.go_latest)
        self._appearance.changed.connect(self.retranslate)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.feed.set_live(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.feed.set_live(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot and event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place_chip()
        return super().eventFilter(watched, event)

    def _place_chip(self) -> None:
        self.latest_chip.adjustSize()
        area = self.plot.area
        x = int(area.right()) - self.latest_chip.width() - 8
        self.latest_chip.move(max(0, x), int(area.top()) + 8)

    def _segments(self, run: Run) -> list[tuple[str, str]]:
        known = [key for key in METRICS if not run.metrics or key in run.metrics or key == "loss"]
        return [(key, _(METRICS[key].segment)) for key in known]

    @property
    def _metric(self) -> Metric:
        return METRICS[self.feed.metric]

    def _choose_metric(self, key: str) -> None:
        if key != self.feed.metric:
            self.feed.choose(metric=key)
            self._draw()

    def _choose_axis(self, key: str) -> None:
        if key == self.feed.axis:
            return
        self.axis_switch.select(key)
        self.plot.set_crosshair(None)
        self.plot.mapping.view.reset()
        self.feed.choose(axis=key)
        self._draw()

    def _on_options_changed(self, options: PlotOptions) -> None:
        self._apply_options(options)
        self.options_changed.emit(options)

    def _apply_options(self, options: PlotOptions) -> None:
        self.feed.smoothing = options.smoothing
        self.plot.set_scales(x_log=options.x_log, y_log=options.y_log, cut=options.cut)
        # a longer average reaches further back than what was read
        if not self.plot.mapping.view.whole:
            self.feed.request()
        self._draw()

    def _on_range_changed(self, lo: float, hi: float) -> None:
        self.feed.look_at(None if self.plot.mapping.view.whole else (lo, hi))

    def _extent(self, run: Run) -> tuple[float, float]:
        last = self.feed.last_place
        # the last evaluation comes after the last step
        newest = max((float(c.x[-1]) for c in (self.feed.curve, self.feed.held_out) if len(c.x)), default=0.0)
        if self.feed.axis == "step":
            if not run.step:
                return 0.0, float(self._planned or 1000)
            least = min(_LEAST_STEPS, self._planned or _LEAST_STEPS)
            return 0.0, max(float(run.step), newest, float(least))
        if self.feed.axis == "tokens":
            return 0.0, max(last or 0.0, newest, float(run.tokens or 0), 1.0)
        return 0.0, max(last or 0.0, newest, 1.0)

    def _draw(self) -> None:
        """Everything that is known, in one pass."""
        run, plot, metric = self._run, self.plot, self._metric
        if run is None:
            return
        axis = AXES[self.feed.axis]
        plot.set_axes(x_ticks=axis.ticks, x_text=axis.text, y_text=metric.tick)
        plot.set_extent(*self._extent(run))
        self._draw_curves(metric)
        self._draw_lanes(run)
        place = self.feed.place_of
        marks = plot_marks.marks(run, self._events, place)
        saved = [x for step in run.checkpoints if (x := place(float(step))) is not None]
        bands = []
        if self.feed.axis == "time":
            bands = plot_marks.bands(run, self._phases)
        plot.set_marks(marks, saved, bands)
        self._draw_empty(run)
        plot.refresh()
        self._show_note()
        self._place_chip()
        self._draw_readout()

    def _draw_curves(self, metric: Metric) -> None:
        curve, plot = self.feed.curve, self.plot
        smoothed = metric.smoothed and self.feed.smoothing > smoothing.OFF
        ends = []
        if smoothed:
            average = self.feed.smoothed()
            plot.set_line(_RAW, curve.x, curve.y, token="raw1")
            plot.set_line(_SMOOTH, average.x, average.y, token="curve1", smooth=True)
        else:
            average = curve
            plot.remove_line(_SMOOTH)
            plot.set_line(_RAW, curve.x, curve.y, token="curve1")
        held = self.feed.held_out if metric.held_out else None
        nothing = np.empty(0)
        plot.set_dots(held.x if held else nothing, held.y if held else nothing)
        in_sight = held.y[held.x <= self.plot.visible[1]] if held is not None else nothing
        if len(in_sight):
            value = float(in_sight[-1])
            ends.append(EndValue(y=value, text=fmt.loss(value), token="curve2"))
        known = average.y[np.isfinite(average.y)]
        if len(known):
            value = float(known[-1])
            text = fmt.loss(value) if metric.key == "loss" else metric.tick(value, [value])
            ends.append(EndValue(y=value, text=text, token="curve1"))
        plot.set_end_values(ends)

    def _draw_lanes(self, run: Run) -> None:
        hardware = self.feed.hardware
        if hardware is None:
            self.plot.lanes.set_lanes([])
            return
        ran_out = run.error is not None and run.error.code == "out_of_memory"
        shown = machine.lanes(hardware, self._most_lanes, memory_first=ran_out)
        self.plot.lanes.set_lanes(shown)
        xs = self.plot.mapping.drawn_xs(hardware.x)
        for lane in shown:
            self.plot.lanes.set_data(lane.name, xs, hardware.lanes[lane.name])

    def _show_note(self) -> None:
        hardware, plot = self.feed.hardware, self.plot
        shown = bool(plot.lanes.shown) and hardware is not None and not machine.has_card(hardware)
        if shown and self.note.isHidden():
            # not where its height would cost the last lane, of which it speaks
            needed = plot.minimumHeight() + plot.lanes.each + self.note.sizeHint().height()
            shown = plot.height() >= needed
        self.note.setVisible(shown)

    def _draw_empty(self, run: Run) -> None:
        message = ""
        if not len(self.feed.curve.x) and not len(self.feed.held_out.x):
            if run.state in (RunState.QUEUED, RunState.STARTING, RunState.RUNNING):
                message = _("The curve appears here after the first step")
            elif not run.step:
                message = _("There is no curve: it ended before its first step")
        faint = None
        if message and self.feed.metric == "loss" and self._vocabulary:
            expected = float(np.log(self._vocabulary))
            text = f"{fmt.loss(expected)} = ln {self._vocabulary}"
            faint = (expected, _("{value}, where guessing begins").format(value=text))
        self.plot.set_empty(message, faint)

    def _draw_readout(self) -> None:
        x, metric = self.plot.crosshair, self._metric
        self.legend.set_items(self._legend(metric) if x is None else self._readout(metric, x))
        lanes = self.plot.lanes
        at = self.plot.mapping.drawn_x(self.plot.mapping.extent[1] if x is None else x)
        lanes.set_values(machine.values(list(lanes.lanes), lambda name: lanes.value_at(name, at)))
        self.plot.setAccessibleDescription(self.legend.text())
        self.plot.viewport().update()

    def _legend(self, metric: Metric) -> list[LegendItem]:
        name = _(metric.name)
        if not (metric.smoothed and self.feed.smoothing > smoothing.OFF):
            items = [LegendItem(text=name, shape="line", strong=True)]
        else:
            text = _("{name}, smoothed").format(name=name)
            items = [
                LegendItem(text=text, shape="line", strong=True),
                LegendItem(text=_("raw"), shape="line", token="raw1"),
            ]
        if metric.held_out:
            items.append(LegendItem(text=_("Held-out loss"), shape="dot", token="curve2", strong=True))
        return items

    def _readout(self, metric: Metric, x: float) -> list[LegendItem]:
        def value(number: float | None) -> str:
            return fmt.UNKNOWN if number is None else metric.text(number)

        step = round(float(self.feed.steps_of(np.array([x]))[0]))
        items = [LegendItem(text=_("Step {step}").format(step=fmt.exact(step)), strong=True)]
        if self.feed.axis != "step":
            items.append(LegendItem(text=AXES[self.feed.axis].text(x)))
        raw = value(self.plot.value_at(_RAW, x))
        if metric.smoothed and self.feed.smoothing > smoothing.OFF:
            smooth = value(self.plot.value_at(_SMOOTH, x))
            text = _("Smoothed {value}").format(value=smooth)
            items.append(LegendItem(text=text, shape="line", strong=True))
            items.append(LegendItem(text=_("Raw {value}").format(value=raw), shape="line", token="raw1"))
        else:
            items.append(LegendItem(text=f"{_(metric.name)} {raw}", shape="line", strong=True))
        held = self.feed.held_out
        if metric.held_out and len(held.x):
            at = int(np.argmin(np.abs(held.x - x)))
            text = _("Held-out {value}").format(value=value(float(held.y[at])))
            items.append(LegendItem(text=text, shape="dot", token="curve2", strong=True))
        return items
