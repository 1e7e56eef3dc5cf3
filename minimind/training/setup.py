"""From a job to everything that the loop works on: device, tokenizer, data, model, optimizer, position."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from minimind import device as devices
from minimind.assets import BUNDLED_TOKENIZER
from minimind.data import split
from minimind.data.cache import Cancelled, TokenCache, prepare
from minimind.data.loader import Loader
from minimind.device import Device
from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.methods import Method, method_named
from minimind.model import attention, checkpoint, checkpoint_folder
from minimind.model.checkpoint_folder import TOKENIZER_FILES
from minimind.model.config import ModelConfig
from minimind.model.transformer import Transformer
from minimind.plan import Data, Resolved, resolve, sequence_length
from minimind.presets import shaped
from minimind.tokenizer.tokenizer import Tokenizer
from minimind.training import snapshot
from minimind.training.distributed import Single, Strategy
from minimind.training.optimizer import OptimizerSet
from minimind.training.precision import Precision
from minimind.training.record import facts_of
from minimind.training.report import Report
from minimind.training.snapshot import Progress, Snapshot


class Stopped(Exception):  # noqa: N818
    """A person asked to stop before there was anything to save."""


@dataclass(kw_only=True)
class Session:
    """What one attempt works on."""

    job: JobSpec
    method: Method
    device: Device
    torch_device: torch.device
    tokenizer: Tokenizer
    tokenizer_files: dict[str, bytes]
    config: ModelConfig
    model: Transformer
    caches: list[TokenCache]
    heldout_caches: list[TokenCache]
    heldout: list[np.ndarray]
    data: Data
    loader: Loader
    plan: Resolved
    optimizers: OptimizerSet
    precision: Precision
    strategy: Strategy
    progress: Progress
    facts: dict[str, Any]


def choose_device(asked: str) -> Device:
    """The device that a job asks for, as torch sees it.

    Raises:
        BadInput: it is not there.
    """
    # the order in which NVML, and so the window, counts the cards
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    name, _, number = asked.partition(":")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if cuda else "mps" if mps else "cpu"
    if name == "cpu":
        return devices.cpu()
    if name == "cuda" and cuda and (number or "0").isdigit() and int(number or 0) < torch.cuda.device_count():
        index = int(number or 0)
        free, total = torch.cuda.mem_get_info(index)
        found = devices.gpu(index, torch.cuda.get_device_name(index), total, free)
        bf16 = torch.cuda.get_device_capability(index) >= (8, 0)
        return replace(found, bf16=bf16, fp16=not bf16)
    if name == "mps" and mps:
        memory = psutil.virtual_memory()
        return Device(
            kind="mps",
            name=platform.processor() or "Apple",
            memory_bytes=memory.total,
            free_bytes=memory.available,
            bf16=False,
            flops=4e12,
            flops_float32=4e12,
        )
    there = [
        "cpu",
        *(f"cuda:{i}" for i in range(torch.cuda.device_count() if cuda else 0)),
        *(["mps"] if mps else []),
    ]
    raise BadInput(f"--device {asked} is not there; this machine has {', '.join(there)}", code="no_device")


def switch_on(device: Device) -> torch.device:
    """Prepare torch for a device: threads, and sums in one order on a CPU."""
    if device.kind == "cpu":
        torch.set_num_threads(device.threads)
        # the experts' dispatch adds up in any order without it; costs a dense model nothing
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    elif device.kind == "cuda":
        torch.cuda.set_device(device.index)
        torch.set_float32_matmul_precision("high")
    return torch.device(device.label)


def open_tokenizer(job: JobSpec) -> tuple[Tokenizer, Path]:
    """The checkpoint's own, else the one asked for, else the bundled one.

    Raises:
        BadInput: damaged, or another one than the checkpoint was trained with.
    """
    own: Path | None = None
    if job.model.checkpoint is not None:
        own = checkpoint_folder.resolve(Path(job.model.checkpoint))
        if not (own / "tokenizer.json").exists():
            own = None
    asked = Path(job.tokenizer) if job.tokenizer else None
    folder = own or asked or BUNDLED_TOKENIZER
    tokenizer = Tokenizer.load(folder)
    if own is not None and asked is not None and Tokenizer.load(asked).hash != tokenizer.hash:
        raise BadInput(
            f"--tokenizer {asked} is not the tokenizer that {own} was trained with; leave --tokenizer out",
            code="other_tokenizer",
        )
    return tokenizer, folder


def model_config(job: JobSpec, tokenizer: Tokenizer) -> ModelConfig:
    """The shape: a preset with the tokenizer's vocabulary, or the checkpoint's own.

    Raises:
        BadInput: no such preset or checkpoint, or a tokenizer with more ids than the model has.
    """
    if job.model.checkpoint is not None:
        config = checkpoint_folder.read_config(checkpoint_folder.resolve(Path(job.model.checkpoint)))
        if tokenizer.vocab_size > config.vocab_size:
            raise BadInput(
                f"the tokenizer has {tokenizer.vocab_size} ids, the model only {config.vocab_size}; "
                "they do not belong together"
            )
        return config
    config = shaped(job.model.preset or "", job.model.shape)
    return (
        config
        if config.vocab_size == tokenizer.vocab_size
        else replace(config, vocab_size=tokenizer.vocab_size)
    )


def prepare_data(
    job: JobSpec,
    method: Method | type[Method],
    tokenizer: Tokenizer,
    report: Report,
    cancelled: Callable[[], bool],
) -> tuple[list[TokenCache], list[TokenCache]]:
    """Tokenise what is not in the cache yet: (training files, held-out files).

    Raises:
        BadInput: a file that cannot be used. Stopped: a person asked for it.
    """
    paths = [Path(item.path) for item in job.data]
    extra = [Path(job.val_data)] if job.val_data else []
    sizes = [path.stat().st_size if path.exists() else 0 for path in (*paths, *extra)]
    total = sum(sizes)
    caches: list[TokenCache] = []
    for number, path in enumerate((*paths, *extra)):
        before = sum(sizes[:number])

        def on_progress(done: int, _total: int, before: int = before) -> None:
            report.progress("prepare", before + done, total, "bytes")

        try:
            needs = method.needs.kind
            cache = prepare(path, tokenizer, needs=needs, progress=on_progress, cancelled=cancelled)
        except Cancelled as error:
            raise Stopped from error
        if cache.skipped_count:
            first = cache.skipped[0]
            report.warn(
                "rows_skipped",
                file=path.name,
                count=cache.skipped_count,
                line=first.line,
                reason=first.message,
            )
        caches.append(cache)
    report.progress("prepare", total, total, "bytes", force=True)
    return caches[: len(paths)], caches[len(paths) :]


def assemble(
    job: JobSpec,
    report: Report,
    *,
    resume: Snapshot | None,
    micro_batch: int | None = None,
    cancelled: Callable[[], bool],
) -> Session:
    """Build everything; with `resume` as it was at that checkpoint.

    Args:
        micro_batch: instead of the one that the run has had so far.

    Raises:
        BadInput: what a person gave cannot be used. Stopped: a person asked for it.
    """
    method: Method = method_named(job.method)()
    chosen = choose_device(job.hardware.device)
    torch_device = switch_on(chosen)
    if resume is None:
        tokenizer, tokenizer_folder = open_tokenizer(job)
        config = model_config(job, tokenizer)
    else:
        # what the run began from may have gone on or away since: the checkpoint holds all of it
        tokenizer, tokenizer_folder = Tokenizer.load(resume.folder), resume.folder
        config = checkpoint_folder.read_config(resume.folder)
    caches, heldout_caches = prepare_data(job, method, tokenizer, report, cancelled)
    heldout, exclude = _held_out(caches, heldout_caches)
    if resume is not None:
        _same_data(resume, caches)
    seq_len = resume.plan.seq_len if resume else sequence_length(job, config)
    weights = [item.weight for item in job.data]
    probe = Loader(
        caches, weights, seed=job.seed, seq_len=seq_len, rows_per_step=1, micro_batch=1, exclude=exclude
    )
    data = Data(
        tokens=probe.tokens_per_epoch(),
        rows=probe.rows_per_epoch(),
        heldout_tokens=_num_tokens(heldout_caches or caches, heldout),
        mean_context=_mean_context(caches, seq_len),
    )
    if not data.rows:
        raise BadInput(
            f"{job.data[0].path} leaves nothing to train on once some of it is held out; give it more rows"
        )
    plan = _plan(job, config, data, chosen, resume, micro_batch)
    loader = Loader(
        caches,
        weights,
        seed=job.seed,
        seq_len=plan.seq_len,
        rows_per_step=plan.rows_per_step,
        micro_batch=plan.micro_batch,
        exclude=exclude,
    )
    model = _model(job, config, resume, torch_device)
    precision = Precision(plan.precision, torch_device)
    session = Session(
        job=job,
        method=method,
        device=chosen,
        torch_device=torch_device,
        tokenizer=tokenizer,
        tokenizer_files={name: (tokenizer_folder / name).read_bytes() for name in TOKENIZER_FILES},
        config=config,
        model=model,
        caches=caches,
        heldout_caches=heldout_caches or caches,
        heldout=heldout,
        data=data,
        loader=loader,
        plan=plan,
        optimizers=OptimizerSet(model, plan, torch_device),
        precision=precision,
        strategy=Single(),
        progress=Progress(loader=loader.state()),
        facts=facts_of(job, chosen, caches, tokenizer, model),
    )
    if resume is not None:
        session.progress = resume.progress
        loader.load_state(resume.progress.loader)
        snapshot.restore(resume, session.optimizers, precision)
    return session


def _held_out(
    caches: list[TokenCache], heldout_caches: list[TokenCache]
) -> tuple[list[np.ndarray], list[np.ndarray] | None]:
    if heldout_caches:
        return [np.arange(cache.documents) for cache in heldout_caches], None
    chosen = split.held_out(caches)
    return chosen, chosen


def _num_tokens(caches: list[TokenCache], documents: list[np.ndarray]) -> int:
    return sum(int((np.diff(c.doc_offsets)[d] - 1).sum()) for c, d in zip(caches, documents, strict=True))


def _mean_context(caches: list[TokenCache], seq_len: int) -> float:
    """Mean number of earlier tokens that a token can see, itself included."""
    lengths = np.concatenate([np.diff(cache.doc_offsets) for cache in caches]).astype(np.float64)
    lengths = np.minimum(lengths, seq_len)
    return float((lengths * (lengths + 1) / 2).sum() / max(1.0, lengths.sum()))


def _same_data(resume: Snapshot, caches: list[TokenCache]) -> None:
    for before, cache in zip(resume.content["data"], caches, strict=False):
        if before["sha256"] != cache.content_hash:
            raise BadInput(
                f"{before['path']} has changed since this run began; put the old file back, "
                "or start a new run from the last checkpoint",
                code="data_changed",
                file=before["path"],
            )


def _plan(
    job: JobSpec,
    config: ModelConfig,
    data: Data,
    device: Device,
    resume: Snapshot | None,
    micro_batch: int | None,
) -> Resolved:
    fresh = resolve(job, config, data, device)
    if resume is None:
        return fresh
    kept = resume.plan
    if device.kind != resume.content["attempt"]["device_kind"]:
        kept = replace(kept, precision=fresh.precision, compile=fresh.compile, micro_batch=fresh.micro_batch)
    if micro_batch is not None:
        kept = replace(kept, micro_batch=min(micro_batch, kept.rows_per_step))
    return kept


def _model(job: JobSpec, config: ModelConfig, resume: Snapshot | None, device: torch.device) -> Transformer:
    source = resume.folder if resume else Path(job.model.checkpoint) if job.model.checkpoint else None
    if source is None:
        model = Transformer(config).initialise(job.seed)
    else:
        model = checkpoint.load(source, device="cpu", dtype=torch.float32).model
    model = model.to(device)
    model.attention_variant = attention.default_variant(device.type)
    if resume is not None and resume.content["attempt"]["device_kind"] == device.type:
        model.attention_variant = resume.content["attempt"]["attention"]
    return model.train()
