"""Recipes, one file each. RECIPES is the one table: a new recipe is one file and one line here."""

from __future__ import annotations

from pathlib import Path

from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.recipes.first import FIRST
from minimind.recipes.forecast import recipe_seconds, stage_seconds
from minimind.recipes.recipe import Recipe, Stage, job_of_recipe, read_recipe

__all__ = [
    "RECIPES",
    "Recipe",
    "Stage",
    "job_for",
    "job_of_recipe",
    "read_recipe",
    "recipe_named",
    "recipe_seconds",
    "stage_seconds",
]

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (FIRST,)}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in RECIPES:
        raise BadInput(f"--recipe {name!r} is unknown; recipes are {', '.join(RECIPES)}")
    return RECIPES[name]


def job_for(
    recipe_name: str, *, model: str | None = None, data_dir: Path | str | None = None, seed: int = 42
) -> JobSpec:
    """The job of a recipe, to be started like any other.

    Args:
        model: a preset instead of the recipe's own.
        data_dir: where its files lie instead of the recipe's own folder.

    Raises:
        BadInput: no such recipe, preset or file.
    """
    folder = None if data_dir is None else Path(data_dir).absolute()
    return job_of_recipe(recipe_named(recipe_name), model=model, data_dir=folder, seed=seed)
