"""The shell command that does the same as a job."""

from __future__ import annotations

import json
import shlex
from typing import Any

from minimind.job import JobSpec

_OWN_FLAGS = {"seq_len": "--seq-len", "tokens_per_step": "--tokens-per-step", "lr": "--lr"}


def command_line(job: JobSpec, out: str) -> str:
    """`python -m minimind train …` with every value that is not the default, quoted for a POSIX shell.

    Args:
        job: what to do.
        out: the run folder.
    """
    words = ["python", "-m", "minimind", "train", "--method", job.method]
    words += ["--model", job.model.checkpoint or job.model.preset or ""]
    for name, value in (job.model.shape or {}).items():
        words += ["--shape", f"{name}={_plain(value)}"]
    for file in job.data:
        words += ["--data", file.path if file.weight == 1 else f"{file.path}:{file.weight:g}"]
    for flag, path in (("--val-data", job.val_data), ("--tokenizer", job.tokenizer)):
        if path:
            words += [flag, path]
    # one length: the command line has no way to say minutes at most
    lengths = ((name, getattr(job.budget, name)) for name in ("steps", "epochs", "minutes"))
    for name, value in [pair for pair in lengths if pair[1] is not None][:1]:
        words += [f"--{name}", _plain(value)]
    for name, value in sorted(job.settings.items()):
        text = _plain(value)
        words += (
            [_OWN_FLAGS[name], text]
            if name in _OWN_FLAGS and value is not None
            else ["--set", f"{name}={text}"]
        )
    if job.hardware.device != "auto":
        words += ["--device", job.hardware.device]
    if job.hardware.nproc != 1:
        words += ["--nproc", str(job.hardware.nproc)]
    if job.seed != JobSpec.__dataclass_fields__["seed"].default:
        words += ["--seed", str(job.seed)]
    return shlex.join([*words, "--out", out])


def _plain(value: Any) -> str:
    """As `minimind.options.parse_value` reads it."""
    if value is None:
        return "auto"
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:.12g}" if isinstance(value, float) else str(value)
