"""The smoothed curve: an average over past steps that has no lag at the start. No Qt here."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OFF = 1
DEFAULT = 32
LONGEST = 500
# what the slider stops at; a plain 1 … 500 would spend most of its way on values that look alike
STOPS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 500)
# after this many spans less than 0.3% of what came before is left in the average
_SPANS_TO_FORGET = 6


def span_at(step: float, longest: float) -> float:
    """Steps that the average at `step` reaches back: a twelfth of the way so far, at most `longest`."""
    return max(1.0, min(step / 12, longest))


def smooth(steps: Array, values: Array, longest: float) -> Array:
    """Exponential moving average in steps, not in points: thinning the points leaves the curve in place.

    Between two points that lie n steps apart the past keeps (1 − 1/span)^n of its weight, so a point that
    stands for many steps counts as many.

    Args:
        steps: (n,) ascending step numbers.
        values: (n,) the measured values; NaN counts for nothing.
        longest: longest span in steps; 1 gives the values themselves.

    Returns:
        (n,) the average; NaN only before the first known value.
    """
    if longest <= OFF or len(values) == 0:
        return values.astype(np.float64, copy=True)
    out = np.empty(len(values), dtype=np.float64)
    average = math.nan
    before = math.nan
    for i, (step, value) in enumerate(zip(steps.tolist(), values.tolist(), strict=True)):
        if value == value:
            if average != average:
                average = value
            else:
                keep = _keep(span_at(step, longest), step - before)
                average = keep * average + (1 - keep) * value
            before = step
        out[i] = average
    return out


def _keep(span: float, distance: float) -> float:
    if span <= 1:
        return 0.0
    return float((1 - 1 / span) ** max(distance, 0.0))


def lead_in(longest: float) -> float:
    """Steps to read before the visible range, so that zooming does not change the smoothed curve."""
    return 0.0 if longest <= OFF else _SPANS_TO_FORGET * longest


def stop_of(span: float) -> int:
    """The slider's stop for a span, the nearest one by ratio."""
    return min(range(len(STOPS)), key=lambda i: abs(math.log(STOPS[i] / max(1.0, span))))


def longer(span: int, by: int) -> int:
    """The stop `by` places further along (negative: shorter), kept on the slider."""
    return STOPS[max(0, min(len(STOPS) - 1, stop_of(span) + by))]
