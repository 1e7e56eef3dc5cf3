"""The wizard from the first card to the start, by mouse and by keyboard; a problem in each step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit

from minimind.job import DataFile
from minimind.presets import PRESETS
from minimind.run_state import RunState
from studio.planning.route import Step
from tests.studio.ui.fake_runs import make_run
from tests.studio.ui.wizard_kit import GB, Scene, card, write_text

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
MakeScene = Callable[..., Scene]

ROOT = Path(__file__).resolve().parents[3]


# -- the whole way -------------------------------------------------------------------------------------


def test_by_mouse_from_the_first_card_to_the_start(scene: Scene, text_file: Path) -> None:
    page = scene.begin()
    assert scene.at() is Step.WHAT
    scene.click(page.steps[Step.WHAT].cards["pretrain"])  # type: ignore[attr-defined]
    scene.click(page.footer.next)
    scene.click(page.steps[Step.MODEL].presets["tiny"])  # type: ignore[attr-defined]
    assert page.plan.choices.preset == "tiny"
    scene.click(page.footer.next)
    page.data._pick = lambda _parent, _title, _folder: [str(text_file)]
    scene.click(page.data.add)
    scene.read()
    scene.click(page.footer.next)
    scene.type(page.settings.name, "第一次")
    scene.type(page.settings.form.field("lr"), "2e-3")
    scene.click(page.footer.next)
    assert scene.at() is Step.REVIEW
    assert page.preview.pill.text() == "Ready"
    assert scene.says() == "Start training"
    with scene.qtbot.waitSignal(page.started) as told:
        scene.click(page.preview.start)
    [(_start, job, name)] = scene.started()
    assert told.args == [job.run_id]
    assert name == "第一次"
    assert (job.method, job.model.preset) == ("pretrain", "tiny")
    assert job.data == (DataFile(path=str(text_file)),)
    assert job.settings == {"lr": 2e-3}
    assert scene.pages == [("run", {"run_id": job.run_id})]


def test_by_keyboard_alone(scene: Scene, text_file: Path) -> None:
    page = scene.begin()
    page.data._pick = lambda _parent, _title, _folder: [str(text_file)]
    # a card has the focus: down and up move between methods, Alt+→ goes on
    scene.key(Qt.Key.Key_Down)
    assert page.plan.choices.method == "sft"
    scene.key(Qt.Key.Key_Up)
    assert page.plan.choices.method == "pretrain"
    scene.key(Qt.Key.Key_Right, ALT)
    assert scene.at() is Step.MODEL
    before = page.plan.choices.preset
    scene.key(Qt.Key.Key_Right)
    assert page.plan.choices.preset != before
    scene.key(Qt.Key.Key_Right, ALT)
    assert scene.at() is Step.DATA
    # the button to choose files has the focus
    scene.key(Qt.Key.Key_Space)
    scene.read()
    assert page.plan.choices.data == (DataFile(path=str(text_file)),)
    scene.key(Qt.Key.Key_Right, ALT)
    assert scene.at() is Step.SETTINGS
    scene.key(Qt.Key.Key_E, CTRL)
    assert page.header.detail.current() == "all"
    scene.key(Qt.Key.Key_E, CTRL)
    assert page.header.detail.current() == "simple"
    scene.key(Qt.Key.Key_Right, ALT)
    assert scene.at() is Step.REVIEW
    scene.key(Qt.Key.Key_Left, ALT)
    assert scene.at() is Step.SETTINGS
    scene.key(Qt.Key.Key_Right, ALT)
    assert QApplication.focusWidget() is page.preview.start
    assert page.primary_action() is page.preview.start
    scene.key(Qt.Key.Key_Space)
    assert len(scene.started()) == 1


def test_tab_goes_in_reading_order(scene: Scene) -> None:
    page = scene.begin()
    page.header.detail.segment("simple").setFocus()
    order = [QApplication.focusWidget()]
    for _ in range(40):
        scene.key(Qt.Key.Key_Tab)
        order.append(QApplication.focusWidget())
        if order[-1] is page.footer.next:
            break
    places = [
        page.header.detail.segment("simple"),
        page.header.discard,
        page.stepper.button("what"),
        page.stepper.button("review"),
        page.steps[Step.WHAT].cards["pretrain"],  # type: ignore[attr-defined]
        page.preview.start,
        page.footer.next,
    ]
    found = [order.index(widget) for widget in places]
    assert found == sorted(found)


def test_tab_goes_through_rows_that_came_later_in_their_order(
    scene: Scene, text_file: Path, tmp_path: Path
) -> None:
    other = write_text(tmp_path / "b.jsonl", 3000)
    page = scene.begin(preset="mini", data=[str(text_file), str(other)])
    page.go_to(Step.DATA)
    scene.settle()
    first, second = (page.data._rows[str(path)] for path in (text_file, other))
    first.weight.setFocus()
    order = []
    for _ in range(4):
        scene.key(Qt.Key.Key_Tab)
        order.append(QApplication.focusWidget())
    assert order == [first.remove, second.weight, second.remove, page.data.add]


def test_everything_that_takes_the_focus_has_a_name(scene: Scene, text_file: Path) -> None:
    page = scene.begin(data=[str(text_file), str(text_file.parent / "gone.jsonl")])
    page._toggle_detail()
    for step in Step:
        page.go_to(step)
        scene.settle()
        for kind in (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit):
            for widget in page.findChildren(kind):
                if not widget.isVisible() or widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
                    continue
                text = widget.text() if isinstance(widget, QAbstractButton) else ""
                assert widget.accessibleName() or text, (step, widget)


# -- a problem in each step ----------------------------------------------------------------------------


def test_an_empty_plan_leads_to_the_data(scene: Scene) -> None:
    page = scene.begin()
    assert page.plan.choices.method == "pretrain"
    assert page.plan.choices.preset in PRESETS
    assert page.preview.pill.text() == "1 thing missing"
    assert scene.says() == "Choose a data file"
    scene.click(page.preview.start)
    assert scene.at() is Step.DATA
    assert QApplication.focusWidget() is page.data.add
    assert page.data._problem.isVisible()
    assert scene.started() == []


def test_a_method_of_another_version(scene: Scene, text_file: Path) -> None:
    page = scene.begin(method="telepathy", preset="mini", data=[str(text_file)])
    assert scene.at() is Step.WHAT
    page.go_to(Step.REVIEW)
    assert page.preview.pill.text() == "Has an error"
    assert scene.says() == "Choose what to do"
    scene.click(page.preview.start)
    assert scene.at() is Step.WHAT
    scene.click(page.steps[Step.WHAT].cards["pretrain"])  # type: ignore[attr-defined]
    scene.read()
    assert scene.says() == "Start training"


def test_a_checkpoint_that_is_gone(scene: Scene, text_file: Path) -> None:
    page = scene.begin(method="pretrain", checkpoint="r9", data=[str(text_file)])
    assert scene.at() is Step.MODEL
    assert scene.says() == "Choose a model"
    view = page.steps[Step.MODEL]
    assert "r9" in view._problem.sentence.text()  # type: ignore[attr-defined]
    scene.click(view.start_from.segment("new"))  # type: ignore[attr-defined]
    assert scene.says() == "Start training"


def test_a_file_that_cannot_be_used(scene: Scene, tmp_path: Path) -> None:
    bad = tmp_path / "picture.jsonl"
    bad.write_bytes(bytes(range(256)) * 40)
    page = scene.begin(preset="mini", data=[str(bad)])
    page.go_to(Step.REVIEW)
    assert scene.says() == "Choose another file"
    scene.click(page.preview.start)
    assert scene.at() is Step.DATA
    row = page.data._rows[str(bad)]
    assert "picture.jsonl" in row.problem.sentence.text()
    assert QApplication.focusWidget() is row.remove
    scene.key(Qt.Key.Key_Space)
    assert page.plan.choices.data == ()


def test_a_learning_rate_that_is_too_high(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    field = page.settings.form.field("lr")
    scene.type(field, "3")
    assert scene.says() == "Learning rate: at most 0.1"
    page.go_to(Step.REVIEW)
    scene.click(page.preview.start)
    assert scene.at() is Step.SETTINGS
    assert QApplication.focusWidget() is field
    scene.type(field, "3e-4")
    assert scene.says() == "Start training"
    assert page.plan.choices.settings == {"lr": 3e-4}


def test_an_expert_setting_with_an_error_shows_all_settings(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)], settings={"clip": -1.0})
    assert page.header.detail.current() == "all"
    assert scene.at() is Step.SETTINGS
    assert QApplication.focusWidget() is page.settings.form.field("clip")


def test_too_little_disk(scene: Scene, text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.planning.situation.free_bytes", lambda _folder: 1_000_000)
    page = scene.begin(preset="mini", data=[str(text_file)])
    assert scene.at() is Step.REVIEW
    assert scene.says() == "Free some disk space"
    scene.click(page.preview.start)
    assert scene.at() is Step.REVIEW
    assert scene.started() == []
    titles = [check.title for check in page.steps[Step.REVIEW].checks]  # type: ignore[attr-defined]
    assert "Too little disk" in titles


def test_a_model_that_does_not_fit(scene_of: MakeScene, text_file: Path) -> None:
    scene = scene_of(devices=[card(name="NVIDIA T400", memory_bytes=GB, free_bytes=GB)])
    page = scene.begin(preset="minimind2", data=[str(text_file)])
    assert scene.at() is Step.MODEL
    assert scene.says() == "Choose a smaller model"
    chosen = page.steps[Step.MODEL].presets["minimind2"]  # type: ignore[attr-defined]
    assert chosen.note.text().startswith("needs ")
    assert page.preview.memory_used.property("tone") == "danger"


def test_warnings_let_it_start_anyway(scene: Scene, tmp_path: Path) -> None:
    page = scene.begin(preset="mini", data=[str(write_text(tmp_path / "a.jsonl", 60))])
    assert page.preview.pill.text() == "Ready, 2 warnings"
    assert scene.says() == "Start anyway"
    scene.click(page.preview.start)
    assert len(scene.started()) == 1


def test_while_another_run_has_the_device_it_is_queued(scene: Scene, text_file: Path) -> None:
    scene.runs.put(make_run(RunState.RUNNING))
    scene.begin(preset="mini", data=[str(text_file)])
    assert scene.says() == "Add to queue"
    scene.runs.change("20261124-1524-pretrain-3f2a", state=RunState.FINISHED)
    scene.settle()
    assert scene.says() == "Start training"
