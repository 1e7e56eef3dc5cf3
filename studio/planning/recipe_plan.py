"""A plan of several trainings as one: a recipe, its model, and the files of its stages."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from minimind.job import DataFile, Hardware, JobSpec, new_run_id
from minimind.methods import METHODS, Method, Needs
from minimind.recipes import RECIPES, Recipe, Stage, job_for
from minimind.text import _
from studio.planning import problems
from studio.planning.choices import Choices
from studio.planning.data_check import FileCheck
from studio.planning.problems import Problem
from studio.planning.route import Severity, Step
from studio.planning.run_plan import Estimate, RunPlan
from studio.planning.situation import method_title


@dataclass(frozen=True, kw_only=True)
class StagePlan:
    """One stage: what the recipe says of it, its files, and the plan of that training alone."""

    stage: Stage
    files: tuple[DataFile, ...]
    own_files: bool
    plan: RunPlan

    @property
    def title(self) -> str:
        """The method's title."""
        return method_title(self.stage.method)

    @property
    def needs(self) -> Needs:
        """The kind of rows that it learns from."""
        return METHODS[self.stage.method].needs


@dataclass(frozen=True, kw_only=True)
class RecipePlan(RunPlan):
    """As RunPlan, over all stages; `checks` knows files by path and kind of rows."""

    checks: Mapping[tuple[str, Needs], FileCheck] = field(default_factory=dict)

    @property
    def recipe(self) -> Recipe | None:
        """None when this version does not have it."""
        return RECIPES.get(self.choices.recipe or "")

    @property
    def method(self) -> type[Method] | None:
        """Of the first stage."""
        return METHODS.get(self.recipe.stages[0].method) if self.recipe else None

    @cached_property
    def stages(self) -> tuple[StagePlan, ...]:
        """Every stage with the files that it will learn from."""
        return tuple(self._stage(stage) for stage in self.recipe.stages) if self.recipe else ()

    def _stage(self, stage: Stage) -> StagePlan:
        assert self.recipe is not None
        own = self.choices.stage_data.get(stage.name)
        folder = self.recipe.data_dir
        files = own or tuple(DataFile(path=str(folder / name)) for name in stage.data if folder is not None)
        needs = METHODS[stage.method].needs
        checks = {path: check for (path, kind), check in self.checks.items() if kind is needs}
        choices = Choices(
            method=stage.method,
            preset=self.choices.preset,
            data=files,
            settings=dict(stage.settings),
            budget=stage.budget,
            device=self.choices.device,
        )
        plan = RunPlan(choices=choices, situation=self.situation, files=checks)
        return StagePlan(stage=stage, files=files, own_files=own is not None, plan=plan)

    @property
    def wanted_files(self) -> list[tuple[str, Needs]]:
        """Of all stages."""
        return [(file.path, stage.needs) for stage in self.stages for file in stage.files]

    @property
    def has_data(self) -> bool:
        """Every stage has a file."""
        return all(stage.files for stage in self.stages)

    @property
    def changed_settings(self) -> int:
        """Device and seed: the recipe decides the rest."""
        return (self.choices.device != "auto") + (self.choices.seed != Choices().seed)

    def hidden_changes(self) -> int:
        """Device and seed stand among all settings."""
        return self.changed_settings

    # -- judgement -------------------------------------------------------------------------------------

    @cached_property
    def _problems(self) -> list[Problem]:
        return list(self._find())

    def _find(self) -> Iterator[Problem]:
        if self.recipe is None:
            yield Problem(
                step=Step.WHAT,
                field="recipe",
                code="unknown_recipe",
                sentence=_("This version does not know the recipe “{name}”; choose another one.").format(
                    name=self.choices.recipe
                ),
                action=_("Choose what to do"),
                severity=Severity.ERROR,
            )
            return
        yield from problems.model_problems(self.stages[0].plan)
        for stage in self.stages:
            if not stage.files:
                yield Problem(
                    step=Step.DATA,
                    field=f"stage:{stage.stage.name}",
                    code="no_data",
                    sentence=_("Choose at least one data file for “{stage}”.").format(stage=stage.title),
                    action=_("Choose a data file"),
                    severity=Severity.MISSING,
                )
            for file in stage.files:
                yield from problems.file_problems(stage.plan, file.path)
        yield from problems.disk_problems(self)

    @cached_property
    def _estimate(self) -> Estimate | None:
        parts = [stage.plan.estimate() for stage in self.stages]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return None
        largest = max(known, key=lambda part: part.peak_memory_bytes)
        return dataclasses.replace(
            largest,
            seconds=_sum(part.seconds for part in known),
            cost_cny=_sum(part.cost_cny for part in known),
            kwh=_sum(part.kwh for part in known),
            steps=None if (steps := _sum(part.steps for part in known)) is None else round(steps),
            tokens=_sum(part.tokens for part in known),
            passes=None,
            disk_bytes=sum(part.disk_bytes for part in known),
            checkpoints=sum(part.checkpoints for part in known),
        )

    @property
    def speed_key(self) -> Hashable:
        """None: its stages are short, and their speeds differ."""
        return None

    # -- the result ------------------------------------------------------------------------------------

    def to_job(self, run_id: str) -> JobSpec:
        """The request.

        Raises:
            BadInput: a file of the recipe is not there.
        """
        assert self.recipe is not None
        job = job_for(self.recipe.name, model=self.choices.preset, seed=self.choices.seed)
        files = {stage.stage.name: stage.files for stage in self.stages if stage.own_files}
        stages = []
        for item in job.work["stages"]:
            own = [dataclasses.asdict(file) for file in files.get(item["name"], ())]
            stages.append({**item, "data": own or item["data"]})
        return job.with_changes(
            run_id=run_id, hardware=Hardware(device=self.choices.device), work={**job.work, "stages": stages}
        )

    def default_name(self) -> str:
        """The recipe's title, with the model when it is not the recipe's own."""
        if self.recipe is None or self.choices.preset in (None, self.recipe.model):
            return _(self.recipe.title) if self.recipe else ""
        return _("{method} · {model}").format(method=_(self.recipe.title), model=self.choices.preset)

    def new_run_id(self) -> str:
        """Date, recipe, model."""
        return new_run_id(f"{self.choices.recipe}-{self.choices.preset}")

    def command_line(self, out: str) -> str:
        """The same from a shell; empty where own files have no way to be said there."""
        if self.recipe is None or any(stage.own_files for stage in self.stages):
            return ""
        words = ["python", "-m", "minimind", "pipeline", "--recipe", self.recipe.name]
        if self.choices.preset not in (None, self.recipe.model):
            words += ["--model", str(self.choices.preset)]
        return shlex.join([*words, "--out", out])


def _sum(values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if len(known) == len(found) else None
