"""`--shape`: a preset with other numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minimind.__main__ import main
from minimind.errors import BadInput
from minimind.job import JobSpec, ModelRef
from minimind.presets import PRESETS, shaped


@pytest.fixture
def plan(tmp_path: Path) -> list[str]:
    data = tmp_path / "a.jsonl"
    data.write_text('{"text": "春天来了，小草绿了。"}\n' * 200, "utf-8")
    return ["plan", "--method", "pretrain", "--model", "tiny", "--data", str(data), "--device", "cpu"]


def parameters(capsys: pytest.CaptureFixture[str], words: list[str]) -> int:
    assert main([*words, "--json"]) == 0
    return int(json.loads(capsys.readouterr().out.splitlines()[-1])["parameters"])


def test_another_shape_has_other_parameters(plan: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    plain = parameters(capsys, plan)
    changed = parameters(capsys, [*plan, "--shape", "num_layers=1", "--shape", "ffn_dim=96"])
    assert changed < plain
    assert parameters(capsys, [*plan, "--shape", "num_layers=2"]) == plain


@pytest.mark.parametrize("shape", ["num_layers", "depth=3", "num_heads=3", "dim=0"])
def test_a_shape_that_is_none_is_bad_input(
    plan: list[str], shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*plan, "--shape", shape]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_heads_share_another_width_anew() -> None:
    assert shaped("mini", {"dim": 512}).head_dim == 64
    assert shaped("mini", None) == PRESETS["mini"].config
    with pytest.raises(BadInput):
        shaped("mini", {"num_heads": 7})


def test_the_job_file_keeps_it(tmp_path: Path) -> None:
    job = JobSpec(run_id="x", method="pretrain", model=ModelRef(preset="tiny", shape={"num_layers": 3}))
    job.save(tmp_path / "job.json")
    assert JobSpec.load(tmp_path / "job.json").model == job.model
