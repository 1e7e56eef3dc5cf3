"""Choices that fit into the memory there is, as near as possible to those a person made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from minimind.estimate import parameters
from minimind.presets import PRESETS
from minimind.text import _
from studio.planning.choices import Choices
from studio.planning.run_plan import RunPlan
from studio.planning.what_fits import USABLE

# rows shorter than this hold hardly a paragraph
LEAST_SEQ_LEN = 128


def fitting(plan: RunPlan) -> Choices | None:
    """The smallest change that makes a plan fit: fewer rows at once, then shorter rows, then a smaller model.

    Returns:
        None when the plan fits already, or nothing that may be changed would help.
    """
    if _fits(plan):
        return None
    tries = (dataclasses.replace(plan, choices=choices) for choices in _smaller(plan))
    return next((tried.choices for tried in tries if tried.estimate() is not None and _fits(tried)), None)


def changes_between(before: Choices, after: Choices) -> str:
    """What is another choice now, as people read it: `minimind2-small, micro-batch 1`."""
    parts = [after.preset] if after.preset and after.preset != before.preset else []
    for name, label in (("micro_batch", _("micro-batch {n}")), ("seq_len", _("sequence length {n}"))):
        value = after.settings.get(name)
        if value != before.settings.get(name):
            parts.append(label.format(n=_("automatic") if value is None else value))
    return _(", ").join(parts)


def _fits(plan: RunPlan) -> bool:
    estimate = plan.estimate()
    return estimate is None or estimate.peak_memory_bytes <= USABLE * estimate.device.memory_bytes


def _smaller(plan: RunPlan) -> Iterator[Choices]:
    choices, estimate = plan.choices, plan.estimate()
    assert estimate is not None
    yield choices.with_setting("micro_batch", None, None)
    one_row = choices.with_setting("micro_batch", 1, None)
    yield one_row
    seq_len = estimate.resolved.seq_len
    while seq_len > LEAST_SEQ_LEN:
        seq_len = max(LEAST_SEQ_LEN, seq_len // 2)
        yield choices.with_setting("micro_batch", None, None).with_setting("seq_len", seq_len, None)
        yield one_row.with_setting("seq_len", seq_len, None)
    if choices.preset is not None:
        free = choices.with_setting("micro_batch", None, None).with_setting("seq_len", None, None)
        sizes = {name: parameters(preset.config)[0] for name, preset in PRESETS.items()}
        for name in sorted(sizes, key=lambda name: -sizes[name]):
            if sizes[name] < estimate.parameters:
                yield free.with_changes(preset=name)
