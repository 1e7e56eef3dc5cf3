"""The header of a page: title, pill, at most three buttons and a ⋯ menu, one meta line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import IconButton
from studio.ui.widgets.labels import ElidedLabel


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """One line of a menu; an empty text is a separator."""

    text: str = ""
    icon: str = ""
    action: Callable[[], object] | None = None
    enabled: bool = True
    hint: str = ""
    keys: str = ""


def fill_menu(appearance: Appearance, menu: QMenu, items: Sequence[MenuItem]) -> None:
    """Replace a menu's lines; a disabled line says why in its tool tip."""
    menu.clear()
    menu.setToolTipsVisible(True)
    for item in items:
        if not item.text:
            menu.addSeparator()
            continue
        action = menu.addAction(f"{item.text}\t{item.keys}" if item.keys else item.text)
        if item.icon:
            action.setIcon(appearance.icon(item.icon, "text2"))
        action.setEnabled(item.enabled)
        action.setToolTip(item.hint)
        if item.action is not None:
            action.triggered.connect(lambda _checked=False, call=item.action: call())


class PageHeader(QWidget):
    """Title 22/30 with a pill and more beside it, actions at the right, a meta line below.

    Signals:
        title_edited: the name a person gave in place (F2 or double click), where that is allowed.
    """

    title_edited = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._editable = False
        self._items: tuple[MenuItem, ...] = ()
        self.title = ElidedLabel(role="title")
        self.title.installEventFilter(self)
        self._editor = QLineEdit()
        self._editor.setProperty("role", "title")
        self._editor.hide()
        self._editor.installEventFilter(self)
        self._editor.returnPressed.connect(self._accept)
        self.meta = ElidedLabel(tone="2")
        self.meta.hide()
        self._beside = QHBoxLayout()
        self._beside.setSpacing(8)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        self._menu = QMenu(self)
        self._more = IconButton(appearance, "ellipsis", kind="normal")
        self._more.setMenu(self._menu)
        self._more.hide()
        self._lay_out()
        self._retranslate()
        appearance.changed.connect(self._retranslate)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(self.title)
        line.addWidget(self._editor, 1)
        line.addLayout(self._beside)
        line.addStretch(1)
        line.addLayout(self._actions)
        line.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self.meta)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_title(self, text: str) -> None:
        """The page's title."""
        self.title.setText(text)

    def set_meta(self, text: str) -> None:
        """One line below the title; empty hides it."""
        self.meta.setText(text)
        self.meta.setVisible(bool(text))

    def add_beside(self, widget: QWidget) -> None:
        """A pill or star right of the title."""
        self._beside.addWidget(widget)

    def set_actions(self, buttons: Sequence[QPushButton]) -> None:
        """At most three buttons; those set before and not named again are hidden, not deleted."""
        assert len(buttons) <= 3, "three buttons at most; the rest goes into the menu"
        while (item := self._actions.takeAt(0)) is not None:
            old = item.widget()
            if old is not None and old not in buttons:
                old.hide()
        for button in buttons:
            self._actions.addWidget(button)
            button.show()

    def set_menu(self, items: Sequence[MenuItem]) -> None:
        """What ⋯ opens; nothing hides it."""
        self._items = tuple(items)
        fill_menu(self._appearance, self._menu, items)
        self._more.setVisible(bool(items))

    def menu_items(self) -> tuple[MenuItem, ...]:
        """What ⋯ opens now."""
        return self._items

    def set_editable(self, editable: bool) -> None:
        """Allow the title to be edited in place."""
        self._editable = editable

    def edit_title(self) -> None:
        """Start editing in place, as F2 does."""
        if self._editable:
            self._editor.setText(self.title.text())
            self.title.hide()
            self._editor.show()
            self._editor.setFocus()
            self._editor.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.title and event.type() == QEvent.Type.MouseButtonDblClick and self._editable:
            self.edit_title()
            return True
        if watched is self._editor and event.type() == QEvent.Type.FocusOut:
            self._close_editor()
        if watched is self._editor and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._close_editor()
            return True
        return super().eventFilter(watched, event)

    def _accept(self) -> None:
        text = self._editor.text().strip()
        changed = text and text != self.title.text()
        self._close_editor()
        if changed:
            self.title.setText(text)
            self.title_edited.emit(text)

    def _close_editor(self) -> None:
        self._editor.hide()
        self.title.show()

    def _retranslate(self) -> None:
        self._more.set_name(_("More"))
        self._editor.setAccessibleName(_("Name"))
