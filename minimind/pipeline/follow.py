"""One stage while it runs, seen from the pipeline: its process, its words, its end."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimind.detached import resume_arguments, spawn_detached
from minimind.events import parse_line
from minimind.files import read_lines
from minimind.lock import Held
from minimind.messages import MESSAGES
from minimind.pipeline.stages import StageRun
from minimind.run_folder import KILL, RunFolder, State
from minimind.run_state import RunState
from minimind.vanished import vanished

# how long a stage may leave a stop unanswered before it gets a SIGTERM, too
PATIENCE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class StageEnd:
    """How a stage ended; `code` and `params` of the message say why it failed.

    Attributes:
        refused: it could not be carried out as it was asked for (exit status 2).
    """

    status: RunState
    code: str = ""
    params: Mapping[str, Any] | None = None
    refused: bool = False


class StageProcess:
    """A stage at work: a child of ours, or one that an earlier life of the pipeline has left running."""

    def __init__(self, stage: StageRun, child: subprocess.Popen[bytes] | None, *, attempt: int) -> None:
        self._folder = stage.folder
        self._child = child
        self._attempt = attempt
        self._asked_stop: float | None = None
        self._log = stage.folder.log_file
        self._log_at = _size(self._log) if child is None else 0
        self._told_at = _size(stage.folder.events_file) if child is not None else 0

    @classmethod
    def start(
        cls, stage: StageRun, trainer: Sequence[str], *, resume: bool, overrides: Mapping[str, Any]
    ) -> StageProcess:
        """Start its trainer.

        Raises:
            OSError: it cannot be started.
        """
        folder = stage.folder
        attempt = folder.next_attempt()
        # what was asked of an attempt that never began
        folder.withdraw(attempt=attempt)
        arguments = resume_arguments(overrides) if resume else []
        log_at, told_at = _size(folder.log_file), _size(folder.events_file)
        with folder.log_file.open("ab") as log:
            child = spawn_detached([*trainer, str(folder.path), *arguments], log, _environment())
        found = cls(stage, child, attempt=attempt)
        found._log_at, found._told_at = log_at, told_at
        return found

    @classmethod
    def attach(cls, stage: StageRun) -> StageProcess | None:
        """Follow one that runs already; None when nobody holds its folder."""
        if not is_held(stage.folder):
            return None
        state = stage.folder.read_state()
        return cls(stage, None, attempt=state.attempt if state else 1)

    # -- while it runs ---------------------------------------------------------------------------

    def is_over(self) -> bool:
        """Whether its process has ended."""
        if self._child is not None:
            return self._child.poll() is not None
        return not is_held(self._folder)

    def state(self) -> State | None:
        """What it says of itself in this attempt."""
        state = self._folder.read_state()
        return state if state is not None and state.attempt == self._attempt else None

    def ask(self, action: str) -> None:
        """Hand a request on."""
        self._folder.request(action, attempt=self._attempt)
        if action == "stop" and self._asked_stop is None:
            self._asked_stop = time.monotonic()

    def press(self) -> None:
        """A stop that it has not answered for long becomes a SIGTERM, once."""
        # on Windows terminating is killing
        if self._asked_stop is None or time.monotonic() - self._asked_stop < PATIENCE_S or os.name == "nt":
            return
        state = self.state()
        if self._child is not None and state is not None and state.status is not RunState.STOPPING:
            self._asked_stop = float("inf")
            self._child.terminate()

    def kill(self) -> None:
        """End it at once; said first, so that it reads as stopped by force."""
        if self.is_over():
            return
        self._folder.request(KILL, attempt=self._attempt)
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def new_lines(self) -> list[str]:
        """Lines of its log since the last call."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._log_at)
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._log_at += len(whole)
        return whole.decode("utf-8", "replace").splitlines()

    # -- its end ---------------------------------------------------------------------------------

    def end(self) -> StageEnd:
        """How it ended. Call it when it is over."""
        code = self._child.returncode if self._child is not None else None
        state = self._folder.read_state()
        spoke = state is not None and state.attempt == self._attempt
        if code == 2:
            kept = state is not None and state.status is RunState.STOPPED
            status = RunState.STOPPED if kept else RunState.FAILED
            return StageEnd(status=status, refused=True, **_reason(self._refusal()))
        if state is not None and spoke and state.status in (RunState.FINISHED, RunState.STOPPED):
            return StageEnd(status=state.status)
        if state is not None and spoke and state.status is RunState.FAILED:
            return StageEnd(status=RunState.FAILED, **self._own_words())
        if any(action == KILL for _id, action in self._folder.requests(attempt=self._attempt)):
            return StageEnd(status=RunState.STOPPED)
        if state is not None and not spoke and self._child is None:
            # it ended between our two looks, and another attempt has not begun
            return StageEnd(status=state.status)
        name, params = vanished(state.step if state else 0, code)
        return StageEnd(status=RunState.FAILED, code=name, params=params)

    def was_held(self) -> bool:
        """It was refused because somebody else works in its folder."""
        return self._child is not None and self._child.returncode == 2 and is_held(self._folder)

    def _own_words(self) -> dict[str, Any]:
        error = self._last_error()
        code = str(error.get("code") or "")
        params = error.get("params")
        if code in MESSAGES and isinstance(params, dict):
            return {"code": code, "params": params}
        return {"code": "crashed", "params": {"reason": str(error.get("message") or self._last_line())[:300]}}

    def _refusal(self) -> str:
        params = self._last_error().get("params")
        reason = params.get("reason") if isinstance(params, dict) else None
        # `minimind train: …` on stderr, before there was a run to write an event into
        return str(reason or self._last_line().partition(": ")[2] or "it was refused")

    def _last_error(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for line in read_lines(self._folder.events_file, start=self._told_at):
            event = parse_line(line)
            if event is not None and event.kind in ("start", "error"):
                found = event.fields if event.kind == "error" else {}
        return found

    def _last_line(self) -> str:
        try:
            lines = self._log.read_bytes()[-4096:].decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def is_held(folder: RunFolder) -> bool:
    """Whether a process works in a run folder; trying the lock takes it for a moment only."""
    try:
        folder.lock().acquire().release()
    except Held:
        return True
    except OSError:
        return False
    return False


def _reason(text: str) -> dict[str, Any]:
    return {"code": "bad_input", "params": {"reason": text}}


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
