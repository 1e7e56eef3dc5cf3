"""The runs table by mouse and keyboard."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from minimind import text
from minimind.run_state import RunState
from studio.ui.pages.runs_page import RunsPage
from studio.ui.run.confirm_dialog import ConfirmDialog
from studio.ui.runs import query
from studio.ui.runs.columns import COLUMNS, index_of
from studio.ui.runs.table_model import RUN
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_runs import T0, FakeRunService, make_run
from tests.studio.ui.page_kit import Kit, delete

NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def put(runs: FakeRunService, run_id: str, state: RunState, age: float, **fields: object) -> None:
    fake = make_run(state, step=0 if state is RunState.QUEUED else 600, run_id=run_id, name=run_id.title())
    changes = {"created": T0 - age, "started_at": T0 - age, **fields}
    fake.record = dataclasses.replace(fake.record, **changes)  # type: ignore[arg-type]
    runs.fakes[run_id] = fake


class Scene:
    def __init__(self, qtbot: QtBot, kit: Kit) -> None:
        self.qtbot, self.kit = qtbot, kit
        self.runs = FakeRunService()
        put(self.runs, "alpha", RunState.RUNNING, 0, note="second try")
        put(self.runs, "beta", RunState.FINISHED, 100, best_val_loss=1.5, tags=("zh", "good"), star=True)
        put(self.runs, "gamma", RunState.FAILED, 200, best_val_loss=3.5, method="sft")
        put(self.runs, "delta", RunState.QUEUED, 300, val_loss=None, best_val_loss=None, queue_position=1)
        self.page = self.made(kit)

    def made(self, kit: Kit) -> RunsPage:
        look, go = kit.appearance, kit.navigator
        return RunsPage(look, go, self.runs, kit.memory, kit.preferences, kit.folder)

    def show(self, size: tuple[int, int] = (1240, 872)) -> RunsPage:
        self.page.resize(*size)
        self.page.show()
        self.qtbot.waitExposed(self.page)
        self.page.opened({})
        self.settle()
        return self.page

    def settle(self) -> None:
        for _ in range(4):
            QApplication.processEvents()

    def names(self) -> list[str]:
        filtered = self.page.filtered
        return [filtered.index(row, 0).data(RUN).run_id for row in range(filtered.rowCount())]

    def keys(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        self.qtbot.keyClick(self.page.table, key, modifier)
        self.settle()

    def menu(self, run_id: str) -> QMenu:
        self.page.select(run_id)
        self.page.table.menu_wanted.emit(run_id, QPoint(10, 10))
        return self.page.findChildren(QMenu)[-1]


@pytest.fixture
def scene(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, qtlog: object, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scene]:
    made = Scene(qtbot, Kit(qapp, tmp_path, language="en", theme="light"))
    yield made
    delete(made.page)
    warnings = [r.message for r in qtlog.records if "This plugin" not in r.message]  # type: ignore[attr-defined]
    assert warnings == []
    assert "Traceback" not in capsys.readouterr().err


class TestTable:
    def test_newest_first_and_the_first_row_selected(self, scene: Scene) -> None:
        page = scene.show()
        assert scene.names() == ["alpha", "beta", "gamma", "delta"]
        assert page.table.current_run().run_id == "alpha"
        assert page.strip.name.text() == "Alpha"
        assert page.primary_action() is page.new_button

    def test_a_click_on_a_header_sorts_and_unknown_values_come_last(self, scene: Scene) -> None:
        page = scene.show()
        header = page.table.horizontalHeader()
        section = index_of("val_loss")
        at = QPoint(header.sectionViewportPosition(section) + 20, header.height() // 2)
        scene.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        first = scene.names()
        scene.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        second = scene.names()
        assert first[-1] == second[-1] == "delta"
        assert first[:3] == second[:3][::-1]

    def test_enter_and_double_click_open_the_run(self, scene: Scene) -> None:
        page = scene.show()
        scene.keys(Qt.Key.Key_Down)
        with scene.qtbot.waitSignal(page.open_run) as opened:
            scene.keys(Qt.Key.Key_Return)
        assert opened.args == ["beta"]
        rect = page.table.visualRect(page.filtered.index(2, index_of("name")))
        with scene.qtbot.waitSignal(page.open_run) as opened:
            scene.qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
        assert opened.args == ["gamma"]

    def test_rename_in_the_row(self, scene: Scene) -> None:
        page = scene.show()
        scene.keys(Qt.Key.Key_F2)
        editor = page.table.viewport().findChild(QLineEdit)
        assert editor.text() == "Alpha"
        editor.setText("Star of the sea")
        scene.qtbot.keyClick(editor, Qt.Key.Key_Return)
        scene.settle()
        assert scene.runs.calls == [("change_notes", "alpha", {"name": "Star of the sea"})]

    def test_a_star_by_click_and_by_key(self, scene: Scene) -> None:
        page = scene.show()
        rect = page.table.visualRect(page.filtered.index(0, index_of("star")))
        scene.qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
        scene.keys(Qt.Key.Key_S)
        assert [call[2] for call in scene.runs.calls] == [{"star": True}, {"star": False}]

    def test_tags_in_a_popup(self, scene: Scene) -> None:
        page = scene.show()
        page.select("beta")
        scene.keys(Qt.Key.Key_T)
        assert page.popup.isVisible()
        assert page.popup.field.text() == "zh, good"
        page.popup.field.setText("#a，b  b")
        scene.qtbot.keyClick(page.popup.field, Qt.Key.Key_Return)
        assert scene.runs.calls == [("change_notes", "beta", {"tags": ("a", "b")})]
        scene.keys(Qt.Key.Key_T)
        scene.qtbot.keyClick(page.popup.field, Qt.Key.Key_Escape)
        assert not page.popup.isVisible()
        assert len(scene.runs.calls) == 1

    def test_trash_and_undo_by_toast_and_by_key(self, scene: Scene) -> None:
        page = scene.show()
        page.select("gamma")
        scene.keys(Qt.Key.Key_Delete)
        page.refresh()
        assert "gamma" not in scene.names()
        assert page.chips.chip("trash").text() == "Trash 1"
        scene.keys(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        page.refresh()
        assert "gamma" in scene.names()
        page.select("beta")
        scene.keys(Qt.Key.Key_Delete)
        toast = scene.kit.toasts[-1]
        assert toast.action_text == "Undo"
        toast.action()
        page.refresh()
        assert "beta" in scene.names()

    def test_changes_keep_selection_and_come_at_most_twice_a_second(self, scene: Scene) -> None:
        page = scene.show()
        page.select("gamma")
        scene.runs.change("gamma", name="Third")
        put(scene.runs, "omega", RunState.STARTING, -50)
        scene.runs.runs_changed.emit()
        assert page._timer.isActive()
        assert page._timer.interval() == 500
        page.refresh()
        assert scene.names()[0] == "omega"
        assert page.table.current_run().run_id == "gamma"
        assert page.strip.name.text() == "Third"

    def test_columns_are_chosen_and_remembered(self, scene: Scene) -> None:
        page = scene.show()
        page.table._on_header_menu(QPoint(5, 5))
        menu = page.table.findChild(QMenu)
        action = next(a for a in menu.actions() if a.text() == "Tokens")
        assert action.isChecked()
        action.trigger()
        menu.close()
        assert page.table.isColumnHidden(index_of("tokens"))
        assert scene.kit.memory.get("runs/hidden_columns") == ["tokens"]
        again = scene.made(scene.kit)
        assert again.table.isColumnHidden(index_of("tokens"))
        delete(again)

    def test_columns_give_way_until_the_name_has_room(self, scene: Scene) -> None:
        page = scene.show((968, 612))
        table = page.table
        assert table.isColumnHidden(index_of("tokens"))
        assert table.isColumnHidden(index_of("model"))
        assert not table.isColumnHidden(index_of("val_loss"))
        assert table.columnWidth(index_of("name")) >= 200
        page.resize(1240, 872)
        scene.settle()
        assert not table.isColumnHidden(index_of("model"))
        scene.kit.appearance.set(text_size=130)
        scene.settle()
        assert table.columnWidth(index_of("name")) >= 260
        assert clipped(page) == []


class TestFilter:
    def test_chips_with_counts(self, scene: Scene) -> None:
        page = scene.show()
        texts = [b.text() for b in page.chips._chips.values() if b.isVisible()]
        assert texts == ["All 4", "Going on 1", "Queued 1", "Finished 1", "Failed 1"]
        scene.qtbot.mouseClick(page.chips.chip("failed"), Qt.MouseButton.LeftButton)
        assert scene.names() == ["gamma"]
        assert scene.kit.memory.get("runs/group") == "failed"
        scene.runs.change("gamma", state=RunState.STARTING)
        page.refresh()
        # the chip is empty and gone; everything is shown again
        assert len(scene.names()) == 4

    def test_the_field(self, scene: Scene) -> None:
        page = scene.show()
        scene.qtbot.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert page.filter_field.hasFocus()
        scene.qtbot.keyClicks(page.filter_field, "state:fin")
        assert scene.names() == ["beta"]
        scene.qtbot.keyClick(page.filter_field, Qt.Key.Key_Return)
        assert page.table.hasFocus()
        assert page.table.current_run().run_id == "beta"
        assert page.escape()
        assert len(scene.names()) == 4
        assert not page.escape()

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("second", {"alpha"}),
            ("SECOND try", {"alpha"}),
            ("#zh", {"beta"}),
            ("tag:good beta", {"beta"}),
            ("method:sft", {"gamma"}),
            ("state:failed", {"gamma"}),
            ("状态:failed", {"gamma"}),
            ("state:", {"alpha", "beta", "gamma", "delta"}),
            ("model:minimind2 alp", {"alpha"}),
            ("unknown:word", set()),
            ("", {"alpha", "beta", "gamma", "delta"}),
        ],
    )
    def test_what_it_understands(self, scene: Scene, typed: str, found: set[str]) -> None:
        assert {run.run_id for run in scene.runs.runs() if query.matches(run, typed)} == found

    def test_states_in_the_language_of_now(self, scene: Scene) -> None:
        text.set_language("zh")
        assert [run.run_id for run in scene.runs.runs() if query.matches(run, "状态：出错")] == ["gamma"]
        text.set_language("en")

    def test_nothing_fits(self, scene: Scene) -> None:
        page = scene.show()
        page.filter_field.setText("nonsense")
        assert page.empty.isVisible()
        assert page.empty.sentence.text() == "No run fits the filter."
        assert page.strip.isHidden()
        scene.qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
        assert len(scene.names()) == 4
        assert page.empty.isHidden()

    def test_nothing_was_trained_yet(self, scene: Scene) -> None:
        scene.runs.fakes.clear()
        page = scene.show()
        assert page.empty.isVisible()
        with scene.qtbot.waitSignal(page._navigator.first_model_requested):
            scene.qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)


class TestMenus:
    def test_a_row_offers_what_its_run_can_do(self, scene: Scene) -> None:
        page = scene.show()
        menu = scene.menu("beta")
        texts = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
        assert texts[:3] == ["Open", "Export…", "Chat with it"]
        assert texts[-1] == "Move to the trash"
        assert len(texts) == len(set(texts))
        with scene.qtbot.waitSignal(page.open_chat) as chat:
            next(a for a in menu.actions() if a.text().startswith("Chat")).trigger()
        assert chat.args == [str(scene.runs.run("beta").folder)]
        menu.close()

    def test_an_active_run_stays(self, scene: Scene) -> None:
        scene.show()
        menu = scene.menu("alpha")
        trash = menu.actions()[-1]
        assert not trash.isEnabled()
        assert trash.toolTip() == "Stop it first"
        menu.close()

    def test_a_note(self, scene: Scene) -> None:
        page = scene.show()
        menu = scene.menu("beta")
        next(a for a in menu.actions() if a.text().startswith("Note")).trigger()
        menu.close()
        page.popup.field.setText("  the  good one ")
        scene.qtbot.keyClick(page.popup.field, Qt.Key.Key_Return)
        assert scene.runs.calls == [("change_notes", "beta", {"note": "the good one"})]

    def test_the_trash_gives_back_and_deletes_only_when_asked(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = scene.show()
        scene.runs.trash("beta")
        page.refresh()
        scene.qtbot.mouseClick(page.chips.chip("trash"), Qt.MouseButton.LeftButton)
        assert scene.names() == ["beta"]
        assert page.strip.isHidden()
        deleted: list[str] = []
        monkeypatch.setattr(scene.runs, "delete_forever", deleted.append)
        answers = [0, 1]
        texts: list[str] = []

        def answer(dialog: ConfirmDialog) -> int:
            texts.append(dialog.deed.text())
            return answers.pop(0)

        monkeypatch.setattr(ConfirmDialog, "exec", answer)
        for _ in range(2):
            menu = scene.menu("beta")
            menu.actions()[1].trigger()
            menu.close()
        assert deleted == ["beta"]
        assert texts == ["Delete 1 run forever"] * 2
        menu = scene.menu("beta")
        menu.actions()[0].trigger()
        menu.close()
        assert scene.runs.calls[-1] == ("restore", "beta")

    def test_the_strip_acts_on_the_selected_run(self, scene: Scene) -> None:
        page = scene.show()
        page.select("gamma")
        resume = page.strip.button("resume")
        assert resume is not None
        scene.qtbot.mouseClick(resume, Qt.MouseButton.LeftButton)
        assert scene.runs.calls == [("resume", "gamma", {})]
        assert page.strip.said.text().startswith("“")
        with scene.qtbot.waitSignal(page.open_run) as opened:
            scene.qtbot.mouseClick(page.strip.open_button, Qt.MouseButton.LeftButton)
        assert opened.args == ["gamma"]


@pytest.mark.parametrize("size", [(968, 612), (1240, 872), (1720, 1052)])
def test_no_text_is_clipped(scene: Scene, size: tuple[int, int]) -> None:
    page = scene.show(size)
    page.set_compact(size[0] < 1000)
    for language, theme in (("en", "light"), ("zh", "dark")):
        scene.kit.appearance.set(language_choice=language, theme_choice=theme)
        scene.settle()
        assert clipped(page) == []
        assert page.grab().width() == size[0]
        header = page.table.horizontalHeader()
        for section in range(len(COLUMNS)):
            if not page.table.isColumnHidden(section):
                assert header.sectionSize(section) >= header.sectionSizeHint(section)


def test_language_changes_headers_and_pills(scene: Scene) -> None:
    page = scene.show()
    scene.kit.appearance.set(language_choice="zh")
    assert page.header.title.text() == "训练"
    assert page.model.headerData(index_of("state"), Qt.Orientation.Horizontal) == "状态"
    assert page.filtered.index(0, index_of("state")).data() == "训练中"
    assert page.chips.chip("all").text() == "全部 4"
