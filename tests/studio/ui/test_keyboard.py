"""The keyboard reaches everything that the mouse does, shows where it is, and everything says its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QLineEdit,
    QTabBar,
    QWidget,
)

from minimind.run_state import RunState
from studio.ui.main_window import MainWindow
from studio.ui.pages.table import PAGES
from studio.ui.shell.commands import key_caps
from studio.ui.tab_order import scroll_to
from tests.studio.ui.fake_runs import failed_run, make_run
from tests.studio.ui.fake_tools import FakeRuns, make_tools
from tests.studio.ui.page_kit import appearance_of, delete

TAB = Qt.FocusPolicy.TabFocus
KEYS = [row.key for row in PAGES]


@pytest.fixture(params=["empty", "filled"])
def window(request, qapp, qtbot, tmp_path: Path) -> Iterator[MainWindow]:
    look = appearance_of(qapp, tmp_path, language="en", theme="light")
    runs = FakeRuns()
    if request.param == "filled":
        runs.put(failed_run(run_id="f", name="Failed one"))
        runs.put(make_run(RunState.FINISHED, run_id="z", step=4000, name="Finished one"))
        runs.put(make_run(RunState.RUNNING, run_id="r", name="Running one"))
    tools = make_tools(look, tmp_path, runs)
    tools.preferences.change(ask_on_close=False)
    made = MainWindow(tools)
    made.resize(1440, 900)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    delete(made)


def settle() -> None:
    for _turn in range(5):
        QApplication.processEvents()


def go(window: MainWindow, key: str) -> None:
    runs = window._tools.runs.runs()
    window.open_page(key, {"run_id": runs[0].run_id} if key == "run" and runs else {})
    settle()


def in_sight(window: MainWindow) -> list[QWidget]:
    """Every widget that a person sees or can scroll to."""
    return [w for w in window.findChildren(QWidget) if w.isVisible() and w.isEnabled()]


def reached(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & TAB) and widget.focusProxy() is None and not is_inner(widget)


def is_inner(widget: QWidget) -> bool:
    """The ground of something that scrolls has the keyboard with it; an empty list has no use for it."""
    parent = widget.parentWidget()
    if isinstance(widget, QAbstractItemView) and not widget.model().rowCount():
        return True
    return isinstance(parent, QAbstractScrollArea) and widget is parent.viewport()


def name_of(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface is not None else ""


def described(widget: QWidget) -> str:
    parents, parent = [], widget.parentWidget()
    while parent is not None and len(parents) < 3:
        parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return " < ".join([f"{type(widget).__name__} {text or widget.toolTip()!r}", *parents])


@pytest.mark.parametrize("key", KEYS)
def test_everything_that_takes_the_keyboard_says_its_name(window: MainWindow, key: str) -> None:
    go(window, key)
    nameless = [described(w) for w in in_sight(window) if reached(w) and not name_of(w)]
    assert nameless == [], nameless


@pytest.mark.parametrize("key", KEYS)
def test_every_button_is_reached_with_the_keyboard(window: MainWindow, key: str) -> None:
    go(window, key)
    buttons = [w for w in in_sight(window) if isinstance(w, QAbstractButton)]
    # those are parts of a field or of a row of tabs, which have keys of their own
    own = [b for b in buttons if not isinstance(b.parentWidget(), QLineEdit | QTabBar)]
    # nor does the mouse press the status strip while nothing runs
    own = [b for b in own if not b.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)]
    assert own
    assert [described(b) for b in own if not reached(b) and not one_of_a_group(b, own)] == []


@pytest.mark.parametrize("key", KEYS)
def test_tab_goes_through_everything_and_comes_round(window: MainWindow, key: str) -> None:
    go(window, key)
    wanted = {w for w in in_sight(window) if reached(w)}
    seen = walk(window, len(wanted) * 2 + 10)
    missed = {w for w in wanted - set(seen) if not one_of_a_group(w, seen)}
    assert sorted(map(described, missed)) == []


def walk(window: MainWindow, most: int) -> list[QWidget]:
    """What has the keyboard after each Tab, from the first button of the rail on until it comes round."""
    window.rail.project_button.setFocus()
    seen: list[QWidget] = []
    for _press in range(most):
        focus = window.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    return seen


def one_of_a_group(widget: QWidget, seen: list[QWidget]) -> bool:
    """Tab enters a group of choices once; arrows go on inside."""
    if not isinstance(widget, QAbstractButton) or not widget.isCheckable():
        return False
    others = [w for w in seen if isinstance(w, QAbstractButton) and w.isCheckable()]
    return any(
        (widget.group() is not None and widget.group() == other.group())
        or (widget.autoExclusive() and other.parentWidget() is widget.parentWidget())
        for other in others
    )


@pytest.mark.parametrize("key", KEYS)
def test_tab_goes_as_one_reads(window: MainWindow, key: str) -> None:
    go(window, key)
    places = [zone(window, widget) for widget in walk(window, 400)]
    assert places == sorted(places)


def zone(window: MainWindow, widget: QWidget) -> int:
    if window.rail.isAncestorOf(widget):
        return 0
    return 2 if window.status.isAncestorOf(widget) else 1


@pytest.mark.parametrize("key", KEYS)
def test_where_the_keyboard_is_can_be_seen(window: MainWindow, key: str) -> None:
    go(window, key)
    kinds: dict[tuple[object, ...], QWidget] = {}
    for widget in walk(window, 400):
        look = tuple(str(widget.property(name)) for name in ("kind", "bulk", "square", "role", "plain"))
        kinds.setdefault((type(widget), *look), widget)
    hidden = [described(w) for w in kinds.values() if w.isVisible() and not shows_focus(window, w)]
    assert hidden == [], hidden


def shows_focus(window: MainWindow, widget: QWidget) -> bool:
    """Whether the window looks different around a widget when that has the keyboard."""
    scroll_to(widget)
    settle()
    area = widget.rect().adjusted(-16, -16, 16, 16).translated(widget.mapTo(window, widget.rect().topLeft()))
    other = window.rail.help if widget is not window.rail.help else window.rail.new_run
    other.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    without = window.grab(area).toImage()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    return without != window.grab(area).toImage()


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_page_is_in_its_list(window: MainWindow, key: str) -> None:
    go(window, key)
    page = window.current_page()
    listed = " ".join(cap for hint in page.shortcuts() for cap in key_caps(hint.keys))
    keys = [shortcut.key().toString() for shortcut in page.findChildren(QShortcut)]
    assert [name for name in keys if not _is_listed(name, listed)] == []


def _is_listed(name: str, listed: str) -> bool:
    (cap,) = key_caps(name.replace("Left", "←").replace("Right", "→"))
    # "Alt ← →" and "[ ]" list two keys with one modifier
    return all(part in listed.split() for part in cap.split())


Open = Callable[[MainWindow], None]
OVERLAYS: dict[str, Open] = {
    "palette": lambda window: window.show_palette(),
    "glossary": lambda window: window.show_glossary(),
    "shortcuts": lambda window: window.show_shortcuts(),
}


@pytest.mark.parametrize("name", sorted(OVERLAYS))
def test_what_floats_keeps_the_keyboard_and_says_its_names(window: MainWindow, name: str) -> None:
    OVERLAYS[name](window)
    settle()
    overlay: QWidget = getattr(window.overlays, name)
    inside = [w for w in in_sight(window) if overlay.isAncestorOf(w) and reached(w)]
    assert [described(w) for w in inside if not name_of(w)] == []
    for _press in range(2 * len(inside) + 1):
        focus = window.focusWidget()
        assert overlay.isAncestorOf(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
