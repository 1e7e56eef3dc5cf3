"""Memory by part: what fills a card, and by how much it would overflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.labels import Label


@dataclass(frozen=True, kw_only=True)
class MemoryPart:
    """One part: name (translated), bytes, and the token of its colour (`curve1` … )."""

    name: str
    size: float
    token: str


class MemoryBar(QWidget):
    """Parts side by side on a track that stands for all there is; past its end in `danger`."""

    def __init__(self, appearance: Appearance, *, height: int = 8, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._height = height
        self._parts: tuple[MemoryPart, ...] = ()
        self._total = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        appearance.changed.connect(self.update)

    def set_parts(self, parts: Sequence[MemoryPart], total: float) -> None:
        """What is used and how much there is, in bytes."""
        self._parts, self._total = tuple(parts), total
        lines = [f"{part.name}  {fmt.memory(part.size)}" for part in parts if part.name]
        self.setToolTip("\n".join(lines))
        self.setAccessibleName(fmt.memory_pair(sum(part.size for part in parts), total))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look, area = QPainter(self), self._appearance, QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setClipPath(shape)
        painter.fillRect(area, look.color("track"))
        used = sum(part.size for part in self._parts)
        scale = area.width() / max(self._total, used, 1.0)
        left = 0.0
        for part in self._parts:
            width = part.size * scale
            painter.fillRect(QRectF(left, 0, max(width, 1.0), area.height()), look.color(part.token))
            left += width
            # a line of the ground between parts, so that they differ without colour too
            painter.fillRect(QRectF(left - 0.5, 0, 1, area.height()), look.color("surface"))
        if used > self._total > 0:
            end = self._total * scale
            painter.fillRect(QRectF(end, 0, area.width() - end, area.height()), look.color("danger"))
            painter.fillRect(QRectF(end - 1, 0, 2, area.height()), look.color("surface"))


class _Swatch(QWidget):
    def __init__(self, appearance: Appearance, token: str) -> None:
        super().__init__()
        self._appearance, self._token = appearance, token
        self.setFixedSize(8, 8)
        appearance.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self._appearance.color(self._token))


class MemoryLegend(QWidget):
    """The names of the parts with their colours, in a row."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(5)

    def set_parts(self, parts: Sequence[MemoryPart]) -> None:
        """The same parts as the bar's."""
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for part in parts:
            name = Label(part.name, role="small", tone="2")
            name.setToolTip(fmt.memory(part.size))
            self._row.addWidget(_Swatch(self._appearance, part.token))
            self._row.addWidget(name)
            self._row.addSpacing(6)
        self._row.addStretch(1)
