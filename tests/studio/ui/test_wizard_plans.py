"""Plans that are left, found again, thrown away; what the review leads back to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from minimind.job import Budget, DataFile
from studio.planning.choices import Choices, Drafts
from studio.planning.route import Step
from tests.studio.ui.wizard_kit import Scene

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
MakeScene = Callable[..., Scene]

ROOT = Path(__file__).resolve().parents[3]


# -- leaving, coming back, throwing away ---------------------------------------------------------------


def test_leaving_keeps_the_plan(scene: Scene, text_file: Path) -> None:
    page = scene.begin()
    scene.click(page.steps[Step.WHAT].cards["sft"])  # type: ignore[attr-defined]
    page.data.add_paths([str(text_file)])
    page.left()
    [draft] = Drafts(scene.drafts).all()
    assert draft.choices.method == "sft"
    # the same page shows it again
    scene.begin()
    assert page.plan.choices.method == "sft"
    # and the next start of the program finds it
    page = scene.new_page()
    scene.begin()
    assert page.plan.choices.data == (DataFile(path=str(text_file)),)
    assert page.banner.isVisible()
    scene.click(page.banner._buttons[0])
    assert page.plan.choices.data == ()
    assert len(Drafts(scene.drafts).all()) == 1


def test_a_plan_nobody_touched_leaves_nothing(scene: Scene) -> None:
    page = scene.begin()
    page.left()
    assert Drafts(scene.drafts).all() == []


def test_a_draft_is_opened_by_its_id_and_goes_with_the_start(scene: Scene, text_file: Path) -> None:
    drafts = Drafts(scene.drafts)
    choices = Choices(
        method="pretrain", preset="tiny", data=(DataFile(path=str(text_file)),), budget=Budget(steps=99)
    )
    draft_id = drafts.save(choices)
    page = scene.begin(draft=draft_id)
    assert page.plan.choices == choices
    scene.click(page.preview.start)
    assert len(scene.started()) == 1
    assert drafts.all() == []


def test_discarding_can_be_undone(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="tiny", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.type(page.settings.form.field("lr"), "1e-3")
    page.left()
    with scene.qtbot.waitSignal(page.discarded):
        scene.click(page.header.discard)
    assert Drafts(scene.drafts).all() == []
    assert scene.pages == [("home", {})]
    [toast] = scene.toasts
    assert toast.action_text == "Undo"
    toast.action()
    scene.read()
    assert page.plan.choices.settings == {"lr": 1e-3}
    assert scene.pages[-1] == ("wizard", {})
    assert len(Drafts(scene.drafts).all()) == 1


def test_after_a_start_the_next_plan_is_new(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="tiny", data=[str(text_file)])
    scene.click(page.preview.start)
    scene.begin()
    assert page.plan.choices.data == ()
    assert scene.at() is Step.WHAT


def test_a_draft_that_cannot_be_written_is_said(scene: Scene, text_file: Path) -> None:
    scene.drafts.parent.mkdir(parents=True)
    scene.drafts.write_text("no folder")
    page = scene.begin(preset="tiny")
    page.data.add_paths([str(text_file)])
    page.left()
    assert page.banner.isVisible()
    assert "could not be kept as a draft" in page.banner.message.text()


def test_preferences_are_the_defaults_of_a_plan(scene: Scene) -> None:
    scene.tools.preferences.change(keep_checkpoints=5, device="cpu")
    page = scene.begin()
    assert page.plan.choices.settings == {"keep_checkpoints": 5}
    assert page.plan.choices.device == "cpu"


def test_the_command_line_is_copied(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="tiny", data=[str(text_file)])
    scene.click(page.preview.copy)
    line = QGuiApplication.clipboard().text()
    assert line.startswith("python -m minimind train --method pretrain --model tiny --data ")
    assert text_file.name in line
    assert len(scene.toasts) == 1
    empty = scene.new_page()
    empty.begin({"preset": "tiny"})
    assert not empty.preview.copy.isEnabled()
    assert empty.preview.copy.toolTip()


def test_the_stepper_leads_anywhere_and_shows_what_was_chosen(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="tiny", data=[str(text_file)])
    for step in reversed(Step):
        scene.click(page.stepper.button(step))
        assert scene.at() is step
    names = [page.stepper.button(step).accessibleName() for step in Step]
    assert names[:3] == ["What, Pretrain, done", "Model, tiny, done", f"Data, {text_file.name}, done"]


def test_review_leads_back_to_each_step(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="tiny", data=[str(text_file)])
    review = page.steps[Step.REVIEW]
    expected = {
        "method": Step.WHAT,
        "model": Step.MODEL,
        "data": Step.DATA,
        "budget": Step.SETTINGS,
        "name": Step.SETTINGS,
    }
    for field, step in expected.items():
        page.go_to(Step.REVIEW)
        scene.settle()
        scene.click(review.rows[field].change)  # type: ignore[attr-defined]
        assert scene.at() is step
    assert QApplication.focusWidget() is page.settings.name
