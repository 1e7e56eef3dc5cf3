"""The plot of a run: curves, held-out dots, marks and the lanes below, all on one x axis that a person can zoom."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from studio.ui.appearance import Appearance
from studio.ui.plot import scale
from studio.ui.plot.marks import Band, EndValue, Mark
from studio.ui.plot.viewport import Viewport
from studio.ui.widgets import plot_paint as paint
from studio.ui.widgets.hardware_lanes import HardwareLanes

Array = NDArray[np.float64]
Ticks = Callable[[float, float, int], list[float]]

LEFT, RIGHT, TOP, BOTTOM = 46, 58, 8, 24
SMALLEST_HEIGHT = 180
MOST_DOTS = 500
_WHEEL = 0.85
_RAW, _SMOOTH = "raw", "smooth"


class LossPlot(pg.GraphicsView):
    """Curves over one x axis.

    Drag zooms x, the wheel zooms x, Shift and wheel zoom y, a drag with the right button moves, a double
    click shows everything. The plot does not know where data come from: it says which stretch is in sight.

    Signals:
        range_changed: lo, hi in the axis' units: what is in sight now, by hand or because data arrived.
        following_changed: whether the newest point stays in sight.
        crosshair_moved: x in the axis' units, or None.
    """

    range_changed = Signal(float, float)
    following_changed = Signal(bool)
    crosshair_moved = Signal(object)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False, background=None)
        self._appearance = appearance
        self.viewport_x = Viewport()
        self._lines: dict[str, tuple[Array, Array]] = {}
        self._curves: dict[str, pg.PlotDataItem] = {}
        self._tokens: dict[str, str] = {}
        self._dots: tuple[Array, Array] = (np.empty(0), np.empty(0))
        self._dots_token = "curve2"
        self._marks: list[Mark] = []
        self._bands: list[Band] = []
        self._checkpoints: list[float] = []
        self._end_values: list[EndValue] = []
        self._faint: tuple[float, str] | None = None
        self._message = ""
        self._crosshair: float | None = None
        self._selection: tuple[float, float] | None = None
        self._grabbed: QPointF | None = None
        self._y_by_hand: tuple[float, float] | None = None
        self._x_log = self._y_log = self._cut = False
        self._x_ticks: Ticks = scale.whole_ticks
        self._x_text: Callable[[float], str] = str
        self._y_text: Callable[[float, Sequence[float]], str] = lambda y, _all: f"{y:g}"
        self._y_range = (0.0, 1.0)
        self._area = QRectF(LEFT, TOP, 100, 100)
        self._bottom = 108.0
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._box.setDefaultPadding(0)
        self.scene().addItem(self._box)
        self.lanes = HardwareLanes(appearance, self.scene())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(SMALLEST_HEIGHT)
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
            curve.setProperty("kind", _SMOOTH if smooth else _RAW)
        if self._tokens.get(key) != token:
            self._tokens[key] = token
            self._style(key)
        self._lines[key] = (xs, ys)
        self._put(key)

    def remove_line(self, key: str) -> None:
        """Take a curve away."""
        if key in self._curves:
            self._box.removeItem(self._curves.pop(key))
            self._lines.pop(key)
            self._tokens.pop(key)

    def set_dots(self, xs: Array, ys: Array, *, token: str = "curve2") -> None:
        """Single measured values, thinned to 500."""
        kept = scale.thin(xs, MOST_DOTS)
        self._dots, self._dots_token = (xs[kept], ys[kept]), token

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
        if x_log != self._x_log:
            first, last = self._extent
            self._x_log = x_log
            self.viewport_x.reset()
            self.viewport_x.set_extent(self._drawn_x(first), self._drawn_x(last))
        if y_log != self._y_log:
            self._y_by_hand = None
        self._y_log, self._cut = y_log, cut
        for key in self._lines:
            self._put(key)
        self.refresh()

    _extent = (0.0, 1.0)

    def set_extent(self, first: float, last: float) -> None:
        """How far the data reach in the axis' units; the visible stretch follows where it should."""
        self._extent = (first, last)
        if self.viewport_x.set_extent(self._drawn_x(first), self._drawn_x(last)):
            self._say_range()

    def refresh(self) -> None:
        """Take over what was set since the last time: one layout and one paint for all of it."""
        self._lay_out()
        self._y_range = self._y_by_hand or self._wanted_y_range()
        lo, hi = self.viewport_x.lo, self.viewport_x.hi
        self._box.setXRange(lo, hi, padding=0)
        self.lanes.set_x_range(lo, hi)
        low, high = self._y_range
        self._box.setYRange(*(map(math.log10, (low, high)) if self._y_log else (low, high)), padding=0)
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
        return self._x_back(self.viewport_x.lo), self._x_back(self.viewport_x.hi)

    @property
    def y_range(self) -> tuple[float, float]:
        """What the y axis shows."""
        return self._y_range

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
        self.viewport_x.reset()
        self._moved()

    def go_latest(self) -> None:
        """The newest point in sight, the width as it is."""
        self.viewport_x.latest()
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
        if self._crosshair is None:
            at = scale.nearest(xs, min(hi, float(xs[-1])))
        else:
            at = scale.nearest(xs, self._crosshair)
        index = max(0, min(len(xs) - 1, (at or 0) + (by if self._crosshair is not None else 0)))
        x = float(xs[index])
        if not lo <= x <= hi:
            self.viewport_x.pan(self._drawn_x(x) - (self.viewport_x.lo + self.viewport_x.hi) / 2)
            self._moved()
        self.set_crosshair(x)

    def value_at(self, key: str, x: float) -> float | None:
        """A curve's value at the measured point nearest to x."""
        xs, ys = self._lines.get(key, (np.empty(0), np.empty(0)))
        at = scale.nearest(xs, x)
        return None if at is None or math.isnan(ys[at]) else float(ys[at])

    # -- Qt ------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(640, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, SMALLEST_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "lanes"):
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for key in self._curves:
            self._style(key)

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        frame = self._frame()
        painter.fillRect(rect, self._appearance.color("surface"))
        paint.draw_bands(painter, self._appearance, frame, self._bands)
        paint.draw_grid(painter, self._appearance, frame, self._ticks_x(), self._ticks_y())
        if self._selection is not None:
            paint.draw_selection(painter, self._appearance, frame, *self._selection)

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
                paint.draw_end_values(
                    painter, look, frame, [EndValue(y=self._faint[0], text=self._faint[1], token="text3")]
                )
        paint.draw_checkpoints(painter, look, frame, self._checkpoints)
        paint.draw_marks(painter, look, frame, self._marks)
        if self._crosshair is not None:
            value = self._crosshair_value()
            paint.draw_crosshair(painter, look, frame, self._crosshair, value)
        points = list(zip(self._dots[0].tolist(), self._dots[1].tolist(), strict=True))
        paint.draw_dots(painter, look, frame, self._dots_token, points)
        paint.draw_end_values(painter, look, frame, self._end_values)
