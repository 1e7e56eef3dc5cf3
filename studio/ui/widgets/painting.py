"""What the widgets that draw themselves share: boxes with sharp edges, focus rings, repolishing."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget


def draw_box(
    painter: QPainter,
    rect: QRectF,
    *,
    fill: QColor | None = None,
    border: QColor | None = None,
    radius: float = 6,
    width: float = 1,
) -> None:
    """A rounded box whose border lies wholly inside `rect` and falls on whole pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = width / 2 if border is not None else 0.0
    inner = rect.adjusted(inset, inset, -inset, -inset)
    painter.setPen(QPen(border, width) if border is not None else Qt.PenStyle.NoPen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    bounded = min(radius, inner.height() / 2, inner.width() / 2)
    painter.drawRoundedRect(inner, bounded, bounded)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the stylesheet reads and polish that one widget, if it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.updateGeometry()
        widget.update()
