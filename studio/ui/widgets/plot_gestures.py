"""Mouse on a plot: hover, drag to zoom, wheel, move with the right button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from studio.ui.widgets.loss_plot import LossPlot

_ONE_NOTCH = 120
_FACTOR = 0.8


class Gestures:
    """Turns mouse events into zoom, movement and crosshair of one plot."""

    def __init__(self, plot: LossPlot) -> None:
        self._plot = plot
        self._pressed: QPointF | None = None
        self._button = Qt.MouseButton.NoButton
        self._last = 0.0
        self._dragging = False
        # the stretch that a drag is choosing, in pixel columns
        self.selection: tuple[float, float] | None = None

    def press(self, event: QMouseEvent) -> None:
        """A drag may begin."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._pressed, self._button = event.position(), event.button()
            self._last, self._dragging = event.position().x(), False

    def move(self, event: QMouseEvent) -> None:
        """Hover, or a drag that goes on."""
        place = event.position()
        if self._pressed is None:
            self._hover(place)
            return
        if not self._dragging:
            distance = (place - self._pressed).manhattanLength()
            self._dragging = distance >= QApplication.startDragDistance() / 2
        if not self._dragging:
            return
        if self._button == Qt.MouseButton.LeftButton:
            self._plot.set_crosshair(None)
            self.selection = (self._inside(self._pressed.x()), self._inside(place.x()))
            self._plot.viewport().update()
        else:
            self._plot.pan_pixels(place.x() - self._last)
            self._last = place.x()

    def release(self, event: QMouseEvent) -> None:
        """A drag ends; the right button without movement asks for the menu."""
        selection, dragging, button = self.selection, self._dragging, self._button
        self.selection, self._pressed, self._dragging = None, None, False
        if dragging and selection is not None and abs(selection[1] - selection[0]) >= 4:
            self._plot.show_pixels(*selection)
        elif button == Qt.MouseButton.RightButton and not dragging:
            self._plot.menu_wanted.emit(event.globalPosition().toPoint())
        self._plot.viewport().update()

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom; some systems turn Shift and wheel into a sideways wheel."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        factor = _FACTOR ** (turned / _ONE_NOTCH)
        place = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._plot.zoom_y(factor, place.y())
        elif turned:
            self._plot.zoom_x(factor, self._inside(place.x()))
        event.accept()

    def _hover(self, place: QPointF) -> None:
        area = self._plot.area
        inside = area.left() - 4 <= place.x() <= area.right() + 4 and area.top() <= place.y()
        self._plot.set_crosshair(self._plot.x_at(self._inside(place.x())) if inside else None)

    def _inside(self, x: float) -> float:
        return max(self._plot.area.left(), min(self._plot.area.right(), x))
