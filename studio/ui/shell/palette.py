"""The palette: a field and what it finds; arrows, Enter, Esc."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.shell.matching import Entry, Match, rank
from studio.ui.widgets.key_cap import key_cap_size, paint_key_cap
from studio.ui.widgets.labels import Label
from studio.ui.widgets.overlay import Overlay
from studio.ui.widgets.painting import draw_box

WIDTH, TOP, ROWS, RECENT = 600, 72, 10, 20
Index = QModelIndex | QPersistentModelIndex


class _Rows(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Match] = []

    def set_rows(self, rows: list[Match]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.rows[index.row()].entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, [entry.title, entry.group, entry.keys]))
        return None


class _Painter(QStyledItemDelegate):
    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, row_height(self._appearance))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, match = self._appearance, index.model().rows[index.row()]  # type: ignore[attr-defined]
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            draw_box(painter, QRectF(area), fill=look.color("selected" if selected else "hover"))
        entry: Entry = match.entry
        icon = look.pixmap(entry.icon or "play", "accent_text" if selected else "text2", 16)
        painter.drawPixmap(area.left() + 10, area.center().y() - 7, icon)
        right = area.right() - 10
        if entry.keys:
            size = key_cap_size(look, entry.keys)
            box = QRectF(right - size.width(), area.center().y() - size.height() / 2 + 1, 0, 0)
            box.setSize(size)
            paint_key_cap(look, painter, box, entry.keys)
            right -= size.width() + 10
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text3"))
        room = min(painter.fontMetrics().horizontalAdvance(entry.group) + 2, 140)
        group = QRect(right - room, area.top(), room, area.height())
        shown = painter.fontMetrics().elidedText(entry.group, Qt.TextElideMode.ElideRight, room)
        painter.drawText(group, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)
        title = QRect(area.left() + 36, area.top(), group.left() - area.left() - 48, area.height())
        self._paint_title(painter, title, match)

    def _paint_title(self, painter: QPainter, area: QRect, match: Match) -> None:
        """The title, what was typed in the accent's colour; without bold, which Chinese may not have."""
        look, title = self._appearance, match.entry.title
        painter.setFont(look.font("body"))
        metrics = painter.fontMetrics()
        if metrics.horizontalAdvance(title) > area.width():
            painter.setPen(look.color("text"))
            shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)
            return
        edges = sorted({0, len(title), *(edge for span in match.spans for edge in span)})
        for start, end in pairwise(edges):
            inside = any(first <= start < last for first, last in match.spans)
            painter.setPen(look.color("accent_text" if inside else "text"))
            left = metrics.horizontalAdvance(title[:start])
            part = area.adjusted(left, 0, 0, 0)
            painter.drawText(part, Qt.AlignmentFlag.AlignVCenter, title[start:end])


def row_height(appearance: Appearance) -> int:
    """Pixels of one line of the palette."""
    return max(36, appearance.line_height("body") + 14)


class Palette(Overlay):
    """Finds and does; what was done last stands first the next time.

    Args:
        recent: keys of what was done, the last first.
        remember: called with that list when it has changed.
    """

    def __init__(
        self,
        appearance: Appearance,
        over: QWidget,
        *,
        recent: Sequence[str],
        remember: Callable[[list[str]], object],
    ) -> None:
        super().__init__(over, top=TOP)
        self._appearance = appearance
        self._entries: list[Entry] = []
        self._recent = list(recent)
        self._remember = remember
        self.field = QLineEdit()
        self.field.textEdited.connect(lambda _text: self._find())
        self.field.installEventFilter(self)
        self._model = _Rows()
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Painter(appearance))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setProperty("rows", "two")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.clicked.connect(lambda index: self._do(index.row()))
        self.nothing = Label(tone="3")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self.nothing)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def retranslate(self) -> None:
        """Every text again."""
        words = _("Find a page, a run, a command…")
        self.field.setPlaceholderText(words)
        self.field.setAccessibleName(words)
        self.list.setAccessibleName(_("Found"))
        self.nothing.setText(_("Nothing is called that."))

    def open(self, entries: Sequence[Entry]) -> None:
        """Offer entries, with an empty field."""
        self._entries = list(entries)
        self.field.clear()
        self._find()
        self.open_at(self.field)

    def add(self, entries: Sequence[Entry]) -> None:
        """More that came later; the line that was chosen stays chosen."""
        chosen = self.chosen()
        self._entries += entries
        self._find()
        keys = [match.entry.key for match in self._model.rows]
        if chosen is not None and chosen.key in keys:
            self._choose(keys.index(chosen.key))

    def titles(self) -> list[str]:
        """What is on show, from the top."""
        return [match.entry.title for match in self._model.rows]

    def chosen(self) -> Entry | None:
        """The entry that Enter does."""
        row = self.list.currentIndex().row()
        return self._model.rows[row].entry if 0 <= row < len(self._model.rows) else None

    def place(self) -> None:
        self.setFixedWidth(min(WIDTH, self._over.width() - 32))
        rows = max(1, min(ROWS, self._model.rowCount()))
        room = self._over.height() - TOP - self.field.sizeHint().height() - 48
        self.list.setFixedHeight(min(rows * row_height(self._appearance), max(120, room)))
        super().place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        rows, row = self._model.rowCount(), self.list.currentIndex().row()
        page = max(1, self.list.height() // row_height(self._appearance) - 1)
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_PageUp: -page,
        }
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(row)
        elif key == Qt.Key.Key_Escape:
            self.hide()
        elif key in steps and rows:
            far = row + steps[key]
            # one step goes round, a page stops at the ends
            self._choose(far % rows if abs(steps[key]) == 1 else max(0, min(rows - 1, far)))
        else:
            return False
        return True

    def _find(self) -> None:
        self._model.set_rows(rank(self._entries, self.field.text(), self._recent))
        found = bool(self._model.rows)
        self.list.setVisible(found)
        self.nothing.setVisible(not found)
        self._choose(0)
        self.place()

    def _choose(self, row: int) -> None:
        index = self._model.index(row, 0)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def _do(self, row: int) -> None:
        if not 0 <= row < len(self._model.rows):
            return
        entry = self._model.rows[row].entry
        self._recent = [entry.key, *(key for key in self._recent if key != entry.key)][:RECENT]
        self._remember(list(self._recent))
        # first: what is done may open something else here, or give the keyboard away
        self.hide()
        entry.do()
