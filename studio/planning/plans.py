"""The plan that choices stand for: of one training, or of a recipe's trainings as one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from minimind.methods import Needs
from studio.planning.choices import Choices
from studio.planning.data_check import FileCheck
from studio.planning.recipe_plan import RecipePlan
from studio.planning.run_plan import RunPlan
from studio.planning.situation import Situation


def plan_for(
    choices: Choices,
    *,
    situation: Situation,
    files: Mapping[tuple[str, Needs], FileCheck],
    unreadable: Mapping[str, str],
    speeds: Mapping[Hashable, float],
) -> RunPlan:
    """Hold choices against the computer.

    Args:
        choices: what a person chose.
        situation: the computer and the runs.
        files: what is known of data files, by path and kind of rows.
        unreadable: fields that hold no value, with the reason.
        speeds: measured ones, by `RunPlan.speed_key`.
    """
    by_path = {path: check for (path, _needs), check in files.items()}
    if choices.recipe:
        return RecipePlan(
            choices=choices, situation=situation, files=by_path, unreadable=unreadable, checks=files
        )
    return RunPlan(choices=choices, situation=situation, files=by_path, unreadable=unreadable, speeds=speeds)
