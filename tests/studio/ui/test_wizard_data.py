"""The wizard's data step: reading in the background, bad rows, weights, the held-out set, messy files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from studio.planning.route import Step
from tests.studio.ui.clipping import clipped
from tests.studio.ui.wizard_kit import HeldCheck, Scene, write_text

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
MakeScene = Callable[..., Scene]

ROOT = Path(__file__).resolve().parents[3]


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
