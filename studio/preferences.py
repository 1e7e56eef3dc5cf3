"""What a person prefers, for all windows: declared once, checked, saved at once. No Qt here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimind.files import read_json, replace_json
from minimind.options import build, option, options_of, problem_of
from minimind.text import N_

VERSION = 1
_SYSTEM = N_("Same as the system")


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """One value for each thing that a person can set for the whole program."""

    language: str = option(
        "system",
        N_("Language"),
        choices=("system", "zh", "en"),
        choice_labels=(_SYSTEM, "中文", "English"),
    )
    theme: str = option(
        "system",
        N_("Theme"),
        choices=("system", "light", "dark"),
        choice_labels=(_SYSTEM, N_("Light"), N_("Dark")),
    )
    text_size: int = option(
        100,
        N_("Text size"),
        choices=(90, 100, 115, 130),
        choice_labels=("90%", "100%", "115%", "130%"),
    )
    reduce_motion: bool = option(False, N_("Reduce motion"), N_("Nothing fades or slides."))
    device: str = option(
        "auto",
        N_("Default device"),
        N_("Where new runs compute. Automatic takes the graphics card if there is one that works."),
    )
    price_per_hour: float = option(
        1.3,
        N_("Price per hour"),
        N_("What an hour on the graphics card costs you; the cost of a run is reckoned with it."),
        minimum=0.0,
        maximum=10_000.0,
        unit="¥",
    )
    price_per_kwh: float = option(
        0.6,
        N_("Price of electricity"),
        N_("For runs on the processor."),
        minimum=0.0,
        maximum=1_000.0,
        unit=N_("¥ / kWh"),
    )
    keep_checkpoints: int = option(
        2,
        N_("Checkpoints kept"),
        N_("The newest ones of each run; the best and starred ones stay as well."),
        minimum=1,
        maximum=100,
    )
    disk_floor_gb: float = option(
        1.0,
        N_("Disk space to keep free"),
        N_("No run is started that could leave less than this."),
        minimum=0.1,
        maximum=10_000.0,
        unit="GB",
    )
    notify: bool = option(
        True, N_("Say when a run has ended"), N_("A message of the desktop while the window is hidden.")
    )
    ask_on_close: bool = option(
        True,
        N_("Ask before closing while something trains"),
        N_("Training goes on without the window in any case."),
    )
    chat_on_gpu: bool = option(
        False,
        N_("Chat on the graphics card during training"),
        N_(
            "Faster answers, slower training. Otherwise the chat uses the processor while a run has the card."
        ),
    )


class PreferencesFile:
    """The preferences in force and the file that holds them.

    Whoever wants to know calls `listen`; listeners are told on the thread that calls `change`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current = load(path)
        self._listeners: list[Callable[[Preferences], None]] = []

    def listen(self, listener: Callable[[Preferences], None]) -> None:
        """Call `listener` with the new preferences after each change."""
        self._listeners.append(listener)

    def change(self, **values: Any) -> Preferences:
        """Set some values, save, tell everybody.

        Raises:
            BadInput: a value out of bounds; nothing has changed.
            OSError: the file could not be written; the values hold until the program ends.
        """
        changed = build(Preferences, dataclasses.asdict(self.current) | values)
        if changed != self.current:
            self.current = changed
            for listener in list(self._listeners):
                listener(changed)
            save(self.path, changed)
        return self.current


def load(path: Path) -> Preferences:
    """Read a preferences file; what is missing, unknown or out of bounds takes its default."""
    value = read_json(path) or {}
    good = {
        item.name: value[item.name]
        for item in options_of(Preferences)
        if item.name in value and problem_of(item, value[item.name]) is None
    }
    return Preferences(**good)


def save(path: Path, preferences: Preferences) -> None:
    """Write all values, atomically.

    Raises:
        OSError: the old file is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, {"v": VERSION, **dataclasses.asdict(preferences)})
