"""What a new plan begins with: what another page asked for, and for the rest what suits this computer."""

from __future__ import annotations

from collections.abc import Mapping

from minimind.methods import METHODS, Needs, StartsFrom
from minimind.methods.method import TrainSettings
from minimind.recipes import RECIPES
from studio.planning.choices import Choices
from studio.planning.situation import Situation

_KEPT = TrainSettings().keep_checkpoints


def first_choices(
    prefill: Mapping[str, object],
    situation: Situation,
    *,
    device: str = "auto",
    keep_checkpoints: int = _KEPT,
) -> Choices:
    """Fill in a plan.

    Args:
        prefill: fields of Choices as plain values; what is missing or has the wrong type is filled in.
        situation: the computer and the runs to start from.
        device, keep_checkpoints: what the person prefers where nobody asked for something else.

    Returns:
        Choices with a method and a model; data is only what was given.
    """
    choices = Choices.from_dict({"device": device, **prefill})
    if choices.recipe is not None:
        return with_recipe(choices, choices.recipe)
    if choices.method is None:
        choices = choices.with_changes(method="sft" if choices.checkpoint else "pretrain")
    if choices.preset is None and choices.checkpoint is None:
        method = METHODS.get(choices.method or "")
        tunes = method is not None and method.starts_from is StartsFrom.CHECKPOINT
        latest = next(iter(situation.start_points), None) if tunes else None
        choices = choices.with_changes(**({"checkpoint": latest} if latest else {"preset": situation.preset}))
    if "keep_checkpoints" not in choices.settings:
        choices = choices.with_setting("keep_checkpoints", max(_KEPT, keep_checkpoints), _KEPT)
    return choices


def needs_of(choices: Choices) -> Needs:
    """The kind of rows that the chosen method learns from; text until there is one."""
    method = METHODS.get(choices.method or "")
    return method.needs if method else Needs.TEXT


def with_recipe(choices: Choices, name: str) -> Choices:
    """A recipe instead of a method, with its own model unless a preset was chosen on purpose."""
    recipe = RECIPES.get(name)
    changed = choices.with_changes(recipe=name)
    if recipe is not None and (changed.preset is None or choices.method is not None):
        return changed.with_changes(preset=recipe.model)
    return changed


def with_method(choices: Choices, name: str, situation: Situation) -> Choices:
    """Another method; a model that nobody chose on purpose follows it: tuning begins with the latest run."""
    method = METHODS[name]
    changed = choices.with_changes(method=name)
    recipe = RECIPES.get(choices.recipe or "")
    if recipe is not None and choices.preset == recipe.model:
        changed = changed.with_changes(preset=situation.preset)
    by_itself = choices.checkpoint is None and changed.preset in (None, situation.preset)
    latest = next(iter(situation.start_points), None)
    if method.starts_from is StartsFrom.CHECKPOINT and latest and by_itself:
        return changed.with_changes(checkpoint=latest)
    if method.starts_from is StartsFrom.SCRATCH and choices.checkpoint is not None:
        return changed.with_changes(preset=situation.preset)
    return changed
