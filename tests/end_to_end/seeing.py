"""What a window says: texts of widgets, lists and tool tips, and what is painted without any widget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)


class Painted(QObject):
    """Every text that Python code paints while this is active, in the order of its first appearance."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, None] = {}

    def __enter__(self) -> Painted:
        self._original = QPainter.drawText

        def draw(painter: QPainter, *arguments: Any) -> Any:
            self.texts.update(dict.fromkeys(part for part in arguments if isinstance(part, str)))
            return self._original(painter, *arguments)

        QPainter.drawText = draw  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_exception: object) -> None:
        QPainter.drawText = self._original  # type: ignore[method-assign]


def said_by(root: QWidget) -> Iterator[tuple[QWidget, str]]:
    """Widgets in sight with what they say, tool tips and names for screen readers included."""
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.isVisible():
            more = [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
            for text in {*said(widget), *_listed(widget), *more}:
                if text:
                    yield widget, text


def said(widget: QWidget) -> list[str]:
    """Text and name of one widget; nothing when it is hidden."""
    if not widget.isVisible():
        return []
    if isinstance(widget, QLabel | QAbstractButton):
        return [widget.text() or widget.accessibleName()]
    if isinstance(widget, QLineEdit):
        return [widget.text() or widget.placeholderText()]
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        return [widget.toPlainText() or widget.placeholderText()]
    if isinstance(widget, QComboBox):
        return [widget.currentText()]
    text = getattr(widget, "text", None)
    return [text()] if callable(text) and isinstance(text(), str) else []


def _listed(widget: QWidget) -> list[str]:
    if isinstance(widget, QTabBar):
        return [widget.tabText(at) for at in range(widget.count())]
    if isinstance(widget, QComboBox):
        return [widget.itemText(at) for at in range(widget.count())]
    found = []
    if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
        top = QModelIndex()
        columns = range(1 if isinstance(model, QAbstractListModel) else model.columnCount(top))
        found += [model.headerData(at, Qt.Orientation.Horizontal) for at in columns]
        found += [model.index(row, at).data() for row in range(model.rowCount(top)) for at in columns]
    return [str(text) for text in found if text]
