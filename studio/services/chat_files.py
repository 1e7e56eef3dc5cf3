"""Conversations on disk: one append-only file of JSON lines each, in `projects/<project>/chats/`. No Qt.

Lines: {"v", "kind": "chat", "t", "title"} first, then
{"kind": "message", "role", "content", "thought", "stats", "model"} · {"kind": "cut", "keep"}: what comes
after the first `keep` messages no longer counts · {"kind": "title", "title"} ·
{"kind": "model", "path", "label"} · {"kind": "settings", …}. Unknown kinds are skipped.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from minimind.files import LineAppender, read_lines

VERSION = 1
FOLDER, TRASH = "chats", ".trash"
TITLE_LENGTH = 40
_KEEP_TRASH_S = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class ChatMessage:
    """One message.

    Attributes:
        role: user or assistant; continuation for what a base model wrote after a beginning.
        thought: what was thought before the answer, "" for none.
        stats: tokens, speed and so on of an answer, as the worker reports them.
        model: label of the model that answered.
    """

    role: str
    content: str
    thought: str = ""
    t: float = 0.0
    stats: dict[str, Any] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A conversation as it stands.

    Attributes:
        chat_id: name of its file.
        title: what a person called it, else the beginning of the first message, else "".
        changed: unix seconds of the last message.
        model_path, model_label: what it was last held with.
        settings: how it speaks (temperature, top_p, max_new_tokens, system, think), where it differs.
    """

    chat_id: str
    title: str = ""
    changed: float = 0.0
    messages: tuple[ChatMessage, ...] = ()
    model_path: str = ""
    model_label: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def shown_title(self) -> str:
        """What the list calls it."""
        return self.title or next((beginning(m.content) for m in self.messages if m.role == "user"), "")

    def matches(self, words: str) -> bool:
        """Whether every word stands in the title or in a message."""
        text = "\n".join([self.title, self.model_label, *(m.content for m in self.messages)]).casefold()
        return all(word in text for word in words.casefold().split())


def beginning(text: str) -> str:
    """The first line of a message, short."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"


def new_chat_id() -> str:
    """A file name that sorts by date and is never taken."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"


class ChatFiles:
    """The conversations of one project. Not for the GUI thread: every call touches the disk."""

    def __init__(self, project_folder: Path) -> None:
        self.folder = project_folder / FOLDER

    def read_all(self) -> list[Conversation]:
        """Every conversation that can be read, newest first."""
        self._empty_trash()
        found = [self.read(path.stem) for path in self.folder.glob("*.jsonl")]
        return sorted((c for c in found if c is not None), key=lambda c: c.changed, reverse=True)

    def read(self, chat_id: str) -> Conversation | None:
        """One conversation; None when the file is gone or is none."""
        conversation = None
        for line in read_lines(self._path(chat_id), cap=16 << 20):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                conversation = replayed(conversation, value, chat_id)
        return conversation

    def append(self, chat_id: str, lines: Iterable[dict[str, Any]]) -> None:
        """Add lines, whole or not at all each, and make them durable.

        Raises:
            OSError: no room or a disk error.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        appender = LineAppender(self._path(chat_id))
        try:
            for line in lines:
                text = json.dumps(line, ensure_ascii=False, allow_nan=False)
                appender.append(text.encode("utf-8", "replace"))
            appender.sync()
        finally:
            appender.close()

    def delete(self, chat_id: str) -> None:
        """Move a conversation out of sight; `restore` brings it back within a day."""
        trash = self.folder / TRASH
        trash.mkdir(parents=True, exist_ok=True)
        path = self._path(chat_id)
        if path.exists():
            os.replace(path, trash / path.name)
            os.utime(trash / path.name)

    def restore(self, chat_id: str) -> None:
        """Undo `delete`."""
        path = self._path(chat_id)
        if (self.folder / TRASH / path.name).exists():
            os.replace(self.folder / TRASH / path.name, path)

    def _path(self, chat_id: str) -> Path:
        return self.folder / f"{Path(chat_id).name}.jsonl"

    def _empty_trash(self) -> None:
        for path in (self.folder / TRASH).glob("*.jsonl"):
            if time.time() - path.stat().st_mtime > _KEEP_TRASH_S:
                path.unlink(missing_ok=True)


def replayed(conversation: Conversation | None, line: dict[str, Any], chat_id: str) -> Conversation | None:
    """A conversation after one more line of its file."""
    kind, t = line.get("kind"), line.get("t")
    at = float(t) if isinstance(t, int | float) and not isinstance(t, bool) else 0.0
    if conversation is None:
        if kind != "chat":
            return None
        return Conversation(chat_id=chat_id, title=_text(line, "title"), changed=at)
    if kind == "message":
        message = ChatMessage(
            role=_text(line, "role"),
            content=_text(line, "content"),
            thought=_text(line, "thought"),
            t=at,
            stats=line["stats"] if isinstance(line.get("stats"), dict) else {},
            model=_text(line, "model"),
        )
        return replace(conversation, messages=(*conversation.messages, message), changed=at)
    if kind == "cut" and isinstance(line.get("keep"), int):
        return replace(conversation, messages=conversation.messages[: max(0, line["keep"])], changed=at)
    if kind == "title":
        return replace(conversation, title=_text(line, "title"))
    if kind == "model":
        return replace(conversation, model_path=_text(line, "path"), model_label=_text(line, "label"))
    if kind == "settings":
        values = {key: value for key, value in line.items() if key not in ("v", "kind", "t")}
        return replace(conversation, settings=values)
    return conversation


def worker_messages(chat: Conversation, system: str) -> list[dict[str, Any]]:
    """A conversation as the worker takes it: thoughts apart, the system prompt in front."""
    found: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for message in chat.messages:
        if message.role == "user":
            found.append({"role": "user", "content": message.content})
            continue
        said: dict[str, Any] = {"role": "assistant", "content": message.content}
        if message.thought.strip():
            said["reasoning_content"] = message.thought
        found.append(said)
    return found


def chat_line(title: str = "") -> dict[str, Any]:
    """The first line of a file."""
    return {"v": VERSION, "kind": "chat", "t": round(time.time(), 3), "title": title}


def message_line(message: ChatMessage) -> dict[str, Any]:
    """A message as the file holds it; empty parts are left out."""
    values: dict[str, Any] = {
        "kind": "message",
        "t": message.t,
        "role": message.role,
        "content": message.content,
    }
    for name in ("thought", "stats", "model"):
        if getattr(message, name):
            values[name] = getattr(message, name)
    return values


def cut_line(keep: int) -> dict[str, Any]:
    """Only the first `keep` messages count from here on."""
    return {"kind": "cut", "t": round(time.time(), 3), "keep": keep}


def _text(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    return value if isinstance(value, str) else ""
