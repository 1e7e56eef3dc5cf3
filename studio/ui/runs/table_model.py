"""Runs as a table model, with a filter and an order in front of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from minimind.run_state import RunState
from minimind.text import _
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.runs import query
from studio.ui.runs.columns import COLUMNS, index_of
from studio.ui.runs.tree import Tree
from studio.ui.widgets.pill import STATES

RUN = int(Qt.ItemDataRole.UserRole)
# how many runs a row stands below
DEPTH = RUN + 1
Index = QModelIndex | QPersistentModelIndex
_DISPLAY, _EDIT = int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.EditRole)
_TIP, _ALIGN = int(Qt.ItemDataRole.ToolTipRole), int(Qt.ItemDataRole.TextAlignmentRole)


class RunsModel(QAbstractTableModel):
    """One row a run; a row keeps its place while its run changes, so that a selection stays."""

    def __init__(
        self, parent: QObject | None = None, *, cost: Callable[[Run], float | None] = lambda run: None
    ) -> None:
        """`cost`: of a run so far, in yuan."""
        super().__init__(parent)
        self._runs: list[Run] = []
        self._cost = cost

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

    def runs(self) -> list[Run]:
        """All of them."""
        return list(self._runs)

    def order(self, run: Run, column: int) -> float | str | None:
        """What a column sorts a run by; None comes last."""
        chosen = COLUMNS[column]
        return self._cost(run) if chosen.key == "cost" else chosen.order(run)

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
            if column.key == "cost":
                return fmt.money(self._cost(run))
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
            return state_word(run)
        return ""


def state_word(run: Run) -> str:
    """`Running`; of a run that waits its place, too: `Queued 2`."""
    word = _(STATES[run.state.value].word)
    return f"{word} {run.queue_position}" if run.state is RunState.QUEUED and run.queue_position else word


class RunsFilter(QSortFilterProxyModel):
    """Shows what fits the field and the chip, in the order of a column; by start, families stay together."""

    def __init__(self, source: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = source
        self._text = ""
        self._group = query.ALL
        self._tree = Tree()
        self.setSourceModel(source)
        self.sort(index_of("started"), Qt.SortOrder.DescendingOrder)

    @property
    def is_queue(self) -> bool:
        """Only runs that wait are shown, in the order in which they start."""
        return self._group == query.QUEUED

    def set_filter(self, text: str, group: str) -> None:
        """Show only these."""
        changed = (text, group) != (self._text, self._group)
        self._text, self._group = text, group
        tree = Tree([run for run in self._runs.runs() if self._accepts(run)])
        changed |= tree.shape != self._tree.shape
        self._tree = tree
        if changed or self.is_queue:
            self.invalidate()

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        if role == DEPTH:
            return self._tree.depth(index.data(RUN).run_id) if self._by_family else 0
        return super().data(index, role)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        return self._accepts(self._runs.run_at(source_row))

    def lessThan(self, left: Index, right: Index) -> bool:
        # for a descending order Qt asks with the two exchanged
        down = self.sortOrder() is Qt.SortOrder.DescendingOrder
        above, below = (right, left) if down else (left, right)
        one, other = self._runs.run_at(above.row()), self._runs.run_at(below.row())
        if self.is_queue:
            return _place(one) < _place(other)
        if self._by_family:
            return self._tree.precedes(one, other, newest_first=down)
        a, b = (self._runs.order(run, left.column()) for run in (one, other))
        if a is None or b is None:
            # what has no value comes last whichever way the arrow points
            return a is not None
        if a == b:
            return above.row() < below.row()
        return (a > b) if down else (a < b)  # type: ignore[operator]

    @property
    def _by_family(self) -> bool:
        return self.sortColumn() == index_of("started") and not self.is_queue

    def _accepts(self, run: Run) -> bool:
        return query.in_group(run, self._group) and query.matches(run, self._text)


def _place(run: Run) -> tuple[int, str]:
    return (1 << 30 if run.queue_position is None else run.queue_position, run.run_id)
