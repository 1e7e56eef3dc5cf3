"""The runs table: how its cells are painted, its keys, its header."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from minimind.text import _
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.runs.columns import COLUMNS, index_of
from studio.ui.runs.table_model import RUN
from studio.ui.widgets.painting import draw_box
from studio.ui.widgets.pill import PILL_TOKENS, STATES
from studio.ui.widgets.sparkline import paint_sparkline

_PAD = 10
# the least that a name gets, at text size 100%
_NAME = 200
Index = QModelIndex | QPersistentModelIndex


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
            self._paint_name(painter, area, run)
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
        if isinstance(editor, QLineEdit) and isinstance(view, RunsTable):
            name, run = editor.text().strip(), index.data(RUN)
            if name and name != run.name:
                view.renamed.emit(run.run_id, name)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(1, 3, -1, -4))

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, area, view = self._appearance, option.rect, self.parent()
        hovered = isinstance(view, RunsTable) and view.hovered_row == index.row()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, look.color("selected"))
        elif hovered:
            painter.fillRect(area, look.color("hover"))
        painter.setPen(look.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if isinstance(view, RunsTable) and view.hasFocus() and view.currentIndex().row() == index.row():
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

    def _paint_name(self, painter: QPainter, area: QRect, run: Run) -> None:
        look = self._appearance
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
        text = _(state.word)
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


class RunsTable(QTableView):
    """The table.

    Signals:
        opened(str): Enter or a double click.
        renamed(str, str): a name was edited in place.
        star_clicked(str): the star of a row.
        key_pressed(str, str): "tags", "star", "trash" or "undo", and the run it is about.
        menu_wanted(str, QPoint): a right click or the menu key.
        columns_changed(list): keys of the hidden ones.
    """

    opened = Signal(str)
    renamed = Signal(str, str)
    star_clicked = Signal(str)
    key_pressed = Signal(str, str)
    menu_wanted = Signal(str, QPoint)
    columns_changed = Signal(list)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._hidden: list[str] = []
        self._widths: dict[str, int] = {}
        self.hovered_row = -1
        self.setItemDelegate(RunsDelegate(appearance, self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(36)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu)
        self.customContextMenuRequested.connect(self._on_menu)
        appearance.changed.connect(self._restyle)

    def prepare(self) -> None:
        """After the model is set: widths, sorting, rows."""
        self.setSortingEnabled(True)
        header = self.horizontalHeader()
        header.setSectionResizeMode(header.ResizeMode.Interactive)
        header.setSectionResizeMode(index_of("name"), header.ResizeMode.Stretch)
        header.setSectionResizeMode(index_of("star"), header.ResizeMode.Fixed)
        header.setSectionResizeMode(index_of("curve"), header.ResizeMode.Fixed)
        self.sortByColumn(index_of("started"), Qt.SortOrder.DescendingOrder)
        self._restyle()

    def set_columns(self, hidden: list[str]) -> None:
        """Which columns a person does not want to see."""
        self._hidden = [key for key in hidden if key != "name"]
        self._fit()

    def last_column(self) -> int:
        """The rightmost visible column."""
        return max(at for at in range(len(COLUMNS)) if not self.isColumnHidden(at))

    def current_run(self) -> Run | None:
        """The run of the selected row."""
        index = self.currentIndex()
        return index.data(RUN) if index.isValid() else None

    def edit_name(self) -> None:
        """Edit the selected run's name in place."""
        index = self.currentIndex()
        if index.isValid():
            self.edit(index.siblingAtColumn(index_of("name")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        run = self.current_run()
        key = event.key()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        names = {Qt.Key.Key_T: "tags", Qt.Key.Key_S: "star", Qt.Key.Key_Delete: "trash"}
        if run is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.opened.emit(run.run_id)
        elif run is not None and key == Qt.Key.Key_F2:
            self.edit_name()
        elif run is not None and plain and key in names:
            self.key_pressed.emit(names[Qt.Key(key)], run.run_id)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() != index_of("star"):
            self.opened.emit(index.data(RUN).run_id)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if (
            event.button() == Qt.MouseButton.LeftButton
            and index.isValid()
            and index.column() == index_of("star")
        ):
            self.star_clicked.emit(index.data(RUN).run_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self.hovered_row:
            self.hovered_row = row
            self.viewport().update()

    def _on_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if not index.isValid():
            index = self.currentIndex()
        if index.isValid():
            self.selectRow(index.row())
            self.menu_wanted.emit(index.data(RUN).run_id, self.viewport().mapToGlobal(place))

    def _on_header_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in COLUMNS:
            if column.key in ("star", "name"):
                continue
            action = menu.addAction(_(column.title))
            action.setCheckable(True)
            action.setChecked(column.key not in self._hidden)
            action.toggled.connect(lambda on, key=column.key: self._toggle_column(key, on))
        menu.popup(self.horizontalHeader().mapToGlobal(place))

    def _toggle_column(self, key: str, on: bool) -> None:
        hidden = [other for other in self._hidden if other != key]
        self.set_columns(hidden if on else [*hidden, key])
        self.columns_changed.emit(self._hidden)

    def _fit(self) -> None:
        """Columns that are not needed most give way until the name has room."""
        scale = self._appearance.scale
        # a hidden column says 0
        widths = {c.key: self.columnWidth(at) or self._widths.get(c.key, 0) for at, c in enumerate(COLUMNS)}
        shown = [column for column in COLUMNS if column.key not in self._hidden]
        gone = {column.key for column in COLUMNS} - {column.key for column in shown}
        needed = sum(widths[column.key] for column in shown if column.key != "name") + _NAME * scale
        for column in sorted((c for c in shown if c.spare), key=lambda c: c.spare):
            if needed <= self.viewport().width():
                break
            gone.add(column.key)
            needed -= widths[column.key]
        for at, column in enumerate(COLUMNS):
            self.setColumnHidden(at, column.key in gone)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(row_height(self._appearance))
        header = self.horizontalHeader()
        for at, column in enumerate(COLUMNS):
            if column.key != "name":
                wanted = round(column.width * self._appearance.scale)
                self._widths[column.key] = max(wanted, header.sectionSizeHint(at))
                self.setColumnWidth(at, self._widths[column.key])
        self._fit()
        self.viewport().update()
