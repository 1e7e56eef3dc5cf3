"""The plot of a run with its switches, legend and options; draws what the feed brings."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from minimind.events import Event
from minimind.text import _
from studio.services.run_service import RunService
from studio.store.records import PhaseSpan, Run
from studio.ui.appearance import Appearance
from studio.ui.plot import smoothing
from studio.ui.run import machine, plot_marks
from studio.ui.run.metrics import AXES, METRICS, next_axis
from studio.ui.run.plot_feed import PlotFeed
from studio.ui.run.plot_legend import PlotLegend
from studio.ui.run.plot_options import PlotOptions, PlotOptionsPopup
from studio.ui.run.plot_picture import PlotPicture
from studio.ui.run.plot_readout import lane_values, legend, readout
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.labels import ElidedLabel
from studio.ui.widgets.loss_plot import LossPlot
from studio.ui.widgets.segmented import SegmentedControl


class PlotPanel(QWidget):
    """Switches, legend, plot and lanes of one run.

    `axis_switch` and `options_button` may be taken into another line (the tabs of a narrow window).

    Signals:
        options_changed(PlotOptions): to be remembered.
        export_wanted(str): png, svg or csv.
    """

    options_changed = Signal(object)
    export_wanted = Signal(str)

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

    def picture(self) -> PlotPicture | None:
        """What the plot shows now; None before there is a run."""
        if self._run is None:
            return None
        return PlotPicture(
            run=self._run,
            feed=self.feed,
            events=tuple(self._events),
            phases=tuple(self._phases),
            vocabulary=self._vocabulary,
            planned=self._planned,
            most_lanes=self._most_lanes if self.popup.options.lanes else 0,
        )

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
        self.popup.export_wanted.connect(self.export_wanted)
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

    def _draw(self) -> None:
        """Everything that is known, in one pass."""
        picture = self.picture()
        if picture is None:
            return
        picture.draw(self.plot)
        self._show_note()
        self._place_chip()
        self._draw_readout()

    def _show_note(self) -> None:
        hardware, plot = self.feed.hardware, self.plot
        shown = bool(plot.lanes.shown) and hardware is not None and not machine.has_card(hardware)
        if shown and self.note.isHidden():
            # not where its height would cost the last lane, of which it speaks
            needed = plot.minimumHeight() + plot.lanes.each + self.note.sizeHint().height()
            shown = plot.height() >= needed
        self.note.setVisible(shown)

    def _draw_readout(self) -> None:
        picture, x = self.picture(), self.plot.crosshair
        if picture is None:
            return
        self.legend.set_items(legend(picture) if x is None else readout(picture, self.plot, x))
        self.plot.lanes.set_values(lane_values(self.plot, x))
        self.plot.setAccessibleDescription(self.legend.text())
        self.plot.viewport().update()
