"""The line above a plot: what the curves are, and under the pointer what they say there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.appearance import Appearance

_LINE, _DOT, _GAP, _BETWEEN = 14, 8, 6, 14


@dataclass(frozen=True, kw_only=True)
class LegendItem:
    """One entry: a sample of the curve, and words.

    Attributes:
        shape: "line", "dot", or "" for words alone.
        token: colour of the sample.
        text: words; strong: drawn in the main colour and weight.
    """

    text: str
    shape: str = ""
    token: str = "curve1"
    strong: bool = False


class PlotLegend(QWidget):
    """Entries in one line; those that there is no room for are left out from the right."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._items: tuple[LegendItem, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)
        appearance.changed.connect(self._on_appearance_changed)

    def set_items(self, items: Sequence[LegendItem]) -> None:
        """Show these."""
        if tuple(items) != self._items:
            self._items = tuple(items)
            self.setAccessibleName(self.text())
            self._update_tip()
            self.update()

    def text(self) -> str:
        """All words, as a screen reader says them."""
        return ", ".join(item.text for item in self._items)

    def shown(self) -> list[LegendItem]:
        """The entries that there is room for."""
        left = 0
        kept: list[LegendItem] = []
        for item in self._items:
            width = self._width(item)
            if left + width > self.width() and kept:
                break
            kept.append(item)
            left += width + _BETWEEN
        return kept

    def sizeHint(self) -> QSize:
        return QSize(300, max(26, self._appearance.line_height("small")))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_legend(QPainter(self), self._appearance, self.shown(), QRectF(self.rect()))

    def _width(self, item: LegendItem) -> int:
        sample = {"line": _LINE + _GAP, "dot": _DOT + _GAP}.get(item.shape, 0)
        font = self._appearance.font("small", tabular=True, weight=500 if item.strong else 400)
        return sample + QFontMetrics(font).horizontalAdvance(item.text) + 1

    def _update_tip(self) -> None:
        self.setToolTip(self.text() if len(self.shown()) < len(self._items) else "")

    def _on_appearance_changed(self) -> None:
        self.updateGeometry()
        self.update()


def paint_legend(painter: QPainter, look: Appearance, items: Sequence[LegendItem], area: QRectF) -> None:
    """Entries in one line, from the left of an area."""
    left, middle = area.left(), area.center().y()
    # curves drawn with the same painter afterwards would be filled with the brush of a dot
    painter.save()
    for item in items:
        if item.shape == "line":
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(look.color(item.token), 2))
            painter.drawLine(QPointF(left, middle), QPointF(left + _LINE, middle))
            left += _LINE + _GAP
        elif item.shape == "dot":
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(item.token))
            painter.drawEllipse(QRectF(left, middle - _DOT / 2, _DOT, _DOT))
            left += _DOT + _GAP
        painter.setPen(look.color("text" if item.strong else "text2"))
        painter.setFont(look.font("small", tabular=True, weight=500 if item.strong else 400))
        width = QFontMetrics(painter.font()).horizontalAdvance(item.text) + 1
        box = QRectF(left, area.top(), width, area.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), item.text)
        left += width + _BETWEEN
    painter.restore()
