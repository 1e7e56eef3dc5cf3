"""What there is of runs, for the window: answers from memory, requests answered by the worker thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from minimind.errors import BadInput
from minimind.events import Event
from minimind.job import JobSpec
from minimind.text import _
from studio.jobs.changes import Details
from studio.jobs.library import Library
from studio.services.background import Worker, sentence_of
from studio.store.records import Checkpoint, PhaseSpan, Run, Sample

T = TypeVar("T")


class RunReader(QObject):
    """Every run of a projects folder, for reading. Call it from the GUI thread only; nothing here waits.

    `events`, `samples`, `checkpoints`, `phases`, `log_tail` load on the first call: they answer empty, then
    `run_changed` comes and they answer from memory. The runs asked last stay loaded and follow along.

    Signals:
        runs_changed(): the list has other members, or another order.
        run_changed(run_id): something about that run; read it again.
        curve_grew(run_id): it has more points; request the curve again.
        event_added(run_id, Event): new in the file while we looked (not the old ones of the first reading);
            all kinds but step and progress.
        curve_ready(token, Curve), hardware_ready(token, HardwareLanes), log_ready(token, LogPage): answers to
            requests.
        problem(sentence): something that a person asked for did not work, in the language of now.
        ready(): the first reading of the index is done (runs() is filled).
        reading_changed(int): so many new folders are being read.
    """

    runs_changed = Signal()
    run_changed = Signal(str)
    curve_grew = Signal(str)
    event_added = Signal(str, object)
    curve_ready = Signal(object, object)
    hardware_ready = Signal(object, object)
    log_ready = Signal(object, object)
    problem = Signal(str)
    ready = Signal()
    reading_changed = Signal(int)

    def __init__(self, project: str, parent: QObject | None = None) -> None:
        """`project`: where new runs go."""
        super().__init__(parent)
        self._project = project
        self._runs: dict[str, Run] = {}
        self._jobs: dict[str, JobSpec | None] = {}
        self._details: dict[str, Details] = {}
        self._asked_details: set[str] = set()
        self._reading = 0
        self._worker = Worker("runs", self)
        self._library: Library | None = None

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

    def runs(self, *, trashed: bool = False) -> list[Run]:
        """Newest first; those in the trash only with `trashed`, and then no others."""
        found = [run for run in self._runs.values() if run.trashed == trashed]
        return sorted(found, key=lambda run: (run.created, run.run_id), reverse=True)

    def run(self, run_id: str) -> Run | None:
        """One run, None when there is none of that name."""
        return self._runs.get(run_id)

    def active(self) -> list[Run]:
        """Runs on which a process works, the one that ends first in front; of a pipeline only the whole."""
        going = {run.run_id: run for run in self._runs.values() if run.state.is_active and not run.trashed}
        found = [run for run in going.values() if run.parent not in going]
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
        """The last lines of log.txt (at most 200 are kept in memory)."""
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

    def export_curves(
        self,
        run_id: str,
        path: Path,
        *,
        x: str,
        lo: float | None,
        hi: float | None,
        done: Callable[[], None],
    ) -> None:
        """Write every measured value between lo and hi (of axis x) as CSV, unreduced; `done()` follows."""

        def write() -> None:
            self._opened.export_curves(run_id, path, x=x, lo=lo, hi=hi)

        self.in_background(write, lambda _none: done())

    def in_background(self, call: Callable[[], T], done: Callable[[T], None]) -> None:
        """Run `call` in the worker thread, then `done(answer)` here; what goes wrong becomes a `problem`."""
        self._worker.submit(call, done=done, failed=self._on_failed)

    def request_log(self, run_id: str, first: int, count: int, *, token: object) -> None:
        """Ask for lines of log.txt; `log_ready(token, LogPage)` follows, with how many there are now.

        Args:
            first: number of a line, from 0; negative counts from the end.
        """

        def read() -> Any:
            return self._opened.log(run_id, first, count)

        self._answer(("log", token), read, lambda page: self.log_ready.emit(token, page))

    # -- inside --------------------------------------------------------------------------------

    @property
    def _opened(self) -> Library:
        if self._library is None:
            raise BadInput(_("The index of runs is not open."))
        return self._library

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

    def _on_failed(self, error: Exception) -> None:
        self.problem.emit(sentence_of(error))
