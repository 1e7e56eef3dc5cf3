"""Phases, bar, step, time left and the clock time of the end; the same card says where a run waits."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.ui.appearance import Appearance
from studio.ui.run.words import Progress
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.phase_strip import PhaseStrip
from studio.ui.widgets.progress import ProgressBar


class ProgressCard(Card):
    """One line and a bar."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.phases = PhaseStrip(appearance)
        self.message = ElidedLabel()
        self.step = Label(tone="2", tabular=True)
        self.left = Label(tone="2", tabular=True)
        self.end = Label(tone="2", tabular=True)
        for label in (self.step, self.left, self.end):
            label.setTextFormat(Qt.TextFormat.RichText)
        self.bar = ProgressBar(appearance)
        line = QHBoxLayout()
        line.setSpacing(20)
        line.addWidget(self.phases)
        line.addWidget(self.message, 1)
        line.addStretch(1)
        for label in (self.step, self.left, self.end):
            line.addWidget(label)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(self.bar)
        self.body.addLayout(column)

    def show_progress(self, progress: Progress, *, tone: str, message: str = "") -> None:
        """Show where the run stands.

        Args:
            progress: phases, share, texts.
            tone: token of pill and bar: accent, warning while paused, a grey one once stopped.
            message: one sentence in place of the phases: a queued run's place, a paused one's memory.
        """
        phased = progress.current is not None
        self.phases.setVisible(phased)
        self.phases.show_phases(
            progress.current,
            progress.seconds,
            phases=progress.phases,
            note=progress.note,
            tone=tone,
        )
        self.message.setText(message)
        self.message.setVisible(bool(message))
        for label, text in ((self.step, progress.step), (self.left, progress.left), (self.end, progress.end)):
            label.setText(_with_weight(text, progress.strong))
            label.setVisible(bool(text))
        self.bar.set_tone(tone)
        self.bar.set_share(progress.share or 0.0)

    def set_room(self, *, compact: bool) -> None:
        """Less padding, no times of phases, no clock."""
        self.set_compact(compact)
        side = 14 if compact else 18
        self.body.setContentsMargins(side, 7 if compact else 10, side, 11 if compact else 14)
        self.phases.set_compact(compact)


def _with_weight(text: str, strong: tuple[str, ...]) -> str:
    """The text as HTML, the parts that matter in weight 600."""
    shown = html.escape(text)
    for part in strong:
        shown = shown.replace(
            html.escape(part), f'<span style="font-weight:600">{html.escape(part)}</span>', 1
        )
    return shown
