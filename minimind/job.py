"""The complete request for one run, and `job.json`, the file that holds it. Immutable once written."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from minimind import __version__
from minimind.errors import BadInput
from minimind.files import read_json, replace_json

VERSION = 1
KIND_TRAIN, KIND_EXPORT, KIND_PIPELINE = "train", "export", "pipeline"


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A source file and how often it counts in one pass (2: twice, 0.5: half of it)."""

    path: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ModelRef:
    """Where the weights come from: a preset (random), or a checkpoint.

    `shape` holds fields of ModelConfig that are to be others than the preset's.
    """

    preset: str | None = None
    checkpoint: str | None = None
    shape: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long: one of the three, or steps or epochs with the minutes that they may take at most."""

    steps: int | None = None
    epochs: float | None = None
    minutes: float | None = None


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """On what: `auto` picks the best device that works."""

    device: str = "auto"
    nproc: int = 1


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A request that a detached process can carry out with nothing else.

    Attributes:
        run_id: unique name, also the folder's.
        kind: train, or another long piece of work (export, pipeline).
        method: training method, for kind train.
        model, data, val_data, tokenizer: what it works on; paths as absolute strings.
        settings: values that differ from the method's defaults.
        budget, hardware, seed: how long, on what, from which seed.
        work: what a kind other than train needs.
        program: the version that wrote it.
    """

    run_id: str
    kind: str = KIND_TRAIN
    method: str = ""
    model: ModelRef = field(default_factory=ModelRef)
    data: tuple[DataFile, ...] = ()
    val_data: str | None = None
    tokenizer: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    hardware: Hardware = field(default_factory=Hardware)
    seed: int = 42
    work: dict[str, Any] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    program: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """As `job.json` holds it."""
        return {"v": VERSION, **asdict(self)}

    def save(self, path: Path) -> None:
        """Write `job.json`."""
        replace_json(path, self.to_dict())

    @classmethod
    def load(cls, path: Path) -> JobSpec:
        """Read `job.json`.

        Raises:
            BadInput: it is missing, unreadable, newer than this program, or not a job.
        """
        value = read_json(path)
        if value is None:
            raise BadInput(
                f"{path} is not a readable job file; is {path.parent} a run folder?", code="no_job"
            )
        if not isinstance(value.get("v"), int) or value["v"] > VERSION:
            raise BadInput(
                f"{path} was written by a newer version of the program; update it", code="newer_job"
            )
        try:
            return cls.from_dict(value)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise BadInput(f"{path} is not a valid job: {error}", code="bad_job") from error

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> JobSpec:
        """From the parsed file; unknown keys are left aside (a newer program may have added them)."""
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        known["model"] = _build(ModelRef, value.get("model"))
        known["budget"] = _build(Budget, value.get("budget"))
        known["hardware"] = _build(Hardware, value.get("hardware"))
        known["data"] = tuple(_build(DataFile, item) for item in value.get("data") or ())
        job = cls(**known)
        for part in (job, job.model, job.budget, job.hardware, *job.data):
            _check_types(part)
        return job

    def with_changes(self, **changes: Any) -> JobSpec:
        """A copy with other values, for a branch or an override."""
        return replace(self, **changes)


def _build(kind: type, value: Any) -> Any:
    value = value or {}
    return kind(**{name: value[name] for name in kind.__dataclass_fields__ if name in value})  # type: ignore[attr-defined]


@cache
def _allowed_types(kind: type) -> dict[str, tuple[type, ...]]:
    found = {}
    for name, hint in get_type_hints(kind).items():
        hints = get_args(hint) if get_origin(hint) is UnionType else (hint,)
        found[name] = tuple(get_origin(one) or one for one in hints)
    return found


def _check_types(part: Any) -> None:
    kind: Any = type(part)
    for name, allowed in _allowed_types(kind).items():
        value = getattr(part, name)
        # JSON writes 3.0 as 3; true is no number
        fits = isinstance(value, (*allowed, int) if float in allowed else allowed)
        if not fits or isinstance(value, bool):
            wanted = " or ".join("null" if one is type(None) else one.__name__ for one in allowed)
            raise ValueError(f"{name} must be {wanted}, not {value!r}")


def new_run_id(label: str) -> str:
    """A folder name that sorts by date, says what it is and is never taken: `20261124-1530-sft-mini-3f2a`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-").lower()[:40] or "run"
    return f"{time.strftime('%Y%m%d-%H%M')}-{plain}-{uuid.uuid4().hex[:4]}"


def parse_data(text: str) -> DataFile:
    """`FILE` or `FILE:WEIGHT`; a colon that belongs to the name stays in it.

    Raises:
        BadInput: a weight that is no positive number.
    """
    head, colon, tail = text.rpartition(":")
    if colon and not Path(text).exists() and re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", tail):
        weight = float(tail) if re.fullmatch(r"[0-9]*\.?[0-9]+(e-?[0-9]+)?", tail) else -1.0
        if not 0 < weight <= 1000:
            raise BadInput(f"--data {text}: the weight must be above 0 and at most 1000, not {tail}")
        return DataFile(path=head, weight=weight)
    return DataFile(path=text)
