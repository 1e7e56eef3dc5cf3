"""The palette, the glossary and Esc in the real window with stand-ins behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QToolTip, QVBoxLayout, QWidget

from minimind.run_state import RunState
from studio.ui.appearance import Appearance
from studio.ui.main_window import MainWindow
from studio.ui.pages.page import ShortcutHint
from studio.ui.pages.table import PAGES, PageRow, Tools
from studio.ui.shell.terms import in_text, term_of
from studio.ui.widgets.labels import Label
from tests.end_to_end.driver import write
from tests.studio.ui.fake_runs import make_run
from tests.studio.ui.fake_tools import FakeRuns, make_tools
from tests.studio.ui.page_kit import appearance_of, delete
from tests.studio.ui.test_main_window import Plain

CTRL = Qt.KeyboardModifier.ControlModifier


class Written(Plain):
    """With fields of both kinds, a word of the glossary, and a key of its own."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.line, self.text = QLineEdit(), QPlainTextEdit()
        self.word = Label("Held-out loss", role="small")
        self.word.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slept = 0
        for widget in (self.line, self.text, self.word):
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.addWidget(widget)

    def shortcuts(self) -> list[ShortcutHint]:
        return []


ROWS = (
    PageRow(key="home", icon="house", title="Home", build=Plain),
    PageRow(key="runs", icon="activity", title="Runs", build=Written),
    PageRow(key="run", title="Run", build=Plain, place="runs"),
    PageRow(key="chat", icon="message-circle", title="Chat", build=Plain),
    PageRow(key="wizard", title="New run", build=Plain, place="runs"),
    PageRow(key="preferences", icon="settings", title="Preferences", build=Plain, bottom=True),
)


@pytest.fixture
def open_window(qapp, qtbot, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    made: list[MainWindow] = []

    def build(*, language: str = "en", rows: tuple[PageRow, ...] = ROWS) -> MainWindow:
        look: Appearance = appearance_of(qapp, tmp_path, language=language, theme="light")
        runs = FakeRuns()
        runs.put(make_run(RunState.RUNNING, run_id="20261124-1524-pretrain-3f2a", name="Fairy tales"))
        tools = make_tools(look, tmp_path, runs)
        tools.preferences.change(ask_on_close=False)
        window = MainWindow(tools, rows)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        made.append(window)
        return window

    yield build
    for window in made:
        delete(window)


def keys(
    window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(window.focusWidget() or window, key, modifier)


def ask(window: MainWindow, words: str) -> list[str]:
    """Ctrl+K and some letters; what is offered."""
    keys(window, Qt.Key.Key_K, CTRL)
    palette = window.overlays.palette
    assert palette.isVisible()
    assert window.focusWidget() is palette.field
    write(palette.field, words)
    return palette.titles()


# -- palette -----------------------------------------------------------------------------------------


def test_the_palette_leads_to_pages_and_runs(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    assert ask(window, "pref")[0] == "Preferences"
    keys(window, Qt.Key.Key_Return)
    assert not window.overlays.palette.isVisible()
    assert window.current_key == "preferences"
    assert ask(window, "fairy")[0] == "Fairy tales"
    keys(window, Qt.Key.Key_Return)
    assert window.current_key == "run"
    assert window.current_page().requests[-1] == {"run_id": "20261124-1524-pretrain-3f2a"}


def test_english_finds_what_the_chinese_window_offers(open_window: Callable[..., MainWindow]) -> None:
    window = open_window(language="zh")
    assert ask(window, "new run")[0] == "新建训练"
    keys(window, Qt.Key.Key_Escape)
    assert ask(window, "偏好")[0] == "偏好设置"
    keys(window, Qt.Key.Key_Escape)
    assert ask(window, "dark")[0] == "主题：深色"


def test_chinese_finds_what_the_english_window_offers(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    assert ask(window, "深色") == ["Theme: Dark"]


def test_a_preference_is_switched_at_once(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    preferences = window._tools.preferences
    before = preferences.current.theme
    ask(window, "theme dark")
    keys(window, Qt.Key.Key_Return)
    assert before != preferences.current.theme == "dark"
    # what is in force already is not offered
    assert "Theme: Dark" not in ask(window, "theme")


def test_the_filled_button_of_the_page_is_offered_with_its_keys(
    open_window: Callable[..., MainWindow],
) -> None:
    window = open_window()
    ask(window, "go")
    chosen = window.overlays.palette.chosen()
    assert chosen is not None
    assert (chosen.title, chosen.keys) == ("Go", "Ctrl Enter")
    keys(window, Qt.Key.Key_Return)
    assert window.current_page().presses == 1


def test_arrows_go_round_and_esc_gives_the_keyboard_back(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.current_page().button.setFocus()
    titles = ask(window, "")
    palette = window.overlays.palette
    keys(window, Qt.Key.Key_Up)
    assert palette.chosen().title == titles[-1]
    keys(window, Qt.Key.Key_Down)
    keys(window, Qt.Key.Key_Down)
    assert palette.chosen().title == titles[1]
    keys(window, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert window.focusWidget() is window.current_page().button
    assert window.current_key == "home"


def test_what_was_used_stands_first_the_next_time(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    ask(window, "fairy")
    keys(window, Qt.Key.Key_Return)
    assert ask(window, "")[0] == "Fairy tales"
    assert window._tools.memory.get("palette_recent") == ["run/20261124-1524-pretrain-3f2a"]


def test_conversations_are_found_without_the_page_of_chats(
    open_window: Callable[..., MainWindow], tmp_path: Path, qtbot
) -> None:
    folder = tmp_path / "projects" / "First model" / "chats"
    folder.mkdir(parents=True)
    lines = [
        {"v": 1, "kind": "chat", "t": 1, "title": "About foxes"},
        {"kind": "message", "t": 2, "role": "user", "content": "hello"},
    ]
    (folder / "one.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    window = open_window()
    ask(window, "foxes")
    palette = window.overlays.palette
    qtbot.waitUntil(lambda: palette.titles() == ["About foxes"])
    keys(window, Qt.Key.Key_Return)
    assert window.current_key == "chat"
    assert window.current_page().requests[-1] == {"conversation": "one"}


def test_nothing_found_says_so_and_does_nothing(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    assert ask(window, "zzzz") == []
    assert window.overlays.palette.nothing.isVisible()
    keys(window, Qt.Key.Key_Return)
    assert window.overlays.palette.isVisible()


def test_a_press_beside_it_closes_it_and_does_nothing_else(
    open_window: Callable[..., MainWindow], qtbot
) -> None:
    window = open_window()
    ask(window, "")
    page = window.current_page()
    button = window.rail.button("runs")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not window.overlays.palette.isVisible()
    assert window.current_page() is page


# -- glossary ----------------------------------------------------------------------------------------


def test_f1_explains_the_word_that_has_the_keyboard(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.open_page("runs")
    window.current_page().word.setFocus()
    keys(window, Qt.Key.Key_F1)
    assert window.overlays.glossary.isVisible()
    assert window.overlays.glossary.shown.key == "val_loss"
    keys(window, Qt.Key.Key_F1)
    assert not window.overlays.glossary.isVisible()
    assert window.focusWidget() is window.current_page().word


def test_f1_explains_the_word_under_the_pointer(
    open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    window.open_page("runs")
    word = window.current_page().word
    place = word.mapToGlobal(QPoint(4, 4))
    monkeypatch.setattr("studio.ui.shell.overlays.QCursor.pos", lambda: place)
    window.current_page().setFocus()
    keys(window, Qt.Key.Key_Question)
    assert window.overlays.glossary.shown.key == "val_loss"


def test_f1_elsewhere_lists_the_keys(
    open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    monkeypatch.setattr("studio.ui.shell.overlays.QCursor.pos", lambda: QPoint(-50, -50))
    window.rail.button("runs").setFocus()
    keys(window, Qt.Key.Key_F1)
    assert window.overlays.shortcuts.isVisible()
    window.overlays.shortcuts.glossary.click()
    assert window.overlays.glossary.isVisible()
    assert not window.overlays.shortcuts.isVisible()


def test_a_question_mark_that_is_typed_stays_in_the_field(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.open_page("runs")
    window.current_page().line.setFocus()
    keys(window, Qt.Key.Key_Question)
    assert window.current_page().line.text() == "?"
    assert not window.overlays.close_open()


def test_the_glossary_finds_words_in_both_languages(open_window: Callable[..., MainWindow]) -> None:
    window = open_window(language="zh")
    window.show_glossary()
    panel = window.overlays.glossary
    assert window.focusWidget() is panel.field
    QTest.keyClicks(panel.field, "micro")
    assert panel.shown.key == "micro_batch"
    assert panel.word.text() == "微批"
    assert "Micro-batch" in panel.expert.text()
    panel._go_to("memory")
    assert panel.word.text() == "内存"


def test_a_word_in_a_text_is_the_longest_that_stands_there(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    assert window is not None

    def key(text: str) -> str:
        term = in_text(text)
        return term.key if term else ""

    assert key("Held-out loss") == "val_loss"
    assert key("Training &loss") == "loss"
    assert key("tokens") == "token"
    assert key("stepper") == ""
    assert key("a sentence that speaks of a token is no place to ask about it") == ""


def test_a_marked_widget_and_what_lies_in_it_mean_their_word(open_window: Callable[..., MainWindow]) -> None:
    open_window()
    outer = QWidget()
    inner = QWidget(outer)
    outer.setProperty("term", "lr")
    assert term_of(inner).key == "lr"
    outer.setProperty("term", "nobody")
    assert term_of(inner) is None
    delete(outer)


def test_every_row_of_a_form_is_marked_with_its_option(open_window: Callable[..., MainWindow]) -> None:
    window = open_window(rows=PAGES)
    window.open_page("preferences")
    form = window.current_page().forms["training"]
    assert term_of(form.field("device")).key == "device"
    assert term_of(form.field("keep_checkpoints")).key == "keep_checkpoints"


# -- Esc ---------------------------------------------------------------------------------------------


def test_esc_in_a_line_leaves_the_field_and_then_the_page(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.open_page("runs")
    page = window.current_page()
    page.line.setFocus()
    keys(window, Qt.Key.Key_Escape)
    assert window.current_page() is page
    assert window.focusWidget() is page
    keys(window, Qt.Key.Key_Escape)
    assert window.current_key == "home"


def test_esc_never_leaves_a_page_on_which_somebody_writes(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.open_page("runs")
    page = window.current_page()
    page.text.setFocus()
    for _time in range(3):
        keys(window, Qt.Key.Key_Escape)
    assert window.current_page() is page
    assert window.focusWidget() is page.text


def test_the_tip_of_the_filled_button_names_its_keys(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    button = window.current_page().button
    where = QPoint(8, 8)
    QApplication.sendEvent(button, QHelpEvent(QEvent.Type.ToolTip, where, button.mapToGlobal(where)))
    assert QToolTip.text() == "Ctrl Enter"
    QToolTip.hideText()


# -- projects ----------------------------------------------------------------------------------------


def test_projects_are_made_renamed_and_switched(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.rail.project_created.emit("诗")
    assert window._tools.runs.project == "诗"
    assert window.rail.project_button.text() == "诗"
    window.rail.project_renamed.emit("Poems")
    assert window._tools.runs.project == "诗"
    assert window.rail.project_button.text() == "Poems"
    assert window.toasts.texts() == ["The project is called Poems now"]
    window.toasts._frames[0].action.click()
    assert window.rail.project_button.text() == "诗"
    assert ask(window, "Novels")[0] == "Novels"
    keys(window, Qt.Key.Key_Return)
    assert window.rail.project_button.text() == "Novels"
