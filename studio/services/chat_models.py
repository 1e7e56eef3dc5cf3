"""Which models can be talked to: checkpoints of the project's runs, exported files, files a person chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from minimind.job import KIND_TRAIN
from studio.store.records import Checkpoint, Run

EXPORTS = "exports"


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """One thing to talk to.

    Attributes:
        path: step folder, Hugging Face folder or .gguf file.
        label: the run's name, or the file's.
        run_id: "" for files.
        step: of the checkpoint, None for files.
        best, newest: whether it is that checkpoint of its run.
    """

    path: str
    label: str
    run_id: str = ""
    step: int | None = None
    best: bool = False
    newest: bool = False


def models_of_run(run: Run, checkpoints: Sequence[Checkpoint]) -> list[ChatModel]:
    """The best and the newest checkpoint of a run, the better one first; one entry when they are the same."""
    if run.kind != KIND_TRAIN or run.trashed or not checkpoints:
        return []
    last = next((c for c in checkpoints if c.is_last), checkpoints[-1])
    best = next((c for c in checkpoints if c.is_best), last)
    chosen = [best] if best.step == last.step else [best, last]
    return [
        ChatModel(
            path=str(c.path),
            label=run.name,
            run_id=run.run_id,
            step=c.step,
            best=c.step == best.step,
            newest=c.step == last.step,
        )
        for c in chosen
    ]


def model_of_file(path: Path) -> ChatModel:
    """A file or folder that belongs to no run."""
    return ChatModel(path=str(path), label=path.stem if path.is_file() else path.name)


def exported_files(project_folder: Path) -> list[ChatModel]:
    """GGUF files in the project's exports, newest first."""
    found: list[tuple[float, Path]] = []
    for path in (project_folder / EXPORTS).glob("*.gguf"):
        try:
            found.append((path.stat().st_mtime, path))
        except OSError:
            continue
    return [model_of_file(path) for _time, path in sorted(found, reverse=True)]
