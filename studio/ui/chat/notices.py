"""The one thing that most needs saying about the chat page, for its banner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QApplication

from minimind.text import _
from studio.services.chat_models import ChatModel
from studio.services.chat_session import ChatSession
from studio.ui import format as fmt
from studio.ui.widgets.banner import Banner

Actions = tuple[tuple[str, Callable[[], object]], ...]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One sentence.

    Attributes:
        key: what it is about; once closed it stays closed.
        text: translated.
        tone: of the banner.
        actions: button texts and what they do.
        closable: False while it stands in the way of everything.
    """

    key: str
    text: str
    tone: str = "info"
    actions: Actions = ()
    closable: bool = True


class NoticeBoard:
    """Puts notices into the banner; what a person has closed stays closed."""

    def __init__(self, banner: Banner) -> None:
        self._banner = banner
        self._shown: Notice | None = None
        self._closed: set[str] = set()
        banner.closed.connect(self._on_closed)

    def show(self, notice: Notice | None) -> bool:
        """Show one, or none.

        Returns:
            Whether a button had the keyboard that is not there any more.
        """
        focus = QApplication.focusWidget()
        had_keyboard = focus is not None and self._banner.isAncestorOf(focus)
        if notice is None or notice.key in self._closed:
            self._shown = None
            self._banner.clear()
            return had_keyboard
        if self._shown is not None and (notice.key, notice.text) == (self._shown.key, self._shown.text):
            # telling it anew would take the button away under the pointer
            return False
        self._shown = notice
        self._banner.show_message(
            notice.text, tone=notice.tone, actions=notice.actions, closable=notice.closable
        )
        return had_keyboard

    def forget(self) -> None:
        """Tell it anew next time: the language has changed."""
        self._shown = None

    def _on_closed(self) -> None:
        if self._shown is not None:
            self._closed.add(self._shown.key)
            self._shown = None


def notice_for(session: ChatSession, choose: Callable[[ChatModel], object]) -> Notice | None:
    """What to say; None when there is nothing.

    Args:
        session: the conversation and its model.
        choose: loads a model.
    """
    newer, busy = session.newer, session.busy_with
    if session.status in ("failed", "died"):
        again = ((_("Load it again"), session.reload),)
        return Notice(key="error", text=session.error, tone="danger", actions=again, closable=False)
    if newer is not None and newer.step is not None:
        text = _("There is a newer checkpoint (step {n}).").format(n=fmt.exact(newer.step))
        return Notice(key=f"newer {newer.path}", text=text, actions=((_("Use it"), lambda: choose(newer)),))
    if session.dropped and session.used is not None:
        text = _("{n} tokens are reached; it can't see the earliest words any more.")
        return Notice(key=f"full {session.chat_id}", text=text.format(n=fmt.exact(session.used[1])))
    if busy is not None:
        return _busy(session, choose, name=busy[0].name, run_id=busy[0].run_id, device=busy[1])
    return None


def _busy(
    session: ChatSession, choose: Callable[[ChatModel], object], *, name: str, run_id: str, device: str
) -> Notice:
    if device == "gpu":
        text = _("The GPU is training “{name}”; the chat uses the CPU and doesn't slow it down.")
    else:
        text = _("The CPU is training “{name}”; the chat takes one thread and is slower for it.")
    models = [model for model in session.models() if model.run_id == run_id]
    actions: Actions = ()
    if models and (session.model is None or session.model.run_id != run_id):
        actions = ((_("Talk to the model in training"), lambda: choose(models[-1])),)
    return Notice(key=f"busy {run_id} {bool(actions)}", text=text.format(name=name), actions=actions)
