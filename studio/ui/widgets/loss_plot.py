"""The plot of a run: curves, held-out dots, marks and the lanes below, on one x axis that can be zoomed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsView, QSizePolicy, QWidget

from studio.ui.appearance import Appearance
from studio.ui.plot import scale
from studio.ui.plot.mapping import Mapping
from studio.ui.plot.marks import Band, EndValue, Mark
from studio.ui.widgets import plot_paint as paint
from studio.ui.widgets.hardware_lanes import HardwareLanes
from studio.ui.widgets.plot_gestures import Gestures

Array = NDArray[np.float64]
Ticks = Callable[[float, float, int], list[float]]

LEFT, RIGHT, TOP, BOTTOM = 46, 58, 8, 24
# what the reason of a failure leaves, with large text in a window of 640 px
SMALLEST_HEIGHT = 160
MOST_DOTS = 500
_NOTHING = np.empty(0)
_DOTS = "curve2"


class LossPlot(pg.GraphicsView):  # type: ignore[misc]
    """Curves over one x axis.

    Drag zooms x, the wheel zooms x, Shift and wheel zoom y, a drag with the right button moves, a double
    click shows everything. The plot does not know where data come from: it says which stretch is in sight.

    Signals:
        range_changed: lo, hi in the axis' units: what is in sight now, by hand or because data arrived.
        following_changed: whether the newest point stays in sight.
        crosshair_moved: x in the axis' units, or None.
        menu_wanted: where on the screen.
    """

    range_changed = Signal(float, float)
    following_changed = Signal(bool)
    crosshair_moved = Signal(object)
    menu_wanted = Signal(QPoint)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False, background=None)
        self._appearance = appearance
        self.mapping = Mapping()
        self._lines: dict[str, tuple[Array, Array]] = {}
        self._curves: dict[str, pg.PlotDataItem] = {}
        self._tokens: dict[str, str] = {}
        self._smooth: set[str] = set()
        self._dots: tuple[Array, Array] = (_NOTHING, _NOTHING)
        self._marks: list[Mark] = []
        self._bands: list[Band] = []
        self._checkpoints: list[float] = []
        self._end_values: list[EndValue] = []
        self._faint: tuple[float, str] | None = None
        self._message = ""
        self._crosshair: float | None = None
        self._y_by_hand: tuple[float, float] | None = None
        self._cut = False
        self._x_ticks: Ticks = scale.whole_ticks
        self._x_text: Callable[[float], str] = str
        self._y_text: Callable[[float, Sequence[float]], str] = lambda y, _all: f"{y:g}"
        # device pixels for one of ours, where it is not drawn for the screen
        self.ratio: float | None = None
        self._area = QRectF(LEFT, TOP, 100, 100)
        self._bottom = 108.0
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._box.setDefaultPadding(0)
        self.scene().addItem(self._box)
        self.lanes = HardwareLanes(appearance, self.scene())
        self._gestures = Gestures(self)
        # the base class caches what lies behind the curves; here grid and bands move
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, SMALLEST_HEIGHT + TOP + BOTTOM)
        appearance.changed.connect(self.restyle)

    # -- what is shown -------------------------------------------------------------------------

    def set_line(self, key: str, xs: Array, ys: Array, *, token: str, smooth: bool = False) -> None:
        """A curve in the axis' units; `token` its colour, `smooth` the one that the crosshair reads."""
        if key not in self._curves:
            curve = pg.PlotDataItem()
            self._box.addItem(curve)
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            curve.setZValue(1 if smooth else 0)
            self._curves[key] = curve
            if smooth:
                self._smooth.add(key)
        if self._tokens.get(key) != token:
            self._tokens[key] = token
            self._style(key)
        self._lines[key] = (xs, ys)
        self._curves[key].setVisible(True)
        self._put(key)

    def remove_line(self, key: str) -> None:
        """Take a curve away."""
        if key in self._curves:
            # hidden, not removed: an item that leaves the scene may be painted once more after it died
            self._curves[key].setVisible(False)
            self._lines.pop(key, None)

    def set_dots(self, xs: Array, ys: Array) -> None:
        """Single measured values, thinned to 500."""
        kept = scale.thin(xs, MOST_DOTS)
        self._dots = xs[kept], ys[kept]

    def set_marks(self, marks: Sequence[Mark], checkpoints: Sequence[float], bands: Sequence[Band]) -> None:
        """Lines with labels, checkpoint ticks, grey stretches."""
        self._marks, self._checkpoints, self._bands = list(marks), list(checkpoints), list(bands)

    def set_end_values(self, values: Sequence[EndValue]) -> None:
        """Newest values, at the right edge."""
        self._end_values = list(values)

    def set_empty(self, message: str, faint: tuple[float, str] | None = None) -> None:
        """A line in the middle while there is no curve, and a value that is expected."""
        self._message, self._faint = message, faint

    def set_axes(
        self,
        *,
        x_ticks: Ticks,
        x_text: Callable[[float], str],
        y_text: Callable[[float, Sequence[float]], str],
    ) -> None:
        """How ticks are chosen and written."""
        self._x_ticks, self._x_text, self._y_text = x_ticks, x_text, y_text

    def set_scales(self, *, x_log: bool, y_log: bool, cut: bool) -> None:
        """Logarithmic axes, and whether the few highest values may leave the picture."""
        if y_log != self.mapping.y_log:
            self._y_by_hand = None
        moved = self.mapping.set_x_log(x_log)
        self.mapping.y_log, self._cut = y_log, cut
        for key in self._lines:
            self._put(key)
        if moved:
            self._say_range()
        self.refresh()

    def set_extent(self, first: float, last: float) -> None:
        """How far the data reach in the axis' units; the visible stretch follows where it should."""
        if self.mapping.set_extent(first, last):
            self._say_range()

    def refresh(self) -> None:
        """Take over what was set since the last time: one layout and one paint for all of it."""
        self._lay_out()
        self.mapping.y_range = self._y_by_hand or self._wanted_y_range()
        lo, hi = self.mapping.view.lo, self.mapping.view.hi
        self._box.setXRange(lo, hi, padding=0)
        self._box.setYRange(*self.mapping.drawn_y_range, padding=0)
        self.lanes.set_x_range(lo, hi)
        self.viewport().update()

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        for key in self._curves:
            self._style(key)
        self.lanes.restyle()
        self.refresh()

    # -- the x axis ----------------------------------------------------------------------------

    @property
    def visible(self) -> tuple[float, float]:
        """What is in sight, in the axis' units."""
        return self.mapping.visible

    @property
    def area(self) -> QRectF:
        """The main plot in pixels, without axis and margin."""
        return self._area

    @property
    def crosshair(self) -> float | None:
        """Where the crosshair stands, in the axis' units."""
        return self._crosshair

    def reset_zoom(self) -> None:
        """Everything in sight."""
        self._y_by_hand = None
        self.mapping.view.reset()
        self._moved()

    def take_view(self, other: LossPlot) -> None:
        """Show the stretch and use the scales of another plot."""
        self.mapping.take(other.mapping)
        self._y_by_hand, self._cut = other._y_by_hand, other._cut

    def go_latest(self) -> None:
        """The newest point in sight, the width as it is."""
        self.mapping.view.latest()
        self._moved()

    def set_crosshair(self, x: float | None) -> None:
        """Put the crosshair on the nearest measured point, or take it away."""
        if x is not None:
            x = self._snapped(x)
        if x != self._crosshair:
            self._crosshair = x
            self.crosshair_moved.emit(x)
            self.viewport().update()

    def step_crosshair(self, by: int) -> None:
        """Move it `by` measured points; without one it starts at the newest."""
        xs = self._measured()
        if len(xs) == 0:
            return
        lo, hi = self.visible
        fresh = self._crosshair is None
        at = scale.nearest(xs, hi if self._crosshair is None else self._crosshair) or 0
        x = float(xs[max(0, min(len(xs) - 1, at + (0 if fresh else by)))])
        if not lo <= x <= hi:
            view = self.mapping.view
            view.pan(self.mapping.drawn_x(x) - (view.lo + view.hi) / 2)
            self._moved()
        self.set_crosshair(x)

    def value_at(self, key: str, x: float) -> float | None:
        """A curve's value at the measured point nearest to x."""
        xs, ys = self._lines.get(key, (_NOTHING, _NOTHING))
        at = scale.nearest(xs, x)
        return None if at is None or math.isnan(ys[at]) else float(ys[at])

    def zoom_x(self, factor: float, pixel: float) -> None:
        """Make the visible stretch `factor` times as wide around a pixel column."""
        self.mapping.view.zoom(factor, self.mapping.drawn_at(pixel))
        self._moved()

    def zoom_y(self, factor: float, pixel: float) -> None:
        """Make the visible heights `factor` times as many around a pixel row."""
        self._y_by_hand = self.mapping.zoomed_y(factor, pixel)
        self.refresh()

    def show_pixels(self, a: float, b: float) -> None:
        """Zoom to what lies between two pixel columns."""
        self.mapping.view.show(self.mapping.drawn_at(a), self.mapping.drawn_at(b))
        self._moved()

    def pan_pixels(self, by: float) -> None:
        """Move the view by a distance in pixels."""
        share = by / max(1.0, self._area.width())
        self.mapping.view.pan(-share * (self.mapping.view.hi - self.mapping.view.lo))
        self._moved()

    def x_at(self, pixel: float) -> float:
        """The axis' value at a pixel column."""
        return self.mapping.back_x(self.mapping.drawn_at(pixel))

    # -- Qt ------------------------------------------------------------------------------------

    def close(self) -> bool:
        # the base class takes its scene apart here, while our curves still live in it
        return QGraphicsView.close(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # the base class resizes in its constructor, before there is anything to lay out
        if hasattr(self, "lanes"):
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # the screen, and with it the device ratio, is known from here on
        self.restyle()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_zoom()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.wheel(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.set_crosshair(None)

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        frame = self._frame()
        painter.fillRect(rect, self._appearance.color("surface"))
        paint.draw_bands(painter, self._appearance, frame, self._bands)
        if self._gestures.selection is not None:
            paint.draw_selection(painter, self._appearance, frame, *self._gestures.selection)
        paint.draw_grid(painter, self._appearance, frame, self._ticks_x(), self._ticks_y())

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        look, frame = self._appearance, self._frame()
        ys = self._ticks_y()
        paint.draw_y_labels(painter, look, frame, [(y, self._y_text(y, ys)) for y in ys])
        chip = None if self._crosshair is None else (self._crosshair, self._x_text(self._crosshair))
        paint.draw_x_labels(painter, look, frame, [(x, self._x_text(x)) for x in self._ticks_x()], chip)
        self.lanes.draw(painter)
        if self._message:
            paint.draw_message(painter, look, frame, self._message)
        if self._faint is not None:
            paint.draw_faint(painter, look, frame, *self._faint)
        paint.draw_checkpoints(painter, look, frame, self._checkpoints)
        paint.draw_marks(painter, look, frame, self._marks)
        if self._crosshair is not None:
            paint.draw_crosshair(painter, look, frame, self._crosshair, self._crosshair_point())
        points = list(zip(self._dots[0].tolist(), self._dots[1].tolist(), strict=True))
        paint.draw_dots(painter, look, frame, _DOTS, points)
        paint.draw_end_values(painter, look, frame, self._end_values)

    # -- inside --------------------------------------------------------------------------------

    def _moved(self) -> None:
        self._say_range()
        self.refresh()

    def _say_range(self) -> None:
        self.range_changed.emit(*self.visible)
        self.following_changed.emit(self.mapping.view.following)

    def _put(self, key: str) -> None:
        xs, ys = self._lines[key]
        self._curves[key].setData(self.mapping.drawn_xs(xs), self.mapping.drawn_ys(ys))

    def _style(self, key: str) -> None:
        # a cosmetic pen stays one device pixel: on dense screens the main curve gets two, without antialias,
        # since a thick antialiased line costs ten times as much
        dense = (self.ratio or self.devicePixelRatioF()) >= 1.5 and key in self._smooth
        pen = paint.line_pen(self._appearance, self._tokens[key])
        pen.setWidth(2 if dense else 1)
        curve = self._curves[key]
        curve.setPen(pen)
        curve.opts["antialias"] = not dense

    def _lay_out(self) -> None:
        width, height = self.width(), self.height()
        room = height - TOP - BOTTOM
        top, bottom = TOP, height - BOTTOM - self.lanes.fit(room - SMALLEST_HEIGHT)
        self._area = QRectF(LEFT, top, max(1, width - LEFT - RIGHT), max(1, bottom - top))
        self.mapping.place(LEFT, top, self._area.width(), self._area.height())
        self._box.setGeometry(self._area)
        self._bottom = self.lanes.place(self._area.left(), self._area.right(), self._area.bottom())

    def _wanted_y_range(self) -> tuple[float, float]:
        curves = [*self._lines.values(), self._dots]
        ys, early = scale.in_sight(curves, *self.visible, first=self.mapping.extent[1] / 100)
        if not len(ys):
            return (0.0, self._faint[0] * 1.08) if self._faint and not self.mapping.y_log else (0.0, 1.0)
        return scale.value_range(ys, log=self.mapping.y_log, cut=self._cut, first=early)

    def _frame(self) -> paint.Frame:
        to_pixel = self.mapping
        return paint.Frame(area=self._area, bottom=self._bottom, x_of=to_pixel.pixel_x, y_of=to_pixel.pixel_y)

    def _ticks_x(self) -> list[float]:
        lo, hi = self.visible
        most = max(2, min(8, int(self._area.width() // 90)))
        if self.mapping.x_log:
            return scale.log_ticks(max(lo, self.mapping.floor), hi, most)
        return self._x_ticks(lo, hi, most)

    def _ticks_y(self) -> list[float]:
        most = max(2, min(8, int(self._area.height() // 32)))
        ticks = scale.log_ticks if self.mapping.y_log else scale.linear_ticks
        return ticks(*self.mapping.y_range, most)

    def _crosshair_point(self) -> tuple[float, str] | None:
        for key in self._smooth & self._lines.keys():
            value = self.value_at(key, self._crosshair or 0.0)
            if value is not None:
                return value, self._tokens[key]
        return None

    def _measured(self) -> Array:
        key = next(iter([*(self._smooth & self._lines.keys()), *self._lines]), "")
        return self._lines[key][0] if key else _NOTHING

    def _snapped(self, x: float) -> float | None:
        xs = self._measured()
        at = scale.nearest(xs, x)
        return None if at is None else float(xs[at])
