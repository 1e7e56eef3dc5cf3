"""Keys as they are printed on a keyboard."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box


class KeyCap(QWidget):
    """One box for a key or a combination, e.g. "Ctrl N"."""

    def __init__(self, appearance: Appearance, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._keys = keys
        self.setAccessibleName(keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        appearance.changed.connect(self._on_appearance_changed)

    def sizeHint(self) -> QSize:
        return key_cap_size(self._appearance, self._keys)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_key_cap(self._appearance, QPainter(self), QRectF(self.rect()), self._keys)

    def _on_appearance_changed(self) -> None:
        self.updateGeometry()
        self.update()


def key_cap_size(appearance: Appearance, keys: str) -> QSize:
    """Room that `paint_key_cap` needs."""
    metrics = QFontMetrics(appearance.font("small"))
    return QSize(metrics.horizontalAdvance(keys) + 12, appearance.line_height("small") + 2)


def paint_key_cap(appearance: Appearance, painter: QPainter, area: QRectF, keys: str) -> None:
    """Draw keys into a box; buttons that show their shortcut use it."""
    draw_box(painter, area, border=appearance.color("border_strong"), radius=4)
    painter.setPen(appearance.color("text2"))
    painter.setFont(appearance.font("small"))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, keys)
