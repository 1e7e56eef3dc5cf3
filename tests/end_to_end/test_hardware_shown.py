"""The card as the window shows it: real nvidia-ml-py code against a driver library built here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minimind.hardware import parse_line
from studio.paths import Paths
from tests.helpers.fake_driver import build_fake_driver

ROOT = Path(__file__).resolve().parents[2]


def test_the_card_is_shown_live_and_from_the_runs_file(
    paths: Paths, pretrain_text: Path, tmp_path: Path
) -> None:
    driver = build_fake_driver(tmp_path / "driver")
    if driver is None:
        pytest.skip("no C compiler on Linux, or no nvidia-ml-py: the fake driver cannot be built")
    state = tmp_path / "card.txt"
    state.write_text("count 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.with_card", str(paths.projects), str(pretrain_text)],
        cwd=ROOT,
        env=os.environ | {"LD_LIBRARY_PATH": str(driver), "FAKE_NVML": str(state)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["live"] == ["GPU 97%", "VRAM 3 / 24 GB", "71 °C"]
    assert told["lanes"] == ["GPU", "VRAM", "Temp", "Power"]
    assert told["values"][0] == "97%"
    assert told["values"][1:] == ["3 GB", "71 °C", "342 W"]
    # a card that was lost, or that says nothing to this account, is a dash and no error
    assert told["lost"][0] == told["no rights"][0] == "GPU —"
    (history,) = paths.projects.glob("*/runs/*/hardware.jsonl")
    samples = [parse_line(line) for line in history.read_bytes().splitlines()]
    first = samples[0]
    assert first is not None
    assert first.gpus[0].power_w == 342.5
    assert first.gpus[0].memory_used_bytes == 3 << 30
    last = samples[-1]
    assert last is not None
    assert last.gpus[0].power_w is None
