"""Runs as a table model, with a filter and an order in front of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from minimind.text import _
from studio.store.records import Run
from studio.ui.runs import query
from studio.ui.runs.columns import COLUMNS, index_of
from studio.ui.widgets.pill import STATES

RUN = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex
_DISPLAY, _EDIT = int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.EditRole)
_TIP, _ALIGN = int(Qt.ItemDataRole.ToolTipRole), int(Qt.ItemDataRole.TextAlignmentRole)


class RunsModel(QAbstractTableModel):
    """One row a run; a row keeps its place while its run changes, so that a selection stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Take over the list; rows whose run only changed are changed in place."""
        fresh = list(runs)
        if [run.run_id for run in fresh] != [run.run_id for run in self._runs]:
            self.beginResetModel()
            self._runs = fresh
            self.endResetModel()
            return
        for row, (old, new) in enumerate(zip(self._runs, fresh, strict=True)):
            if old != new:
                self._runs[row] = new
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def run_at(self, row: int) -> Run:
        """The run of a row."""
        return self._runs[row]

    def row_of(self, run_id: str) -> int | None:
        """The row of a run."""
        return next((row for row, run in enumerate(self._runs) if run.run_id == run_id), None)

    def retranslate(self) -> None:
        """Headers and cells say their words again."""
        if self._runs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._runs) - 1, len(COLUMNS) - 1))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    # -- Qt ------------------------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._runs)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        run, column = self._runs[index.row()], COLUMNS[index.column()]
        if role == RUN:
            return run
        if role == _EDIT:
            return run.name
        if role == _DISPLAY:
            return self._text(run, column.key) or column.text(run)
        if role == _TIP:
            return column.tip(run) or None
        if role == _ALIGN:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == _DISPLAY:
            return _(column.title)
        if role == _ALIGN:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == _TIP and column.key == "star":
            return _("Star")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if COLUMNS[index.column()].key == "name":
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    @staticmethod
    def _text(run: Run, key: str) -> str:
        """What a painted cell says to a screen reader."""
        if key == "star":
            return _("Star") if run.star else ""
        if key == "state":
            return _(STATES[run.state.value].word)
        return ""


class RunsFilter(QSortFilterProxyModel):
    """Shows what fits the field and the chip, in the order of a column."""

    def __init__(self, source: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = source
        self._text = ""
        self._group = query.ALL
        self.setSourceModel(source)
        self.sort(index_of("started"), Qt.SortOrder.DescendingOrder)

    def set_filter(self, text: str, group: str) -> None:
        """Show only these."""
        if (text, group) != (self._text, self._group):
            self._text, self._group = text, group
            self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        run = self._runs.run_at(source_row)
        return query.in_group(run, self._group) and query.matches(run, self._text)

    def lessThan(self, left: Index, right: Index) -> bool:
        order = COLUMNS[left.column()].order
        a, b = order(self._runs.run_at(left.row())), order(self._runs.run_at(right.row()))
        if a is None or b is None:
            # what has no value comes last whichever way the arrow points
            down = self.sortOrder() is Qt.SortOrder.DescendingOrder
            return (a is None) is down if (a is None) != (b is None) else left.row() < right.row()
        if a == b:
            return left.row() < right.row()
        return a < b  # type: ignore[operator]
