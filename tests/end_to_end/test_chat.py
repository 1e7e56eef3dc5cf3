"""A conversation with a trained model: stop, again, edit, branch, search, a dead worker, a restart."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from minimind.run_folder import RunFolder
from studio.paths import Paths
from studio.services.chat_files import ChatFiles
from studio.ui.chat.messages import Answer
from studio.ui.pages.chat_page import ChatPage
from tests.end_to_end.conftest import OpenStudio, close
from tests.end_to_end.driver import Person, settle, write

PROJECT = "Chats"
NAME = "My little one"
# few enough to be learnt by heart in seconds
LESSONS = {
    "Who are you?": "I am a small model.",
    "Count for me.": " ".join(f"{number}," for number in range(1, 71)),
    "天空是什么颜色？": "天空是蓝色的。",
    "What is 2 plus 3?": "2 + 3 = 5.",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of a tiny model that has learnt its lessons."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    rows = [
        {"conversations": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}
        for asked, said in LESSONS.items()
    ]
    lessons = folder.parent / "lessons.jsonl"
    lessons.write_text("".join(json.dumps(row) + "\n" for row in rows * 50), "utf-8")
    options = {
        "--method": "sft",
        "--model": "tiny",
        "--data": str(lessons),
        "--steps": "80",
        "--lr": "0.01",
        "--seq-len": "384",
        "--tokens-per-step": "1536",
        "--out": str(folder),
    }
    words = [word for option in options.items() for word in option]
    # in a process of its own: what works on a run at the end of a test is killed
    subprocess.run([sys.executable, "-m", "minimind", "train", *words], check=True, capture_output=True)
    return folder


@pytest.fixture
def person(trained: Path, paths: Paths, open_studio: OpenStudio) -> Person:
    """In front of the window, with that run in the project."""
    target = paths.projects / PROJECT / "runs" / "20261124-1500-sft"
    shutil.copytree(trained, target)
    RunFolder(target).change_notes(name=NAME)
    return open_studio()


class Talk:
    """What a person does on the chat page."""

    def __init__(self, person: Person) -> None:
        self.person = person
        person.go("Chat")
        page = person.window.current_page()
        assert isinstance(page, ChatPage)
        self.page, self.session = page, page._session
        person.wait(lambda: self.session.status == "ready", "the model to be loaded")

    def ask(self, text: str) -> None:
        self.begin(text)
        self.wait_for_end()

    def begin(self, text: str) -> None:
        self.person.click(self.page.composer.editor)
        write(self.page.composer.editor, text)
        self.person.press("Return")

    def wait_for_end(self) -> None:
        self.person.wait(lambda: self.session.status == "ready", "the answer to end")
        settle()

    def hold(self, ask: Callable[[], None]) -> psutil.Process:
        """Ask, and let the worker stand still at the first words: a person's hand is never late."""
        worker = worker_of_this_window()
        self.session.wrote.connect(worker.suspend)
        ask()
        self.person.wait(lambda: self.session.content, "the first words")
        self.session.wrote.disconnect(worker.suspend)
        return worker

    def stop(self, ask: Callable[[], None], how: Callable[[], None]) -> None:
        """Ask, and stop it in the middle."""
        worker = self.hold(ask)
        how()
        worker.resume()
        self.wait_for_end()

    def answer(self, index: int) -> Answer:
        found = self.page.transcript.answer(index)
        assert found is not None
        return found

    @property
    def messages(self) -> list[tuple[str, str]]:
        chat = self.session.conversation
        return [(message.role, message.content) for message in chat.messages] if chat else []


def worker_of_this_window() -> psutil.Process:
    """The process that holds the model."""
    children = psutil.Process().children(recursive=True)
    (worker,) = [child for child in children if "chat-worker" in child.cmdline()]
    return worker


def test_a_conversation_from_the_first_word_to_the_next_start(
    person: Person, paths: Paths, open_studio: OpenStudio
) -> None:
    talk = Talk(person)
    assert NAME in talk.page.model.accessibleName()
    # the first question with the mouse, as a newcomer asks it
    person.click("Who are you?")
    talk.wait_for_end()
    assert talk.messages == [("user", "Who are you?"), ("assistant", LESSONS["Who are you?"])]
    assert re.search(
        r"\d+ tokens? · .* a second · first after .* s · \d\d:\d\d$", talk.answer(1).figures.text()
    )
    first = talk.session.chat_id

    # stop with Esc keeps what was written and stays on the page, however often it is pressed
    talk.stop(lambda: talk.begin("Count for me."), lambda: person.press("Esc"))
    person.press("Esc")
    assert person.window.current_key == "chat"
    assert " · stopped · " in talk.answer(3).figures.text()
    beginning = talk.messages[3][1]
    assert 0 < len(beginning) < len(LESSONS["Count for me."])

    # again, with the key: another answer in the place of the old one
    talk.stop(lambda: person.press("Ctrl+R"), lambda: person.click("Stop"))
    assert [role for role, _content in talk.messages] == ["user", "assistant", "user", "assistant"]

    # branch from the first answer: a conversation of its own, the other stays whole
    person.click(talk.answer(1).branch)
    assert talk.session.chat_id != first
    assert len(talk.messages) == 2
    branch = talk.session.chat_id

    # edit the last question with ↑
    person.click(talk.page.composer.editor)
    person.press("Up")
    person.press("Ctrl+A")
    write(talk.page.composer.editor, "天空是什么颜色？")
    person.press("Return")
    talk.wait_for_end()
    assert talk.messages == [("user", "天空是什么颜色？"), ("assistant", LESSONS["天空是什么颜色？"])]

    # search, by a word that stands in one of them only
    person.press("Ctrl+F")
    write(talk.page.chats.search, "天空")
    assert talk.page.chats.ids() == [branch]
    person.press("Esc")
    assert set(talk.page.chats.ids()) == {first, branch}

    # another start finds both, as they were
    said = talk.messages
    close(person)
    again = Talk(open_studio())
    again.person.wait(lambda: set(again.page.chats.ids()) == {first, branch}, "the conversations to be read")
    rows = again.page.chats.list
    place = rows.visualRect(rows.model().index(1, 0)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    again.person.wait(lambda: again.messages == said, "the words of the branch")
    assert {chat.chat_id for chat in ChatFiles(paths.projects / PROJECT).read_all()} == {first, branch}


def test_a_worker_that_is_killed_in_the_middle_of_an_answer(person: Person) -> None:
    talk = Talk(person)
    talk.ask("Who are you?")
    talk.hold(lambda: talk.begin("Count for me.")).kill()
    person.wait_to_see("The chat process has ended")
    # the beginning of the answer is kept, and so is all before it
    assert [role for role, _content in talk.messages] == ["user", "assistant", "user", "assistant"]
    assert talk.messages[3][1]
    person.click("Load it again")
    person.wait(lambda: talk.session.status == "ready", "the model once more")
    assert not any(person.all(QAbstractButton, "Load it again"))
    person.press("Ctrl+Shift+N")
    talk.ask("Who are you?")
    assert talk.messages == [("user", "Who are you?"), ("assistant", LESSONS["Who are you?"])]


def test_the_worker_ends_with_its_window(person: Person) -> None:
    Talk(person)
    worker = worker_of_this_window()
    close(person)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
