"""What the store gives out: frozen records, made in the worker thread, read everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimind.run_state import RunState

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a run failed or was lost, in the form of an `error` event.

    Show it with `minimind.messages.translated(code, params, message)`; `advice` is the English fallback.
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the window shows it: figures of the attempt that counts, superseded ones left out.

    Attributes:
        run_id: the name of its folder (`project/name` if another project has a folder of that name).
        folder, project: where it lies.
        name: what a person called it, else the run_id.
        kind, method: of the job; method is "" for kinds other than train.
        model: a label: preset, the name of the run that it begins from, or a folder's name.
        origin: id of the run whose checkpoint it begins with.
        parent: id of the pipeline that it is a stage of, while that one is there; stage: which one (from 1).
        state: as derived from the folder. QUEUED also for a resume that waits for its device.
        queue_position: 1 = next; None when it is not in the queue.
        created, started_at, ended_at: unix seconds; ended_at only when no process works on it.
        attempt: 0 before the first one.
        step, total_steps: of the newest step event; total_steps None until it is known.
        loss, lr, grad_norm, tokens, tokens_per_s, memory_bytes, eta_s: of the newest step event.
        val_loss, bits_per_byte: of the newest evaluation; best_val_loss at best_step.
        wall_s: seconds of work over all attempts.
        phase: prepare | compile | train | evaluate | save, None when no process works on it.
        phase_done, phase_total, phase_unit: its progress; total None when it is not known.
        parameters, trainable_parameters, tokens_per_step, device: of the newest start event.
        from_step: where the newest attempt began.
        metrics: names of the curves that there are, in a fixed order (loss, lr, grad_norm, …).
        sparkline: up to 96 values of the loss, even in steps.
        star, tags, note, archived, trashed: notes.json.
        error: why it failed or was lost; None otherwise.
        asked: requests that the trainer has not acknowledged yet (stop, pause, resume, save, sample).
        forced: a person ended it by force.
        log_end: the last lines of log.txt of a failed or lost run.
        checkpoints: steps of the whole checkpoints on disk, ascending; last and best as pointed to.
        result: of a job of another kind, as its `done` event says.

    A pipeline bears the figures of its stage at work, else of the last one that began.
    """

    run_id: str
    folder: Path
    project: str
    name: str
    kind: str = "train"
    method: str = ""
    model: str = ""
    origin: str | None = None
    parent: str | None = None
    stage: int | None = None
    state: RunState = RunState.QUEUED
    queue_position: int | None = None
    created: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    attempt: int = 0
    step: int = 0
    total_steps: int | None = None
    loss: float | None = None
    lr: float | None = None
    grad_norm: float | None = None
    tokens: int | None = None
    tokens_per_s: float | None = None
    memory_bytes: int | None = None
    eta_s: float | None = None
    val_loss: float | None = None
    bits_per_byte: float | None = None
    best_val_loss: float | None = None
    best_step: int | None = None
    wall_s: float = 0.0
    phase: str | None = None
    phase_done: float = 0.0
    phase_total: float | None = None
    phase_unit: str = ""
    parameters: int | None = None
    trainable_parameters: int | None = None
    tokens_per_step: int | None = None
    device: str = ""
    from_step: int = 0
    metrics: tuple[str, ...] = ()
    sparkline: tuple[float, ...] = ()
    star: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    archived: bool = False
    trashed: bool = False
    error: Problem | None = None
    asked: tuple[str, ...] = ()
    forced: bool = False
    log_end: tuple[str, ...] = ()
    checkpoints: tuple[int, ...] = ()
    last_checkpoint: int | None = None
    best_checkpoint: int | None = None
    result: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the model said at a step."""

    step: int
    prompt: str
    text: str
    t: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One whole checkpoint on disk; val_loss where an evaluation at that step is known."""

    step: int
    path: Path
    size_bytes: int
    is_best: bool = False
    is_last: bool = False
    val_loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class PhaseSpan:
    """A phase of one attempt, by the clock: for the phase strip and the grey bands of the time axis."""

    attempt: int
    phase: str
    began: float
    ended: float
    done: float = 0.0
    total: float | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points of one metric, x ascending; NaN in y where the trainer had no number.

    Attributes:
        x, y: the measured points, or the extremes of each bucket where there are more than were asked for.
        mean_x, mean_y: then also the mean of each bucket at its middle point, for whoever smooths; else None.
    """

    x: Floats
    y: Floats
    mean_x: Floats | None = None
    mean_y: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class HardwareLanes:
    """Hardware history on the axis of a curve: each lane has as many values as x, NaN where unknown."""

    x: Floats
    lanes: dict[str, Floats]


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far a file has been read, and what proves that it is still that file.

    Attributes:
        offset: bytes taken in; always just behind a newline.
        head: hash of the first line.
        tail: hash of the last bytes before the offset.
        attempt: the number in the newest start event taken in.
    """

    offset: int = 0
    head: str = ""
    tail: str = ""
    attempt: int = 0
