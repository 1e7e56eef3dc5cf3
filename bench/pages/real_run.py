"""A short real training, pretraining and chat tuning, that all pictures are made of; kept between calls."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from minimind.assets import SAMPLE
from minimind.files import replace_json
from minimind.job import Budget
from minimind.recipes import Recipe, Stage
from minimind.run_folder import RunFolder
from minimind.run_state import RunState

ROOT = Path(__file__).resolve().parents[2]
STEPS, TUNED_STEPS = 300, 120
_SHORT = {"seq_len": 128, "tokens_per_step": 1024, "keep_checkpoints": 10, "eval_every": 20}


@dataclass(frozen=True, kw_only=True)
class RealRuns:
    """A finished pipeline and the run folders of its two stages."""

    pipeline: RunFolder
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
        RuntimeError: the training did not finish.
    """
    text, chat = text or SAMPLE / "pretrain.jsonl", chat or SAMPLE / "chat.jsonl"
    stages = (
        _stage("pretrain", "pretrain", text, round(STEPS * share), 60),
        _stage("sft", "sft", chat, round(TUNED_STEPS * share), 40),
    )
    recipe = Recipe(name="pages", title="", summary="", stages=stages, model="tiny", data_dir=Path("/"))
    value = json.dumps(dataclasses.asdict(recipe), default=str, sort_keys=True)
    key = hashlib.sha256(value.encode())
    for file in (text, chat):
        key.update(file.read_bytes()[: 1 << 22])
    place = (folder or cache_folder()) / key.hexdigest()[:12]
    found = RealRuns(
        pipeline=RunFolder(place / "first"),
        pretrained=RunFolder(place / "first-1-pretrain"),
        tuned=RunFolder(place / "first-2-sft"),
    )
    state = found.pipeline.read_state()
    if state is None or state.status is not RunState.FINISHED:
        place.mkdir(parents=True, exist_ok=True)
        replace_json(place / "recipe.json", json.loads(value))
        _train(place, found.pipeline)
    return found


def _stage(name: str, method: str, file: Path, steps: int, every: int) -> Stage:
    settings = {**_SHORT, "save_every": every, "sample_every": every}
    # without its leading / a path is one in the root folder
    return Stage(
        name=name,
        method=method,
        data=(str(file.absolute()).lstrip("/"),),
        settings=settings,
        budget=Budget(steps=steps),
    )


def _train(place: Path, pipeline: RunFolder) -> None:
    command = [sys.executable, "-m", "minimind", "pipeline", str(place / "recipe.json")]
    command += ["--out", str(pipeline.path), "--json", *(["--resume"] if pipeline.exists() else [])]
    # a process of its own: whoever draws pages never loads torch
    env = os.environ | {"MINIMIND_CACHE": str(place / "tokens"), "MINIMIND_LANG": "en"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    result = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    if done.returncode or result.get("status") != "finished":
        raise RuntimeError(
            f"the training for the pictures ended with {done.returncode}: {done.stderr[-500:]}"
        )
