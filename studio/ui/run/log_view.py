"""The log of a run: mono, any number of lines, follows its end until a person scrolls up."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QMenu, QWidget

from minimind.text import _
from studio.services.run_reader import RunReader
from studio.ui.appearance import Appearance
from studio.ui.run.log_lines import LogLines
from studio.ui.widgets.page_header import MenuItem, fill_menu

_SIDE, _TAB = 10, 4


@dataclass(frozen=True, order=True)
class _Place:
    """Between two characters: line and column."""

    line: int
    column: int


class LogView(QAbstractScrollArea):
    """Read-only lines; only those in sight are read and painted.

    Signals:
        open_wanted, path_wanted: lines of its menu.
    """

    open_wanted = Signal()
    path_wanted = Signal()

    def __init__(self, appearance: Appearance, runs: RunReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.lines = LogLines(runs, self)
        self._follows = True
        self._widest = 0.0
        self._anchor = self._cursor = _Place(0, 0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumHeight(60)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.lines.changed.connect(self._on_changed)
        self.lines.fetched.connect(lambda text: QApplication.clipboard().setText(text))
        appearance.changed.connect(self._restyle)
        self._restyle()

    # -- what is shown -------------------------------------------------------------------------

    def watch(self, run_id: str) -> None:
        """Show the log of a run from its end."""
        self._follows, self._widest = True, 0.0
        self._anchor = self._cursor = _Place(0, 0)
        self.lines.watch(run_id)
        self.refresh()

    def refresh(self) -> None:
        """Look whether there is more; a hidden log asks for nothing."""
        if self.isVisible():
            self.lines.look_for_more()

    def show_end(self) -> None:
        """Scroll to the newest line and follow it."""
        self._follows = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def shown(self) -> list[str]:
        """The lines in sight."""
        first = self.verticalScrollBar().value()
        return list(self.lines.known(first, min(self.lines.total, first + self._rows + 1)))

    def selected(self) -> tuple[_Place, _Place]:
        """Beginning and end of what is selected."""
        return min(self._anchor, self._cursor), max(self._anchor, self._cursor)

    # -- Qt ------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_bars()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = self._appearance, QPainter(self.viewport())
        painter.fillRect(event.rect(), look.color("sunken"))
        painter.setFont(look.font("mono"))
        height, top = self._line, 0
        if not self.lines.total:
            painter.setPen(look.color("text3"))
            area = self.viewport().rect().adjusted(_SIDE, 2, -_SIDE, -2)
            painter.drawText(area, Qt.AlignmentFlag.AlignTop, _("The log is empty so far."))
        first, left = self.verticalScrollBar().value(), _SIDE - self.horizontalScrollBar().value()
        for number in range(first, min(self.lines.total, first + self._rows + 1)):
            text = self.lines.line(number)
            if text is not None:
                text = text.expandtabs(_TAB)
                self._paint_selection(painter, number, text, left, top)
                painter.setPen(look.color("text2"))
                box = QRectF(left, top, 1_000_000, height)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
                self._measure(text)
            top += height
        if self.hasFocus():
            painter.setPen(look.color("accent"))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._cursor = self._place_at(event.position().toPoint())
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._anchor = self._cursor
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        place = event.position().toPoint()
        bar = self.verticalScrollBar()
        if place.y() < 0:
            bar.setValue(bar.value() - 1)
        elif place.y() > self.viewport().height():
            bar.setValue(bar.value() + 1)
        self._cursor = self._place_at(place)
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        line = self._place_at(event.position().toPoint()).line
        text = self.lines.line(line) or ""
        self._anchor, self._cursor = _Place(line, 0), _Place(line, len(text.expandtabs(_TAB)))
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.open_menu(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        moves = {
            Qt.Key.Key_Home: bar.minimum(),
            Qt.Key.Key_End: bar.maximum(),
            Qt.Key.Key_Up: bar.value() - 1,
            Qt.Key.Key_Down: bar.value() + 1,
            Qt.Key.Key_PageUp: bar.value() - bar.pageStep(),
            Qt.Key.Key_PageDown: bar.value() + bar.pageStep(),
        }
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif Qt.Key(event.key()) in moves:
            bar.setValue(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    # -- what a person does --------------------------------------------------------------------

    def copy(self) -> None:
        """What is selected, to the clipboard; a long stretch is read first."""
        first, last = self.selected()
        if first == last:
            return
        lines = [text.expandtabs(_TAB) for text in self.lines.known(first.line, last.line + 1)]
        if len(lines) < last.line + 1 - first.line:
            self.lines.fetch(first.line, last.line + 1 - first.line)
            return
        lines[-1] = lines[-1][: last.column]
        lines[0] = lines[0][first.column :]
        QApplication.clipboard().setText("\n".join(lines))

    def select_all(self) -> None:
        """Every line."""
        self._anchor, self._cursor = _Place(0, 0), _Place(max(0, self.lines.total - 1), 1_000_000)
        self.viewport().update()

    def open_menu(self, place: QPoint) -> QMenu:
        """What a right click offers."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        first, last = self.selected()
        items = [
            MenuItem(text=_("Copy"), icon="copy", keys="Ctrl+C", action=self.copy, enabled=first != last),
            MenuItem(text=_("Select all"), icon="file-text", keys="Ctrl+A", action=self.select_all),
            MenuItem(),
            MenuItem(text=_("To the newest line"), icon="chevron-down", keys="End", action=self.show_end),
            MenuItem(text=_("Open the file"), icon="scroll-text", action=self.open_wanted.emit),
            MenuItem(text=_("Copy the path"), icon="copy", action=self.path_wanted.emit),
        ]
        fill_menu(self._appearance, menu, items)
        menu.popup(place)
        return menu

    # -- inside --------------------------------------------------------------------------------

    @property
    def _line(self) -> int:
        return self._appearance.line_height("mono")

    @property
    def _rows(self) -> int:
        """Whole lines that there is room for."""
        return max(1, self.viewport().height() // self._line)

    def _measure(self, text: str) -> None:
        width = QFontMetricsF(self._appearance.font("mono")).horizontalAdvance(text)
        if width > self._widest:
            self._widest = width
            self._set_bars()

    def _set_bars(self) -> None:
        bar = self.verticalScrollBar()
        follows = self._follows
        bar.setPageStep(self._rows)
        bar.setRange(0, max(0, self.lines.total - self._rows))
        sideways = self.horizontalScrollBar()
        sideways.setPageStep(self.viewport().width())
        sideways.setSingleStep(24)
        sideways.setRange(0, max(0, round(self._widest) + 2 * _SIDE - self.viewport().width()))
        if follows:
            self.show_end()

    def _on_scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum()
        self.viewport().update()

    def _on_changed(self) -> None:
        self._set_bars()
        last = "".join(self.lines.known(self.lines.total - 1, self.lines.total))
        self.setAccessibleDescription(last)
        self.viewport().update()

    def _place_at(self, point: QPoint) -> _Place:
        if not self.lines.total:
            return _Place(0, 0)
        number = self.verticalScrollBar().value() + max(0, point.y()) // self._line
        if number >= self.lines.total:
            return _Place(self.lines.total - 1, 1_000_000)
        text = (self.lines.line(number) or "").expandtabs(_TAB)
        x = point.x() - _SIDE + self.horizontalScrollBar().value()
        metrics = QFontMetricsF(self._appearance.font("mono"))
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            # the boundary nearest to the pointer
            reach = metrics.horizontalAdvance(text[:middle]) + metrics.horizontalAdvance(text[middle]) / 2
            low, high = (middle + 1, high) if reach < x else (low, middle)
        return _Place(number, low)

    def _paint_selection(self, painter: QPainter, number: int, text: str, left: float, top: int) -> None:
        first, last = self.selected()
        if first == last or not first.line <= number <= last.line:
            return
        metrics = QFontMetricsF(painter.font())
        begin = metrics.horizontalAdvance(text[: first.column]) if number == first.line else 0.0
        end = metrics.horizontalAdvance(text[: last.column] if number == last.line else text)
        # an empty line inside shows that it is part of it
        end += 4 if number < last.line else 0
        painter.fillRect(
            QRectF(left + begin, top, end - begin, self._line), self._appearance.color("selected")
        )

    def _restyle(self) -> None:
        self.setAccessibleName(_("Log"))
        self._widest = 0.0
        self._set_bars()
        self.viewport().update()
