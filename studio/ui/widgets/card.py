"""The card: a surface with a border, on which everything lies."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.ui.widgets.labels import Label
from studio.ui.widgets.painting import set_property

PADDING, PADDING_COMPACT = 18, 14


class Card(QFrame):
    """A frame with padding 18 and a vertical layout, `body`.

    Args:
        look: "true", or "accent" (recommended), "danger", "warning", "sunken", "soft".
        padded: False lets rows reach the border; they then leave one pixel for it.
    """

    def __init__(self, *, look: str = "true", padded: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._padded = padded
        self.setProperty("card", look)
        self.body = QVBoxLayout(self)
        self.body.setSpacing(8)
        self.set_compact(False)

    def set_look(self, look: str) -> None:
        """Another border or ground."""
        set_property(self, "card", look)

    def set_compact(self, compact: bool) -> None:
        """Padding 14 instead of 18."""
        pad = (PADDING_COMPACT if compact else PADDING) if self._padded else 1
        self.body.setContentsMargins(pad, pad, pad, pad)

    def add_title(self, *right: QWidget) -> Label:
        """A title line on top with widgets at its right end.

        Returns:
            The title's label, for `retranslate`.
        """
        title = Label(role="card")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(title)
        line.addStretch(1)
        for widget in right:
            line.addWidget(widget)
        self.body.addLayout(line)
        return title
