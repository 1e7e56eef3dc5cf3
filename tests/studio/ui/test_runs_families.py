"""The runs table beyond one row: families, the queue by hand, several rows, cost, plans that were left."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from minimind.job import DataFile
from minimind.run_state import RunState
from studio.planning.choices import Choices, Drafts
from studio.ui.pages.runs_page import RunsPage
from studio.ui.run.confirm_dialog import ConfirmDialog
from studio.ui.runs import query
from studio.ui.runs.columns import index_of
from studio.ui.runs.table_model import DEPTH, RUN
from studio.ui.runs.tree import Tree
from tests.studio.ui.fake_runs import T0, FakeRunService, make_run
from tests.studio.ui.page_kit import Kit, delete, drag

LEFT = Qt.MouseButton.LeftButton


class Scene:
    def __init__(self, qtbot: QtBot, kit: Kit) -> None:
        self.qtbot, self.kit = qtbot, kit
        self.runs = FakeRunService()

    def put(self, run_id: str, state: RunState, began: float, **fields: object) -> None:
        fake = make_run(state, step=0 if state is RunState.QUEUED else 60, run_id=run_id, name=run_id.title())
        changes = {"created": T0 + began, "started_at": T0 + began, **fields}
        fake.record = dataclasses.replace(fake.record, **changes)  # type: ignore[arg-type]
        self.runs.fakes[run_id] = fake

    def show(self) -> RunsPage:
        kit = self.kit
        self.page = RunsPage(
            kit.appearance, kit.navigator, self.runs, kit.memory, kit.preferences, kit.folder
        )
        self.page.resize(1400, 800)
        self.page.show()
        self.qtbot.waitExposed(self.page)
        self.page.opened({})
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.refresh()
        for _ in range(4):
            QApplication.processEvents()

    def choose(self, chip: str) -> None:
        button = self.page.chips.chip(chip)
        assert button is not None, chip
        button.click()
        self.settle()

    def rows(self) -> list[tuple[str, int]]:
        shown = self.page.filtered
        found = [shown.index(row, 0) for row in range(shown.rowCount())]
        return [(index.data(RUN).run_id, index.data(DEPTH)) for index in found]

    def names(self) -> list[str]:
        return [name for name, _depth in self.rows()]

    def middle(self, row: int) -> QPointF:
        rect = self.page.table.visualRect(self.page.filtered.index(row, index_of("name")))
        return QPointF(rect.center())


@pytest.fixture
def scene(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(qtbot, Kit(qapp, tmp_path, language="en", theme="light"))
    yield made
    delete(made.page)


@pytest.fixture
def families(scene: Scene) -> Scene:
    """A pipeline of two stages, an old run with a new branch that has a branch, and a lonely run between."""
    scene.put("old", RunState.FINISHED, 0, best_val_loss=3.0)
    scene.put("lonely", RunState.FINISHED, 50, best_val_loss=2.0)
    scene.put("pipe", RunState.FINISHED, 20, kind="pipeline", best_val_loss=2.5)
    scene.put("pipe-2-sft", RunState.FINISHED, 30, parent="pipe", stage=2, origin="pipe-1-pretrain")
    scene.put("pipe-1-pretrain", RunState.FINISHED, 21, parent="pipe", stage=1)
    scene.put("branch", RunState.FINISHED, 100, origin="old", best_val_loss=1.0)
    scene.put("twig", RunState.FINISHED, 90, origin="branch")
    scene.put("orphan", RunState.FINISHED, -9, origin="gone for ever")
    scene.show()
    return scene


def test_by_start_families_stay_together(families: Scene) -> None:
    assert families.rows() == [
        ("old", 0),
        ("branch", 1),
        ("twig", 2),
        ("lonely", 0),
        ("pipe", 0),
        ("pipe-1-pretrain", 1),
        ("pipe-2-sft", 1),
        ("orphan", 0),
    ]
    families.page.table.sortByColumn(index_of("started"), Qt.SortOrder.AscendingOrder)
    assert families.names()[:2] == ["orphan", "pipe"]
    assert families.names()[-3:] == ["old", "branch", "twig"]


def test_by_another_column_it_is_a_flat_list(families: Scene) -> None:
    families.page.table.sortByColumn(index_of("val_loss"), Qt.SortOrder.AscendingOrder)
    assert families.names()[:4] == ["branch", "lonely", "pipe", "old"]
    assert {depth for _name, depth in families.rows()} == {0}


def test_a_child_without_its_parent_stands_alone(families: Scene) -> None:
    families.page.filter_field.setText("twig")
    families.settle()
    assert families.rows() == [("twig", 0)]


def test_a_ring_of_origins_ends() -> None:
    a, b = (make_run(run_id=name).record for name in "ab")
    ring = [dataclasses.replace(a, origin="b"), dataclasses.replace(b, origin="a")]
    assert {len(path) for path in Tree(ring).shape.values()} == {2}


@pytest.fixture
def queue(scene: Scene) -> Scene:
    scene.put("now", RunState.RUNNING, 0)
    for place, name in enumerate(("first", "second", "third"), start=1):
        scene.put(name, RunState.QUEUED, 10 * place, queue_position=place)
    scene.show()
    scene.choose(query.QUEUED)
    return scene


def test_the_queue_is_shown_in_its_order_and_ordered_by_drag(queue: Scene) -> None:
    assert queue.names() == ["first", "second", "third"]
    viewport = queue.page.table.viewport()
    drag(viewport, queue.middle(2), queue.middle(0) - QPointF(0, 18), LEFT)
    drag(viewport, queue.middle(0), queue.middle(1) + QPointF(0, 16), LEFT)
    drag(viewport, queue.middle(1), queue.middle(1) + QPointF(0, 3), LEFT)
    assert queue.runs.calls == [
        ("order_queue", ("third", "first", "second")),
        ("order_queue", ("second", "first", "third")),
    ]


def test_the_queue_by_keyboard_and_by_menu(queue: Scene) -> None:
    table = queue.page.table
    queue.page.select("second")
    queue.qtbot.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    table.menu_wanted.emit("second", QPoint(5, 5))
    menu = queue.page.findChildren(QMenu)[-1]
    lines = {action.text().partition("\t")[0]: action for action in menu.actions()}
    lines["Start later"].trigger()
    lines["Start now"].trigger()
    lines["Take out of the queue"].trigger()
    menu.close()
    assert queue.runs.calls == [
        ("order_queue", ("second", "first", "third")),
        ("order_queue", ("first", "third", "second")),
        ("start_now", "second"),
        ("stop", "second"),
    ]


def test_elsewhere_nothing_is_dragged(queue: Scene) -> None:
    queue.choose(query.ALL)
    drag(queue.page.table.viewport(), queue.middle(2), queue.middle(0), LEFT)
    assert queue.runs.calls == []


def test_several_rows_go_to_the_trash_and_come_back_together(families: Scene) -> None:
    table = families.page.table
    families.qtbot.mouseClick(table.viewport(), LEFT, pos=families.middle(3).toPoint())
    control = Qt.KeyboardModifier.ControlModifier
    families.qtbot.mouseClick(table.viewport(), LEFT, control, families.middle(7).toPoint())
    families.qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert families.runs.calls == [("trash", "lonely"), ("trash", "orphan")]
    assert families.kit.toasts[-1].text == "2 runs are in the trash; they can be put back"
    families.settle()
    families.qtbot.keyClick(table, Qt.Key.Key_Z, control)
    assert families.runs.calls[2:] == [("restore", "lonely"), ("restore", "orphan")]


def test_a_stage_of_a_pipeline_at_work_is_not_thrown_away(scene: Scene) -> None:
    scene.put("pipe", RunState.RUNNING, 0, kind="pipeline")
    scene.put("pipe-1-pretrain", RunState.FINISHED, 1, parent="pipe", stage=1)
    page = scene.show()
    problems: list[str] = []
    scene.runs.problem.connect(problems.append)
    stage = scene.runs.run("pipe-1-pretrain")
    assert stage is not None
    page.deeds.trash([stage])
    assert scene.runs.calls == []
    assert scene.kit.toasts == []
    assert problems == ["Pipe is running; stop it first"]


def test_the_trash_is_emptied_after_a_question_that_names_the_number(
    families: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run_id in ("lonely", "orphan", "twig"):
        families.runs.trash(run_id)
    families.settle()
    families.choose(query.TRASH)
    button = families.page.delete_all
    assert button.text() == "Delete 3 runs forever…"
    asked: list[str] = []

    def answer(dialog: ConfirmDialog) -> int:
        asked.append(dialog.deed.text())
        return 1

    monkeypatch.setattr(ConfirmDialog, "exec", answer)
    families.qtbot.mouseClick(button, LEFT)
    assert asked == ["Delete 3 runs forever"]
    assert [call[0] for call in families.runs.calls[3:]] == ["delete_forever"] * 3
    families.settle()
    assert not button.isVisible()


def test_cost_is_shown_and_sorted_by(families: Scene) -> None:
    page = families.page
    families.runs.change("old", wall_s=7200.0)
    families.runs.change("twig", wall_s=3600.0)
    families.settle()
    page.table.sortByColumn(index_of("cost"), Qt.SortOrder.DescendingOrder)
    cells = [page.filtered.index(row, index_of("cost")).data() for row in (0, 1)]
    assert families.names()[:2] == ["old", "twig"]
    assert cells == ["¥2.60", "¥1.30"]


def test_plans_that_were_left(scene: Scene, tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "default" / "drafts")
    file = DataFile(path="/data/poems.jsonl")
    drafts.save(Choices(method="pretrain", preset="tiny", data=(file,)), "one")
    scene.put("run", RunState.FINISHED, 0)
    page = scene.show()
    scene.choose(query.DRAFTS)
    row = page.drafts.list.rows()[0]
    assert (row.title, row.detail) == ("Pretrain", "tiny · poems.jsonl")
    assert page.strip.isHidden()
    page.drafts.list.select(0)
    scene.qtbot.keyClick(page.drafts.list, Qt.Key.Key_Return)
    assert scene.kit.pages[-1] == ("wizard", {"draft": "one"})
    scene.qtbot.keyClick(page.drafts.list, Qt.Key.Key_Delete)
    assert drafts.all() == []
    scene.settle()
    assert page.chips.chip(query.DRAFTS) is None
    undo = scene.kit.toasts[-1].action
    assert undo is not None
    undo()
    assert [draft.draft_id for draft in drafts.all()] == ["one"]
