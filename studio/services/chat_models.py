"""Which models can be talked to: checkpoints of the project's runs, exported files, files a person chose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from minimind.job import KIND_TRAIN
from minimind.run_folder import RunFolder
from studio.store.records import Run

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


def models_of_run(run: Run) -> list[ChatModel]:
    """The best and the newest checkpoint of a run, the better one first; one entry when they are the same."""
    if run.kind != KIND_TRAIN or run.trashed or not run.checkpoints:
        return []
    last = run.last_checkpoint if run.last_checkpoint in run.checkpoints else run.checkpoints[-1]
    best = run.best_checkpoint if run.best_checkpoint in run.checkpoints else last
    chosen = [best] if best == last else [best, last]
    return [
        model_of_step(run, step, best=step == best, newest=step == last)
        for step in chosen
        if step is not None
    ]


def model_of_step(run: Run, step: int, *, best: bool = False, newest: bool = False) -> ChatModel:
    """One checkpoint of a run."""
    path = str(RunFolder(run.folder).step_folder(step))
    return ChatModel(path=path, label=run.name, run_id=run.run_id, step=step, best=best, newest=newest)


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
