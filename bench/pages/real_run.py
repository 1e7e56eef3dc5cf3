"""A short real training, pretraining and chat tuning, that all pictures are made of; kept between calls."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from minimind.assets import SAMPLE
from minimind.run_folder import RunFolder
from minimind.run_state import RunState

ROOT = Path(__file__).resolve().parents[2]
STEPS, TUNED_STEPS = 300, 120
_PRETRAIN = {"eval_every": 20, "save_every": 60, "sample_every": 60, "keep_checkpoints": 10}
_TUNE = {"eval_every": 20, "save_every": 40, "sample_every": 40, "keep_checkpoints": 10}


@dataclass(frozen=True, kw_only=True)
class RealRuns:
    """Two finished run folders; the second one started from the first."""

    pretrained: RunFolder
    tuned: RunFolder


def cache_folder() -> Path:
    """Where the training of this machine is kept; it may be deleted at any time."""
    override = os.environ.get("MINIMIND_CACHE")
    base = Path(override) if override else platformdirs.user_cache_path("minimind-studio", appauthor=False)
    return base / "pages"


def real_runs(
    folder: Path | None = None, *, text: Path | None = None, chat: Path | None = None, share: float = 1.0
) -> RealRuns:
    """Train, or take what was trained from the same files before.

    Args:
        folder: where to keep it, `cache_folder` by default.
        text, chat: other data than the bundled sample.
        share: of the steps; tests need less.

    Raises:
        RuntimeError: a training did not finish.
    """
    text, chat = text or SAMPLE / "pretrain.jsonl", chat or SAMPLE / "chat.jsonl"
    steps, tuned_steps = round(STEPS * share), round(TUNED_STEPS * share)
    key = hashlib.sha256(f"{steps}{tuned_steps}".encode())
    for file in (text, chat):
        key.update(file.read_bytes()[: 1 << 22])
    place = (folder or cache_folder()) / key.hexdigest()[:12]
    found = RealRuns(pretrained=RunFolder(place / "pretrained"), tuned=RunFolder(place / "tuned"))
    for run, method, model, file, length, settings in (
        (found.pretrained, "pretrain", "tiny", text, steps, _PRETRAIN),
        (found.tuned, "sft", str(found.pretrained.path), chat, tuned_steps, _TUNE),
    ):
        state = run.read_state()
        if state is None or state.status is not RunState.FINISHED:
            _train(run, method, model, file, length, settings)
    return found


def _train(run: RunFolder, method: str, model: str, file: Path, steps: int, settings: dict[str, int]) -> None:
    run.path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "minimind", "train", "--method", method, "--model", model]
    command += ["--data", str(file), "--out", str(run.path), "--steps", str(steps), "--device", "cpu"]
    command += ["--seq-len", "128", "--tokens-per-step", "1024", "--json"]
    if run.exists():
        command.append("--resume")
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    # a process of its own: whoever draws pages never loads torch
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    result = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    if done.returncode or result.get("status") != "finished":
        raise RuntimeError(
            f"the training for the pictures ended with {done.returncode}: {done.stderr[-500:]}"
        )
