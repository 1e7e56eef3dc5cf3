"""Curves out of the index, reduced to what a plot can show. Columns once read stay in memory and grow."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.store.database import Database, translating
from studio.store.ingest import events_of
from studio.store.records import Curve, Floats, HardwareLanes
from studio.store.schema import STEP_COLUMNS
from studio.store.summary import is_metric, number

AXES = ("step", "tokens", "time")
EVALUATED = ("val_loss", "bits_per_byte")
_STEP, _TIME = "step", "t"
_ROWS_AT_ONCE = 20_000
# runs whose hardware history stays in memory: a day of one takes some 10 MB
_MACHINES_KEPT = 4


def reduce(
    x: Floats, y: Floats, lo: float | None, hi: float | None, max_points: int
) -> tuple[Floats, Floats]:
    """The part of a curve in [lo, hi], in at most max_points that keep every extreme.

    Args:
        x: ascending. y: NaN = no number.
        lo, hi: inclusive; one point outside on either side is kept, so that the line leaves the plot.
        max_points: at least 8. Buckets of equal length each give their least and greatest value, in order.
    """
    part = _within(x, lo, hi)
    x, y = x[part], y[part]
    if len(x) <= max_points:
        return x, y
    chosen = extremes(y[1:-1], (max(8, max_points) - 2) // 2) + 1
    chosen = np.concatenate(([0], chosen, [len(x) - 1]))
    return x[chosen], y[chosen]


def means(
    x: Floats, y: Floats, lo: float | None, hi: float | None, max_points: int
) -> tuple[Floats | None, Floats | None]:
    """The mean of each bucket at the x of its middle point, where `reduce` leaves points out; else None.

    An average over extremes would follow the noise, so curves are smoothed over these.
    """
    part = _within(x, lo, hi)
    x, y = x[part], y[part]
    if len(x) <= max_points:
        return None, None
    edges = np.linspace(0, len(x), max(8, max_points) // 2 + 1).astype(np.int64)
    known = ~np.isnan(y)
    sums = np.add.reduceat(np.where(known, y, 0.0), edges[:-1])
    counts = np.add.reduceat(known.astype(np.float64), edges[:-1])
    mean = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return x[(edges[:-1] + edges[1:]) // 2], mean


def _within(x: Floats, lo: float | None, hi: float | None) -> slice:
    """The stretch from lo to hi with one point more on either side."""
    first = 0 if lo is None else max(0, int(np.searchsorted(x, lo, "left")) - 1)
    last = len(x) if hi is None else min(len(x), int(np.searchsorted(x, hi, "right")) + 1)
    return slice(first, last)


def extremes(y: Floats, buckets: int) -> np.ndarray:
    """Ascending positions of the least and the greatest number of each bucket; of one without a number, its
    first."""
    edges = np.linspace(0, len(y), buckets + 1).astype(np.int64)
    width = int(np.diff(edges).max())
    # a rectangle of positions; the last ones of short buckets repeat and change nothing
    places = np.minimum(edges[:-1, None] + np.arange(width), edges[1:, None] - 1)
    values = y[places]
    rows = np.arange(buckets)
    low = places[rows, np.argmin(np.where(np.isnan(values), np.inf, values), axis=1)]
    high = places[rows, np.argmax(np.where(np.isnan(values), -np.inf, values), axis=1)]
    return np.unique(np.concatenate((low, high)))


@dataclass(kw_only=True)
class _Columns:
    """Columns of one run's step table, all of one length."""

    arrays: dict[str, Floats]

    @property
    def size(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(kw_only=True)
class _History:
    """Samples of the machine during one run; pos: where the newest one's line begins in its file."""

    pos: int = -1
    t: Floats = field(default_factory=lambda: np.empty(0))
    lanes: dict[str, Floats] = field(default_factory=dict)

    def add(self, rows: list[tuple[int, float, str]]) -> None:
        samples = [json.loads(lanes) for _pos, _t, lanes in rows]
        known = len(self.t)
        for name in {name for sample in samples for name in sample} | self.lanes.keys():
            before = self.lanes.get(name, np.full(known, np.nan))
            news = np.array([sample.get(name, np.nan) for sample in samples], dtype=np.float64)
            self.lanes[name] = np.concatenate((before, news))
        self.t = np.concatenate((self.t, np.array([t for _pos, t, _lanes in rows], dtype=np.float64)))
        self.pos = rows[-1][0]


class Curves:
    """Answers for curves of every run. For the thread of its database.

    The columns of the runs asked last stay in memory, up to `memory_bytes`.
    """

    def __init__(self, database: Database, *, memory_bytes: int = 128 << 20) -> None:
        self._database = database
        self._memory = memory_bytes
        self._cache: OrderedDict[int, _Columns] = OrderedDict()
        self._machines: OrderedDict[int, _History] = OrderedDict()

    def forget(self, run: int, *, from_step: int | None = None) -> None:
        """Rows of a run have changed: all of them, or only those of from_step and later."""
        if from_step is None:
            self._machines.pop(run, None)
        held = self._cache.get(run)
        if held is None:
            return
        if from_step is None:
            del self._cache[run]
            return
        # the arrays of one run may differ in length when a new column was read later: cut by step
        keep = int(np.searchsorted(held.arrays[_STEP], from_step, "left"))
        held.arrays = {name: array[:keep] for name, array in held.arrays.items()}

    def curve(
        self,
        run: int,
        metric: str,
        *,
        x: str = "step",
        lo: float | None = None,
        hi: float | None = None,
        max_points: int = 4000,
        origin: float | None = None,
    ) -> Curve:
        """One metric of a run.

        Args:
            x: one of AXES.
            origin: unix seconds that time is counted from.

        Raises:
            ValueError: no such axis.
            StoreError: the index cannot be read.
        """
        if x not in AXES:
            raise ValueError(x)
        if metric in EVALUATED:
            xs, ys = self._evaluated(run, metric, x, origin or 0.0)
        else:
            columns = self._columns(run, metric, "tokens")
            xs, ys = self._axis(columns, x, origin or 0.0), columns[metric]
        few_x, few_y = reduce(xs, ys, lo, hi, max_points)
        mean_x, mean_y = means(xs, ys, lo, hi, max_points)
        return Curve(x=few_x, y=few_y, mean_x=mean_x, mean_y=mean_y)

    def table(
        self,
        run: int,
        metrics: Sequence[str],
        *,
        x: str = "step",
        lo: float | None = None,
        hi: float | None = None,
        origin: float | None = None,
    ) -> Iterator[bytes]:
        """Lines of CSV: step, tokens, seconds, the metrics, and what was evaluated at that step.

        Args:
            x, lo, hi: the stretch, as in `curve`.
            origin: unix seconds that seconds are counted from.

        Raises:
            StoreError: the index cannot be read.
        """
        names = [name for name in metrics if name not in EVALUATED]
        columns = self._columns(run, "tokens", *names)
        xs = self._axis(columns, x, origin or 0.0)
        first = 0 if lo is None else int(np.searchsorted(xs, lo, "left"))
        last = len(xs) if hi is None else int(np.searchsorted(xs, hi, "right"))
        held = {name: dict(zip(*self._evaluated(run, name, "step", 0.0), strict=True)) for name in EVALUATED}
        shown = [name for name, values in held.items() if not np.isnan([*values.values()]).all()]
        yield (",".join(["step", "tokens", "seconds", *names, *shown]) + "\n").encode()
        seconds = columns[_TIME] - (origin or 0.0)
        for at in range(first, last):
            step = columns[_STEP][at]
            numbers = [columns["tokens"][at], round(seconds[at], 3), *(columns[name][at] for name in names)]
            numbers += [held[name].get(step, np.nan) for name in shown]
            yield (",".join([f"{step:.0f}", *(_cell(value) for value in numbers)]) + "\n").encode()

    def hardware(
        self,
        run: int,
        *,
        x: str = "time",
        lo: float | None = None,
        hi: float | None = None,
        max_points: int = 2000,
        origin: float | None = None,
    ) -> HardwareLanes:
        """Hardware history of a run on the axis of its curves: mapped by the times of its steps.

        Raises:
            ValueError: no such axis.
            StoreError: the index cannot be read.
        """
        if x not in AXES:
            raise ValueError(x)
        history = self._history(run)
        t, lanes = _ascending(history.t), dict(sorted(history.lanes.items()))
        if x == "time":
            xs = t - (origin or 0.0)
        else:
            xs, inside = self._mapped(run, t, x)
            xs, lanes = xs[inside], {name: lane[inside] for name, lane in lanes.items()}
        return _reduced(xs, lanes, lo, hi, max_points)

    def _history(self, run: int) -> _History:
        """All samples of the machine, read up to the newest one."""
        held = self._machines.setdefault(run, _History())
        self._machines.move_to_end(run)
        while len(self._machines) > _MACHINES_KEPT:
            self._machines.popitem(last=False)
        with translating(self._database.path):
            cursor = self._database.sql.conn.execute(
                "SELECT pos, t, lanes FROM hardware WHERE run = ? AND pos > ? ORDER BY pos", (run, held.pos)
            )
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                held.add(rows)
        return held

    # -- columns -------------------------------------------------------------------------------

    def _columns(self, run: int, *wanted: str) -> dict[str, Floats]:
        """step, t and the wanted columns, read up to the newest row."""
        held = self._cache.setdefault(run, _Columns(arrays={}))
        self._cache.move_to_end(run)
        names = [_STEP, _TIME, *(name for name in wanted if name not in (_STEP, _TIME))]
        missing = [name for name in names if name not in held.arrays]
        known = held.arrays.get(_STEP)
        if missing and known is not None and len(known):
            # a column asked for later: up to the rows that the others have
            fresh = self._read(run, missing, low=-(1 << 62), high=int(known[-1]))
            held.arrays.update(fresh)
        elif missing:
            held.arrays = {name: np.empty(0) for name in {*held.arrays, *missing}}
        low = int(held.arrays[_STEP][-1]) + 1 if len(held.arrays[_STEP]) else -(1 << 62)
        news = self._read(run, list(held.arrays), low=low, high=(1 << 62))
        if len(news[_STEP]):
            held.arrays = {n: np.concatenate((a, news[n])) for n, a in held.arrays.items()}
        answer = {name: held.arrays[name] for name in names}
        self._make_room()
        return answer

    def _read(self, run: int, names: list[str], *, low: int, high: int) -> dict[str, Floats]:
        terms = []
        for name in names:
            if name in (_STEP, _TIME, *STEP_COLUMNS):
                terms.append(name)
            elif is_metric(name):
                terms.append(f"json_extract(extra, '$.{name}')")
            else:
                terms.append("NULL")
        sql = f"SELECT {', '.join(terms)} FROM steps WHERE run = ? AND step BETWEEN ? AND ? ORDER BY step"
        # a million rows at once would take hundreds of megabytes as Python objects; None becomes NaN
        parts = [np.empty((0, len(names)))]
        with translating(self._database.path):
            cursor = self._database.sql.conn.execute(sql, (run, low, high))
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                parts.append(np.array(rows, dtype=np.float64))
        table = np.concatenate(parts)
        return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}

    def _make_room(self) -> None:
        while len(self._cache) > 1 and sum(c.size for c in self._cache.values()) > self._memory:
            self._cache.popitem(last=False)

    # -- axes ----------------------------------------------------------------------------------

    @staticmethod
    def _axis(columns: dict[str, Floats], x: str, origin: float) -> Floats:
        if x == "step":
            return columns[_STEP]
        if x == "time":
            return _ascending(columns[_TIME]) - origin
        return _ascending(columns["tokens"])

    def _evaluated(self, run: int, metric: str, x: str, origin: float) -> tuple[Floats, Floats]:
        # a resumed attempt evaluates the step that it begins with again: the last word counts
        points = {}
        with translating(self._database.path):
            for event in events_of(self._database.sql.conn, run, "eval"):
                if event.step is not None:
                    points[event.step] = (event.t, number(event.fields.get(metric)))
        steps = np.array(sorted(points), dtype=np.float64)
        ys = np.array([points[int(s)][1] for s in steps], dtype=np.float64)
        if x == "time":
            return _ascending(np.array([points[int(s)][0] for s in steps], dtype=np.float64)) - origin, ys
        if x == "tokens":
            columns = self._columns(run, "tokens")
            have = np.concatenate(([0.0], columns[_STEP]))
            return np.interp(steps, have, np.concatenate(([0.0], _ascending(columns["tokens"])))), ys
        return steps, ys

    def _mapped(self, run: int, t: Floats, x: str) -> tuple[Floats, np.ndarray]:
        columns = self._columns(run, "tokens")
        times = _ascending(columns[_TIME])
        if not len(times):
            return np.empty(len(t)), np.zeros(len(t), dtype=bool)
        inside = (t >= times[0]) & (t <= times[-1])
        return np.interp(t, times, self._axis(columns, x, 0.0)), inside


def _cell(value: float) -> str:
    """A number as a spreadsheet reads it; nothing where there is none."""
    return "" if np.isnan(value) else f"{value:.10g}"


def _ascending(values: Floats) -> Floats:
    """Without the dips of a clock that was put back, and without holes."""
    filled = np.maximum.accumulate(np.nan_to_num(values, nan=-np.inf)) if len(values) else values
    return np.where(np.isinf(filled), 0.0, filled)


def _reduced(
    x: Floats, lanes: dict[str, Floats], lo: float | None, hi: float | None, max_points: int
) -> HardwareLanes:
    """Means of buckets: a lane shows load, where one spike of a second says nothing."""
    first = 0 if lo is None else max(0, int(np.searchsorted(x, lo, "left")) - 1)
    last = len(x) if hi is None else min(len(x), int(np.searchsorted(x, hi, "right")) + 1)
    x, lanes = x[first:last], {name: lane[first:last] for name, lane in lanes.items()}
    if len(x) <= max_points:
        return HardwareLanes(x=x, lanes=lanes)
    edges = np.linspace(0, len(x), max_points + 1).astype(np.int64)[:-1]
    counts = np.diff(np.append(edges, len(x)))
    means = {}
    for name, lane in lanes.items():
        known = ~np.isnan(lane)
        sums = np.add.reduceat(np.where(known, lane, 0.0), edges)
        weight = np.add.reduceat(known.astype(np.float64), edges)
        means[name] = np.divide(sums, weight, out=np.full(max_points, np.nan), where=weight > 0)
    return HardwareLanes(x=np.add.reduceat(x, edges) / counts, lanes=means)
