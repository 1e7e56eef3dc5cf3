"""Pills: a word with an icon on a tinted ground; the look of every run state is decided here."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from minimind.text import N_, _
from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box

# tone → tokens of ground and text
PILL_TOKENS = {
    "grey": ("sunken", "text2"),
    "accent": ("accent_soft", "accent_text"),
    "success": ("success_soft", "success"),
    "warning": ("warning_soft", "warning"),
    "danger": ("danger_soft", "danger"),
}


@dataclass(frozen=True, kw_only=True)
class StateLook:
    """How a run state appears everywhere: icon, word (msgid), tone."""

    icon: str
    word: str
    tone: str

    @property
    def token(self) -> str:
        """Colour token of text and icon outside a pill."""
        return PILL_TOKENS[self.tone][1]


STATES = {
    "queued": StateLook(icon="clock", word=N_("Queued"), tone="grey"),
    "starting": StateLook(icon="loader", word=N_("Starting"), tone="accent"),
    "running": StateLook(icon="play", word=N_("Running"), tone="accent"),
    "paused": StateLook(icon="pause", word=N_("Paused"), tone="warning"),
    "stopping": StateLook(icon="save", word=N_("Saving"), tone="accent"),
    "stopped": StateLook(icon="square", word=N_("Stopped"), tone="grey"),
    "finished": StateLook(icon="check", word=N_("Finished"), tone="success"),
    "failed": StateLook(icon="x", word=N_("Failed"), tone="danger"),
    "lost": StateLook(icon="unplug", word=N_("Interrupted"), tone="warning"),
}
ACTIVE_STATES = frozenset({"starting", "running", "paused", "stopping"})


class Pill(QWidget):
    """Icon and word on a tinted ground, 22 px high."""

    def __init__(
        self,
        appearance: Appearance,
        text: str = "",
        *,
        icon: str = "",
        tone: str = "grey",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._text, self._icon, self._tone = text, icon, tone
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        appearance.changed.connect(self._on_appearance_changed)

    def set(self, text: str, *, icon: str = "", tone: str = "grey") -> None:
        """Show another word; `tone` is a key of PILL_TOKENS."""
        self._text, self._icon, self._tone = text, icon, tone
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """The word shown."""
        return self._text

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._appearance.font("small", weight=500))
        icon = 12 + 5 if self._icon else 0
        height = self._appearance.line_height("small") + 4
        return QSize(metrics.horizontalAdvance(self._text) + icon + 19, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        ground, front = PILL_TOKENS[self._tone]
        painter = QPainter(self)
        area = QRectF(self.rect())
        draw_box(painter, area, fill=self._appearance.color(ground), radius=area.height() / 2)
        left = 9
        if self._icon:
            pixmap = self._appearance.pixmap(self._icon, front, 12)
            painter.drawPixmap(left, (self.height() - 12) // 2, pixmap)
            left += 17
        painter.setPen(self._appearance.color(front))
        painter.setFont(self._appearance.font("small", weight=500))
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._text)

    def _on_appearance_changed(self) -> None:
        self.updateGeometry()
        self.update()


class StatePill(Pill):
    """The pill of a run's state; translates itself."""

    def __init__(
        self, appearance: Appearance, state: str = "queued", *, parent: QWidget | None = None
    ) -> None:
        super().__init__(appearance, parent=parent)
        self._state = state
        self.set_state(state)

    @property
    def state(self) -> str:
        """The state's name."""
        return self._state

    def set_state(self, state: str) -> None:
        """Show a run state by its name (`running`, `finished`, …)."""
        self._state = state
        look = STATES[state]
        self.set(_(look.word), icon=look.icon, tone=look.tone)

    def _on_appearance_changed(self) -> None:
        self.set_state(self._state)
