"""Conversations on disk: append-only, and nothing that stands in a file can do harm."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from studio.services import chat_files
from studio.services.chat_files import ChatFiles, ChatMessage

HELLO = ChatMessage(role="user", content="你好\n🌱", t=10.0)
ANSWER = ChatMessage(
    role="assistant", content="好", thought="嗯", t=11.0, stats={"tokens": 3, "tokens_per_s": 1.5}, model="m"
)


@pytest.fixture
def files(tmp_path: Path) -> ChatFiles:
    return ChatFiles(tmp_path / "project")


def write(files: ChatFiles, chat_id: str, *lines: dict[str, object]) -> None:
    files.append(chat_id, [chat_files.chat_line(), *lines])


def test_what_was_said_comes_back(files: ChatFiles) -> None:
    write(files, "a", chat_files.message_line(HELLO), chat_files.message_line(ANSWER))
    chat = files.read("a")
    assert chat is not None
    assert chat.messages == (HELLO, ANSWER)
    assert (chat.shown_title, chat.changed) == ("你好", 11.0)


def test_the_newest_comes_first(files: ChatFiles) -> None:
    for name, t in (("a", 5.0), ("b", 9.0), ("c", 7.0)):
        write(files, name, chat_files.message_line(ChatMessage(role="user", content=name, t=t)))
    assert [chat.chat_id for chat in files.read_all()] == ["b", "c", "a"]


def test_a_cut_takes_the_rest_away_and_the_file_keeps_it(files: ChatFiles) -> None:
    write(files, "a", chat_files.message_line(HELLO), chat_files.message_line(ANSWER), chat_files.cut_line(1))
    files.append("a", [chat_files.message_line(ANSWER)])
    chat = files.read("a")
    assert chat is not None
    assert chat.messages == (HELLO, ANSWER)
    assert len((files.folder / "a.jsonl").read_text("utf-8").splitlines()) == 5


def test_title_model_and_settings_are_the_last_ones(files: ChatFiles) -> None:
    write(
        files,
        "a",
        chat_files.message_line(HELLO),
        {"kind": "title", "title": "一"},
        {"kind": "title", "title": "二"},
        {"kind": "model", "path": "/m", "label": "M"},
        {"kind": "settings", "temperature": 0.5},
        {"kind": "weather", "sun": True},
    )
    chat = files.read("a")
    assert chat is not None
    assert (chat.title, chat.model_path, chat.settings) == ("二", "/m", {"temperature": 0.5})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n",
        b"\xff\xfe\n",
        b'{"kind": "message", "role": "user", "content": "before the first line"}\n',
        b"[1, 2]\n",
        b"[" * 10_000 + b"\n",
        b'{"kind": "chat"',
    ],
)
def test_a_file_that_is_none_is_left_out(files: ChatFiles, content: bytes) -> None:
    files.folder.mkdir(parents=True)
    (files.folder / "a.jsonl").write_bytes(content)
    assert files.read_all() == []


def test_wrong_types_become_empty(files: ChatFiles) -> None:
    write(
        files,
        "a",
        {"kind": "message", "role": 5, "content": None, "stats": [], "t": "soon", "thought": {}},
        {"kind": "cut", "keep": "all"},
        {"kind": "cut", "keep": -3},
    )
    chat = files.read("a")
    assert chat is not None
    assert chat.messages == ()


def test_a_torn_last_line_is_cut_off_by_the_next(files: ChatFiles) -> None:
    write(files, "a", chat_files.message_line(HELLO))
    with (files.folder / "a.jsonl").open("ab") as file:
        file.write(b'{"kind": "message", "role": "assis')
    files.append("a", [chat_files.message_line(ANSWER)])
    chat = files.read("a")
    assert chat is not None
    assert chat.messages == (HELLO, ANSWER)


def test_delete_can_be_undone_for_a_day(files: ChatFiles) -> None:
    write(files, "a", chat_files.message_line(HELLO))
    files.delete("a")
    assert files.read_all() == []
    files.restore("a")
    assert [chat.chat_id for chat in files.read_all()] == ["a"]
    files.delete("a")
    old = time.time() - 2 * 24 * 3600
    os.utime(files.folder / chat_files.TRASH / "a.jsonl", (old, old))
    files.read_all()
    files.restore("a")
    assert files.read_all() == []


def test_an_id_cannot_leave_the_folder(files: ChatFiles) -> None:
    write(files, "../../../evil", chat_files.message_line(HELLO))
    assert (files.folder / "evil.jsonl").exists()


def test_search_wants_every_word(files: ChatFiles) -> None:
    write(files, "a", chat_files.message_line(HELLO), chat_files.message_line(ANSWER))
    chat = files.read("a")
    assert chat is not None
    assert chat.matches("")
    assert chat.matches("你好 好")
    assert not chat.matches("你好 再见")


def test_lines_are_json_with_version(files: ChatFiles) -> None:
    write(files, "a", chat_files.message_line(HELLO))
    first = json.loads((files.folder / "a.jsonl").read_text("utf-8").splitlines()[0])
    assert (first["v"], first["kind"]) == (1, "chat")
