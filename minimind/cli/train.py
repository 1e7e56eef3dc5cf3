"""`train`: a run folder, or flags that make one."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from minimind.cli import print_json
from minimind.cli.job_arguments import add_job_arguments, budget_of, job_of, model_of, settings_of
from minimind.errors import BadInput
from minimind.job import JobSpec, parse_data
from minimind.methods import method_named
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
        asked["--model"] = (model_of(options.model), job.model)
    if options.data:
        asked["--data"] = (
            [str(Path(parse_data(t).path).absolute()) for t in options.data],
            [d.path for d in job.data],
        )
    for flag, (now, before) in asked.items():
        if now != before:
            raise BadInput(
                f"{flag} cannot change on resume (it was {before}); start a new run from the last checkpoint",
                code="fixed_on_resume",
            )
    budget = budget_of(options)
    found: dict[str, object] = {
        name: getattr(budget, name)
        for name in ("steps", "epochs", "minutes")
        if getattr(budget, name) != getattr(job.budget, name)
    }
    if options.device != "auto" and options.device != job.hardware.device:
        found["device"] = options.device
    if micro_batch != job.settings.get("micro_batch"):
        found["micro_batch"] = micro_batch
    return {name: value for name, value in found.items() if value is not None}
