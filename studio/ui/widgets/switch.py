"""A switch with its label."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box

_WIDTH, _HEIGHT, _PAD = 32, 18, 4


class Switch(QAbstractButton):
    """On or off at once, without an OK; `toggled` tells."""

    def __init__(
        self, appearance: Appearance, text: str = "", *, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.setText(text)
        self.setAccessibleName(name or text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        appearance.changed.connect(self._on_appearance_changed)

    def sizeHint(self) -> QSize:
        text = QFontMetrics(self._appearance.font("body")).horizontalAdvance(self.text())
        height = max(26, self._appearance.line_height("body") + 4)
        return QSize(_WIDTH + 2 * _PAD + (text + 8 if self.text() else 0), height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._appearance
        track = QRectF(_PAD, (self.height() - _HEIGHT) / 2, _WIDTH, _HEIGHT)
        knob = QRectF(0, 0, 12, 12)
        on, live = self.isChecked(), self.isEnabled()
        if on:
            draw_box(painter, track, fill=look.color("accent" if live else "track"), radius=9)
        else:
            border = look.color("border_control" if live else "border_strong")
            draw_box(painter, track, fill=look.color("surface"), border=border, radius=9)
        knob.moveCenter(track.center())
        knob.moveLeft(track.right() - 15 if on else track.left() + 3)
        token = ("on_accent" if on else "border_control") if live else "border_strong"
        draw_box(painter, knob, fill=look.color(token), radius=6)
        if self.hasFocus():
            draw_box(painter, track.adjusted(-3, -3, 3, 3), border=look.color("accent"), radius=12, width=2)
        painter.setFont(look.font("body"))
        painter.setPen(look.color("text" if live else "text_disabled"))
        left = _WIDTH + 2 * _PAD + 4
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())

    def _on_appearance_changed(self) -> None:
        self.updateGeometry()
        self.update()
