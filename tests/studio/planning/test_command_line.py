from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from minimind.cli.job_arguments import add_job_arguments, job_of
from minimind.job import Budget, DataFile, Hardware, JobSpec, ModelRef
from studio.planning.command_line import command_line


def parsed(line: str) -> JobSpec:
    """What `train` would make of the command."""
    words = shlex.split(line)
    assert words[:4] == ["python", "-m", "minimind", "train"]
    parser = argparse.ArgumentParser()
    add_job_arguments(parser)
    parser.add_argument("--out")
    return job_of(parser.parse_args(words[4:]))


@pytest.fixture
def awkward(tmp_path: Path) -> Path:
    path = tmp_path / "my 'data' 数据 $HOME.jsonl"
    path.write_text('{"text": "hello"}\n')
    return path


def test_the_shell_gives_the_same_job_back(awkward: Path) -> None:
    job = JobSpec(
        run_id="r",
        method="pretrain",
        model=ModelRef(preset="mini"),
        data=(DataFile(path=str(awkward), weight=0.25),),
        val_data=str(awkward),
        settings={
            "lr": 1.25e-4,
            "seq_len": 256,
            "tokens_per_step": 4096,
            "sample_prompts": ["春天 来了", 'say "hi"'],
            "precision": "float32",
            "clip": 0.5,
            "save_every": None,
        },
        budget=Budget(minutes=2.5),
        hardware=Hardware(device="cpu"),
        seed=7,
    )
    found = parsed(command_line(job, "/runs/x y"))
    for name in ("method", "model", "data", "val_data", "settings", "budget", "hardware", "seed"):
        assert getattr(found, name) == getattr(job, name), name


def test_minutes_at_most_cannot_be_said_on_the_command_line():
    job = JobSpec(run_id="r", method="sft", model=ModelRef(preset="tiny"), budget=Budget(steps=9, minutes=2))
    assert "--steps 9" in command_line(job, "out")
    assert "--minutes" not in command_line(job, "out")


@pytest.mark.parametrize("budget", [Budget(steps=100), Budget(epochs=1.5), Budget()])
def test_what_is_default_is_left_out(awkward: Path, budget: Budget) -> None:
    job = JobSpec(
        run_id="r",
        method="pretrain",
        model=ModelRef(preset="mini"),
        data=(DataFile(path=str(awkward)),),
        budget=budget,
    )
    line = command_line(job, "OUT")
    for flag in ("--seed", "--device", "--nproc", "--set", "--lr", "--val-data"):
        assert flag not in line
    assert parsed(line).budget == budget
    assert line.endswith("--out OUT")


def test_a_checkpoint_takes_the_place_of_the_preset(tmp_path: Path, awkward: Path) -> None:
    job = JobSpec(
        run_id="r",
        method="pretrain",
        model=ModelRef(checkpoint=str(tmp_path)),
        data=(DataFile(path=str(awkward)),),
    )
    assert parsed(command_line(job, "OUT")).model == ModelRef(checkpoint=str(tmp_path))
