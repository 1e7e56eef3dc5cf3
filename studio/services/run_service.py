"""Runs for the window: getters answer from memory, one worker thread reads files and SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.text import _
from studio.jobs.actions import Actions
from studio.jobs.changes import Changes
from studio.jobs.launch import TRAINER
from studio.jobs.library import Library
from studio.services.background import LATER, sentence_of
from studio.services.run_reader import RunReader
from studio.store.records import Run
from studio.store.runs import model_label, origin_of

# a problem that comes back with each look is said again after this long
_SILENCE_S = 300.0


class RunService(RunReader):
    """Every run of a projects folder: read it (`RunReader`), and ask something of a run."""

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
        super().__init__(project, parent)
        self._projects_folder = projects
        self._said: dict[str, float] = {}
        self._polling = False
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
            model=model_label(job, self._name_of),
            origin=origin_of(job, self._projects_folder),
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

    def order_queue(self, run_ids: Sequence[str]) -> None:
        """Let the runs that wait start in this order; those not named come after them."""
        self._act(lambda act: act.order_queue(run_ids))

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

    def _name_of(self, run_id: str) -> str | None:
        run = self._runs.get(run_id)
        return run.name if run is not None else None

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
        if changes.reading != self._reading:
            self._reading = changes.reading
            self.reading_changed.emit(changes.reading)
        for notice in changes.notices:
            self._say(notice)

    def _say(self, sentence: str) -> None:
        # a full disk would be said twice a second
        now = time.monotonic()
        if now - self._said.get(sentence, -_SILENCE_S) >= _SILENCE_S:
            self._said[sentence] = now
            self.problem.emit(sentence)
