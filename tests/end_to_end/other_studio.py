"""A studio in a process of its own, for tests that kill it.

    python -m tests.end_to_end.other_studio PROJECTS_FOLDER DATA_FILE

Starts a long run in the window as a person does, prints its folder once the curve has begun, and stays.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from PySide6.QtCore import QTimer

from studio import app
from studio.ui.main_window import MainWindow
from tests.end_to_end.driver import Person, wait_until
from tests.end_to_end.ways import losses_shown, pretrain

STEPS = 1_000_000


def drive(window: MainWindow, file: Path) -> None:
    """From the wizard to a curve of a few points."""
    person = Person(window)
    try:
        wait_until(window.isActiveWindow, "the window in front")
        run = pretrain(person, file, steps=STEPS, name="Long one")
        person.wait(lambda: len(losses_shown(person)) >= 5, "a curve")
    except BaseException:
        # in a slot of Qt it would be printed, and the test wait for ever
        traceback.print_exc()
        os._exit(1)
    print(run.folder, flush=True)


def main() -> int:
    """`python main.py`, with somebody in front of the window."""
    projects, file = sys.argv[1:]
    compose = app.compose

    def composed(*arguments: object) -> MainWindow:
        window = compose(*arguments)  # type: ignore[arg-type]
        QTimer.singleShot(0, lambda: drive(window, Path(file)))
        return window

    app.compose = composed  # type: ignore[assignment]
    return app.main(["--projects", projects, "--lang", "en"])


if __name__ == "__main__":
    sys.exit(main())
