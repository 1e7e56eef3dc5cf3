"""Processes that outlive whoever starts them, and the command line of another attempt of a run."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# where `python -m minimind` is found
ROOT = Path(__file__).resolve().parents[1]
# works on a run folder; the folder and flags follow
TRAINER = (sys.executable, "-m", "minimind", "train")
# what `train` takes as flags; everything else goes through --set
_FLAGS = ("steps", "epochs", "minutes", "device", "nproc", "strategy")


def resume_arguments(overrides: Mapping[str, Any]) -> list[str]:
    """Command line arguments of another attempt."""
    arguments = ["--resume"]
    for name, value in overrides.items():
        if name in _FLAGS:
            arguments += [f"--{name}", str(value)]
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            arguments += ["--set", f"{name}={text}"]
    return arguments


def spawn_detached(
    command: Sequence[str], output: Any, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A process that outlives this one and its terminal.

    Args:
        output: an open file for stdout and stderr.

    Raises:
        OSError: it cannot be started.
    """
    common: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": output,
        "stderr": subprocess.STDOUT,
        "cwd": ROOT,
        "env": environment,
    }
    if os.name != "nt":
        return subprocess.Popen(list(command), start_new_session=True, **common)
    # not seen running: a terminal that ends its job with the tab must not take the trainer along
    flags = 0x00000200 | 0x08000000  # CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW
    with contextlib.suppress(OSError):
        return subprocess.Popen(
            list(command), creationflags=flags | 0x01000000, **common
        )  # BREAKAWAY_FROM_JOB
    return subprocess.Popen(list(command), creationflags=flags, **common)
