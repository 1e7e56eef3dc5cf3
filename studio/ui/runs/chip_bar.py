"""Chips above a table: groups with their counts, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button


class ChipBar(QWidget):
    """A row of small buttons, exclusively checked.

    Signals:
        chosen(str): key of a chip that a person chose.
    """

    chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._chips: dict[str, Button] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def set_chips(self, chips: Sequence[tuple[str, str, int]], current: str) -> None:
        """(key, word, count) in order; those not named are hidden."""
        for button in self._chips.values():
            button.hide()
        for at, (key, word, count) in enumerate(chips):
            button = self._chips.get(key) or self._make(key)
            text = f"{word} {fmt.exact(count)}"
            if button.text() != text:
                button.setText(text)
            button.setChecked(key == current)
            self._row.removeWidget(button)
            self._row.insertWidget(at, button)
            button.show()

    def chip(self, key: str) -> Button | None:
        """The button of a group, if it is shown."""
        found = self._chips.get(key)
        return found if found is not None and not found.isHidden() else None

    def current(self) -> str:
        """Key of the chosen chip."""
        return next((key for key, button in self._chips.items() if button.isChecked()), "")

    def _make(self, key: str) -> Button:
        button = Button(self._appearance, kind="ghost", size="small")
        button.setCheckable(True)
        self._group.addButton(button)
        button.clicked.connect(lambda _checked=False: self.chosen.emit(key))
        self._chips[key] = button
        return button
