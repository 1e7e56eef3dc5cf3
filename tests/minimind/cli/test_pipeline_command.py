"""`pipeline` as a person types it: what it does, and every way in which it says no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from minimind.cli import main
from minimind.events import read_events
from minimind.job import JobSpec
from minimind.model import checkpoint_folder
from minimind.run_folder import RunFolder

QUICK = {"sample_every": 0, "seq_len": 64, "tokens_per_step": 128, "eval_every": 0}


@pytest.fixture
def recipe(tmp_path: Path, pretrain_text: Path, chat_rows: Path) -> Path:
    path = tmp_path / "recipe.json"
    stages = [
        {"method": "pretrain", "data": [pretrain_text.name], "settings": QUICK, "budget": {"steps": 3}},
        {"method": "sft", "data": [f"{chat_rows.name}:0.5"], "settings": QUICK, "budget": {"steps": 2}},
    ]
    path.write_text(json.dumps({"name": "mine", "model": "tiny", "stages": stages}))
    return path


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_recipe_of_ones_own_from_nothing_to_a_chat_model(
    recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    out = tmp_path / "out" / "mine"
    assert main(["pipeline", str(recipe), "--out", str(out), "--json"]) == 0
    result = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert result["status"] == "finished"
    assert [stage["step"] for stage in result["stages"]] == [3, 2]
    # the pipeline's folder stands for the model that it made
    assert checkpoint_folder.resolve(out) == Path(result["checkpoint"])
    second = JobSpec.load(RunFolder(out.with_name("mine-2-sft")).job_file)
    assert second.model.checkpoint == str(out.with_name("mine-1-pretrain"))
    # held-out loss before its first step is that of a model that has learned to write
    events = [e for e in read_events(out.with_name("mine-2-sft") / "events.jsonl") if e.kind == "eval"]
    assert events[0].step == 0
    assert main(["pipeline", str(recipe), "--resume", "--out", str(out), "--json"]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["checkpoint"] == result["checkpoint"]
    assert main(["pipeline", str(recipe), "--out", str(out)]) == 2
    assert "already holds a run" in capfd.readouterr().err
    assert main(["pipeline", "--model", "mini", "--resume", "--out", str(out)]) == 2
    assert "--model cannot change on resume (it was tiny)" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stages": []}, "at least one stage"),
        ({"stages": [{"method": "magic", "data": ["x"]}]}, "magic"),
        ({"stages": [{"method": "sft", "data": ["nowhere.jsonl"]}]}, "nowhere.jsonl, which is not there"),
        ({"stages": [{"method": "sft", "data": []}]}, "stage sft has no data"),
        ({"stages": [{"method": "sft", "data": "a"}]}, "must be a list of file names"),
        ({"stages": [{"method": "pretrain", "data": ["pretrain.jsonl"], "settings": {"lr": 5}}]}, "lr"),
        ({"stages": [{"method": "pretrain", "data": ["pretrain.jsonl"], "budget": {"days": 1}}]}, "days"),
        ({"stages": [{"method": "pretrain", "data": ["pretrain.jsonl"], "budget": {"steps": -1}}]}, "-1"),
        ({"stages": [{"method": "sft", "data": ["pretrain.jsonl"]}]}, "no row that sft can use"),
        ({"model": "huge"}, "huge is no model preset"),
        ({"name": "../up"}, "cannot be called"),
        ({"name": 5}, "name must be a text"),
        ({"speed": 5}, "speed is unknown"),
    ],
)
def test_a_bad_recipe_is_one_line_and_leaves_nothing(
    recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], fields: dict[str, Any], words: str
) -> None:
    change(recipe, **fields)
    out = tmp_path / "out" / "run"
    assert main(["pipeline", str(recipe), "--out", str(out)]) == 2
    said = capfd.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not out.parent.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give a recipe file, or --recipe first"),
        (["--recipe", "secret"], "'secret' is unknown"),
        (["--recipe", "first", "--data-dir", "/nowhere"], "--data-dir /nowhere"),
        (["--recipe", "first", "--model", "huge"], "huge is no model preset"),
        (["--recipe", "first", "--resume"], "holds no run to go on with"),
        (["nowhere.json"], "nowhere.json does not exist"),
    ],
)
def test_bad_arguments_are_one_line_and_leave_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    out = tmp_path / "out" / "run"
    assert main(["pipeline", *arguments, "--out", str(out)]) == 2
    said = capfd.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not out.parent.exists()


def test_what_the_first_stage_refuses_leaves_nothing(
    recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    stages = json.loads(recipe.read_text())["stages"]
    stages[0]["settings"] = {**QUICK, "precision": "fp16"}
    change(recipe, stages=stages)
    before = set(tmp_path.iterdir())
    assert main(["pipeline", str(recipe), "--out", str(tmp_path / "run"), "--json"]) == 2
    said = capfd.readouterr().err
    assert "precision fp16 does not work on a CPU" in said
    assert said.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


def test_changes_are_for_a_resume(recipe: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    JobSpec(run_id="run", kind="pipeline", work={"stages": [{"name": "a"}]}).save(folder.job_file)
    assert main(["run", str(folder.path), "--steps", "5"]) == 2
    assert "steps can be changed with --resume only" in capfd.readouterr().err
    assert main(["run", str(folder.path), "--resume", "--set", "lr=0.1"]) == 2
    assert "lr cannot change on resume" in capfd.readouterr().err
