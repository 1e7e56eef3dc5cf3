"""The curves and axes that a run's plot offers, and how their numbers are written. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from minimind.text import N_
from studio.ui import format as fmt
from studio.ui.plot import scale


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A curve.

    Attributes:
        key: as `RunService.request_curve` takes it.
        segment: word on the switch, msgid.
        name: word in the legend, msgid.
        smoothed: whether an average is drawn over the measured values.
        held_out: key of the values measured on held-out text, shown as dots; empty for none.
        text: a value in the readout.
        tick: a value on the axis, with all ticks, so that all show the same number of digits.
    """

    key: str
    segment: str
    name: str
    text: Callable[[float], str]
    tick: Callable[[float, Sequence[float]], str]
    smoothed: bool = True
    held_out: str = ""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An x axis: steps, tokens, or seconds since the first start."""

    key: str
    segment: str
    ticks: Callable[[float, float, int], list[float]]
    text: Callable[[float], str]


def _plain(value: float, ticks: Sequence[float]) -> str:
    return f"{value:.{scale.decimals(list(ticks))}f}"


def clock(seconds: float) -> str:
    """Time on an axis: `0:30`, `12:05`, `1:20:00`."""
    whole = round(seconds)
    hours, rest = divmod(max(0, whole), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _three(value: float) -> str:
    return fmt.loss(value, digits=3)


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(
            key="loss",
            segment=N_("Loss"),
            name=N_("Training loss"),
            text=_three,
            tick=_plain,
            held_out="val_loss",
        ),
        Metric(
            key="lr",
            segment=N_("LR"),
            name=N_("Learning rate"),
            text=fmt.learning_rate,
            tick=lambda value, _ticks: fmt.learning_rate(value) if value else "0",
            smoothed=False,
        ),
        Metric(key="grad_norm", segment=N_("Grad"), name=N_("Gradient norm"), text=_three, tick=_plain),
        Metric(
            key="tokens_per_s",
            segment=N_("Speed"),
            name=N_("Speed"),
            text=fmt.speed,
            tick=lambda value, _ticks: fmt.count(value),
        ),
    )
}

AXES: dict[str, Axis] = {
    axis.key: axis
    for axis in (
        Axis(key="step", segment=N_("Step"), ticks=scale.whole_ticks, text=fmt.exact),
        Axis(key="tokens", segment=N_("Tok"), ticks=scale.linear_ticks, text=fmt.count),
        Axis(key="time", segment=N_("Time"), ticks=scale.time_ticks, text=clock),
    )
}


def next_axis(key: str) -> str:
    """The axis after this one, round and round."""
    keys = list(AXES)
    return keys[(keys.index(key) + 1) % len(keys)]
