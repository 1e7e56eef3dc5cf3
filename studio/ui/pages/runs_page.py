"""Everything that was ever trained: a table with a filter, and a strip about the selected run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from minimind.job import KIND_PIPELINE, KIND_TRAIN
from minimind.text import _, ngettext
from studio.preferences import PreferencesFile
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.page import GAP, Page, ShortcutHint
from studio.ui.run import machine, words
from studio.ui.run.actions import Action, actions
from studio.ui.run.commands import RunCommands
from studio.ui.runs import query
from studio.ui.runs.chip_bar import ChipBar
from studio.ui.runs.deeds import RunDeeds
from studio.ui.runs.detail_strip import DetailStrip
from studio.ui.runs.drafts import DraftRows
from studio.ui.runs.table_model import RunsFilter, RunsModel
from studio.ui.runs.table_view import RunsTable
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.empty_state import EmptyState
from studio.ui.widgets.page_header import PageHeader

REFRESH_MS = 500
_MEMORY_COLUMNS, _MEMORY_GROUP = "runs/hidden_columns", "runs/group"


class RunsPage(Page):
    """The table of runs.

    Signals:
        open_run(str): a run's id.
        open_chat(str), export_requested(str): a run folder.
        new_run_requested(dict): what the wizard is filled in with.
    """

    open_run = Signal(str)
    open_chat = Signal(str)
    export_requested = Signal(str)
    new_run_requested = Signal(dict)

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        runs: RunService,
        memory: WindowMemory,
        preferences: PreferencesFile,
        projects: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`projects`: the projects folder, for the plans that were left; None for a page without them."""
        super().__init__(appearance, parent)
        self._navigator, self._runs, self._memory = navigator, runs, memory
        self._preferences = preferences
        self._group = str(memory.get(_MEMORY_GROUP, query.ALL))
        self.commands = RunCommands(appearance, navigator, runs, self)
        self.header = PageHeader(appearance)
        self.new_button = Button(appearance, kind="primary", icon="plus")
        self.filter_field = QLineEdit()
        self.filter_field.setClearButtonEnabled(True)
        self.chips = ChipBar(appearance)
        self.delete_all = Button(appearance, kind="danger", size="small", icon="trash-2")
        self.model = RunsModel(self, cost=self._cost)
        self.filtered = RunsFilter(self.model, self)
        self.table = RunsTable(appearance)
        self.empty = EmptyState(appearance, "activity", self.table.viewport())
        self.strip = DetailStrip(appearance)
        self.drafts = DraftRows(appearance, navigator, runs, projects, self)
        self.deeds = RunDeeds(appearance, navigator, runs, self.commands, self.table, self._open)
        self.popup = self.deeds.popup
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()
        self.retranslate()

    # -- Page ----------------------------------------------------------------------------------

    def opened(self, request: Mapping[str, object]) -> None:
        if "filter" in request:
            self.filter_field.setText(str(request["filter"]))
        self.drafts.look()
        self.refresh()
        if self._group == query.DRAFTS:
            self.drafts.list.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if not self.table.currentIndex().isValid() and self.filtered.rowCount():
            self.table.select_run(0)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def retranslate(self) -> None:
        self.header.set_title(_("Runs"))
        self.new_button.setText(_("New run"))
        self.new_button.set_hint(_("New run"), "Ctrl+N")
        self.filter_field.setPlaceholderText(_("Filter: name, #tag, state:failed"))
        self.filter_field.setAccessibleName(_("Filter the runs"))
        self.filter_field.setToolTip(
            _("Words in name, note, tags, method, model; state: tag: method: model:")
        )
        self.table.setAccessibleName(_("Runs"))
        self.model.retranslate()
        self.drafts.retranslate()
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self._set_margins()

    def primary_action(self) -> QAbstractButton | None:
        return self.new_button

    def escape(self) -> bool:
        if self.filter_field.text():
            self.filter_field.clear()
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return False

    def shortcuts(self) -> list[ShortcutHint]:
        return [
            ShortcutHint(keys="↑ ↓ Enter", text=_("Choose and open a run")),
            ShortcutHint(keys="Ctrl+F", text=_("Filter the runs")),
            ShortcutHint(keys="F2", text=_("Rename")),
            ShortcutHint(keys="T", text=_("Tags")),
            ShortcutHint(keys="S", text=_("Star")),
            ShortcutHint(keys="Del", text=_("Move to the trash")),
            ShortcutHint(keys="Ctrl+Z", text=_("Put back from the trash")),
            ShortcutHint(keys="Alt+↑ Alt+↓", text=_("Start earlier, later (in the queue)")),
        ]

    # -- what is shown -------------------------------------------------------------------------

    def refresh(self) -> None:
        """The list as the service knows it now; selection and scroll position stay."""
        self._timer.stop()
        runs, trashed = self._runs.runs(), self._runs.runs(trashed=True)
        chips = query.chips(runs, len(trashed), self.drafts.count)
        if self._group not in [key for key, _word, _count in chips]:
            self._group = query.ALL
        self.chips.set_chips(chips, self._group)
        chosen = self.table.current_run()
        self.model.set_runs(trashed if self._group == query.TRASH else runs)
        self.filtered.set_filter(self.filter_field.text(), self._group)
        self.table.is_queue = self.filtered.is_queue
        self._stack.setCurrentWidget(self.drafts.list if self._group == query.DRAFTS else self.table)
        self.filter_field.setEnabled(self._group != query.DRAFTS)
        self._show_delete_all(trashed)
        if chosen is not None and not self.table.currentIndex().isValid():
            self._select(chosen.run_id)
        self._show_empty(bool(runs) or bool(trashed))
        self._show_strip()

    def select(self, run_id: str) -> None:
        """Select a run's row, if it is in sight."""
        self._select(run_id)
        self._show_strip()

    def _select(self, run_id: str) -> None:
        row = self.model.row_of(run_id)
        if row is not None:
            index = self.filtered.mapFromSource(self.model.index(row, 0))
            if index.isValid():
                self.table.select_run(index.row())

    def _show_delete_all(self, trashed: list[Run]) -> None:
        shown = self._group == query.TRASH and bool(trashed)
        self.delete_all.setVisible(shown)
        if shown:
            count = len(trashed)
            text = ngettext("Delete {n} run forever…", "Delete {n} runs forever…", count)
            self.delete_all.setText(text.format(n=fmt.exact(count)))

    def _cost(self, run: Run) -> float | None:
        if not run.wall_s or run.kind not in (KIND_TRAIN, KIND_PIPELINE):
            return None
        prices = self._preferences.current
        return words.spent(
            run,
            on_card=machine.is_card(run.device),
            watts=None,
            per_hour=prices.price_per_hour,
            per_kwh=prices.price_per_kwh,
        ).yuan

    def _show_empty(self, any_run: bool) -> None:
        empty = self.filtered.rowCount() == 0
        self.empty.setVisible(empty)
        if not empty:
            return
        if any_run:
            self.empty.set_texts(_("No run fits the filter."), _("Clear the filter"))
        else:
            self.empty.set_texts(
                _("Nothing trained yet. The first model takes only a few minutes."), _("Train my first model")
            )

    def _show_strip(self) -> None:
        run = self.table.current_run()
        shown = run is not None and not run.trashed and self._group != query.DRAFTS
        self.strip.setVisible(shown)
        if run is None or not shown:
            return
        events = self._runs.events(run.run_id)
        self.strip.show_run(run, self._runs.samples(run.run_id), events, _strip_actions(run))

    # -- inside --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.header.set_actions([self.new_button])
        self.filter_field.setMinimumWidth(220)
        self.filter_field.setMaximumWidth(360)
        self.filter_field.addAction(
            self.appearance.icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition
        )
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(self.filter_field, 1)
        line.addWidget(self.chips)
        line.addStretch(1)
        line.addWidget(self.delete_all)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.drafts.list)
        card = Card(padded=False)
        card.body.setContentsMargins(1, 8, 1, 8)
        card.body.addWidget(self._stack)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.header)
        self._column.addLayout(line)
        self._column.addWidget(card, 1)
        self._column.addWidget(self.strip)
        # its buttons stay free of what is told at the bottom right
        self.strip.setProperty("foot", True)
        self._set_margins()
        inside = QVBoxLayout(self.table.viewport())
        inside.addWidget(self.empty)
        self.table.setModel(self.filtered)
        self.table.prepare()
        self.table.set_columns([str(key) for key in self._memory.get(_MEMORY_COLUMNS, [])])

    def _set_margins(self) -> None:
        top = self.padding - 4
        self._column.setContentsMargins(self.padding, top, self.padding, top)

    def _connect(self) -> None:
        runs, table, commands = self._runs, self.table, self.commands
        runs.runs_changed.connect(self._soon)
        runs.runs_changed.connect(self.drafts.look)
        runs.run_changed.connect(self._soon)
        runs.ready.connect(self.refresh)
        commands.open_chat.connect(self.open_chat)
        commands.export_requested.connect(self.export_requested)
        commands.new_run_requested.connect(self.new_run_requested)
        commands.rename_wanted.connect(lambda _run_id: table.edit_name())
        self.new_button.clicked.connect(lambda: self.new_run_requested.emit({}))
        self.filter_field.textChanged.connect(lambda _text: self.refresh())
        self.filter_field.returnPressed.connect(self._leave_filter)
        self.chips.chosen.connect(self._choose_group)
        self.empty.button.clicked.connect(self._on_empty_button)
        table.opened.connect(self._open)
        table.columns_changed.connect(lambda hidden: self._memory.set(_MEMORY_COLUMNS, hidden))
        table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_strip())
        self.strip.action_chosen.connect(self._on_strip_action)
        self.delete_all.clicked.connect(lambda: self.deeds.delete(runs.runs(trashed=True)))
        self.drafts.changed.connect(self.refresh)
        for keys, call in (("Ctrl+F", self._focus_filter), ("Ctrl+Z", self.deeds.undo)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # -- what a person does --------------------------------------------------------------------

    def _open(self, run_id: str) -> None:
        run = self._runs.run(run_id)
        if run is not None and not run.trashed:
            self.open_run.emit(run_id)

    def _focus_filter(self) -> None:
        self.filter_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_field.selectAll()

    def _leave_filter(self) -> None:
        if self.filtered.rowCount():
            self.table.select_run(0)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_group(self, key: str) -> None:
        self._group = key
        # the trash is looked into, not lived in
        self._memory.set(_MEMORY_GROUP, query.ALL if key == query.TRASH else key)
        self.refresh()

    def _on_empty_button(self) -> None:
        if self._runs.runs() or self._runs.runs(trashed=True):
            self._group = query.ALL
            self.filter_field.clear()
            self.refresh()
        else:
            self._navigator.first_model()

    def _on_strip_action(self, key: str) -> None:
        run = self.table.current_run()
        if run is None:
            return
        if key == "open":
            self._open(run.run_id)
        else:
            self.commands.do(key, run)

    # -- what happens --------------------------------------------------------------------------

    def _soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(REFRESH_MS)


def _strip_actions(run: Run) -> list[Action]:
    """The header's buttons of the run's own page, and the way on of one that ended early."""
    offered = list(actions(run).buttons)
    if run.state.can_resume and not any(action.key == "resume" for action in offered):
        offered.insert(0, Action(key="resume", text=_("Resume"), icon="rotate-ccw"))
    return offered
