"""A list of rows of two lines, 52 px each: events and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.run.rows import Row
from studio.ui.widgets.labels import Label
from studio.ui.widgets.page_header import MenuItem, fill_menu
from studio.ui.widgets.painting import draw_box

_ROW = int(Qt.ItemDataRole.UserRole)
_SIDE, _ICON, _TEXT = 14, 16, 38
Index = QModelIndex | QPersistentModelIndex


class _Model(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def replace(self, rows: Sequence[Row]) -> None:
        """Take over rows; those that are new came in front, so the selection stays on what it was."""
        rows = list(rows)
        added = len(rows) - len(self.rows)
        if added > 0 and rows[added:] == self.rows:
            self.beginInsertRows(QModelIndex(), 0, added - 1)
            self.rows = rows
            self.endInsertRows()
        elif rows != self.rows and not added:
            # no reset: a press and its release may lie on both sides of it
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        elif rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        if role == int(Qt.ItemDataRole.ToolTipRole):
            return row.tip
        if role in (int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)):
            return ", ".join(filter(None, [row.title, *row.badges, row.detail, row.right]))
        return None


class _Delegate(QStyledItemDelegate):
    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._appearance = appearance

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look = self._appearance
        return QSize(120, look.line_height("body") + look.line_height("small") + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(_ROW)
        look, area = self._appearance, option.rect
        painter.save()
        self._paint_ground(painter, option)
        icon = look.pixmap(row.icon, row.token, _ICON)
        line = look.line_height("strong")
        top = area.top() + 6
        painter.drawPixmap(area.left() + _SIDE, top + (line - _ICON) // 2, icon)
        small = look.font("small", tabular=True)
        right = QFontMetrics(small).horizontalAdvance(row.right) if row.right else 0
        painter.setFont(small)
        painter.setPen(look.color("text3"))
        box = QRect(area.right() - _SIDE - right, top, right + 1, line)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), row.right)
        if row.mark:
            right += _ICON
            mark = look.pixmap(row.mark, "warning", _ICON)
            painter.drawPixmap(area.right() - _SIDE - right, top + (line - _ICON) // 2, mark)
        left, width = area.left() + _TEXT, area.width() - _TEXT - _SIDE
        end = self._paint_title(painter, row, QRect(left, top, width - right - 8, line))
        self._paint_badges(painter, row, end + 8, top, line)
        painter.setFont(small)
        painter.setPen(look.color("text2"))
        detail = QFontMetrics(small).elidedText(row.detail, Qt.TextElideMode.ElideRight, width)
        box = QRect(left, top + line, width, look.line_height("small"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), detail)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        look, area = self._appearance, option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, look.color("selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, look.color("hover"))
        painter.setPen(look.color("border"))
        painter.drawLine(area.left(), area.bottom(), area.right(), area.bottom())
        if option.state & QStyle.StateFlag.State_HasFocus:
            draw_box(painter, QRectF(area), border=look.color("accent"), radius=4)

    def _paint_title(self, painter: QPainter, row: Row, box: QRect) -> int:
        look = self._appearance
        font = look.font("strong")
        painter.setFont(font)
        painter.setPen(look.color(row.token if row.token in ("warning", "danger", "success") else "text"))
        title = QFontMetrics(font).elidedText(row.title, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), title)
        return box.left() + QFontMetrics(font).horizontalAdvance(title)

    def _paint_badges(self, painter: QPainter, row: Row, left: int, top: int, line: int) -> None:
        look = self._appearance
        font = look.font("small")
        for badge in row.badges:
            width = QFontMetrics(font).horizontalAdvance(badge) + 14
            box = QRectF(left, top + 1, width, line - 2)
            draw_box(painter, box, fill=look.color("accent_soft"), radius=box.height() / 2)
            painter.setFont(font)
            painter.setPen(look.color("accent_text"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), badge)
            left += width + 6


class RowList(QListView):
    """Rows of two lines.

    Signals:
        row_chosen(Row): a click, or Enter.
        menu_wanted(Row, QPoint): a right click or the menu key, and where on the screen.
        key_pressed(int, Row): the key for removing.
    """

    row_chosen = Signal(object)
    menu_wanted = Signal(object, QPoint)
    key_pressed = Signal(int, object)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(appearance, self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMinimumHeight(60)
        self._empty = Label(role="small", tone="3", wrap=True, parent=self.viewport())
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self.viewport())
        column.addWidget(self._empty)
        self.customContextMenuRequested.connect(self._on_menu)
        self.clicked.connect(lambda index: self.row_chosen.emit(index.data(_ROW)))
        appearance.changed.connect(self.doItemsLayout)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these, the first on top."""
        self._model.replace(rows)
        self._empty.setVisible(not rows)

    def set_empty(self, sentence: str) -> None:
        """What stands in an empty list, translated."""
        self._empty.setText(sentence)
        self._empty.setVisible(not self._model.rows)

    def current_row(self) -> Row | None:
        """The selected one."""
        index = self.currentIndex()
        return index.data(_ROW) if index.isValid() else None

    def select(self, at: int) -> None:
        """Select a row and scroll to it, without a signal."""
        self.setCurrentIndex(self._model.index(at))

    def rows(self) -> list[Row]:
        """What is shown."""
        return list(self._model.rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.row_chosen.emit(index.data(_ROW))
            return
        if index.isValid() and event.key() == Qt.Key.Key_Delete:
            self.key_pressed.emit(event.key(), index.data(_ROW))
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            return
        super().mouseReleaseEvent(event)

    def open_menu(self, items: Sequence[MenuItem], place: QPoint) -> QMenu:
        """Show a menu for a row; copying its text is always in it."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(self._appearance, menu, items)
        menu.popup(place)
        return menu

    def copy_item(self, row: Row) -> MenuItem:
        """The line that copies a row's text."""
        text = "\n".join(filter(None, [row.title, row.tip or row.detail]))
        clipboard = QApplication.clipboard()
        return MenuItem(text=_("Copy"), icon="copy", action=lambda: clipboard.setText(text))

    def _on_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if not index.isValid():
            index = self.currentIndex()
        if index.isValid():
            self.menu_wanted.emit(index.data(_ROW), self.viewport().mapToGlobal(place))
