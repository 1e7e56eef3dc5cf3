"""A pipeline as the window shows it: the figures are those of the stage at work, else of the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from minimind.job import JobSpec
from studio.store.records import Run
from studio.store.summary import number

# from the end of one stage to the first step of the next
_STARTUP_S = 4.0
_FIGURES = (
    "step",
    "total_steps",
    "loss",
    "lr",
    "grad_norm",
    "tokens",
    "tokens_per_s",
    "memory_bytes",
    "val_loss",
    "bits_per_byte",
    "best_val_loss",
    "best_step",
    "parameters",
    "trainable_parameters",
    "tokens_per_step",
    "device",
    "from_step",
    "sparkline",
)
_PHASE = ("phase", "phase_done", "phase_total", "phase_unit")


def with_stages(pipeline: Run, job: JobSpec, stages: Sequence[Run]) -> Run:
    """A pipeline with the figures of its stages.

    Args:
        pipeline: as its own folder says.
        job: what was asked for.
        stages: those that have begun, in order.
    """
    begun = [stage for stage in stages if stage.attempt]
    if not begun:
        return pipeline
    going = next((stage for stage in begun if stage.state.is_active), None)
    shown = going or begun[-1]
    names = [*_FIGURES, *(_PHASE if going and pipeline.state.is_active else ())]
    return replace(
        pipeline,
        **{name: getattr(shown, name) for name in names},
        wall_s=max(pipeline.wall_s, sum(stage.wall_s for stage in stages)),
        eta_s=_eta_s(going, job) if going and pipeline.state.is_active else None,
    )


def _eta_s(going: Run, job: JobSpec) -> float | None:
    """What the stage at work needs, and the later ones at its pace or for as long as they may take."""
    if going.eta_s is None or going.stage is None:
        return going.eta_s
    left = (going.total_steps or 0) - going.step
    pace = going.eta_s / left if left > 0 else None
    found = going.eta_s
    for description in job.work["stages"][going.stage :]:
        budget = description.get("budget")
        known = budget if isinstance(budget, dict) else {}
        steps, minutes = number(known.get("steps")), number(known.get("minutes"))
        times = [steps * pace] if steps and pace else []
        times += [60 * minutes] if minutes else []
        if not times:
            return None
        found += min(times) + _STARTUP_S
    return found
