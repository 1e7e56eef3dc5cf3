"""What the palette offers: pages, commands, runs, conversations, projects, switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from minimind.options import OptionField, options_of
from minimind.text import N_, _, in_every_language
from studio.preferences import Preferences, PreferencesFile
from studio.store.records import Run
from studio.ui.shell.commands import COMMANDS, Shell, key_caps
from studio.ui.shell.matching import Entry

# what is worth switching without a way to the preferences
SWITCHES = ("theme", "language", "text_size", "reduce_motion")
MOST_RUNS, MOST_CHATS = 200, 200
Place = tuple[str, str, str, str]


def of_pages(places: Sequence[Place], open_page: Callable[[str], object]) -> Iterator[Entry]:
    """`places`: key, msgid, icon and key caps of each page in the rail."""
    for key, title, icon, keys in places:
        yield Entry(
            key=f"page/{key}",
            title=_(title),
            group=_("Page"),
            words=in_every_language(title),
            keys=keys,
            icon=icon,
            do=partial(open_page, key),
        )


def of_commands(shell: Shell) -> Iterator[Entry]:
    """The commands that work on every page."""
    for command in COMMANDS:
        if command.offered:
            yield Entry(
                key=f"command/{command.key}",
                title=_(command.title),
                group=_("Command"),
                words=in_every_language(command.title),
                keys=next(iter(key_caps("  ".join(command.keys))), ""),
                icon=command.icon,
                do=partial(command.do, shell),
            )


def of_runs(runs: Sequence[Run], open_run: Callable[[str], object]) -> Iterator[Entry]:
    """Runs by name, tag and id."""
    for run in runs[:MOST_RUNS]:
        yield Entry(
            key=f"run/{run.run_id}",
            title=run.name,
            group=_("Run"),
            words=(run.run_id, *run.tags, *in_every_language(N_("Run"))),
            icon="activity",
            do=partial(open_run, run.run_id),
        )


def of_chats(chats: Sequence[tuple[str, str]], open_chat: Callable[[str], object]) -> Iterator[Entry]:
    """Conversations by title."""
    for chat_id, title in chats[:MOST_CHATS]:
        yield Entry(
            key=f"chat/{chat_id}",
            title=title,
            group=_("Conversation"),
            words=in_every_language(N_("Conversation")),
            icon="message-circle",
            do=partial(open_chat, chat_id),
        )


def of_projects(names: Sequence[tuple[str, str]], choose: Callable[[str], object]) -> Iterator[Entry]:
    """Other projects: folder and name."""
    for folder, name in names:
        yield Entry(
            key=f"project/{folder}",
            title=name,
            group=_("Project"),
            words=in_every_language(N_("Project")),
            icon="folder",
            do=partial(choose, folder),
        )


def of_switches(preferences: PreferencesFile) -> Iterator[Entry]:
    """Every value of the preferences that are switched at once, but the one in force."""
    for field in options_of(Preferences):
        if field.name in SWITCHES:
            now = getattr(preferences.current, field.name)
            for value, label in _values(field):
                if value != now:
                    yield _switch(preferences, field, value, label)


def _values(field: OptionField) -> list[tuple[Any, str]]:
    if field.type is bool:
        return [(True, N_("on")), (False, N_("off"))]
    return list(zip(field.option.choices, field.option.choice_labels, strict=True))


def _switch(preferences: PreferencesFile, field: OptionField, value: Any, label: str) -> Entry:
    labels = zip(in_every_language(field.option.label), in_every_language(label), strict=True)
    return Entry(
        key=f"{field.name}={value}",
        title=_("{noun}: {fact}").format(noun=_(field.option.label), fact=_(label)),
        group=_("Preferences"),
        words=tuple(" ".join(pair) for pair in labels),
        icon="settings",
        do=lambda: preferences.change(**{field.name: value}),
    )
