"""A studio on a computer with a card that is not there: a driver library of our own answers for it.

    FAKE_NVML=STATE_FILE python -m tests.end_to_end.with_card PROJECTS_FOLDER DATA_FILE [PICTURE]

Trains a little, then prints one JSON object: what the status strip said, the lanes and what stood at their
right, what the strip says once the card is lost, and what it says without rights. Leaves a picture of the
run's page where it is told to.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from PySide6.QtCore import QTimer

from studio import app
from studio.ui.main_window import MainWindow
from tests.end_to_end.driver import Person, wait_until
from tests.end_to_end.ways import losses_shown, pretrain

QUESTIONS = ("util", "memory", "celsius", "milliwatt", "limit")
GPU_IS_LOST, NO_PERMISSION = 15, 4


def strip(window: MainWindow) -> list[str]:
    """What the status strip says of the machine."""
    return [label.text() for label in window.status._machine]


def drive(window: MainWindow, file: Path, picture: str) -> None:
    """Look at the card while it works, after it fell off the bus, and when it may not be asked."""
    person, state = Person(window), Path(os.environ["FAKE_NVML"])
    told: dict[str, object] = {}
    try:
        wait_until(window.isActiveWindow, "the window in front")
        # the screen of the tests is smaller than the window that has room for four lanes
        window.resize(1440, 900)
        person.wait(lambda: strip(window)[0].startswith("GPU "), "the card in the status strip")
        told["live"] = strip(window)
        pretrain(person, file, steps=1_000_000, name="With a card")
        plot = person.run_page.body.plot.plot
        person.wait(lambda: len(losses_shown(person)) >= 5, "a curve")
        person.wait(lambda: len(plot.lanes.shown) >= 4, "four lanes")
        person.wait(lambda: "97%" in plot.lanes._values.values(), "values beside the lanes")
        told["lanes"] = [lane.text for lane in plot.lanes.shown]
        told["values"] = [plot.lanes._values.get(lane.name, "") for lane in plot.lanes.shown]
        if picture:
            window.grab().save(picture)
        for name, code in (("lost", GPU_IS_LOST), ("no rights", NO_PERMISSION)):
            state.write_text("count 1\n")
            person.wait(lambda: strip(window) == told["live"], "the card back")
            state.write_text("".join(f"!{question} {code}\n" for question in QUESTIONS))
            person.wait(lambda: strip(window) != told["live"], "the strip without the card's figures")
            told[name] = strip(window)
        person.click("Stop and save")
        person.wait_for_state("Stopped")
    except BaseException:
        # in a slot of Qt it would be printed, and the test wait for ever
        traceback.print_exc()
        os._exit(1)
    print(json.dumps(told), flush=True)
    window.close()


def main() -> int:
    """`python main.py`, with somebody in front of the window."""
    projects, file, *rest = sys.argv[1:]
    compose = app.compose

    def composed(*arguments: object) -> MainWindow:
        window = compose(*arguments)  # type: ignore[arg-type]
        QTimer.singleShot(0, lambda: drive(window, Path(file), next(iter(rest), "")))
        return window

    app.compose = composed  # type: ignore[assignment]
    return app.main(["--projects", projects, "--lang", "en"])


if __name__ == "__main__":
    sys.exit(main())
