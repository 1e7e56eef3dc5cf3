"""The list of shortcuts that F1 opens over the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.pages.page import ShortcutHint
from studio.ui.shell.commands import key_caps, listed
from studio.ui.widgets.buttons import IconButton, LinkButton
from studio.ui.widgets.key_cap import KeyCap
from studio.ui.widgets.labels import Label
from studio.ui.widgets.overlay import Overlay


class ShortcutList(Overlay):
    """Floats over the window in the middle; Esc, F1, a press beside it or the cross close it.

    Signals:
        glossary_wanted: the link to the glossary was pressed.
    """

    glossary_wanted = Signal()

    def __init__(self, appearance: Appearance, over: QWidget) -> None:
        super().__init__(over)
        self._appearance = appearance
        self.title = Label(role="heading")
        self._close = IconButton(appearance, "x", small=True)
        self._close.clicked.connect(self.hide)
        self.glossary = LinkButton(appearance, icon="book-open")
        self.glossary.clicked.connect(self._on_glossary)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self._close)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(32)
        foot = QHBoxLayout()
        foot.addWidget(self.glossary)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 14)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(self._columns)
        column.addLayout(foot)

    def open(self, page_title: str, hints: Sequence[ShortcutHint]) -> None:
        """Show what works everywhere, and the page's own keys beside it."""
        while (item := self._columns.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.title.setText(_("Keyboard shortcuts"))
        self._close.set_name(_("Close"), "Esc")
        self.glossary.setText(_("Glossary"))
        everywhere = [ShortcutHint(keys=keys, text=_(text)) for keys, text in listed()]
        self._columns.addWidget(self._group(_("Everywhere"), everywhere), 0, Qt.AlignmentFlag.AlignTop)
        if hints:
            self._columns.addWidget(self._group(page_title, hints), 0, Qt.AlignmentFlag.AlignTop)
        self.open_at(self._close)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            # other letters need another size
            self.place()
        return done

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _on_glossary(self) -> None:
        self.hide()
        self.glossary_wanted.emit()

    def _group(self, title: str, hints: Sequence[ShortcutHint]) -> QWidget:
        group = QWidget()
        grid = QGridLayout(group)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.addWidget(Label(title, role="small", tone="3"), 0, 0, 1, 2)
        for row, hint in enumerate(hints, start=1):
            grid.addLayout(key_cap_row(self._appearance, hint.keys), row, 0)
            grid.addWidget(Label(hint.text), row, 1)
        grid.setColumnStretch(1, 1)
        return group


def key_cap_row(appearance: Appearance, keys: str) -> QHBoxLayout:
    """One cap for each combination, from the left."""
    row = QHBoxLayout()
    row.setSpacing(4)
    for cap in key_caps(keys):
        row.addWidget(KeyCap(appearance, cap))
    row.addStretch(1)
    return row
