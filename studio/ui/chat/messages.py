"""Messages: what a person said at the right on a tinted ground, what the model said at the left on none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from minimind.text import _
from studio.services.chat_files import ChatMessage
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.chat.flow_text import FlowText
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.labels import Label
from studio.ui.widgets.page_header import MenuItem, fill_menu

BUBBLE_SHARE = 0.78
_AVATAR = 28


class Question(QWidget):
    """What a person said.

    Signals:
        copy_requested, edit_requested, branch_requested: from its menu.
    """

    copy_requested = Signal()
    edit_requested = Signal()
    branch_requested = Signal()

    def __init__(self, appearance: Appearance, message: ChatMessage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance, self._message = appearance, message
        self.body = FlowText(appearance)
        self.body.set_text(message.content)
        self._bubble = QFrame()
        self._bubble.setProperty("card", "soft")
        inside = QHBoxLayout(self._bubble)
        inside.setContentsMargins(14, 8, 14, 8)
        inside.addWidget(self.body)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self._bubble)
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def retranslate(self) -> None:
        """Set every text again."""
        self.body.setAccessibleName(_("You said"))
        self._bubble.setToolTip(_when(self._message))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        items = [
            *_copy_items(self.body, self.copy_requested.emit),
            MenuItem(),
            MenuItem(text=_("Change the question"), icon="pencil", action=self.edit_requested.emit),
            MenuItem(text=_("Branch from here"), icon="git-branch", action=self.branch_requested.emit),
        ]
        _open_menu(self._appearance, self, event.globalPos(), items)

    def set_column_width(self, width: int) -> None:
        """Take no more of the column than three quarters, and no more than the text needs."""
        most = round(width * BUBBLE_SHARE) - 28
        self.body.setFixedWidth(max(24, min(most, self.body.natural_width())))


class Answer(QWidget):
    """What the model said: thought, words, figures, actions.

    Signals:
        copy_requested, again_requested, edit_requested, branch_requested: the four buttons.
    """

    copy_requested = Signal()
    again_requested = Signal()
    edit_requested = Signal()
    branch_requested = Signal()

    def __init__(
        self, appearance: Appearance, *, markdown: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._markdown = markdown
        self._message = ChatMessage(role="assistant", content="")
        self._writing = False
        self._problem = self._note = ""
        self._face = Label()
        self.thought_button = Button(appearance, kind="ghost", size="small", icon="chevron-right")
        self.thought = FlowText(appearance, role="body", tone="2")
        self.body = FlowText(appearance)
        self.figures = Label(role="small", tone="3", tabular=True, selectable=True)
        self.silence = Label(tone="3")
        self.problem = Label(tone="danger", wrap=True, selectable=True)
        self.copy = IconButton(appearance, "copy", small=True)
        self.again = IconButton(appearance, "rotate-ccw", small=True)
        self.edit = IconButton(appearance, "pencil", small=True)
        self.branch = IconButton(appearance, "git-branch", small=True)
        self.copy.clicked.connect(self.copy_requested)
        self.again.clicked.connect(self.again_requested)
        self.edit.clicked.connect(self.edit_requested)
        self.branch.clicked.connect(self.branch_requested)
        self.thought_button.clicked.connect(self._on_thought_clicked)
        self._lay_out()
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def _lay_out(self) -> None:
        square = QFrame()
        square.setProperty("card", "sunken")
        square.setFixedSize(_AVATAR, _AVATAR)
        inside = QVBoxLayout(square)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._face, 0, Qt.AlignmentFlag.AlignCenter)
        below = QHBoxLayout()
        below.setSpacing(2)
        below.addWidget(self.figures)
        below.addStretch(1)
        for button in (self.copy, self.again, self.edit, self.branch):
            below.addWidget(button)
        column = QVBoxLayout()
        column.setSpacing(4)
        # its icon stands where the words begin
        self.thought_button.setProperty("fold", True)
        column.addWidget(self.thought_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.thought)
        column.addWidget(self.body)
        column.addWidget(self.silence)
        column.addWidget(self.problem)
        column.addLayout(below)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(square, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self.thought.hide()

    def show_message(self, message: ChatMessage) -> None:
        """An answer that is complete."""
        self._message, self._writing, self._problem, self._note = message, False, "", ""
        self.retranslate()

    def show_writing(
        self, content: str, thought: str, tokens: int, tokens_per_s: float | None, note: str = ""
    ) -> None:
        """An answer on its way; `note` says what it still waits for."""
        self._note = note
        stats: dict[str, Any] = {"tokens": tokens, "tokens_per_s": tokens_per_s}
        self._message = ChatMessage(role="assistant", content=content, thought=thought, stats=stats)
        self._writing = True
        self.retranslate()

    def show_problem(self, sentence: str, *, failed: bool = True) -> None:
        """There is no answer, and this is why; `failed`: it was wanted."""
        self.problem.set_tone("danger" if failed else "2")
        self._problem, self._writing = sentence, False
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text again."""
        message, writing = self._message, self._writing
        thinking = writing and not message.content and bool(message.thought)
        self._face.setPixmap(self._appearance.pixmap("sprout", "text2", 16))
        self.body.set_text(message.content, markdown=self._markdown, writing=writing and not thinking)
        self.body.setVisible(bool(message.content.strip()) or (writing and not thinking))
        silent = not writing and not self._problem and not message.content.strip()
        self.silence.setText(_("It said nothing."))
        self.silence.setVisible(silent)
        self.thought.set_text(message.thought.strip("\n"), writing=thinking)
        self.thought_button.setVisible(bool(message.thought))
        if not message.thought:
            self.thought.hide()
        self.thought_button.setText(_thought_words(message.stats, thinking=thinking))
        self.figures.setText(self._note or _figures(message, writing=writing))
        self.figures.setToolTip(_when(message))
        self.body.setAccessibleName(_("Answer"))
        self.thought.setAccessibleName(_("What it thought"))
        self.figures.setVisible(not self._problem)
        self.problem.setText(self._problem)
        self.problem.setVisible(bool(self._problem))
        for button in (self.copy, self.branch):
            button.setVisible(not writing and not self._problem)
        for button in (self.again, self.edit):
            button.setVisible(not writing)
        self.copy.set_name(_("Copy"))
        self.again.set_name(_("Say it again"), "Ctrl R")
        self.edit.set_name(_("Change the question"), "↑")
        self.branch.set_name(_("Branch from here"))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._writing:
            return
        done = not self._problem
        items = [
            *(_copy_items(self.body, self.copy_requested.emit) if done else ()),
            MenuItem(
                text=_("Say it again"), icon="rotate-ccw", keys="Ctrl R", action=self.again_requested.emit
            ),
            MenuItem(text=_("Change the question"), icon="pencil", action=self.edit_requested.emit),
        ]
        if done:
            branch = self.branch_requested.emit
            items.append(MenuItem(text=_("Branch from here"), icon="git-branch", action=branch))
        _open_menu(self._appearance, self, event.globalPos(), items)

    def _on_thought_clicked(self) -> None:
        shown = not self.thought.isVisible()
        self.thought.setVisible(shown)
        self.thought_button.set_icon("chevron-down" if shown else "chevron-right")


def _thought_words(stats: dict[str, Any], *, thinking: bool) -> str:
    if thinking:
        return _("Thinking…")
    seconds = stats.get("thought_s")
    if not isinstance(seconds, int | float):
        return _("Thought about it")
    return _("Thought for {time}").format(time=fmt.duration(seconds))


def _copy_items(body: FlowText, copy: Callable[[], object]) -> list[MenuItem]:
    marked = body.selected()
    items = [MenuItem(text=_("Copy"), icon="copy", action=copy)]
    if marked:
        part = MenuItem(
            text=_("Copy what is marked"),
            icon="copy",
            keys="Ctrl C",
            action=lambda: QGuiApplication.clipboard().setText(marked),
        )
        items.insert(0, part)
    return items


def _open_menu(appearance: Appearance, owner: QWidget, place: QPoint, items: Sequence[MenuItem]) -> None:
    menu = QMenu(owner)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill_menu(appearance, menu, items)
    menu.popup(place)


def _when(message: ChatMessage) -> str:
    return "\n".join(filter(None, [fmt.absolute(message.t) if message.t else "", message.model]))


def _figures(message: ChatMessage, *, writing: bool) -> str:
    stats = message.stats
    tokens, speed, first = (stats.get(name) for name in ("tokens", "tokens_per_s", "first_token_s"))
    parts = [_("Writing")] if writing else []
    if isinstance(tokens, int) and (tokens or not writing):
        parts.append(fmt.tokens(tokens))
    if isinstance(speed, int | float):
        parts.append(_("{n} a second").format(n=fmt.exact(speed) if speed >= 10 else f"{speed:.1f}"))
    if isinstance(first, int | float) and not writing:
        parts.append(_("first after {time}").format(time=fmt.duration(first)))
    reason = stats.get("reason")
    if reason == "stopped":
        parts.append(_("stopped"))
    elif reason == "limit":
        parts.append(_("longest length reached"))
    elif reason == "context":
        parts.append(_("memory full"))
    elif reason == "circles":
        parts.append(_("stopped: it was going in circles"))
    if message.t and not writing:
        parts.append(fmt.when(message.t))
    return " · ".join(parts)
