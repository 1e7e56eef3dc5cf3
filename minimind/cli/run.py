"""`run`: any run folder, by the kind of its job."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from minimind.cli import print_json
from minimind.errors import BadInput
from minimind.job import KIND_EXPORT, KIND_TRAIN, JobSpec
from minimind.run_folder import RunFolder

# kind → module with execute(folder, *, resume, overrides, quiet) -> Result
KINDS = {KIND_TRAIN: "minimind.training.run", KIND_EXPORT: "minimind.export.job"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `run`."""
    parser.add_argument("folder", help="a run folder with job.json")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")


def run(options: argparse.Namespace) -> int:
    """Carry the job out in this process."""
    folder = RunFolder(Path(options.folder).absolute())
    job = JobSpec.load(folder.job_file)
    if job.kind not in KINDS:
        raise BadInput(
            f"{folder.job_file} is a job of kind {job.kind!r}; this version knows {', '.join(KINDS)}"
        )
    execute = import_module(KINDS[job.kind]).execute
    result = execute(folder, resume=options.resume, overrides={}, quiet=options.json)
    if options.json:
        print_json(result.values)
    return int(result.exit_status)
