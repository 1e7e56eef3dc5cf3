"""A segmented control: one of a few, all visible."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from studio.ui.appearance import Appearance


class _Segment(QAbstractButton):
    def __init__(self, appearance: Appearance, key: str, text: str, parent: SegmentedControl) -> None:
        super().__init__(parent)
        self.key = key
        self.first = self.last = False
        self._appearance = appearance
        self._owner = parent
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        # measured at weight 500, so that choosing a segment moves nothing
        metrics = QFontMetrics(self._appearance.font("small", weight=500))
        return QSize(
            metrics.horizontalAdvance(self.text()) + 22, max(26, self._appearance.line_height("small") + 6)
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._owner.step_from(self, step)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, area = self._appearance, QRectF(self.rect())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # each segment draws its own part of the frame; neighbours overlap by the shared line
        outline = QPainterPath()
        radius = 6.0
        box = area.adjusted(0.5 if self.first else -radius, 0.5, -0.5 if self.last else radius, -0.5)
        outline.addRoundedRect(box, radius, radius)
        painter.setClipRect(area)
        ground = "selected" if self.isChecked() else "hover" if self.underMouse() else "surface"
        painter.setPen(QPen(look.color("border_strong"), 1))
        painter.setBrush(look.color(ground))
        painter.drawPath(outline)
        if not self.last:
            x = area.right() - 0.5
            painter.drawLine(int(x), 1, int(x), int(area.bottom()) - 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color("accent"), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1 if self.last else -2, -1), 5, 5)
        token = "accent_text" if self.isChecked() else "text2" if self.isEnabled() else "text_disabled"
        painter.setPen(look.color(token))
        painter.setFont(look.font("small", weight=500 if self.isChecked() else 400))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class SegmentedControl(QWidget):
    """One of a few choices, all visible; ← → move between them.

    Signals:
        selected: key of the segment that a person chose.
    """

    selected = Signal(str)

    def __init__(
        self,
        appearance: Appearance,
        segments: Sequence[tuple[str, str]] = (),
        *,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._segments: list[_Segment] = []
        self._group = QButtonGroup(self)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.set_segments(segments)
        appearance.changed.connect(self._on_appearance_changed)

    def set_segments(self, segments: Sequence[tuple[str, str]]) -> None:
        """Pairs of key and translated text; the same keys keep their widgets and the choice."""
        keys = [key for key, _text in segments]
        if keys == [segment.key for segment in self._segments]:
            for segment, (_key, text) in zip(self._segments, segments, strict=True):
                segment.setText(text)
                segment.updateGeometry()
            return
        chosen = self.current()
        for segment in self._segments:
            self._group.removeButton(segment)
            segment.deleteLater()
        self._segments = [_Segment(self._appearance, key, text, self) for key, text in segments]
        for segment in self._segments:
            segment.first = segment is self._segments[0]
            segment.last = segment is self._segments[-1]
            self._group.addButton(segment)
            self._layout.addWidget(segment)
            segment.clicked.connect(self._on_clicked)
        if keys:
            self.select(chosen if chosen in keys else keys[0])

    def current(self) -> str:
        """Key of the chosen segment; empty when there is none."""
        return next((segment.key for segment in self._segments if segment.isChecked()), "")

    def select(self, key: str) -> None:
        """Choose without a signal."""
        for segment in self._segments:
            segment.setChecked(segment.key == key)

    def segment(self, key: str) -> QAbstractButton:
        """The button of a key."""
        return next(segment for segment in self._segments if segment.key == key)

    def step_from(self, segment: QAbstractButton, step: int) -> None:
        """Choose the neighbour of a segment, as the arrow keys do."""
        index = [*self._segments].index(segment) + step  # type: ignore[arg-type]
        if 0 <= index < len(self._segments):
            self._segments[index].setFocus(Qt.FocusReason.TabFocusReason)
            self._segments[index].click()

    def _on_clicked(self) -> None:
        self.selected.emit(self.current())

    def _on_appearance_changed(self) -> None:
        for segment in self._segments:
            segment.updateGeometry()
            segment.update()
