"""Finds text that does not fit its widget. Eliding is allowed with the property `elide` only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QHeaderView, QLabel, QLineEdit, QTabBar, QWidget


def clipped(root: QWidget) -> list[str]:
    """One line for each visible label, button, tab or header whose text is cut off."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        # a field's own button (clear) is as large as the field lets it be
        if isinstance(widget.parent(), QLineEdit):
            continue
        if widget.isVisible() and not widget.property("elide"):
            fault = _fault(widget)
            if fault:
                found.append(f"{type(widget).__name__} {fault}")
    return found


def _fault(widget: QWidget) -> str:
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            needed = widget.heightForWidth(widget.width())
            return (
                f"{widget.text()!r}: {needed} > {widget.height()} px high" if needed > widget.height() else ""
            )
        return _too_small(widget, widget.text())
    if isinstance(widget, QAbstractButton):
        return _too_small(widget, widget.text() or widget.accessibleName())
    if isinstance(widget, QTabBar):
        return _too_small(widget, "tabs")
    if isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
        for section in range(widget.count()):
            hint = widget.sectionSizeFromContents(section).width()
            if not widget.isSectionHidden(section) and hint > widget.sectionSize(section):
                return f"section {section}: {hint} > {widget.sectionSize(section)} px"
    return ""


def _too_small(widget: QWidget, text: str) -> str:
    hint = widget.sizeHint()
    if hint.width() > widget.width() or hint.height() > widget.height():
        return f"{text!r}: {hint.width()}×{hint.height()} in {widget.width()}×{widget.height()}"
    return ""
