"""Chat: talk to a model of your own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from minimind.text import _
from studio.services.chat_models import ChatModel
from studio.services.chat_session import ChatSession
from studio.ui.appearance import Appearance
from studio.ui.chat.chat_list import ChatList
from studio.ui.chat.column import ChatColumn
from studio.ui.chat.conversation_menu import conversation_items
from studio.ui.chat.keys import hints
from studio.ui.chat.messages import Answer
from studio.ui.chat.model_button import ask_for_file, ask_for_folder
from studio.ui.chat.notices import NoticeBoard, notice_for
from studio.ui.chat.speech_panel import DEFAULTS, SpeechPanel
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator
from studio.ui.pages.page import Page, ShortcutHint
from studio.ui.widgets.page_header import fill_menu

_PAINT_MS = 40
_JUST_MS = 1000
_SETTINGS, _MODEL = "chat_settings", "chat_model"


class ChatPage(Page):
    """Conversations at the left, the one on show in the middle, how it speaks at the right.

    Signals:
        export_requested(str): a checkpoint folder that a person wants as GGUF.
    """

    export_requested = Signal(str)

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        session: ChatSession,
        memory: WindowMemory,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, parent)
        self._navigator, self._session, self._memory = navigator, session, memory
        self._live: Answer | None = None
        self._edits: int | None = None
        self._proposed = ""
        self._panel_wanted = self._opened = False
        self._ended = QElapsedTimer()
        self.chats = ChatList(appearance)
        self.column = column = ChatColumn(appearance)
        self.model, self.banner, self.transcript = column.model, column.banner, column.transcript
        self.examples, self.composer = column.examples, column.composer
        self.panel = SpeechPanel(appearance)
        self._board = NoticeBoard(self.banner)
        self._paint = QTimer(self)
        self._paint.setSingleShot(True)
        self._paint.setInterval(_PAINT_MS)
        self._paint.timeout.connect(self._show_writing)
        self._lay_out()
        self._connect()
        self._bind_keys()
        self.panel.set_values(self._memory.get(_SETTINGS, dict(DEFAULTS)))
        self.retranslate()

    # -- page ----------------------------------------------------------------------------------

    def opened(self, request: Mapping[str, object]) -> None:
        """Show the conversations: `checkpoint` begins one with that model, `conversation` shows that one."""
        self._opened = True
        self._session.open_project()
        wanted, conversation = request.get("checkpoint"), request.get("conversation")
        if isinstance(conversation, str) and conversation:
            self._open_chat(conversation)
        if isinstance(wanted, str) and wanted:
            model = self._session.shelf.at(wanted)
            if self._session.model is None or self._session.model.path != model.path:
                self._session.new_chat()
            self._session.choose(model)
        elif self._session.model is None:
            self._propose()
        self._session.warm()
        self._refresh()
        self.composer.editor.setFocus()

    def retranslate(self) -> None:
        """Set every text again; parts look after themselves."""
        self._board.forget()
        self.column.panel_button.set_name(_("How it speaks"))
        self.column.more.set_name(_("More"))
        self._refresh()

    def set_compact(self, compact: bool) -> None:
        """Below 1180 px the right column opens by its button."""
        super().set_compact(compact)
        self.chats.set_compact(compact)
        self._refresh()

    def primary_action(self) -> QAbstractButton | None:
        """Send, or stop."""
        return self.composer.button

    def left(self) -> None:
        """Another page is in front: nothing is loaded behind its back."""
        self._opened = False

    def escape(self) -> bool:
        """Stop, give up a change, leave the search; it never leaves the page where a person writes."""
        if self._session.status == "writing" or self._session.waiting:
            self._session.stop()
            return True
        if self._edits is not None:
            self._end_editing()
            self.composer.set_text("")
            return True
        if self.chats.search.hasFocus():
            self.chats.search.clear()
            self.composer.editor.setFocus()
            return True
        # who wants to stop an answer may press a moment after its end: that was not about the page
        just_ended = self._ended.isValid() and self._ended.elapsed() < _JUST_MS
        return just_ended or self.composer.editor.hasFocus()

    def shortcuts(self) -> list[ShortcutHint]:
        """The page's own keys."""
        return hints()

    # -- making --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.chats)
        row.addWidget(self.column, 1)
        row.addWidget(self.panel)

    def _connect(self) -> None:
        session = self._session
        session.changed.connect(self._refresh)
        session.conversation_changed.connect(self._show_conversation)
        # started anew with each word it would never end while a fast model speaks
        session.wrote.connect(lambda: None if self._paint.isActive() else self._paint.start())
        self.chats.new_requested.connect(self._new_chat)
        self.chats.chosen.connect(self._open_chat)
        self.chats.renamed.connect(session.rename)
        self.chats.delete_requested.connect(self._delete)
        self.chats.searched.connect(lambda _words: self._show_list())
        self.model.chosen.connect(self._choose)
        self.model.file_requested.connect(lambda: self._pick(ask_for_file))
        self.model.folder_requested.connect(lambda: self._pick(ask_for_folder))
        self.column.panel_button.clicked.connect(self._toggle_panel)
        self.column.menu.aboutToShow.connect(self._fill_menu)
        self.model.opened.connect(self._on_models_opened)
        self.column.empty.button.clicked.connect(self._navigator.first_model)
        self.column.empty.other.clicked.connect(lambda: self._pick(ask_for_file))
        self.transcript.acted.connect(self._act)
        self.examples.chosen.connect(self._send)
        self.composer.sent.connect(self._send)
        self.composer.stop_requested.connect(session.stop)
        self.composer.edit_last_requested.connect(self._edit_last)
        self.composer.edit_cancelled.connect(self.escape)
        self.panel.changed.connect(self._on_settings_changed)
        self.panel.export_requested.connect(self._export)

    def _bind_keys(self) -> None:
        for keys, call in (
            ("Ctrl+R", self._again),
            ("Ctrl+Shift+N", self._new_chat),
            ("Ctrl+F", self.chats.search.setFocus),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)

    # -- showing -------------------------------------------------------------------------------

    def _refresh(self) -> None:
        session = self._session
        models = session.models()
        if self._opened and (session.model is None or self._untouched()) and self._propose():
            return
        self.model.show_models(models, session.model)
        self._show_notice()
        self._show_middle(bool(models) or session.model is not None)
        chat = session.conversation
        self.composer.set_state(
            writing=session.status == "writing" or session.waiting,
            loading=session.status == "loading",
            base=session.is_base,
            talked=chat is not None and bool(chat.messages),
            blocked=self._blocked(),
        )
        able = session.can_export and session.status in ("ready", "writing")
        self.panel.show_model(session.info, can_export=able)
        if session.used is not None:
            self.panel.show_context(*session.used)
        self.panel.setVisible(not self.compact or self._panel_wanted)
        self.column.panel_button.setVisible(self.compact)
        self._show_list()
        self._follow_answer()

    def _follow_answer(self) -> None:
        """An answer began, waits for its model, or ended."""
        session = self._session
        if session.status != "writing" and not session.waiting:
            if self._live is not None:
                self._show_conversation()
            return
        if self._live is None:
            self._live = self.transcript.begin_answer(raw=session.is_base)
        self._show_writing()

    def _show_middle(self, any_model: bool) -> None:
        chat = self._session.conversation
        talked = chat is not None and bool(chat.messages)
        if not any_model and not talked:
            sentence = _("There is no model to talk to yet.")
            self.column.empty.set_texts(sentence, _("Train my first model"), _("Open a GGUF file…"))
            self.column.middle.setCurrentWidget(self.column.empty)
        else:
            self.column.middle.setCurrentWidget(self.transcript if talked else self.column.blank)
        self.column.foot.setVisible(any_model or talked)
        # what is asked while the model is loading waits for it
        self.examples.setVisible(not talked and self._session.status in ("ready", "loading"))
        self.examples.set_base(self._session.is_base)

    def _show_list(self) -> None:
        words = self.chats.search.text()
        self.chats.show_conversations(self._session.conversations(words), self._session.chat_id)

    def _show_conversation(self) -> None:
        session = self._session
        chat = session.conversation
        raw = bool(chat and any(message.role == "continuation" for message in chat.messages))
        if self._live is not None:
            self._ended.start()
        self._live = None
        unanswered = ""
        answering = session.status == "writing" or session.waiting
        if chat and chat.messages and chat.messages[-1].role == "user" and not answering:
            unanswered = session.error or _("This question has no answer yet.")
        failed = bool(session.error)
        self.transcript.show_conversation(chat, raw=raw, unanswered=unanswered, failed=failed)
        if chat is None or self._edits is None or self._edits >= len(chat.messages):
            self._end_editing()
        self._refresh()

    def _show_writing(self) -> None:
        session = self._session
        if self._live is not None and session.waiting:
            self._live.show_writing("", "", 0, None, note=_("Loading the model…"))
        elif self._live is not None and session.status == "writing":
            self._live.show_writing(session.content, session.thought, session.tokens, session.tokens_per_s)

    def _show_notice(self) -> None:
        if self._board.show(notice_for(self._session, self._choose)):
            # the button that was pressed has gone
            self.composer.editor.setFocus()

    def _blocked(self) -> str:
        status = self._session.status
        if status == "none":
            return _("Choose a model first")
        return self._session.error if status in ("failed", "died") else ""

    # -- what a person does --------------------------------------------------------------------

    def _send(self, text: str) -> None:
        if self._session.status not in ("ready", "loading"):
            return
        if self._edits is not None:
            self._session.cut(self._edits)
            self._end_editing()
        self._session.send(text, self.panel.values())
        self._show_conversation()

    def _act(self, action: str, index: int) -> None:
        chat = self._session.conversation
        if action == "again":
            self._session.again(index, self.panel.values())
        elif action == "edit":
            self._edit(index)
        elif chat is not None and index < len(chat.messages):
            if action == "copy":
                QGuiApplication.clipboard().setText(chat.messages[index].content)
                self._navigator.toast(_("Copied"))
            elif action == "branch":
                self._session.branch(index)
                self._navigator.toast(_("This is a new conversation; the other one is as it was"))

    def _again(self) -> None:
        chat = self._session.conversation
        if chat is None or not chat.messages:
            return
        last = len(chat.messages)
        self._session.again(last if chat.messages[-1].role == "user" else last - 1, self.panel.values())

    def _edit(self, index: int) -> None:
        chat = self._session.conversation
        if chat is None or not 0 <= index < len(chat.messages) or self._session.status == "writing":
            return
        self._edits = index
        self.composer.set_editing(True)
        self.composer.set_text(chat.messages[index].content)

    def _edit_last(self) -> None:
        chat = self._session.conversation
        if chat is not None:
            asked = [index for index, message in enumerate(chat.messages) if message.role == "user"]
            if asked:
                self._edit(asked[-1])

    def _end_editing(self) -> None:
        if self._edits is not None:
            self._edits = None
            self.composer.set_editing(False)

    def _new_chat(self) -> None:
        self.panel.settle()
        self._session.new_chat()
        self.panel.set_values(self._memory.get(_SETTINGS, dict(DEFAULTS)))
        self.composer.editor.setFocus()

    def _open_chat(self, chat_id: str) -> None:
        self.panel.settle()
        self._session.open_chat(chat_id)
        chat = self._session.conversation
        if chat is not None:
            self.panel.set_values(chat.settings)

    def _delete(self, chat_id: str) -> None:
        self._session.delete(chat_id)
        self._navigator.toast(
            _("Conversation deleted"),
            action_text=_("Undo"),
            action=lambda: self._session.restore(chat_id),
        )

    def _on_settings_changed(self) -> None:
        self._memory.set(_SETTINGS, self.panel.values())
        self._session.remember(self.panel.values())

    def _choose(self, model: ChatModel) -> None:
        self._memory.set(_MODEL, model.path)
        self._session.choose(model)

    def _on_models_opened(self) -> None:
        self._session.look_at_files()
        self.model.show_models(self._session.models(), self._session.model)

    def _untouched(self) -> bool:
        """The model was proposed, and nothing was said to it: a better proposal may take its place."""
        session = self._session
        idle = session.conversation is None and session.status in ("loading", "ready")
        return idle and session.model is not None and session.model.path == self._proposed

    def _propose(self) -> bool:
        # runs are read in the background: the first may come when the page is open already, the newest last
        now = self._session.model
        model = self._session.shelf.proposed(self._memory.get(_MODEL, ""), now)
        if model is None or model == now:
            return False
        self._proposed = model.path
        self._session.choose(model)
        return True

    def _pick(self, ask: Callable[[QWidget, str], str]) -> None:
        path = ask(self, str(self._session.project_folder))
        if path:
            self._choose(self._session.shelf.at(path))

    def _export(self) -> None:
        if self._session.model is not None:
            self.export_requested.emit(self._session.model.path)

    def _toggle_panel(self) -> None:
        self._panel_wanted = not self._panel_wanted
        self._refresh()

    def _fill_menu(self) -> None:
        items = conversation_items(
            self._session,
            rename=self.chats.edit,
            copied=lambda: self._navigator.toast(_("Copied")),
            export=self._export,
            delete=self._delete,
        )
        fill_menu(self.appearance, self.column.menu, items)
