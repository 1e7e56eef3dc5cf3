"""The doors of the first page: cards that are one big button each."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Label
from studio.ui.widgets.painting import draw_box


class _Emblem(QWidget):
    """The icon of a door in a square of 40 px."""

    def __init__(self, appearance: Appearance, icon: str, *, filled: bool) -> None:
        super().__init__()
        self._appearance, self._icon, self._filled = appearance, icon, filled
        self.setFixedSize(40, 40)
        appearance.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ground, front = ("accent", "on_accent") if self._filled else ("sunken", "text2")
        draw_box(painter, self.rect().toRectF(), fill=self._appearance.color(ground), radius=10)
        painter.drawPixmap(9, 9, self._appearance.pixmap(self._icon, front, 22))


class Door(Card):
    """Emblem, title, what lies behind, a line of facts, and a button; all of it can be pressed.

    Signals:
        opened: pressed anywhere.
    """

    opened = Signal()

    def __init__(
        self, appearance: Appearance, icon: str, *, first: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(look="accent" if first else "true", parent=parent)
        self._first = first
        self.emblem = _Emblem(appearance, icon, filled=first)
        self.title = Label(role="heading")
        self.summary = Label(tone="2", wrap=True)
        self.facts = Label(role="small", tone="2", wrap=True)
        self.button = Button(
            appearance, kind="primary" if first else "normal", icon="play" if first else "", size="large"
        )
        self.button.clicked.connect(self.opened)
        line = QHBoxLayout()
        line.addWidget(self.button)
        line.addStretch(1)
        self.body.setContentsMargins(22, 22, 22, 20)
        self.body.setSpacing(6)
        self.body.addWidget(self.emblem)
        self.body.addSpacing(10)
        self.body.addWidget(self.title)
        self.body.addWidget(self.summary)
        self.body.addStretch(1)
        self.body.addWidget(self.facts)
        self.body.addSpacing(8)
        self.body.addLayout(line)

    def set_texts(self, title: str, summary: str, facts: str, button: str) -> None:
        """Everything it says, translated."""
        self.title.setText(title)
        self.summary.setText(summary)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.button.setText(button)

    def set_closed(self, reason: str) -> None:
        """Disable it and say why; empty opens it again."""
        self.button.setEnabled(not reason)
        self.facts.set_tone("danger" if reason else "2")
        self.button.set_hint(reason)

    def set_compact(self, compact: bool) -> None:
        pad = 14 if compact else 22
        self.setMinimumHeight(0 if compact else 262)
        self.body.setContentsMargins(pad, pad, pad, pad)
        if hasattr(self, "emblem"):
            self.emblem.setVisible(not compact)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and inside and self.button.isEnabled():
            self.opened.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        if self.button.isEnabled():
            self.set_look("accent")
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def leaveEvent(self, event: QEvent) -> None:
        self.set_look("accent" if self._first else "true")
        self.unsetCursor()
