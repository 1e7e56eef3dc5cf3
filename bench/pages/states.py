"""Copies of a real run folder in any state: its files are changed the way the engine writes them."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from bench.pages.real_run import RealRuns
from minimind.events import Event, read_events
from minimind.files import read_json, replace_json
from minimind.hardware import GpuSample, HardwareSample, memory
from minimind.messages import english
from minimind.run_folder import ProcessIdentity, RunFolder, State, checkpoint_step
from minimind.run_state import RunState

GB = 2**30
# a run of seconds is shown as one of minutes: times and tokens grow alike, so the speed stays what it was
STRETCH = 60.0
CARD, CARD_SPEED = "NVIDIA GeForce RTX 3090", 9.5

OUT_OF_MEMORY_LOG = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 402.00 MiB.",
    "  GPU 0 has 23.99 GiB in total, of which 211.38 MiB is free.",
    "  Another process (pid 4121) uses 1.62 GiB.",
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """How a copy differs from the run it is made of.

    Attributes:
        name: what a person called it.
        state: what its page shows; `lost` is a state of work whose process is gone.
        share: how far it came, of the run's steps.
        ago_s: seconds since its last event.
        card: it trained on a graphics card.
        error: code of how it failed.
        notes: other fields of notes.json.
        phase: (name, done, total, unit) of what it is busy with.
        work: of its job: the pipeline that it is a stage of.
    """

    name: str
    state: RunState
    share: float = 1.0
    ago_s: float = 2.0
    card: bool = False
    error: str = ""
    notes: tuple[tuple[str, Any], ...] = ()
    phase: tuple[str, float, float, str] | None = None
    work: tuple[tuple[str, Any], ...] = ()


def copy_run(source: RunFolder, target: Path, how: Copy) -> RunFolder:
    """Make a run folder in another state.

    Args:
        target: its folder; the name is the run's id.
    """
    made = RunFolder(target)
    target.mkdir(parents=True)
    _copy_job(source, made, how)
    replace_json(made.notes_file, {"v": 1, "rev": 1, "name": how.name, **dict(how.notes)})
    if how.state is RunState.QUEUED:
        return made
    events = _events(source, how)
    made.events_file.write_bytes(b"".join(_line(seq, event) for seq, event in enumerate(events, start=1)))
    step = max((event.step or 0 for event in events if event.kind == "step"), default=0)
    _copy_checkpoints(source, made, step)
    _copy_attempt(source, made, how)
    _write_log(source, made, how, step)
    _write_hardware(made, how, events)
    made.write_state(_state(how, step, events))
    return made


def copy_pipeline(runs: RealRuns, target: Path, first: Copy, second: Copy) -> RunFolder:
    """Make the folder of a pipeline of two stages, and those of the stages beside it.

    Args:
        target: the pipeline's folder; the name is its id.
        first, second: how its stages stand; it is called and stands like the second.
    """
    made = RunFolder(target)
    target.mkdir(parents=True)
    stages = []
    for number, (how, source) in enumerate(((first, runs.pretrained), (second, runs.tuned)), start=1):
        name = source.path.name.rpartition("-")[2]
        work = (("pipeline", target.name), ("stage", number), ("stages", 2))
        stage = copy_run(source, target.with_name(f"{target.name}-{number}-{name}"), replace(how, work=work))
        begin, end = _span(stage)
        told = {"stage": number, "stages": 2, "name": name, "run_id": stage.path.name}
        stages += [_event("stage", begin, **told, status="running")]
        if how.state.is_final:
            stages += [_event("stage", end, **told, status=how.state.value)]
    events = [_event("start", stages[0].t, attempt=1, from_step=0, device="cpu"), *stages]
    if second.state is RunState.FINISHED:
        wall = events[-1].t - events[0].t
        events.append(_event("done", events[-1].t, status="finished", step=None, wall_s=round(wall, 1)))
    job = read_json(runs.pipeline.job_file) or {}
    replace_json(made.job_file, {**job, "run_id": target.name, "created": events[0].t - 5})
    replace_json(made.notes_file, {"v": 1, "rev": 1, "name": second.name})
    made.events_file.write_bytes(b"".join(_line(seq, event) for seq, event in enumerate(events, start=1)))
    made.log_file.write_bytes(runs.pipeline.log_file.read_bytes())
    made.attempts.mkdir()
    shutil.copy2(runs.pipeline.attempt_file(1), made.attempt_file(1))
    made.write_state(_state(second, 2, events))
    return made


def _span(made: RunFolder) -> tuple[float, float]:
    times = [event.t for event in read_events(made.events_file)]
    return times[0], times[-1]


def _copy_job(source: RunFolder, made: RunFolder, how: Copy) -> None:
    job = read_json(source.job_file) or {}
    settings = {**job["settings"], "tokens_per_step": _tokens(job["settings"]["tokens_per_step"], how)}
    model = job["model"]
    if model["checkpoint"]:
        # it starts from the copy that lies beside it
        stage = dict(how.work).get("pipeline")
        base = Path(model["checkpoint"]).name.removeprefix("first") if stage else "pretrained"
        model = {**model, "checkpoint": str(made.path.with_name(f"{stage or ''}{base}"))}
    changes = {
        "run_id": made.path.name,
        "model": model,
        "settings": settings,
        "hardware": {**job["hardware"], "device": "cuda" if how.card else "cpu"},
        "work": dict(how.work),
        "created": time.time() - how.ago_s - 30,
    }
    replace_json(made.job_file, job | changes)


def _copy_checkpoints(source: RunFolder, made: RunFolder, step: int) -> None:
    made.checkpoints.mkdir()
    kept = [folder for folder in source.step_folders() if checkpoint_step(folder) <= step]
    for folder in kept:
        shutil.copytree(folder, made.checkpoints / folder.name, copy_function=_link)
    for pointer in ("last", "best"):
        if kept:
            (made.checkpoints / pointer).write_text(kept[-1].name, "utf-8")


def _link(source: str, target: str) -> None:
    # nothing ever writes into a checkpoint
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _copy_attempt(source: RunFolder, made: RunFolder, how: Copy) -> None:
    made.attempts.mkdir()
    attempt = read_json(source.attempt_file(1)) or {}
    if how.card:
        attempt = {**attempt, "device": "cuda:0", "dtype": "bf16"}
    replace_json(made.attempt_file(1), attempt)


def _tokens(value: float, how: Copy) -> int:
    return round(value * STRETCH * (CARD_SPEED if how.card else 1.0))


# -- events ---------------------------------------------------------------------------------------


def _events(source: RunFolder, how: Copy) -> list[Event]:
    """Those up to the copy's last step, moved in time, and its end."""
    found = _read(source.events_file)
    total = max(event.step or 0 for event in found if event.kind == "step")
    last = 0 if how.state is RunState.STARTING else max(1, round(total * how.share))
    kept = [event for event in found if event.kind != "done"]
    if how.state is RunState.STARTING:
        kept = kept[:1]
    elif last < total:
        cut = next(at for at, event in enumerate(kept) if event.kind == "step" and event.step == last)
        kept = kept[: cut + 1]
    begin, end = kept[0].t, kept[-1].t
    shift = time.time() - how.ago_s - (end - begin) * STRETCH
    moved = [_moved(event, shift + (event.t - begin) * STRETCH, how) for event in kept]
    now = moved[-1].t
    if how.phase is not None:
        phase, done, amount, unit = how.phase
        moved.append(_event("progress", now, phase=phase, done=done, total=amount, unit=unit))
    if how.error:
        moved.append(_event("error", now, **_error(how, last, moved)))
    if how.state in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED):
        moved.append(_done(how, last, moved))
    return moved


@cache
def _read(file: Path) -> tuple[Event, ...]:
    return tuple(read_events(file))


def _moved(event: Event, t: float, how: Copy) -> Event:
    fields = dict(event.fields)
    faster = CARD_SPEED if how.card else 1.0
    for name in ("tokens", "tokens_per_step"):
        if name in fields:
            fields[name] = _tokens(fields[name], how)
    if "tokens_per_s" in fields:
        fields["tokens_per_s"] = round(fields["tokens_per_s"] * faster, 1)
    if "eta_s" in fields:
        fields["eta_s"] = round(fields["eta_s"] * STRETCH, 1)
    if how.card and "memory_bytes" in fields:
        fields["memory_bytes"] = int(9.8 * GB)
    if how.card and event.kind == "start":
        fields |= {"device": "cuda:0", "device_name": CARD}
    return Event(kind=event.kind, seq=event.seq, t=t, fields=fields)


def _error(how: Copy, step: int, events: list[Event]) -> dict[str, Any]:
    saved = [event.step or 0 for event in events if event.kind == "checkpoint"]
    params: dict[str, Any] = {"step": step}
    if how.error == "out_of_memory":
        params |= {"checkpoint": max(saved, default=0), "micro_batch": 32}
    message, advice = english(how.error, params)
    return {"code": how.error, "params": params, "message": message, "advice": advice}


def _done(how: Copy, step: int, events: list[Event]) -> Event:
    measured = [event.fields["val_loss"] for event in events if event.kind == "eval"]
    speeds = [event.fields["tokens_per_s"] for event in events if event.kind == "step"]
    wall = events[-1].t - events[0].t
    return _event(
        "done",
        events[-1].t,
        status=how.state.value,
        step=step,
        val_loss=measured[-1] if measured else None,
        tokens_per_s=sum(speeds) / len(speeds),
        wall_s=round(wall, 1),
    )


def _event(kind: str, t: float, **fields: Any) -> Event:
    return Event(kind=kind, seq=0, t=t, fields=fields)


def _line(seq: int, event: Event) -> bytes:
    value = {"v": 1, "seq": seq, "t": round(event.t, 3), "kind": event.kind, **event.fields}
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


# -- the small files --------------------------------------------------------------------------------


def _state(how: Copy, step: int, events: list[Event]) -> State:
    """This process stands in for the trainer of a run at work; for one that is lost, nobody does."""
    me = ProcessIdentity.of(os.getpid())
    assert me is not None
    works = how.state.is_active
    status = RunState.RUNNING if how.state is RunState.LOST else how.state
    return State(
        status=status,
        pid=me.pid,
        start_ticks=me.start_ticks if works else me.start_ticks - 1,
        host=me.host,
        boot_id=me.boot_id,
        heartbeat=time.time() if works else events[-1].t,
        step=step,
        attempt=1,
    )


def _write_log(source: RunFolder, made: RunFolder, how: Copy, step: int) -> None:
    lines = source.log_file.read_text("utf-8").splitlines()
    steps = [re.search(r" step (\d+)", line) for line in lines]
    cut = next((at for at, found in enumerate(steps) if found and int(found[1]) > step), len(lines))
    kept = lines[:cut]
    if how.error == "out_of_memory":
        kept += OUT_OF_MEMORY_LOG
    made.log_file.write_text("\n".join(kept) + "\n", "utf-8")


def _write_hardware(made: RunFolder, how: Copy, events: list[Event]) -> None:
    """One sample a second of its life."""
    used, total = memory()
    begin, end = events[0].t, events[-1].t
    lines = []
    for second in range(int(end - begin) + 1):
        wave = math.sin(second / 3.1) + math.sin(second / 7.7)
        warm = 1 - math.exp(-second / 60)
        card = GpuSample(
            index=0,
            name=CARD,
            utilisation_percent=min(100.0, (94 + 2.5 * wave) if second > 8 else 5.0),
            memory_used_bytes=int((9.8 if second > 6 else 1.1) * GB),
            memory_total_bytes=24 * GB,
            temperature_c=round(41 + 30 * warm + wave / 2, 1),
            power_w=round(80 + (235 + 8 * wave if second > 8 else 0), 1),
            power_limit_w=350.0,
        )
        sample = HardwareSample(
            t=begin + second,
            cpu_percent=round((24 if how.card else 91) + 3 * wave, 1),
            ram_used_bytes=used,
            ram_total_bytes=total,
            rss_bytes=int(0.6 * GB),
            gpus=(card,) if how.card else (),
        )
        lines.append(sample.to_line())
    made.hardware_file.write_bytes(b"\n".join(lines) + b"\n")
