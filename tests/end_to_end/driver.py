"""A person in front of the window: finds things by what they say, clicks, types, waits, reads.

Needs no pytest, so that a studio in another process can be driven with it, too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import (
    QMimeData,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QUrl,
)
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTableView,
    QTextEdit,
    QWidget,
)

from studio.store.records import Curve, Run
from studio.ui.main_window import MainWindow
from studio.ui.pages.run_page import RunPage
from tests.end_to_end.seeing import said

# only a hang reaches it: the machine may be busy with other things
PATIENCE_S = 120.0
LEFT = Qt.MouseButton.LeftButton
NO_MODIFIER = Qt.KeyboardModifier.NoModifier
W = TypeVar("W", bound=QWidget)


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Let Qt work until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still waiting after {seconds:.0f} s: {what}"
        QTest.qWait(10)


class Person:
    """Drives one window by mouse and keyboard."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._in_dialog = False

    # -- seeing --------------------------------------------------------------------------------

    @property
    def front(self) -> QWidget:
        """The dialog in front of the window, else the window."""
        dialog = QApplication.activeModalWidget()
        return dialog if dialog is not None else self.window

    def all(self, kind: type[W], name: str | re.Pattern[str] = "") -> list[W]:
        """Everything of a kind in sight whose text or accessible name is that."""
        found = []
        for widget in self.front.findChildren(kind):
            if widget.isVisible() and not widget.visibleRegion().isEmpty() and _is_called(widget, name):
                found.append(widget)
        return found

    def find(self, kind: type[W], name: str | re.Pattern[str] = "") -> W:
        """The one thing of that name; scrolls to it when it is out of sight."""
        found = self.all(kind, name)
        if not found:
            hidden = [w for w in self.front.findChildren(kind) if w.isVisible() and _is_called(w, name)]
            if len(hidden) == 1:
                _scroll_to(hidden[0])
                found = self.all(kind, name)
        assert found, f"no {kind.__name__} called {name!r}; in sight: {self.texts()}"
        assert len(found) == 1, f"{len(found)} × {kind.__name__} called {name!r}"
        return found[0]

    def button(self, name: str | re.Pattern[str]) -> QAbstractButton:
        """The one button of that name."""
        return self.find(QAbstractButton, name)

    def texts(self) -> list[str]:
        """What labels, buttons and fields in sight say."""
        return [text for widget in self.front.findChildren(QWidget) for text in said(widget) if text]

    def sees(self, part: str) -> bool:
        """Whether a text in sight contains that."""
        return any(part in text for text in self.texts())

    def wait(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Until it comes true."""
        try:
            wait_until(condition, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; in sight: {self.texts()}") from None

    def wait_to_see(self, part: str, seconds: float = PATIENCE_S) -> None:
        """Until a text in sight contains that."""
        end = time.monotonic() + seconds
        while not self.sees(part):
            assert time.monotonic() < end, f"never saw {part!r}; in sight: {self.texts()}"
            QTest.qWait(20)

    def wait_for_button(self, name: str | re.Pattern[str], seconds: float = PATIENCE_S) -> QAbstractButton:
        """Until a button of that name can be pressed."""

        def there() -> bool:
            return any(button.isEnabled() for button in self.all(QAbstractButton, name))

        self.wait(there, f"a button {name!r}", seconds)
        return self.button(name)

    # -- doing ---------------------------------------------------------------------------------

    def click(self, target: QWidget | str | re.Pattern[str]) -> None:
        """Press the left button on something that is there, on top and enabled."""
        self._take_the_keyboard_back()
        widget = target if isinstance(target, QWidget) else self.button(target)
        _scroll_to(widget)
        settle()
        assert widget.isEnabled(), f"{said(widget)} is disabled: {widget.toolTip()}"
        middle = widget.rect().center()
        assert _is_on_top(widget, middle), f"{said(widget)} is covered by something"
        QTest.mouseClick(widget, LEFT, NO_MODIFIER, middle)
        settle()

    def type(self, field: QWidget | str, text: str) -> None:
        """Replace what stands in a field."""
        widget = field if isinstance(field, QWidget) else self.field(field)
        self.click(widget)
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        write(widget, text)
        settle()

    def field(self, name: str) -> QWidget:
        """The input of that name."""
        inputs = [*self.all(QLineEdit, name), *self.all(QPlainTextEdit, name), *self.all(QTextEdit, name)]
        if inputs:
            return inputs[0]
        return self.find(QLineEdit, name)

    def press(self, keys: str) -> None:
        """Press keys where the focus is: `Ctrl+N`, `Return`, `S`."""
        modifiers, key = _keys(keys)
        self._take_the_keyboard_back()
        # a widget that is shown before it has a parent is a window for a moment, and takes the keyboard along
        assert self.front.isActiveWindow(), "something took the keyboard away from the window"
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        settle()

    def choose(self, combo: str, text: str) -> None:
        """Choose an entry of a drop-down list with the keyboard."""
        box = self.find(QComboBox, combo)
        self.click(box)
        wanted = box.findText(text)
        assert wanted >= 0, f"{combo} offers {[box.itemText(i) for i in range(box.count())]}"
        view = box.view()
        wait_until(view.isVisible, f"the list of {combo}")
        QTest.keyClick(view, Qt.Key.Key_Home)
        for _ in range(wanted):
            QTest.keyClick(view, Qt.Key.Key_Down)
        QTest.keyClick(view, Qt.Key.Key_Return)
        settle()

    def drop(self, area: QWidget, paths: list[Path]) -> None:
        """Let files fall onto a widget."""
        target = area.viewport() if isinstance(area, QScrollArea) else area
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        where, left, none = QPoint(20, 20), LEFT, NO_MODIFIER
        entered = QDragEnterEvent(where, Qt.DropAction.CopyAction, data, left, none)
        QApplication.sendEvent(target, entered)
        assert entered.isAccepted()
        dropped = QDropEvent(QPointF(where), Qt.DropAction.CopyAction, data, left, none)
        QApplication.sendEvent(target, dropped)
        settle()

    def pick_file(self, button: str, path: Path) -> None:
        """Press a button that asks for a file, and name it in the dialog."""
        with self.in_dialog(QFileDialog, lambda dialog: name_path(dialog, path)):
            self.click(button)

    def choose_from_menu(self, button: str | re.Pattern[str], entry: str) -> None:
        """Open the menu of a button and click an entry."""

        self.click(button)
        wait_until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), f"the menu of {button}")
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        actions = {action.text().partition("\t")[0].replace("&", ""): action for action in menu.actions()}
        assert entry in actions, f"the menu offers {list(actions)}"
        QTest.mouseClick(menu, LEFT, NO_MODIFIER, menu.actionGeometry(actions[entry]).center())
        settle()

    @contextmanager
    def in_dialog(self, kind: type[Any], act: Callable[[Any], None]) -> Iterator[None]:
        """Act on the dialog that what is done inside opens and waits for; the act closes it."""
        failures: list[BaseException] = []
        acted: list[float] = []
        timer = QTimer()
        timer.setInterval(20)

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, kind) or not dialog.isVisible():
                return
            if acted:
                if time.monotonic() > acted[0] + PATIENCE_S:
                    failures.append(AssertionError(f"the {kind.__name__} stays open"))
                    dialog.done(0)
                return
            acted.append(time.monotonic())
            try:
                act(dialog)
            except BaseException as error:
                # Qt's loop would swallow it, and the dialog would stay for ever
                failures.append(error)
                dialog.close()

        timer.timeout.connect(look)
        timer.start()
        yield
        timer.stop()
        self._in_dialog = True
        if failures:
            raise failures[0]
        assert acted, f"no {kind.__name__} opened"

    def _take_the_keyboard_back(self) -> None:
        """After a dialog; here is no window manager that gives it to the window."""
        if self.front is not self.window:
            self._in_dialog = True
        elif self._in_dialog and self.window.isVisible():
            self._in_dialog = False
            self.window.activateWindow()
            wait_until(self.window.isActiveWindow, "the window in front again")

    def go(self, place: str) -> None:
        """Press a place in the rail."""
        self.click(next(b for b in self.window.rail.findChildren(QAbstractButton) if _is_called(b, place)))

    # -- runs ----------------------------------------------------------------------------------

    @property
    def run_page(self) -> RunPage:
        """The run page in front."""
        page = self.window.current_page()
        assert isinstance(page, RunPage), self.window.current_key
        return page

    @property
    def run(self) -> Run:
        """The run on it."""
        run = self.run_page.run
        assert run is not None
        return run

    def state(self) -> str:
        """The word in the run's pill."""
        return self.run_page.header.pill.text()

    def wait_for_state(self, word: str, seconds: float = PATIENCE_S) -> None:
        """Until the pill says that."""
        self.wait(lambda: self.state() == word, word, seconds)

    def open_from_table(self, name: str) -> None:
        """Runs, then a double click on the row of that name."""
        self.go("Runs")
        table = self.find(QTableView)
        rows = table.model()

        def row() -> int | None:
            for at in range(rows.rowCount()):
                if rows.index(at, 1).data() == name:
                    return at
            return None

        wait_until(lambda: row() is not None, f"a run called {name}")
        place = table.visualRect(rows.index(row() or 0, 1)).center()
        # press and release first, as a real double click begins
        QTest.mouseClick(table.viewport(), LEFT, NO_MODIFIER, place)
        QTest.mouseDClick(table.viewport(), LEFT, NO_MODIFIER, place)
        wait_until(lambda: self.window.current_key == "run", "the run's page")
        settle()

    def curve(self) -> Curve:
        """The points of the raw curve as they lie in the plot."""
        plot = self.run_page.body.plot.plot
        for item in plot.scene().items():
            # the average lies above the raw curve; the lanes of the hardware lie in boxes of their own
            mine = isinstance(item, pg.PlotDataItem) and item.getViewBox() is plot._box
            if mine and item.isVisible() and item.zValue() == 0:
                xs, ys = item.getOriginalDataset()
                if xs is not None:
                    return Curve(x=np.asarray(xs, float), y=np.asarray(ys, float))
        return Curve(x=np.empty(0), y=np.empty(0))


def settle() -> None:
    """Layouts settle, what was deleted goes."""
    for _ in range(4):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, 52)  # type: ignore[arg-type] # DeferredDelete


def write(widget: QWidget, text: str) -> None:
    """Type text where the keyboard is; what no key says comes through an input method."""
    for part in re.findall(r"[ -~]+|[^ -~]+", text):
        if part.isascii():
            QTest.keyClicks(widget, part)
        else:
            composed = QInputMethodEvent()
            composed.setCommitString(part)
            QApplication.sendEvent(widget, composed)


def _is_called(widget: QWidget, name: str | re.Pattern[str]) -> bool:
    if not name:
        return True
    names = [text.replace("&", "") for text in (*said(widget), widget.accessibleName())]
    if isinstance(name, re.Pattern):
        return any(name.search(text) for text in names)
    return name in names


def _scroll_to(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea) and parent.widget() is not None:
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    settle()


def _is_on_top(widget: QWidget, place: QPoint) -> bool:
    window = widget.window()
    hit = window.childAt(widget.mapTo(window, place))
    return hit is None or hit is widget or widget.isAncestorOf(hit) or hit.isAncestorOf(widget)


def _keys(keys: str) -> tuple[Qt.KeyboardModifier, Qt.Key]:
    *before, last = keys.split("+") if not keys.endswith("+") else [keys]
    modifiers = NO_MODIFIER
    for name in before:
        modifiers |= {
            "Ctrl": Qt.KeyboardModifier.ControlModifier,
            "Shift": Qt.KeyboardModifier.ShiftModifier,
            "Alt": Qt.KeyboardModifier.AltModifier,
        }[name]
    special = {".": "Period", ",": "Comma", "Enter": "Return", "Esc": "Escape"}
    return modifiers, Qt.Key[f"Key_{special.get(last, last)}"]


def name_path(dialog: QFileDialog, path: Path) -> None:
    """Paste a file's or folder's name into Qt's own dialog, and accept it."""
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.setFocus()
    # typed letter by letter each beginning would be completed and chosen as well
    QGuiApplication.clipboard().setText(str(path))
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    ok = next(b for b in dialog.findChildren(QPushButton) if b.isDefault())

    def accepted() -> bool:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            # the completer opens over the buttons as soon as the folder was read
            popup.hide()
        if dialog.isVisible() and ok.isEnabled():
            QTest.mouseClick(ok, LEFT)
        return not dialog.isVisible()

    wait_until(accepted, f"the dialog to take {path}, not {field.text()}")
