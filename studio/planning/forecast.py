"""How long a run that waits will take on this computer and what that costs, from its request and its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from minimind.data.rows import Kind
from minimind.device import Device
from minimind.errors import BadInput
from minimind.job import KIND_PIPELINE, KIND_TRAIN, JobSpec
from minimind.methods import method_named
from minimind.model.checkpoint_folder import read_config, resolve
from minimind.model.config import ModelConfig
from minimind.plan import Data, predict, sequence_length
from minimind.presets import shaped
from minimind.recipes.forecast import STARTUP_S
from studio.planning.file_report import bundled_tokenizer
from studio.planning.situation import Situation

# how far the formula is off, about
FORMULA_ERROR = "20%"


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """By the formula; cost in ¥: a card by the hour, on the processor the electricity."""

    seconds: float
    cost: float


def forecast(
    job: JobSpec, devices: Sequence[Device], *, cny_per_hour: float, cny_per_kwh: float
) -> Forecast | None:
    """Predict a run; reads the beginning of its files. None where it cannot be told."""
    device = Situation(devices=tuple(devices)).device(job.hardware.device)
    if device is None or job.kind not in (KIND_TRAIN, KIND_PIPELINE):
        return None
    try:
        config = _config(job)
        found = [
            predict(part, config, _data(part, config), device, cny_per_hour=cny_per_hour)
            for part in _parts(job)
        ]
    except (BadInput, OSError, ValueError, TypeError, KeyError):
        # whoever starts it will say why
        return None
    own = sum(part.cost_cny if device.kind == "cuda" else part.kwh * cny_per_kwh for part in found)
    return Forecast(seconds=sum(part.seconds + STARTUP_S for part in found), cost=own)


def _parts(job: JobSpec) -> list[JobSpec]:
    """The trainings that it consists of."""
    if job.kind == KIND_TRAIN:
        return [job]
    return [
        JobSpec.from_dict({**description, "run_id": job.run_id}).with_changes(model=job.model)
        for description in job.work["stages"]
    ]


def _config(job: JobSpec) -> ModelConfig:
    if job.model.checkpoint:
        return read_config(resolve(job.model.checkpoint))
    return shaped(job.model.preset or "", job.model.shape)


def _data(job: JobSpec, config: ModelConfig) -> Data:
    # with the tokenizer, which the window does without until it is needed
    from minimind.data.facts import combine, look

    tokenizer = bundled_tokenizer()
    needs: Kind = method_named(job.method).needs.value
    looks = [(look(Path(file.path), tokenizer, needs), file.weight) for file in job.data]
    return combine(looks, seq_len=sequence_length(job, config), has_val_data=job.val_data is not None)
