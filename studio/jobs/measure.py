"""A few real steps of a planned run in a folder that is thrown away: how fast it will be on this machine."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from minimind.errors import BadInput
from minimind.events import Event, read_events
from minimind.job import Budget, JobSpec
from minimind.messages import translated
from minimind.plan import Resolved
from minimind.run_folder import ProcessIdentity, RunFolder
from minimind.text import _
from studio.jobs.launch import TRAINER, Launcher
from studio.jobs.process import family, kill

STEPS = 20
# caches and the allocator are cold in the first ones
_COLD = 5
_BEAT_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far it is: steps done; before the first one `phase` says what goes on."""

    steps: int = 0
    phase: str = ""


def measuring_job(job: JobSpec, resolved: Resolved) -> JobSpec:
    """The same work for 20 steps, without anything that a step does not need.

    Args:
        job: the planned run.
        resolved: what its `auto` stands for; a short run would decide otherwise.
    """
    settings = {
        **job.settings,
        "tokens_per_step": resolved.tokens_per_step,
        "micro_batch": resolved.micro_batch,
        "seq_len": resolved.seq_len,
        "compile": "on" if resolved.compile else "off",
        "log_every": 1,
        "eval_every": 0,
        "save_every": 0,
        "sample_every": 0,
    }
    return job.with_changes(run_id="measure", settings=settings, budget=Budget(steps=STEPS))


def measure(
    job: JobSpec,
    folder: Path,
    *,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
    trainer: Sequence[str] = TRAINER,
) -> float | None:
    """Train for 20 steps and look at the clock; the folder is gone afterwards.

    Args:
        job: as `measuring_job` makes it.
        folder: for the run; made anew.
        progress: called when there is more to say.
        cancelled: asked ten times a second.
        trainer: the command that works on a run folder.

    Returns:
        Tokens a second; None when it was cancelled.

    Raises:
        BadInput: the trainer ended before it had made its steps; what it said last.
        OSError: the folder cannot be written, or the trainer cannot be started.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = RunFolder(folder)
    job.save(run.job_file)
    process = Launcher(trainer).start(run)
    identity = ProcessIdentity.of(process.pid)
    try:
        return _watch(run, process, progress, cancelled)
    finally:
        kill(family(identity, run))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _watch(
    run: RunFolder,
    process: subprocess.Popen[bytes],
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> float | None:
    last: Progress | None = None
    while not cancelled():
        ended = process.poll() is not None
        events = list(read_events(run.events_file)) if run.events_file.exists() else []
        steps = [event for event in events if event.kind == "step"]
        if len(steps) >= STEPS:
            return speed(steps)
        if ended:
            raise BadInput(_reason(events, run))
        now = Progress(steps=len(steps), phase=_phase(events))
        if now != last:
            last = now
            progress(now)
        time.sleep(_BEAT_S)
    return None


def speed(steps: Sequence[Event]) -> float:
    """Tokens a second over the steps after the cold ones, by the times of their events."""
    first, final = steps[_COLD - 1], steps[-1]
    seconds = max(1e-6, final.t - first.t)
    return float(final.fields["tokens"] - first.fields["tokens"]) / seconds


def _phase(events: Sequence[Event]) -> str:
    told = [str(event.fields.get("phase", "")) for event in events if event.kind == "progress"]
    return told[-1] if told else ""


def _reason(events: Sequence[Event], run: RunFolder) -> str:
    errors = [event for event in events if event.kind == "error"]
    if errors:
        fields = errors[-1].fields
        return translated(fields.get("code", ""), fields.get("params") or {}, fields.get("message", ""))[0]
    with contextlib.suppress(OSError, IndexError):
        lines = run.log_file.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1]
    return _("The trainer ended before it had made its steps.")
