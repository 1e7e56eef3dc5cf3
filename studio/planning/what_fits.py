"""Which presets this machine can train, how long they take and what they cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from minimind.device import Device
from minimind.estimate import parameters
from minimind.job import Hardware, JobSpec, ModelRef
from minimind.plan import Data, predict
from minimind.presets import PRESETS

SHOWN = ("mini", "minimind2-small", "minimind3", "minimind2", "minimind2-moe")
FIRST_MODEL = "mini"
# what a model of a size makes use of: Hoffmann et al. 2022, "Training Compute-Optimal Large
# Language Models"
TOKENS_PER_PARAMETER = 20
# beyond this a first try is no fun
PATIENCE_S = 2 * 3600.0
# part of the memory that a run may take: the desktop and the driver want some
USABLE = 0.95


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One preset on this machine; memory in bytes, cost in ¥."""

    preset: str
    parameters: int
    memory_bytes: int
    memory_total: int
    seconds: float
    cost: float
    fits: bool
    recommended: bool = False


def what_fits(
    device: Device, *, cny_per_hour: float, cny_per_kwh: float, presets: Sequence[str] = SHOWN
) -> list[Fit]:
    """Predict each preset on a device, trained on 20 tokens a parameter.

    The largest one that is trained within two hours is recommended, else the smallest.
    """
    found = [_fit(name, device, cny_per_hour, cny_per_kwh) for name in presets]
    quick = [fit for fit in found if fit.fits and fit.seconds <= PATIENCE_S]
    best = max(quick, key=lambda fit: fit.parameters, default=found[0])
    return [dataclasses.replace(fit, recommended=fit is best) for fit in found]


def _fit(name: str, device: Device, cny_per_hour: float, cny_per_kwh: float) -> Fit:
    preset = PRESETS[name]
    tokens = TOKENS_PER_PARAMETER * preset_parameters(name)
    prediction = predict(
        JobSpec(run_id="fit", method="pretrain", model=ModelRef(preset=name), hardware=Hardware()),
        preset.config,
        Data(tokens=tokens, rows=max(1, tokens // preset.seq_len)),
        device,
        cny_per_hour=cny_per_hour,
    )
    memory = prediction.peak_memory_bytes
    paid = prediction.cost_cny if device.kind == "cuda" else prediction.kwh * cny_per_kwh
    return Fit(
        preset=name,
        parameters=prediction.parameters,
        memory_bytes=memory,
        memory_total=device.memory_bytes,
        seconds=prediction.seconds,
        cost=paid,
        fits=memory <= USABLE * device.memory_bytes,
    )


def preset_parameters(name: str) -> int:
    """How many weights a preset has."""
    return parameters(PRESETS[name].config)[0]
