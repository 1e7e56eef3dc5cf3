"""How the cells of the runs table are painted, and how a name is edited in its cell."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from minimind.text import _
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.runs.columns import COLUMNS
from studio.ui.runs.table_model import DEPTH, RUN, state_word
from studio.ui.widgets.painting import draw_box
from studio.ui.widgets.pill import PILL_TOKENS, STATES
from studio.ui.widgets.sparkline import paint_sparkline

_PAD = 10
# a run below another one; deeper ones stay there
_INDENT, _DEEPEST = 20, 3
Index = QModelIndex | QPersistentModelIndex


class Rows(QTableView):
    """What the delegate asks the table for.

    Signals:
        renamed(str, str): a run id and the name that was typed.
    """

    renamed = Signal(str, str)
    hovered_row = -1

    def last_column(self) -> int:
        """The rightmost visible column."""
        return max(at for at in range(len(COLUMNS)) if not self.isColumnHidden(at))


class RunsDelegate(QStyledItemDelegate):
    """Star, two lines of name and note, state pill, sparkline; figures right-aligned and tabular."""

    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._appearance = appearance

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(COLUMNS[index.column()].width, row_height(self._appearance))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        run: Run = index.data(RUN)
        column = COLUMNS[index.column()]
        painter.save()
        self._paint_ground(painter, option, index)
        area = option.rect.adjusted(_PAD, 0, -_PAD, -1)
        if column.key == "star":
            self._paint_star(painter, area, run, option)
        elif column.key == "name":
            self._paint_name(painter, area, run, index.data(DEPTH) or 0)
        elif column.key == "state":
            self._paint_state(painter, area, run)
        elif column.key == "curve":
            box = QRectF(area.left(), area.center().y() - 12, min(96, area.width()), 24)
            paint_sparkline(painter, box, run.sparkline, self._appearance.color("curve1"))
        else:
            self._paint_text(painter, area, str(index.data() or ""), right=column.right)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(_("Name"))
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        view = self.parent()
        if isinstance(editor, QLineEdit) and isinstance(view, Rows):
            name, run = editor.text().strip(), index.data(RUN)
            if name and name != run.name:
                view.renamed.emit(run.run_id, name)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(1, 3, -1, -4))

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, area, view = self._appearance, option.rect, self.parent()
        hovered = isinstance(view, Rows) and view.hovered_row == index.row()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, look.color("selected"))
        elif hovered:
            painter.fillRect(area, look.color("hover"))
        painter.setPen(look.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if isinstance(view, Rows) and view.hasFocus() and view.currentIndex().row() == index.row():
            # one ring around the whole row, drawn cell by cell
            painter.setPen(look.color("accent"))
            painter.drawLine(area.topLeft(), area.topRight())
            painter.drawLine(area.left(), area.bottom() - 1, area.right(), area.bottom() - 1)
            if index.column() == 0:
                painter.drawLine(area.topLeft(), area.bottomLeft())
            if index.column() == view.last_column():
                painter.drawLine(area.topRight(), area.bottomRight())

    def _paint_star(self, painter: QPainter, area: QRect, run: Run, option: QStyleOptionViewItem) -> None:
        if not run.star and not option.state & QStyle.StateFlag.State_MouseOver:
            return
        pixmap = self._appearance.pixmap("star", "warning" if run.star else "text3")
        painter.drawPixmap(area.center().x() - 7, area.center().y() - 7, pixmap)

    def _paint_name(self, painter: QPainter, area: QRect, run: Run, depth: int) -> None:
        look = self._appearance
        if depth:
            # an elbow from the run above
            indent = _INDENT * min(depth, _DEEPEST)
            left, middle = area.left() + indent - 12, area.center().y()
            painter.setPen(look.color("border_strong"))
            painter.drawLine(left, area.top(), left, middle)
            painter.drawLine(left, middle, left + 7, middle)
            area = area.adjusted(indent, 0, 0, 0)
        below = " · ".join(filter(None, [run.note, " ".join(f"#{tag}" for tag in run.tags)]))
        line, small = look.line_height("body"), look.line_height("small")
        top = area.top() + (area.height() - line - (small if below else 0)) // 2
        painter.setFont(look.font("strong"))
        painter.setPen(look.color("text"))
        name = _elided(look.font("strong"), run.name, area.width())
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(area.left(), top, area.width(), line), flags, name)
        if below:
            painter.setFont(look.font("small"))
            painter.setPen(look.color("text2"))
            note = _elided(look.font("small"), below, area.width())
            painter.drawText(QRect(area.left(), top + line, area.width(), small), flags, note)

    def _paint_state(self, painter: QPainter, area: QRect, run: Run) -> None:
        look, state = self._appearance, STATES[run.state.value]
        ground, front = PILL_TOKENS[state.tone]
        font = look.font("small", weight=500)
        text = state_word(run)
        width = QFontMetrics(font).horizontalAdvance(text) + 12 + 5 + 19
        height = look.line_height("small") + 4
        box = QRectF(area.left(), area.center().y() - height / 2, min(width, area.width()), height)
        draw_box(painter, box, fill=look.color(ground), radius=height / 2)
        pixmap = look.pixmap(state.icon, front, 12)
        painter.drawPixmap(int(box.left()) + 9, round(box.center().y() - 6), pixmap)
        painter.setFont(font)
        painter.setPen(look.color(front))
        painter.drawText(box.adjusted(26, 0, -4, 0), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_text(self, painter: QPainter, area: QRect, text: str, *, right: bool) -> None:
        look = self._appearance
        font = look.font("body", tabular=right)
        painter.setFont(font)
        painter.setPen(look.color("text2"))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        flags = int(side | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(area, flags, _elided(font, text, area.width()))


def row_height(appearance: Appearance) -> int:
    """Two lines and the border: 40 px at text size 100%."""
    return appearance.line_height("body") + appearance.line_height("small") + 2


def _elided(font: QFont, text: str, width: int) -> str:
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
