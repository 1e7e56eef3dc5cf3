"""`train`: a run folder, or flags that make one."""

from __future__ import annotations

import argparse
from pathlib import Path

from minimind.cli import print_json
from minimind.cli.job_arguments import add_job_arguments, budget_of, job_of, settings_of, shape_of
from minimind.cli.made_folder import make_run_folder, take_back
from minimind.errors import BadInput
from minimind.job import JobSpec, ModelRef, parse_data
from minimind.methods import method_named
from minimind.presets import PRESETS
from minimind.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `train`."""
    parser.add_argument("folder", nargs="?", help="a run folder with job.json")
    add_job_arguments(parser)
    parser.add_argument("--out", metavar="RUN_FOLDER", help="where the run is written")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Train in this process until it ends or is stopped."""
    if (options.folder is None) == (options.out is None):
        raise BadInput("give a run folder, or --method, --model, --data and --out")
    folder = RunFolder(Path(options.folder or options.out).absolute())
    if options.folder is not None and not folder.exists():
        raise BadInput(f"{options.folder} holds no job.json, so it is no run folder")
    made: list[Path] = []
    if options.out is not None and not (options.resume and folder.exists()):
        made = make_run_folder(folder, lambda: job_of(options), resume=options.resume)
    overrides = _overrides(options) if options.resume else {}
    from minimind.training.run import execute

    try:
        result = execute(folder, resume=options.resume, overrides=overrides, quiet=options.json)
    except BadInput:
        take_back(made)
        raise
    if options.json:
        print_json(result.values)
    return result.exit_status


def _overrides(options: argparse.Namespace) -> dict[str, object]:
    """What this attempt changes; what may not change must be left out or be the same.

    Raises:
        BadInput: names the flag that asks for another run.
    """
    job = JobSpec.load(RunFolder(Path(options.folder or options.out)).job_file)
    values = settings_of(method_named(job.method), options)
    micro_batch = values.pop("micro_batch", None)
    asked: dict[str, tuple[object, object]] = {
        f"--set {name}": (value, job.settings.get(name)) for name, value in values.items()
    }
    if options.method:
        asked["--method"] = (options.method, job.method)
    if options.model:
        # not whether it is still there: the run holds its own weights by now
        known = options.model in PRESETS
        given = ModelRef(checkpoint=_absolute(options.model))
        if known:
            given = ModelRef(preset=options.model, shape=shape_of(options.shape) or job.model.shape)
        asked["--model"] = (given, job.model)
    if options.data:
        data = [parse_data(text) for text in options.data]
        asked["--data"] = (
            [(_absolute(item.path), item.weight) for item in data],
            [(item.path, item.weight) for item in job.data],
        )
    if options.val_data:
        asked["--val-data"] = (_absolute(options.val_data), job.val_data)
    if options.tokenizer:
        asked["--tokenizer"] = (_absolute(options.tokenizer), job.tokenizer)
    if options.seed is not None:
        asked["--seed"] = (options.seed, job.seed)
    for flag, (now, before) in asked.items():
        if now != before:
            raise BadInput(
                f"{flag} cannot change on resume (it was {before}); start a new run from the last checkpoint",
                code="fixed_on_resume",
            )
    budget = budget_of(options)
    # also what equals job.json: an earlier attempt may have changed it
    found: dict[str, object] = {name: getattr(budget, name) for name in ("steps", "epochs", "minutes")}
    if options.device != "auto":
        found["device"] = options.device
    found["micro_batch"] = micro_batch
    return {name: value for name, value in found.items() if value is not None}


def _absolute(path: str) -> str:
    return str(Path(path).absolute())
