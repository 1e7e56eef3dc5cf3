"""Where a person writes: grows with the text, Enter sends, Esc stops."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QInputMethodEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button, IconButton
from studio.ui.widgets.key_cap import KeyCap
from studio.ui.widgets.labels import Label
from studio.ui.widgets.painting import draw_box

LINES = 6


class _Editor(QPlainTextEdit):
    sent = Signal()
    edit_last = Signal()
    height_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.composing = False
        self.setProperty("plain", True)
        self.setProperty("role", "reading")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self.height_wanted.emit())

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if enter and plain and not self.composing:
            self.sent.emit()
            return
        if event.key() == Qt.Key.Key_Up and plain and not self.toPlainText() and not self.composing:
            self.edit_last.emit()
            return
        super().keyPressEvent(event)


class Composer(QFrame):
    """The input with its button.

    Signals:
        sent(str): text that is not empty.
        stop_requested: of the answer on its way.
        edit_last_requested: ↑ in an empty input.
        edit_cancelled: the person does not want to change the question after all.
    """

    sent = Signal(str)
    stop_requested = Signal()
    edit_last_requested = Signal()
    edit_cancelled = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._writing = self._loading = self._base = self._editing = self._talked = False
        self._blocked = ""
        self.setProperty("card", "input")
        self.editor = _Editor()
        self.editor.sent.connect(self._on_sent)
        self.editor.edit_last.connect(self.edit_last_requested)
        self.editor.height_wanted.connect(self._fit)
        self.editor.textChanged.connect(self._refresh)
        self.editor.installEventFilter(self)
        self.note = Label(role="small", tone="2")
        self._cancel = IconButton(appearance, "x", small=True)
        self._cancel.clicked.connect(self.edit_cancelled)
        self._key = KeyCap(appearance, "Esc")
        self._key_text = Label(role="small", tone="2")
        self.button = Button(appearance, icon="send")
        self.button.clicked.connect(self._on_clicked)
        self._lay_out()
        self.retranslate()
        appearance.changed.connect(self.retranslate)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(4)
        above.addWidget(self.note, 1)
        above.addWidget(self._cancel)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addStretch(1)
        below.addWidget(self._key)
        below.addWidget(self._key_text)
        below.addSpacing(4)
        below.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 10, 10)
        column.setSpacing(6)
        column.addLayout(above)
        column.addWidget(self.editor)
        column.addLayout(below)

    # -- what the page says --------------------------------------------------------------------

    def set_state(
        self,
        *,
        writing: bool = False,
        loading: bool = False,
        base: bool = False,
        talked: bool = False,
        blocked: str = "",
    ) -> None:
        """What can be done now.

        Args:
            writing: an answer is on its way, or waits for its model.
            loading: a model is being loaded.
            base: the model continues text and does not answer.
            talked: something was said already.
            blocked: why nothing can be sent at all, "" if it can.
        """
        self._writing, self._loading, self._base, self._blocked = writing, loading, base, blocked
        self._talked = talked
        self._refresh()

    def set_text(self, text: str) -> None:
        """Put text into the input, the cursor behind it."""
        self.editor.setPlainText(text)
        self.editor.moveCursor(self.editor.textCursor().MoveOperation.End)
        self.editor.setFocus()

    def set_editing(self, editing: bool) -> None:
        """What is sent replaces an earlier question."""
        self._editing = editing
        self._refresh()

    def retranslate(self) -> None:
        """Set every text again."""
        self.editor.setAccessibleName(_("Message"))
        self._cancel.set_name(_("Don't change it"), "Esc")
        self._refresh()
        self._fit()

    # -- inside --------------------------------------------------------------------------------

    def _refresh(self) -> None:
        has_text = bool(self.editor.toPlainText().strip())
        note = ""
        if self._editing:
            note = _("What you send replaces the question; what followed it goes.")
        elif self._base:
            note = _("It only goes on writing and can't answer yet.")
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._cancel.setVisible(self._editing)
        self.editor.setPlaceholderText(self._invitation())
        self._key.setVisible(self._writing)
        self._key_text.setVisible(self._writing)
        self._key_text.setText(_("Stop"))
        self.button.setText(_("Stop") if self._writing else _("Send"))
        self.button.set_icon("square" if self._writing else "send")
        self.button.set_kind("normal" if self._writing else "primary")
        able = self._writing or (has_text and not self._blocked)
        self.button.setEnabled(able)
        why = self._blocked or _("Write something first")
        self.button.set_hint("" if able else why, "Enter" if able and not self._writing else "")

    def _invitation(self) -> str:
        if self._loading:
            # what is written meanwhile is asked as soon as it can be
            return _("Loading the model…")
        if self._base:
            return _("Write a beginning…")
        return _("Go on asking…") if self._talked else _("Ask something…")

    def _on_sent(self) -> None:
        text = self.editor.toPlainText().strip()
        if text and self.button.isEnabled() and not self._writing:
            self.editor.clear()
            self.sent.emit(text)

    def _on_clicked(self) -> None:
        if self._writing:
            self.stop_requested.emit()
        else:
            self._on_sent()

    def _fit(self) -> None:
        # a plain text edit keeps the natural pitch of its lines, whatever the design's is
        pitch = QFontMetrics(self._appearance.font("reading")).lineSpacing()
        lines = max(1, min(LINES, round(self.editor.document().size().height())))
        self.editor.setFixedHeight(self._appearance.line_height("reading") + pitch * (lines - 1) + 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.editor and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        # the frame shows the focus: the input has no border of its own
        if self.editor.hasFocus():
            area = QRectF(self.rect())
            draw_box(QPainter(self), area, border=self._appearance.color("accent"), radius=10, width=2)
