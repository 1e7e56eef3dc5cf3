"""The phases of a run in a row: done ones with a check and their time, the one going on as a pill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from minimind.text import N_, _
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box

PHASES = {
    "prepare": N_("Prepare data"),
    "compile": N_("Compile"),
    "train": N_("Train"),
    "evaluate": N_("Evaluate"),
    "save": N_("Save"),
}
_CHEVRON, _SPACE = 12, 10


class PhaseStrip(QWidget):
    """Which phase a run is in; translates itself."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._phases: tuple[str, ...] = tuple(PHASES)
        self._current: str | None = None
        self._seconds: dict[str, float] = {}
        self._note = ""
        self._compact = False
        self._tone = "accent"
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        appearance.changed.connect(self._changed)

    def show_phases(
        self,
        current: str | None,
        seconds: Mapping[str, float] | None = None,
        *,
        phases: Sequence[str] = tuple(PHASES),
        note: str = "",
        tone: str = "accent",
    ) -> None:
        """Set what is shown.

        Args:
            current: key of PHASES going on now, or None.
            seconds: time that each phase took; one that is in here and not current is done.
            phases: the run's phases in order.
            note: behind the current phase's name, e.g. "31%".
            tone: "accent", or "warning" while paused.
        """
        self._current, self._seconds = current, dict(seconds or {})
        self._phases, self._note, self._tone = tuple(phases), note, tone
        self._changed()

    def set_compact(self, compact: bool) -> None:
        """Leave the times out."""
        self._compact = compact
        self._changed()

    def sizeHint(self) -> QSize:
        width = sum(self._width(phase) for phase in self._phases)
        between = (_CHEVRON + 2 * _SPACE) * max(0, len(self._phases) - 1)
        return QSize(width + between, self._appearance.line_height("body") + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, left = QPainter(self), 0
        for index, phase in enumerate(self._phases):
            if index:
                chevron = self._appearance.pixmap("chevron-right", "text3", _CHEVRON)
                painter.drawPixmap(QPoint(left + _SPACE, (self.height() - _CHEVRON) // 2), chevron)
                left += _CHEVRON + 2 * _SPACE
            self._paint_phase(painter, phase, left)
            left += self._width(phase)

    def _paint_phase(self, painter: QPainter, phase: str, left: int) -> None:
        look, width = self._appearance, self._width(phase)
        area = QRectF(left, 0, width, self.height())
        token = "text3"
        if phase == self._current:
            token = "accent_text" if self._tone == "accent" else self._tone
            draw_box(painter, area, fill=look.color(f"{self._tone}_soft"), radius=self.height() / 2)
            icon = "play" if self._tone == "accent" else "pause"
            painter.drawPixmap(QPoint(left + 10, (self.height() - 12) // 2), look.pixmap(icon, token, 12))
            area.setLeft(left + 10 + 17)
        elif self._done(phase):
            token = "text2"
            painter.drawPixmap(QPoint(left, (self.height() - 14) // 2), look.pixmap("check", "success", 14))
            area.setLeft(left + 19)
        painter.setPen(look.color(token))
        painter.setFont(look.font("body", tabular=True))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), self._text(phase))

    def _done(self, phase: str) -> bool:
        return phase in self._seconds and phase != self._current

    def _text(self, phase: str) -> str:
        word = _(PHASES[phase])
        if phase == self._current:
            return f"{word} {self._note}".strip()
        if self._done(phase) and not self._compact:
            return f"{word} {fmt.duration(self._seconds[phase])}"
        return word

    def _width(self, phase: str) -> int:
        text = QFontMetrics(self._appearance.font("body", tabular=True)).horizontalAdvance(self._text(phase))
        if phase == self._current:
            return text + 10 + 17 + 12
        return text + 19 if self._done(phase) else text

    def _changed(self) -> None:
        self.setAccessibleName(", ".join(self._text(phase) for phase in self._phases))
        self.updateGeometry()
        self.update()
