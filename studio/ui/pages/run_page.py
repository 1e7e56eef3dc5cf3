"""One run, live: what it is doing, how far it is, its curves, what it says, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from minimind.job import KIND_PIPELINE, KIND_TRAIN, JobSpec
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
from studio.ui.run.actions import actions, key_hints
from studio.ui.run.body import WIDE_FROM, Room, RunBody
from studio.ui.run.commands import RunCommands
from studio.ui.run.failure import Mending
from studio.ui.run.forecasts import Forecasts
from studio.ui.run.keys import bind
from studio.ui.run.menus import RunMenus
from studio.ui.run.planned import planned_figures
from studio.ui.run.plot_files import PlotFiles
from studio.ui.run.plot_options import PlotOptions
from studio.ui.run.rows import Row
from studio.ui.run.stages import StageItem, pipeline_of, stage_in_front, stages_of
from studio.ui.run.top import RunTop
from studio.ui.runs.edit_popup import EditPopup
from studio.ui.widgets.empty_state import EmptyState

# figures change in place at most twice a second
REFRESH_MS = 500
LOW_BELOW = 720
_LOG_LINES = 200


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
        self._run_id = ""
        self._job: JobSpec | None = None
        self._sampled = -1
        # the pipeline whose stages the page follows: it moves on when the next one begins
        self._followed: str | None = None
        self.forecasts = Forecasts(runs, preferences, parent=self)
        self.commands = RunCommands(appearance, navigator, runs, self)
        self.top = RunTop(appearance, runs, self.commands, monotonic)
        self.header, self.failure_panel = self.top.header, self.top.failure_panel
        self.banner, self.progress = self.top.banner, self.top.progress
        self.body = RunBody(appearance, runs)
        self.popup = EditPopup(self)
        self._edited = ""
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
        self.files = PlotFiles(self.body.plot, runs, navigator, memory, self)
        self._menus = RunMenus(self.body, self.commands, self._show_step, self)
        self.retranslate()

    # -- Page ----------------------------------------------------------------------------------

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self._runs.run(self._run_id) if self._run_id else None

    def opened(self, request: Mapping[str, object]) -> None:
        asked = str(request.get("run_id") or self._run_id)
        if asked != self._run_id or not self._followed:
            self._show_id(asked)
            run = self.run
            front = stage_in_front(self._stages())
            # who opens a pipeline, or the stage that goes on, follows it
            if run is not None and (run.kind == KIND_PIPELINE or run == front):
                self._followed = pipeline_of(run)
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
        stages = self._stages()
        front = stage_in_front(stages)
        if self._followed is not None and front is not None and front.run_id != self._run_id:
            self._show_id(front.run_id, followed=self._followed)
        run = self.run
        self.body.setVisible(run is not None)
        self.missing.setVisible(run is None)
        if run is None:
            self.top.hide()
            return
        self.top.show_run(run, self._job, self._spent(run), stages, compact=self.compact)
        # the seconds of a run that is saving go on although nothing is said
        if run.state is not RunState.STOPPING:
            self._seconds.stop()
        elif not self._seconds.isActive():
            self._seconds.start()
        self._refresh_body(run)
        self._arrange()

    def _stages(self) -> list[StageItem]:
        run = self.run
        pipeline = self._followed or (pipeline_of(run) if run is not None else None)
        job = self.commands.job(pipeline) if pipeline else None
        return stages_of(pipeline, job, self._runs.runs())

    def _show_id(self, run_id: str, *, followed: str | None = None) -> None:
        self._followed = followed
        if run_id != self._run_id:
            self._run_id, self._sampled = run_id, -1
            self.top.forget()
            self._watch()

    def _choose_stage(self, run_id: str) -> None:
        front = stage_in_front(self._stages())
        run = self._runs.run(run_id)
        follows = front is not None and front.run_id == run_id and run is not None
        self._show_id(run_id, followed=pipeline_of(run) if follows and run is not None else None)
        self.refresh()

    def _refresh_body(self, run: Run) -> None:
        body, run_id = self.body, run.run_id
        events, checkpoints = self._runs.events(run_id), self._runs.checkpoints(run_id)
        samples = self._runs.samples(run_id)
        if run.state is RunState.QUEUED and not run.step and self._job is not None:
            origin = self._runs.run(run.origin or "")
            figures = planned_figures(self._job, origin, self.forecasts.of(self._job))
        else:
            figures = words.figures(run, self._job, self._spent(run))
        body.figures.show_figures(figures)
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
        for part in self.top.widgets():
            self._column.addWidget(part)
        self._column.addWidget(self.body, 1)
        self._column.addWidget(self.missing, 1)

    def _connect(self) -> None:
        runs, body, commands = self._runs, self.body, self.commands
        runs.run_changed.connect(self._on_run_changed)
        runs.runs_changed.connect(self._soon)
        runs.ready.connect(self._watch)
        self.forecasts.found.connect(self._on_run_changed)
        runs.event_added.connect(lambda run_id, _event: self._on_run_changed(run_id))
        commands.open_chat.connect(self.open_chat)
        commands.export_requested.connect(self.export_requested)
        commands.new_run_requested.connect(self.new_run_requested)
        commands.rename_wanted.connect(lambda _run_id: self.header.edit_title())
        commands.edit_wanted.connect(self._edit)
        self.popup.accepted.connect(self._on_edited)
        self.header.action_chosen.connect(self._do)
        self.header.star_toggled.connect(lambda on: runs.change_notes(self._run_id, star=on))
        self.header.title_edited.connect(lambda name: runs.change_notes(self._run_id, name=name))
        self.top.stages.chosen.connect(self._choose_stage)
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
        body.plot.export_wanted.connect(self._export_plot)

    def _bind_keys(self) -> None:
        plot = self.body.plot
        keys = {
            "Ctrl+Shift+P": self._toggle_pause,
            "Ctrl+.": lambda: self._do("stop"),
            "Ctrl+S": lambda: self._do("save"),
            "F2": lambda: self._do("rename"),
            "G": self._sample,
            "L": self._open_log,
            "X": plot.use_next_axis,
            "R": plot.plot.reset_zoom,
            "S": self.header.star.click,
            "[": lambda: plot.smooth_more(-1),
            "]": lambda: plot.smooth_more(1),
        }
        bind(self, keys)

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
        self._column.setContentsMargins(self.padding, top, self.padding, 6 if low else top)
        self._column.setSpacing(8 if low else GAP)
        plain = self._job is not None and self._job.kind != KIND_TRAIN
        self.body.arrange(room, ended=self.top.failure is not None, low=low, plain=plain)
        self.top.set_room(compact=self.compact, low=low)

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

    def _edit(self, what: str, run: Run) -> None:
        self._edited = what
        place = self.header.title.mapToGlobal(QPoint(0, self.header.height() - self.header.y()))
        self.popup.ask_for(what, run, place)

    def _on_edited(self, text: str) -> None:
        self._runs.change_notes(self._run_id, **self.popup.notes(self._edited, text))

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
            text = failing.report(run, self.top.failure, self._runs.log_tail(run.run_id, _LOG_LINES))
            self.commands.copy(text, _("The report is copied"))

    def _export_plot(self, kind: str) -> None:
        run = self.run
        if run is not None:
            self.files.ask(kind, run, words.meta(run, self._job))

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
        if run is not None and self.top.has_new_state(run):
            self.refresh()
        else:
            self._soon()

    def _soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(REFRESH_MS)
