"""A curve as small as a word."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.appearance import Appearance


def paint_sparkline(painter: QPainter, area: QRectF, values: Sequence[float], colour: QColor) -> None:
    """Draw values as one line that fills `area`; table delegates use it too."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return
    low, high = min(finite), max(finite)
    spread = (high - low) or 1.0
    inner = area.adjusted(1, 2, -1, -2)
    points = QPolygonF(
        [
            QPointF(
                inner.left() + inner.width() * index / (len(finite) - 1),
                inner.bottom() - inner.height() * (value - low) / spread,
            )
            for index, value in enumerate(finite)
        ]
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1))
    painter.drawPolyline(points)
    painter.restore()


class Sparkline(QWidget):
    """96 × 24 pixels of a loss curve; give it at most a hundred values."""

    def __init__(self, appearance: Appearance, *, slot: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._slot = slot
        self._values: list[float] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        appearance.changed.connect(self.update)

    def set_values(self, values: Sequence[float], summary: str = "") -> None:
        """The values in order, and what a screen reader says of them."""
        self._values = list(values)
        self.setAccessibleName(summary)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        colour = self._appearance.color(f"curve{self._slot}")
        paint_sparkline(QPainter(self), QRectF(self.rect()), self._values, colour)
