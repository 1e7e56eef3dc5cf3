"""The line above a plot in words: what the curves are, or what they say at the crosshair."""

from __future__ import annotations

import numpy as np

from minimind.text import _
from studio.ui import format as fmt
from studio.ui.run import machine
from studio.ui.run.metrics import AXES
from studio.ui.run.plot_legend import LegendItem
from studio.ui.run.plot_picture import RAW, SMOOTH, PlotPicture
from studio.ui.widgets.loss_plot import LossPlot


def lane_values(plot: LossPlot, x: float | None = None) -> dict[str, str]:
    """What stands at the right of each lane: its value at x, the newest one where x is None."""
    at = plot.mapping.drawn_x(plot.mapping.extent[1] if x is None else x)
    return machine.values(list(plot.lanes.lanes), lambda name: plot.lanes.value_at(name, at))


def legend(picture: PlotPicture) -> list[LegendItem]:
    """What the curves are."""
    metric = picture.metric
    name = _(metric.name)
    if not picture.is_smoothed:
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


def readout(picture: PlotPicture, plot: LossPlot, x: float) -> list[LegendItem]:
    """What they say at x: step, smoothed, raw, nearest held-out."""
    metric, feed = picture.metric, picture.feed

    def value(number: float | None) -> str:
        return fmt.UNKNOWN if number is None else metric.text(number)

    step = round(float(feed.steps_of(np.array([x]))[0]))
    items = [LegendItem(text=_("Step {step}").format(step=fmt.exact(step)), strong=True)]
    if feed.axis != "step":
        items.append(LegendItem(text=AXES[feed.axis].text(x)))
    raw = value(plot.value_at(RAW, x))
    if picture.is_smoothed:
        text = _("Smoothed {value}").format(value=value(plot.value_at(SMOOTH, x)))
        items.append(LegendItem(text=text, shape="line", strong=True))
        items.append(LegendItem(text=_("Raw {value}").format(value=raw), shape="line", token="raw1"))
    else:
        items.append(LegendItem(text=f"{_(metric.name)} {raw}", shape="line", strong=True))
    held = feed.held_out
    if metric.held_out and len(held.x):
        at = int(np.argmin(np.abs(held.x - x)))
        text = _("Held-out {value}").format(value=value(float(held.y[at])))
        items.append(LegendItem(text=text, shape="dot", token="curve2", strong=True))
    return items
