"""All runs of a projects folder: found, followed, indexed. Lives in one thread."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from minimind.errors import BadInput
from minimind.files import replace_stream
from minimind.job import JobSpec
from minimind.run_folder import checkpoint_step
from minimind.run_state import RunState
from studio.jobs import process
from studio.jobs.changes import Changes, Details
from studio.jobs.entry import Entry, read_job, unreadable
from studio.jobs.follow import gather, look, plain
from studio.jobs.log_file import LogFile, LogPage
from studio.jobs.pipelines import as_whole, stages_in, whole_of
from studio.jobs.queue import Queue
from studio.jobs.supervisor import run_folders
from studio.jobs.tail import last_lines
from studio.store.curves import Curves
from studio.store.database import DamagedError, Database, KnownError
from studio.store.ingest import Taken, ingest_events, ingest_hardware
from studio.store.records import Checkpoint, Curve, HardwareLanes
from studio.store.runs import Runs, View, make_run

# idle runs are looked at every so many polls
_REST = 4
_OPEN_RUNS = 6
_EVENTS_KEPT, _LOG_KEPT = 1000, 200
# one look gives way after this, so that what a person asks for is not kept waiting
_PATIENCE_S = 0.1


class Library:
    """The runs of one projects folder.

    Raises (all methods): KnownError when the disk or another window is in the way; BadInput, a sentence, for
    what a person asked and cannot have.
    """

    def __init__(self, projects: Path, database: Path) -> None:
        """Open the index; fast, nothing of the run folders is read."""
        self.projects = projects
        self.queue = Queue(projects)
        self._database = Database(database)
        self._runs = Runs(self._database, projects)
        self._curves = Curves(self._database)
        self._entries: dict[str, Entry] = {}
        self._ids: dict[str, Entry] = {}
        self._open: OrderedDict[str, LogFile] = OrderedDict()
        self._unread: set[str] = set()
        # of those the folders that nobody has read before
        self._found: set[str] = set()
        self._poll = 0
        self._positions: dict[str, int] = {}
        self._load()

    def close(self) -> None:
        """Close the index."""
        self._database.close()

    def first(self) -> Changes:
        """Every run as the index remembers it, before any folder is looked at."""
        changes = Changes(notices=[self._database.notice] if self._database.notice else [])
        self._database.notice = ""
        for entry in self._entries.values():
            self._publish(entry, changes)
            changes.jobs[entry.row.run_id] = entry.row.job
        return changes

    def entry(self, run_id: str) -> Entry:
        """
        Raises:
            BadInput: no such run.
        """
        if run_id not in self._ids:
            raise BadInput(f"there is no run {run_id}", code="no_run")
        return self._ids[run_id]

    def touch(self, run_id: str) -> Entry:
        """The entry of a run that is about to be acted on; the next poll looks at it.

        Raises:
            BadInput: no such run.
        """
        entry = self.entry(run_id)
        self._unread.add(entry.row.folder)
        return entry

    # -- following -----------------------------------------------------------------------------

    def poll(self) -> Changes:
        """Look for what is new: active runs each time, all of them now and then."""
        changes = Changes()
        try:
            self._look(changes)
        except DamagedError:
            self._database.rebuild()
            self._runs, self._curves = Runs(self._database, self.projects), Curves(self._database)
            known = set(self._ids)
            self._load()
            self._poll = 0
            self._look(changes)
            changes.runs.update(dict.fromkeys(known - set(self._ids)))
        if self._database.notice:
            changes.notices.append(self._database.notice)
            self._database.notice = ""
        return changes

    def watch(self, run_id: str) -> Details:
        """Load what the page of a run shows, and keep it up to date for the runs asked last."""
        entry = self.entry(run_id)
        self._open.setdefault(run_id, LogFile(entry.folder.log_file))
        self._open.move_to_end(run_id)
        while len(self._open) > _OPEN_RUNS:
            self._open.popitem(last=False)
        entry.log_grew()
        return self._details(entry)

    def adopt(self, folder: str, job: JobSpec) -> None:
        """Follow a run that was made just now, relative to the projects folder; all its events are news."""
        self._add(folder, job, fresh=True)

    def expect_gone(self) -> None:
        """A folder is gone by our own doing."""
        self._poll = 0

    def _load(self) -> None:
        self._entries = {row.folder: Entry(row, self.projects, fresh=False) for row in self._runs.all()}
        self._ids = {entry.row.run_id: entry for entry in self._entries.values()}
        self._unread = set(self._entries)

    def _look(self, changes: Changes) -> None:
        began = time.monotonic()
        everything = self._poll % _REST == 0
        self._poll += 1
        if everything:
            with _noting(changes):
                self._discover(changes)
        positions = {item.folder: place for place, item in enumerate(self.queue.items(), start=1)}
        moved = {f for f in {*positions, *self._positions} if positions.get(f) != self._positions.get(f)}
        self._positions = positions
        self._unread |= moved | positions.keys() | (self._entries.keys() if everything else set())
        # what goes on first: a long history must not hide it
        order = sorted(self._entries, key=lambda name: not self._entries[name].is_active)
        for name in order:
            entry = self._entries[name]
            if name not in self._unread and not entry.is_active:
                continue
            self._unread.discard(name)
            with _noting(changes):
                if self._follow(entry, changes, moved=name in moved):
                    self._unread.add(name)
            if time.monotonic() - began > _PATIENCE_S:
                break
        self._unread &= self._entries.keys()
        self._found &= self._unread
        changes.more, changes.reading = bool(self._unread), len(self._found)

    def _discover(self, changes: Changes) -> None:
        try:
            found = run_folders(self.projects)
        except OSError:
            return  # a drive that is away has not lost its runs
        for name in self._entries.keys() - set(found):
            self._forget(name, changes)
        for name in found:
            entry = self._entries.get(name)
            if entry is not None and entry.row.job is not None:
                continue
            job = read_job(self.projects / name)
            if entry is None:
                entry = self._add(name, job)
                self._found.add(name)
                # a stage that its pipeline has begun just now is followed like a run that we started
                entry.live = self.whole(entry) is not entry and self.whole(entry).is_active
                changes.jobs[entry.row.run_id] = job
            elif job is not None:
                self._forget(name, changes)
                self._poll = 0

    def _add(self, name: str, job: JobSpec | None, *, fresh: bool = False) -> Entry:
        entry = Entry(self._runs.add(name, job), self.projects, fresh=fresh)
        self._entries[name] = self._ids[entry.row.run_id] = entry
        self._unread.add(name)
        return entry

    def _forget(self, name: str, changes: Changes) -> None:
        entry = self._entries.pop(name)
        run_id = entry.row.run_id
        self._runs.remove(entry.row.id)
        self._curves.forget(entry.row.id)
        self._ids.pop(run_id, None)
        self._open.pop(run_id, None)
        self._unread.discard(name)
        changes.runs[run_id] = None

    def _follow(self, entry: Entry, changes: Changes, *, moved: bool) -> bool:
        """Read on; at the end of the file judge.

        Returns:
            Whether there is more to read at once.
        """
        run_id = entry.row.run_id
        if not entry.folder.exists():
            return False  # gone, or its drive is away: neither is news about the run
        small = entry.look_again() or moved or entry.evidence is None
        if small or entry.is_active:
            # before the events: what it wrote until it died is then read before its death is judged
            entry.evidence = gather(entry.folder, self._positions.get(entry.row.folder))
        more, taken = self._ingest(entry)
        if taken is not None:
            # the last evaluation comes after the last step
            if taken.steps or taken.rewound or any(event.kind == "eval" for event in taken.events):
                changes.grew.add(run_id)
            if any(event.kind == "stage" for event in taken.events):
                self._poll = 0  # there is another run folder
            if entry.live:
                changes.events += [(run_id, event) for event in taken.events]
        if not more:
            entry.live = True
            if small or entry.is_active or taken is not None:
                self._judge(entry, changes)
        elif entry.view == View():
            # a long history takes a while: until then what the small files say is better than nothing
            self._judge(entry, changes)
        self._publish(entry, changes)
        if run_id in self._open and (entry.log_grew() or small or (taken and taken.events)):
            changes.details[run_id] = self._details(entry)
        return more

    def _ingest(self, entry: Entry) -> tuple[bool, Taken | None]:
        more, taken, row = False, None, entry.row
        reading = entry.events.read(row.events)
        if reading is not None and (reading.anew or reading.after.offset != row.events.offset):
            try:
                taken = ingest_events(
                    self._database,
                    row.id,
                    reading.lines,
                    summary=row.summary,
                    before=row.events,
                    after=reading.after,
                    anew=reading.anew,
                )
            except BaseException:
                # the summary has folded what the index has not taken
                entry.reread(self._runs.get(row.id))
                raise
            row = replace(row, events=replace(reading.after, attempt=row.summary.attempt))
            more |= reading.more
            if taken.rewound:
                self._curves.forget(row.id)
            elif taken.lowest_step is not None:
                self._curves.forget(row.id, from_step=taken.lowest_step)
        entry.row = row
        reading = entry.hardware.read(row.hardware)
        if reading is not None and (reading.anew or reading.after.offset != row.hardware.offset):
            if reading.anew:
                self._curves.forget(row.id)
            ingest_hardware(
                self._database,
                row.id,
                reading.lines,
                before=row.hardware,
                after=reading.after,
                anew=reading.anew,
            )
            entry.row = replace(row, hardware=reading.after)
            more |= reading.more
        return more, taken

    def _judge(self, entry: Entry, changes: Changes) -> None:
        assert entry.evidence is not None
        notes = entry.folder.read_notes()
        view = look(entry.folder, entry.evidence, entry.row.summary, notes=notes, before=entry.view)
        if entry.row.job is None and view.state is RunState.QUEUED:
            view = replace(view, state=RunState.FAILED, error=unreadable(entry.folder))
        if view != entry.view:
            entry.view = view
            with _noting(changes):
                self._runs.save_view(entry.row.id, view)
        if entry.ladder is not None:
            self._climb(entry)

    def _climb(self, entry: Entry) -> None:
        """A stop that nobody answers becomes a SIGTERM."""
        assert entry.ladder is not None
        if not entry.is_active:
            entry.ladder = None
            return
        answered = "stop" not in entry.view.asked
        state = entry.evidence.state if entry.evidence else None
        if entry.ladder.is_due(time.monotonic(), answered=answered) and state is not None:
            process.terminate(state.process)

    def _publish(self, entry: Entry, changes: Changes) -> None:
        whole = self.whole(entry)
        parent = None if whole is entry else whole.row.run_id
        run = make_run(entry.row, entry.view, self.projects, self._name_of, parent)
        run = as_whole(run, entry, self._entries)
        if run != entry.published:
            entry.published = changes.runs[entry.row.run_id] = run
            if whole is not entry:
                self._publish(whole, changes)

    def whole(self, entry: Entry) -> Entry:
        """The pipeline that a run is a stage of, if it is there; else the run itself."""
        return whole_of(entry, self._entries)

    def stages(self, entry: Entry) -> list[Entry]:
        """The runs of a pipeline's stages that there are, in order; none for another run."""
        return stages_in(entry, self._entries)

    def _name_of(self, run_id: str) -> str | None:
        entry = self._ids.get(run_id)
        if entry is None:
            return None
        # a stage without a name of its own is known by its pipeline
        return entry.label if entry.view.notes.name else self.whole(entry).label

    # -- details -------------------------------------------------------------------------------

    def _details(self, entry: Entry) -> Details:
        run = entry.row.id
        return Details(
            events=tuple(self._runs.events(run, _EVENTS_KEPT)),
            samples=tuple(self._runs.samples(run)),
            checkpoints=tuple(self._checkpoints(entry)),
            phases=tuple(self._runs.phases(run)),
            log=tuple(plain(last_lines(entry.folder.log_file, _LOG_KEPT))),
        )

    def _checkpoints(self, entry: Entry) -> Iterator[Checkpoint]:
        losses = self._runs.val_losses(entry.row.id)
        for path in entry.folder.step_folders():
            step = checkpoint_step(path)
            yield Checkpoint(
                step=step,
                path=path,
                size_bytes=_size(path),
                is_best=step == entry.view.best_checkpoint,
                is_last=step == entry.view.last_checkpoint,
                val_loss=losses.get(step),
            )

    def log(self, run_id: str, first: int, count: int) -> LogPage:
        """Lines of log.txt; its line ends are known for as long as the run is among those watched."""
        file = self._open.get(run_id) or LogFile(self.entry(run_id).folder.log_file)
        return file.read(first, count)

    def curve(
        self, run_id: str, metric: str, *, x: str, lo: float | None, hi: float | None, max_points: int
    ) -> Curve:
        """A reduced curve, time counted from the first start."""
        row = self.entry(run_id).row
        return self._curves.curve(
            row.id, metric, x=x, lo=lo, hi=hi, max_points=max_points, origin=row.summary.first_t
        )

    def export_curves(self, run_id: str, path: Path, *, x: str, lo: float | None, hi: float | None) -> None:
        """Write the measured values of a stretch as CSV."""
        row = self.entry(run_id).row
        metrics = list(row.summary.curves())
        lines = self._curves.table(row.id, metrics, x=x, lo=lo, hi=hi, origin=row.summary.first_t)
        replace_stream(path, lines)

    def hardware(
        self, run_id: str, *, x: str, lo: float | None, hi: float | None, max_points: int
    ) -> HardwareLanes:
        """The reduced hardware history, time counted from the first start."""
        row = self.entry(run_id).row
        return self._curves.hardware(
            row.id, x=x, lo=lo, hi=hi, max_points=max_points, origin=row.summary.first_t
        )


@contextlib.contextmanager
def _noting(changes: Changes) -> Iterator[None]:
    """A full disk is said; what the index could not take now it takes later."""
    try:
        yield
    except KnownError as error:
        changes.notices.append(str(error))


def _size(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
