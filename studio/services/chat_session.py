"""What the chat page does, without widgets: which conversation, which model, what is asked and said."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.preferences import PreferencesFile
from studio.services.chat_book import ChatBook
from studio.services.chat_files import ChatMessage, Conversation, worker_messages
from studio.services.chat_models import ChatModel, ModelShelf
from studio.services.chat_service import ChatService, Place, place_for
from studio.services.run_service import RunService
from studio.store.records import Run


class ChatSession(QObject):
    """Call it from the GUI thread only.

    Signals:
        changed: model, status or what stands in the way have changed.
        conversation_changed: another conversation, or other messages in this one.
        wrote: the answer on its way has grown.

    Attributes:
        status: none (no model chosen), loading, ready, writing, failed (not loaded), died.
        error: the sentence of failed and died, and of a question that was not answered.
        content, thought, tokens: the answer on its way.
        dropped: messages that the last answer could not see any more.
        shelf: what can be talked to.
        used: (tokens in the context, how many fit) after the last answer, None before one.
    """

    changed = Signal()
    conversation_changed = Signal()
    wrote = Signal()

    def __init__(
        self,
        *,
        service: ChatService,
        book: ChatBook,
        runs: RunService,
        preferences: PreferencesFile,
        projects: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service, self._book, self._runs, self._preferences = service, book, runs, preferences
        self._projects = projects
        self.shelf = ModelShelf(runs, lambda: book.exported)
        self._seen: object = None
        self._writing_in = ""
        self._first: float | None = None
        # a question that waits for its model, with how it is to be answered
        self._pending: dict[str, Any] | None = None
        # the newest step of the model's run when it was chosen: only what comes later is news
        self._newest_then = 0
        self._place = Place(device="auto", threads=1)
        self.chat_id = ""
        self.model: ChatModel | None = None
        self.status = "none"
        self.error = ""
        self.content, self.thought, self.tokens = "", "", 0
        self.dropped = 0
        self.used: tuple[int, int] | None = None
        service.loaded.connect(self._on_loaded)
        service.token.connect(self._on_token)
        service.finished.connect(self._on_finished)
        service.failed.connect(self._on_failed)
        service.died.connect(self._on_died)
        book.changed.connect(self.conversation_changed)
        book.files_changed.connect(self.changed)
        # an export may have ended
        runs.runs_changed.connect(book.look_at_files)
        runs.runs_changed.connect(self.look_at_runs)
        # the first reading tells of every run there ever was: they are looked at once
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self.look_at_runs)
        runs.run_changed.connect(lambda _run_id: self._look.start())
        preferences.listen(lambda _changed: self.look_at_runs())

    # -- what there is -------------------------------------------------------------------------

    @property
    def project_folder(self) -> Path:
        """Where chats and exports of the project lie."""
        return self._projects / self._runs.project

    @property
    def info(self) -> dict[str, Any] | None:
        """What is loaded, as the worker says."""
        return self._service.info

    @property
    def is_base(self) -> bool:
        """The loaded model only goes on writing."""
        return bool(self.info and self.info.get("is_base"))

    @property
    def can_export(self) -> bool:
        """It is held with a checkpoint; a GGUF file is an export already."""
        return self.model is not None and not self.model.path.endswith(".gguf")

    @property
    def waiting(self) -> bool:
        """A question was asked while the model was still loading; it is answered next."""
        return self._pending is not None

    @property
    def conversation(self) -> Conversation | None:
        """The one on show; None while it is empty and nobody has written."""
        return self._book.conversation(self.chat_id)

    def conversations(self, words: str = "") -> list[Conversation]:
        """Those that hold a message, newest first."""
        return [chat for chat in self._book.conversations(words) if chat.messages]

    def models(self) -> list[ChatModel]:
        """Everything that can be talked to."""
        return self.shelf.models()

    @property
    def busy_with(self) -> tuple[Run, str] | None:
        """The run for whose sake the chat holds back, and `cpu` or `gpu`: what that run has."""
        run = self._place.because
        return (run, "cpu" if run.device.lower().startswith("cpu") else "gpu") if run else None

    @property
    def newer(self) -> ChatModel | None:
        """A checkpoint of the same run that was saved after the loaded one had been chosen."""
        if self.model is None or self.model.step is None or self.status == "none":
            return None
        newest = self.shelf.newest_of(self.model)
        known = max(self.model.step, self._newest_then)
        return newest if newest and newest.step is not None and newest.step > known else None

    # -- models --------------------------------------------------------------------------------

    def open_project(self) -> None:
        """Conversations and files of the project in force."""
        if self._book.project_folder != self.project_folder:
            self.new_chat()
            self._book.open_project(self.project_folder)
        else:
            self.look_at_files()

    def look_at_files(self) -> None:
        """See which exported files there are now; `changed` follows when there are others."""
        self._book.look_at_files()

    def choose(self, model: ChatModel) -> None:
        """Load a model, unless it is loaded already."""
        if (
            self.model is not None
            and self.model.path == model.path
            and self.status in ("ready", "writing", "loading")
        ):
            return
        self._keep_what_was_written()
        self.model = model
        self._newest_then = (self.shelf.newest_of(model) or model).step or 0
        self._look_for_a_place()
        self.status, self.error, self.used, self.dropped = "loading", "", None, 0
        self._service.load(model.path, device=self._place.device, threads=self._place.threads)
        if self.conversation is not None:
            self._book.set_model(self.chat_id, model.path, model.label)
        self.changed.emit()

    def reload(self) -> None:
        """After a failure."""
        model, self.model, self.status = self.model, None, "none"
        if model is not None:
            self.choose(model)

    def look_at_runs(self) -> None:
        """A run began, ended or saved: make room for it, and see whether there is a newer checkpoint."""
        before = self._place
        if self._book.project_folder not in (None, self.project_folder):
            self.open_project()
        self._look_for_a_place()
        if self.status == "ready" and self.model is not None:
            if before.device != self._place.device:
                model, self.model = self.model, None
                self.choose(model)
            else:
                self._service.set_threads(self._place.threads)
        # runs tell of themselves twice a second; the page only wants to know what it shows
        run = self._place.because
        place = (self._place.device, self._place.threads, run.name if run else "")
        seen = (place, self.newer, self.models())
        if seen != self._seen:
            self._seen = seen
            self.changed.emit()

    def _look_for_a_place(self) -> None:
        self._place = place_for(self._runs.active(), chat_on_gpu=self._preferences.current.chat_on_gpu)

    # -- conversations -------------------------------------------------------------------------

    def new_chat(self) -> None:
        """An empty conversation."""
        self._leave()
        self.chat_id, self.used, self.dropped = "", None, 0
        self._clear_error()
        self.conversation_changed.emit()
        self.changed.emit()

    def open_chat(self, chat_id: str) -> None:
        """Show another conversation; the model stays."""
        if chat_id == self.chat_id:
            return
        self._leave()
        self.chat_id, self.used, self.dropped = chat_id, None, 0
        chat = self.conversation
        stats = next((m.stats for m in reversed(chat.messages) if m.stats), {}) if chat else {}
        if "context_used" in stats:
            self.used = (int(stats["context_used"]), int(stats.get("context", 0)))
        self._clear_error()
        self.conversation_changed.emit()
        self.changed.emit()

    def send(self, text: str, settings: Mapping[str, Any]) -> None:
        """Ask, or give a beginning to go on from; a model on its way is asked as soon as it is there."""
        if self.status not in ("ready", "loading") or self.waiting or self.model is None:
            return
        if self.conversation is None:
            self.chat_id = self._book.create(model_path=self.model.path, model_label=self.model.label)
        self._book.set_model(self.chat_id, self.model.path, self.model.label)
        self._book.set_settings(self.chat_id, dict(settings))
        message = ChatMessage(role="user", content=text, t=round(time.time(), 3))
        if self.status == "loading":
            self._pending, self.error = dict(settings), ""
            self._book.add(self.chat_id, message)
            self.changed.emit()
            return
        # writing first: what `add` brings about must find the answer on its way
        self._begin()
        self._book.add(self.chat_id, message)
        self._ask(settings)

    def again(self, index: int, settings: Mapping[str, Any]) -> None:
        """Another answer in the place of an earlier one; what followed it goes."""
        chat = self.conversation
        if self.status != "ready" or chat is None or not 0 < index <= len(chat.messages):
            return
        self._book.set_settings(self.chat_id, dict(settings))
        self._begin()
        self._book.cut(self.chat_id, index)
        self._ask(settings)
        self.conversation_changed.emit()

    def cut(self, keep: int) -> None:
        """Forget what follows the first messages."""
        if self.conversation is not None:
            self._book.cut(self.chat_id, keep)

    def branch(self, index: int) -> None:
        """Go on in a new conversation from an answer."""
        self.open_chat(self._book.branch(self.chat_id, index + 1))

    def remember(self, settings: Mapping[str, Any]) -> None:
        """How this conversation speaks."""
        if self.conversation is not None:
            self._book.set_settings(self.chat_id, dict(settings))

    def rename(self, chat_id: str, title: str) -> None:
        """Another title."""
        self._book.rename(chat_id, title)

    def delete(self, chat_id: str) -> None:
        """Out of sight."""
        if chat_id == self.chat_id:
            self.new_chat()
        self._book.delete(chat_id)

    def restore(self, chat_id: str) -> None:
        """Undo `delete`."""
        self._book.restore(chat_id)

    def stop(self) -> None:
        """End the answer on its way, or take back the wish for one."""
        if self.waiting:
            self._pending = None
            self.conversation_changed.emit()
            self.changed.emit()
        self._service.stop()

    def warm(self) -> None:
        """Nothing is chosen yet, but soon something will be."""
        if self.status == "none":
            self._service.warm()

    # -- asking --------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._writing_in = self.chat_id
        self.content, self.thought, self.tokens, self._first = "", "", 0, None
        self.status, self.error, self.dropped = "writing", "", 0

    def _ask(self, settings: Mapping[str, Any]) -> None:
        chat = self.conversation
        assert chat is not None
        sampling = {
            name: settings[name] for name in ("temperature", "top_p", "max_new_tokens") if name in settings
        }
        sampling["seed"] = random.randrange(1 << 31)
        if self.is_base:
            self._service.continue_text(chat.messages[-1].content, **sampling)
        else:
            self._service.ask(
                worker_messages(chat, str(settings.get("system", ""))),
                think=bool(settings.get("think")) and bool(self.info and self.info.get("can_think")),
                **sampling,
            )
        self.changed.emit()

    @property
    def tokens_per_s(self) -> float | None:
        """Of the answer on its way."""
        if self._first is None or self.tokens < 2:
            return None
        return (self.tokens - 1) / max(time.monotonic() - self._first, 1e-3)

    def _on_loaded(self, _info: object) -> None:
        self.status = "ready"
        settings, self._pending = self._pending, None
        if settings is not None and self.conversation is not None:
            self._begin()
            self._ask(settings)
        self.changed.emit()

    def _on_token(self, text: str, channel: str, tokens: int) -> None:
        if self._first is None:
            self._first = time.monotonic()
        if channel == "thought":
            self.thought += text
        else:
            self.content += text
        self.tokens = tokens
        self.wrote.emit()

    def _on_finished(self, stats: dict[str, Any]) -> None:
        self.status = "ready"
        self.dropped = int(stats.get("dropped") or 0)
        self.used = (int(stats.get("context_used") or 0), int(stats.get("context") or 0))
        self._store(stats)
        self.changed.emit()
        self.look_at_runs()

    def _on_failed(self, sentence: str) -> None:
        self.error = sentence
        self.status = "ready" if self.status == "writing" else "failed"
        self._writing_in, self._pending = "", None
        self.changed.emit()

    def _on_died(self, sentence: str) -> None:
        self._keep_what_was_written(ask_to_stop=False)
        self._pending = None
        self.status, self.error = "died", sentence
        self.changed.emit()

    def _leave(self) -> None:
        self._keep_what_was_written()
        self._pending = None

    def _keep_what_was_written(self, *, ask_to_stop: bool = True) -> None:
        """Store the beginning of an answer whose end nobody will see."""
        if self._writing_in:
            if ask_to_stop:
                self._service.drop()
            self._store({"tokens": self.tokens, "reason": "stopped"})
            self.status = "ready"

    def _store(self, stats: dict[str, Any]) -> None:
        chat_id, self._writing_in = self._writing_in, ""
        if not chat_id or self._book.conversation(chat_id) is None:
            return
        # an end without a word is an answer, too; one that was stopped before its first word is none
        if self.content or self.thought or stats.get("reason") != "stopped":
            message = ChatMessage(
                role="continuation" if self.is_base else "assistant",
                content=self.content,
                thought=self.thought,
                t=round(time.time(), 3),
                stats={name: value for name, value in stats.items() if value is not None},
                model=self.model.label if self.model else "",
            )
            self._book.add(chat_id, message)
        else:
            self.conversation_changed.emit()

    def _clear_error(self) -> None:
        if self.status == "ready":
            self.error = ""
