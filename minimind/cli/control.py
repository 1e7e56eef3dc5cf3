"""`control`: ask a running job for something, through its folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from minimind.errors import BadInput
from minimind.run_folder import ACTIONS, RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `control`."""
    parser.add_argument("folder", help="a run folder")
    parser.add_argument("action", choices=ACTIONS)


def run(options: argparse.Namespace) -> int:
    """Write the request; the trainer answers it between two steps with a `control` event."""
    folder = RunFolder(Path(options.folder))
    if not folder.exists():
        raise BadInput(f"{folder.path} holds no job.json, so it is no run folder")
    state = folder.read_state()
    if state is None or not state.status.is_active or not state.process.is_alive():
        status = "queued" if state is None else state.status.value
        raise BadInput(f"nothing runs in {folder.path} (its state is {status}), so nobody would answer")
    folder.request(options.action, attempt=state.attempt)
    print(f"asked for {options.action}")
    return 0
