"""Every `auto` of a job, decided in one place: the wizard shows it, the trainer does it. Arithmetic only."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from minimind import estimate
from minimind.device import Device
from minimind.errors import BadInput
from minimind.job import Budget, JobSpec
from minimind.methods import Method, Needs, method_named
from minimind.methods.method import TrainSettings
from minimind.model.config import ModelConfig
from minimind.options import build

# compiling pays above this size and in runs this much longer than compiling takes
COMPILE_MIN_PARAMETERS = 5_000_000
COMPILE_SECONDS = {"cpu": 15.0, "cuda": 40.0, "mps": 40.0}
COMPILE_WORTH = 20
# a forward in float32, as the held-out loss is measured, against one in short numbers: 2.5 on a processor
# with bf16 instructions (measured), more on a card that is busy with large products
EVALUATION_COST = 3.0
PROMPTS = {Needs.TEXT: ["春天来了", "Once upon a time"], Needs.CHAT: ["你是谁？", "Who are you?"]}


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is known about the training data.

    Attributes:
        tokens: real tokens in one pass, held-out ones left out; None = not counted yet.
        rows: packed rows of seq_len in one pass.
        heldout_tokens: labelled tokens of the held-out set.
        mean_context: mean number of tokens that a token attends to.
    """

    tokens: int
    rows: int
    heldout_tokens: int = 0
    mean_context: float = 100.0


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A job with nothing left to decide; stored with the attempt and in each checkpoint.

    Attributes:
        total_steps, decay_from: None until a run with `minutes` alone has measured its speed.
        minutes: how long it takes; beside total_steps the most that it may take, which cuts them.
        warmup_steps: the rate rises linearly over them.
        rows_per_step, micro_batch: rows of an update, and of one forward.
        shape: `wsd` (warm-up, stable, linear decay to 0) or `cosine` (to a tenth).
        lr: peak rate; embedding_lr_scale multiplies it for what AdamW trains beside Muon.
        eval_every, save_every, sample_every: steps; 0 = only at the end (samples: never).
    """

    seq_len: int
    rows_per_step: int
    micro_batch: int
    total_steps: int | None
    minutes: float | None
    warmup_steps: int
    decay_from: int | None
    decay: float
    shape: str
    optimizer: str
    lr: float
    embedding_lr_scale: float
    weight_decay: float
    betas: tuple[float, float]
    clip: float
    precision: str
    compile: bool
    log_every: int
    eval_every: int | None
    save_every: int | None
    sample_every: int | None
    sample_prompts: tuple[str, ...]
    keep_checkpoints: int

    @property
    def tokens_per_step(self) -> int:
        """Slots of an update; packing fills nearly all of them."""
        return self.rows_per_step * self.seq_len

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Resolved:
        """From `to_dict`, also of a newer program."""
        known = {f.name: value[f.name] for f in dataclasses.fields(cls)}
        return cls(
            **known | {"betas": tuple(known["betas"]), "sample_prompts": tuple(known["sample_prompts"])}
        )


def resolve(job: JobSpec, config: ModelConfig, data: Data, device: Device) -> Resolved:
    """Decide what the job leaves open.

    Raises:
        BadInput: a value out of bounds, a sequence longer than the model's positions, a budget that is none.
    """
    method = method_named(job.method)
    settings: TrainSettings = build(method.settings, job.settings)
    check_budget(job.budget)
    upstream = settings.recipe == "upstream"
    seq_len = sequence_length(job, config)
    rows = _rows_per_step(job, settings, data, device, seq_len)
    micro = min(settings.micro_batch or _micro_batch(config, device, seq_len), rows)
    if settings.tokens_per_step is None and rows > micro:
        rows -= rows % micro
    total = _total_steps(job, data, rows)
    warmup = settings.warmup_steps
    if warmup is None:
        warmup = 0 if upstream else 10 if total is None else min(max(total // 50, 10), 200, total // 4)
    optimizer = settings.optimizer
    if optimizer == "auto":
        optimizer = "adamw" if upstream else "muon"
    precision = device.precision(settings.precision)
    evals = _interval(settings.eval_every, total, _num_evals(data, rows * seq_len, total, precision))
    return Resolved(
        seq_len=seq_len,
        rows_per_step=rows,
        micro_batch=micro,
        total_steps=total,
        minutes=job.budget.minutes,
        warmup_steps=warmup,
        decay_from=None if total is None else decay_start(total, settings.decay, warmup),
        decay=settings.decay,
        shape="cosine" if upstream else "wsd",
        optimizer=optimizer,
        lr=settings.lr if settings.lr is not None else _learning_rate(method, config, optimizer, upstream),
        embedding_lr_scale=2.0 if optimizer == "muon" else 1.0,
        weight_decay=0.01 if upstream else settings.weight_decay,
        betas=(0.9, 0.999) if upstream else (0.9, 0.95),
        clip=settings.clip,
        precision=precision,
        compile=_compile(settings, config, data, device, rows * seq_len, total, job),
        log_every=settings.log_every or (1 if device.kind == "cpu" else 10),
        eval_every=evals,
        save_every=_interval(settings.save_every, total, 5),
        sample_every=_interval(settings.sample_every, total, 8 if evals != 0 else 0),
        sample_prompts=_prompts(settings, method),
        keep_checkpoints=settings.keep_checkpoints,
    )


def decay_start(total_steps: int, decay: float, warmup_steps: int) -> int:
    """The last step at the full rate; a run shorter than its warm-up still ends with a falling step."""
    return max(min(warmup_steps, total_steps - 1), total_steps - math.ceil(total_steps * decay))


def with_intervals(resolved: Resolved, total_steps: int, data: Data) -> Resolved:
    """The same with the intervals filled in that were left to the length of the run, now about known."""
    evals = resolved.eval_every
    if evals is None:
        affordable = _num_evals(data, resolved.tokens_per_step, total_steps, resolved.precision)
        evals = _interval(None, total_steps, affordable)
    return dataclasses.replace(
        resolved,
        eval_every=evals,
        save_every=_interval(resolved.save_every, total_steps, 5),
        sample_every=_interval(resolved.sample_every, total_steps, 8),
    )


def sequence_length(job: JobSpec, config: ModelConfig) -> int:
    """Row length in tokens: asked for, or the preset's, or 512.

    Raises:
        BadInput: longer than the model can place.
    """
    asked = job.settings.get("seq_len")
    if asked is None:
        from minimind.presets import PRESETS

        known = PRESETS.get(job.model.preset or "")
        asked = min(known.seq_len if known else 512, config.max_positions)
    if asked > config.max_positions:
        raise BadInput(f"seq_len {asked} is longer than the {config.max_positions} positions of this model")
    return int(asked)


def check_budget(budget: Budget) -> None:
    """
    Raises:
        BadInput: steps and epochs together, or a value that is no positive number.
    """
    given = {name: value for name, value in dataclasses.asdict(budget).items() if value is not None}
    if len(given.keys() - {"minutes"}) > 1:
        raise BadInput(f"give one of --steps and --epochs, not {' and '.join(given)}")
    for name, value in given.items():
        if not isinstance(value, int | float) or not 0 < value < 1e9:
            raise BadInput(f"--{name} must be a positive number, not {value}")


def _rows_per_step(job: JobSpec, settings: TrainSettings, data: Data, device: Device, seq_len: int) -> int:
    if settings.tokens_per_step is not None:
        return max(1, round(settings.tokens_per_step / seq_len))
    if settings.recipe == "upstream":
        return 256
    small, large = (4096, 16_384) if device.kind == "cpu" else (16_384, 262_144)
    if job.budget.minutes or job.budget.steps:
        tokens = small if device.kind == "cpu" else small * 4
    else:
        # about a thousand updates, as long as a step keeps the device busy: small runs need many
        total = data.tokens * (job.budget.epochs or 1.0)
        tokens = int(min(max(2 ** round(math.log2(max(total / 1000, 1))), small), large))
    rows = max(1, tokens // seq_len)
    return max(1, min(rows, data.rows))


def _micro_batch(config: ModelConfig, device: Device, seq_len: int) -> int:
    if device.kind == "cpu":
        return max(1, 4096 // seq_len)
    budget = 0.7 * device.free_bytes
    rows = max(1, 65_536 // seq_len)
    while rows > 1 and _peak(config, rows, seq_len, "bf16", "muon", device.kind) > budget:
        rows //= 2
    return rows


def _peak(config: ModelConfig, rows: int, seq_len: int, precision: str, optimizer: str, kind: str) -> float:
    parts = estimate.training_memory(
        config, micro_batch=rows, seq_len=seq_len, precision=precision, optimizer=optimizer, device=kind
    )
    return float(sum(parts.values()))


def _total_steps(job: JobSpec, data: Data, rows: int) -> int | None:
    if job.budget.steps is not None:
        return job.budget.steps
    if job.budget.minutes is not None and job.budget.epochs is None:
        return None
    return max(1, math.ceil(data.rows * (job.budget.epochs or 1.0) / rows))


def _learning_rate(method: type[Method], config: ModelConfig, optimizer: str, upstream: bool) -> float:
    if upstream:
        return 5e-4 if method.name == "pretrain" else 5e-5
    # wider models want smaller rates; 256 is the width that the base rates were found at
    scale = min(2.0, math.sqrt(256 / config.dim))
    return float(f"{method.base_lr[optimizer] * scale:.2g}")


def _evaluation_cost(precision: str) -> float:
    """Of a token, against one that is trained: a forward costs a third of a step of the same precision."""
    return (1.0 if precision == "float32" else EVALUATION_COST) / 3


def _num_evals(data: Data, tokens_per_step: int, total: int | None, precision: str) -> int | None:
    if total is None:
        return None
    if not data.heldout_tokens:
        return 1
    # evaluation may take a twentieth of the run
    affordable = total * tokens_per_step / _evaluation_cost(precision) / data.heldout_tokens / 20
    return int(min(max(affordable, 1), 20))


def _interval(asked: int | None, total: int | None, times: int | None) -> int | None:
    if asked is not None or total is None or times is None:
        return asked
    return 0 if times == 0 else max(1, math.ceil(total / times))


def _prompts(settings: TrainSettings, method: type[Method]) -> tuple[str, ...]:
    prompts = settings.sample_prompts
    if prompts is None:
        prompts = PROMPTS.get(method.needs, [])
    if len(prompts) > 3 or not all(isinstance(text, str) and text for text in prompts):
        raise BadInput("sample_prompts takes at most three texts, none of them empty")
    return tuple(prompts)


def _compile(
    settings: TrainSettings,
    config: ModelConfig,
    data: Data,
    device: Device,
    tokens_per_step: int,
    total: int | None,
    job: JobSpec,
) -> bool:
    if settings.compile != "auto":
        return settings.compile == "on"
    if estimate.parameters(config)[0] < COMPILE_MIN_PARAMETERS:
        return False
    if total is None:
        seconds = 60 * (job.budget.minutes or 0.0)
    else:
        seconds = total * tokens_per_step / tokens_per_second(config, data, device, settings.precision)
        seconds = min(seconds, 60 * (job.budget.minutes or math.inf))
    return seconds > COMPILE_WORTH * COMPILE_SECONDS[device.kind]


def tokens_per_second(config: ModelConfig, data: Data, device: Device, precision: str) -> float:
    """Predicted training speed, tokens/s."""
    chosen = device.precision(precision)
    flops = device.flops_float32 if chosen == "float32" else device.flops
    per_token = estimate.flops_per_token(config, mean_context=data.mean_context)
    return float(flops * estimate.utilisation(config, device.kind, chosen) / per_token)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What `plan` says before anything starts; `memory` maps a part to bytes."""

    resolved: Resolved
    parameters: int
    memory: dict[str, int]
    seconds: float
    steps: int
    tokens: int
    epochs: float
    cost_cny: float
    kwh: float
    disk_bytes: int

    @property
    def peak_memory_bytes(self) -> int:
        """All parts together."""
        return sum(self.memory.values())

    def to_json(self) -> dict[str, Any]:
        """The fixed shape of `plan --json`."""
        return {
            "parameters": self.parameters,
            "peak_memory_bytes": self.peak_memory_bytes,
            "seconds": round(self.seconds, 1),
            "cost_cny": round(self.cost_cny, 4),
            "steps": self.steps,
            "tokens": self.tokens,
            "micro_batch": self.resolved.micro_batch,
            "disk_bytes": self.disk_bytes,
        }


def predict(
    job: JobSpec,
    config: ModelConfig,
    data: Data,
    device: Device,
    *,
    cny_per_hour: float = 1.3,
    tokens_per_s: float | None = None,
) -> Prediction:
    """What the job will need and take; by the formula, or by a speed that was measured.

    Raises:
        BadInput: as `resolve`.
    """
    resolved = resolve(job, config, data, device)
    speed = tokens_per_s or tokens_per_second(config, data, device, resolved.precision)
    fill = data.tokens / max(1, data.rows * resolved.seq_len)
    tokens_per_step = resolved.tokens_per_step * min(1.0, fill)
    if resolved.total_steps is None:
        seconds = 60 * (resolved.minutes or 0.0)
        steps = max(1, int(seconds * speed / tokens_per_step))
    else:
        steps = resolved.total_steps
        seconds = steps * tokens_per_step / speed
        evals = steps / resolved.eval_every if resolved.eval_every else 1
        seconds += (evals + 1) * data.heldout_tokens / speed * _evaluation_cost(resolved.precision)
        seconds += COMPILE_SECONDS[device.kind] if resolved.compile else 0.0
        most = 60 * (resolved.minutes or math.inf)
        if seconds > most:
            steps, seconds = max(1, int(steps * most / seconds)), most
    total, _active = estimate.parameters(config)
    memory = estimate.training_memory(
        config,
        micro_batch=resolved.micro_batch,
        seq_len=resolved.seq_len,
        precision=resolved.precision,
        optimizer=resolved.optimizer,
        device=device.kind,
    )
    return Prediction(
        resolved=resolved,
        parameters=total,
        memory=memory,
        seconds=seconds,
        steps=steps,
        tokens=int(steps * tokens_per_step),
        epochs=steps * tokens_per_step / max(1, data.tokens),
        cost_cny=seconds / 3600 * cny_per_hour,
        kwh=seconds / 3600 * (0.35 if device.kind == "cuda" else 0.1),
        disk_bytes=estimate.run_disk_bytes(
            config, optimizer=resolved.optimizer, checkpoints=resolved.keep_checkpoints + 1
        ),
    )
