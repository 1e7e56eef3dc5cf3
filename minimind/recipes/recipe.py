"""What a recipe is: stages, each a training that begins with the one before, and the job for them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.files import read_json
from minimind.job import (
    KIND_PIPELINE,
    KIND_TRAIN,
    Budget,
    DataFile,
    JobSpec,
    ModelRef,
    new_run_id,
    parse_data,
)
from minimind.methods import method_named
from minimind.options import build
from minimind.plan import check_budget
from minimind.presets import preset

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MOST_STAGES = 20


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One training of a recipe.

    Attributes:
        name: part of the name of its run folder, lower case.
        kind: of its job.
        method: training method, for kind train.
        data: files in the recipe's data folder, `FILE` or `FILE:WEIGHT`.
        settings: values that differ from the method's defaults.
        budget: how long.
    """

    name: str
    kind: str = KIND_TRAIN
    method: str = ""
    data: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The way from nothing to a model.

    Attributes:
        name: as on the command line.
        title, summary: English msgids; the words of a person's own recipe stay as they are.
        stages: each begins with the checkpoint of the one before it, the first with random weights.
        model: the preset, unless another one is asked for.
        data_dir: where the files lie, unless another folder is given; None: it must be given.
    """

    name: str
    title: str
    summary: str
    stages: tuple[Stage, ...]
    model: str
    data_dir: Path | None = None


def read_recipe(path: Path) -> Recipe:
    """A person's own recipe: the fields of `Recipe` as JSON; its files lie beside it unless it says where.

    Raises:
        BadInput: no JSON object, or a field that is missing, unknown or of the wrong kind.
    """
    value = read_json(path)
    if value is None:
        reason = "is not a readable JSON object" if path.exists() else "does not exist"
        raise BadInput(f"{path} {reason}; a recipe holds name, model and stages")
    here = path.parent.absolute()
    stages = value.get("stages")
    if not isinstance(stages, list) or not stages:
        raise BadInput(f"{path}: stages must be a list of at least one stage")
    _refuse_unknown(value, Recipe, str(path))
    try:
        return Recipe(
            name=_text(value, "name", default=path.stem.lower()),
            title=_text(value, "title"),
            summary=_text(value, "summary"),
            stages=tuple(_stage(item, f"stage {number}") for number, item in enumerate(stages, start=1)),
            model=_text(value, "model", default="mini"),
            data_dir=here / _text(value, "data_dir"),
        )
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error


def _stage(value: Any, where: str) -> Stage:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be an object")
    _refuse_unknown(value, Stage, where)
    data, settings, budget = value.get("data", []), value.get("settings", {}), value.get("budget", {})
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise ValueError(f"{where}: data must be a list of file names")
    if not isinstance(settings, dict) or not isinstance(budget, dict):
        raise ValueError(f"{where}: settings and budget must be objects")
    _refuse_unknown(budget, Budget, f"{where}: budget")
    method = _text(value, "method")
    return Stage(
        name=_text(value, "name", default=method),
        kind=_text(value, "kind", default=KIND_TRAIN),
        method=method,
        data=tuple(data),
        settings=settings,
        budget=Budget(**budget),
    )


def _text(value: dict[str, Any], name: str, *, default: str = "") -> str:
    found = value.get(name, default)
    if not isinstance(found, str):
        raise ValueError(f"{name} must be a text, not {found!r}")
    return found or default


def _refuse_unknown(value: dict[str, Any], kind: Any, where: str) -> None:
    known = [item.name for item in dataclasses.fields(kind)]
    unknown = sorted(value.keys() - set(known))
    if unknown:
        raise BadInput(f"{where}: {unknown[0]} is unknown; there are {', '.join(known)}")


def job_of_recipe(
    recipe: Recipe, *, model: str | None = None, data_dir: Path | None = None, seed: int = 42
) -> JobSpec:
    """The job that carries a recipe out: `work` holds every stage with nothing left to look up.

    Args:
        model: a preset instead of the recipe's own.
        data_dir: where the files lie instead of the recipe's own folder.

    Raises:
        BadInput: no such preset or file, or a stage that is none; it names which.
    """
    chosen = preset(model or recipe.model).name
    folder = data_dir or recipe.data_dir
    if folder is None:
        raise BadInput(f"recipe {recipe.name} brings no data; say with --data-dir where it lies")
    if not _NAME.fullmatch(recipe.name):
        raise BadInput(f"a recipe cannot be called {recipe.name!r}: letters a to z, digits and - only")
    if not 1 <= len(recipe.stages) <= MOST_STAGES:
        raise BadInput(f"recipe {recipe.name} must have 1 to {MOST_STAGES} stages")
    stages = [_described(stage, folder) for stage in recipe.stages]
    return JobSpec(
        run_id=new_run_id(f"{recipe.name}-{chosen}"),
        kind=KIND_PIPELINE,
        model=ModelRef(preset=chosen),
        seed=seed,
        work={"recipe": recipe.name, "model": chosen, "stages": stages},
    )


def _described(stage: Stage, folder: Path) -> dict[str, Any]:
    where = f"stage {stage.name or '?'}"
    if not _NAME.fullmatch(stage.name):
        raise BadInput(f"a stage cannot be called {stage.name!r}: letters a to z, digits and - only")
    if stage.kind != KIND_TRAIN:
        raise BadInput(f"{where} is of kind {stage.kind!r}; this version knows {KIND_TRAIN}")
    method = method_named(stage.method)
    build(method.settings, dict(stage.settings))
    check_budget(stage.budget)
    if not stage.data:
        raise BadInput(f"{where} has no data")
    files = [_file(folder, text, where) for text in stage.data]
    return {
        "name": stage.name,
        "kind": stage.kind,
        "method": stage.method,
        "data": [dataclasses.asdict(item) for item in files],
        "settings": dict(stage.settings),
        "budget": dataclasses.asdict(stage.budget),
    }


def _file(folder: Path, text: str, where: str) -> DataFile:
    given = parse_data(str((folder / text).absolute()))
    if not Path(given.path).is_file():
        raise BadInput(f"{where} needs {given.path}, which is not there")
    return given
