"""The chat worker for widgets: a process that holds the model, spoken to in JSON lines. Nothing waits."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from minimind.device import physical_threads
from minimind.job import KIND_PIPELINE, KIND_TRAIN
from minimind.text import _, language
from studio.store.records import Run

WORKER = (sys.executable, "-m", "minimind", "chat-worker")
ROOT = Path(__file__).resolve().parents[2]
# how much of what the worker prints on stderr is kept for the sentence about its end
_LAST_WORDS = 4000
_CLOSE_MS = 1500


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the chat computes, and the run that decided it, if one did."""

    device: str
    threads: int
    because: Run | None = None


def place_for(active: Sequence[Run], *, chat_on_gpu: bool) -> Place:
    """Training comes first: the processor while a run has the card, one thread while one has the processor.

    Args:
        active: runs on which a process works.
        chat_on_gpu: the person's preference for the first case.
    """
    threads = max(1, min(4, physical_threads()))
    # an export or the like is short and takes little
    active = [run for run in active if run.kind in (KIND_TRAIN, KIND_PIPELINE)]
    # a run's device is a name for people once it has started, so anything that is no processor is a card
    on_card = next((run for run in active if run.device and not run.device.lower().startswith("cpu")), None)
    on_cpu = next((run for run in active if run.device.lower().startswith("cpu")), None)
    if on_cpu is not None:
        return Place(
            device="cpu" if on_card is not None and not chat_on_gpu else "auto", threads=1, because=on_cpu
        )
    if on_card is not None and not chat_on_gpu:
        return Place(device="cpu", threads=threads, because=on_card)
    return Place(device="auto", threads=threads)


class ChatService(QObject):
    """One model in one worker process. Call it from the GUI thread only.

    Signals:
        loading: a model is being loaded; nothing can be asked.
        loaded(object): a dict with path, engine, label, method, is_base, context, parameters, device,
            threads, precision.
        token(str, str, int): new text, its channel (answer or thought), tokens so far.
        finished(object): a dict with tokens, tokens_per_s, first_token_s, thought_s, context_used, context,
            dropped, reason (end, limit, context, stopped).
        failed(str): the question was not answered, or the model not loaded: one sentence.
        died(str): the worker has gone; `load` starts another one.
    """

    loading = Signal()
    loaded = Signal(object)
    token = Signal(str, str, int)
    finished = Signal(object)
    failed = Signal(str)
    died = Signal(str)

    def __init__(self, *, worker: Sequence[str] = WORKER, parent: QObject | None = None) -> None:
        """
        Args:
            worker: the command; tests put another one in.
        """
        super().__init__(parent)
        self._command = list(worker)
        self._process: QProcess | None = None
        self._buffer = b""
        self._words = b""
        self._sequence = 0
        self._waiting: dict[int, str] = {}
        self._wanted: dict[str, Any] = {}
        self.info: dict[str, Any] | None = None

    # -- what widgets ask ----------------------------------------------------------------------

    @property
    def is_loading(self) -> bool:
        """A model is on its way."""
        return "load" in self._waiting.values()

    @property
    def is_answering(self) -> bool:
        """Text is on its way."""
        return any(kind != "load" for kind in self._waiting.values())

    @property
    def wanted_path(self) -> str:
        """What was last asked to be loaded."""
        return str(self._wanted.get("path", ""))

    def warm(self) -> None:
        """Let the worker import what models need, so that the first one is there at once."""
        if self._process is None:
            self._write({"do": "warm"})

    def load(
        self, path: str, *, device: str, threads: int, precision: str = "auto", context: int = 2048
    ) -> None:
        """Load another model; what is being answered is dropped."""
        self._wanted = {
            "path": path,
            "device": device,
            "threads": threads,
            "precision": precision,
            "context": context,
        }
        if self.is_answering or self.is_loading:
            # it may be in the middle of something long; a fresh process is quicker than waiting
            self._end()
        self.info = None
        self._send("load", **self._wanted)
        self.loading.emit()

    def reload(self) -> None:
        """The same model again, after the worker died or failed to load it."""
        if self._wanted:
            self.load(**self._wanted)

    def ask(self, messages: Sequence[Mapping[str, Any]], *, think: bool = False, **sampling: Any) -> None:
        """Ask; `token` and `finished` or `failed` follow.

        Args:
            messages: role and content, oldest first, the question last.
            think: let it think first.
            sampling: temperature, top_p, max_new_tokens, seed.
        """
        self._send("ask", messages=[dict(m) for m in messages], think=think, **sampling)

    def continue_text(self, text: str, **sampling: Any) -> None:
        """Let a model that has not learnt to answer go on from a beginning."""
        self._send("continue", text=text, **sampling)

    def stop(self) -> None:
        """End the answer at the next token; `finished` follows."""
        for identity, kind in self._waiting.items():
            if kind != "load":
                self._write({"do": "stop", "id": identity})

    def drop(self) -> None:
        """End the answer, and do not even tell how it went."""
        self.stop()
        for identity in [identity for identity, kind in self._waiting.items() if kind != "load"]:
            del self._waiting[identity]

    def set_threads(self, count: int) -> None:
        """Of the processor, from the next token on."""
        if self.info is not None and self.info.get("threads") != count:
            self.info["threads"] = count
            self._wanted["threads"] = count
            self._write({"do": "threads", "threads": count})

    def unload(self) -> None:
        """End the worker and with it all the memory that it holds."""
        self._end()
        self.info = None
        self._wanted = {}

    def close(self) -> None:
        """The window closes: wait a moment for the worker to see it, then end it."""
        process = self._process
        self._end()
        if process is not None and process.state() != QProcess.ProcessState.NotRunning:
            process.closeWriteChannel()
            if not process.waitForFinished(_CLOSE_MS):
                process.kill()
                process.waitForFinished(_CLOSE_MS)

    # -- process -------------------------------------------------------------------------------

    def _send(self, do: str, **values: Any) -> None:
        self._sequence += 1
        self._waiting[self._sequence] = do
        self._write({"do": do, "id": self._sequence, **values})

    def _write(self, request: dict[str, Any]) -> None:
        process = self._started()
        process.write((json.dumps(request, ensure_ascii=False) + "\n").encode("utf-8", "replace"))

    def _started(self) -> QProcess:
        if self._process is None:
            process = QProcess(self)
            environment = QProcessEnvironment.systemEnvironment()
            environment.insert("MINIMIND_LANG", language())
            environment.insert("PYTHONIOENCODING", "utf-8")
            process.setProcessEnvironment(environment)
            process.setWorkingDirectory(str(ROOT) if (ROOT / "minimind").is_dir() else os.getcwd())
            process.readyReadStandardOutput.connect(self._on_output)
            process.readyReadStandardError.connect(self._on_error_output)
            process.finished.connect(self._on_finished)
            process.errorOccurred.connect(self._on_error)
            self._process, self._buffer, self._words = process, b"", b""
            process.start(self._command[0], self._command[1:])
        return self._process

    def _end(self) -> None:
        """Let go of the process: closing its stdin ends it, and if not, it is killed."""
        process, self._process = self._process, None
        self._waiting.clear()
        if process is None:
            return
        process.readyReadStandardOutput.disconnect(self._on_output)
        process.readyReadStandardError.disconnect(self._on_error_output)
        process.finished.disconnect(self._on_finished)
        process.errorOccurred.disconnect(self._on_error)
        if process.state() == QProcess.ProcessState.NotRunning:
            process.deleteLater()
            return
        process.finished.connect(process.deleteLater)
        process.closeWriteChannel()
        QTimer.singleShot(2000, process, process.kill)

    # -- answers -------------------------------------------------------------------------------

    def _on_output(self) -> None:
        assert self._process is not None
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._on_event(event)

    def _on_event(self, event: dict[str, Any]) -> None:
        kind, identity = event.get("event"), event.get("id")
        if identity not in self._waiting:
            return
        if kind == "token":
            self.token.emit(
                str(event.get("text", "")), str(event.get("channel", "")), int(event.get("tokens", 0))
            )
            return
        del self._waiting[identity]
        if kind == "loaded":
            self.info = dict(event.get("model") or {})
            self.loaded.emit(self.info)
        elif kind == "finished":
            self.finished.emit(dict(event.get("stats") or {}))
        elif kind == "failed":
            self.failed.emit(str(event.get("message", "")))

    def _on_error_output(self) -> None:
        assert self._process is not None
        self._words = (self._words + bytes(self._process.readAllStandardError().data()))[-_LAST_WORDS:]

    def _on_finished(self) -> None:
        self._gone()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._gone()

    def _gone(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self._waiting.clear()
        self.info = None
        self.died.emit(_("The chat process has ended; everything above is still there."))

    @property
    def last_words(self) -> str:
        """The end of what the worker printed on stderr: for a report, not for a sentence."""
        return self._words.decode("utf-8", "replace")
