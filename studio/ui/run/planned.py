"""The plan of a run that waits, in the place of figures that it does not have yet. No Qt here."""

from __future__ import annotations

from typing import Any

from minimind import estimate
from minimind.job import JobSpec
from minimind.presets import PRESETS
from minimind.text import _
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.run.words import Figure


def planned_figures(job: JobSpec, origin: Run | None = None) -> list[Figure]:
    """How long, how large, and the settings that a person looks at first; five of them.

    Args:
        origin: the run whose checkpoint it begins with, if it is known.
    """
    rate = job.settings.get("lr")
    return [
        _length(job),
        _size(job, origin),
        Figure(label=_("Learning rate"), number=fmt.learning_rate(rate) if rate else _("automatic")),
        _counted(job.settings.get("tokens_per_step"), _("Tokens per step")),
        _every(job.settings.get("save_every")),
    ]


def _length(job: JobSpec) -> Figure:
    budget, label = job.budget, _("Length")
    if budget.steps is not None:
        return Figure(label=label, number=fmt.exact(budget.steps), unit=_("steps"))
    if budget.minutes is not None:
        return Figure(label=label, number=fmt.duration(60 * budget.minutes))
    return Figure(label=label, number=fmt.passes(1.0 if budget.epochs is None else budget.epochs))


def _size(job: JobSpec, origin: Run | None) -> Figure:
    label, known = _("Parameters"), PRESETS.get(job.model.preset or "")
    total = estimate.parameters(known.config)[0] if known else origin.parameters if origin else None
    if total is None:
        return Figure(label=label, number=fmt.UNKNOWN, hint=_("as the model that it begins with"))
    number, unit = fmt.count_parts(total)
    sub = known.name if known else origin.name if origin else ""
    return Figure(label=label, number=number, unit=unit, sub=sub, hint=fmt.exact(total))


def _counted(value: Any, label: str) -> Figure:
    if not isinstance(value, int):
        return Figure(label=label, number=_("automatic"))
    number, unit = fmt.count_parts(value)
    return Figure(label=label, number=number, unit=unit, hint=fmt.exact(value))


def _every(value: Any) -> Figure:
    label = _("Save every")
    if not isinstance(value, int):
        return Figure(label=label, number=_("automatic"))
    return Figure(label=label, number=fmt.exact(value), unit=_("steps"))
