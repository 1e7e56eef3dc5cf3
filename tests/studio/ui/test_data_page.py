"""The data page in every state that it has, in both languages and at both sizes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.planning.file_report import FileState
from studio.services.data_service import DataService
from studio.ui.data.preview_panel import RAW, TEMPLATE, TRAINED
from studio.ui.data.token_view import LIMIT, told
from studio.ui.pages.data_page import DataPage
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_tools import FakeRuns
from tests.studio.ui.page_kit import Kit, delete, mouse

CHAT = {
    "conversations": [
        {"role": "user", "content": "为什么蜻蜓飞得低？"},
        {"role": "assistant", "content": "空气又湿又重，小虫飞不高。龘"},
    ]
}


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@dataclasses.dataclass
class Scene:
    """A page with a real service behind it."""

    page: DataPage
    data: DataService
    kit: Kit
    runs: FakeRuns
    qtbot: QtBot
    folder: Path

    def file(self, name: str, *rows: object) -> str:
        path = self.folder / name
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=60_000)

    def add(self, *paths: str) -> None:
        self.page.add(paths)
        self.wait(lambda: self.page._path == paths[0])
        done = (FileState.DONE, FileState.BAD, FileState.GONE)
        self.wait(lambda: (report := self.page.report) and report.state in done)

    def shown(self) -> None:
        self.wait(lambda: self.page.preview.view and self.page.preview.view.path == self.page._path)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.page, key)


@pytest.fixture(params=[("en", "light"), ("zh", "dark")], ids=["en", "zh"])
def scene(
    request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> Iterator[Scene]:
    language, theme = request.param
    kit = Kit(qapp, tmp_path, language=language, theme=theme)
    runs = FakeRuns()
    data = DataService(projects=tmp_path / "projects", cache=tmp_path / "cache")
    page = DataPage(kit.appearance, kit.navigator, data, runs, kit.memory, pick=lambda *_args: [])
    page.resize(1240, 840)
    page.show()
    page.activateWindow()
    page.opened({})
    yield Scene(page, data, kit, runs, qtbot, tmp_path)
    data.close()
    delete(page)


def test_an_empty_project_offers_the_sample(scene: Scene) -> None:
    body = scene.page.body
    scene.wait(lambda: body.empty.isVisible())
    assert not scene.page.train.isVisible()
    assert scene.page.primary_action() is None
    click(body.empty.button)
    scene.wait(lambda: len(scene.data.entries()) == 2)
    scene.wait(lambda: scene.page.report and scene.page.report.state is FileState.DONE)
    scene.shown()
    assert body.tabs.isVisible()
    assert scene.page.train.isEnabled()


def test_what_is_trained_is_told_and_counted(scene: Scene) -> None:
    path = scene.file("chat.jsonl", CHAT, "{", {"conversations": []}, CHAT)
    scene.add(path)
    scene.shown()
    page, preview = scene.page, scene.page.preview
    view = preview.view
    assert view is not None
    assert [turn.role for turn in view.turns] == ["user", "assistant"]
    assert preview.legend_numbers["trained"].text() == f"{view.sums.trained:,}"
    assert view.sums.split >= 1
    assert preview.split.text()
    assert page.pill.isVisible()
    assert page.body.counts.values["usable"].text().startswith("2")
    assert page.body.counts.values["repeats"].text().startswith("1")
    assert page.body.skipped.rows[0][0].isVisible()
    click(page.body.skipped.rows[0][0])
    assert page.body.current_tab == "skipped"
    scene.wait(lambda: page.body.skipped_tab.text.toPlainText() == "{")
    page.body.open_tab("repeats")
    page.body.repeats_tab.row_wanted.emit(2)
    scene.wait(lambda: preview.view and preview.view.number == 2)
    assert page.body.current_tab == "preview"


def _shows(scene: Scene, number: int) -> bool:
    view = scene.page.preview.view
    return view is not None and view.number == number


def test_keys_move_through_rows_and_views(scene: Scene) -> None:
    path = scene.file("text.jsonl", *[{"text": f"row {n}, some words"} for n in range(1, 8)])
    scene.add(path)
    scene.shown()
    preview = scene.page.preview
    scene.page.files.list.setFocus()
    for key, wanted in ((Qt.Key.Key_J, 2), (Qt.Key.Key_Right, 3), (Qt.Key.Key_K, 2), (Qt.Key.Key_Left, 1)):
        scene.press(key)
        scene.wait(partial(_shows, scene, wanted))
    scene.press(Qt.Key.Key_Left)
    assert preview._asked == 1
    for key, which in ((Qt.Key.Key_1, RAW), (Qt.Key.Key_2, TEMPLATE), (Qt.Key.Key_3, TRAINED)):
        scene.press(key)
        assert preview.which.current() == which
    scene.press(Qt.Key.Key_1)
    assert '"text": "row 1, some words"' in preview.raw.toPlainText()
    scene.press(Qt.Key.Key_G)
    assert preview.field.isVisible()
    QTest.keyClicks(preview.field, "6")
    QTest.keyClick(preview.field, Qt.Key.Key_Return)
    scene.wait(lambda: preview.view and preview.view.number == 6)
    assert not preview.field.isVisible()
    scene.press(Qt.Key.Key_G)
    assert scene.page.escape()
    assert not scene.page.escape()


def test_del_takes_a_file_off_the_list_and_undo_brings_it_back(scene: Scene) -> None:
    first, second = scene.file("one.jsonl", {"text": "one"}), scene.file("two.jsonl", {"text": "two"})
    scene.add(first, second)
    scene.page.files.list.setFocus()
    scene.press(Qt.Key.Key_Delete)
    scene.wait(lambda: [entry.path for entry in scene.data.entries()] == [second])
    assert Path(first).exists()
    scene.wait(lambda: scene.kit.toasts)
    action = scene.kit.toasts[-1].action
    assert action is not None
    action()
    scene.wait(lambda: [entry.path for entry in scene.data.entries()] == [first, second])
    scene.wait(lambda: scene.page._path == first)


def test_files_may_be_dropped_anywhere(scene: Scene) -> None:
    path = scene.file("dropped 名字 😀.jsonl", {"text": "x"})
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    left, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    entered = QDragEnterEvent(QPoint(500, 500), copy, data, left, none)
    QApplication.sendEvent(scene.page, entered)
    assert entered.isAccepted()
    assert scene.page.files.drop.over
    QApplication.sendEvent(scene.page, QDropEvent(QPointF(500, 500), copy, data, left, none))
    assert not scene.page.files.drop.over
    scene.wait(lambda: scene.page._path == path)


def test_train_opens_the_wizard_with_the_file(scene: Scene) -> None:
    for name, row, method in (("t.jsonl", {"text": "abc"}, "pretrain"), ("c.jsonl", CHAT, "sft")):
        path = scene.file(name, row)
        scene.add(path)
        click(scene.page.train)
        assert scene.kit.pages[-1] == ("wizard", {"data": [path], "method": method})


def test_a_table_is_converted_in_place(scene: Scene) -> None:
    path = scene.file("table.csv", "name,text", "a,hello there", "b,")
    scene.add(path)
    convert = scene.page.body.convert
    scene.wait(lambda: convert.isVisible())
    assert "table.csv" in convert.sentence.text()
    assert not scene.page.train.isEnabled()
    click(convert.how)
    scene.wait(lambda: convert.form.isVisible())
    assert convert.mapping().text == "text"
    assert convert.examples["text"].text() == "hello there"
    convert.boxes["text"].setCurrentIndex(0)
    assert not convert.convert.isEnabled()
    convert.boxes["text"].setCurrentIndex(2)
    click(convert.convert)
    scene.wait(lambda: Path(scene.page._path).name == "table.jsonl")
    scene.wait(lambda: scene.page.report and scene.page.report.state is FileState.DONE)
    assert json.loads(Path(scene.page._path).read_text()) == {"text": "hello there"}


def test_no_usable_row_and_a_file_that_is_gone(scene: Scene) -> None:
    path = scene.file("foreign.jsonl", {"prose": 3})
    scene.add(path)
    convert = scene.page.body.convert
    assert "foreign.jsonl" in convert.sentence.text()
    click(convert.how)
    scene.wait(lambda: convert.form.isVisible())
    # nothing to choose from: it says what a usable row looks like
    assert not convert.convert.isVisible()
    assert '"text"' in convert.explained.text()
    Path(path).unlink()
    scene.page.opened({})
    scene.wait(lambda: scene.page.report and scene.page.report.state is FileState.GONE)
    assert not convert.how.isVisible()
    assert convert.again.isVisible()
    scene.file("foreign.jsonl", {"text": "mended"})
    click(convert.again)
    scene.wait(lambda: scene.page.report and scene.page.report.state is FileState.DONE)


def test_a_very_long_row_is_shown_in_part_until_all_of_it_is_wanted(scene: Scene) -> None:
    path = scene.file("long.jsonl", {"text": "雨 snow " * 25_000})
    scene.add(path)
    scene.shown()
    preview = scene.page.preview
    scene.wait(lambda: not preview.tokens.is_busy)
    assert preview.more.isVisible()
    assert preview.tokens.hidden_runs > LIMIT
    before = preview.tokens.verticalScrollBar().maximum()
    click(preview.more)
    scene.wait(lambda: not preview.tokens.is_busy)
    assert preview.tokens.verticalScrollBar().maximum() > 5 * before
    assert not preview.more.isVisible()
    assert preview.tokens.text().count("snow") == 25_000


def test_hover_names_the_token(scene: Scene) -> None:
    scene.add(scene.file("chat.jsonl", CHAT))
    scene.shown()
    tokens = scene.page.preview.tokens
    layout = tokens._layout
    assert layout is not None
    boxes = [(line, box) for line in layout.lines for box in line.boxes]
    line, box = next((line, box) for line, box in boxes if box.run.split > 1 and box.run.trained)
    place = QPointF(box.x + 4, line.y + 12)
    mouse(tokens.viewport(), QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton)
    assert tokens._hovered is box.run
    said = told(box.run)
    assert str(box.run.ids[0]) in said.replace(",", "")
    assert box.run.text in said
    assert str(box.run.split) in said


def test_nothing_is_cut_off_at_either_size(scene: Scene) -> None:
    scene.add(scene.file("chat.jsonl", *[CHAT] * 40, "{", '{"conversations": 3}'))
    scene.shown()
    scene.add(scene.file("t.csv", "a,b", "1,2"))
    for width, height, compact in ((1240, 840, False), (980, 760, False), (968, 612, True)):
        scene.page.set_compact(compact)
        scene.page.resize(width, height)
        for path in [entry.path for entry in scene.data.entries()]:
            scene.page.choose(path)
            QApplication.processEvents()
            for key in scene.page.body._keys:
                scene.page.body.open_tab(key)
                QApplication.processEvents()
                assert clipped(scene.page) == []
