"""The plot by mouse and keyboard."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.ui import format as fmt
from studio.ui.plot import scale
from studio.ui.plot.marks import Band, EndValue, Lane, Mark
from studio.ui.widgets.loss_plot import LossPlot
from tests.studio.ui.fake_runs import loss_curve
from tests.studio.ui.page_kit import Kit, delete, drag, mouse, wheel

STEPS = np.arange(1.0, 2501.0)
LANES = [
    Lane(name="gpu", text="GPU", low=0, high=100, filled=True),
    Lane(name="power", text="Power", low=0, high=350),
]


@pytest.fixture
def kit(qapp: QApplication, tmp_path: Path) -> Kit:
    return Kit(qapp, tmp_path, language="en", theme="light")


@pytest.fixture
def plot(qtbot: QtBot, kit: Kit) -> Iterator[LossPlot]:
    made = LossPlot(kit.appearance)
    made.resize(804, 460)
    fill(made, STEPS)
    made.show()
    qtbot.waitExposed(made)
    yield made
    delete(made)


def fill(plot: LossPlot, steps: np.ndarray) -> None:
    values = loss_curve(steps)
    plot.set_axes(x_ticks=scale.whole_ticks, x_text=fmt.exact, y_text=lambda y, _all: f"{y:g}")
    plot.set_line("raw", steps, values, token="raw1")
    plot.set_line("smooth", steps, values, token="curve1", smooth=True)
    plot.set_dots(steps[::200], values[::200])
    plot.set_extent(0, float(steps[-1]))
    plot.refresh()


def at(plot: LossPlot, share: float, height: float = 0.5) -> QPointF:
    """A place of the plot's area."""
    area = plot.area
    return QPointF(area.left() + share * area.width(), area.top() + height * area.height())


def test_a_drag_zooms_and_a_double_click_shows_everything(plot: LossPlot) -> None:
    drag(plot.viewport(), at(plot, 0.2), at(plot, 0.4), Qt.MouseButton.LeftButton)
    lo, hi = plot.visible
    assert (lo, hi) == (pytest.approx(500, abs=5), pytest.approx(1000, abs=5))
    mouse(plot.viewport(), QEvent.Type.MouseButtonDblClick, at(plot, 0.5), Qt.MouseButton.LeftButton)
    assert plot.visible == (0, 2500)


def test_a_click_without_a_drag_changes_nothing(plot: LossPlot) -> None:
    drag(plot.viewport(), at(plot, 0.2), at(plot, 0.2), Qt.MouseButton.LeftButton)
    assert plot.visible == (0, 2500)


def test_the_wheel_zooms_around_the_pointer(plot: LossPlot) -> None:
    before = plot.x_at(at(plot, 0.3).x())
    wheel(plot.viewport(), at(plot, 0.3), 120)
    lo, hi = plot.visible
    assert hi - lo == pytest.approx(2000)
    assert plot.x_at(at(plot, 0.3).x()) == pytest.approx(before)


def test_shift_and_wheel_zoom_the_values_until_reset(plot: LossPlot) -> None:
    before = plot.mapping.y_range
    wheel(plot.viewport(), at(plot, 0.3), 120, Qt.KeyboardModifier.ShiftModifier)
    low, high = plot.mapping.y_range
    assert high - low == pytest.approx(0.8 * (before[1] - before[0]))
    assert plot.visible == (0, 2500)
    plot.reset_zoom()
    assert plot.mapping.y_range == before


def test_the_right_button_moves(plot: LossPlot) -> None:
    plot.show_pixels(at(plot, 0.4).x(), at(plot, 0.6).x())
    drag(plot.viewport(), at(plot, 0.5), at(plot, 1.0), Qt.MouseButton.RightButton)
    lo, hi = plot.visible
    assert hi - lo == pytest.approx(500, abs=1)
    assert lo == pytest.approx(750, abs=5)


def test_a_right_click_asks_for_the_menu(qtbot: QtBot, plot: LossPlot) -> None:
    with qtbot.waitSignal(plot.menu_wanted):
        drag(plot.viewport(), at(plot, 0.5), at(plot, 0.5), Qt.MouseButton.RightButton)


def test_the_crosshair_snaps_to_measured_points(qtbot: QtBot, plot: LossPlot) -> None:
    with qtbot.waitSignal(plot.crosshair_moved) as moved:
        mouse(plot.viewport(), QEvent.Type.MouseMove, at(plot, 0.5003), Qt.MouseButton.NoButton)
    assert moved.args == [plot.crosshair]
    assert plot.crosshair == round(plot.crosshair)
    assert plot.crosshair == pytest.approx(1250, abs=3)
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert plot.crosshair is None


def test_arrow_keys_move_it_point_by_point_and_follow_it_out_of_sight(plot: LossPlot) -> None:
    plot.step_crosshair(-1)
    assert plot.crosshair == 2500
    plot.step_crosshair(-1)
    plot.step_crosshair(-10)
    assert plot.crosshair == 2489
    plot.show_pixels(at(plot, 0.99).x(), at(plot, 1.0).x())
    plot.step_crosshair(-100)
    lo, hi = plot.visible
    assert lo <= plot.crosshair <= hi
    plot.step_crosshair(-5000)
    assert plot.crosshair == 1


def test_growth_moves_a_view_that_follows_and_no_other(qtbot: QtBot, plot: LossPlot) -> None:
    plot.show_pixels(at(plot, 0.8).x(), at(plot, 1.0).x())
    width = plot.visible[1] - plot.visible[0]
    fill(plot, np.arange(1.0, 2701.0))
    assert plot.visible == (pytest.approx(2700 - width), 2700)
    plot.show_pixels(at(plot, 0.2).x(), at(plot, 0.5).x())
    held = plot.visible
    with qtbot.assertNotEmitted(plot.range_changed):
        fill(plot, np.arange(1.0, 2901.0))
    assert plot.visible == held
    with qtbot.waitSignal(plot.following_changed) as following:
        plot.go_latest()
    assert following.args == [True]
    assert plot.visible[1] == 2900


def test_values_and_steps_can_be_logarithmic(plot: LossPlot) -> None:
    plot.set_scales(x_log=True, y_log=True, cut=False)
    lo, hi = plot.visible
    assert hi == pytest.approx(2500)
    assert lo == pytest.approx(1)
    assert plot.x_at(at(plot, 0.5).x()) == pytest.approx(math.sqrt(lo * hi))
    assert plot.grab().width() == plot.width()
    plot.set_scales(x_log=False, y_log=False, cut=True)
    assert plot.mapping.y_range[1] < 8


def test_lanes_give_way_before_the_plot_does(plot: LossPlot) -> None:
    plot.lanes.set_lanes(LANES)
    plot.lanes.set_data("gpu", STEPS, np.full(2500, 97.0))
    plot.refresh()
    assert [lane.name for lane in plot.lanes.shown] == ["gpu", "power"]
    assert plot.lanes.value_at("gpu", 1000.4) == 97
    assert plot.lanes.value_at("power", 1000) is None
    plot.resize(804, 270)
    assert [lane.name for lane in plot.lanes.shown] == ["gpu"]
    assert plot.area.height() >= 180
    plot.resize(804, 220)
    assert list(plot.lanes.shown) == []
    assert plot.area.height() >= 180


def test_margins_are_the_same_whatever_is_shown(plot: LossPlot) -> None:
    assert plot.area.left() == 46
    assert plot.area.right() == 804 - 58


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_at_once_can_be_painted(
    plot: LossPlot, kit: Kit, theme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception in a paint event does not reach a test by itself, it is printed."""
    kit.appearance.set(theme_choice=theme)
    plot.lanes.set_lanes(LANES)
    plot.set_marks(
        [
            Mark(x=1300, text="Spike", icon="triangle-alert"),
            Mark(x=1310, text="Spike"),
            Mark(x=9, dotted=True),
        ],
        [500, math.nan, 99_999],
        [Band(lo=0, hi=300, text="Prepare data"), Band(lo=2000, hi=2001)],
    )
    plot.set_end_values(
        [EndValue(y=2.5, text="2.5", token="curve1"), EndValue(y=2.5, text="2.6", token="curve2")]
    )
    plot.set_empty("nothing here yet", (8.76, "8.76"))
    plot.set_crosshair(1234)
    plot.refresh()
    assert plot.grab().toImage().pixelColor(400, 3) == kit.appearance.color("surface")
    plot.set_line("raw", STEPS, np.full(2500, math.nan), token="raw1")
    plot.set_line("smooth", np.empty(0), np.empty(0), token="curve1", smooth=True)
    plot.set_dots(np.empty(0), np.empty(0))
    plot.set_extent(0, 0)
    plot.refresh()
    plot.grab()
    assert "Traceback" not in capsys.readouterr().err


def test_pens_are_one_device_pixel_in_the_colours_of_the_theme(plot: LossPlot, kit: Kit) -> None:
    for theme in ("light", "dark"):
        kit.appearance.set(theme_choice=theme)
        for key, token in (("raw", "raw1"), ("smooth", "curve1")):
            pen = plot._curves[key].opts["pen"]
            assert pen.width() == 1
            assert pen.isCosmetic()
            assert pen.color() == kit.appearance.color(token)


def test_a_hidden_curve_is_gone_for_the_crosshair(plot: LossPlot) -> None:
    plot.remove_line("smooth")
    assert plot.value_at("smooth", 100) is None
    assert plot.value_at("raw", 100) is not None
    plot.set_crosshair(100)
    assert plot.crosshair == 100
