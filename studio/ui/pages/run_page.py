"""One run, live: what it is doing, how far it is, its curves, what it says, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from minimind.job import KIND_TRAIN, JobSpec
from minimind.run_state import RunState
from minimind.text import _
from studio.preferences import PreferencesFile
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.page import GAP, Page, ShortcutHint
from studio.ui.run import failure as failing
from studio.ui.run import machine, rows, words
from studio.ui.run.actions import FORCE_AFTER, actions, key_hints
from studio.ui.run.body import WIDE_FROM, Room, RunBody
from studio.ui.run.commands import RunCommands
from studio.ui.run.failure import Failure, Mending
from studio.ui.run.failure_panel import FailurePanel
from studio.ui.run.menus import RunMenus
from studio.ui.run.plot_options import PlotOptions
from studio.ui.run.progress_card import ProgressCard
from studio.ui.run.rows import Row
from studio.ui.run.run_header import RunHeader
from studio.ui.widgets.banner import Banner
from studio.ui.widgets.empty_state import EmptyState

# figures change in place at most twice a second
REFRESH_MS = 500
LOW_BELOW = 720
_LOG_LINES, _LOW_LINES = 200, 2


class RunPage(Page):
    """The page of one run; `opened({"run_id": …})` says which.

    Signals:
        open_chat(str), export_requested(str): a run folder or a step folder.
        new_run_requested(dict): what the wizard is filled in with.
    """

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
        *,
        monotonic: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, parent)
        self._navigator, self._runs = navigator, runs
        self._memory, self._preferences = memory, preferences
        self._monotonic = monotonic
        self._run_id = ""
        self._job: JobSpec | None = None
        self._failure: Failure | None = None
        self._sampled = -1
        # what moves while a run is saving, and since when it has not moved
        self._moved: tuple[object, ...] = ()
        self._moved_at = 0.0
        self.commands = RunCommands(appearance, navigator, runs, self)
        self.header = RunHeader(appearance)
        self.banner = Banner(appearance)
        self.failure_panel = FailurePanel(appearance)
        self.progress = ProgressCard(appearance)
        self.body = RunBody(appearance, runs)
        self.missing = EmptyState(appearance, "activity")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self._seconds = QTimer(self)
        self._seconds.setInterval(1000)
        self._seconds.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()
        self._bind_keys()
        self._menus = RunMenus(self.body, self.commands, self._show_step, self)
        self.retranslate()

    # -- Page ----------------------------------------------------------------------------------

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self._runs.run(self._run_id) if self._run_id else None

    def opened(self, request: Mapping[str, object]) -> None:
        run_id = str(request.get("run_id") or self._run_id)
        if run_id != self._run_id:
            self._run_id = run_id
            self._moved, self._sampled = (), -1
            self._watch()
        self.refresh()

    def retranslate(self) -> None:
        self.missing.set_texts(_("This run is not here any more."), _("All runs"))
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self._arrange()

    def primary_action(self) -> QAbstractButton | None:
        if self.failure_panel.isVisibleTo(self):
            return self.failure_panel.primary
        return self.header.primary()

    def shortcuts(self) -> list[ShortcutHint]:
        return [ShortcutHint(keys=keys, text=text) for keys, text in key_hints()]

    def escape(self) -> bool:
        shown = self.body.plot.plot.crosshair is not None
        self.body.plot.plot.set_crosshair(None)
        return shown

    # -- what is shown -------------------------------------------------------------------------

    def refresh(self) -> None:
        """Everything as the service knows it now."""
        self._timer.stop()
        run = self.run
        for part in (self.header, self.body):
            part.setVisible(run is not None)
        self.missing.setVisible(run is None)
        if run is None:
            for other in (self.banner, self.failure_panel, self.progress):
                other.hide()
            return
        self._refresh_header(run)
        self._refresh_top(run)
        self._refresh_body(run)
        self._arrange()

    def _refresh_header(self, run: Run) -> None:
        moved = (run.state, run.step, run.phase, run.phase_done)
        if moved != self._moved:
            self._moved, self._moved_at = moved, self._monotonic()
        stopping = run.state is RunState.STOPPING
        stuck = stopping and self._still_s >= FORCE_AFTER
        offered = actions(run, next_save=words.next_save(run, self._job), stuck=stuck)
        menu = self.commands.menu_items(offered.menu, run)
        self.header.show_run(run, words.meta(run, self._job, compact=self.compact), offered, menu)
        if stopping and not self._seconds.isActive():
            self._seconds.start()
        elif not stopping:
            self._seconds.stop()

    def _refresh_top(self, run: Run) -> None:
        checkpoints = self._runs.checkpoints(run.run_id)
        self._failure = failing.failure(
            run, self._job, checkpoints, self._runs.log_tail(run.run_id, failing.LOG_LINES)
        )
        if self._failure is not None:
            self.failure_panel.show_failure(self._failure)
        self.failure_panel.setVisible(self._failure is not None)
        finished = run.state is RunState.FINISHED
        if finished:
            self._show_finished(run)
        else:
            self.banner.clear()
        self.progress.setVisible(self._failure is None and not finished)
        found = words.progress(run, self._runs.phases(run.run_id), job=self._job)
        tone = {RunState.PAUSED: "warning", RunState.STOPPED: "border_control"}.get(run.state, "accent")
        line = words.state_line(run, self._runs.runs(), self._still_s, stuck=self._still_s >= FORCE_AFTER)
        self.progress.show_progress(found, tone=tone, message=line)

    def _show_finished(self, run: Run) -> None:
        buttons = [
            (_("Chat"), lambda: self.commands.do("chat", run)),
            (_("Export GGUF…"), lambda: self.commands.do("export", run)),
        ]
        if run.kind != KIND_TRAIN:
            buttons = []
        elif not words.speaks_in_turns(run.method):
            buttons.append((_("Go on with chat tuning"), lambda: self.commands.do("tune", run)))
        text = words.finished_line(run, self._spent(run))
        if not self.banner.isVisibleTo(self) or self.banner.message.text() != text:
            self.banner.show_message(text, tone="success", actions=buttons, closable=False)

    def _refresh_body(self, run: Run) -> None:
        body, run_id = self.body, run.run_id
        events, checkpoints = self._runs.events(run_id), self._runs.checkpoints(run_id)
        samples = self._runs.samples(run_id)
        body.figures.show_figures(words.figures(run, self._job, self._spent(run)))
        body.events.set_rows(rows.event_rows(events, checkpoints))
        body.checkpoints.set_rows(rows.checkpoint_rows(checkpoints))
        body.set_num_checkpoints(len(checkpoints))
        body.log.refresh()
        body.samples.show_samples(samples, turns=words.speaks_in_turns(run.method))
        if len(samples) != self._sampled:
            self._sampled = len(samples)
            body.samples.again.setEnabled(True)
        body.samples.again.setVisible(run.state is RunState.RUNNING)
        body.settings.show_job(self._job)
        body.plot.show_run(
            run,
            events,
            self._runs.phases(run_id),
            vocabulary=words.vocabulary(self._job),
            planned=self._job.budget.steps if self._job else None,
        )

    # -- inside --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.header)
        self._column.addWidget(self.banner)
        self._column.addWidget(self.failure_panel)
        self._column.addWidget(self.progress)
        self._column.addWidget(self.body, 1)
        self._column.addWidget(self.missing, 1)

    def _connect(self) -> None:
        runs, body, commands = self._runs, self.body, self.commands
        runs.run_changed.connect(self._on_run_changed)
        runs.runs_changed.connect(self._soon)
        runs.ready.connect(self._watch)
        runs.event_added.connect(lambda run_id, _event: self._on_run_changed(run_id))
        commands.open_chat.connect(self.open_chat)
        commands.export_requested.connect(self.export_requested)
        commands.new_run_requested.connect(self.new_run_requested)
        commands.rename_wanted.connect(lambda _run_id: self.header.edit_title())
        self.header.action_chosen.connect(self._do)
        self.header.star_toggled.connect(lambda on: runs.change_notes(self._run_id, star=on))
        self.header.title_edited.connect(lambda name: runs.change_notes(self._run_id, name=name))
        self.failure_panel.mending_chosen.connect(self._mend)
        self.failure_panel.log_wanted.connect(self._open_log)
        self.failure_panel.report_wanted.connect(self._copy_report)
        self.missing.button.clicked.connect(lambda: self._navigator.open("runs"))
        body.samples.step_chosen.connect(self._show_step)
        body.samples.again.clicked.connect(self._sample)
        body.events.row_chosen.connect(self._on_row_chosen)
        body.checkpoints.row_chosen.connect(self._on_row_chosen)
        body.settings.copy.clicked.connect(lambda: self._do("command"))
        body.plot.options_changed.connect(self._remember_options)

    def _bind_keys(self) -> None:
        def bind(keys: str, call: Callable[[], object]) -> None:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)

        plot = self.body.plot
        bind("Ctrl+Shift+P", self._toggle_pause)
        bind("Ctrl+.", lambda: self._do("stop"))
        bind("Ctrl+S", lambda: self._do("save"))
        bind("F2", lambda: self._do("rename"))
        bind("G", self._sample)
        bind("L", self._open_log)
        bind("X", plot.use_next_axis)
        bind("R", plot.plot.reset_zoom)
        bind("S", self.header.star.click)
        bind("[", lambda: plot.smooth_more(-1))
        bind("]", lambda: plot.smooth_more(1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if direction is None:
            super().keyPressEvent(event)
            return
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.body.plot.plot.step_crosshair(direction * (10 if far else 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _arrange(self) -> None:
        window = self.window()
        width, height = window.width(), window.height()
        room = Room.COMPACT if self.compact else Room.WIDE if width >= WIDE_FROM else Room.NORMAL
        low = height < LOW_BELOW
        top = self.padding - 4
        self._column.setContentsMargins(self.padding, top, self.padding, 8 if low else top)
        self._column.setSpacing(10 if low else GAP)
        plain = self._job is not None and self._job.kind != KIND_TRAIN
        self.body.arrange(room, ended=self._failure is not None, low=low, plain=plain)
        self.progress.set_room(compact=self.compact or low)
        self.failure_panel.set_compact(self.compact or low)
        self.failure_panel.set_lines_shown(_LOW_LINES if low else failing.LOG_LINES)

    @property
    def _still_s(self) -> float:
        """Seconds since anything of the run moved."""
        return self._monotonic() - self._moved_at

    def _watch(self) -> None:
        """Begin to show the run named by `_run_id`."""
        run = self.run
        if run is None:
            return
        self._job = self.commands.job(self._run_id)
        self.body.plot.set_options(PlotOptions.from_dict(self._memory.get(f"plot/{run.project}", {})))
        self.body.plot.watch(run)
        self.body.log.watch(run.run_id)
        self.refresh()

    def _spent(self, run: Run) -> words.Spent:
        hardware = self.body.plot.feed.hardware
        return words.spent(
            run,
            on_card=machine.is_card(run.device),
            watts=machine.mean_power(hardware) if hardware is not None else None,
            per_hour=self._preferences.current.price_per_hour,
            per_kwh=self._preferences.current.price_per_kwh,
        )

    # -- what a person does --------------------------------------------------------------------

    def _do(self, key: str) -> None:
        """An action of the header or a key; one that the state does not offer does nothing."""
        run = self.run
        if run is None:
            return
        offered = actions(run, stuck=True)
        known = {a.key for a in (*offered.buttons, *offered.menu) if a.enabled and a.key}
        if key in known:
            self.commands.do(key, run)

    def _toggle_pause(self) -> None:
        run = self.run
        self._do("go_on" if run is not None and run.state is RunState.PAUSED else "pause")

    def _sample(self) -> None:
        run = self.run
        if run is not None and run.state is RunState.RUNNING and self.body.samples.again.isEnabled():
            # until it has spoken; a second request would only queue behind the first
            self.body.samples.again.setEnabled(False)
            self.commands.do("sample", run)

    def _mend(self, mending: Mending) -> None:
        run = self.run
        if run is None:
            return
        if mending.kind == "branch":
            self.commands.branch(run, mending.settings)
        else:
            self._runs.resume(run.run_id, overrides=mending.overrides or None)

    def _open_log(self) -> None:
        self.body.show_panel("log")
        self.body.log.setFocus(Qt.FocusReason.OtherFocusReason)
        self.body.log.show_end()

    def _copy_report(self) -> None:
        run = self.run
        if run is not None:
            text = failing.report(run, self._failure, self._runs.log_tail(run.run_id, _LOG_LINES))
            self.commands.copy(text, _("The report is copied"))

    def _show_step(self, step: int) -> None:
        self.body.plot_tabs.open("plot")
        self.body.plot.show_step(step)

    def _on_row_chosen(self, row: Row) -> None:
        if row.step is not None:
            self._show_step(row.step)

    def _remember_options(self, options: PlotOptions) -> None:
        run = self.run
        if run is not None:
            self._memory.set(f"plot/{run.project}", options.to_dict())

    # -- what happens --------------------------------------------------------------------------

    def _on_run_changed(self, run_id: str) -> None:
        if run_id != self._run_id or not self.isVisible():
            return
        run = self.run
        if run is not None and (not self._moved or run.state != self._moved[0]):
            self.refresh()
        else:
            self._soon()

    def _soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(REFRESH_MS)
