"""The keys of the chat page, for the list under F1."""

from __future__ import annotations

from minimind.text import _
from studio.ui.pages.page import ShortcutHint


def hints() -> list[ShortcutHint]:
    """One line a key."""
    return [
        ShortcutHint(keys="Enter", text=_("Send")),
        ShortcutHint(keys="Shift Enter", text=_("New line")),
        ShortcutHint(keys="Esc", text=_("Stop")),
        ShortcutHint(keys="Ctrl R", text=_("Say it again")),
        ShortcutHint(keys="↑", text=_("Change the last question")),
        ShortcutHint(keys="Ctrl Shift N", text=_("New conversation")),
        ShortcutHint(keys="Ctrl F", text=_("Search conversations")),
    ]
