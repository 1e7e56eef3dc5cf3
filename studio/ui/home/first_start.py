"""The first page before there are runs: the doors, below them the computer and what it can train."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio.ui.home.doors import Door
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Divider

GAP = 16


class _DoorRow(QWidget):
    """Doors side by side, never lower than the longest text of them needs."""

    def __init__(self, doors: tuple[tuple[Door, int], ...]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for door, share in doors:
            row.addWidget(door, share)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._keep_height()
        return done

    def _keep_height(self) -> None:
        # a box layout squeezes wrapped text before anything that has a smallest size
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())))


class _Inside(QWidget):
    """As low as the doors and the lowest form of the card let it be: the card scrolls by itself first."""

    def __init__(self, doors: QWidget, facts: QWidget) -> None:
        super().__init__()
        self.setObjectName("scrolled")
        self._doors, self._facts = doors, facts
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(doors)
        column.addWidget(facts, 100)
        column.addStretch(1)

    def heightForWidth(self, width: int) -> int:
        parts = []
        if not self._doors.isHidden():
            parts.append(max(self._doors.heightForWidth(width), self._doors.minimumSizeHint().height()))
        if not self._facts.isHidden():
            parts.append(self._facts.minimumSizeHint().height())
        return sum(parts) + GAP * max(0, len(parts) - 1)


class FirstStart(QScrollArea):
    """Doors and the card of the computer; in a low window, or with large text, it scrolls.

    Args:
        doors: each with its share of the width.
        computer, fits: the halves of the card.
    """

    def __init__(self, doors: tuple[tuple[Door, int], ...], computer: QWidget, fits: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.doors = _DoorRow(doors)
        self.facts = Card(padded=False)
        halves = QHBoxLayout()
        halves.setSpacing(0)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setContentsMargins(18, 14, 18, 10)
        right.setContentsMargins(10, 14, 10, 10)
        left.addWidget(computer)
        right.addWidget(fits)
        halves.addLayout(left, 10)
        halves.addWidget(Divider(vertical=True))
        halves.addLayout(right, 11)
        self.facts.body.addLayout(halves)
        self.facts.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setWidget(_Inside(self.doors, self.facts))

    def show_parts(self, *, doors: bool, facts: bool) -> None:
        """Which of the two are on show; hidden without any."""
        self.doors.setVisible(doors)
        self.facts.setVisible(facts)
        self.setVisible(doors or facts)
