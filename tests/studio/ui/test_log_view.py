"""The log of a run: 100,000 lines of which only those in sight are read, selected and copied by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.ui.run.log_lines import PAGE
from studio.ui.run.log_view import LogView
from tests.studio.ui.fake_runs import FakeRunService, make_run
from tests.studio.ui.page_kit import Kit, delete, drag

MANY = 100_000


class Scene:
    def __init__(self, qtbot: QtBot, kit: Kit) -> None:
        self.qtbot = qtbot
        self.runs = FakeRunService()
        self.fake = make_run()
        self.fake.log = [f"{i:06} 第 {i} 行" for i in range(MANY)]
        self.run_id = self.runs.put(self.fake)
        self.view = LogView(kit.appearance, self.runs)
        self.view.resize(400, 300)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.view.watch(self.run_id)
        self.settle()

    def settle(self) -> None:
        for _ in range(4):
            QApplication.processEvents()
            self.view.repaint()

    def place(self, row: int, x: int = 6) -> QPoint:
        return QPoint(x, row * self.view._line + self.view._line // 2)


@pytest.fixture
def scene(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(qtbot, Kit(qapp, tmp_path, language="en", theme="light"))
    yield made
    delete(made.view)


def test_it_opens_at_the_end_and_reads_only_what_is_seen(scene: Scene) -> None:
    assert scene.view.shown()[-1] == scene.fake.log[-1]
    assert scene.view.lines.total == MANY
    scene.view.verticalScrollBar().setValue(50_000)
    scene.settle()
    assert scene.view.shown()[0] == scene.fake.log[50_000]
    read = sum(request["count"] for _kind, request in scene.runs.requests)
    assert read <= 6 * PAGE
    for at in range(0, MANY, 3000):
        scene.view.verticalScrollBar().setValue(at)
        scene.settle()
    assert len(scene.view.lines._pages) <= 8


def test_a_log_that_grows_is_followed_only_at_its_end(scene: Scene) -> None:
    scene.fake.log += [f"more {i}" for i in range(3)]
    scene.view.refresh()
    scene.settle()
    assert scene.view.shown()[-1] == "more 2"
    scene.view.verticalScrollBar().setValue(10)
    scene.fake.log += ["unseen"] * 2 * PAGE
    scene.view.refresh()
    scene.settle()
    assert scene.view.shown()[0] == scene.fake.log[10]
    assert scene.view.lines.total == MANY + 3 + 2 * PAGE
    scene.qtbot.keyClick(scene.view, Qt.Key.Key_End)
    scene.settle()
    assert scene.view.shown()[-1] == "unseen"


def test_what_is_dragged_over_is_copied(scene: Scene) -> None:
    scene.view.verticalScrollBar().setValue(0)
    scene.settle()
    start, end = scene.place(1), scene.place(3, 380)
    drag(scene.view.viewport(), start.toPointF(), end.toPointF(), Qt.MouseButton.LeftButton)
    scene.qtbot.keyClick(scene.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "\n".join(scene.fake.log[1:4])
    scene.qtbot.mouseDClick(scene.view.viewport(), Qt.MouseButton.LeftButton, pos=scene.place(5))
    scene.qtbot.keyClick(scene.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == scene.fake.log[5]


def test_all_of_it_can_be_copied_though_it_was_not_read(scene: Scene) -> None:
    scene.qtbot.keyClick(scene.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    scene.qtbot.keyClick(scene.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    scene.settle()
    assert QApplication.clipboard().text() == "\n".join(scene.fake.log)


def test_the_menu(scene: Scene) -> None:
    menu = scene.view.open_menu(QPoint(10, 10))
    lines = {action.text().partition("\t")[0]: action for action in menu.actions()}
    assert not lines["Copy"].isEnabled()
    with scene.qtbot.waitSignal(scene.view.open_wanted):
        lines["Open the file"].trigger()
    with scene.qtbot.waitSignal(scene.view.path_wanted):
        lines["Copy the path"].trigger()
    menu.close()


def test_another_run_begins_at_its_own_end(scene: Scene) -> None:
    other = make_run(run_id="other")
    other.log = ["only line"]
    scene.runs.put(other)
    scene.view.watch("other")
    scene.settle()
    assert scene.view.shown() == ["only line"]
