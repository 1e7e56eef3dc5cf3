"""Finds widgets that lie over each other or stick out, and text that is painted past its place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QLayout, QStackedLayout, QWidget

SLACK = 1


def overlapping(root: QWidget) -> list[str]:
    """Two visible widgets of one layout that share pixels."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    found = []
    for parent in [root, *root.findChildren(QWidget)]:
        layout = parent.layout()
        if layout is None or not parent.isVisible() or isinstance(layout, QStackedLayout):
            continue
        for one, other in combinations(_placed(layout), 2):
            shared = one.geometry() & other.geometry()
            if shared.width() > SLACK and shared.height() > SLACK:
                found.append(f"{_name(one)} and {_name(other)} share {shared.width()}×{shared.height()} px")
    return found


def sticking_out(root: QWidget) -> list[str]:
    """Visible widgets that reach past the window or past what holds them, unless it scrolls."""
    found = []
    for widget in root.findChildren(QWidget):
        holder = widget.parentWidget()
        if not widget.isVisible() or widget.isWindow() or holder is None or _scrolls(holder):
            continue
        if widget.width() <= 0 or widget.height() <= 0 or widget.window() is not root.window():
            continue
        area = widget.geometry()
        room = holder.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK)
        if not room.contains(area):
            found.append(f"{_name(widget)} at {_of(area)} in {_name(holder)} of {_of(holder.rect())}")
    return found


def _placed(layout: QLayout) -> list[QWidget]:
    found = []
    for at in range(layout.count()):
        item = layout.itemAt(at)
        inner, widget = item.layout(), item.widget()
        if inner is not None:
            found += _placed(inner)
        elif widget is not None and widget.isVisible():
            found.append(widget)
    return found


def _scrolls(holder: QWidget) -> bool:
    outer = holder.parentWidget()
    return isinstance(holder, QAbstractScrollArea) or (
        isinstance(outer, QAbstractScrollArea) and outer.viewport() is holder
    )


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    said = text() if callable(text) else ""
    return (
        f"{type(widget).__name__} {said[:40]!r}" if isinstance(said, str) and said else type(widget).__name__
    )


def _of(area: QRect) -> str:
    return f"{area.x()},{area.y()} {area.width()}×{area.height()}"


class PaintedPast:
    """While this is active: every text that Python code paints where it does not fit.

    A text in a box must not be larger than the box; one at a point must end before the widget does.
    """

    def __init__(self) -> None:
        self.faults: dict[str, None] = {}

    def __enter__(self) -> PaintedPast:
        self._original = QPainter.drawText

        def draw(painter: QPainter, *arguments: Any) -> Any:
            self.faults.update(dict.fromkeys(_past(painter, arguments)))
            return self._original(painter, *arguments)

        QPainter.drawText = draw  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_exception: object) -> None:
        QPainter.drawText = self._original  # type: ignore[method-assign]


def _past(painter: QPainter, arguments: tuple[Any, ...]) -> Iterator[str]:
    text = next((part for part in arguments if isinstance(part, str)), "")
    first, device = arguments[0], painter.device()
    owner = type(device).__name__
    if not text.strip() or not isinstance(device, QWidget):
        return
    if isinstance(first, QRect | QRectF):
        flags = int(arguments[1]) if len(arguments) > 2 else 0
        needed = painter.boundingRect(QRectF(first), flags, text)
        wide, high = needed.width() - first.width(), needed.height() - first.height()
        if wide > SLACK or (high > 4 and not flags & int(Qt.TextFlag.TextDontClip)):
            yield f"{owner} paints {text!r}: {needed.width():.0f}×{needed.height():.0f} in {_box(first)}"
        return
    left = first.x() if isinstance(first, QPoint | QPointF) else float(first)
    right = left + painter.fontMetrics().horizontalAdvance(text)
    across = painter.transform().m11()
    if across and (right > device.width() + SLACK or left < -SLACK):
        yield f"{owner} paints {text!r} from {left:.0f} to {right:.0f} in {device.width()} px"


def _box(area: QRect | QRectF) -> str:
    return f"{area.width():.0f}×{area.height():.0f}"
