"""The wizard from the first card to the start, by mouse and by keyboard, and a problem in each step."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from minimind.job import Budget, DataFile
from minimind.presets import PRESETS
from minimind.run_state import RunState
from studio.planning.choices import Choices, Drafts
from studio.planning.route import Step
from studio.ui.appearance import Appearance
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_runs import make_run
from tests.studio.ui.wizard_kit import GB, HeldCheck, Scene, card, cpu, write_chat, write_text

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
MakeScene = Callable[..., Scene]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def scene_of(qtbot: QtBot, appearance: Appearance, tmp_path: Path) -> Iterator[MakeScene]:
    made: list[Scene] = []

    def make(**changes: Any) -> Scene:
        made.append(Scene(qtbot, appearance, tmp_path, **changes))
        return made[-1]

    yield make
    for scene in made:
        scene.checks.close()


@pytest.fixture
def scene(scene_of: MakeScene) -> Scene:
    return scene_of()


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    return write_text(tmp_path / "我的 小说 😀.jsonl", 8000)


# -- the whole way -------------------------------------------------------------------------------------


def test_by_mouse_from_the_first_card_to_the_start(scene: Scene, text_file: Path) -> None:
    page = scene.begin()
    assert scene.at() is Step.WHAT
    scene.click(page.steps[Step.WHAT].cards["pretrain"])  # type: ignore[attr-defined]
    scene.click(page.next)
    scene.click(page.steps[Step.MODEL].presets["tiny"])  # type: ignore[attr-defined]
    assert page.plan.choices.preset == "tiny"
    scene.click(page.next)
    page.data._pick = lambda _parent, _title, _folder: [str(text_file)]
    scene.click(page.data.add)
    scene.read()
    scene.click(page.next)
    scene.type(page.settings.name, "第一次")
    scene.type(page.settings.form.field("lr"), "2e-3")
    scene.click(page.next)
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
    assert page.detail.current() == "all"
    scene.key(Qt.Key.Key_E, CTRL)
    assert page.detail.current() == "simple"
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
    page.detail.segment("simple").setFocus()
    order = [QApplication.focusWidget()]
    for _ in range(40):
        scene.key(Qt.Key.Key_Tab)
        order.append(QApplication.focusWidget())
        if order[-1] is page.next:
            break
    places = [
        page.detail.segment("simple"),
        page.discard,
        page.stepper.button("what"),
        page.stepper.button("review"),
        page.steps[Step.WHAT].cards["pretrain"],  # type: ignore[attr-defined]
        page.preview.start,
        page.next,
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
    assert page.detail.current() == "all"
    assert scene.at() is Step.SETTINGS
    assert QApplication.focusWidget() is page.settings.form.field("clip")


def test_too_little_disk(scene: Scene, text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.ui.wizard.wizard_page.free_bytes", lambda _folder: 1_000_000)
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
    assert page.preview.pill.text() == "Ready"
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


# -- data ----------------------------------------------------------------------------------------------


def test_while_a_file_is_read_figures_are_open(scene_of: MakeScene, text_file: Path) -> None:
    held = HeldCheck()
    scene = scene_of(check=held)
    page = scene.page
    page.opened({"preset": "mini", "data": [str(text_file)]})
    # reading is no obstacle that a person has to be led to
    assert scene.at() is Step.REVIEW
    page.go_to(Step.DATA)
    row = page.data._rows[str(text_file)]
    scene.qtbot.waitUntil(lambda: "40%" in row.state.text())
    assert row.bar.isVisible()
    assert page.preview.time.text() == "—"
    assert page.preview.basis.text() == "Counting tokens…"
    assert scene.says() == "Reading the data…"
    held.go.set()
    scene.read()
    assert not row.bar.isVisible()
    assert page.preview.time.text() != "—"
    assert scene.says() == "Start training"


def test_a_reading_can_be_stopped_and_begun_anew(scene_of: MakeScene, text_file: Path) -> None:
    held = HeldCheck()
    scene = scene_of(check=held)
    page = scene.page
    page.opened({"preset": "mini", "data": [str(text_file)]})
    page.go_to(Step.DATA)
    row = page.data._rows[str(text_file)]
    scene.qtbot.waitUntil(lambda: row.stop.text() == "Stop reading" and row.bar.value() > 0)
    scene.click(row.stop)
    scene.read()
    assert scene.says() == "Start anyway"
    assert row.problem.isVisible()
    assert row.stop.text() == "Read it to the end"
    held.go.set()
    scene.click(row.stop)
    scene.read()
    assert scene.says() == "Start training"


def test_skipped_rows_are_shown_with_file_and_line(scene: Scene, tmp_path: Path) -> None:
    path = write_text(tmp_path / "a b.jsonl", 8000, bad=[5, 9, 77])
    page = scene.begin(preset="mini", data=[str(path)])
    page.go_to(Step.DATA)
    row = page.data._rows[str(path)]
    assert "3 rows skipped" in row.state.text()
    assert row.first.text().splitlines()[0].startswith("a b.jsonl:5 ")
    assert row.more.text() == "Show the 3 skipped rows"
    scene.click(row.more)
    assert [line.split("  ")[0] for line in row.wrong.toPlainText().splitlines()] == [
        "a b.jsonl:5",
        "a b.jsonl:9",
        "a b.jsonl:77",
    ]
    scene.click(row.more)
    assert not row.wrong.isVisible()
    page.go_to(Step.REVIEW)
    scene.click(page.steps[Step.REVIEW].links["Data checked"])  # type: ignore[attr-defined]
    assert scene.at() is Step.DATA
    assert row.wrong.isVisible()


def test_weights_are_typed_and_checked(scene: Scene, text_file: Path, tmp_path: Path) -> None:
    other = write_text(tmp_path / "b.jsonl", 3000)
    page = scene.begin(preset="mini", data=[str(text_file), str(other)])
    page.go_to(Step.DATA)
    row = page.data._rows[str(other)]
    scene.type(row.weight, "0.25")
    assert [file.weight for file in page.plan.choices.data] == [1.0, 0.25]
    scene.type(row.weight, "many")
    assert scene.says() == "Correct the weight"
    assert row.weight.text() == "many"
    page.go_to(Step.REVIEW)
    scene.click(page.preview.start)
    assert QApplication.focusWidget() is row.weight
    scene.type(row.weight, "2")
    assert scene.says() == "Start training"


def test_a_held_out_file_takes_the_place_of_the_automatic_one(
    scene: Scene, text_file: Path, tmp_path: Path
) -> None:
    held = write_text(tmp_path / "held.jsonl", 100)
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.DATA)
    assert "80 documents are set aside" in page.data._held_help.text()
    scene.click(page.data.held_from.segment("file"))
    assert page.plan.choices.val_data is None
    page.data._pick = lambda _parent, _title, _folder: [str(held)]
    scene.click(page.data.held_pick)
    scene.read()
    assert page.plan.choices.val_data == str(held)
    assert page.data._held_row is not None
    assert "100 rows" in page.data._held_row.state.text()
    scene.click(page.data.held_from.segment("auto"))
    assert page.plan.choices.val_data is None


def test_the_sample_is_one_click_away(scene: Scene) -> None:
    page = scene.begin()
    page.go_to(Step.DATA)
    scene.click(page.data.sample)
    scene.read()
    [file] = page.plan.choices.data
    assert Path(file.path).name == "pretrain.jsonl"
    assert page.plan.can_start
    assert not page.data.sample.isVisible()


def test_files_and_folders_can_be_dropped(scene: Scene, text_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("b.jsonl", "a.txt", "picture.png"):
        write_text(folder / name, 30)
    page = scene.begin()
    page.go_to(Step.DATA)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(text_file)), QUrl.fromLocalFile(str(folder))])
    buttons = Qt.MouseButton.LeftButton
    where, copy = QPoint(50, 50), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where, copy, data, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page.data.viewport(), enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(where), copy, data, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page.data.viewport(), drop)
    scene.read()
    assert [Path(file.path).name for file in page.plan.choices.data] == [text_file.name, "a.txt", "b.jsonl"]


def test_text_for_chat_tuning_is_one_clear_sentence(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.WHAT)
    scene.click(page.steps[Step.WHAT].cards["sft"])  # type: ignore[attr-defined]
    scene.read()
    assert page.preview.pill.text() == "Has an error"
    page.go_to(Step.DATA)
    scene.settle()
    assert '{"conversations"}' in page.data._rows[str(text_file)].problem.sentence.text()


def test_every_messy_file_through_the_data_step(scene: Scene, shared_data: Path) -> None:
    files = sorted((shared_data / "messy").iterdir())
    page = scene.begin(preset="mini", method="pretrain", data=[str(path) for path in files])
    page.go_to(Step.DATA)
    scene.settle()
    for path in files:
        row, check = page.data._rows[str(path)], page.plan.files[str(path)]
        assert row.isVisible()
        assert not row.bar.isVisible(), path.name
        if check.fault:
            assert row.problem.isVisible(), path.name
            assert path.name in row.problem.sentence.text()
        else:
            assert row.state.isVisible(), path.name
            assert not row.problem.isVisible() or check.skipped, path.name
            assert bool(check.skipped) == ("skipped" in row.state.text()), path.name
            assert (row.first.text() != "") == bool(check.skipped), path.name
    assert clipped(page) == []


# -- model ---------------------------------------------------------------------------------------------


def test_chat_tuning_starts_from_the_latest_run(scene: Scene, tmp_path: Path) -> None:
    run = scene.put_run()
    chat = write_chat(tmp_path / "chat.jsonl")
    page = scene.begin()
    scene.click(page.steps[Step.WHAT].cards["sft"])  # type: ignore[attr-defined]
    assert page.plan.choices.checkpoint == "r1"
    page.data.add_paths([str(chat)])
    scene.read()
    page.go_to(Step.MODEL)
    view = page.steps[Step.MODEL]
    assert view.runs["r1"].isVisible()  # type: ignore[attr-defined]
    assert view.runs["r1"].isChecked()  # type: ignore[attr-defined]
    page.go_to(Step.REVIEW)
    scene.click(page.preview.start)
    [(_start, job, _name)] = scene.started()
    assert job.model.checkpoint == str(run.folder)
    assert job.model.preset is None


def test_a_run_page_can_ask_for_chat_tuning(scene: Scene, tmp_path: Path) -> None:
    scene.put_run()
    page = scene.begin(checkpoint="r1", method="sft")
    assert scene.at() is Step.DATA
    assert page.plan.config == PRESETS["mini"].config
    assert scene.says() == "Choose a data file"


def test_without_a_run_the_list_says_so_and_leads_on(scene: Scene) -> None:
    page = scene.begin()
    page.go_to(Step.MODEL)
    view = page.steps[Step.MODEL]
    scene.click(view.start_from.segment("checkpoint"))  # type: ignore[attr-defined]
    assert view._empty.isVisible()  # type: ignore[attr-defined]
    scene.click(view._empty.button)  # type: ignore[attr-defined]
    assert scene.at() is Step.WHAT


# -- settings ------------------------------------------------------------------------------------------


def test_the_length_in_passes_steps_or_minutes(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.type(page.settings.length, "3")
    assert page.plan.choices.budget == Budget(epochs=3)
    scene.click(page.settings.length_unit.segment("steps"))
    assert page.plan.choices.budget.steps is not None
    scene.type(page.settings.length, "200")
    assert page.plan.choices.budget == Budget(steps=200)
    assert page.preview.facts["steps"].value.text() == "200"
    scene.type(page.settings.length, "2.5")
    assert scene.says() == "Length of training: this must be a whole number"
    scene.click(page.settings.length_unit.segment("minutes"))
    scene.type(page.settings.length, "2.5")
    assert page.plan.choices.budget == Budget(minutes=2.5)
    assert page.preview.time.text() == "2 min"
    scene.click(page.settings._length.reset)
    assert page.plan.choices.budget == Budget()
    assert page.settings.length.text() == "1"


def test_automatic_says_what_it_means_here(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    field = page.settings.form.field("seq_len")
    assert isinstance(field, QLineEdit)
    assert field.placeholderText() == "automatic: 512"


def test_the_simple_form_has_five_to_seven_fields(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.settle()
    kinds = (QLineEdit, QPlainTextEdit, QComboBox)
    fields = [w for kind in kinds for w in page.settings.findChildren(kind) if w.isVisible()]
    assert 5 <= len(fields) <= 7


def test_values_survive_simple_and_the_header_counts_what_is_hidden(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.SETTINGS)
    scene.click(page.detail.segment("all"))
    scene.type(page.settings.form.field("clip"), "0.5")
    scene.type(page.settings.seed, "7")
    assert page.hidden_changes.text() == ""
    scene.click(page.detail.segment("simple"))
    assert page.hidden_changes.text() == "2 more changes are not shown"
    assert page.plan.choices.settings == {"clip": 0.5}
    assert page.plan.choices.seed == 7
    scene.click(page.detail.segment("all"))
    assert page.settings.form.field("clip").isVisible()


def test_a_device_can_be_chosen_where_there_are_several(scene_of: MakeScene, text_file: Path) -> None:
    scene = scene_of(devices=[card(), cpu()])
    page = scene.begin(preset="mini", data=[str(text_file)])
    assert page.preview.facts["device"].value.text() == "RTX 3090 · bf16"
    page._toggle_detail()
    page.go_to(Step.SETTINGS)
    labels = [page.settings.device.itemData(i) for i in range(page.settings.device.count())]
    assert labels == ["auto", "cuda:0", "cpu"]
    page.settings.device.setFocus()
    scene.key(Qt.Key.Key_Down)
    scene.key(Qt.Key.Key_Down)
    assert page.plan.choices.device == "cpu"
    assert page.preview.facts["device"].value.text() == "CPU · bf16"
    assert page.preview.memory_label.text() == "Memory"


def test_a_card_that_torch_cannot_use_is_not_offered(scene_of: MakeScene, text_file: Path) -> None:
    from minimind.doctor import Finding

    scene = scene_of(devices=[card(), cpu()])
    scene.tools.system.found = [  # type: ignore[attr-defined]
        Finding(code="driver_too_old", severity="warning", noun="Driver", fact="Too old.")
    ]
    page = scene.begin(preset="mini", data=[str(text_file)])
    assert page.preview.facts["device"].value.text() == "CPU · bf16"


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
        scene.click(page.discard)
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


# -- looks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["compact", "normal", "wide"])
def test_no_text_is_cut_off(
    scene_of: MakeScene, appearance: Appearance, tmp_path: Path, language: str, theme: str, size: str
) -> None:
    appearance.set(theme_choice=theme, language_choice=language)
    scene = scene_of(size=size, devices=[card(), cpu()])
    scene.put_run()
    good = write_text(tmp_path / "一个名字很长很长的数据文件 with many words.jsonl", 300, bad=[3, 7, 9])
    files = [str(good), str(tmp_path / "gone.jsonl")]
    page = scene.begin(
        method="pretrain", preset="minimind2-small", data=files, settings={"lr": 3e-4, "clip": 0.5}
    )
    for detail in ("simple", "all"):
        page._set_detail(detail)
        for step in Step:
            page.go_to(step)
            scene.settle()
            assert clipped(page) == [], (detail, step)
    scene.begin(method="sft", checkpoint="r1")
    page.go_to(Step.MODEL)
    scene.settle()
    assert clipped(page) == []


def test_large_text_still_fits(scene_of: MakeScene, appearance: Appearance, text_file: Path) -> None:
    appearance.set(text_size=130)
    scene = scene_of(size="wide")
    page = scene.begin(preset="mini", data=[str(text_file)])
    for step in Step:
        page.go_to(step)
        scene.settle()
        assert clipped(page) == [], step


def test_nothing_flashes_up_as_a_window_of_its_own(scene: Scene, text_file: Path) -> None:
    flashed: list[QWidget] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                flashed.append(watched)
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)
    try:
        page = scene.begin(preset="mini", data=[str(text_file), str(text_file.parent / "gone.jsonl")])
        scene.put_run()
        page._toggle_detail()
        for step in Step:
            page.go_to(step)
            scene.settle()
    finally:
        QApplication.instance().removeEventFilter(watch)
    assert flashed == []


def test_language_and_theme_change_live(scene: Scene, appearance: Appearance, tmp_path: Path) -> None:
    gone = tmp_path / "gone.jsonl"
    page = scene.begin(preset="mini", data=[str(gone)])
    page.go_to(Step.DATA)
    assert "is still" not in page.data._rows[str(gone)].problem.sentence.text()
    appearance.set(language_choice="zh", theme_choice="dark")
    scene.read()
    assert page.title.text() == "新建训练"
    assert page.preview.pill.text() == "有错误"
    assert scene.says() == "换一个文件"
    for step in Step:
        page.go_to(step)
        scene.settle()
        for widget in page.findChildren(QAbstractButton):
            text = widget.text()
            if widget.isVisible() and text:
                assert any("一" <= letter <= "鿿" for letter in text), text


def test_the_wizard_imports_no_torch() -> None:
    code = (
        "import sys; import studio.ui.wizard.wizard_page; "
        "sys.exit(sum(name.split('.')[0] == 'torch' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


# -- the background reading ----------------------------------------------------------------------------


def test_a_file_is_read_once_while_it_stays_the_same(scene_of: MakeScene, text_file: Path) -> None:
    from studio.planning.data_check import check_file

    asked: list[str] = []

    def counted(path: str, needs: Any, **given: Any) -> Any:
        asked.append(path)
        return check_file(path, needs, **given)

    scene = scene_of(check=counted)
    page = scene.begin(preset="mini", data=[str(text_file)])
    page.go_to(Step.MODEL)
    scene.begin(preset="tiny", data=[str(text_file)])
    assert len(asked) == 1
    write_text(text_file, 500)
    scene.begin(preset="tiny", data=[str(text_file)])
    assert len(asked) == 2
    assert page.plan.files[str(text_file)].rows == 500


def test_a_removed_file_is_not_read_on(scene_of: MakeScene, text_file: Path, tmp_path: Path) -> None:
    held = HeldCheck()
    scene = scene_of(check=held)
    page = scene.page
    page.opened({"preset": "mini", "data": [str(text_file)]})
    page.go_to(Step.DATA)
    scene.click(page.data._rows[str(text_file)].remove)
    assert not scene.checks.is_busy
    assert page.plan.files == {}
    held.go.set()
    other = write_text(tmp_path / "b.jsonl", 300)
    page.data.add_paths([str(other)])
    scene.read()
    assert page.plan.files[str(other)].rows == 300


def test_a_checker_that_breaks_is_a_sentence_and_no_hang(scene_of: MakeScene, text_file: Path) -> None:
    def broken(path: str, needs: Any, **given: Any) -> Any:
        raise RuntimeError("boom")

    scene = scene_of(check=broken)
    page = scene.begin(preset="mini", data=[str(text_file)])
    fault = page.plan.files[str(text_file)].fault
    assert text_file.name in fault
    assert "boom" in fault


def test_the_job_file_of_a_start_is_what_the_plan_said(scene: Scene, text_file: Path) -> None:
    page = scene.begin(preset="tiny", data=[str(text_file)], settings={"seq_len": 128})
    planned = json.dumps(page.plan.to_job("x").settings)
    scene.click(page.preview.start)
    [(_start, job, _name)] = scene.started()
    assert json.dumps(job.settings) == planned
