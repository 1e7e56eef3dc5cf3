"""The finders of faults in a layout find them."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.studio.ui.arrangement import PaintedPast, overlapping, sticking_out


class _Painted(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawText(QRect(0, 0, 20, 20), int(Qt.AlignmentFlag.AlignLeft), "much longer than that")


def test_widgets_over_each_other_or_outside_are_found(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    one, other = QLabel("one"), QLabel("other")
    row.addWidget(one)
    row.addWidget(other)
    window.resize(300, 80)
    window.show()
    assert overlapping(window) == []
    assert sticking_out(window) == []
    one.setGeometry(other.geometry())
    assert len(overlapping(window)) == 1
    one.setGeometry(250, 0, 100, 30)
    assert len(sticking_out(window)) == 1


def test_painted_text_that_does_not_fit_is_found(qtbot: QtBot) -> None:
    widget = _Painted()
    qtbot.addWidget(widget)
    with PaintedPast() as painted:
        widget.grab()
    assert len(painted.faults) == 1
    assert "much longer" in next(iter(painted.faults))
