"""A RunService without files, threads or processes: realistic runs that a test moves on by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer

from minimind.events import Event
from minimind.job import Budget, DataFile, JobSpec, ModelRef
from minimind.run_state import RunState
from studio.jobs.log_file import LogPage
from studio.services.run_service import RunService
from studio.store.curves import means, reduce
from studio.store.records import Checkpoint, Curve, HardwareLanes, PhaseSpan, Problem, Run, Sample

T0 = 1_764_000_000.0
TOKENS_PER_STEP = 65_000
STEP_SECONDS = 0.36
START_UP = 59.0
PARAMETERS = 25_829_888

ZH = (
    "春天来了 \ufffd乙rail组织ity晶ov喷的\ufffd朝ee",
    "春天来了，春天的春天是一个美丽的地方，我们的的花是一种。",
    "春天来了，小草从土里钻出来，树上的叶子也绿了，我们去公园里玩。",
    "春天来了，公园里的花都开了。小朋友们在草地上放风筝，笑声传得很远，老人坐在树下晒太阳。",
)
EN = (
    "Once upon a time \ufffdity乙 rail ov\ufffdee组织 chy",
    "Once upon a time, the the man was a good of the time and the time.",
    "Once upon a time, there was a small fox. The fox was happy and it ran to the big tree.",
    "Once upon a time, a little fox found a red kite in the woods. She ran with it up the hill until the "
    "wind lifted it above the trees.",
)
LOG = (
    "15:42:10  step 1839  loss 2.6541  lr 3.13e-04  grad 0.412  121.3k tok/s  mem 9.71 GB",
    "15:42:11  step 1840  loss 2.6309  lr 3.13e-04  grad 0.398  121.1k tok/s  mem 9.71 GB",
    "15:42:11  step 1841  loss 2.6704  lr 3.13e-04  grad 0.405  120.9k tok/s  mem 9.71 GB",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 402.00 MiB.",
    "  GPU 0 has 11.99 GiB in total, of which 211.38 MiB is free.",
    "  Another process (pid 4121) uses 1.62 GiB.",
)


def loss_curve(steps: np.ndarray, *, seed: int = 1, spike_at: int | None = 1320) -> np.ndarray:
    """A loss that falls from ln 6400 to 2.5, with noise and one spike that heals."""
    random = np.random.default_rng(seed)
    base = 2.42 + 5.0 * np.exp(-steps / 60.0) + 1.34 * np.exp(-steps / 500.0)
    noise = random.normal(0, 1, len(steps)) * (0.02 + 0.06 * np.exp(-steps / 800.0))
    values = base + noise
    if spike_at is not None:
        after = steps >= spike_at
        values = values + np.where(after, 0.95 * np.exp(-(steps - spike_at) / 12.0), 0.0)
    return values


@dataclass
class FakeRun:
    """One run: the record that pages see, and what lies behind it."""

    record: Run
    job: JobSpec
    steps: np.ndarray
    values: dict[str, np.ndarray]
    times: np.ndarray
    evals: list[tuple[int, float]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    phases: list[PhaseSpan] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    card: bool = True
    seq: int = 0


class FakeRunService(RunService):
    """Answers like the real one; `calls` has what pages asked for."""

    def __init__(self) -> None:
        QObject.__init__(self)
        self.fakes: dict[str, FakeRun] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def close(self) -> None:
        pass

    # -- what a test does ----------------------------------------------------------------------

    def put(self, fake: FakeRun) -> str:
        self.fakes[fake.record.run_id] = fake
        self.runs_changed.emit()
        return fake.record.run_id

    def change(self, run_id: str, **fields: Any) -> None:
        fake = self.fakes[run_id]
        fake.record = dataclasses.replace(fake.record, **fields)
        self.run_changed.emit(run_id)

    def say(self, run_id: str, kind: str, t: float | None = None, **fields: Any) -> None:
        fake = self.fakes[run_id]
        fake.seq += 1
        at = t if t is not None else (float(fake.times[-1]) if len(fake.times) else T0)
        event = Event(kind=kind, seq=fake.seq, t=at, fields=fields)
        fake.events.append(event)
        self.event_added.emit(run_id, event)

    def grow(self, run_id: str, count: int) -> None:
        """`count` further steps, as the trainer would make them."""
        fake = self.fakes[run_id]
        _extend(fake, fake.record.step + count)
        self.run_changed.emit(run_id)
        self.curve_grew.emit(run_id)

    # -- getters -------------------------------------------------------------------------------

    @property
    def project(self) -> str:
        return "default"

    def runs(self, *, trashed: bool = False) -> list[Run]:
        found = [fake.record for fake in self.fakes.values() if fake.record.trashed == trashed]
        return sorted(found, key=lambda run: run.created, reverse=True)

    def run(self, run_id: str) -> Run | None:
        fake = self.fakes.get(run_id)
        return fake.record if fake else None

    def active(self) -> list[Run]:
        return [run for run in self.runs() if run.state.is_active]

    def job(self, run_id: str) -> JobSpec:
        return self.fakes[run_id].job

    def events(self, run_id: str, limit: int = 200) -> list[Event]:
        return self.fakes[run_id].events[-limit:] if run_id in self.fakes else []

    def samples(self, run_id: str) -> list[Sample]:
        return list(self.fakes[run_id].samples) if run_id in self.fakes else []

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        return list(self.fakes[run_id].checkpoints) if run_id in self.fakes else []

    def phases(self, run_id: str) -> list[PhaseSpan]:
        return list(self.fakes[run_id].phases) if run_id in self.fakes else []

    def log_tail(self, run_id: str, lines: int = 200) -> list[str]:
        return self.fakes[run_id].log[-lines:] if run_id in self.fakes else []

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
        self.requests.append(("curve", {"metric": metric, "x": x, "lo": lo, "hi": hi, "most": max_points}))
        QTimer.singleShot(0, self, lambda: self._answer_curve(run_id, metric, x, lo, hi, max_points, token))

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
        self.requests.append(("hardware", {"x": x, "lo": lo, "hi": hi, "most": max_points}))
        QTimer.singleShot(0, self, lambda: self._answer_hardware(run_id, x, lo, hi, max_points, token))

    def request_log(self, run_id: str, first: int, count: int, *, token: object) -> None:
        self.requests.append(("log", {"first": first, "count": count}))
        QTimer.singleShot(0, self, lambda: self._answer_log(run_id, first, count, token))

    def in_background(self, call: Callable[[], Any], done: Callable[[Any], None]) -> None:
        done(call())

    # -- what a person asks for ----------------------------------------------------------------

    def start_now(self, run_id: str) -> None:
        self.calls.append(("start_now", run_id))

    def order_queue(self, run_ids: Sequence[str]) -> None:
        self.calls.append(("order_queue", tuple(run_ids)))

    def start(self, job: JobSpec, *, name: str = "") -> str:
        self.calls.append(("start", job, name))
        return job.run_id

    def resume(self, run_id: str, *, overrides: Mapping[str, Any] | None = None) -> None:
        self.calls.append(("resume", run_id, dict(overrides or {})))

    def pause(self, run_id: str) -> None:
        self.calls.append(("pause", run_id))

    def go_on(self, run_id: str) -> None:
        self.calls.append(("go_on", run_id))

    def stop(self, run_id: str) -> None:
        self.calls.append(("stop", run_id))

    def save(self, run_id: str) -> None:
        self.calls.append(("save", run_id))

    def sample(self, run_id: str) -> None:
        self.calls.append(("sample", run_id))

    def force_end(self, run_id: str) -> None:
        self.calls.append(("force_end", run_id))

    def change_notes(self, run_id: str, **fields: Any) -> None:
        self.calls.append(("change_notes", run_id, fields))
        self.change(run_id, **fields)

    def trash(self, run_id: str) -> None:
        self.calls.append(("trash", run_id))
        self.change(run_id, trashed=True)
        self.runs_changed.emit()

    def restore(self, run_id: str) -> None:
        self.calls.append(("restore", run_id))
        self.change(run_id, trashed=False)
        self.runs_changed.emit()

    def delete_forever(self, run_id: str) -> None:
        self.calls.append(("delete_forever", run_id))
        del self.fakes[run_id]
        self.runs_changed.emit()

    # -- inside --------------------------------------------------------------------------------

    def _answer_log(self, run_id: str, first: int, count: int, token: object) -> None:
        lines = self.fakes[run_id].log
        first = max(0, len(lines) + first) if first < 0 else min(first, len(lines))
        page = LogPage(total=len(lines), first=first, lines=tuple(lines[first : first + count]))
        self.log_ready.emit(token, page)

    def _answer_curve(
        self, run_id: str, metric: str, x: str, lo: float | None, hi: float | None, most: int, token: object
    ) -> None:
        fake = self.fakes[run_id]
        if metric in ("val_loss", "bits_per_byte"):
            steps = np.array([step for step, _ in fake.evals], dtype=float)
            ys = np.array([value for _, value in fake.evals], dtype=float)
        elif metric == "step":
            steps = ys = fake.steps
        else:
            steps, ys = fake.steps, fake.values.get(metric, np.full(len(fake.steps), np.nan))
        xs = axis_of(fake, steps, x)
        self.curve_ready.emit(token, Curve(**_cut(xs, ys, lo, hi, most)))

    def _answer_hardware(
        self, run_id: str, x: str, lo: float | None, hi: float | None, most: int, token: object
    ) -> None:
        fake = self.fakes[run_id]
        seconds = int(fake.record.wall_s) + 1
        t = np.arange(seconds, dtype=float)
        lanes = hardware(t, card=fake.card)
        if x == "time":
            xs = t
        elif len(fake.steps):
            steps = np.interp(t, fake.times - T0, fake.steps, left=0)
            xs = axis_of(fake, steps, x)
        else:
            xs = t * 0
        keep = np.ones(len(xs), dtype=bool)
        if lo is not None and hi is not None:
            keep = (xs >= lo) & (xs <= hi)
        stride = max(1, math.ceil(int(keep.sum()) / most))
        picked = {name: values[keep][::stride] for name, values in lanes.items()}
        self.hardware_ready.emit(token, HardwareLanes(x=xs[keep][::stride], lanes=picked))


def axis_of(fake: FakeRun, steps: np.ndarray, x: str) -> np.ndarray:
    if x == "step":
        return steps.astype(float)
    if x == "tokens":
        return steps * float(TOKENS_PER_STEP)
    return np.interp(steps, fake.steps, fake.times - T0) if len(fake.steps) else steps.astype(float)


def _cut(xs: np.ndarray, ys: np.ndarray, lo: float | None, hi: float | None, most: int) -> dict[str, Any]:
    few_x, few_y = reduce(xs, ys, lo, hi, most)
    mean_x, mean_y = means(xs, ys, lo, hi, most)
    return {"x": few_x, "y": few_y, "mean_x": mean_x, "mean_y": mean_y}


def hardware(t: np.ndarray, *, card: bool) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    busy = np.where(t > START_UP, 1.0, 0.0)
    lanes = {
        "cpu_percent": 30 + 55 * busy * (0 if card else 1) + random.normal(0, 3, len(t)),
        "ram_used_bytes": np.full(len(t), 5.1 * 2**30),
        "ram_total_bytes": np.full(len(t), 16.0 * 2**30),
        "rss_bytes": np.full(len(t), 1.6 * 2**30),
    }
    if card:
        dips = np.where((t % 90 < 1) & (t > START_UP), 60.0, 0.0)
        lanes |= {
            "gpu0.utilisation_percent": np.clip(busy * 97 + random.normal(0, 1, len(t)) - dips, 0, 100),
            "gpu0.memory_used_bytes": 2**30 * (0.6 + 9.2 * busy),
            "gpu0.memory_total_bytes": np.full(len(t), 24.0 * 2**30),
            "gpu0.temperature_c": 72 - 34 * np.exp(-t / 200),
            "gpu0.power_w": 40 + busy * (276 - dips) + random.normal(0, 3, len(t)),
            "gpu0.power_limit_w": np.full(len(t), 350.0),
        }
    return lanes


def make_job(run_id: str, **changes: Any) -> JobSpec:
    job = JobSpec(
        run_id=run_id,
        method="pretrain",
        model=ModelRef(preset="minimind2-small"),
        data=(DataFile(path="/home/me/data/pretrain_hq.jsonl"),),
        settings={"lr": 3e-4, "sample_every": 500, "micro_batch": 32},
        budget=Budget(steps=4000),
        created=T0,
    )
    return dataclasses.replace(job, **changes)


def make_run(
    state: RunState = RunState.RUNNING,
    *,
    step: int = 2480,
    total: int | None = 4000,
    run_id: str = "20261124-1524-pretrain-3f2a",
    name: str = "第一次预训练",
    card: bool = True,
    **fields: Any,
) -> FakeRun:
    """A run at `step` of `total`: curve, evaluations, samples, checkpoints, events, log."""
    record = Run(
        run_id=run_id,
        folder=Path("/home/me/projects/default/runs") / run_id,
        project="default",
        name=name,
        method="pretrain",
        model="minimind2-small",
        state=state,
        created=T0,
        total_steps=total,
        device="RTX 3090" if card else "CPU",
        attempt=1 if state is not RunState.QUEUED else 0,
        started_at=T0 if state is not RunState.QUEUED else None,
    )
    fake = FakeRun(
        record=record,
        job=make_job(run_id),
        steps=np.empty(0),
        values={},
        times=np.empty(0),
        card=card,
        log=[f"2026-11-24 {text}" for text in LOG[:3]],
    )
    if step:
        _extend(fake, step)
        _phases(fake)
    fake.record = dataclasses.replace(fake.record, **_figures(state, fake), **fields)
    return fake


def _figures(state: RunState, fake: FakeRun) -> dict[str, Any]:
    if state.is_final:
        return {"ended_at": T0 + fake.record.wall_s, "phase": None, "eta_s": None}
    if state is RunState.STARTING:
        return {"phase": "prepare", "phase_done": 31.0, "phase_total": 100.0, "phase_unit": "%"}
    return {}


def _phases(fake: FakeRun) -> None:
    end = float(fake.times[-1]) if len(fake.times) else T0 + START_UP
    fake.phases = [
        PhaseSpan(attempt=1, phase="prepare", began=T0, ended=T0 + 38),
        PhaseSpan(attempt=1, phase="compile", began=T0 + 38, ended=T0 + START_UP),
        PhaseSpan(attempt=1, phase="train", began=T0 + START_UP, ended=end),
    ]


def _extend(fake: FakeRun, to: int) -> None:
    """Grow the curve to a step, and everything that the trainer writes on the way."""
    before = len(fake.steps)
    steps = np.arange(1, to + 1, dtype=float)
    random = np.random.default_rng(7)
    loss = loss_curve(steps)
    fake.steps = steps
    fake.times = T0 + START_UP + steps * STEP_SECONDS
    fake.values = {
        "loss": loss,
        "lr": 3e-4 * np.minimum(1, steps / 80),
        "grad_norm": 0.4 + 2.0 * np.exp(-steps / 100) + random.gamma(2, 0.03, len(steps)),
        "tokens_per_s": 182_000 + random.normal(0, 1200, len(steps)),
        "tokens": steps * TOKENS_PER_STEP,
    }
    base = loss_curve(steps, spike_at=None)
    for step in range(0, to + 1, 200):
        if step > before or (step == 0 and before == 0):
            value = 8.76 if step == 0 else float(base[step - 1]) + 0.06
            _evaluated(fake, step, value)
    for step in range(0, to + 1, 500):
        if step > before or (step == 0 and before == 0):
            _spoke(fake, step)
            if step:
                _saved(fake, step)
    fake.events.sort(key=lambda event: event.t)
    total = fake.record.total_steps
    best = min(fake.evals, key=lambda item: item[1])
    fake.record = dataclasses.replace(
        fake.record,
        step=to,
        loss=float(loss[-1]),
        lr=3e-4,
        grad_norm=0.4,
        tokens=to * TOKENS_PER_STEP,
        tokens_per_s=182_000.0,
        tokens_per_step=TOKENS_PER_STEP,
        memory_bytes=int(9.8 * 2**30),
        eta_s=None if total is None or to < 20 else (total - to) * STEP_SECONDS,
        val_loss=fake.evals[-1][1],
        best_val_loss=best[1],
        best_step=best[0],
        wall_s=START_UP + to * STEP_SECONDS,
        phase="train",
        phase_done=float(to),
        phase_total=None if total is None else float(total),
        phase_unit="steps",
        parameters=PARAMETERS,
        metrics=("loss", "lr", "grad_norm", "tokens_per_s"),
        sparkline=tuple(loss[:: max(1, to // 90)].tolist()),
        checkpoints=tuple(c.step for c in fake.checkpoints),
        last_checkpoint=fake.checkpoints[-1].step if fake.checkpoints else None,
        best_checkpoint=fake.checkpoints[-1].step if fake.checkpoints else None,
    )


def _at(step: int) -> float:
    return T0 + START_UP + step * STEP_SECONDS


def _add(fake: FakeRun, kind: str, t: float, **fields: Any) -> None:
    fake.seq += 1
    fake.events.append(Event(kind=kind, seq=fake.seq, t=t, fields=fields))


def _evaluated(fake: FakeRun, step: int, value: float) -> None:
    if step == 0:
        _add(fake, "start", T0 + 5, attempt=1, from_step=0, parameters=PARAMETERS, device="RTX 3090")
    fake.evals.append((step, value))
    _add(fake, "eval", _at(step), step=step, val_loss=value, bits_per_byte=value / 2.6)


def _spoke(fake: FakeRun, step: int) -> None:
    at = min(3, step // 500)
    for prompt, text in (("春天来了", ZH[at]), ("Once upon a time", EN[at])):
        said = text.removeprefix(prompt)
        fake.samples.append(Sample(step=step, prompt=prompt, text=said, t=_at(step)))
        _add(fake, "sample", _at(step), step=step, prompt=prompt, text=said)


def _saved(fake: FakeRun, step: int) -> None:
    folder = fake.record.folder / "checkpoints" / f"step-{step:08d}"
    older = [dataclasses.replace(c, is_last=False, is_best=False) for c in fake.checkpoints]
    newest = Checkpoint(
        step=step, path=folder, size_bytes=311_000_000, is_last=True, is_best=True, val_loss=fake.evals[-1][1]
    )
    fake.checkpoints = [*older, newest]
    _add(fake, "checkpoint", _at(step), step=step, path=f"checkpoints/step-{step:08d}")


def lost_run(**fields: Any) -> FakeRun:
    """Gone after step 1,330, the last checkpoint at 1,000."""
    why = {"error": Problem(code="lost", params={"step": 1330}, message="The process vanished.")}
    return make_run(RunState.LOST, step=1330, log_end=LOG[:3], **(why | fields))


def failed_run(**fields: Any) -> FakeRun:
    """Out of memory at step 1,842, the last checkpoint at 1,500."""
    fake = make_run(
        RunState.FAILED,
        step=1842,
        error=Problem(
            code="out_of_memory",
            params={"step": 1842, "checkpoint": 1500},
            message="Memory ran out at step 1842. Nothing is lost: the last checkpoint is step 1500.",
            advice="Resume with a smaller micro-batch.",
        ),
        log_end=LOG,
        **fields,
    )
    fake.log = list(LOG)
    _add(
        fake,
        "error",
        _at(1842),
        code="out_of_memory",
        params={"step": 1842, "checkpoint": 1500},
        message="Memory ran out at step 1842.",
        advice="",
    )
    _add(fake, "done", _at(1842), status="failed", step=1842)
    return fake
