"""Small plots of the machine below the main plot, on its x axis: processor, memory, temperature, power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter
from PySide6.QtWidgets import QGraphicsScene

from studio.ui.appearance import Appearance
from studio.ui.plot.marks import Lane
from studio.ui.widgets.plot_paint import line_pen

Array = NDArray[np.float64]

HEIGHT, HEIGHT_COMPACT = 42, 30
GAP = 10
_TOKEN = "curve3"
_FILL_SHARE = 0.1


class HardwareLanes:
    """Lanes inside the scene of a plot, which says where they lie and which x they show.

    Each lane has a fixed range, so that its height means the same in every run.
    """

    def __init__(self, appearance: Appearance, scene: QGraphicsScene) -> None:
        self._appearance = appearance
        self._scene = scene
        self._lanes: list[Lane] = []
        self._boxes: list[pg.ViewBox] = []
        self._curves: list[pg.PlotDataItem] = []
        self._rects: list[QRectF] = []
        self._data: dict[str, tuple[Array, Array]] = {}
        self._values: dict[str, str] = {}
        self._x_range = (0.0, 1.0)
        self._shown = 0
        self.compact = False

    @property
    def lanes(self) -> Sequence[Lane]:
        """What there is, top to bottom."""
        return self._lanes

    @property
    def shown(self) -> Sequence[Lane]:
        """Those that there is room for."""
        return self._lanes[: self._shown]

    @property
    def each(self) -> int:
        """Pixels that one of them takes with its gap."""
        return (HEIGHT_COMPACT if self.compact else HEIGHT) + GAP

    def fit(self, room: int) -> int:
        """Show as many lanes as fit into so many pixels, the last ones go first.

        Returns:
            The pixels that they take with their gaps.
        """
        each = self.each
        self._shown = max(0, min(len(self._lanes), room // each))
        for index, box in enumerate(self._boxes):
            box.setVisible(index < self._shown)
        return self._shown * each

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show these; data of lanes with the same name stay."""
        # boxes are hidden, not removed: an item that leaves the scene may be painted once more after it died
        while len(self._boxes) < len(lanes):
            self._boxes.append(self._make_box())
            self._curves.append(self._make_curve(self._boxes[-1]))
        self._lanes = list(lanes)
        for lane, box, curve in zip(self._lanes, self._boxes, self._curves, strict=False):
            box.setYRange(lane.low, lane.high, padding=0)
            box.setXRange(*self._x_range, padding=0)
            curve.setFillLevel(lane.low if lane.filled else None)
            self._draw(lane, curve)
        self.restyle()

    def set_data(self, name: str, xs: Array, ys: Array) -> None:
        """Values of a lane; xs on the scale that is drawn."""
        self._data[name] = (xs, ys)
        for lane, curve in zip(self._lanes, self._curves, strict=False):
            if lane.name == name:
                self._draw(lane, curve)

    def set_values(self, values: Mapping[str, str]) -> None:
        """What stands at the right of each lane."""
        self._values = dict(values)

    def set_x_range(self, lo: float, hi: float) -> None:
        """The main plot's visible stretch."""
        self._x_range = (lo, hi)
        for box in self._boxes:
            box.setXRange(lo, hi, padding=0)

    def place(self, left: float, right: float, top: float) -> float:
        """Lay the lanes out below `top`.

        Returns:
            The bottom of the last one, `top` where there is none.
        """
        height = HEIGHT_COMPACT if self.compact else HEIGHT
        self._rects = []
        for box in self._boxes[: self._shown]:
            rect = QRectF(left, top + GAP, right - left, height)
            box.setGeometry(rect)
            self._rects.append(rect)
            top = rect.bottom()
        return top

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        surface, front = self._appearance.color("surface"), self._appearance.color(_TOKEN)
        fill = QBrush(_mixed(front, surface, _FILL_SHARE))
        for lane, curve in zip(self._lanes, self._curves, strict=False):
            curve.setPen(line_pen(self._appearance, _TOKEN))
            curve.setFillBrush(fill if lane.filled else None)

    def draw(self, painter: QPainter) -> None:
        """Names at the left, values at the right, a line below each lane."""
        look = self._appearance
        height = look.line_height("small")
        painter.setFont(look.font("small", tabular=True))
        for lane, rect in zip(self.shown, self._rects, strict=True):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(line_pen(look, "axis"))
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
            middle = rect.center().y() - height / 2
            align = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(look.color("text2"))
            left = QRectF(QPointF(0, middle), QPointF(rect.left() - 8, middle + height))
            painter.drawText(left, align | Qt.AlignmentFlag.AlignRight, lane.text)
            painter.setPen(look.color("text"))
            right = QRectF(rect.right() + 8, middle, 58 - 8, height)
            painter.drawText(right, align, self._values.get(lane.name, ""))

    def value_at(self, name: str, x: float) -> float | None:
        """The value of a lane at a drawn x, None where nothing was measured."""
        xs, ys = self._data.get(name, (np.empty(0), np.empty(0)))
        if len(xs) == 0 or x < xs[0]:
            return None
        value = float(ys[min(len(xs) - 1, int(np.searchsorted(xs, x, side="right")) - 1)])
        return value if value == value else None

    def _draw(self, lane: Lane, curve: pg.PlotDataItem) -> None:
        xs, ys = self._data.get(lane.name, (np.empty(0), np.empty(0)))
        curve.setData(xs, np.clip(ys, lane.low, lane.high))

    def _make_box(self) -> pg.ViewBox:
        box = pg.ViewBox(enableMenu=False, enableMouse=False)
        box.setDefaultPadding(0)
        self._scene.addItem(box)
        return box

    def _make_curve(self, box: pg.ViewBox) -> pg.PlotDataItem:
        curve = pg.PlotDataItem(antialias=False)
        box.addItem(curve)
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)
        return curve


def _mixed(front: QColor, ground: QColor, share: float) -> QColor:
    """A solid colour: `share` of one in the other."""
    parts = [
        round(share * a + (1 - share) * b)
        for a, b in zip(
            (front.red(), front.green(), front.blue()),
            (ground.red(), ground.green(), ground.blue()),
            strict=True,
        )
    ]
    return QColor(*parts)
