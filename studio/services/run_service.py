"""Runs for the window: getters answer from memory, one worker thread reads files and SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from minimind.errors import BadInput
from minimind.events import Event
from minimind.job import JobSpec
from minimind.text import _
from studio.jobs.actions import Actions
from studio.jobs.launch import TRAINER
from studio.jobs.library import Changes, Details, Library
from studio.services.background import LATER, Worker, sentence_of
from studio.store.records import Checkpoint, PhaseSpan, Run, Sample
from studio.store.runs import model_label

# a problem that comes back with each look is said again after this long
_SILENCE_S = 300.0


class RunService(QObject):
    """Every run of a projects folder. Call it from the GUI thread only; nothing here waits.

    `events`, `samples`, `checkpoints`, `phases`, `log_tail` load on the first call: they answer empty, then
    `run_changed` comes and they answer from memory. The runs asked last stay loaded and follow along.

    Signals:
        runs_changed(): the list has other members, or another order.
        run_changed(run_id): something about that run; read it again.
        curve_grew(run_id): it has more points; request the curve again.
        event_added(run_id, Event): new in the file while we looked (not the old ones of the first reading);
            all kinds but step and progress.
        curve_ready(token, Curve), hardware_ready(token, HardwareLanes): answers to requests.
        problem(sentence): something that a person asked for did not work, in the language of now.
        ready(): the first reading of the index is done (runs() is filled).
    """

    runs_changed = Signal()
    run_changed = Signal(str)
    curve_grew = Signal(str)
    event_added = Signal(str, object)
    curve_ready = Signal(object, object)
    hardware_ready = Signal(object, object)
    problem = Signal(str)
    ready = Signal()

    def __init__(
        self,
        *,
        projects: Path,
        database: Path,
        project: str = "default",
        trainer: Sequence[str] = TRAINER,
        poll_ms: int = 500,
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            database: where the index lies; it may be deleted while no window is open.
            project: where new runs go; its folder is made with the first run.
            trainer: the command that works on a run folder; tests put another one in.
        """
        super().__init__(parent)
        self._projects_folder = projects
        self._project = project
        self._runs: dict[str, Run] = {}
        self._jobs: dict[str, JobSpec | None] = {}
        self._details: dict[str, Details] = {}
        self._asked_details: set[str] = set()
        self._said: dict[str, float] = {}
        self._polling = False
        self._worker = Worker("runs", self)
        self._library: Library | None = None
        self._actions: Actions | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(poll_ms)
        self._timer.timeout.connect(self._poll)
        open_index = partial(self._open, projects, database, trainer)
        self._worker.submit(open_index, done=self._on_opened, failed=self._on_failed)

    def close(self) -> None:
        """End the worker thread. Runs go on; so does the queue."""
        self._timer.stop()
        self._worker.close(finish=self._close)

    # -- what there is -------------------------------------------------------------------------

    @property
    def project(self) -> str:
        """Where new runs go."""
        return self._project

    def set_project(self, name: str) -> None:
        """New runs go there from now on."""
        if name != self._project:
            self._project = name
            self.runs_changed.emit()

    def projects(self) -> list[str]:
        """Names of the projects that have runs, and the current one; sorted."""
        return sorted({self._project, *(run.project for run in self._runs.values())})

    def runs(self, *, trashed: bool = False) -> list[Run]:
        """Newest first; those in the trash only with `trashed`, and then no others."""
        found = [run for run in self._runs.values() if run.trashed == trashed]
        return sorted(found, key=lambda run: (run.created, run.run_id), reverse=True)

    def run(self, run_id: str) -> Run | None:
        """One run, None when there is none of that name."""
        return self._runs.get(run_id)

    def active(self) -> list[Run]:
        """Runs on which a process works, the one that ends first in front."""
        found = [run for run in self._runs.values() if run.state.is_active and not run.trashed]
        return sorted(found, key=lambda run: (run.eta_s is None, run.eta_s or 0.0, run.created))

    def job(self, run_id: str) -> JobSpec:
        """What was asked for.

        Raises:
            KeyError: no such run.
            BadInput: its job.json cannot be read.
        """
        if run_id not in self._runs:
            raise KeyError(run_id)
        job = self._jobs.get(run_id)
        if job is None:
            raise BadInput(_("{folder} has no readable job.json").format(folder=self._runs[run_id].folder))
        return job

    def events(self, run_id: str, limit: int = 200) -> list[Event]:
        """The newest events, oldest first; all kinds but step and progress."""
        return list(self._detail(run_id).events[-limit:]) if limit > 0 else []

    def samples(self, run_id: str) -> list[Sample]:
        """What it said, oldest first."""
        return list(self._detail(run_id).samples)

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """Whole checkpoints on disk, oldest first."""
        return list(self._detail(run_id).checkpoints)

    def phases(self, run_id: str) -> list[PhaseSpan]:
        """Phases by the clock, oldest first."""
        return list(self._detail(run_id).phases)

    def log_tail(self, run_id: str, lines: int = 200) -> list[str]:
        """The last lines of log.txt (at most 1,000 are kept in memory)."""
        return list(self._detail(run_id).log[-lines:]) if lines > 0 else []

    def request_curve(
        self,
        run_id: str,
        metric: str,
        *,
        x: str = "step",
        lo: float | None = None,
        hi: float | None = None,
        max_points: int = 4000,
        token: object,
    ) -> None:
        """Ask for a curve; `curve_ready(token, Curve)` follows. A newer request with the same token replaces
        one that waits.

        Args:
            metric: loss, lr, grad_norm, tokens_per_s, … (`Run.metrics`), or val_loss, bits_per_byte.
            x: step | tokens | time (seconds since the first start).
            lo, hi: the visible range of x; a point on either side comes too, so that the line goes on.
            max_points: more are reduced to the least and the greatest of each bucket.
        """

        def read() -> Any:
            return self._opened.curve(run_id, metric, x=x, lo=lo, hi=hi, max_points=max_points)

        self._answer(("curve", token), read, lambda curve: self.curve_ready.emit(token, curve))

    def request_hardware(
        self,
        run_id: str,
        *,
        x: str = "time",
        lo: float | None = None,
        hi: float | None = None,
        max_points: int = 2000,
        token: object,
    ) -> None:
        """Ask for the hardware history; `hardware_ready(token, HardwareLanes)` follows.

        Lanes: cpu_percent, ram_used_bytes, ram_total_bytes, rss_bytes and for each card N
        gpuN.utilisation_percent, gpuN.memory_used_bytes, gpuN.memory_total_bytes, gpuN.temperature_c,
        gpuN.power_w, gpuN.power_limit_w.
        """

        def read() -> Any:
            return self._opened.hardware(run_id, x=x, lo=lo, hi=hi, max_points=max_points)

        self._answer(("hardware", token), read, lambda lanes: self.hardware_ready.emit(token, lanes))

    # -- what a person asks for ----------------------------------------------------------------

    def start(self, job: JobSpec, *, name: str = "") -> str:
        """Make the run folder and put it into the queue; it starts at once if its device is free.

        Returns:
            The run_id (the job's), known to `run()` from now on.
        """
        run_id, project = job.run_id, self._project
        if run_id in self._runs:
            self.problem.emit(_("{name} is there already").format(name=run_id))
            return run_id
        # shown before it is written: the page of the run opens at the click
        self._runs[run_id] = Run(
            run_id=run_id,
            folder=self._projects_folder / project / "runs" / run_id,
            project=project,
            name=name or run_id,
            kind=job.kind,
            method=job.method,
            model=model_label(job),
            created=job.created,
        )
        self._jobs[run_id] = job
        self.runs_changed.emit()
        self._act(lambda act: act.start(project, job, name=name), undo=lambda: self._drop(run_id))
        return run_id

    def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> None:
        """Another attempt from the last checkpoint; overrides: device, nproc, strategy, micro_batch, steps,
        epochs, minutes."""
        self._act(lambda act: act.resume(run_id, overrides or {}))

    def start_now(self, run_id: str) -> None:
        """Start a queued run at once, even though its device is busy."""
        self._act(lambda act: act.start_now(run_id))

    def pause(self, run_id: str) -> None:
        """Hold it; its memory stays taken."""
        self._act(lambda act: act.request(run_id, "pause"))

    def go_on(self, run_id: str) -> None:
        """Let a paused run go on; a queued one that is not in the queue is put there."""
        self._act(lambda act: act.go_on(run_id))

    def stop(self, run_id: str) -> None:
        """Save and stop; a queued run leaves the queue."""
        self._act(lambda act: act.stop(run_id))

    def save(self, run_id: str) -> None:
        """A checkpoint now."""
        self._act(lambda act: act.request(run_id, "save"))

    def sample(self, run_id: str) -> None:
        """A sample now."""
        self._act(lambda act: act.request(run_id, "sample"))

    def force_end(self, run_id: str) -> None:
        """End a stuck run with all its processes; what came after its last checkpoint is lost."""
        self._act(lambda act: act.force_end(run_id))

    def change_notes(self, run_id: str, **fields: Any) -> None:
        """name, tags, star, note, archived."""
        self._act(lambda act: act.change_notes(run_id, fields))

    def trash(self, run_id: str) -> None:
        """Out of sight; the folder stays. An active run is refused with a `problem`."""
        self._act(lambda act: act.trash(run_id))

    def restore(self, run_id: str) -> None:
        """Back from the trash."""
        self._act(lambda act: act.restore(run_id))

    def delete_forever(self, run_id: str) -> None:
        """Remove the folder of a run that is in the trash."""
        self._act(lambda act: act.delete_forever(run_id))

    # -- in the worker thread ------------------------------------------------------------------

    def _open(self, projects: Path, database: Path, trainer: Sequence[str]) -> Changes:
        self._library = Library(projects, database)
        self._actions = Actions(self._library, trainer)
        return self._library.first()

    def _close(self) -> None:
        if self._library is not None:
            self._library.close()

    @property
    def _opened(self) -> Library:
        if self._library is None:
            raise BadInput(_("The index of runs is not open."))
        return self._library

    @property
    def _acting(self) -> Actions:
        if self._actions is None:
            raise BadInput(_("The index of runs is not open."))
        return self._actions

    def _look(self) -> Changes:
        changes = self._opened.poll()
        self._acting.keep_queue_moving()
        return changes

    # -- on the GUI thread ---------------------------------------------------------------------

    def _act(self, action: Callable[[Actions], Any], *, undo: Callable[[], None] | None = None) -> None:
        def failed(error: Exception) -> None:
            if undo is not None:
                undo()
            self._on_failed(error)

        self._worker.submit(lambda: action(self._acting), done=lambda _none: self._poll(), failed=failed)

    def _answer(self, key: Any, read: Callable[[], Any], answer: Callable[[Any], None]) -> None:
        self._worker.submit_newest(key, read, done=answer, failed=self._on_failed)

    def _detail(self, run_id: str) -> Details:
        if run_id in self._runs and run_id not in self._asked_details:
            self._asked_details.add(run_id)
            self._worker.submit(
                lambda: self._opened.watch(run_id),
                done=lambda details: self._on_details(run_id, details),
                failed=lambda error: self._asked_details.discard(run_id),
            )
        return self._details.get(run_id, Details())

    def _on_details(self, run_id: str, details: Details) -> None:
        self._details[run_id] = details
        self.run_changed.emit(run_id)

    def _drop(self, run_id: str) -> None:
        self._runs.pop(run_id, None)
        self._jobs.pop(run_id, None)
        self.runs_changed.emit()

    def _poll(self) -> None:
        if not self._polling:
            self._polling = True
            self._worker.submit(self._look, done=self._on_looked, failed=self._on_look_failed, priority=LATER)

    def _on_opened(self, changes: Changes) -> None:
        self._take(changes)
        self.ready.emit()
        self._timer.start()
        self._poll()

    def _on_looked(self, changes: Changes) -> None:
        self._polling = False
        self._take(changes)
        if changes.more:
            self._poll()

    def _on_look_failed(self, error: Exception) -> None:
        self._polling = False
        self._say(sentence_of(error))

    def _take(self, changes: Changes) -> None:
        self._jobs.update(changes.jobs)
        members = False
        for run_id, run in changes.runs.items():
            before = self._runs.get(run_id)
            if run is None:
                members |= self._runs.pop(run_id, None) is not None
                self._details.pop(run_id, None)
                self._asked_details.discard(run_id)
                continue
            self._runs[run_id] = run
            members |= before is None or (before.trashed, before.created) != (run.trashed, run.created)
        self._details.update(changes.details)
        if members:
            self.runs_changed.emit()
        for run_id in dict.fromkeys((*changes.runs, *changes.details)):
            if run_id in self._runs:
                self.run_changed.emit(run_id)
        for run_id in changes.grew:
            self.curve_grew.emit(run_id)
        for run_id, event in changes.events:
            self.event_added.emit(run_id, event)
        for notice in changes.notices:
            self._say(notice)

    def _say(self, sentence: str) -> None:
        # a full disk would be said twice a second
        now = time.monotonic()
        if now - self._said.get(sentence, -_SILENCE_S) >= _SILENCE_S:
            self._said[sentence] = now
            self.problem.emit(sentence)

    def _on_failed(self, error: Exception) -> None:
        self.problem.emit(sentence_of(error))
