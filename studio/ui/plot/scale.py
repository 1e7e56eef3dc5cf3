"""Axes: ranges with a little air, ticks at round places, straight and logarithmic. No Qt here."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AIR = 0.04
_CUT_QUANTILE = 0.995
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
# per decade, for logarithmic axes that show few decades; the second row for one that shows a part of one
_LOG_FEW = (1.0, 2.0, 5.0)
_LOG_MANY = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


def value_range(
    values: Array, *, log: bool = False, cut: bool = False, first: int = 0
) -> tuple[float, float]:
    """What the y axis shows.

    Args:
        values: every value in sight; NaN and, on a logarithmic axis, values not above 0 are left aside.
        log: the air is a share of the drawn height, so it is taken after the logarithm.
        cut: leave out what lies above the 99.5th percentile of the values from `first` on.
        first: index of the first value that the percentile counts (the steep beginning would spoil it).

    Returns:
        (low, high), low < high, in the values' own units; (0, 1) when there is none, and above 0 with `log`.
    """
    good = values[np.isfinite(values)]
    counted = values[first:]
    counted = counted[np.isfinite(counted)]
    if log:
        good, counted = good[good > 0], counted[counted > 0]
    if len(good) == 0:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = float(good.min()), float(good.max())
    if cut and len(counted) >= 20:
        high = min(high, float(np.quantile(counted, _CUT_QUANTILE)))
        low = min(low, high)
    if log:
        a, b = _with_air(math.log10(low), math.log10(high), 0.05)
        return 10.0**a, 10.0**b
    return _with_air(low, high, max(abs(high) * 0.02, 1e-12))


def _with_air(low: float, high: float, least: float) -> tuple[float, float]:
    air = AIR * (high - low)
    if high - low < least:
        air = least
    return low - air, high + air


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round places between low and high."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    distance = _round_distance((high - low) / most)
    first, last = math.ceil(low / distance - 1e-9), math.floor(high / distance + 1e-9)
    return [_clean(i * distance) for i in range(first, last + 1)]


def _round_distance(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    for factor in _ROUND:
        if factor * power >= least * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def whole_ticks(low: float, high: float, most: int) -> list[float]:
    """Round places that are whole numbers: steps."""
    ticks = linear_ticks(low, high, most)
    if len(ticks) > 1 and ticks[1] - ticks[0] < 1:
        return [float(i) for i in range(math.ceil(low), math.floor(high) + 1)]
    return [tick for tick in ticks if tick == round(tick)]


def time_ticks(low: float, high: float, most: int) -> list[float]:
    """Round places on an axis of seconds: 30 s, 5 min, 1 h."""
    if high <= low or most < 1:
        return []
    least = (high - low) / most
    at = bisect_left(_SECONDS, least)
    if at == len(_SECONDS):
        days = max(1, round(_round_distance(least / 86_400)))
        distance = days * 86_400.0
    elif least < 1:
        return linear_ticks(low, high, most)
    else:
        distance = float(_SECONDS[at])
    return [i * distance for i in range(math.ceil(low / distance), math.floor(high / distance) + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Places between low and high on a logarithmic axis: 2, 2.5, 3, 4, 5, 6, 8, 10 within a decade.

    Where even those are too many for the room only powers of ten remain, and where fewer than three fall
    into the range the places of a straight axis do.
    """
    if low <= 0 or high <= low or most < 1:
        return []
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in (_LOG_MANY, _LOG_FEW, (1.0,)):
        ticks = [_clean(m * 10.0**p) for p in powers for m in mantissas]
        ticks = [t for t in ticks if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]
        if len(ticks) <= most:
            break
    if len(ticks) > most:
        ticks = ticks[:: math.ceil(len(ticks) / most)]
    return ticks if len(ticks) >= 3 else linear_ticks(low, high, most)


def _clean(value: float) -> float:
    return float(f"{value:.10g}") if value else 0.0


def decimals(ticks: list[float]) -> int:
    """Digits after the point that tell these ticks apart."""
    for digits in range(7):
        if all(abs(round(tick, digits) - tick) < 1e-9 * max(1.0, abs(tick)) for tick in ticks):
            return digits
    return 7


def nearest(xs: Array, x: float) -> int | None:
    """Index of the value nearest to x in an ascending array; None for an empty one."""
    if len(xs) == 0:
        return None
    right = int(np.searchsorted(xs, x))
    if right == 0:
        return 0
    if right == len(xs):
        return right - 1
    return right if xs[right] - x < x - xs[right - 1] else right - 1


def thin(xs: Array, most: int) -> list[int]:
    """Indices of at most `most` points, evenly spread, first and last among them."""
    if len(xs) <= most:
        return list(range(len(xs)))
    return sorted({round(i * (len(xs) - 1) / (most - 1)) for i in range(most)})


def spread(places: list[float], least: float, low: float, high: float) -> list[float]:
    """Move labels apart until neighbours are `least` from each other, all between low and high.

    Args:
        places: wanted centres, any order.
        least: smallest distance of two.
        low, high: where centres may lie; the last ones give way when there is too little room.

    Returns:
        Centres in the order of `places`.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    out = [min(max(places[i], low), high) for i in order]
    for _ in range(len(out)):
        for i in range(1, len(out)):
            lacking = least - (out[i] - out[i - 1])
            if lacking > 0:
                out[i - 1] -= lacking / 2
                out[i] += lacking / 2
    for i in range(len(out)):
        out[i] = max(out[i], low if i == 0 else out[i - 1] + least)
    for i in range(len(out) - 1, -1, -1):
        out[i] = min(out[i], high if i == len(out) - 1 else out[i + 1] - least)
    result = [0.0] * len(places)
    for place, i in zip(out, order, strict=True):
        result[i] = place
    return result


def in_sight(
    curves: Sequence[tuple[Array, Array]], lo: float, hi: float, *, first: float
) -> tuple[Array, int]:
    """The values of all curves between lo and hi, and how many of the first curve's lie before `first`.

    One point beyond each edge counts: the line to it is in sight.
    """
    found, early = [np.empty(0)], 0
    for xs, ys in curves:
        if len(xs):
            a = max(0, int(np.searchsorted(xs, lo)) - 1)
            b = int(np.searchsorted(xs, hi, side="right")) + 1
            found.append(ys[a:b])
            if not early:
                early = max(0, int(np.searchsorted(xs, first)) - a)
    return np.concatenate(found), early
