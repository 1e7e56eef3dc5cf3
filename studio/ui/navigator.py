"""How pages reach what lies outside them: another page, a toast. The window listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True, kw_only=True)
class Toast:
    """A message about something that is done, undoable or in the background.

    Attributes:
        text: one sentence, translated.
        tone: "success", "info", "warning" or "danger".
        action_text: a verb, or empty: Undo, Open.
        action: called when the person presses it.
    """

    text: str
    tone: str = "success"
    action_text: str = ""
    action: Callable[[], None] | None = field(default=None, compare=False)


class Navigator(QObject):
    """Handed to every page.

    Signals:
        page_requested: key of a page, request for it.
        toasted: a Toast to show.
        first_model_requested: somebody pressed "Train my first model", wherever.
    """

    page_requested = Signal(str, dict)
    toasted = Signal(Toast)
    first_model_requested = Signal()

    def open(self, page: str, request: Mapping[str, object] | None = None) -> None:
        """Bring a page to the front, with what it should show."""
        self.page_requested.emit(page, dict(request or {}))

    def open_run(self, run_id: str) -> None:
        """Show the page of one run."""
        self.open("run", {"run_id": run_id})

    def new_run(self, prefill: Mapping[str, object] | None = None) -> None:
        """Open the wizard, filled in with what is given."""
        self.open("wizard", prefill)

    def first_model(self) -> None:
        """Train the first model, or show the one that is being trained."""
        self.first_model_requested.emit()

    def chat_with(self, checkpoint: str) -> None:
        """Open the chat with a checkpoint: a run folder, a step folder or a .gguf file."""
        self.open("chat", {"checkpoint": checkpoint})

    def open_chat(self, chat_id: str) -> None:
        """Open the chat at a conversation."""
        self.open("chat", {"conversation": chat_id})

    def toast(
        self,
        text: str,
        *,
        tone: str = "success",
        action_text: str = "",
        action: Callable[[], None] | None = None,
    ) -> None:
        """Show one sentence at the bottom right for six seconds."""
        self.toasted.emit(Toast(text=text, tone=tone, action_text=action_text, action=action))
