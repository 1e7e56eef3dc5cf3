"""The runs table: its keys, its header, and the order of the queue by hand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QWidget

from minimind.text import _
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.runs.columns import COLUMNS, index_of
from studio.ui.runs.row_delegate import Rows, RunsDelegate, row_height
from studio.ui.runs.table_model import RUN

# the least that a name gets, at text size 100%
_NAME = 200


class RunsTable(Rows):
    """The table.

    Signals:
        opened(str): Enter or a double click.
        star_clicked(str): the star of a row.
        key_pressed(str): "tags", "star", "trash"; what it is about is selected.
        queue_ordered(list): run ids in the order in which a person wants them to start.
        menu_wanted(str, QPoint): a right click or the menu key.
        columns_changed(list): keys of the hidden ones.
    """

    opened = Signal(str)
    star_clicked = Signal(str)
    key_pressed = Signal(str)
    queue_ordered = Signal(list)
    menu_wanted = Signal(str, QPoint)
    columns_changed = Signal(list)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._hidden: list[str] = []
        self._widths: dict[str, int] = {}
        # the row that is dragged, and the row before which it would be dropped
        self._dragged: int | None = None
        self._drop: int | None = None
        self._pressed = QPoint()
        self.is_queue = False
        self.setItemDelegate(RunsDelegate(appearance, self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
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

    def current_run(self) -> Run | None:
        """The run of the selected row."""
        index = self.currentIndex()
        return index.data(RUN) if index.isValid() else None

    def selected_runs(self) -> list[Run]:
        """Every selected run, from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.model().index(row, 0).data(RUN) for row in rows]

    def select_run(self, row: int) -> None:
        """Select this row alone."""
        flags = QItemSelectionModel.SelectionFlag
        chosen = flags.ClearAndSelect | flags.Rows
        self.selectionModel().setCurrentIndex(self.model().index(row, 0), chosen)

    def move_in_queue(self, by: int) -> None:
        """Let the selected run start one place earlier (-1) or later (1)."""
        row = self.currentIndex().row()
        if 0 <= row + by < self.model().rowCount():
            self._order(row, row + by if by < 0 else row + by + 1)

    def edit_name(self) -> None:
        """Edit the selected run's name in place."""
        index = self.currentIndex()
        if index.isValid():
            self.edit(index.siblingAtColumn(index_of("name")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        run = self.current_run()
        key = event.key()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        names = {Qt.Key.Key_T: "tags", Qt.Key.Key_S: "star", Qt.Key.Key_Delete: "trash"}
        if run is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.opened.emit(run.run_id)
        elif run is not None and key == Qt.Key.Key_F2:
            self.edit_name()
        elif run is not None and plain and key in names:
            self.key_pressed.emit(names[Qt.Key(key)])
        elif alt and self.is_queue and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_in_queue(-1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() != index_of("star"):
            self.opened.emit(index.data(RUN).run_id)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        row = self.indexAt(event.position().toPoint()).row()
        self._pressed, self._drop = event.position().toPoint(), None
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        self._dragged = row if self.is_queue and plain and row >= 0 else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        dragged, drop = self._dragged, self._drop
        self._dragged = self._drop = None
        if dragged is not None and drop is not None:
            self.viewport().update()
            self._order(dragged, drop)
            return
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if (
            event.button() == Qt.MouseButton.LeftButton
            and index.isValid()
            and index.column() == index_of("star")
        ):
            self.star_clicked.emit(index.data(RUN).run_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if self._dragged is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (place - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far or self._drop is not None:
                self._drop = self._row_before(place)
                self.viewport().update()
            return
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._drop is not None:
            painter = QPainter(self.viewport())
            painter.setPen(QPen(self._appearance.color("accent"), 2))
            height = self.verticalHeader().defaultSectionSize()
            y = self._drop * height - self.verticalScrollBar().value()
            painter.drawLine(0, max(1, y), self.viewport().width(), max(1, y))

    def _row_before(self, place: QPoint) -> int:
        """The row before which something dropped there would lie."""
        height = self.verticalHeader().defaultSectionSize()
        at = round((place.y() + self.verticalScrollBar().value()) / height)
        return max(0, min(self.model().rowCount(), at))

    def _order(self, row: int, before: int) -> None:
        ids = [self.model().index(at, 0).data(RUN).run_id for at in range(self.model().rowCount())]
        moved = list(ids)
        moved.insert(before, ids[row])
        del moved[row if before > row else row + 1]
        if moved != ids:
            self.queue_ordered.emit(moved)

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
            # a click on one of several selected rows is about all of them
            if not self.selectionModel().isRowSelected(index.row()):
                self.select_run(index.row())
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
