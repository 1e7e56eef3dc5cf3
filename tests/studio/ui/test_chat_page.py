"""The chat page, driven with mouse and keyboard; the worker is one without a model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QInputMethodEvent, QTextCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from minimind.run_state import RunState
from studio.services.chat_book import ChatBook
from studio.services.chat_files import ChatMessage
from studio.services.chat_service import ChatService
from studio.services.chat_session import ChatSession
from studio.ui.chat.flow_text import CURSOR, FlowText, as_markdown
from studio.ui.chat.messages import Answer, Question
from studio.ui.chat.transcript import COLUMN
from studio.ui.pages import chat_page
from studio.ui.pages.chat_page import ChatPage
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_runs import FakeRunService, make_run
from tests.studio.ui.page_kit import Kit, delete

FAKE = (sys.executable, str(Path(__file__).resolve().parents[2] / "helpers" / "fake_chat_worker.py"))


class Chat(Kit):
    """The page with its session, and what a person does on it."""

    def __init__(self, qtbot: QtBot, folder: Path, *, language: str = "en", theme: str = "light") -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        super().__init__(application, folder, language=language, theme=theme)
        self.qtbot = qtbot
        self.runs = FakeRunService()
        self.service, self.book = ChatService(worker=FAKE), ChatBook()
        self.session = ChatSession(
            service=self.service,
            book=self.book,
            runs=self.runs,
            preferences=self.preferences,
            projects=folder / "projects",
        )
        self.page = ChatPage(self.appearance, self.navigator, self.session, self.memory)
        self.page.resize(1240, 860)
        self.page.show()

    def close(self) -> None:
        self.service.close()
        self.book.close()
        delete(self.page)

    def open(self, path: str = "/models/chat") -> None:
        self.page.opened({"checkpoint": path})
        self.until(lambda: self.session.status in ("ready", "failed"))

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=10_000)

    def say(self, text: str) -> None:
        self.qtbot.keyClicks(self.page.composer.editor, text)
        self.qtbot.keyClick(self.page.composer.editor, Qt.Key.Key_Return)
        self.until(lambda: self.session.status != "writing")

    def click(self, button: object) -> None:
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def texts(self) -> list[str]:
        rows = self.page.transcript._rows
        return [row.body.text() for row in rows if isinstance(row, Question | Answer)]


@pytest.fixture
def chat(qtbot: QtBot, tmp_path: Path) -> Iterator[Chat]:
    made = Chat(qtbot, tmp_path)
    yield made
    made.close()


# -- talking -----------------------------------------------------------------------------------------


def test_a_question_is_typed_and_answered(chat: Chat) -> None:
    chat.open()
    chat.say("hello")
    assert chat.texts() == ["hello", "echo: hello (1)"]
    answer = chat.page.transcript.answer(1)
    assert answer is not None
    assert answer.figures.text().startswith("8 tokens · 151 a second · first after 0.04 s · ")
    assert answer.figures.toolTip().endswith("\nchat")
    assert chat.page.panel.context.text() == "213 / 2,048 tokens"
    assert chat.page.chats.ids() == [chat.session.chat_id]


def test_shift_enter_is_a_new_line(chat: Chat) -> None:
    chat.open()
    editor = chat.page.composer.editor
    before = editor.height()
    chat.qtbot.keyClicks(editor, "one")
    chat.qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    chat.qtbot.keyClicks(editor, "two")
    assert editor.toPlainText() == "one\ntwo"
    assert chat.texts() == []
    assert editor.height() > before


def test_enter_does_not_send_while_an_input_method_composes(chat: Chat) -> None:
    chat.open()
    editor = chat.page.composer.editor
    chat.qtbot.keyClicks(editor, "a")
    QApplication.sendEvent(editor, QInputMethodEvent("ni hao", []))
    chat.qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert chat.texts() == []
    event = QInputMethodEvent("", [])
    event.setCommitString("你好")
    QApplication.sendEvent(editor, event)
    chat.qtbot.keyClick(editor, Qt.Key.Key_Return)
    chat.until(lambda: len(chat.texts()) == 2)
    assert "你好" in chat.texts()[0]


def test_nothing_is_sent_when_nothing_is_written(chat: Chat) -> None:
    chat.open()
    chat.qtbot.keyClicks(chat.page.composer.editor, "   ")
    assert not chat.page.composer.button.isEnabled()
    assert chat.page.composer.button.toolTip() == "Write something first"
    chat.qtbot.keyClick(chat.page.composer.editor, Qt.Key.Key_Return)
    assert chat.texts() == []


def test_escape_stops_and_the_words_stay(chat: Chat) -> None:
    chat.open()
    chat.qtbot.keyClicks(chat.page.composer.editor, "long")
    chat.qtbot.keyClick(chat.page.composer.editor, Qt.Key.Key_Return)
    chat.until(lambda: "and so on" in chat.session.content)
    assert chat.page.composer.button.text() == "Stop"
    assert chat.page.composer.button.property("kind") == "normal"
    chat.until(lambda: chat.page._live is not None and CURSOR in chat.page._live.body.toPlainText())
    assert chat.page.escape()
    chat.until(lambda: chat.session.status == "ready")
    assert chat.texts()[1].startswith("echo: long (1) and so on")
    answer = chat.page.transcript.answer(1)
    assert answer is not None
    assert " · stopped · " in answer.figures.text()
    assert CURSOR not in answer.body.toPlainText()


def test_escape_leaves_the_page_only_where_it_stops_nothing(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.open()
    chat.page.chats.new.setFocus()
    assert not chat.page.escape()
    chat.say("hello")
    chat.page.chats.new.setFocus()
    # pressed to stop what has just ended by itself
    assert chat.page.escape()
    monkeypatch.setattr(chat_page, "_JUST_MS", 0)
    assert not chat.page.escape()
    chat.page.composer.editor.setFocus()
    assert chat.page.escape()
    chat.page.chats.search.setFocus()
    chat.qtbot.keyClicks(chat.page.chats.search, "hel")
    assert chat.page.escape()
    assert chat.page.chats.search.text() == ""
    assert chat.page.composer.editor.hasFocus()


def test_what_is_asked_while_the_model_loads_waits_for_it(chat: Chat) -> None:
    chat.page.opened({"checkpoint": "/models/chat"})
    editor = chat.page.composer.editor
    assert editor.placeholderText() == "Loading the model…"
    chat.qtbot.keyClicks(editor, "hello")
    chat.qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert chat.page._live is not None
    assert chat.page._live.figures.text() == "Loading the model…"
    assert chat.page.composer.button.text() == "Stop"
    chat.until(lambda: chat.session.status == "ready" and len(chat.texts()) == 2)
    assert chat.texts()[1] == "echo: hello (1)"


def test_a_conversation_can_be_opened_from_elsewhere(chat: Chat) -> None:
    chat.open()
    chat.say("about the moon")
    moon = chat.session.chat_id
    chat.session.new_chat()
    chat.page.opened({"conversation": moon})
    assert chat.texts()[0] == "about the moon"


def test_messages_have_a_menu(chat: Chat) -> None:
    chat.open()
    chat.say("hello")
    answer, question = chat.page.transcript.answer(1), chat.page.transcript._rows[0]
    assert answer is not None

    def lines(row: QWidget) -> dict[str, QAction]:
        place = row.rect().center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, row.mapToGlobal(place))
        QApplication.sendEvent(row, event)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return {action.text().partition("\t")[0]: action for action in menu.actions() if action.text()}

    assert list(lines(question)) == ["Copy", "Change the question", "Branch from here"]
    QApplication.activePopupWidget().close()
    answer.body.selectAll()
    found = lines(answer)
    assert list(found) == [
        "Copy what is marked",
        "Copy",
        "Say it again",
        "Change the question",
        "Branch from here",
    ]
    found["Copy what is marked"].trigger()
    assert QGuiApplication.clipboard().text() == "echo: hello (1)"
    QApplication.activePopupWidget().close()


def test_what_is_marked_stays_marked_while_it_writes(chat: Chat) -> None:
    body = FlowText(chat.appearance)
    body.set_text("one two", writing=True)
    cursor = body.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(3, QTextCursor.MoveMode.KeepAnchor)
    body.setTextCursor(cursor)
    body.set_text("one two three", writing=True)
    assert body.selected() == "one"
    body.deleteLater()


@pytest.mark.parametrize("role", ["reading", "body"])
def test_words_stand_in_the_middle_of_their_line(chat: Chat, role: str) -> None:
    body = FlowText(chat.appearance, role=role)
    body.setFixedWidth(200)
    body.show()
    body.set_text("one\ntwo")
    line = chat.appearance.line_height(role)
    chat.until(lambda: body.height() == 2 * line)
    block = body.document().firstBlock()
    first = block.layout().lineAt(0)
    above = block.layout().position().y() + first.y()
    below = line - above - first.height()
    assert abs(above - below) <= 1
    body.deleteLater()


def test_an_empty_list_says_why(chat: Chat) -> None:
    chat.open()
    assert "stays here" in chat.page.chats.nothing.text()
    chat.say("about the moon")
    assert not chat.page.chats.nothing.isVisibleTo(chat.page)
    chat.qtbot.keyClicks(chat.page.chats.search, "sea")
    assert chat.page.chats.nothing.text() == "Nothing found for “sea”"
    chat.page.chats.search.setText("moon")
    chat.session.new_chat()
    chat.qtbot.keyClick(chat.page.chats.search, Qt.Key.Key_Down)
    assert chat.texts()[0] == "about the moon"


def test_a_setting_goes_back_to_its_default(chat: Chat) -> None:
    chat.open()
    slider = chat.page.panel.temperature
    assert not slider.reset.isVisibleTo(chat.page.panel)
    slider.field.setValue(1.2)
    assert slider.reset.text() == "default 0.40"
    chat.click(slider.reset)
    assert chat.page.panel.values()["temperature"] == 0.4
    assert not slider.reset.isVisibleTo(chat.page.panel)


def test_a_setting_is_not_lost_by_a_new_conversation(chat: Chat) -> None:
    chat.open()
    chat.page.panel.temperature.field.setValue(1.2)
    chat.page._new_chat()
    assert chat.page.panel.values()["temperature"] == 1.2


def test_an_example_asks_at_once(chat: Chat) -> None:
    chat.open()
    assert chat.page.examples.isVisibleTo(chat.page)
    chat.click(chat.page.examples.buttons[0])
    chat.until(lambda: len(chat.texts()) == 2)
    assert chat.texts()[0] == "Who are you?"
    assert not chat.page.examples.isVisibleTo(chat.page)


def test_a_thought_is_folded(chat: Chat) -> None:
    chat.open()
    chat.page.panel.think.click()
    chat.say("hello")
    answer = chat.page.transcript.answer(1)
    assert answer is not None
    assert answer.thought_button.text() == "Thought for 0.9 s"
    assert not answer.thought.isVisibleTo(answer)
    chat.click(answer.thought_button)
    assert answer.thought.isVisibleTo(answer)
    assert answer.thought.text() == "hm, let me see"


def test_what_is_set_goes_with_the_question(chat: Chat) -> None:
    chat.open()
    chat.page.panel.system.setPlainText("be kind")
    chat.say("hello")
    assert chat.texts()[1] == "echo: hello (2)"
    assert chat.session.conversation is not None
    assert chat.session.conversation.settings["system"] == "be kind"


# -- what can be done with an answer -----------------------------------------------------------------


def test_copy_again_edit_and_branch(chat: Chat) -> None:
    chat.open()
    chat.say("one")
    chat.say("two")
    answer = chat.page.transcript.answer(1)
    assert answer is not None
    chat.click(answer.copy)
    assert QGuiApplication.clipboard().text() == "echo: one (1)"
    chat.click(answer.branch)
    assert chat.texts() == ["one", "echo: one (1)"]
    first = chat.page.transcript.answer(1)
    assert first is not None
    chat.click(first.edit)
    assert chat.page.composer.editor.toPlainText() == "one"
    chat.page.composer.editor.selectAll()
    chat.say("three")
    assert chat.texts() == ["three", "echo: three (1)"]
    again = chat.page.transcript.answer(1)
    assert again is not None
    chat.click(again.again)
    chat.until(lambda: chat.session.status == "ready" and len(chat.texts()) == 2)
    assert len(chat.page.chats.ids()) == 2


def test_arrow_up_changes_the_last_question_and_escape_gives_up(chat: Chat) -> None:
    chat.open()
    chat.say("one")
    editor = chat.page.composer.editor
    chat.qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.toPlainText() == "one"
    assert "replaces" in chat.page.composer.note.text()
    assert chat.page.escape()
    assert editor.toPlainText() == ""
    assert chat.texts() == ["one", "echo: one (1)"]


def test_ctrl_r_says_it_again(chat: Chat) -> None:
    chat.open()
    chat.say("one")
    assert chat.session.conversation is not None
    before = chat.session.conversation.messages[1]
    chat.page._again()
    chat.until(lambda: chat.session.status == "ready" and len(chat.texts()) == 2)
    assert chat.session.conversation.messages[1] is not before


# -- conversations -----------------------------------------------------------------------------------


def test_conversations_are_found_renamed_and_deleted(chat: Chat) -> None:
    chat.open()
    chat.say("about the moon")
    moon = chat.session.chat_id
    chat.click(chat.page.chats.new)
    assert chat.texts() == []
    chat.say("about the sea")
    sea = chat.session.chat_id
    assert chat.page.chats.ids() == [sea, moon]
    chat.qtbot.keyClicks(chat.page.chats.search, "moon")
    assert chat.page.chats.ids() == [moon]
    chat.page.chats.search.clear()
    chat.page.chats.list.setCurrentIndex(chat.page.chats._rows.index(2))
    assert chat.session.chat_id == moon
    assert chat.texts()[0] == "about the moon"
    chat.qtbot.keyClick(chat.page.chats.list, Qt.Key.Key_F2)
    editor = chat.page.chats.list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("Moonlight")
    chat.qtbot.keyClick(editor, Qt.Key.Key_Return)
    chat.until(lambda: bool(chat.session.conversation and chat.session.conversation.title == "Moonlight"))
    chat.qtbot.keyClick(chat.page.chats.list, Qt.Key.Key_Delete)
    assert chat.page.chats.ids() == [sea]
    assert chat.toasts[-1].action is not None
    chat.toasts[-1].action()
    assert set(chat.page.chats.ids()) == {sea, moon}


# -- states ------------------------------------------------------------------------------------------


def test_no_model_leads_to_the_first_one(chat: Chat) -> None:
    asked: list[bool] = []
    chat.page._navigator.first_model_requested.connect(lambda: asked.append(True))
    chat.page.opened({})
    assert chat.page.column.middle.currentWidget() is chat.page.column.empty
    chat.click(chat.page.column.empty.button)
    assert asked == [True]


def test_the_last_run_is_there_at_once(chat: Chat) -> None:
    chat.runs.put(make_run(RunState.FINISHED, step=1200, run_id="a", name="My run"))
    chat.page.opened({})
    chat.until(lambda: chat.session.status == "ready")
    assert chat.session.model is not None
    assert (chat.session.model.label, chat.session.model.step) == ("My run", 1000)
    assert "step 1,000" in chat.page.model.accessibleName()


def test_a_newer_run_takes_the_place_of_what_was_only_proposed(chat: Chat) -> None:
    def put(state: RunState, name: str, created: float) -> None:
        chat.runs.put(make_run(state, step=1200, run_id=f"id of {name}", name=name, card=False))
        chat.runs.change(f"id of {name}", created=created)
        chat.until(lambda: chat.session.status == "ready")

    def label() -> str:
        assert chat.session.model is not None
        return chat.session.model.label

    chat.page.opened({})
    # runs are read one after the other, in no order
    put(RunState.FINISHED, "first", 1.0)
    put(RunState.RUNNING, "in training", 9.0)
    assert label() == "first"
    put(RunState.FINISHED, "newest", 5.0)
    assert label() == "newest"
    chat.say("hello")
    put(RunState.FINISHED, "later", 7.0)
    assert label() == "newest"


def test_a_base_model_gets_a_beginning(chat: Chat) -> None:
    chat.open("/models/base")
    assert "can't answer yet" in chat.page.composer.note.text()
    assert chat.page.composer.editor.placeholderText() == "Write a beginning…"
    assert not chat.page.panel.system.isVisibleTo(chat.page)
    chat.say("Spring")
    assert chat.texts() == ["Spring", "echo: Spring (0)"]


def test_a_dead_worker_is_told_and_mended(chat: Chat) -> None:
    chat.open()
    chat.say("one")
    chat.say("die")
    chat.until(lambda: chat.session.status == "died")
    banner = chat.page.banner
    assert banner.isVisibleTo(chat.page)
    assert "everything above is still there" in banner.message.text()
    assert chat.texts() == ["one", "echo: one (1)", "die"]
    chat.click(banner._buttons[0])
    chat.until(lambda: chat.session.status == "ready")
    assert not banner.isVisibleTo(chat.page)
    chat.say("two")
    assert chat.texts()[-1] == "echo: two (4)"


def test_a_failure_stands_where_the_answer_would_be(chat: Chat) -> None:
    chat.open()
    chat.say("fail")
    chat.until(lambda: chat.session.error != "")
    live = chat.page.transcript._live
    assert live is not None
    assert live.problem.text() == "Memory ran out."
    assert live.again.isVisibleTo(live)


def test_a_full_context_is_told_once(chat: Chat) -> None:
    chat.open()
    chat.say("full")
    banner = chat.page.banner
    assert banner.message.text() == "2,048 tokens are reached; it can't see the earliest words any more."
    chat.click(banner._close)
    chat.say("full")
    assert not banner.isVisibleTo(chat.page)


def test_a_run_on_the_card_is_named_and_offered(chat: Chat) -> None:
    chat.open()
    chat.runs.put(make_run(RunState.RUNNING, run_id="r", name="First run"))
    chat.until(lambda: chat.session.status == "ready")
    assert chat.page.banner.message.text().startswith("The GPU is training “First run”")
    chat.click(chat.page.banner._buttons[0])
    chat.until(lambda: chat.session.status == "ready")
    assert chat.session.model is not None
    assert chat.session.model.run_id == "r"
    chat.runs.grow("r", 600)
    chat.until(lambda: "newer checkpoint (step 3,000)" in chat.page.banner.message.text())


def test_a_model_that_cannot_be_loaded_blocks_with_its_reason(chat: Chat) -> None:
    chat.open("/models/bad")
    assert "damaged" in chat.page.banner.message.text()
    chat.qtbot.keyClicks(chat.page.composer.editor, "hello")
    assert not chat.page.composer.button.isEnabled()
    assert "damaged" in chat.page.composer.button.toolTip()


def test_export_asks_for_the_loaded_checkpoint(chat: Chat) -> None:
    chat.open()
    with chat.qtbot.waitSignal(chat.page.export_requested) as asked:
        chat.click(chat.page.panel.export)
    assert asked.args == ["/models/chat"]


# -- looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(968, 604), (1240, 864)])
def test_nothing_is_clipped(
    qtbot: QtBot, tmp_path: Path, language: str, theme: str, size: tuple[int, int]
) -> None:
    chat = Chat(qtbot, tmp_path, language=language, theme=theme)
    chat.page.set_compact(size[0] < 980)
    chat.page.resize(*size)
    chat.runs.put(make_run(RunState.RUNNING, run_id="r", name="第一次预训练"))
    chat.open()
    assert clipped(chat.page) == []
    chat.say("hello")
    chat.page._edit_last()
    assert clipped(chat.page) == []
    chat.close()


def test_the_right_column_opens_by_its_button_in_a_small_window(chat: Chat) -> None:
    chat.page.set_compact(True)
    chat.open()
    assert not chat.page.panel.isVisibleTo(chat.page)
    chat.until(lambda: chat.page.column.foot.width() == COLUMN)
    chat.page.resize(968, 604)
    chat.click(chat.page.column.panel_button)
    assert chat.page.panel.isVisibleTo(chat.page)
    chat.until(lambda: chat.page.column.foot.width() == chat.page.column.width() - 48 < COLUMN)


# -- text --------------------------------------------------------------------------------------------


def test_markdown_keeps_the_ends_of_lines() -> None:
    assert as_markdown("one\ntwo") == "one  \ntwo"
    assert as_markdown("```\na\nb\n```") == "```\na\nb\n```"
    assert as_markdown("1. a\n2. b\n\nc") == "1. a\n2. b\n\nc"


def test_an_answer_cannot_load_or_open_anything(chat: Chat) -> None:
    chat.open()
    content = "![x](file:///etc/passwd) <img src='http://example.com/a.png'> [link](http://example.com)"
    chat_id = chat.book.create()
    chat.book.add(chat_id, ChatMessage(role="user", content="hi"))
    chat.book.add(chat_id, ChatMessage(role="assistant", content=content))
    chat.session.open_chat(chat_id)
    answer = chat.page.transcript.answer(1)
    assert answer is not None
    assert answer.body.loadResource(2, "file:///etc/passwd") is None
    assert not answer.body.openLinks()


def test_a_copied_selection_has_no_pen(chat: Chat) -> None:
    chat.open()
    chat.qtbot.keyClicks(chat.page.composer.editor, "long")
    chat.qtbot.keyClick(chat.page.composer.editor, Qt.Key.Key_Return)
    chat.until(lambda: chat.page._live is not None and CURSOR in chat.page._live.body.toPlainText())
    assert chat.page._live is not None
    chat.page._live.body.selectAll()
    assert CURSOR not in chat.page._live.body.createMimeDataFromSelection().text()
    chat.page.escape()
    chat.until(lambda: chat.session.status == "ready")
