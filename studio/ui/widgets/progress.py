"""A thin progress bar that jumps, never slides."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box


class ProgressBar(QProgressBar):
    """A share of one as a bar.

    Args:
        appearance: where colours come from.
        height: 6 pixels, or 4 in the status bar.
        tone: token of the fill: accent, warning, success, danger.
        name: what a screen reader says.
    """

    def __init__(
        self,
        appearance: Appearance,
        *,
        height: int = 6,
        tone: str = "accent",
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._tone = tone
        self._height = height
        self.setRange(0, 1000)
        self.setTextVisible(False)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        appearance.changed.connect(self.update)

    def set_share(self, share: float) -> None:
        """Show done ÷ total, 0 to 1."""
        self.setValue(round(1000 * min(1.0, max(0.0, share))))

    def set_tone(self, tone: str) -> None:
        """Another fill."""
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, area = QPainter(self), QRectF(self.rect())
        radius = area.height() / 2
        draw_box(painter, area, fill=self._appearance.color("track"), radius=radius)
        if self.value() > 0:
            area.setWidth(max(area.height(), area.width() * self.value() / 1000))
            draw_box(painter, area, fill=self._appearance.color(self._tone), radius=radius)
