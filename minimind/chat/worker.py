"""The chat worker: JSON lines in on stdin, JSON lines out on stdout, one model in memory.

In    {"do": "warm"}                          what models need is imported before there is one
      {"do": "load", "id", "path", "device", "threads", "precision", "context"}
      {"do": "ask", "id", "messages", "think", "temperature", "top_p", "max_new_tokens", "seed"}
      {"do": "continue", "id", "text", …}      plain text goes on, for models that have not learnt to answer
      {"do": "stop", "id"} · {"do": "threads", "threads"} · {"do": "info"} · {"do": "quit"}
Out   {"event": "ready"} · {"event": "loaded", "id", "model": ModelInfo}
      {"event": "token", "id", "text", "channel": answer|thought, "tokens"}
      {"event": "finished", "id", "stats": Stats} · {"event": "failed", "id", "code", "message"}
      {"event": "info", "model": ModelInfo | null, "stats": Stats | null}

Requests are answered in order; `stop` takes effect at once. When stdin ends, so does the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any

from minimind.chat.answer import Answer, Piece, Stats, fitted_prompt
from minimind.chat.engine import CONTEXT, Engine, Sampling, open_engine
from minimind.errors import BadInput
from minimind.text import _

# a line for each token would cost the window more than drawing them
_GATHER_S = 0.02
_OUT_OF_MEMORY = ("out of memory", "allocate memory")

# most of the wait for a first answer (1.7 s of 1.8 for `mini`)
_SLOW_TO_IMPORT = ("minimind.chat.torch_engine", "minimind.training.setup")

Request = dict[str, Any]


class Worker:
    """Answers requests from a queue that `listen` fills."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._requests: queue.Queue[Request] = queue.Queue()
        # ids of questions whose answers nobody waits for; the question may still be in the queue
        self._unwanted: set[Any] = set()
        self._current: Any = None
        self._engine: Engine | None = None
        self._stats: Stats | None = None

    # -- in ------------------------------------------------------------------------------------

    def listen(self, lines: Iterator[str]) -> None:
        """Read requests until the input ends, then end the process: nobody is there any more."""
        for line in lines:
            try:
                request = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if not isinstance(request, dict):
                continue
            if request.get("do") == "stop":
                self._unwanted.add(request.get("id", self._current))
                continue
            if request.get("do") == "quit":
                break
            self._requests.put(request)
        os._exit(0)

    def serve(self) -> None:
        """Answer requests, for ever."""
        self._say(event="ready")
        while True:
            self.answer(self._requests.get())

    def answer(self, request: Request) -> None:
        """Answer one request; whatever goes wrong is one sentence."""
        identity = request.get("id")
        try:
            self._answer(request)
        except BadInput as error:
            self._say(event="failed", id=identity, code=error.code, message=str(error))
        except Exception as error:
            traceback.print_exc()
            code, message = _sentence(error)
            self._say(event="failed", id=identity, code=code, message=message)

    def _answer(self, request: Request) -> None:
        do = request.get("do")
        if do == "warm":
            for module in _SLOW_TO_IMPORT:
                importlib.import_module(module)
        elif do == "load":
            self._load(request)
        elif do in ("ask", "continue"):
            self._talk(request)
        elif do == "threads" and self._engine is not None:
            self._engine.set_threads(max(1, int(request.get("threads", 1))))
        elif do == "info":
            model = self._engine.info.to_dict() if self._engine else None
            self._say(event="info", model=model, stats=asdict(self._stats) if self._stats else None)

    # -- what it does --------------------------------------------------------------------------

    def _load(self, request: Request) -> None:
        if self._engine is not None:
            # both at once would need twice the memory
            self._engine.close()
            self._engine = None
            _give_memory_back()
        self._engine = open_engine(
            str(request.get("path", "")),
            device=str(request.get("device", "auto")),
            threads=int(request.get("threads", 0)),
            precision=str(request.get("precision", "auto")),
            context=int(request.get("context", CONTEXT)),
        )
        self._say(event="loaded", id=request.get("id"), model=self._engine.info.to_dict())

    def _talk(self, request: Request) -> None:
        if self._engine is None:
            raise BadInput(_("No model is loaded."), code="no_model")
        identity = self._current = request.get("id")
        began = time.perf_counter()
        sampling = _sampling(request)
        think, dropped = bool(request.get("think", False)), 0
        if request.get("do") == "ask":
            ids, dropped = fitted_prompt(
                self._engine,
                request.get("messages") or [],
                think=think,
                max_new_tokens=sampling.max_new_tokens,
            )
        else:
            think = False
            ids = self._text(str(request.get("text", "")), sampling)
        answer = Answer(self._engine, ids, sampling, think=think, dropped=dropped, began=began)
        for piece in _gathered(answer.stream(lambda: identity in self._unwanted)):
            self._say(event="token", id=identity, **asdict(piece))
        self._stats = answer.stats
        self._unwanted.discard(identity)
        self._say(event="finished", id=identity, stats=asdict(answer.stats))

    def _text(self, text: str, sampling: Sampling) -> list[int]:
        """Ids of text to continue; of a long one the end."""
        assert self._engine is not None
        ids = self._engine.raw_prompt(text, begin=True)
        context = self._engine.info.context
        room = max(1, min(sampling.max_new_tokens, context // 4))
        return [*ids[:1], *ids[1:][-(context - room - 1) :]]

    # -- out -----------------------------------------------------------------------------------

    def _say(self, **values: Any) -> None:
        print(json.dumps(values, ensure_ascii=False), file=self._out, flush=True)


def _give_memory_back() -> None:
    """What the old model held goes to the system: the C library would keep it for later (200 of 560 MB)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _sampling(request: Request) -> Sampling:
    try:
        return Sampling(
            max_new_tokens=max(1, int(request.get("max_new_tokens", 512))),
            temperature=max(0.0, float(request.get("temperature", 0.85))),
            top_p=min(1.0, max(0.0, float(request.get("top_p", 0.9)))),
            seed=int(request.get("seed", 0)),
        )
    except (TypeError, ValueError) as error:
        raise BadInput(_("The way of speaking cannot be used: {reason}").format(reason=error)) from error


def _gathered(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The first piece at once, later ones of the same channel joined over a few milliseconds."""
    held: Piece | None = None
    said_at = 0.0
    for piece in pieces:
        if held is not None and held.channel != piece.channel:
            yield held
            held = None
        held = (
            piece
            if held is None
            else Piece(text=held.text + piece.text, channel=piece.channel, tokens=piece.tokens)
        )
        now = time.perf_counter()
        if now - said_at >= _GATHER_S:
            yield held
            held, said_at = None, now
    if held is not None:
        yield held


def _sentence(error: Exception) -> tuple[str, str]:
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(part in text for part in _OUT_OF_MEMORY):
        return "out_of_memory", _("Memory ran out; close something, or choose a smaller model.")
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return "engine_failed", _("The model could not answer: {reason}").format(reason=first)


def main() -> int:
    """Take over stdin and stdout until stdin ends.

    Libraries print what they like; so what they take for stdout is stderr, and the real one is kept apart.
    """
    own = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    out = os.fdopen(own, "w", encoding="utf-8", newline="\n")
    # a window that vanished in the middle of a line
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        worker = Worker(out)
        source = os.fdopen(os.dup(0), "r", encoding="utf-8", errors="replace", newline="\n")
        threading.Thread(target=worker.listen, args=(iter(source),), name="requests", daemon=True).start()
        worker.serve()
    return 0
