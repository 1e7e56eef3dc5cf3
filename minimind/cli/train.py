"""`train`: a run folder, or flags that make one."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from minimind.cli import print_json
from minimind.cli.job_arguments import add_job_arguments, budget_of, job_of
from minimind.errors import BadInput
from minimind.options import parse_pairs
from minimind.run_folder import RunFolder

# what may change on resume; anything else is another run
_RESUME_SETTINGS = ("micro_batch",)


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
        made = _make(folder, options)
    overrides = _overrides(options) if options.resume else {}
    from minimind.training.run import execute

    try:
        result = execute(folder, resume=options.resume, overrides=overrides, quiet=options.json)
    except BadInput:
        for path in made:
            _remove(path)
        raise
    if options.json:
        print_json(result.values)
    return result.exit_status


def _make(folder: RunFolder, options: argparse.Namespace) -> list[Path]:
    """Write job.json; returns what to remove if it turns out to be bad input."""
    if folder.exists():
        raise BadInput(
            f"--out {folder.path} already holds a run; add --resume to go on with it, or choose another"
        )
    if folder.path.is_file():
        raise BadInput(f"--out {folder.path} is a file, not a folder")
    if options.resume:
        raise BadInput(f"--resume: {folder.path} holds no run to go on with")
    job = job_of(options)
    made = [] if folder.path.exists() else [folder.path]
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        before = set(folder.path.iterdir())
        job.with_changes(run_id=folder.path.name).save(folder.job_file)
    except OSError as error:
        raise BadInput(f"--out {folder.path} cannot be written: {error.strerror}") from error
    names = (
        "job.json",
        "events.jsonl",
        "hardware.jsonl",
        "state.json",
        "log.txt",
        "attempts",
        "checkpoints",
        ".lock",
    )
    return made or [folder.path / name for name in names if folder.path / name not in before]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _overrides(options: argparse.Namespace) -> dict[str, object]:
    """What this attempt changes."""
    from minimind.job import JobSpec
    from minimind.methods import method_named

    folder = RunFolder(Path(options.folder or options.out))
    job = JobSpec.load(folder.job_file)
    values = parse_pairs(method_named(job.method).settings, options.pairs)
    for name in values:
        if name not in _RESUME_SETTINGS and values[name] != job.settings.get(name):
            raise BadInput(
                f"--set {name} cannot change on resume; start a new run from the last checkpoint instead"
            )
    budget = budget_of(options)
    found: dict[str, object] = {name: getattr(budget, name) for name in ("steps", "epochs", "minutes")}
    if options.device != "auto":
        found["device"] = options.device
    found["micro_batch"] = values.get("micro_batch")
    return {
        name: value
        for name, value in found.items()
        if value is not None and value != getattr(job.budget, name, None)
    }
