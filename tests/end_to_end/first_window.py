"""A studio in a process of its own, minimised, that says what happens to its window.

    python -m tests.end_to_end.first_window PROJECTS_FOLDER

Prints "minimised" once it is, "in front" once somebody brought it there, and "closed" at its end, which
comes when its standard input closes.
"""

from __future__ import annotations

import sys
import threading

from PySide6.QtCore import QEvent, QObject, QTimer

from studio import app
from studio.ui.main_window import MainWindow


class Teller(QObject):
    """Watches one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._minimised = self._told = False
        window.installEventFilter(self)
        window.closed.connect(lambda: print("closed", flush=True))
        QTimer.singleShot(0, window.showMinimized)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.WindowStateChange, QEvent.Type.WindowActivate, QEvent.Type.Show):
            QTimer.singleShot(0, self, self._look)
        return False

    def _look(self) -> None:
        window = self._window
        if window.isMinimized() and not self._minimised:
            self._minimised = True
            print("minimised", flush=True)
        in_front = window.isVisible() and window.isActiveWindow() and not window.isMinimized()
        if self._minimised and in_front and not self._told:
            self._told = True
            print("in front", flush=True)


def main() -> int:
    """`python main.py`, with somebody who watches."""
    compose = app.compose

    def composed(*arguments: object) -> MainWindow:
        window = compose(*arguments)  # type: ignore[arg-type]
        Teller(window)

        def wait_for_the_end() -> None:
            sys.stdin.read()
            QTimer.singleShot(0, window, window.close)

        threading.Thread(target=wait_for_the_end, daemon=True).start()
        return window

    app.compose = composed  # type: ignore[assignment]
    return app.main(["--projects", sys.argv[1], "--lang", "en"])


if __name__ == "__main__":
    sys.exit(main())
