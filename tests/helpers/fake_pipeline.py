"""The real pipeline with fake trainers as its stages: fake_pipeline.py RUN [--resume]; other runs are faked.

`pipeline_job([{"mode": "slow"}, {}])` is a pipeline whose stages behave like that, see fake_trainer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from minimind.errors import BadInput
from minimind.job import KIND_PIPELINE, JobSpec, ModelRef, new_run_id
from minimind.pipeline.run import execute
from minimind.run_folder import RunFolder
from tests.helpers import fake_trainer

COMMAND = (sys.executable, str(Path(__file__).resolve()))
NAMES = ("pretrain", "sft", "tune", "polish")


def pipeline_job(stages: Sequence[dict[str, Any]], **changes: Any) -> JobSpec:
    """A pipeline; each stage with the options of its fake trainer."""
    described = [
        {
            "name": name,
            "kind": "train",
            "method": "pretrain",
            "data": [{"path": "/nowhere/pretrain.jsonl", "weight": 1.0}],
            "settings": {"fake": {"num_steps": 6, "save_every": 2, **options}},
            "budget": {"steps": 6, "epochs": None, "minutes": None},
        }
        for name, options in zip(NAMES, stages, strict=False)
    ]
    job = JobSpec(
        run_id=new_run_id("pipe"),
        kind=KIND_PIPELINE,
        model=ModelRef(preset="tiny"),
        work={"recipe": "fake", "model": "tiny", "stages": described},
    )
    return job.with_changes(**changes)


def start(folder: RunFolder, *arguments: str) -> subprocess.Popen[bytes]:
    """The pipeline in a process of its own."""
    return subprocess.Popen(
        [*COMMAND, str(folder.path), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def main(arguments: list[str]) -> int:
    folder = RunFolder(Path(arguments[0]))
    if JobSpec.load(folder.job_file).kind != KIND_PIPELINE:
        return fake_trainer.main(arguments)
    try:
        resume = "--resume" in arguments
        result = execute(folder, resume=resume, quiet=False, trainer=fake_trainer.fake_command())
    except BadInput as error:
        print(f"fake pipeline: {error}", file=sys.stderr)
        return 2
    return result.exit_status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
