"""The run folder that a verb makes with --out, and takes back when the input turns out to be bad."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from minimind.errors import BadInput
from minimind.job import JobSpec
from minimind.lock import Held
from minimind.run_folder import RunFolder

_FILES = (
    "job.json",
    "events.jsonl",
    "hardware.jsonl",
    "state.json",
    "log.txt",
    "attempts",
    "checkpoints",
    ".lock",
)


def make_run_folder(folder: RunFolder, describe: Callable[[], JobSpec], *, resume: bool) -> list[Path]:
    """Write job.json into a folder that holds no run yet.

    Args:
        describe: gives the job, once the folder is known to be free.
        resume: a person asked to go on, which nothing can.

    Returns:
        What to remove if it turns out to be bad input.

    Raises:
        BadInput: the folder holds a run or cannot be written, or `describe` refuses.
    """
    if folder.exists():
        _refuse_if_held(folder)
        raise BadInput(
            f"--out {folder.path} already holds a run; add --resume to go on with it, or choose another"
        )
    if folder.path.is_file():
        raise BadInput(f"--out {folder.path} is a file, not a folder")
    if resume:
        raise BadInput(f"--resume: {folder.path} holds no run to go on with")
    job = describe()
    new = [path for path in (folder.path, *folder.path.parents) if not path.exists()]
    made = new[-1:]
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        before = set(folder.path.iterdir())
        job.with_changes(run_id=folder.path.name).save(folder.job_file)
    except OSError as error:
        take_back(made)
        raise BadInput(f"--out {folder.path} cannot be written: {error.strerror}") from error
    return made or [folder.path / name for name in _FILES if folder.path / name not in before]


def take_back(paths: list[Path]) -> None:
    """Leave nothing of a run that was not to be."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _refuse_if_held(folder: RunFolder) -> None:
    try:
        folder.lock().acquire().release()
    except Held as held:
        raise BadInput(f"{held}; only one process may work in a run folder", code="held") from held
    except OSError:
        return  # a folder that only others may write to is told about in other words
