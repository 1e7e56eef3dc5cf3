"""`pipeline`: a recipe from its first stage to its last."""

from __future__ import annotations

import argparse
from pathlib import Path

from minimind.cli import print_json
from minimind.cli.job_arguments import check_usable
from minimind.cli.made_folder import make_run_folder, take_back
from minimind.errors import BadInput
from minimind.job import KIND_PIPELINE, JobSpec
from minimind.methods import method_named
from minimind.pipeline.stages import stages_of
from minimind.recipes import RECIPES, job_of_recipe, read_recipe, recipe_named
from minimind.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `pipeline`."""
    parser.add_argument("file", nargs="?", metavar="RECIPE.json", help="a recipe of your own")
    parser.add_argument("--recipe", help=", ".join(RECIPES))
    parser.add_argument("--model", metavar="PRESET", help="instead of the recipe's own")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the recipe's files lie")
    parser.add_argument("--out", required=True, metavar="RUN_FOLDER", help="its stages are written beside it")
    parser.add_argument("--resume", action="store_true", help="go on at the first stage that is not finished")
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Carry the recipe out; its stages are processes of their own."""
    folder = RunFolder(Path(options.out).absolute())
    made: list[Path] = []
    if options.resume and folder.exists():
        _check_same(folder, options)
    else:
        made = make_run_folder(folder, lambda: _job(folder, options), resume=options.resume)
    from minimind.pipeline.run import execute

    try:
        result = execute(folder, resume=options.resume, overrides={}, quiet=options.json)
    except BadInput:
        if made:
            stages = stages_of(folder, JobSpec.load(folder.job_file))
            take_back([*(stage.folder.path for stage in stages), *made])
        raise
    if options.json:
        print_json(result.values)
    return result.exit_status


def _job(folder: RunFolder, options: argparse.Namespace) -> JobSpec:
    if (options.file is None) == (options.recipe is None):
        raise BadInput(f"give a recipe file, or --recipe {'|'.join(RECIPES)}")
    recipe = recipe_named(options.recipe) if options.recipe else read_recipe(Path(options.file))
    data_dir = Path(options.data_dir).absolute() if options.data_dir else None
    if data_dir is not None and not data_dir.is_dir():
        raise BadInput(f"--data-dir {options.data_dir} is not a folder")
    job = job_of_recipe(recipe, model=options.model, data_dir=data_dir)
    for stage, description in zip(stages_of(folder, job), job.work["stages"], strict=True):
        if stage.folder.path.exists():
            raise BadInput(f"{stage.folder.path} is there already; choose another --out")
        for item in description["data"]:
            check_usable(Path(item["path"]), method_named(description["method"]))
    return job


def _check_same(folder: RunFolder, options: argparse.Namespace) -> None:
    """A resume carries out what job.json says; another recipe or model would be another pipeline.

    Raises:
        BadInput: names the flag that asks for one.
    """
    job = JobSpec.load(folder.job_file)
    if job.kind != KIND_PIPELINE:
        raise BadInput(f"{folder.path} is no pipeline; use `run {folder.path} --resume`")
    if options.file is not None:
        options.recipe = read_recipe(Path(options.file)).name
    for flag, asked, before in (
        ("--recipe", options.recipe, job.work.get("recipe")),
        ("--model", options.model, job.work.get("model")),
    ):
        if asked is not None and asked != before:
            raise BadInput(f"{flag} cannot change on resume (it was {before}); choose another --out")
