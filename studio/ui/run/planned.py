"""The plan of a run that waits, in the place of figures that it does not have yet. No Qt here."""

from __future__ import annotations

from typing import Any

from minimind import estimate
from minimind.job import KIND_PIPELINE, JobSpec
from minimind.presets import PRESETS
from minimind.text import _
from studio.planning.forecast import FORMULA_ERROR, Forecast
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.run.words import Figure, method_title


def planned_figures(
    job: JobSpec, origin: Run | None = None, expected: Forecast | None = None
) -> list[Figure]:
    """How long, how large, and the settings that a person looks at first; five of them.

    Args:
        origin: the run whose checkpoint it begins with, if it is known.
        expected: how long it will take, once that is known.
    """
    rate, recipe = job.settings.get("lr"), job.kind == KIND_PIPELINE
    itself = _("as in the recipe") if recipe else _("automatic")
    return [
        _time(expected),
        _stages(job) if recipe else _length(job),
        _size(job, origin),
        Figure(label=_("Learning rate"), number=fmt.learning_rate(rate) if rate else itself),
        _counted(job.settings.get("tokens_per_step"), _("Tokens per step"), itself),
    ]


def _time(expected: Forecast | None) -> Figure:
    label = _("Time")
    if expected is None:
        return Figure(label=label, number=fmt.UNKNOWN)
    return Figure(
        label=label,
        number=fmt.estimate(expected.seconds),
        sub=fmt.money(expected.cost),
        hint=_("Estimated by formula, within about {share}").format(share=FORMULA_ERROR),
    )


def _stages(job: JobSpec) -> Figure:
    methods = [str(stage.get("method", "")) for stage in job.work.get("stages", ())]
    titles = " › ".join(method_title(method) for method in methods)
    return Figure(label=_("Stages"), number=fmt.exact(len(methods)), sub=titles, hint=titles)


def _length(job: JobSpec) -> Figure:
    budget, label = job.budget, _("Length")
    most = "" if budget.minutes is None else fmt.duration(60 * budget.minutes)
    if most and budget.steps is None and budget.epochs is None:
        return Figure(label=label, number=most)
    limit = _("at most {time}").format(time=most) if most else ""
    if budget.steps is not None:
        return Figure(label=label, number=fmt.exact(budget.steps), unit=_("steps"), sub=limit)
    return Figure(label=label, number=fmt.passes(1.0 if budget.epochs is None else budget.epochs), sub=limit)


def _size(job: JobSpec, origin: Run | None) -> Figure:
    label, known = _("Parameters"), PRESETS.get(job.model.preset or "")
    total = estimate.parameters(known.config)[0] if known else origin.parameters if origin else None
    if total is None:
        return Figure(label=label, number=fmt.UNKNOWN, hint=_("as the model that it begins with"))
    number, unit = fmt.count_parts(total)
    sub = known.name if known else origin.name if origin else ""
    return Figure(label=label, number=number, unit=unit, sub=sub, hint=fmt.exact(total))


def _counted(value: Any, label: str, itself: str) -> Figure:
    if not isinstance(value, int):
        return Figure(label=label, number=itself)
    number, unit = fmt.count_parts(value)
    return Figure(label=label, number=number, unit=unit, hint=fmt.exact(value))
