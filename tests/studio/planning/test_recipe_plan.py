from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from minimind.job import DataFile
from minimind.methods import Needs
from minimind.recipes import RECIPES
from studio.planning.choices import Choices
from studio.planning.data_check import FileCheck, check_file
from studio.planning.first_choices import first_choices, with_method, with_recipe
from studio.planning.plans import plan_for
from studio.planning.recipe_plan import RecipePlan
from studio.planning.route import Severity
from studio.planning.situation import Situation
from tests.studio.ui.wizard_kit import card, cpu, write_chat, write_text

FIRST = RECIPES["first"]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recipe's own folder, with less in it."""
    write_text(tmp_path / "pretrain.jsonl", 400)
    write_chat(tmp_path / "chat.jsonl", 300)
    monkeypatch.setitem(RECIPES, "first", dataclasses.replace(FIRST, data_dir=tmp_path))
    return tmp_path


def planned(**choices: object) -> RecipePlan:
    made = with_recipe(Choices(**choices), "first")  # type: ignore[arg-type]
    situation = Situation(devices=(cpu(),), disk_free_bytes=10**11)
    empty = plan_for(made, situation=situation, files={}, unreadable={}, speeds={})
    checks: dict[tuple[str, Needs], FileCheck] = {
        (path, needs): check_file(path, needs) for path, needs in empty.wanted_files
    }
    plan = plan_for(made, situation=situation, files=checks, unreadable={}, speeds={})
    assert isinstance(plan, RecipePlan)
    return plan


def test_the_recipe_alone_is_enough_to_start(files: Path) -> None:
    plan = planned()
    assert plan.can_start
    assert [stage.stage.name for stage in plan.stages] == ["pretrain", "sft"]
    job = plan.to_job("r1")
    assert (job.run_id, job.kind, job.work["model"]) == ("r1", "pipeline", FIRST.model)
    assert [item["data"][0]["path"] for item in job.work["stages"]] == [
        str(files / "pretrain.jsonl"),
        str(files / "chat.jsonl"),
    ]


def test_time_and_disk_are_those_of_all_stages(files: Path) -> None:
    plan = planned()
    estimate, parts = plan.estimate(), [stage.plan.estimate() for stage in plan.stages]
    assert estimate is not None
    assert estimate.seconds == pytest.approx(sum(part.seconds or 0 for part in parts if part))
    assert estimate.disk_bytes == sum(part.disk_bytes for part in parts if part)
    assert estimate.peak_memory_bytes == max(part.peak_memory_bytes for part in parts if part)


def test_own_files_take_the_place_of_the_recipes(files: Path, tmp_path: Path) -> None:
    mine = write_text(tmp_path / "mine.jsonl", 300)
    plan = planned(stage_data={"pretrain": (DataFile(path=str(mine), weight=2.0),)})
    stages = plan.to_job("r").work["stages"]
    assert stages[0]["data"] == [{"path": str(mine), "weight": 2.0}]
    assert stages[1]["data"][0]["path"] == str(files / "chat.jsonl")
    # the command line of a recipe has no word for it
    assert plan.command_line("out") == ""
    assert "--recipe first" in planned().command_line("out")


def test_a_file_of_the_wrong_kind_is_named_with_its_stage(files: Path, tmp_path: Path) -> None:
    text = write_text(tmp_path / "text.jsonl", 100)
    plan = planned(stage_data={"sft": (DataFile(path=str(text)),)})
    assert not plan.can_start
    problem = plan.first_obstacle
    assert problem is not None
    assert (problem.severity, problem.field) == (Severity.ERROR, f"file:{text}")


def test_an_unknown_recipe_is_an_error_in_words() -> None:
    plan = plan_for(
        Choices(recipe="huge", preset="mini"), situation=Situation(), files={}, unreadable={}, speeds={}
    )
    assert [problem.code for problem in plan.problems()] == ["unknown_recipe"]
    assert plan.estimate() is None


def test_from_recipe_to_method_and_back(files: Path) -> None:
    situation = Situation(devices=(card(),))
    recipe = first_choices({"recipe": "first"}, situation)
    assert (recipe.recipe, recipe.method, recipe.preset) == ("first", None, FIRST.model)
    single = with_method(recipe, "pretrain", situation)
    assert (single.recipe, single.method, single.preset) == (None, "pretrain", situation.preset)
    again = with_recipe(single, "first")
    assert (again.recipe, again.method, again.preset) == ("first", None, FIRST.model)
    assert Choices.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
