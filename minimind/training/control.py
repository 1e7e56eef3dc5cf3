"""What a person asks of a running trainer: control.json between steps, and SIGTERM."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from minimind.events import EventWriter
from minimind.run_folder import ACTIONS, RunFolder


class Control:
    """Requests since the last look; each is acknowledged once by a `control` event."""

    def __init__(self, folder: RunFolder, events: EventWriter, attempt: int) -> None:
        self._folder = folder
        self._events = events
        self._attempt = attempt
        self._answered: set[str] = set()
        self._stamp: tuple[int, ...] = ()
        self._terminated = False
        self._announced = False

    def listen(self) -> None:
        """Take SIGTERM (and Ctrl+C) as stop; only the main thread may."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)
            signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._terminated and number == signal.SIGINT:
            raise KeyboardInterrupt  # a second Ctrl+C means now
        self._terminated = True

    def poll(self) -> list[str]:
        """Actions not seen before, oldest first; cheap when nothing has changed."""
        actions = []
        if self._terminated and not self._announced:
            self._announced = True
            self._events.emit("control", id="signal", action="stop")
            actions.append("stop")
        try:
            found = self._folder.control_file.stat()
        except OSError:
            return actions
        # the clock of a file system ticks every few milliseconds: two requests may bear one time
        stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        if stamp == self._stamp:
            return actions
        self._stamp = stamp
        for identity, action in self._folder.requests(attempt=self._attempt):
            if identity not in self._answered:
                self._answered.add(identity)
                self._events.emit("control", id=identity, action=action)
                if action in ACTIONS:
                    actions.append(action)
        return actions

    @property
    def stop_is_pending(self) -> bool:
        """SIGTERM has come; for long phases that look often and cheaply."""
        return self._terminated or any(
            action == "stop" and identity not in self._answered
            for identity, action in self._folder.requests(attempt=self._attempt)
        )
