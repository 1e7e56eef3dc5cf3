"""The plan of a run: choices held against this computer; what is wrong, what it costs, the job it makes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from minimind import estimate as arithmetic
from minimind import plan as engine
from minimind.data.facts import HELDOUT_DOCUMENTS, HELDOUT_SHARE, FileFacts, combine
from minimind.device import Device
from minimind.errors import BadInput
from minimind.job import Hardware, JobSpec, ModelRef, new_run_id
from minimind.methods import METHODS, Method, Needs
from minimind.model.config import ModelConfig
from minimind.options import build, options_of
from minimind.plan import Prediction, Resolved
from minimind.presets import PRESETS, shaped
from minimind.recipes import Recipe
from minimind.text import _
from studio.planning import problems
from studio.planning.choices import Choices
from studio.planning.command_line import command_line
from studio.planning.data_check import FileCheck
from studio.planning.problems import Problem
from studio.planning.route import Severity
from studio.planning.situation import Situation, StartPoint, method_title

# stands in for files that are not read yet, so that memory and disk can be told before they are
_UNKNOWN = engine.Data(tokens=4_000_000, rows=8_000)


@dataclass(frozen=True, kw_only=True)
class DataTotals:
    """What the files amount to.

    Attributes:
        looks: what is known of each training file, and its weight.
        heldout_documents, heldout_tokens: set aside, or in the file given for it.
        complete: every file was read to its end, so that the counts are exact.
    """

    looks: tuple[tuple[FileFacts, float], ...]
    heldout_documents: int
    heldout_tokens: int
    complete: bool

    @property
    def heldout_share(self) -> float | None:
        """Part of the documents that is set aside; None where there are none."""
        documents = sum(facts.documents for facts, _weight in self.looks)
        return self.heldout_documents / documents if documents else None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a run will need; None where the data is not known yet.

    Attributes:
        resolved: the values that `auto` stands for.
        device: where it will run; its free and total memory are what `memory` is held against.
        parameters, active_parameters: all weights, and those that one token passes through.
        memory: bytes by part.
        seconds, cost_cny, kwh: of the whole run.
        steps, tokens, passes: updates, tokens learnt from, how often each row is seen.
        tokens_per_parameter: by the weights that a token passes through.
        disk_bytes, checkpoint_bytes, checkpoints: the most that will lie on disk; of it, each and how many.
        measured: the time comes from steps that were made on this machine, not from the formula.
    """

    resolved: Resolved
    device: Device
    parameters: int
    active_parameters: int
    memory: dict[str, int]
    seconds: float | None
    cost_cny: float | None
    kwh: float | None
    steps: int | None
    tokens: float | None
    passes: float | None
    disk_bytes: int
    checkpoint_bytes: int
    checkpoints: int
    measured: bool = False

    @property
    def peak_memory_bytes(self) -> int:
        """All parts together."""
        return sum(self.memory.values())

    @property
    def tokens_per_parameter(self) -> float | None:
        """About 20 is where a larger model would begin to pay."""
        return None if self.tokens is None else self.tokens / self.active_parameters

    @property
    def micro_batches(self) -> int:
        """Forwards in one step."""
        return math.ceil(self.resolved.rows_per_step / self.resolved.micro_batch)


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """One state of the wizard. Made anew on every change; everything is computed once and on demand."""

    choices: Choices = field(default_factory=Choices)
    situation: Situation = field(default_factory=Situation)
    files: Mapping[str, FileCheck] = field(default_factory=dict)
    # settings whose field holds no value at all: name → why, as the form says it
    unreadable: Mapping[str, str] = field(default_factory=dict)
    # tokens a second of plans that were measured, by `speed_key`
    speeds: Mapping[Hashable, float] = field(default_factory=dict)

    # -- what the choices mean -------------------------------------------------------------------------

    @property
    def recipe(self) -> Recipe | None:
        """The recipe, where several trainings are planned as one (`RecipePlan`)."""
        return None

    @property
    def wanted_files(self) -> list[tuple[str, Needs]]:
        """Every file that has to be read, and for which kind of rows."""
        needs = self.method.needs if self.method else Needs.TEXT
        return [(path, needs) for path in self.choices.files]

    @property
    def has_data(self) -> bool:
        """At least one file to learn from is chosen."""
        return bool(self.choices.data)

    @property
    def method(self) -> type[Method] | None:
        """The chosen method, when this version has it."""
        return METHODS.get(self.choices.method or "")

    @cached_property
    def start_point(self) -> StartPoint | None:
        """The run, or the folder from elsewhere, to go on from, when it is there."""
        return self.situation.start_point(self.choices.checkpoint or "")

    @property
    def config(self) -> ModelConfig | None:
        """The model's shape, when a model is chosen and can be read."""
        if self.choices.checkpoint:
            return self.start_point.config if self.start_point else None
        return self._shape[0]

    @property
    def shape_fault(self) -> str:
        """Why the numbers of a shape of one's own do not go together, in the engine's words; else empty."""
        return self._shape[1]

    @cached_property
    def _shape(self) -> tuple[ModelConfig | None, str]:
        if self.choices.preset not in PRESETS:
            return None, ""
        try:
            return shaped(self.choices.preset, self.choices.shape), ""
        except BadInput as error:
            return None, str(error)

    @property
    def device(self) -> Device | None:
        """Where it will run."""
        return self.situation.device(self.choices.device)

    @property
    def changed_settings(self) -> int:
        """How many settings are not what they would be by themselves."""
        budget = self.choices.budget
        others = (self.choices.device != "auto") + (self.choices.seed != Choices().seed)
        lengths = any(value is not None for value in (budget.steps, budget.epochs, budget.minutes))
        return len(self.choices.settings) + others + lengths

    def hidden_changes(self) -> int:
        """How many of them the simple form does not show."""
        if self.method is None:
            return 0
        advanced = {item.name for item in options_of(self.method.settings) if item.option.advanced}
        others = (self.choices.device != "auto") + (self.choices.seed != Choices().seed)
        return len(advanced & self.choices.settings.keys()) + others

    @cached_property
    def data(self) -> DataTotals | None:
        """What the files amount to; None while one is still being read or none can be used."""
        reports = [(self.files.get(file.path), file.weight) for file in self.choices.data]
        known = [(check, weight) for check, weight in reports if check is not None and not check.is_reading]
        looks = [
            (check.facts, weight)
            for check, weight in known
            if check.facts is not None and 0 < weight <= problems.MAX_WEIGHT
        ]
        documents = sum(facts.documents for facts, _weight in looks)
        if not documents or len(known) < len(reports):
            return None
        held = int(min(max(documents * HELDOUT_SHARE, 64), HELDOUT_DOCUMENTS, documents // 10))
        tokens = 0
        if self.choices.val_data is not None:
            given = self.files.get(self.choices.val_data)
            facts = given.facts if given else None
            held, tokens = (facts.documents, facts.tokens) if facts else (0, 0)
        return DataTotals(
            looks=tuple(looks),
            heldout_documents=held,
            heldout_tokens=tokens,
            complete=not any(check.stopped for check, _weight in known),
        )

    # -- judgement -------------------------------------------------------------------------------------

    def problems(self) -> list[Problem]:
        """What is missing, wrong or worth knowing, in the order of the steps."""
        return self._problems

    def estimate(self) -> Estimate | None:
        """What it will take; None while method, model or device are open or a setting is refused."""
        return self._estimate

    @property
    def first_obstacle(self) -> Problem | None:
        """What the start button names and leads to."""
        return next((problem for problem in self.problems() if problem.severity.forbids), None)

    @property
    def can_start(self) -> bool:
        """Nothing forbids it."""
        return self.first_obstacle is None

    @property
    def verdict(self) -> Severity | None:
        """The worst of the problems; None when there is none."""
        found = {problem.severity for problem in self.problems()}
        return next(
            (level for level in (Severity.ERROR, Severity.MISSING, Severity.WARNING) if level in found), None
        )

    @property
    def refusal(self) -> str:
        """Why the engine cannot resolve the job although each choice is possible; empty when it can."""
        return self._predicted[1]

    @cached_property
    def _problems(self) -> list[Problem]:
        return problems.find(self)

    @cached_property
    def _predicted(self) -> tuple[Prediction | None, str]:
        if self.method is None or self.config is None or self.device is None:
            return None, ""
        try:
            job = self.to_job("plan")
            build(self.method.settings, job.settings)
            seq_len = engine.sequence_length(job, self.config)
            data = self._engine_data(seq_len)
            price = self.situation.cny_per_hour
            found = engine.predict(job, self.config, data, self.device, cny_per_hour=price)
            measured = self.speeds.get(self._speed_key(found.resolved))
            if measured is not None:
                found = engine.predict(
                    job, self.config, data, self.device, cny_per_hour=price, tokens_per_s=measured
                )
            return found, ""
        except BadInput as error:
            return None, str(error)

    def _engine_data(self, seq_len: int) -> engine.Data:
        if self.data is None:
            return _UNKNOWN
        given = self.choices.val_data is not None
        data = combine(self.data.looks, seq_len=seq_len, has_val_data=given)
        return dataclasses.replace(data, heldout_tokens=self.data.heldout_tokens) if given else data

    @cached_property
    def _estimate(self) -> Estimate | None:
        predicted = self._predicted[0]
        if predicted is None or self.config is None or self.device is None:
            return None
        budget = self.choices.budget
        length_known = self.data is not None or budget.steps is not None
        time_known = length_known or budget.minutes is not None
        return Estimate(
            resolved=predicted.resolved,
            device=self.device,
            parameters=predicted.parameters,
            active_parameters=arithmetic.parameters(self.config)[1],
            memory=predicted.memory,
            seconds=predicted.seconds if time_known else None,
            cost_cny=self._cost(predicted) if time_known else None,
            kwh=predicted.kwh if time_known else None,
            steps=predicted.steps if length_known else None,
            tokens=predicted.tokens if length_known else None,
            passes=predicted.epochs if self.data is not None else None,
            disk_bytes=predicted.disk_bytes,
            checkpoint_bytes=arithmetic.checkpoint_bytes(self.config, predicted.resolved.optimizer),
            # those that are kept, the best one, and the one that is being written
            checkpoints=predicted.resolved.keep_checkpoints + 2,
            measured=self.speed_key in self.speeds,
        )

    @property
    def speed_key(self) -> Hashable:
        """What the speed depends on: a measurement holds for every plan with the same key."""
        predicted = self._predicted[0]
        return None if predicted is None else self._speed_key(predicted.resolved)

    def _speed_key(self, resolved: Resolved) -> Hashable:
        return (
            self.choices.method,
            self.config,
            self.device.label if self.device else "",
            tuple(self.choices.files),
            resolved.seq_len,
            resolved.rows_per_step,
            resolved.micro_batch,
            resolved.precision,
            resolved.compile,
            resolved.optimizer,
        )

    def _cost(self, predicted: Prediction) -> float:
        # a card has a price per hour, bought or rented; on the processor only the electricity counts
        on_card = self.device is not None and self.device.kind == "cuda"
        return predicted.cost_cny if on_card else predicted.kwh * self.situation.cny_per_kwh

    # -- the result ------------------------------------------------------------------------------------

    def to_job(self, run_id: str) -> JobSpec:
        """The request for the trainer; what is automatic stays so, and it decides by the same rules."""
        point = self.start_point
        return JobSpec(
            run_id=run_id,
            method=self.choices.method or "",
            model=ModelRef(
                preset=self.choices.preset,
                checkpoint=str(point.folder) if point else None,
                shape=dict(self.choices.shape) or None,
            ),
            data=self.choices.data,
            val_data=self.choices.val_data,
            settings=dict(self.choices.settings),
            budget=self.choices.budget,
            hardware=Hardware(device=self.choices.device),
            seed=self.choices.seed,
        )

    def default_name(self) -> str:
        """What the run is called when the person does not call it anything: method and model."""
        start = self.choices.preset or (self.start_point.name if self.start_point else "")
        title = method_title(self.choices.method or "")
        return _("{method} · {model}").format(method=title, model=start)

    def new_run_id(self) -> str:
        """A fresh name for the run folder: date, method, model."""
        start = self.choices.preset or (self.start_point.name if self.start_point else "")
        return new_run_id(f"{self.choices.method}-{start}")

    def command_line(self, out: str) -> str:
        """The same run from a shell; `out` is the run folder."""
        return command_line(self.to_job(""), out)
