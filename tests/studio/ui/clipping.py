"""Finds text that does not fit its widget. Eliding is allowed with the property `elide` only."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

SLACK = 1  # px: a hint rounded up


def clipped(root: QWidget) -> list[str]:
    """One line for each visible label, button, tab or header whose text is cut off."""
    # a text set just now has asked for a new layout, which comes with the next events
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        # a field's own button (clear) is as large as the field lets it be
        if isinstance(widget.parent(), QLineEdit) or widget.property("elide"):
            continue
        # scrolled out of sight is not clipped
        if widget.isVisible() and not widget.visibleRegion().isEmpty():
            fault = _fault(widget)
            if fault:
                found.append(f"{type(widget).__name__} {fault}")
    return found


def _fault(widget: QWidget) -> str:
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            needed, there = widget.heightForWidth(widget.width()), widget.height() + SLACK
            return f"{widget.text()!r}: {needed} > {there} px high" if needed > there else ""
        return _too_small(widget, widget.text()) if widget.text() else ""
    if isinstance(widget, QAbstractButton):
        return _too_small(widget, widget.text() or widget.accessibleName())
    if isinstance(widget, QTabBar):
        return _too_small(widget, "tabs")
    if isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
        return _cut_item(widget)
    if isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
        for section in range(widget.count()):
            hint = widget.sectionSizeFromContents(section).width()
            if not widget.isSectionHidden(section) and hint > widget.sectionSize(section):
                return f"section {section}: {hint} > {widget.sectionSize(section)} px"
    return ""


def _cut_item(view: QAbstractItemView) -> str:
    """The first item on show whose text is cut off and stands in no tool tip either."""
    model, root = view.model(), view.rootIndex()
    if model is None:
        return ""
    # a model of a list keeps its number of columns to itself
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(root)
    for row in range(model.rowCount(root)):
        for column in range(columns):
            index = model.index(row, column, root)
            place, text = view.visualRect(index), index.data(Qt.ItemDataRole.DisplayRole)
            if not isinstance(text, str) or not text or not view.viewport().rect().intersects(place):
                continue
            needed = view.fontMetrics().horizontalAdvance(text)
            if needed > place.width() + SLACK and not index.data(Qt.ItemDataRole.ToolTipRole):
                return f"item {text!r}: {needed} > {place.width()} px and no tool tip"
    return ""


def _too_small(widget: QWidget, text: str) -> str:
    # a tab bar that scrolls needs less than it would like
    hint = widget.minimumSizeHint() if isinstance(widget, QTabBar) else widget.sizeHint()
    if hint.width() > widget.width() + SLACK or hint.height() > widget.height() + SLACK:
        return f"{text!r}: {hint.width()}×{hint.height()} in {widget.width()}×{widget.height()}"
    return ""
