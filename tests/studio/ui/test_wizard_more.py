"""What the wizard can do beyond one plan: recipes, templates, shapes, folders from elsewhere, what fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from minimind.presets import PRESETS
from studio.planning.choices import Drafts
from studio.planning.route import Step
from studio.ui.appearance import Appearance
from studio.ui.widgets.stepper import Step as Shown
from studio.ui.widgets.stepper import Stepper
from studio.ui.wizard.model_step import ModelStep
from tests.studio.ui.wizard_kit import Scene, card, write_chat, write_text


@pytest.fixture
def scene(qtbot: QtBot, appearance: Appearance, tmp_path: Path) -> Scene:
    return Scene(qtbot, appearance, tmp_path)


def model_step(scene: Scene) -> ModelStep:
    view = scene.page.steps[Step.MODEL]
    assert isinstance(view, ModelStep)
    return view


def test_a_recipe_is_started_as_one(scene: Scene) -> None:
    page = scene.begin(method="pretrain", preset="tiny")
    scene.click(page.what.recipes["first"])
    scene.read()
    assert (page.plan.choices.recipe, page.plan.choices.preset) == ("first", "mini")
    page.go_to(Step.DATA)
    assert list(page.data.stages) == ["pretrain", "sft"]
    assert not page.preview.measure.isVisible()
    page.go_to(Step.REVIEW)
    scene.settle()
    assert scene.says() == "Start training"
    scene.click(page.preview.start)
    ((_start, job, *_rest),) = scene.started()
    assert (job.kind, job.work["recipe"]) == ("pipeline", "first")


def test_own_files_of_a_stage_and_back(scene: Scene, tmp_path: Path) -> None:
    page = scene.begin(recipe="first")
    page.go_to(Step.DATA)
    mine = write_text(tmp_path / "mine.jsonl", 200)
    page.data.add_paths([str(mine)])
    scene.read()
    assert [file.path for file in page.plan.choices.stage_data["pretrain"]] == [str(mine)]
    scene.click(page.data.stages["pretrain"].own)
    assert page.plan.choices.stage_data == {}


def test_what_is_dropped_is_looked_at_away_from_the_window_and_sorted(scene: Scene, tmp_path: Path) -> None:
    page = scene.begin(recipe="first")
    page.go_to(Step.DATA)
    folder = tmp_path / "mine"
    folder.mkdir()
    texts = [str(write_text(folder / name, 50)) for name in ("a.jsonl", "b.jsonl")]
    chats = [str(write_chat(folder / "c.jsonl", 50))]
    calls: list[tuple[Any, Any]] = []
    page.data._background = lambda call, done: calls.append((call, done))
    page.data.add_paths([str(folder)])
    assert page.plan.choices.stage_data == {}
    ((call, done),) = calls
    # whoever has gone on meanwhile finds the files all the same
    page.go_to(Step.MODEL)
    done(call())
    files = {name: [file.path for file in found] for name, found in page.plan.choices.stage_data.items()}
    assert files == {"pretrain": texts, "sft": chats}
    scene.read()


def test_a_template_is_kept_chosen_and_removed(scene: Scene, tmp_path: Path) -> None:
    data = str(write_text(tmp_path / "a.jsonl", 2000))
    page = scene.begin(method="pretrain", preset="tiny", data=[data], name="Novel", settings={"lr": 0.001})
    scene.click(page.preview.template)
    (template,) = Drafts(scene.drafts.parent / "templates").all()
    assert template.choices.name == "Novel"
    scene.click(page.header.discard)
    page.begin({"method": "sft", "preset": "mini"})
    page.go_to(Step.WHAT)
    scene.settle()
    scene.click(page.what.templates[template.draft_id])
    scene.read()
    chosen = page.plan.choices
    assert (chosen.method, chosen.preset, chosen.settings["lr"]) == ("pretrain", "tiny", 0.001)
    # the run is named by itself: the name was the template's
    assert chosen.name == ""
    page.what.template_removed.emit(template)
    assert page.what.templates == {}
    scene.toasts[-1].action()
    assert list(page.what.templates) == [template.draft_id]


def test_a_shape_of_ones_own_counts_its_parameters(scene: Scene, tmp_path: Path) -> None:
    page = scene.begin(method="pretrain", preset="mini", data=[str(write_text(tmp_path / "a.jsonl"))])
    page.go_to(Step.MODEL)
    shape = model_step(scene).shape
    assert not shape.isVisible()
    page._set_detail("all")
    assert shape.isVisible()
    before = shape.count.text()
    scene.type(shape.fields["num_layers"], "3")
    assert shape.count.text() != before
    assert page.plan.to_job("x").model.shape == {"num_layers": 3}
    assert "--shape num_layers=3" in page.plan.command_line("out")
    # heads that cannot share the width: said under the fields, and the button leads there
    scene.type(shape.fields["num_heads"], "7")
    assert shape.problem.isVisible()
    (problem,) = [problem for problem in page.plan.problems() if problem.code == "bad_shape"]
    assert "Query heads (7)" in problem.sentence
    assert "_" not in problem.sentence
    assert shape.fields["num_heads"].property("problem")
    assert not shape.fields["dim"].property("problem")
    assert scene.says() == "Correct the shape"
    page.go_to(Step.DATA)
    scene.click(page.preview.start)
    assert scene.at() is Step.MODEL
    scene.click(shape.reset)
    assert page.plan.config == PRESETS["mini"].config


def test_a_folder_from_elsewhere_is_begun_with(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "their model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(PRESETS["tiny"].config.to_hf()))
    (folder / "model.safetensors").write_bytes(b"")
    page = scene.begin(method="sft", checkpoint=str(folder))
    page.go_to(Step.MODEL)
    scene.settle()
    assert model_step(scene).runs[str(folder)].isChecked()
    assert page.plan.config == PRESETS["tiny"].config
    assert page.plan.to_job("x").model.checkpoint == str(folder)
    (folder / "model.safetensors").unlink()
    page.planner.situate()
    page._show()
    assert scene.says() == "Choose a model"


def test_what_is_too_large_is_made_to_fit(qtbot: QtBot, appearance: Appearance, tmp_path: Path) -> None:
    small = card(memory_bytes=2 * 2**30, free_bytes=2 * 2**30)
    scene = Scene(qtbot, appearance, tmp_path, devices=[small])
    data = [str(write_text(tmp_path / "a.jsonl"))]
    page = scene.begin(method="pretrain", preset="minimind2", data=data)
    assert page.preview.fit.isVisible()
    scene.click(page.preview.fit)
    assert not page.preview.fit.isVisible()
    assert page.plan.can_start
    scene.toasts[-1].action()
    assert page.plan.choices.preset == "minimind2"


def test_a_longer_value_moves_no_step(qtbot: QtBot, appearance: Appearance) -> None:
    stepper = Stepper(appearance)
    qtbot.addWidget(stepper)
    stepper.resize(1000, 60)
    stepper.show()
    places = []
    for value in ("", "mini", "a file with a very long name indeed, longer than all room there is.jsonl"):
        steps = [Shown(key=str(n), title=f"Step {n}", value=value if n < 4 else "") for n in range(5)]
        stepper.set_steps(steps, "1")
        qtbot.wait(1)
        places.append([stepper.button(str(n)).mapTo(stepper, stepper.rect().topLeft()).x() for n in range(5)])
    assert places[0] == places[1] == places[2]
    assert "very long name" in stepper.button("0").toolTip()
