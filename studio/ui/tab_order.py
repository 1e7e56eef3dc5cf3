"""The order in which Tab goes: as one reads what is on show, whenever it was made.

Qt goes in the order in which widgets were made. Rows come and go here, so the order is read off the layouts.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QGridLayout,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QSplitter,
    QWidget,
)


def reading_order(root: QWidget) -> list[QWidget]:
    """Every widget in and below `root` that Tab reaches now, in reading order."""
    return [widget for widget in _walk(root, set()) if _takes_tab(widget)]


def next_one(root: QWidget, focus: QWidget | None, *, forward: bool) -> QWidget | None:
    """Where Tab, or Shift+Tab, goes from a widget; round at the ends; None when nothing takes it."""
    order = reading_order(root)
    if not order:
        return None
    if focus in order:
        return order[(order.index(focus) + (1 if forward else -1)) % len(order)]
    # the page itself, or something that only a click reaches: what follows where it stands
    every = list(_walk(root, set()))
    if focus is None or focus not in every:
        return order[0 if forward else -1]
    place = every.index(focus)
    behind = [widget for widget in every[place:] if widget in order]
    before = [widget for widget in every[:place] if widget in order]
    return (behind + before)[0] if forward else (behind + before)[-1]


def move_on(root: QWidget, *, forward: bool) -> bool:
    """Hand the keyboard on inside `root`, scroll to whoever has it now; False when nothing takes it."""
    target = next_one(root, root.window().focusWidget(), forward=forward)
    if target is None:
        return False
    target.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    scroll_to(target)
    return True


def scroll_to(widget: QWidget) -> None:
    """Bring a widget into sight, whatever it lies in."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea) and parent.widget() is not None:
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def _takes_tab(widget: QWidget) -> bool:
    if isinstance(widget, QAbstractItemView) and widget.model() and not widget.model().rowCount():
        # an empty list shows no place where the keyboard could be
        return False
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractScrollArea) and widget is parent.viewport():
        return False
    reached = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return reached and widget.isEnabled() and widget.focusProxy() is None


def _walk(widget: QWidget, seen: set[QWidget]) -> Iterator[QWidget]:
    """A visible widget, then what lies in it: by layout first, what floats or stands free after that."""
    if widget in seen or not widget.isVisible():
        return
    seen.add(widget)
    yield widget
    layout = widget.layout()
    if layout is not None:
        yield from _through(layout, seen)
    if isinstance(widget, QSplitter):
        for index in range(widget.count()):
            part = widget.widget(index)
            if part is not None:
                yield from _walk(part, seen)
    free = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    for child in sorted(free, key=lambda child: (child.y(), child.x())):
        yield from _walk(child, seen)


def _through(layout: QLayout, seen: set[QWidget]) -> Iterator[QWidget]:
    for item in _in_order(layout):
        inner, widget = item.layout(), item.widget()
        if inner is not None:
            yield from _through(inner, seen)
        elif widget is not None:
            yield from _walk(widget, seen)


def _in_order(layout: QLayout) -> list[QLayoutItem]:
    places = [(index, item) for index in range(layout.count()) if (item := layout.itemAt(index)) is not None]
    if isinstance(layout, QGridLayout):
        cells: dict[int, tuple[int, int]] = {
            index: layout.getItemPosition(index)[:2]  # type: ignore[index]
            for index, _item in places
        }
        places.sort(key=lambda place: cells[place[0]])
    return [item for _index, item in places]
