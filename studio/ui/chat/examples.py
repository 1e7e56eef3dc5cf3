"""Four things to say to a model that one has never talked to."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from minimind.text import N_, _
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button

# what a first model of the bundled sample can answer, and any other one, too
QUESTIONS = (
    N_("Who are you?"),
    N_("Tell me a story."),
    N_("What colour is the sky?"),
    N_("What is 2 plus 3?"),
)
BEGINNINGS = (
    N_("Spring has come"),
    N_("Once upon a time there was a mountain"),
    N_("The sea is"),
    N_("To make good tea"),
)


class Examples(QWidget):
    """Four buttons; one asks at once.

    Signals:
        chosen(str): its text.
    """

    chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = False
        self.buttons = [Button(appearance) for _text in QUESTIONS]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        for index, button in enumerate(self.buttons):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setProperty("elide", True)
            button.clicked.connect(lambda _checked=False, index=index: self._on_clicked(index))
            grid.addWidget(button, index // 2, index % 2)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def set_base(self, base: bool) -> None:
        """Beginnings instead of questions."""
        self._base = base
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text again."""
        for button, text in zip(self.buttons, BEGINNINGS if self._base else QUESTIONS, strict=True):
            room = button.width() - 28 if self.isVisible() else 1 << 14
            shown = button.fontMetrics().elidedText(_(text), Qt.TextElideMode.ElideRight, room)
            button.setText(shown)
            button.setAccessibleName(_(text))
            button.setToolTip(_(text) if shown != _(text) else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.retranslate()

    def _on_clicked(self, index: int) -> None:
        self.chosen.emit(_((BEGINNINGS if self._base else QUESTIONS)[index]))
