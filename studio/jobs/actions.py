"""What a person asks of a run, from the window: each either happens or is refused with one sentence."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.files import remove_folder
from minimind.job import JobSpec
from minimind.lock import Held
from minimind.run_folder import KILL
from minimind.run_state import RunState
from minimind.text import _
from studio.jobs import supervisor
from studio.jobs.entry import Entry
from studio.jobs.launch import create_run
from studio.jobs.library import Library
from studio.jobs.process import StopLadder, end_by_force
from studio.jobs.queue import QueueItem
from studio.store.database import KnownError

_NOTES = {"name", "tags", "star", "note", "archived"}
# how often a queue that nobody seems to work on gets a supervisor
_CALL_AGAIN_S = 5.0


class Actions:
    """Acts on the runs of a library, in its thread.

    Raises (all methods): BadInput with a sentence for the person; OSError when the disk is in the way.
    """

    def __init__(self, library: Library, trainer: Sequence[str]) -> None:
        """`trainer`: the command that works on a run folder."""
        self._library = library
        self._trainer = tuple(trainer)
        self._called_at = -_CALL_AGAIN_S
        self._supervisors: list[subprocess.Popen[bytes]] = []

    # -- the queue -----------------------------------------------------------------------------

    def start(self, project: str, job: JobSpec, *, name: str = "") -> None:
        """Make the folder of a run and put it into the queue."""
        folder = create_run(self._library.projects, project, job, name=name)
        relative = folder.path.relative_to(self._library.projects).as_posix()
        self._enqueue(QueueItem(folder=relative))
        # an index that cannot take it now finds it later
        with contextlib.suppress(KnownError):
            self._library.adopt(relative, job)

    def resume(self, run_id: str, overrides: Mapping[str, Any]) -> None:
        """Put another attempt of a run that has ended into the queue."""
        entry = self._whole(run_id)
        state = entry.view.state
        if not state.can_resume and state is not RunState.QUEUED:
            raise BadInput(_("{name} cannot go on: it is finished or at work").format(name=entry.label))
        entry.folder.withdraw(attempt=entry.folder.next_attempt())
        begun = entry.folder.read_state() is not None
        # a stage that outlived its pipeline keeps the device: waiting for it would be waiting for ourselves
        at_once = any(stage.is_active for stage in self._library.stages(entry))
        item = QueueItem(folder=entry.row.folder, resume=begun, overrides=dict(overrides), at_once=at_once)
        self._enqueue(item)

    def start_now(self, run_id: str) -> None:
        """Start a run that waits, even though its device is busy."""
        entry = self._whole(run_id)
        if self._library.queue.position(entry.row.folder) is None:
            self.resume(run_id, {})
        self._library.queue.put_first(entry.row.folder)
        self._call()

    def order_queue(self, run_ids: Sequence[str]) -> None:
        """Start the runs that wait in this order."""
        self._library.queue.order([self._library.touch(run_id).row.folder for run_id in run_ids])

    def keep_queue_moving(self) -> None:
        """Start a supervisor when runs wait and none is at work; take note of those that have left."""
        self._supervisors = [child for child in self._supervisors if child.poll() is None]
        if time.monotonic() - self._called_at < _CALL_AGAIN_S or not self._library.queue.items():
            return
        if not supervisor.is_running(self._library.projects):
            self._call()

    def _enqueue(self, item: QueueItem) -> None:
        self._library.queue.add(item)
        self._call()

    def _call(self) -> None:
        # always, even beside one at work: that one may be about to leave, and a second one leaves at once
        self._called_at = time.monotonic()
        self._supervisors.append(supervisor.spawn(self._library.projects, self._trainer))

    def _whole(self, run_id: str) -> Entry:
        """The pipeline, whichever of its stages was meant; else the run itself."""
        whole = self._library.whole(self._library.touch(run_id))
        return self._library.touch(whole.row.run_id)

    # -- a run at work -------------------------------------------------------------------------

    def _at_work(self, run_id: str) -> Entry:
        """Whose process answers for a run: the pipeline's, else that of a stage that has outlived it."""
        whole = self._whole(run_id)
        going = (one for one in (whole, *self._library.stages(whole)) if one.is_active)
        return self._library.touch(next(going, whole).row.run_id)

    def request(self, run_id: str, action: str) -> None:
        """pause, resume, save or sample."""
        entry = self._at_work(run_id)
        if not entry.is_active:
            raise BadInput(_("{name} is not running").format(name=entry.label))
        entry.folder.request(action, attempt=entry.view.attempt)

    def go_on(self, run_id: str) -> None:
        """Let a paused run go on; a run that waits nowhere gets into the queue."""
        if self._at_work(run_id).view.state is RunState.QUEUED:
            self.resume(run_id, {})
        else:
            self.request(run_id, "resume")

    def stop(self, run_id: str) -> None:
        """Save and stop; a run that waits leaves the queue."""
        entry = self._at_work(run_id)
        if entry.is_active:
            self.request(run_id, "stop")
            entry.ladder = entry.ladder or StopLadder(asked_at=time.monotonic())
        elif entry.view.state is RunState.QUEUED:
            self._library.queue.remove(entry.row.folder)
            if entry.folder.read_state() is None:
                # reads as stopped; and should the supervisor have been quicker, the trainer obeys it
                entry.folder.request("stop", attempt=entry.folder.next_attempt())
        else:
            raise BadInput(_("{name} is not running").format(name=entry.label))

    def force_end(self, run_id: str) -> None:
        """End a stuck run with everything that it started."""
        entry = self._at_work(run_id)
        if not entry.is_active or entry.evidence is None:
            raise BadInput(_("{name} is not running").format(name=entry.label))
        for stage in self._library.stages(entry):
            if stage.is_active:
                stage.folder.request(KILL, attempt=stage.view.attempt)
        evidence = entry.evidence
        if evidence.is_silent:
            identity = evidence.launch.process if evidence.launch else None
        else:
            identity = evidence.state.process if evidence.state else None
        end_by_force(entry.folder, identity, attempt=evidence.attempt)

    # -- notes ---------------------------------------------------------------------------------

    def change_notes(self, run_id: str, fields: Mapping[str, Any]) -> None:
        """name, tags, star, note, archived."""
        unknown = fields.keys() - _NOTES
        if unknown:
            raise ValueError(", ".join(sorted(unknown)))
        values = {key: list(value) if key == "tags" else value for key, value in fields.items()}
        self._library.touch(run_id).folder.change_notes(**values)

    def trash(self, run_id: str) -> None:
        """Out of sight, and out of the queue; a pipeline takes its stages along."""
        entry = self._library.touch(run_id)
        self._refuse_active(entry)
        self._library.queue.remove(entry.row.folder)
        for one in (entry, *self._library.stages(entry)):
            self._library.touch(one.row.run_id).folder.change_notes(trashed=True)

    def restore(self, run_id: str) -> None:
        """Back from the trash."""
        entry = self._library.touch(run_id)
        for one in (entry, *self._library.stages(entry)):
            self._library.touch(one.row.run_id).folder.change_notes(trashed=False)

    def delete_forever(self, run_id: str) -> Path:
        """Remove the folder of a run in the trash; returns where it was."""
        entry = self._library.touch(run_id)
        self._refuse_active(entry)
        if not entry.folder.read_notes().trashed:
            raise BadInput(_("{name} is not in the trash").format(name=entry.label))
        # the pipeline last: until then its stages are found again
        for one in (*self._library.stages(entry), entry):
            if one is not entry and not one.folder.read_notes().trashed:
                continue  # a person took this one back
            try:
                with one.folder.lock().acquire():
                    remove_folder(one.folder.path)
            except Held as held:
                raise BadInput(str(held)) from held
        self._library.expect_gone()
        return entry.folder.path

    def _refuse_active(self, entry: Entry) -> None:
        """Also a stage of a pipeline at work: the next one begins with its checkpoint."""
        for one in (self._library.whole(entry), entry, *self._library.stages(entry)):
            if one.is_active:
                raise BadInput(_("{name} is running; stop it first").format(name=one.label))
