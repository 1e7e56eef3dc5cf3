"""What a place shows while there is nothing in it: an icon, one sentence, a button or two."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label


class EmptyState(QWidget):
    """A 24 px icon in a 40 px square, a sentence, `button` and a quieter `other`, hidden without text."""

    def __init__(self, appearance: Appearance, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._icon_name = icon
        self._icon = Label()
        square = QFrame()
        square.setProperty("card", "sunken")
        square.setFixedSize(40, 40)
        inside = QVBoxLayout(square)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignCenter)
        self.sentence = Label(tone="2", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = Button(appearance)
        self.other = Button(appearance, kind="ghost")
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(square, 0, Qt.AlignmentFlag.AlignHCenter)
        # over the whole width: an aligned item would not get the height that its lines need
        column.addWidget(self.sentence)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.button)
        buttons.addWidget(self.other)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)
        self._restyle()
        appearance.changed.connect(self._restyle)

    def set_texts(self, sentence: str, button: str = "", other: str = "") -> None:
        """The sentence and the buttons' verbs, translated."""
        self.sentence.setText(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.other.setText(other)
        self.other.setVisible(bool(other))

    def _restyle(self) -> None:
        self._icon.setPixmap(self._appearance.pixmap(self._icon_name, "text2", 24))
