"""What the trainer tells the outside: state, log, hardware samples, events that outlast a full disk."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TextIO

from minimind.errors import BadInput
from minimind.events import EventWriter
from minimind.files import NO_ROOM
from minimind.hardware import HardwareSampler
from minimind.messages import MESSAGES
from minimind.run_folder import ProcessIdentity, RunFolder, State
from minimind.run_state import RunState

HEARTBEAT_S = 2.0


class Report:
    """One attempt's voice. Also a heartbeat, so that a long step does not look like death."""

    def __init__(
        self,
        folder: RunFolder,
        attempt: int,
        *,
        step: int = 0,
        before: RunState | None = None,
        quiet: bool,
    ) -> None:
        """`before`: how the attempt before this one ended."""
        identity = ProcessIdentity.of(os.getpid())
        assert identity is not None
        self.folder = folder
        self.attempt = attempt
        self._before = before
        self.events = EventWriter(folder.events_file)
        self._state = State(
            status=RunState.STARTING,
            pid=identity.pid,
            start_ticks=identity.start_ticks,
            host=identity.host,
            boot_id=identity.boot_id,
            heartbeat=time.time(),
            step=step,
            attempt=attempt,
        )
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._log = _open_log(folder)
        self._quiet = quiet
        self._samples = HardwareSampler(path=folder.hardware_file, process=identity.pid)
        self._progress_at = 0.0
        self._write_state(sync=True)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()
        self._samples.start()

    # -- state -----------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The step that state.json says."""
        return self._state.step

    @property
    def status(self) -> RunState:
        """What state.json says."""
        return self._state.status

    def become(self, status: RunState, **extra: Any) -> None:
        """Move to another state; an illegal move is a bug."""
        if status is not self._state.status and not self._state.status.may_become(status):
            raise ValueError(f"{self._state.status} → {status}")
        with self._guard:
            self._state = replace(self._state, status=status, extra={**self._state.extra, **extra})
        self._write_state(sync=True)

    def at_step(self, step: int) -> None:
        """Remember the step; the heartbeat writes it."""
        self._state = replace(self._state, step=step)
        self._samples.step = step

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            self._write_state(sync=False)

    def _write_state(self, *, sync: bool) -> None:
        with self._guard:
            self._state = replace(self._state, heartbeat=time.time())
            try:
                self.folder.write_state(self._state, sync=sync)
            except OSError:
                # a full disk or a reader on Windows: a missed heartbeat must not end the run
                return

    # -- words -----------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """One line for people: log.txt and, unless quiet, the terminal."""
        line = f"{time.strftime('%H:%M:%S')}  {text}"
        try:
            if self._log is not None:
                print(line, file=self._log, flush=True)
            if not self._quiet or self._log is None:
                print(line, flush=True)
        except OSError:
            return

    def show(self, text: str) -> None:
        """A line that somebody else has logged: for the terminal only."""
        if self._log is not None and not self._quiet:
            with contextlib.suppress(OSError):
                print(text, flush=True)

    def emit(self, kind: str, **fields: Any) -> None:
        """An event; a full disk is waited for, since the curve must have no hole."""
        self._insist(lambda: self.events.emit(kind, **fields))

    def warn(self, code: str, **params: Any) -> None:
        """A `warning` event and a line in the log."""
        self.say("warning: " + self._insist(lambda: self.events.warn(code, **params)))

    def fail(self, code: str, **params: Any) -> None:
        """An `error` event and a line in the log."""
        self.say("error: " + self._insist(lambda: self.events.fail(code, **params)))

    def refuse(self, error: BadInput) -> RunState:
        """Write down that what was asked for cannot be done.

        Returns:
            The state to end in. A run that a person had stopped stays stopped: nothing of it is worse than
            before, and it goes on once the data is back.
        """
        if self._before is not RunState.STOPPED:
            self.fail("bad_input", reason=str(error))
            return RunState.FAILED
        if error.code in MESSAGES and error.code != "bad_input":
            self.warn(error.code, **error.params)
        else:
            self.warn("bad_input", reason=str(error))
        if self.status is RunState.STARTING:
            self.become(RunState.RUNNING)
        if self.status is not RunState.STOPPING:
            self.become(RunState.STOPPING)
        return RunState.STOPPED

    def _insist(self, write: Callable[[], Any]) -> Any:
        while True:
            try:
                return write()
            except OSError as error:
                if error.errno not in NO_ROOM or self._ended.wait(2.0):
                    raise
                self.say("the disk is full; waiting for room")

    def progress(self, phase: str, done: float, total: float, unit: str, *, force: bool = False) -> None:
        """A `progress` event, at most two a second."""
        now = time.monotonic()
        if force or now - self._progress_at >= 0.5:
            self._progress_at = now
            self.emit("progress", phase=phase, done=done, total=total, unit=unit)

    def close(self) -> None:
        """End the threads and the files."""
        self._ended.set()
        self._thread.join()
        self._samples.stop()
        self.events.close()
        if self._log is not None:
            self._log.close()


def _open_log(folder: RunFolder) -> TextIO | None:
    """log.txt, unless whoever started this process already sends its output there."""
    try:
        here, there = os.fstat(sys.stdout.fileno()), folder.log_file.stat()
        if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
            return None
    except (OSError, ValueError):
        pass
    return folder.log_file.open("a", encoding="utf-8")
