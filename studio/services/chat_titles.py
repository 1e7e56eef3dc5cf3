"""The titles of a project's conversations, read when they are asked for, without a page of chats."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.services.background import Worker
from studio.services.chat_files import ChatFiles


class ChatTitles(QObject):
    """Call it from the GUI thread only.

    Signals:
        found(list[tuple[str, str]]): id and title of each conversation, the newest first.
    """

    found = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Worker("chat titles", self)

    def ask(self, project_folder: Path) -> None:
        """Read them; `found` follows. A folder that cannot be read has none."""
        self._worker.submit_newest("titles", lambda: _titles(project_folder), done=self.found.emit)

    def close(self) -> None:
        """End the thread."""
        self._worker.close(timeout_s=1.0)


def _titles(folder: Path) -> list[tuple[str, str]]:
    try:
        chats = ChatFiles(folder).read_all()
    except OSError:
        return []
    return [(chat.chat_id, chat.shown_title) for chat in chats if chat.shown_title]
