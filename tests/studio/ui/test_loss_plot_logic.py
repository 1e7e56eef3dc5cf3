"""Smoothing, axes and the visible range: arithmetic, without a window."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.ui.plot import scale, smoothing
from studio.ui.plot.mapping import Mapping
from studio.ui.plot.viewport import Viewport

STEPS = np.arange(1, 5001, dtype=float)


def noisy(steps: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(0)
    return 2.5 + 6 * np.exp(-steps / 100) + random.normal(0, 0.05, len(steps))


class TestSmoothing:
    def test_off_gives_the_values_themselves(self) -> None:
        values = noisy(STEPS)
        assert np.array_equal(smoothing.smooth(STEPS, values, smoothing.OFF), values)

    def test_the_beginning_has_no_lag(self) -> None:
        """The span is a twelfth of the way: up to step 12 the curve is the measured one."""
        values = noisy(STEPS)
        smooth = smoothing.smooth(STEPS, values, 32)
        assert np.allclose(smooth[:12], values[:12])
        assert abs(smooth[40] - values[40]) < 0.6

    def test_the_default_is_a_weight_of_about_097(self) -> None:
        steps = np.arange(1000.0, 1200.0)
        values = np.where(steps < 1100, 1.0, 0.0)
        smooth = smoothing.smooth(steps, values, smoothing.DEFAULT)
        assert smooth[100] == pytest.approx(1 - 1 / 32)
        assert smooth[131] == pytest.approx((1 - 1 / 32) ** 32)

    def test_a_point_that_stands_for_two_steps_counts_as_two(self) -> None:
        steps = np.arange(1000.0, 1400.0)
        values = np.repeat(np.random.default_rng(1).normal(3, 1, 200), 2)
        every = smoothing.smooth(steps, values, 32)
        second = smoothing.smooth(steps[1::2], values[1::2], 32)
        # the first value is the whole past of both
        assert np.allclose(every[101::2], second[50:], atol=0.1)
        assert np.allclose(every[301::2], second[150:], atol=1e-3)

    def test_zooming_does_not_change_the_curve(self) -> None:
        """What is read before the visible stretch is enough for the average to have forgotten the rest."""
        values = noisy(STEPS)
        whole = smoothing.smooth(STEPS, values, 100)
        at = 3000
        lead = int(smoothing.lead_in(100))
        part = smoothing.smooth(STEPS[at - lead :], values[at - lead :], 100)
        assert np.allclose(whole[at:], part[lead:], atol=5e-4)

    def test_what_is_no_number_counts_for_nothing(self) -> None:
        values = np.array([1.0, math.nan, 1.0, math.nan])
        assert np.array_equal(smoothing.smooth(np.arange(1.0, 5.0), values, 32), np.ones(4))
        assert np.isnan(smoothing.smooth(np.arange(1.0, 3.0), np.full(2, math.nan), 32)).all()

    @given(st.floats(1, 500), st.integers(-3, 3))
    def test_the_keys_stay_on_the_slider(self, span: float, by: int) -> None:
        assert smoothing.longer(round(span), by) in smoothing.STOPS

    def test_longer_and_shorter_are_opposites(self) -> None:
        assert smoothing.longer(smoothing.longer(32, 1), -1) == 32
        assert smoothing.longer(1, -1) == 1
        assert smoothing.longer(500, 1) == 500


class TestAxes:
    def test_four_per_cent_of_air(self) -> None:
        assert scale.value_range(np.array([2.0, 3.0, math.nan])) == pytest.approx((1.96, 3.04))

    def test_air_on_a_logarithmic_axis_is_a_share_of_the_drawn_height(self) -> None:
        low, high = scale.value_range(np.array([1.0, 10.0, -5.0]), log=True)
        assert math.log10(low) == pytest.approx(-0.04)
        assert math.log10(high) == pytest.approx(1.04)

    def test_nothing_known_is_still_a_range(self) -> None:
        assert scale.value_range(np.array([math.nan])) == (0.0, 1.0)
        assert scale.value_range(np.empty(0), log=True) == (1.0, 10.0)
        low, high = scale.value_range(np.full(5, 3.0))
        assert low < 3 < high

    def test_the_cut_leaves_the_beginning_and_outliers_out(self) -> None:
        values = noisy(STEPS)
        values[4000] = 50.0
        high = scale.value_range(values, cut=True, first=50)[1]
        assert high < 8 < scale.value_range(values)[1]

    @given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 10))
    def test_ticks_are_few_ordered_and_inside(self, low: float, width: float, most: int) -> None:
        ticks = scale.linear_ticks(low, low + width, most)
        assert len(ticks) <= most + 1
        assert ticks == sorted(ticks)
        assert all(low - width * 1e-6 <= t <= low + width * (1 + 1e-6) for t in ticks)

    def test_a_loss_on_a_logarithmic_axis(self) -> None:
        assert scale.log_ticks(2.3, 10.2, 8) == [2.5, 3, 4, 5, 6, 8, 10]
        assert scale.log_ticks(2.4, 2.6, 6) == scale.linear_ticks(2.4, 2.6, 6)
        assert scale.log_ticks(1e-6, 1e-3, 8) == [1e-6, 1e-5, 1e-4, 1e-3]

    def test_steps_are_whole_and_times_round(self) -> None:
        assert scale.whole_ticks(0, 3, 8) == [0, 1, 2, 3]
        assert scale.whole_ticks(0, 2480, 6) == [0, 500, 1000, 1500, 2000]
        assert scale.time_ticks(0, 600, 6) == [0, 120, 240, 360, 480, 600]
        assert scale.time_ticks(0, 400_000, 4)[1] % 86_400 == 0
        assert scale.time_ticks(0, 2, 4) == [0, 0.5, 1, 1.5, 2]

    def test_as_many_digits_as_tell_ticks_apart(self) -> None:
        assert scale.decimals([2.0, 3.0]) == 0
        assert scale.decimals([2.0, 2.5]) == 1
        assert scale.decimals([2.25, 2.5]) == 2

    def test_the_nearest_point(self) -> None:
        xs = np.array([0.0, 10.0, 20.0])
        assert [scale.nearest(xs, x) for x in (-5, 4, 6, 14.9, 99)] == [0, 0, 1, 1, 2]
        assert scale.nearest(np.empty(0), 3) is None

    def test_thinning_keeps_both_ends(self) -> None:
        kept = scale.thin(np.arange(3000.0), 500)
        assert len(kept) <= 500
        assert (kept[0], kept[-1]) == (0, 2999)

    @given(st.lists(st.floats(0, 100), min_size=1, max_size=4))
    def test_labels_do_not_touch(self, places: list[float]) -> None:
        centres = scale.spread(places, 18, 9, 191)
        ordered = sorted(centres)
        assert all(9 - 1e-6 <= c <= 191 + 1e-6 for c in centres)
        assert all(b - a >= 18 - 1e-6 for a, b in itertools.pairwise(ordered))


class TestViewport:
    def test_whole_grows_with_the_data(self) -> None:
        view = Viewport()
        view.set_extent(0, 100)
        assert view.set_extent(0, 150)
        assert (view.lo, view.hi, view.following) == (0, 150, True)

    def test_at_the_right_edge_it_follows_with_its_width(self) -> None:
        view = Viewport()
        view.set_extent(0, 100)
        view.show(80, 100)
        assert view.set_extent(0, 130)
        assert (view.lo, view.hi) == (110, 130)

    def test_anywhere_else_it_stays(self) -> None:
        view = Viewport()
        view.set_extent(0, 100)
        view.show(20, 40)
        assert not view.following
        assert not view.set_extent(0, 500)
        assert (view.lo, view.hi) == (20, 40)

    def test_back_to_the_newest_keeps_the_width(self) -> None:
        view = Viewport()
        view.set_extent(0, 100)
        view.show(20, 40)
        view.latest()
        assert (view.lo, view.hi, view.following) == (80, 100, True)
        view.set_extent(0, 110)
        assert view.hi == 110

    def test_the_point_under_the_pointer_stays_under_it(self) -> None:
        view = Viewport()
        view.set_extent(0, 100)
        view.zoom(0.5, 40)
        assert (view.lo, view.hi) == (20, 70)
        assert (40 - view.lo) / (view.hi - view.lo) == pytest.approx(0.4)

    def test_zooming_in_near_the_newest_point_does_not_lose_it(self) -> None:
        view = Viewport()
        view.set_extent(0, 100)
        view.zoom(0.5, 95)
        assert view.following
        assert view.hi == 100

    @given(st.lists(st.tuples(st.sampled_from("zps"), st.floats(-2, 2), st.floats(-0.2, 1.2)), max_size=20))
    def test_no_gesture_leaves_the_data(self, gestures: list[tuple[str, float, float]]) -> None:
        view = Viewport()
        view.set_extent(0, 1000)
        for kind, amount, place in gestures:
            if kind == "z":
                view.zoom(math.exp(amount), place * 1000)
            elif kind == "p":
                view.pan(amount * 500)
            else:
                view.show(place * 1000, place * 1000 + amount * 300)
            assert 0 <= view.lo < view.hi <= 1000


class TestMapping:
    def test_pixels_and_data_are_inverses(self) -> None:
        mapping = Mapping()
        mapping.set_extent(1, 1000)
        mapping.place(46, 8, 700, 300)
        for log in (False, True):
            mapping.set_x_log(log)
            assert mapping.back_x(mapping.drawn_at(mapping.pixel_x(250.0))) == pytest.approx(250)

    def test_step_zero_has_a_place_on_a_logarithmic_axis(self) -> None:
        mapping = Mapping()
        mapping.place(0, 0, 100, 100)
        mapping.set_extent(0, 5000)
        mapping.set_x_log(True)
        assert mapping.pixel_x(0) == 0

    def test_not_positive_is_a_gap_on_a_logarithmic_axis(self) -> None:
        mapping = Mapping()
        mapping.y_log = True
        drawn = mapping.drawn_ys(np.array([10.0, 0.0, -1.0]))
        assert drawn[0] == 1
        assert np.isnan(drawn[1:]).all()
