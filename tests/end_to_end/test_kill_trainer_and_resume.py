"""A trainer that dies: the window says so, resume mends it, and the result is as if nothing had happened."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QGuiApplication

from minimind.events import read_events
from minimind.run_folder import RunFolder
from tests.end_to_end.conftest import OpenStudio, kill
from tests.end_to_end.driver import wait_until
from tests.end_to_end.ways import losses_of, pretrain, wait_for_whole_curve

ROOT = Path(__file__).resolve().parents[2]


def test_killed_and_resumed_is_bit_identical(
    open_studio: OpenStudio, pretrain_text: Path, tmp_path: Path
) -> None:
    person = open_studio()
    settings = {"Save every": "10", "Measure held-out loss every": "30", "Tokens per step": "2048"}
    run = pretrain(person, pretrain_text, steps=60, name="Killed", settings=settings)
    folder = RunFolder(run.folder)
    wait_until(lambda: len(losses_of(run)) >= 24, "step 24")
    state = folder.read_state()
    assert state is not None
    kill(state.process)
    person.wait_for_state("Interrupted")
    reached = max(losses_of(run))
    assert 24 <= reached < 60
    # its parent, the queue, has seen the signal
    person.wait_to_see(f"The process was killed after step {reached} (signal 9)")
    assert person.sees(f"Nothing is lost: the last checkpoint is step {reached // 10 * 10}.")
    log = folder.log_file.read_text("utf-8").splitlines()
    for line in log[-3:]:
        assert person.sees(line)
    assert len(wait_for_whole_curve(person)) == reached

    person.click(f"Resume from step {reached // 10 * 10}")
    person.wait_for_state("Finished")
    assert len([e for e in read_events(folder.events_file) if e.kind == "start"]) == 2
    losses = wait_for_whole_curve(person)
    assert list(losses) == list(range(1, 61))

    person.choose_from_menu("More", "Copy the command line")
    never_killed = run_command(QGuiApplication.clipboard().text(), tmp_path / "never killed")
    assert losses_of(never_killed.path) == losses
    for name in ("model.safetensors", "trainer.safetensors"):
        both = [(f.step_folder(60) / name).read_bytes() for f in (folder, never_killed)]
        assert both[0] == both[1], name


def run_command(command: str, out: Path) -> RunFolder:
    """Run what the window put on the clipboard, in a folder of our choice."""
    program, *arguments = shlex.split(command)
    assert program == "python"
    arguments[arguments.index("--out") + 1] = str(out)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not re.search("Traceback|Warning", done.stderr)
    return RunFolder(out)
