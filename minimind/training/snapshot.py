"""Checkpoints as the trainer writes and reads them: weights for all, and what an exact resume needs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from minimind.files import (
    MANIFEST,
    DamagedFolder,
    failpoint,
    read_json,
    remove_folder,
    replace_text,
    verify_folder,
    write_folder,
)
from minimind.model import checkpoint
from minimind.model.config import ModelConfig
from minimind.model.transformer import Transformer
from minimind.plan import Resolved
from minimind.run_folder import RunFolder, checkpoint_step
from minimind.training.optimizer import OptimizerSet
from minimind.training.precision import Precision

TRAINER_TENSORS, TRAINER_JSON = "trainer.safetensors", "trainer.json"


@dataclass(kw_only=True)
class Progress:
    """The counters of a run; all of it goes into each checkpoint.

    Attributes:
        step: updates done; tokens: real ones seen.
        train_s: seconds spent in steps; elapsed_s: since the loop began, pauses left out, over all attempts.
        loss, val_loss, bits_per_byte: the last ones; best_val_loss with best_step.
        eval_step, sample_step: when it was last measured and heard.
        skipped: updates in a row whose gradient was not finite.
        loader: position in the data.
    """

    step: int = 0
    tokens: int = 0
    train_s: float = 0.0
    elapsed_s: float = 0.0
    loss: float | None = None
    val_loss: float | None = None
    bits_per_byte: float | None = None
    eval_step: int | None = None
    sample_step: int | None = None
    best_val_loss: float | None = None
    best_step: int | None = None
    skipped: int = 0
    loader: dict[str, Any] = field(default_factory=dict)


def save(
    folder: RunFolder,
    *,
    model: Transformer,
    config: ModelConfig,
    tokenizer_files: dict[str, bytes],
    optimizers: OptimizerSet,
    precision: Precision,
    plan: Resolved,
    progress: Progress,
    facts: dict[str, Any],
) -> Path:
    """Write `checkpoints/step-N`, then let `last` and, when it is, `best` name it.

    Args:
        tokenizer_files: name → content; in memory, for the folder they came from may be gone by now.

    Raises:
        OSError: no room or a disk error; the checkpoints that were there are untouched.
    """
    target = folder.step_folder(progress.step)
    folder.checkpoints.mkdir(exist_ok=True)

    def fill(temporary: Path) -> None:
        for name, content_of in tokenizer_files.items():
            (temporary / name).write_bytes(content_of)
        checkpoint.save_weights_into(temporary, model, config, temporary)
        checkpoint.write_tensors(optimizers.state_tensors(), temporary / TRAINER_TENSORS)
        content = {
            "v": 1,
            "plan": plan.to_dict(),
            "progress": dataclasses.asdict(progress),
            "rng": torch.get_rng_state().numpy().tobytes().hex(),
            "precision": precision.state(),
            **facts,
        }
        (temporary / TRAINER_JSON).write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    if not is_whole(target):
        remove_folder(target)
        write_folder(target, fill)
    replace_text(folder.checkpoints / "last", target.name + "\n")
    failpoint("checkpoint.after_last")
    # without a measurement nothing is best, and whoever opens the run gets its last checkpoint
    if progress.best_step == progress.step:
        replace_text(folder.checkpoints / "best", target.name + "\n")
    return target


def is_whole(folder: Path) -> bool:
    """Whether a checkpoint is there with everything its manifest names, unchanged.

    Hashes too: a run that passed over a damaged checkpoint comes to the same step again and must replace it.
    """
    try:
        return folder.is_dir() and verify_folder(folder)
    except DamagedFolder:
        return False


def tidy(folder: RunFolder, keep: int) -> None:
    """Remove old checkpoints: the newest `keep`, `best` and `last` stay."""
    kept = {path.name for name in ("best", "last") if (path := folder.pointed(name))}
    folders = folder.step_folders()
    for path in folders[: max(0, len(folders) - max(keep, 2))]:
        if path.name not in kept:
            remove_folder(path)


def size_bytes(folder: RunFolder) -> int:
    """Disk that the newest checkpoint takes; 0 when there is none."""
    folders = folder.step_folders()
    return sum(path.stat().st_size for path in folders[-1].iterdir()) if folders else 0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A checkpoint to go on from."""

    folder: Path
    step: int
    plan: Resolved
    progress: Progress
    content: dict[str, Any]


def newest(folder: RunFolder, on_damage: Callable[[Path, str], None]) -> Snapshot | None:
    """The newest checkpoint whose hashes hold; `on_damage` hears of each that was passed over.

    `last` is only a hint: a crash may have come between the folder and the pointer.
    """
    for path in reversed(folder.step_folders()):
        if not (path / MANIFEST).exists():
            continue
        try:
            verify_folder(path)
        except DamagedFolder as error:
            on_damage(path, error.reason)
            continue
        content = read_json(path / TRAINER_JSON)
        if content is None:
            continue  # weights only
        progress = Progress(
            **{
                f.name: content["progress"][f.name]
                for f in dataclasses.fields(Progress)
                if f.name in content["progress"]
            }
        )
        return Snapshot(
            folder=path,
            step=checkpoint_step(path),
            plan=Resolved.from_dict(content["plan"]),
            progress=progress,
            content=content,
        )
    return None


def restore(snapshot: Snapshot, optimizers: OptimizerSet, precision: Precision) -> None:
    """Optimizer, scaler and random state as they were; the weights were loaded with the model."""
    tensors = load_file(snapshot.folder / TRAINER_TENSORS)
    optimizers.load_state_tensors(tensors)
    precision.load_state(snapshot.content.get("precision") or {})
    raw = bytearray.fromhex(snapshot.content["rng"])
    torch.set_rng_state(torch.frombuffer(raw, dtype=torch.uint8))
