"""Runs for the window: getters answer from memory, one worker thread reads files and SQL."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from minimind.events import Event
from minimind.job import JobSpec
from studio.store.records import Checkpoint, PhaseSpan, Run, Sample

TRAINER = (sys.executable, "-m", "minimind", "train")


class RunService(QObject):
    """Every run of a projects folder. Call it from the GUI thread only; nothing here waits.

    Getters that need more than the table of runs (`events`, `samples`, `checkpoints`, `phases`, `log_tail`)
    load on the first call: they answer empty, then `run_changed` comes and they answer from memory. The runs
    asked last stay loaded and follow along.

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
            projects: the folder of projects.
            database: where the index lies (made if absent; may be deleted at any time no window is open).
            project: where new runs go; its folder is made with the first run.
            trainer: the command that works on a run folder; tests put another one in.
            poll_ms: how often the active runs are looked at.
        """
        super().__init__(parent)
        raise NotImplementedError

    def close(self) -> None:
        """End the worker thread. Runs go on; so does the queue."""
        raise NotImplementedError

    # -- what there is -------------------------------------------------------------------------

    @property
    def project(self) -> str:
        """Where new runs go."""
        raise NotImplementedError

    def set_project(self, name: str) -> None:
        """New runs go there from now on."""
        raise NotImplementedError

    def projects(self) -> list[str]:
        """Names of the projects that have runs, and the current one; sorted."""
        raise NotImplementedError

    def runs(self, *, trashed: bool = False) -> list[Run]:
        """Newest first; those in the trash only with `trashed`, and then no others."""
        raise NotImplementedError

    def run(self, run_id: str) -> Run | None:
        """One run, None when there is none of that name."""
        raise NotImplementedError

    def active(self) -> list[Run]:
        """Runs on which a process works, the one that ends first in front."""
        raise NotImplementedError

    def job(self, run_id: str) -> JobSpec:
        """What was asked for.

        Raises:
            KeyError: no such run.
            BadInput: its job.json cannot be read.
        """
        raise NotImplementedError

    def events(self, run_id: str, limit: int = 200) -> list[Event]:
        """The newest events, oldest first; all kinds but step and progress."""
        raise NotImplementedError

    def samples(self, run_id: str) -> list[Sample]:
        """What it said, oldest first."""
        raise NotImplementedError

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """Whole checkpoints on disk, oldest first."""
        raise NotImplementedError

    def phases(self, run_id: str) -> list[PhaseSpan]:
        """Phases by the clock, oldest first."""
        raise NotImplementedError

    def log_tail(self, run_id: str, lines: int = 200) -> list[str]:
        """The last lines of log.txt (at most 1,000 are kept in memory)."""
        raise NotImplementedError

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
        raise NotImplementedError

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

        Lanes: cpu_percent, ram_used_bytes, ram_total_bytes, rss_bytes and, for each card N, gpuN.utilisation_percent,
        gpuN.memory_used_bytes, gpuN.memory_total_bytes, gpuN.temperature_c, gpuN.power_w, gpuN.power_limit_w.
        """
        raise NotImplementedError

    # -- what a person asks for ----------------------------------------------------------------

    def start(self, job: JobSpec, *, name: str = "") -> str:
        """Make the run folder and put it into the queue; it starts at once if its device is free.

        Returns:
            The run_id (the job's), known to `run()` from now on.
        """
        raise NotImplementedError

    def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> None:
        """Another attempt from the last checkpoint; overrides: device, nproc, strategy, micro_batch, steps,
        epochs, minutes."""
        raise NotImplementedError

    def pause(self, run_id: str) -> None:
        """Hold it; its memory stays taken."""
        raise NotImplementedError

    def go_on(self, run_id: str) -> None:
        """Let a paused run go on; a queued one that is not in the queue is put there."""
        raise NotImplementedError

    def stop(self, run_id: str) -> None:
        """Save and stop; a queued run leaves the queue."""
        raise NotImplementedError

    def save(self, run_id: str) -> None:
        """A checkpoint now."""
        raise NotImplementedError

    def sample(self, run_id: str) -> None:
        """A sample now."""
        raise NotImplementedError

    def force_end(self, run_id: str) -> None:
        """End a stuck run with all its processes; what came after its last checkpoint is lost."""
        raise NotImplementedError

    def change_notes(self, run_id: str, **fields: Any) -> None:
        """name, tags, star, note, archived."""
        raise NotImplementedError

    def trash(self, run_id: str) -> None:
        """Out of sight; the folder stays. An active run is refused with a `problem`."""
        raise NotImplementedError

    def restore(self, run_id: str) -> None:
        """Back from the trash."""
        raise NotImplementedError

    def delete_forever(self, run_id: str) -> None:
        """Remove the folder of a run that is in the trash."""
        raise NotImplementedError
