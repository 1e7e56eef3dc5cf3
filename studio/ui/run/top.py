"""The upper part of the run page: header, stages, banner or reason of a failure, phases and bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from minimind.job import KIND_TRAIN, JobSpec
from minimind.run_state import RunState
from minimind.text import _
from studio.services.run_reader import RunReader
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.run import failure as failing
from studio.ui.run import words
from studio.ui.run.actions import FORCE_AFTER, Actions, actions
from studio.ui.run.commands import RunCommands
from studio.ui.run.confirm_dialog import lost_by_force
from studio.ui.run.failure import Failure
from studio.ui.run.failure_panel import FailurePanel
from studio.ui.run.progress_card import ProgressCard
from studio.ui.run.run_header import RunHeader
from studio.ui.run.stages import StageItem, StageStrip
from studio.ui.widgets.banner import Banner

_LOW_LINES = 2


class RunTop:
    """Holds the widgets and says in each what the run says; the page lays them out.

    Attributes:
        failure: why the run ended early; None while it did not.
    """

    def __init__(
        self,
        appearance: Appearance,
        runs: RunReader,
        commands: RunCommands,
        monotonic: Callable[[], float],
    ) -> None:
        self._appearance = appearance
        self._runs, self._commands, self._monotonic = runs, commands, monotonic
        self.header = RunHeader(appearance)
        self.stages = StageStrip(appearance)
        self.banner = Banner(appearance)
        self.failure_panel = FailurePanel(appearance)
        self.progress = ProgressCard(appearance)
        self.failure: Failure | None = None
        # what moves while a run is saving, and since when it has not moved
        self._moved: tuple[object, ...] = ()
        self._moved_at = 0.0

    def widgets(self) -> Sequence[QWidget]:
        """From top to bottom."""
        return (self.header, self.stages, self.banner, self.failure_panel, self.progress)

    def forget(self) -> None:
        """Another run comes."""
        self._moved = ()

    def has_new_state(self, run: Run) -> bool:
        """The run is in another state than the one shown."""
        return not self._moved or run.state != self._moved[0]

    def show_run(
        self,
        run: Run,
        job: JobSpec | None,
        spent: words.Spent,
        stages: Sequence[StageItem],
        *,
        compact: bool,
    ) -> None:
        """The run as it is now; `stages`: of the pipeline that it belongs to."""
        moved = (run.state, run.step, run.phase, run.phase_done)
        if moved != self._moved:
            self._moved, self._moved_at = moved, self._monotonic()
        still = self._monotonic() - self._moved_at
        stuck = run.state is RunState.STOPPING and still >= FORCE_AFTER
        offered = actions(run, next_save=words.next_save(run, job), stuck=stuck)
        self._show_header(run, job, offered, compact)
        self.stages.setVisible(len(stages) > 1)
        self.stages.show_stages(stages, run.run_id)
        self._show_failure(run, job)
        finished = run.state is RunState.FINISHED
        if finished:
            self._show_finished(run, spent)
        else:
            self.banner.clear()
        self.progress.setVisible(self.failure is None and not finished)
        found = words.progress(run, self._runs.phases(run.run_id), job=job)
        tone = {RunState.PAUSED: "warning", RunState.STOPPED: "border_control"}.get(run.state, "accent")
        line = words.state_line(run, self._runs.runs(), still, stuck=still >= FORCE_AFTER)
        if stuck:
            line = _("{still} If it is ended by force: {lost}").format(still=line, lost=lost_by_force(run))
        self.progress.show_progress(found, tone=tone, message=line)

    def hide(self) -> None:
        """There is no run to speak of."""
        for widget in self.widgets():
            widget.hide()

    def set_room(self, *, compact: bool, low: bool) -> None:
        """How much room the window has."""
        self.stages.set_compact(compact or low)
        self.progress.set_room(compact=compact or low)
        self.failure_panel.set_compact(compact or low)
        low_lines = 1 if self._appearance.scale > 1 else _LOW_LINES
        self.failure_panel.set_lines_shown(low_lines if low else failing.LOG_LINES)

    def _show_header(self, run: Run, job: JobSpec | None, offered: Actions, compact: bool) -> None:
        menu = self._commands.menu_items(offered.menu, run)
        self.header.show()
        self.header.show_run(run, words.meta(run, job, compact=compact), offered, menu)

    def _show_failure(self, run: Run, job: JobSpec | None) -> None:
        checkpoints = self._runs.checkpoints(run.run_id)
        log = self._runs.log_tail(run.run_id, failing.LOG_LINES)
        self.failure = failing.failure(run, job, checkpoints, log)
        if self.failure is not None:
            self.failure_panel.show_failure(self.failure)
        self.failure_panel.setVisible(self.failure is not None)

    def _show_finished(self, run: Run, spent: words.Spent) -> None:
        buttons = [
            (_("Chat"), lambda: self._commands.do("chat", run)),
            (_("Export GGUF…"), lambda: self._commands.do("export", run)),
        ]
        if run.kind != KIND_TRAIN:
            buttons = []
        elif not words.speaks_in_turns(run.method):
            buttons.append((_("Go on with chat tuning"), lambda: self._commands.do("tune", run)))
        text = words.finished_line(run, spent)
        if self.banner.isHidden() or self.banner.message.text() != text:
            self.banner.show_message(text, tone="success", actions=buttons, closable=False)
