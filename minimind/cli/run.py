"""`run`: any run folder, by the kind of its job."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from minimind.cli import print_json
from minimind.cli.job_arguments import budget_of
from minimind.errors import BadInput
from minimind.job import KIND_EXPORT, KIND_PIPELINE, KIND_TRAIN, JobSpec
from minimind.methods import TrainSettings
from minimind.options import parse_pairs
from minimind.run_folder import RunFolder

# kind → module with execute(folder, *, resume, overrides, quiet) -> Result
KINDS = {
    KIND_TRAIN: "minimind.training.run",
    KIND_EXPORT: "minimind.export.job",
    KIND_PIPELINE: "minimind.pipeline.run",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `run`."""
    parser.add_argument("folder", help="a run folder with job.json")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    parser.add_argument("--steps", type=int, help="on resume: another end, as with --epochs and --minutes")
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--device", help="on resume: another device")
    parser.add_argument("--nproc", type=int)
    parser.add_argument("--set", dest="pairs", action="append", default=[], metavar="micro_batch=ROWS")
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Carry the job out in this process."""
    folder = RunFolder(Path(options.folder).absolute())
    job = JobSpec.load(folder.job_file)
    if job.kind not in KINDS:
        raise BadInput(
            f"{folder.job_file} is a job of kind {job.kind!r}; this version knows {', '.join(KINDS)}"
        )
    overrides = _overrides(options)
    execute = import_module(KINDS[job.kind]).execute
    result = execute(folder, resume=options.resume, overrides=overrides, quiet=options.json)
    if options.json:
        print_json(result.values)
    return int(result.exit_status)


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """What this attempt changes.

    Raises:
        BadInput: something that cannot change, or a change without --resume.
    """
    settings = parse_pairs(TrainSettings, options.pairs)
    fixed = sorted(settings.keys() - {"micro_batch"})
    if fixed:
        raise BadInput(f"--set {fixed[0]} cannot change on resume; only micro_batch can")
    budget = budget_of(options)
    found = {name: getattr(budget, name) for name in ("steps", "epochs", "minutes")}
    found |= {"device": options.device, "nproc": options.nproc, **settings}
    found = {name: value for name, value in found.items() if value is not None}
    if found and not options.resume:
        raise BadInput(f"{next(iter(found))} can be changed with --resume only; job.json says the rest")
    return found
