"""The conversations of a project for widgets: in memory at once, on disk a moment later, never waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from minimind.text import _
from studio.services import chat_files
from studio.services.chat_files import ChatFiles, ChatMessage, Conversation
from studio.services.chat_models import ChatModel, exported_files


class ChatBook(QObject):
    """Call it from the GUI thread only. One thread of its own reads and writes, in order.

    It also knows the exported files of the project, which can be talked to.

    Signals:
        changed: which conversations there are, or their titles or order, have changed.
        files_changed: which exported files there are has changed.
        problem(str): something could not be written: one sentence.
    """

    changed = Signal()
    files_changed = Signal()
    problem = Signal(str)
    _read = Signal(object, object)
    _found = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files: ChatFiles | None = None
        self._chats: dict[str, Conversation] = {}
        self._deleted: dict[str, Conversation] = {}
        self._written: set[str] = set()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chats")
        self._read.connect(self._on_read)
        self._found.connect(self._on_found)
        self.exported: list[ChatModel] = []

    def close(self) -> None:
        """Wait until everything is written."""
        self._worker.shutdown(wait=True)

    # -- what there is -------------------------------------------------------------------------

    @property
    def project_folder(self) -> Path | None:
        """Of the project on show; None before the first."""
        return self._files.folder.parent if self._files is not None else None

    def open_project(self, folder: Path) -> None:
        """Show the conversations of another project; `changed` follows when they have been read."""
        if self.project_folder == folder:
            return
        files = self._files = ChatFiles(folder)
        self._chats, self._deleted, self._written, self.exported = {}, {}, set(), []
        self._worker.submit(self._read_all, files)
        self.look_at_files()

    def look_at_files(self) -> None:
        """See which exported files there are; `files_changed` follows when there are others."""
        files = self._files
        if files is not None:
            self._worker.submit(lambda: self._found.emit(files, exported_files(files.folder.parent)))

    def conversations(self, words: str = "") -> list[Conversation]:
        """Newest first; with words only those in which all of them stand."""
        found = [chat for chat in self._chats.values() if chat.matches(words)]
        return sorted(found, key=lambda chat: chat.changed, reverse=True)

    def conversation(self, chat_id: str) -> Conversation | None:
        """One conversation."""
        return self._chats.get(chat_id)

    # -- what a person does --------------------------------------------------------------------

    def create(self, *, title: str = "", **fields: Any) -> str:
        """Begin a conversation; it is written with its first message.

        Returns:
            Its id.
        """
        chat_id = chat_files.new_chat_id()
        self._chats[chat_id] = Conversation(chat_id=chat_id, title=title, changed=time.time(), **fields)
        return chat_id

    def add(self, chat_id: str, message: ChatMessage) -> None:
        """Append a message."""
        self._change(chat_id, {**chat_files.message_line(message), "t": message.t or round(time.time(), 3)})
        self.changed.emit()

    def cut(self, chat_id: str, keep: int) -> None:
        """Let only the first `keep` messages count from here on."""
        if keep < len(self._chats[chat_id].messages):
            self._change(chat_id, chat_files.cut_line(keep))
            self.changed.emit()

    def rename(self, chat_id: str, title: str) -> None:
        """Another title; empty brings the beginning of the first message back."""
        self._change(chat_id, {"kind": "title", "title": title})
        self.changed.emit()

    def set_model(self, chat_id: str, path: str, label: str) -> None:
        """Remember what it is held with."""
        if (self._chats[chat_id].model_path, self._chats[chat_id].model_label) != (path, label):
            self._change(chat_id, {"kind": "model", "path": path, "label": label})

    def set_settings(self, chat_id: str, settings: dict[str, Any]) -> None:
        """Remember how it speaks."""
        if self._chats[chat_id].settings != settings:
            self._change(chat_id, {"kind": "settings", **settings})

    def branch(self, chat_id: str, keep: int) -> str:
        """A new conversation that begins with the first `keep` messages of another; returns its id."""
        source = self._chats[chat_id]
        made = self.create(
            title=source.title,
            model_path=source.model_path,
            model_label=source.model_label,
            settings=dict(source.settings),
        )
        for message in source.messages[:keep]:
            self._change(made, chat_files.message_line(message))
        self._chats[made] = replace(self._chats[made], changed=time.time())
        self.changed.emit()
        return made

    def delete(self, chat_id: str) -> None:
        """Out of sight; `restore` brings it back."""
        self._deleted[chat_id] = self._chats.pop(chat_id)
        self._later(lambda files: files.delete(chat_id))
        self.changed.emit()

    def restore(self, chat_id: str) -> None:
        """Undo `delete`."""
        if chat_id in self._deleted:
            self._chats[chat_id] = self._deleted.pop(chat_id)
            self._later(lambda files: files.restore(chat_id))
            self.changed.emit()

    # -- disk ----------------------------------------------------------------------------------

    def _change(self, chat_id: str, line: dict[str, Any]) -> None:
        chat = self._chats[chat_id]
        after = chat_files.replayed(chat, line, chat_id)
        assert after is not None
        self._chats[chat_id] = after
        if chat_id not in self._written:
            if line["kind"] != "message":
                # an empty conversation leaves no file; what was set is written with its first message
                return
            self._written.add(chat_id)
            self._append(chat_id, _first_lines(chat))
        self._append(chat_id, [line])

    def _append(self, chat_id: str, lines: list[dict[str, Any]]) -> None:
        self._later(lambda files: files.append(chat_id, lines))

    def _later(self, work: Callable[[ChatFiles], None]) -> None:
        if self._files is not None:
            self._worker.submit(partial(self._do, self._files, work))

    def _do(self, files: ChatFiles, work: Callable[[ChatFiles], None]) -> None:
        try:
            work(files)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem.emit(
                _("The conversation could not be saved in {folder}: {reason}").format(
                    folder=files.folder, reason=reason
                )
            )

    def _read_all(self, files: ChatFiles) -> None:
        try:
            found = files.read_all()
        except OSError:
            found = []
        self._read.emit(files, found)

    def _on_found(self, files: ChatFiles, found: list[ChatModel]) -> None:
        if files is self._files and found != self.exported:
            self.exported = found
            self.files_changed.emit()

    def _on_read(self, files: ChatFiles, found: list[Conversation]) -> None:
        if files is self._files:
            # what was begun while the disk was read is newer
            self._chats = {chat.chat_id: chat for chat in found} | self._chats
            self._written |= {chat.chat_id for chat in found}
            self.changed.emit()


def _first_lines(chat: Conversation) -> list[dict[str, Any]]:
    lines = [chat_files.chat_line(chat.title)]
    if chat.model_path:
        lines.append({"kind": "model", "path": chat.model_path, "label": chat.model_label})
    if chat.settings:
        lines.append({"kind": "settings", **chat.settings})
    return lines
