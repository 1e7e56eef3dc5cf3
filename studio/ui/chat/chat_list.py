"""Conversations by day, with search; two lines each."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from minimind.text import _
from studio.services.chat_files import Conversation
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label
from studio.ui.widgets.page_header import MenuItem, fill_menu
from studio.ui.widgets.painting import draw_box

WIDTH, WIDTH_COMPACT = 226, 196
_ROW, _HEADING = 52, 32
_ID = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


def by_day(chats: Sequence[Conversation], now: float) -> list[str | Conversation]:
    """Conversations, newest first, with a heading before each day, month and the rest."""
    rows: list[str | Conversation] = []
    for chat in chats:
        heading = _day(chat.changed, now)
        if not rows or heading != next(row for row in reversed(rows) if isinstance(row, str)):
            rows.append(heading)
        rows.append(chat)
    return rows


def _day(t: float, now: float) -> str:
    there, here = time.localtime(t), time.localtime(now)
    if there[:3] == here[:3]:
        return _("Today")
    if there[:3] == time.localtime(now - 86_400)[:3]:
        return _("Yesterday")
    if now - t < 7 * 86_400:
        return _("This week")
    return _("Earlier")


class _Rows(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[str | Conversation] = []

    def set_rows(self, rows: list[str | Conversation]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row if isinstance(row, str) else _title(row)
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Conversation):
            return f"{_title(row)}\n{row.model_label}\n{fmt.absolute(row.changed)}"
        if role == _ID:
            return None if isinstance(row, str) else row.chat_id
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self.rows[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


def _title(chat: Conversation) -> str:
    return chat.shown_title or _("New conversation")


class _Painter(QStyledItemDelegate):
    renamed = Signal(str, str)

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look, row = self._appearance, index.model().rows[index.row()]  # type: ignore[attr-defined]
        if isinstance(row, str):
            return QSize(0, max(_HEADING, look.line_height("small") + 14))
        return QSize(0, max(_ROW, look.line_height("body") + look.line_height("small") + 14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, row = self._appearance, index.model().rows[index.row()]  # type: ignore[attr-defined]
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        if isinstance(row, str):
            self._line(painter, area.adjusted(12, 8, -12, 0), row, "small", "text3", area.height() - 8)
            return
        box = QRectF(area.adjusted(0, 1, 0, -1))
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            draw_box(painter, box, fill=look.color("selected" if selected else "hover"))
        if state & QStyle.StateFlag.State_HasFocus and selected:
            draw_box(painter, box, border=look.color("accent"))
        first = look.line_height("body")
        top = (area.height() - first - look.line_height("small")) // 2
        upper = area.adjusted(12, top, -12, 0)
        self._line(painter, upper, _title(row), "body", "text", first)
        words = " · ".join(filter(None, [row.model_label, fmt.clock(row.changed)]))
        lower = upper.translated(0, first)
        self._line(painter, lower, words, "small", "text3", look.line_height("small"))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        return QLineEdit(parent)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            editor.setText(str(index.data()))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QLineEdit) and editor.text().strip() != index.data():
            self.renamed.emit(index.data(_ID), editor.text().strip())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(2, 8, -2, -8))  # type: ignore[attr-defined]

    def _line(self, painter: QPainter, area: QRect, text: str, role: str, token: str, height: int) -> None:
        painter.setFont(self._appearance.font(role))
        painter.setPen(self._appearance.color(token))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        place = QRect(area.left(), area.top(), area.width(), height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class _List(QListView):
    key_pressed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_F2):
            self.key_pressed.emit(event.key())
            return
        if event.matches(QKeySequence.StandardKey.Copy):
            return
        super().keyPressEvent(event)


class ChatList(QFrame):
    """The column at the left.

    Signals:
        new_requested: a new conversation.
        chosen(str): show that one.
        renamed(str, str): a conversation and its new title, edited in place (F2).
        delete_requested(str): from its menu or Del.
        searched(str): what stands in the search field.
    """

    new_requested = Signal()
    chosen = Signal(str)
    renamed = Signal(str, str)
    delete_requested = Signal(str)
    searched = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.setProperty("edge", "right")
        self.new = Button(appearance, icon="plus")
        self.new.clicked.connect(self.new_requested)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(False)
        self._glass = self.search.addAction(
            appearance.icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition
        )
        for button in self.search.findChildren(QToolButton):
            # Qt's own button around the glass is smaller than it says it wants to be
            button.setProperty("elide", True)
        # Qt leaves 16 px more than the design between glass and words
        self.search.setTextMargins(-10, 0, 0, 0)
        self.search.textChanged.connect(self.searched)
        self.search.installEventFilter(self)
        self.nothing = Label(role="small", tone="3", wrap=True)
        self.nothing.setContentsMargins(12, 8, 12, 0)
        self._rows = _Rows()
        self._delegate = _Painter(appearance)
        self.list = _List()
        self.list.setProperty("rows", "two")
        self.list.setModel(self._rows)
        self.list.setItemDelegate(self._delegate)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._delegate.renamed.connect(self.renamed)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(False)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._on_menu_requested)
        self.list.key_pressed.connect(self._on_key_pressed)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 16, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.new)
        column.addWidget(self.search)
        column.addWidget(self.nothing, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.list, 1)
        self.set_compact(False)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def set_compact(self, compact: bool) -> None:
        """Narrower below 1180 px."""
        self._compact = compact
        self.setFixedWidth(round((WIDTH_COMPACT if compact else WIDTH) * self._appearance.scale))
        self.search.setPlaceholderText(_("Search") if compact else _("Search conversations"))

    def show_conversations(self, chats: Sequence[Conversation], current: str) -> None:
        """Show these, newest first, and mark one."""
        rows = by_day(chats, time.time())
        if rows != self._rows.rows:
            selection = self.list.selectionModel()
            selection.blockSignals(True)
            self._rows.set_rows(rows)
            selection.blockSignals(False)
        self._mark(current)
        self._say_why_empty()

    def ids(self) -> list[str]:
        """Conversations on show, from top to bottom."""
        return [row.chat_id for row in self._rows.rows if isinstance(row, Conversation)]

    def edit(self, chat_id: str) -> None:
        """Rename a conversation in place."""
        place = self._place(chat_id)
        if place is not None:
            self.list.edit(self._rows.index(place))

    def retranslate(self) -> None:
        """Set every text again, and the width that they need."""
        self.set_compact(self._compact)
        self.new.setText(_("New conversation"))
        self.new.set_hint(_("New conversation"), "Ctrl Shift N")
        self.search.setAccessibleName(_("Search conversations"))
        self._glass.setIcon(self._appearance.icon("search", "text3"))
        self.list.setAccessibleName(_("Conversations"))
        self._rows.layoutChanged.emit()
        self._say_why_empty()

    def _say_why_empty(self) -> None:
        words = self.search.text().strip()
        self.nothing.setText(
            _("Nothing found for “{words}”").format(words=words)
            if words
            else _("What you talk about stays here, on this computer.")
        )
        self.nothing.setVisible(not self._rows.rows)
        self.list.setVisible(bool(self._rows.rows))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            down = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if down and self._rows.rows:
                # to the first one found; it opens as in every list
                self.list.setFocus()
                self.list.setCurrentIndex(self._rows.index(1))
                return True
        return super().eventFilter(watched, event)

    def _mark(self, chat_id: str) -> None:
        selection, place = self.list.selectionModel(), self._place(chat_id)
        selection.blockSignals(True)
        self.list.setCurrentIndex(QModelIndex() if place is None else self._rows.index(place))
        if place is None:
            selection.clearSelection()
        selection.blockSignals(False)
        self.list.viewport().update()

    def _place(self, chat_id: str) -> int | None:
        rows = enumerate(self._rows.rows)
        return next((n for n, row in rows if isinstance(row, Conversation) and row.chat_id == chat_id), None)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        chat_id = self._rows.data(current, _ID) if current.isValid() else None
        if isinstance(chat_id, str):
            self.chosen.emit(chat_id)

    def _on_key_pressed(self, key: int) -> None:
        current = self.list.currentIndex()
        chat_id = self._rows.data(current, _ID) if current.isValid() else None
        if not isinstance(chat_id, str):
            return
        if key == Qt.Key.Key_Delete:
            self.delete_requested.emit(chat_id)
        else:
            self.list.edit(current)

    def _on_menu_requested(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        chat_id = self._rows.data(index, _ID) if index.isValid() else None
        if not isinstance(chat_id, str):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(
            self._appearance,
            menu,
            [
                MenuItem(
                    text=_("Rename"),
                    icon="pencil",
                    keys="F2",
                    action=lambda: self.edit(chat_id),
                ),
                MenuItem(
                    text=_("Delete"),
                    icon="trash-2",
                    keys="Del",
                    action=lambda: self.delete_requested.emit(chat_id),
                ),
            ],
        )
        menu.popup(self.list.viewport().mapToGlobal(place))
