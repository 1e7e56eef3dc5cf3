"""The checkpoint that is exported: its weights as numpy arrays, and what is known about it beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from minimind.files import read_json
from minimind.model import checkpoint_folder
from minimind.model.config import ModelConfig
from minimind.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class Source:
    """An opened checkpoint.

    Attributes:
        folder: where its files lie.
        config: the shape.
        label: what to call the model: the run's name, else the folder's.
        method: how it was trained (pretrain, sft, …), "" when nobody knows.
        seq_len: tokens in a row while it was trained, 0 when nobody knows.
        licence: identifier from its README, "" when it has none.
        weights: name → float32 array.
    """

    folder: Path
    config: ModelConfig
    label: str
    method: str
    seq_len: int
    licence: str
    weights: Mapping[str, npt.NDArray[np.float32]] = field(repr=False)


def open_source(path: str) -> Source:
    """Open a checkpoint after its files have been held against their manifest. Imports torch.

    Args:
        path: run folder (best, else last), step folder or Hugging Face folder.

    Raises:
        BadInput: no checkpoint, or a damaged one.
    """
    from minimind.model import checkpoint

    loaded = checkpoint.load(Path(path))
    return Source(
        folder=loaded.folder,
        config=loaded.config,
        label=label_of(loaded.folder),
        method=method_of(loaded.folder),
        seq_len=seq_len_of(loaded.folder),
        licence=licence_of(loaded.folder),
        weights={name: value.numpy() for name, value in loaded.model.state_dict().items()},
    )


def read_shape(path: str) -> tuple[ModelConfig, Path]:
    """The shape and folder of a checkpoint, without its weights and without torch.

    Raises:
        BadInput: no checkpoint.
    """
    folder = checkpoint_folder.resolve(Path(path))
    return checkpoint_folder.read_config(folder), folder


def run_of(folder: Path) -> RunFolder | None:
    """The run that a step folder belongs to."""
    run = RunFolder(folder.parent.parent)
    return run if folder.parent.name == "checkpoints" and run.exists() else None


def label_of(folder: Path) -> str:
    """What a person calls the model in a folder."""
    folder = folder.absolute()
    run = run_of(folder)
    return folder.name if run is None else run.read_notes().name or run.path.name


def method_of(folder: Path) -> str:
    """How the model in a folder was trained: its run says it, or config.json of an exported one."""
    run = run_of(folder.absolute())
    job = read_json(run.job_file) if run else None
    value = (job or {}).get("method") or (read_json(folder / "config.json") or {}).get("minimind_method")
    return value if isinstance(value, str) else ""


def seq_len_of(folder: Path) -> int:
    """Tokens in a row while the model in a folder was trained: the trainer wrote it, or an export kept it."""
    plan = (read_json(folder / "trainer.json") or {}).get("plan")
    value = plan.get("seq_len") if isinstance(plan, dict) else None
    if value is None:
        value = (read_json(folder / "config.json") or {}).get("minimind_seq_len")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def licence_of(folder: Path) -> str:
    """`license:` of the README's front matter."""
    try:
        text = (folder / "README.md").read_text("utf-8", "replace")[:4000]
    except OSError:
        return ""
    for line in text.split("---")[1].splitlines() if text.startswith("---") else ():
        key, _colon, value = line.partition(":")
        if key.strip() == "license":
            return value.strip().strip("\"'")
    return ""
