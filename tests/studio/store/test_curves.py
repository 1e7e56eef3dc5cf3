from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimind.hardware import GpuSample, HardwareSample
from studio.store.curves import Curves, extremes, means, reduce
from studio.store.database import Database
from studio.store.ingest import ingest_events, ingest_hardware
from studio.store.records import Cursor
from studio.store.summary import Summary
from tests.helpers.histories import line


class Run:
    """One run in a fresh index, fed line by line."""

    def __init__(self, folder) -> None:
        self.database = Database(folder / "studio.db")
        with self.database.transaction() as connection:
            connection.execute("INSERT INTO runs (id, folder, run_id) VALUES (1, 'a', 'a')")
        self.curves = Curves(self.database)
        self.summary = Summary()
        self.offset = 0
        self.seq = 0

    def add(self, kind: str, t: float = 0.0, **fields) -> None:
        self.seq += 1
        content = line(kind, self.seq, t, **fields)
        before, self.offset = Cursor(offset=self.offset), self.offset + len(content)
        taken = ingest_events(
            self.database,
            1,
            [(before.offset, content[:-1])],
            summary=self.summary,
            before=before,
            after=Cursor(offset=self.offset),
        )
        if taken.rewound:
            self.curves.forget(1)
        elif taken.lowest_step is not None:
            self.curves.forget(1, from_step=taken.lowest_step)

    def step(self, step: int, **fields) -> None:
        self.add("step", 100.0 + step, **{"step": step, "loss": 10.0 - step, "tokens": step * 64, **fields})


@pytest.fixture
def run(tmp_path):
    made = Run(tmp_path)
    yield made
    made.database.close()


numbers = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=400)


@settings(deadline=None)
@given(values=numbers, max_points=st.integers(8, 60))
def test_a_reduced_curve_keeps_ends_and_extremes(values, max_points):
    y = np.array(values, dtype=np.float64)
    x = np.arange(len(y), dtype=np.float64)
    small_x, small_y = reduce(x, y, None, None, max_points)
    assert len(small_x) == len(small_y) <= max(max_points, 8)
    assert np.all(np.diff(small_x) > 0)
    if len(y):
        assert (small_x[0], small_x[-1]) == (x[0], x[-1])
        np.testing.assert_array_equal(small_y, y[small_x.astype(int)])
    if len(y) and not np.isnan(y).all():
        assert np.nanmin(small_y) == np.nanmin(y)
        assert np.nanmax(small_y) == np.nanmax(y)


@settings(deadline=None)
@given(st.integers(8, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_part_of_a_curve_has_one_neighbour_on_either_side(size, one, other):
    lo, hi = sorted((one, other))
    x = np.arange(size, dtype=np.float64)
    part, _ = reduce(x, x, lo, hi, 1000)
    inside = [v for v in range(size) if lo - 1 <= v <= hi + 1]
    assert part.tolist() == inside or not inside


def test_extremes_of_a_bucket_without_numbers():
    y = np.array([np.nan, np.nan, 3.0, 1.0])
    assert extremes(y, 2).tolist() == [0, 2, 3]


def test_a_spike_of_one_step_survives(run):
    y = np.zeros(100_000)
    y[77_777] = 9.0
    _, small = reduce(np.arange(100_000.0), y, None, None, 500)
    assert small.max() == 9.0


def test_a_curve_grows_with_the_run(run):
    for step in range(1, 6):
        run.step(step)
    curve = run.curves.curve(1, "loss")
    assert curve.x.tolist() == [1, 2, 3, 4, 5]
    assert curve.y.tolist() == [9, 8, 7, 6, 5]
    run.step(6, loss=None)
    run.step(7)
    curve = run.curves.curve(1, "loss")
    assert curve.x.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert np.isnan(curve.y[5])
    # a column asked for later is as long as the others
    assert run.curves.curve(1, "tokens").y.tolist() == [64 * n for n in range(1, 8)]
    run.step(8)
    assert len(run.curves.curve(1, "loss").x) == len(run.curves.curve(1, "tokens").x) == 8


def test_a_resume_takes_the_superseded_points_away(run):
    run.add("start", attempt=1, from_step=0)
    for step in range(1, 10):
        run.step(step)
    assert len(run.curves.curve(1, "loss").x) == 9
    run.add("start", attempt=2, from_step=4)
    assert run.curves.curve(1, "loss").x.tolist() == [1, 2, 3, 4]
    run.step(5, loss=55.0)
    assert run.curves.curve(1, "loss").y.tolist() == [9, 8, 7, 6, 55]


def test_a_step_said_twice_counts_as_said_last(run):
    for step in (1, 2, 3):
        run.step(step)
    run.curves.curve(1, "loss")
    run.step(2, loss=22.0)
    assert run.curves.curve(1, "loss").y.tolist() == [9, 22, 7]


def test_what_a_method_adds_is_a_curve_too(run):
    run.step(1, reward=0.5)
    run.step(2, reward=0.75)
    run.step(3)
    reward = run.curves.curve(1, "reward").y
    assert reward[:2].tolist() == [0.5, 0.75]
    assert np.isnan(reward[2])
    assert np.isnan(run.curves.curve(1, 'no"such').y).all()
    assert len(run.curves.curve(2, "loss").x) == 0


def test_other_axes(run):
    for step in (1, 2, 3):
        run.step(step)
    assert run.curves.curve(1, "loss", x="tokens").x.tolist() == [64, 128, 192]
    assert run.curves.curve(1, "loss", x="time", origin=100.0).x.tolist() == [1, 2, 3]
    with pytest.raises(ValueError):
        run.curves.curve(1, "loss", x="epochs")


def test_a_clock_that_was_put_back_does_not_fold_the_curve(run):
    for step, t in ((1, 100.0), (2, 200.0), (3, 150.0), (4, 210.0)):
        run.add("step", t, step=step, loss=1.0, tokens=step)
    assert run.curves.curve(1, "loss", x="time").x.tolist() == [100, 200, 200, 210]


def test_held_out_points(run):
    run.add("eval", 100.0, step=0, val_loss=9.0, bits_per_byte=3.0)
    for step in (1, 2, 3, 4):
        run.step(step)
    run.add("eval", 104.5, step=4, val_loss=5.0, bits_per_byte=None)
    run.add("eval", 105.5, step=4, val_loss=5.5, bits_per_byte=2.0)
    curve = run.curves.curve(1, "val_loss")
    assert (curve.x.tolist(), curve.y.tolist()) == ([0, 4], [9.0, 5.5])
    assert run.curves.curve(1, "val_loss", x="tokens").x.tolist() == [0, 256]
    assert run.curves.curve(1, "val_loss", x="time", origin=100.0).x.tolist() == [0, 5.5]
    assert run.curves.curve(1, "bits_per_byte").y.tolist() == [3.0, 2.0]


def test_memory_is_bounded(run):
    with run.database.transaction() as connection:
        for number in range(2, 6):
            values = (number, str(number), str(number))
            connection.execute("INSERT INTO runs (id, folder, run_id) VALUES (?, ?, ?)", values)
            rows = [(number, step, float(step), 1.0) for step in range(1000)]
            connection.executemany("INSERT INTO steps (run, step, t, loss) VALUES (?, ?, ?, ?)", rows)
    small = Curves(run.database, memory_bytes=70_000)
    for _ in range(2):
        for number in range(2, 6):
            assert small.curve(number, "loss").y.sum() == 1000
    assert sum(columns.size for columns in small._cache.values()) <= 70_000


def hardware(run, samples, *, begin: int = 0) -> int:
    lines, position = [], begin
    for sample in samples:
        lines.append((position, sample.to_line()))
        position += len(lines[-1][1]) + 1
    ingest_hardware(run.database, 1, lines, before=Cursor(offset=begin), after=Cursor(offset=position))
    return position


def sample_at(t: float, cpu: float | None, **gpu) -> HardwareSample:
    cards = (GpuSample(index=0, name="card", **gpu),) if gpu else ()
    return HardwareSample(t=t, cpu_percent=cpu, ram_used_bytes=1, ram_total_bytes=2, gpus=cards)


def test_hardware_by_time_has_holes_where_nothing_is_known(run):
    hardware(run, [sample_at(10, None), sample_at(11, 50.0, temperature_c=60), sample_at(12, 60.0)])
    lanes = run.curves.hardware(1, origin=10.0)
    assert lanes.x.tolist() == [0, 1, 2]
    assert np.isnan(lanes.lanes["cpu_percent"][0])
    assert lanes.lanes["cpu_percent"][1:].tolist() == [50, 60]
    assert lanes.lanes["gpu0.temperature_c"][1] == 60
    assert np.isnan(lanes.lanes["gpu0.temperature_c"][2])


def test_hardware_by_step_follows_the_times_of_the_steps(run):
    for step in (1, 2, 3):
        run.step(step)  # at 101, 102, 103
    hardware(run, [sample_at(t, float(t)) for t in (99, 101, 101.5, 103, 105)])
    lanes = run.curves.hardware(1, x="step")
    assert lanes.x.tolist() == [1, 1.5, 3]
    assert lanes.lanes["cpu_percent"].tolist() == [101, 101.5, 103]
    assert run.curves.hardware(1, x="tokens").x.tolist() == [64, 96, 192]


def test_hardware_before_the_first_step_is_nowhere_on_the_step_axis(run):
    hardware(run, [sample_at(5, 1.0)])
    assert run.curves.hardware(1, x="step").x.tolist() == []
    assert run.curves.hardware(1).x.tolist() == [5]


def test_much_hardware_is_averaged(run):
    hardware(run, [sample_at(float(t), float(t % 2) * 100) for t in range(1000)])
    lanes = run.curves.hardware(1, max_points=10)
    assert len(lanes.x) == 10
    assert lanes.lanes["cpu_percent"].tolist() == [50.0] * 10
    part = run.curves.hardware(1, lo=100.0, hi=110.0, max_points=100)
    assert part.x.tolist() == list(range(99, 112))


def test_no_hardware_at_all(run):
    lanes = run.curves.hardware(1)
    assert lanes.x.tolist() == []
    assert lanes.lanes == {}


def test_means_where_points_are_left_out() -> None:
    x = np.arange(10_000, dtype=np.float64)
    y = np.where(x % 2 == 0, 1.0, 3.0)
    y[::100] = np.nan
    assert means(x[:50], y[:50], None, None, 100) == (None, None)
    mean_x, mean_y = means(x, y, 2000, 8000, 400)
    assert mean_x is not None
    assert mean_y is not None
    assert len(mean_x) == 200
    assert (np.diff(mean_x) > 0).all()
    assert mean_x[0] >= 1999
    assert mean_x[-1] <= 8001
    assert np.abs(mean_y - 2).max() < 0.1
    assert np.isnan(means(x, np.full(10_000, np.nan), None, None, 400)[1]).all()  # type: ignore[arg-type]


def table(run, *metrics, **asked) -> list[dict[str, str]]:
    content = b"".join(run.curves.table(1, metrics, **asked)).decode()
    return list(csv.DictReader(content.splitlines()))


def test_a_table_has_every_value_of_a_stretch(run):
    run.add("start", 100.0, attempt=1, from_step=0)
    for step in range(1, 9):
        run.step(step, lr=None if step == 3 else 1e-4)
    run.add("eval", 104.5, step=4, val_loss=2.5, bits_per_byte=None)
    rows = table(run, "loss", "lr", "val_loss", origin=100.0)
    assert list(rows[0]) == ["step", "tokens", "seconds", "loss", "lr", "val_loss"]
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 9)]
    assert [row["lr"] for row in rows[1:4]] == ["0.0001", "", "0.0001"]
    assert [row["val_loss"] for row in rows] == ["", "", "", "2.5", "", "", "", ""]
    assert (rows[0]["tokens"], rows[0]["seconds"], rows[0]["loss"]) == ("64", "1", "9")
    assert [row["step"] for row in table(run, "loss", x="tokens", lo=128.0, hi=256.0)] == ["2", "3", "4"]
    assert table(run, "loss", lo=50.0) == []


def test_hardware_that_grows_gives_what_reading_all_of_it_gives(run):
    run.add("start", 100.0, attempt=1, from_step=0)
    end = hardware(run, [sample_at(101.0, 10.0), sample_at(102.0, None)])
    assert run.curves.hardware(1, origin=100.0).lanes["cpu_percent"].tolist()[0] == 10.0
    hardware(run, [sample_at(103.0, 30.0, power_w=200.0)], begin=end)
    grown, fresh = run.curves.hardware(1, origin=100.0), Curves(run.database).hardware(1, origin=100.0)
    assert grown.x.tolist() == fresh.x.tolist() == [1.0, 2.0, 3.0]
    assert grown.lanes.keys() == fresh.lanes.keys()
    for name, lane in fresh.lanes.items():
        np.testing.assert_array_equal(grown.lanes[name], lane)
    assert np.isnan(grown.lanes["gpu0.power_w"][:2]).all()
