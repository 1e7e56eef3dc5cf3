"""Which models can be talked to: checkpoints of the project's runs, exported files, files a person chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from minimind.job import KIND_TRAIN
from minimind.methods import METHODS
from minimind.run_folder import RunFolder
from minimind.text import _
from studio.services.run_service import RunService
from studio.store.records import Run

EXPORTS = "exports"


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """One thing to talk to.

    Attributes:
        path: step folder, Hugging Face folder or .gguf file.
        label: the run's name, or how it was made; the file's.
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
    # without an evaluation there is no best one
    best = run.best_checkpoint if run.best_checkpoint in run.checkpoints else None
    chosen = [last] if best in (None, last) else [best, last]
    return [
        model_of_step(run, step, best=step == best, newest=step == last)
        for step in chosen
        if step is not None
    ]


def stage_model(runs: Sequence[Run], pipeline: Path) -> ChatModel | None:
    """The model of a pipeline's last stage that has one; None when the path is no pipeline's folder."""
    whole = next((run for run in runs if run.folder == pipeline), None)
    stages = [run for run in runs if whole is not None and run.parent == whole.run_id and run.checkpoints]
    last = max(stages, key=lambda run: run.stage or 0, default=None)
    return next(iter(models_of_run(last)), None) if last is not None else None


def model_of_step(run: Run, step: int, *, best: bool = False, newest: bool = False) -> ChatModel:
    """One checkpoint of a run."""
    path = str(RunFolder(run.folder).step_folder(step))
    return ChatModel(path=path, label=_label(run), run_id=run.run_id, step=step, best=best, newest=newest)


def _label(run: Run) -> str:
    """What a person called it; else how it was made of what: a run's id is a name for folders."""
    if run.name != run.run_id or run.method not in METHODS:
        return run.name
    return " · ".join(filter(None, [_(METHODS[run.method].title), run.model]))


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


class ModelShelf:
    """What can be talked to in the project in force. Touches no disk."""

    def __init__(self, runs: RunService, exported: Callable[[], Sequence[ChatModel]]) -> None:
        """
        Args:
            runs: whose checkpoints stand on it.
            exported: the project's exported files as they were last seen.
        """
        self._runs, self._exported = runs, exported
        self._picked: list[str] = []

    def models(self) -> list[ChatModel]:
        """Everything, the newest run first, files last."""
        found = [model for run in self._runs.runs() for model in models_of_run(run)]
        found += self._exported()
        known = {model.path for model in found}
        return found + [model_of_file(Path(path)) for path in self._picked if path not in known]

    def at(self, path: str) -> ChatModel:
        """The model at a path: of a run the best checkpoint, of a pipeline that of its last stage."""
        runs = self._runs.runs()
        stage = stage_model(runs, Path(path))
        if stage is not None:
            return stage
        for run in runs:
            models = models_of_run(run)
            if Path(path) == run.folder and models:
                return models[0]
            steps = {model_of_step(run, step).path: step for step in run.checkpoints}
            if path in steps:
                known = (model for model in models if model.path == path)
                return next(known, model_of_step(run, steps[path]))
        if path not in self._picked:
            self._picked.append(path)
        return model_of_file(Path(path))

    def proposed(self, remembered: str, now: ChatModel | None) -> ChatModel | None:
        """What to talk to when nobody has chosen: the one of last time, else that of the newest finished run.

        Args:
            remembered: path of the last one that a person chose.
            now: what was proposed before; it stays while nothing newer has ended.
        """
        models = self.models()
        ended = [model for model in models if self._has_ended(model)] or models
        last = (model for model in models if model.path == remembered)
        best = next(last, ended[0] if ended else None)
        return now if best is None or (now is not None and best.run_id == now.run_id) else best

    def _has_ended(self, model: ChatModel) -> bool:
        run = self._runs.run(model.run_id) if model.run_id else None
        return run is None or run.state.is_final

    def newest_of(self, model: ChatModel) -> ChatModel | None:
        """The newest checkpoint of its run; None for files."""
        run = self._runs.run(model.run_id) if model.run_id else None
        models = models_of_run(run) if run is not None else []
        return next((found for found in models if found.newest), None)
