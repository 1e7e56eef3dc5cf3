"""The data files of the project for the window: list, counts, rows, conversions; all in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from minimind.errors import BadInput
from minimind.hardware import device_list
from studio.planning.file_report import FileReport, FileState, bundled_tokenizer, count_file, looked_at
from studio.planning.project_data import Entry, ProjectData
from studio.services.background import LATER, Worker, sentence_of

if TYPE_CHECKING:
    from minimind.data.fields import Fields, Mapping
    from minimind.device import Device
    from minimind.tokenizer.tokenizer import Tokenizer
    from studio.planning.data_estimate import PassEstimate
    from studio.planning.row_reader import RowReader

T = TypeVar("T")
# progress goes to the window ten times a second at most
_BEAT_S = 0.1
# one in the background, and what people ask for while it lasts
_AT_ONCE = 3


@dataclass
class _Counting:
    number: int
    ended: threading.Event


class DataService(QObject):
    """Call it from the GUI thread only; nothing here waits. The tokenizer is loaded at the first need.

    Signals:
        files_changed: the list is another one.
        file_changed(path): more is known about a file; `report` answers.
        row_ready(RowView): what `request_row` asked for last.
        row_failed(path, number, sentence): it cannot be shown.
        line_ready(path, line, text): what `request_line` asked for.
        estimate_changed(path): `estimate` answers.
        problem(sentence): something could not be done.
    """

    files_changed = Signal()
    file_changed = Signal(str)
    row_ready = Signal(object)
    row_failed = Signal(str, int, str)
    line_ready = Signal(str, int, str)
    estimate_changed = Signal(str)
    problem = Signal(str)
    _counted = Signal(int, object)

    def __init__(
        self,
        *,
        projects: Path,
        cache: Path,
        devices: Callable[[], Sequence[Device]] = device_list,
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            projects: the folder of projects.
            cache: where counts are kept; it may be deleted at any time.
            devices: what there is to train with, the best first; asked in the background.
            parent: as in Qt.
        """
        super().__init__(parent)
        self._projects, self._cache = projects, cache / "counts"
        self._devices = devices
        self._data: ProjectData | None = None
        self._entries: list[Entry] = []
        self._reports: dict[str, FileReport] = {}
        self._estimates: dict[str, PassEstimate | None] = {}
        self._counting: dict[str, _Counting] = {}
        self._wanted = ""
        self._asked = 0
        self._started = 0
        self._tokenizer: Tokenizer | None = None
        self._loading = threading.Lock()
        self._reader: RowReader | None = None
        # lists and rows: what a person waits for; counting has threads of its own
        self._worker = Worker("data", self)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="data-count")
        self._closed = False
        self._counted.connect(self._on_counted, Qt.ConnectionType.QueuedConnection)

    def close(self) -> None:
        """End the threads; what is under way is given up."""
        if self._closed:
            return
        self._closed = True
        self._asked += 1
        for counting in self._counting.values():
            counting.ended.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._worker.close()

    # -- the list --------------------------------------------------------------------------------------

    def open_project(self, project: str, used: Iterable[Path] = ()) -> None:
        """Show the files of a project; `used`: folders of its runs, whose files belong to it too."""
        folder = self._projects / project
        if self._data is None or self._data.folder != folder:
            self._data = ProjectData(folder)
            self._entries = []
            self.files_changed.emit()
        self._change(partial(self._data.add_runs, tuple(used)))

    def entries(self) -> list[Entry]:
        """The files of the project, in their order."""
        return list(self._entries)

    def add(self, paths: Sequence[str]) -> None:
        """Put files into the list; a folder stands for the data files in it."""
        data = self._data
        if data is not None and paths:
            self._change(lambda: data.add(paths))

    def remove(self, path: str, done: Callable[[int], None] = lambda _at: None) -> None:
        """Take a file off the list; the file stays. `done` gets the place for `restore`."""
        data = self._data
        if data is not None:
            self._change(lambda: data.remove(path), done)

    def restore(self, path: str, at: int) -> None:
        """Put it back."""
        data = self._data
        if data is not None:
            self._change(lambda: data.restore(path, at))

    def _change(self, call: Callable[[], T], done: Callable[[T], None] = lambda _answer: None) -> None:
        data = self._data
        assert data is not None

        def work() -> tuple[T, list[Entry], list[FileReport]]:
            answer = call()
            entries = data.entries()
            return answer, entries, [looked_at(entry.path) for entry in entries]

        def show(answer: tuple[T, list[Entry], list[FileReport]]) -> None:
            if data is self._data:
                self._take(answer[1], answer[2])
                done(answer[0])

        self._worker.submit(work, done=show, failed=self._say)

    def _take(self, entries: list[Entry], looks: list[FileReport]) -> None:
        for look in looks:
            known = self._reports.get(look.path)
            same = known and (known.size_bytes, known.mtime_ns) == (look.size_bytes, look.mtime_ns)
            if not same:
                self._stop(look.path)
                self._reports[look.path] = look
                self._estimates.pop(look.path, None)
                if known:
                    self.file_changed.emit(look.path)
        gone = {entry.path for entry in self._entries} - {entry.path for entry in entries}
        for path in gone:
            self._give_up(path)
        self._entries = entries
        self.files_changed.emit()
        self._go_on()

    # -- counts ----------------------------------------------------------------------------------------

    def report(self, path: str) -> FileReport | None:
        """What is known about a file now."""
        return self._reports.get(path)

    def want(self, path: str) -> None:
        """A person looks at this file: it is counted next."""
        self._wanted = path
        self._go_on()

    def stop(self, path: str) -> None:
        """End a counting; what was counted so far stays."""
        if path in self._counting:
            self._counting[path].ended.set()

    def again(self, path: str) -> None:
        """Count a file anew: it was stopped, or it has changed."""
        self._stop(path)
        self._worker.submit(lambda: looked_at(path), done=self._on_looked, failed=self._say)

    def _on_looked(self, look: FileReport) -> None:
        self._reports[look.path] = look
        self.file_changed.emit(look.path)
        self._go_on()

    def retranslate(self) -> None:
        """Sentences about whole files were made in the language of then."""
        for path, report in list(self._reports.items()):
            if report.fault:
                self.again(path)

    @property
    def is_busy(self) -> bool:
        """Something is being counted."""
        return bool(self._counting)

    def _stop(self, path: str) -> None:
        counting = self._counting.pop(path, None)
        if counting:
            counting.ended.set()

    def _give_up(self, path: str) -> None:
        """End a counting that nobody stopped: the file waits for its turn again."""
        if path in self._counting:
            self._stop(path)
            self._reports[path] = replace(self._reports[path], state=FileState.WAITING)
            self.file_changed.emit(path)

    def _go_on(self) -> None:
        """The file in sight at once, the others one after the other."""
        paths = [entry.path for entry in self._entries]
        waiting = [path for path in paths if self._is_waiting(path)]
        if self._wanted in waiting:
            if len(self._counting) >= _AT_ONCE:
                self._give_up(next(iter(self._counting)))
            self._begin(self._wanted)
        elif waiting and not self._counting:
            self._begin(waiting[0])

    def _is_waiting(self, path: str) -> bool:
        report = self._reports.get(path)
        return report is not None and report.state is FileState.WAITING and path not in self._counting

    def _begin(self, path: str) -> None:
        if self._closed:
            return
        self._started += 1
        counting = _Counting(number=self._started, ended=threading.Event())
        self._counting[path] = counting
        self._reports[path] = replace(self._reports[path], state=FileState.COUNTING)
        self._pool.submit(self._count, path, counting)
        self.file_changed.emit(path)

    def _count(self, path: str, counting: _Counting) -> None:
        # on a thread of the pool; signals hop to the thread of this object by themselves
        last = 0.0

        def on_progress(report: FileReport) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _BEAT_S and not counting.ended.is_set():
                last = now
                self._counted.emit(counting.number, report)

        try:
            found = count_file(
                path, self._load(), self._cache, progress=on_progress, cancelled=counting.ended.is_set
            )
        except Exception as error:  # a fault of ours must not leave the file "being counted" for ever
            found = replace(
                self._reports[path], state=FileState.BAD, fault=sentence_of(error), code="crashed"
            )
        if not self._closed:
            self._counted.emit(counting.number, found)

    @Slot(int, object)
    def _on_counted(self, number: int, report: FileReport) -> None:
        counting = self._counting.get(report.path)
        if counting is None or counting.number != number:
            # of a counting that was given up
            return
        self._reports[report.path] = report
        if report.state is not FileState.COUNTING:
            self._counting.pop(report.path)
            self._predict(report)
        self.file_changed.emit(report.path)
        self._go_on()

    # -- what it means ---------------------------------------------------------------------------------

    def estimate(self, path: str) -> PassEstimate | None:
        """How long one pass takes here, once it is counted."""
        return self._estimates.get(path)

    def _predict(self, report: FileReport) -> None:
        if report.count is None:
            return
        found = report.count

        def work() -> PassEstimate | None:
            from studio.planning.data_estimate import pass_estimate

            return pass_estimate(found, self._devices())

        def show(estimate: PassEstimate | None) -> None:
            self._estimates[report.path] = estimate
            self.estimate_changed.emit(report.path)

        self._worker.submit(work, done=show, priority=LATER)

    # -- rows ------------------------------------------------------------------------------------------

    def request_row(self, path: str, number: int) -> None:
        """Ask for the `number`-th usable row; whoever asked before is not answered any more."""
        self._asked += 1
        asked = self._asked
        report = self._reports.get(path)
        known = report.count if report else None

        def given() -> bool:
            return asked != self._asked

        def work() -> Any:
            from studio.planning.row_reader import Given, RowReader

            if given():
                return None
            if self._reader is None:
                self._reader = RowReader(self._load())
            try:
                return self._reader.read(path, number, known, given)
            except Given:
                return None

        def show(view: Any) -> None:
            if view is not None and not given():
                self.row_ready.emit(view)

        def say(error: Exception) -> None:
            if not given():
                self.row_failed.emit(path, number, sentence_of(error))

        self._worker.submit(work, done=show, failed=say)

    def request_line(self, path: str, line: int) -> None:
        """Ask for a line as it stands in the file."""
        report = self._reports.get(path)
        known = report.count if report else None

        def work() -> str:
            from studio.planning.row_reader import line_of

            return line_of(path, line, known)

        self._worker.submit(work, done=lambda text: self.line_ready.emit(path, line, text), failed=self._say)

    # -- conversion ------------------------------------------------------------------------------------

    def fields(self, path: str, done: Callable[[Fields], None]) -> None:
        """What fields a file has that cannot be used as it is."""

        def work() -> Fields:
            from minimind.data.fields import Fields, fields_of

            try:
                return fields_of(Path(path))
            except BadInput:
                return Fields(names=(), example=())

        self._worker.submit(work, done=done, failed=self._say)

    def convert(self, path: str, mapping: Mapping, done: Callable[[str, int, int], None]) -> None:
        """Write a new file with usable rows into the project and add it: `done(path, rows, left out)`."""
        data = self._data
        assert data is not None

        def work() -> tuple[str, int, int]:
            from minimind.data.fields import convert_fields

            out = data.free_name(f"{Path(path).stem}.jsonl")
            report = convert_fields(Path(path), out, mapping, cancelled=lambda: self._closed)
            return str(out), report.usable, report.skipped

        def show(answer: tuple[str, int, int]) -> None:
            self._change(lambda: data.add([answer[0]]), lambda _paths: done(*answer))

        self._worker.submit(work, done=show, failed=self._say)

    # -- inside ----------------------------------------------------------------------------------------

    def _load(self) -> Tokenizer:
        with self._loading:
            if self._tokenizer is None:
                self._tokenizer = bundled_tokenizer()
            return self._tokenizer

    def _say(self, error: Exception) -> None:
        self.problem.emit(sentence_of(error))
