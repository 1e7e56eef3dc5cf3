"""What can be done with the conversation as a whole: the lines of the menu at the top right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication

from minimind.text import _
from studio.services.chat_session import ChatSession
from studio.ui.widgets.page_header import MenuItem


def conversation_items(
    session: ChatSession,
    *,
    rename: Callable[[str], None],
    copied: Callable[[], None],
    export: Callable[[], None],
    delete: Callable[[str], None],
) -> list[MenuItem]:
    """The menu for the conversation on show.

    Args:
        rename, delete: called with its id.
        copied: all of its words are in the clipboard.
        export: the model that it is held with.
    """
    chat, chat_id = session.conversation, session.chat_id
    there = chat is not None and bool(chat.messages)
    why = "" if there else _("Nothing has been said yet")

    def copy() -> None:
        if chat is not None:
            QGuiApplication.clipboard().setText("\n\n".join(message.content for message in chat.messages))
            copied()

    return [
        MenuItem(
            text=_("Rename"),
            icon="pencil",
            keys="F2",
            enabled=there,
            hint=why,
            action=lambda: rename(chat_id),
        ),
        MenuItem(text=_("Copy the conversation"), icon="copy", enabled=there, hint=why, action=copy),
        MenuItem(
            text=_("Export as GGUF…"),
            icon="package",
            enabled=session.can_export,
            hint="" if session.can_export else _("Only a checkpoint can be exported"),
            action=export,
        ),
        MenuItem(),
        MenuItem(text=_("Delete"), icon="trash-2", enabled=there, hint=why, action=lambda: delete(chat_id)),
    ]
