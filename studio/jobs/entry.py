"""One run as the library holds it: its row, its tails, and what its small files looked like last."""

from __future__ import annotations

from pathlib import Path

from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.run_folder import RunFolder
from studio.jobs.follow import Evidence
from studio.jobs.process import StopLadder
from studio.jobs.tail import Tail
from studio.store.records import Problem, Run
from studio.store.runs import Row, View


class Entry:
    """One run that is followed."""

    def __init__(self, row: Row, projects: Path, *, fresh: bool) -> None:
        """`fresh`: it began before our eyes, so all its events are news."""
        self.row = row
        self.folder = RunFolder(projects / row.folder)
        self.view: View = row.view
        self.events = Tail(self.folder.events_file)
        self.hardware = Tail(self.folder.hardware_file)
        self.live = fresh
        self._stamps: tuple[object, ...] | None = None
        self.evidence: Evidence | None = None
        self.published: Run | None = None
        self._log: tuple[int, int] | None = None
        self.ladder: StopLadder | None = None

    @property
    def is_active(self) -> bool:
        """Whether a process worked on it at the last look."""
        return self.view.state.is_active

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.view.notes.name or self.row.run_id

    def look_again(self) -> bool:
        """Whether one of the small files has changed since the last call."""
        folder = self.folder
        files = (folder.state_file, folder.path / "launch.json", folder.control_file, folder.notes_file)
        others = (folder.checkpoints, folder.checkpoints / "last", folder.checkpoints / "best")
        stamps = tuple(stamp(path) for path in (*files, *others))
        changed, self._stamps = stamps != self._stamps, stamps
        return changed

    def log_grew(self) -> bool:
        """Whether log.txt has changed since the last call."""
        before, self._log = self._log, stamp(self.folder.log_file)
        return before != self._log

    def reread(self, row: Row) -> None:
        """Go on from what the index has, after it did not take a batch."""
        self.row = row
        self.events = Tail(self.folder.events_file)


def stamp(path: Path) -> tuple[int, int]:
    """Changes whenever the file does; (0, 0) for one that is not there."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


def read_job(folder: Path) -> JobSpec | None:
    """What was asked for; None where it cannot be read."""
    try:
        return JobSpec.load(RunFolder(folder).job_file)
    except BadInput:
        return None


def unreadable(folder: RunFolder) -> Problem:
    """Why it cannot be read."""
    try:
        JobSpec.load(folder.job_file)
    except BadInput as error:
        return Problem(code="bad_input", params={"reason": str(error)}, message=str(error))
    return Problem(code="bad_input", params={"reason": str(folder.job_file)}, message=str(folder.job_file))
