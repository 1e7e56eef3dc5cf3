"""The list of shortcuts that F1 opens over the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import N_, _
from studio.ui.appearance import Appearance
from studio.ui.pages.page import ShortcutHint
from studio.ui.widgets.buttons import IconButton
from studio.ui.widgets.key_cap import KeyCap
from studio.ui.widgets.labels import Label

EVERYWHERE = (
    ("Ctrl 1 … 5", N_("Go to a page")),
    ("Ctrl N", N_("New run")),
    ("Ctrl ,", N_("Preferences")),
    ("Ctrl B", N_("Fold the rail")),
    ("Ctrl Tab", N_("Back to the last page")),
    ("Ctrl Enter", N_("The page's filled button")),
    ("Esc", N_("Back, or close what is open")),
    ("F1  ?", N_("This list")),
)


class ShortcutList(QFrame):
    """Floats over the window in the middle; Esc, F1, a click beside it or the cross close it."""

    def __init__(self, appearance: Appearance, over: QWidget) -> None:
        super().__init__(over)
        self._appearance = appearance
        self._over = over
        self.setProperty("floating", "true")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title = Label(role="heading")
        self._close = IconButton(appearance, "x", small=True)
        self._close.clicked.connect(self.hide)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self._close)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(32)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 20)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(self._columns)
        over.installEventFilter(self)
        self.hide()

    def open(self, page_title: str, hints: Sequence[ShortcutHint]) -> None:
        """Show what works everywhere, and the page's own keys beside it."""
        while (item := self._columns.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.title.setText(_("Keyboard shortcuts"))
        self._close.set_name(_("Close"), "Esc")
        everywhere = [ShortcutHint(keys=keys, text=_(text)) for keys, text in EVERYWHERE]
        self._columns.addWidget(self._group(_("Everywhere"), everywhere), 0, Qt.AlignmentFlag.AlignTop)
        if hints:
            self._columns.addWidget(self._group(page_title, hints), 0, Qt.AlignmentFlag.AlignTop)
        self.show()
        self._place()
        self.raise_()
        self._close.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._place()
        if watched is self._over and event.type() == QEvent.Type.MouseButtonPress and self.isVisible():
            self.hide()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.hide()
        else:
            super().keyPressEvent(event)

    def _group(self, title: str, hints: Sequence[ShortcutHint]) -> QWidget:
        group = QWidget()
        grid = QGridLayout(group)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.addWidget(Label(title, role="small", tone="3"), 0, 0, 1, 2)
        for row, hint in enumerate(hints, start=1):
            keys = QHBoxLayout()
            keys.setSpacing(4)
            for combination in hint.keys.split("  "):
                keys.addWidget(KeyCap(self._appearance, combination))
            keys.addStretch(1)
            grid.addLayout(keys, row, 0)
            grid.addWidget(Label(hint.text), row, 1)
        grid.setColumnStretch(1, 1)
        return group

    def _place(self) -> None:
        if self.isVisible():
            self.adjustSize()
            self.move((self._over.width() - self.width()) // 2, (self._over.height() - self.height()) // 2)
