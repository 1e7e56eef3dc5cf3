"""A message about this page, under its header; it stays until it is solved or closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.labels import Label
from studio.ui.widgets.painting import set_property

TONE_ICONS = {
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "circle-x",
}
_TONE_TOKENS = {"info": "accent_text", "success": "success", "warning": "warning", "danger": "danger"}


class Banner(QFrame):
    """Icon, one sentence, at most three small buttons, a cross; hidden until it has something to say.

    Signals:
        closed: a person closed it.
    """

    closed = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._tone = "info"
        self._buttons: list[Button] = []
        self._icon = Label()
        self.message = Label(wrap=True, selectable=True)
        self._close = IconButton(appearance, "x", small=True)
        self._close.clicked.connect(self._on_close)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 6, 8, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self._icon)
        self._row.addWidget(self.message, 1)
        self._row.addWidget(self._close)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()
        appearance.changed.connect(self._restyle)

    def show_message(
        self,
        text: str,
        *,
        tone: str = "info",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        closable: bool = True,
    ) -> None:
        """Say something.

        Args:
            text: one sentence, translated.
            tone: "info", "success", "warning" or "danger".
            actions: button texts and what they do.
            closable: False: it goes only when `clear` is called.
        """
        self._tone = tone
        self.message.setText(text)
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = [Button(self._appearance, label, size="small") for label, _call in actions]
        for position, (button, (_label, call)) in enumerate(zip(self._buttons, actions, strict=True)):
            self._row.insertWidget(2 + position, button)
            button.clicked.connect(lambda _checked=False, call=call: call())
        self._close.setVisible(closable)
        set_property(self, "banner", tone)
        self._restyle()
        self.show()

    def clear(self) -> None:
        """Nothing to say any more."""
        self.hide()

    def _on_close(self) -> None:
        self.hide()
        self.closed.emit()

    def _restyle(self) -> None:
        self._close.set_name(_("Close"))
        self._icon.setPixmap(self._appearance.pixmap(TONE_ICONS[self._tone], _TONE_TOKENS[self._tone]))
