"""The real window without a screen, and how long each turn of its event loop takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false;*.debug=false")

import psutil
from PySide6.QtWidgets import QApplication

from minimind.files import replace_json
from studio import app
from studio.paths import Paths
from studio.ui.main_window import MainWindow

PATIENCE_S = 600.0


@dataclass
class Turns:
    """Milliseconds of every turn.

    Attributes:
        wall: by the clock: what a click would have waited.
        process: processor time of the whole program meanwhile: the same on a machine with nothing else to do,
            since the window waits for its own worker only while that one computes.
        own: of the window's thread alone.
    """

    wall: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    def longest(self) -> dict[str, float]:
        """The longest turn in each."""
        return {
            "longest_ms": max(self.wall, default=0.0),
            "longest_process_ms": max(self.process, default=0.0),
            "longest_own_ms": max(self.own, default=0.0),
        }


class Watched:
    """A window over a projects folder."""

    def __init__(self, home: Path, projects: Path, *, size: tuple[int, int] = (1440, 900)) -> None:
        running = QApplication.instance()
        self.application = running if isinstance(running, QApplication) else app._application()
        paths = Paths(projects=projects, home=home, cache=home / "cache")
        paths.make()
        replace_json(paths.preferences, {"reduce_motion": True, "ask_on_close": False, "notify": False})
        replace_json(paths.window_memory, {"project": "default"})
        self.window: MainWindow = app.compose(
            self.application, app.arguments(["--lang", "en", "--theme", "light"]), paths
        )
        self.window.resize(*size)
        self.window.show()

    def turn(self, turns: Turns | None = None) -> None:
        """One turn of the event loop, then a moment in which others may work."""
        began, process, own = time.perf_counter(), time.process_time(), time.thread_time()
        self.application.processEvents()
        if turns is not None:
            turns.wall.append(1000 * (time.perf_counter() - began))
            turns.process.append(1000 * (time.process_time() - process))
            turns.own.append(1000 * (time.thread_time() - own))
        time.sleep(0.001)

    def until(self, reached: Callable[[], bool], turns: Turns | None = None) -> None:
        """Turns until something is so.

        Raises:
            TimeoutError: it never was.
        """
        end = time.monotonic() + PATIENCE_S
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError
            self.turn(turns)

    def open_run(self, run_id: str) -> None:
        """Show the page of a run."""
        self.window._tools.navigator.open_run(run_id)

    def close(self) -> None:
        """End it with its services."""
        self.window.close()
        self.turn()


def memory_mib() -> float:
    """Resident memory of this process."""
    return float(psutil.Process().memory_info().rss / (1 << 20))
