"""The keys of the run page that are not those of a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


def bind(page: QWidget, keys: Mapping[str, Callable[[], object]]) -> None:
    """Let keys do something while the keyboard is on the page."""
    for key, call in keys.items():
        shortcut = QShortcut(QKeySequence(key), page)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(call)
