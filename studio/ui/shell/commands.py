"""Everything that can be done from every page: one line each. Keys, palette and list of shortcuts read it.

No Qt here: a command says what it does to a `Shell`, which the window is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from minimind.text import N_

PLACES = 5


class Shell(Protocol):
    """What a command needs of the window."""

    def open_place(self, number: int) -> None:
        """The page that stands there in the rail, from 1; nothing when there are fewer."""

    def open_page(self, key: str) -> None:
        """A page by its key."""

    def new_run(self) -> None:
        """The wizard."""

    def show_palette(self) -> None:
        """The palette of commands, or close it."""

    def toggle_rail(self) -> None:
        """Fold or unfold the rail."""

    def back(self) -> None:
        """The page before this one."""

    def press_primary(self) -> None:
        """The filled button of the page."""

    def escape(self) -> None:
        """Close what is open, or go back."""

    def explain(self) -> None:
        """The word under the keyboard or the pointer, else the list of shortcuts."""

    def show_shortcuts(self) -> None:
        """The list of shortcuts."""

    def show_glossary(self) -> None:
        """The glossary, at its first word."""

    def open_doctor(self) -> None:
        """What was found out about this computer."""

    def switch_project(self) -> None:
        """The menu of projects."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing to do.

    Attributes:
        key: name in the memory of the palette.
        title: msgid.
        keys: every key sequence that does it, as Qt writes them.
        shown: how the list of shortcuts writes the keys; empty = as `keys`.
        do: does it; None where the window has an answer for each key (Ctrl+1 … 5).
        icon: in the palette.
        offered: the palette offers it. Esc and the palette's own key are not worth a line there.
    """

    key: str
    title: str
    do: Callable[[Shell], None]
    keys: tuple[str, ...] = ()
    shown: str = ""
    icon: str = "terminal"
    offered: bool = True


def _place(number: int) -> Callable[[Shell], None]:
    return lambda shell: shell.open_place(number)


COMMANDS = (
    Command(key="new", title=N_("New run"), keys=("Ctrl+N",), icon="plus", do=lambda s: s.new_run()),
    Command(
        key="palette",
        title=N_("Find anything: pages, runs, commands"),
        keys=("Ctrl+K",),
        do=lambda s: s.show_palette(),
        offered=False,
    ),
    Command(
        key="preferences",
        title=N_("Preferences"),
        keys=("Ctrl+,",),
        do=lambda s: s.open_page("preferences"),
        offered=False,
    ),
    Command(
        key="rail", title=N_("Fold the rail"), keys=("Ctrl+B",), icon="minus", do=lambda s: s.toggle_rail()
    ),
    Command(
        key="back",
        title=N_("Back to the last page"),
        keys=("Ctrl+Tab",),
        icon="undo-2",
        do=lambda s: s.back(),
    ),
    Command(
        key="primary",
        title=N_("The page's filled button"),
        keys=("Ctrl+Return", "Ctrl+Enter"),
        shown="Ctrl+Enter",
        do=lambda s: s.press_primary(),
        offered=False,
    ),
    Command(
        key="escape",
        title=N_("Back, or close what is open"),
        keys=("Esc",),
        do=lambda s: s.escape(),
        offered=False,
    ),
    Command(
        key="explain",
        title=N_("Explain the word at hand, else this list"),
        keys=("F1", "?"),
        do=lambda s: s.explain(),
        offered=False,
    ),
    Command(
        key="shortcuts",
        title=N_("Keyboard shortcuts"),
        icon="list-ordered",
        do=lambda s: s.show_shortcuts(),
    ),
    Command(key="glossary", title=N_("Glossary"), icon="book-open", do=lambda s: s.show_glossary()),
    Command(key="doctor", title=N_("Check this computer"), icon="cpu", do=lambda s: s.open_doctor()),
    Command(key="project", title=N_("Switch project"), icon="folder", do=lambda s: s.switch_project()),
)
PLACE_COMMANDS = tuple(
    Command(key=f"place{number}", title="", keys=(f"Ctrl+{number}",), do=_place(number), offered=False)
    for number in range(1, PLACES + 1)
)
GO_TO_A_PAGE = (f"Ctrl+1 … {PLACES}", N_("Go to a page"))


def key_caps(keys: str) -> list[str]:
    """Keys as they stand on key caps: one text for each combination, `Ctrl+N` as "Ctrl N"."""
    return [_cap(combination) for combination in keys.split("  ") if combination]


def _cap(combination: str) -> str:
    # the plus itself may be a key
    whole = combination.replace("++", "+ plus").replace("+", " ").replace(" plus", "+")
    return " ".join(whole.split())


def listed() -> list[tuple[str, str]]:
    """Keys and msgid of what works on every page, for the list of shortcuts."""
    rows = [(command.shown or "  ".join(command.keys), command.title) for command in COMMANDS if command.keys]
    return [GO_TO_A_PAGE, *rows]


def keys_of(key: str) -> str:
    """The key caps of one command, for tool tips."""
    command = next(command for command in COMMANDS if command.key == key)
    return key_caps(command.shown or command.keys[0])[0] if command.keys else ""
