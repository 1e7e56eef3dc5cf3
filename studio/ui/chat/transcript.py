"""The conversation itself: a column of messages that follows what is being written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from studio.services.chat_files import ChatMessage, Conversation
from studio.ui.appearance import Appearance
from studio.ui.chat.messages import Answer, Question

COLUMN, COLUMN_WIDE, WIDE_FROM = 680, 720, 1300
_GAP = 24


class Transcript(QScrollArea):
    """Messages of one conversation.

    Signals:
        acted(str, int): copy, again, edit or branch, and the number of the message.
    """

    acted = Signal(str, int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._rows: list[QWidget] = []
        self._shown: tuple[ChatMessage, ...] = ()
        self._live: Answer | None = None
        self._follows = True
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        ground = QWidget()
        ground.setObjectName("scrolled")
        self._column = QWidget()
        self._stack = QVBoxLayout(self._column)
        self._stack.setContentsMargins(0, 24, 0, 24)
        self._stack.setSpacing(_GAP)
        self._stack.addStretch(1)
        self._outer = outer = QVBoxLayout(ground)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._column, 0, Qt.AlignmentFlag.AlignHCenter)
        self.setWidget(ground)
        self.viewport().installEventFilter(self)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._on_range_changed)
        bar.valueChanged.connect(self._on_scrolled)

    def show_conversation(
        self, conversation: Conversation | None, *, raw: bool, unanswered: str = "", failed: bool = False
    ) -> None:
        """Show its messages; only what has changed since is made again.

        Args:
            conversation: None for none.
            raw: a base model writes on: no Markdown.
            unanswered: why the last question has no answer, "" when it has one or will have one.
            failed: something went wrong with it.
        """
        messages = conversation.messages if conversation is not None else ()
        self._remove_live()
        same = 0
        while same < min(len(messages), len(self._shown)) and messages[same] is self._shown[same]:
            same += 1
        for row in self._rows[same:]:
            self._stack.removeWidget(row)
            row.hide()
            row.deleteLater()
        del self._rows[same:]
        for index in range(same, len(messages)):
            self._add(self._make(messages[index], index, raw=raw))
        self._shown = messages
        if unanswered:
            self._put_live(raw=raw).show_problem(unanswered, failed=failed)
        self._follows = True
        self._to_end()

    def begin_answer(self, *, raw: bool) -> Answer:
        """An empty answer at the end, to be written into."""
        live = self._put_live(raw=raw)
        live.show_writing("", "", 0, None)
        self._follows = True
        return live

    def count(self) -> int:
        """Messages on show, an answer on its way not counted."""
        return len(self._rows)

    def answer(self, index: int) -> Answer | None:
        """The widget of an answer."""
        row = self._rows[index] if 0 <= index < len(self._rows) else None
        return row if isinstance(row, Answer) else None

    # -- inside --------------------------------------------------------------------------------

    def _make(self, message: ChatMessage, index: int, *, raw: bool) -> QWidget:
        if message.role == "user":
            question = Question(self._appearance, message)
            question.copy_requested.connect(self._told("copy", index))
            question.edit_requested.connect(self._told("edit", index))
            question.branch_requested.connect(self._told("branch", index))
            return question
        answer = self._answer(index, markdown=not raw and message.role == "assistant")
        answer.show_message(message)
        return answer

    def _answer(self, index: int, *, markdown: bool) -> Answer:
        answer = Answer(self._appearance, markdown=markdown)
        answer.copy_requested.connect(self._told("copy", index))
        answer.again_requested.connect(self._told("again", index))
        answer.edit_requested.connect(self._told("edit", index - 1))
        answer.branch_requested.connect(self._told("branch", index))
        return answer

    def _told(self, action: str, index: int) -> Callable[[], None]:
        return partial(self.acted.emit, action, index)

    def _add(self, row: QWidget) -> None:
        self._rows.append(row)
        self._stack.insertWidget(self._stack.count() - 1, row)
        self._set_widths()

    def _put_live(self, *, raw: bool) -> Answer:
        self._remove_live()
        self._live = self._answer(len(self._rows), markdown=not raw)
        self._stack.insertWidget(self._stack.count() - 1, self._live)
        self._set_widths()
        return self._live

    def _remove_live(self) -> None:
        if self._live is not None:
            self._stack.removeWidget(self._live)
            self._live.hide()
            self._live.deleteLater()
            self._live = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.viewport() and event.type() == QEvent.Type.Resize:
            self._set_widths()
        return super().eventFilter(watched, event)

    def _set_widths(self) -> None:
        # what the bar takes at the right is left free at the left: the messages stand above the input
        taken = self.width() - self.viewport().width()
        self._outer.setContentsMargins(taken, 0, 0, 0)
        room = self.viewport().width() - taken
        width = min(COLUMN_WIDE if room >= WIDE_FROM else COLUMN, room - 48)
        self._column.setFixedWidth(max(240, width))
        for row in self._rows:
            if isinstance(row, Question):
                row.set_column_width(width)

    def _on_range_changed(self, _low: int, _high: int) -> None:
        if self._follows:
            self._to_end()

    def _on_scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum() - 24

    def _to_end(self) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
