"""Runs of the tiny preset, in this process or as a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SMALL = [
    "--model",
    "tiny",
    "--seq-len",
    "128",
    "--tokens-per-step",
    "512",
    "--set",
    "micro_batch=2",
    "--set",
    "compile=off",
]


class Shell:
    """`python -m minimind …` as a person would run it, one thread, in English."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd

    def environment(self) -> dict[str, str]:
        """Of a process with one thread that finds the program."""
        return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """A process whose output can be read."""
        env = self.environment() | environment
        return subprocess.Popen(
            [sys.executable, "-m", "minimind", *map(str, arguments)],
            cwd=self.cwd,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: object, status: int = 0, **environment: str) -> dict[str, Any]:
        """Run to the end; the JSON of the last line."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=280)
        assert process.returncode == status, err
        return json.loads(out.splitlines()[-1]) if out.strip() else {}

    def refused(self, *arguments: object) -> str:
        """Run something that must be bad input: the one line that says why."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=280)
        assert process.returncode == 2, (out, err)
        assert "Traceback" not in err
        assert err.count("\n") == 1, err
        return err.strip()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A command line in an empty folder."""
    return Shell(tmp_path)


@pytest.fixture
def small() -> list[str]:
    """Arguments of a run that takes a second."""
    return list(SMALL)


def events_of(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The effective events of a run folder as plain dictionaries, superseded ones left out."""
    from minimind.events import effective, read_events

    found = effective(read_events(folder / "events.jsonl"))
    return [{"kind": e.kind, "seq": e.seq, **e.fields} for e in found if kind in (None, e.kind)]
