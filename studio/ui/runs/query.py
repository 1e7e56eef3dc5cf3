"""What the filter field of the runs table understands, and the groups of states above it. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from minimind.run_state import ACTIVE, RunState
from minimind.text import N_, _
from studio.store.records import Run
from studio.ui.run.words import method_title
from studio.ui.widgets.pill import STATES

ALL, QUEUED, DRAFTS, TRASH = "all", "queued", "drafts", "trash"


@dataclass(frozen=True, kw_only=True)
class Group:
    """A chip: some states under one word."""

    key: str
    word: str
    states: frozenset[RunState]


GROUPS = (
    Group(key="active", word=N_("Going on"), states=frozenset(ACTIVE)),
    Group(key=QUEUED, word=N_("Queued"), states=frozenset({RunState.QUEUED})),
    Group(key="finished", word=N_("Finished"), states=frozenset({RunState.FINISHED})),
    Group(key="stopped", word=N_("Stopped"), states=frozenset({RunState.STOPPED})),
    Group(key="failed", word=N_("Failed"), states=frozenset({RunState.FAILED, RunState.LOST})),
)


def chips(runs: Sequence[Run], num_trashed: int, num_drafts: int = 0) -> list[tuple[str, str, int]]:
    """(key, word, count) of each chip that has something to show; all runs come first."""
    found = [(ALL, _("All"), len(runs))]
    for group in GROUPS:
        count = sum(1 for run in runs if run.state in group.states)
        if count:
            found.append((group.key, _(group.word), count))
    if num_drafts:
        found.append((DRAFTS, _("Drafts"), num_drafts))
    if num_trashed:
        found.append((TRASH, _("Trash"), num_trashed))
    return found


def in_group(run: Run, key: str) -> bool:
    """Whether a run belongs to a chip."""
    group = next((group for group in GROUPS if group.key == key), None)
    return group is None or run.state in group.states


def matches(run: Run, text: str) -> bool:
    """Whether a run fits what a person typed.

    Words must all be found: in name, note, tags, method, model or folder name. `state:`, `tag:`, `method:`
    and `model:` look in one place only, in both languages; case does not matter.
    """
    return all(_fits(run, word) for word in text.casefold().split())


def _fits(run: Run, word: str) -> bool:
    key, colon, value = word.partition(":")
    if not colon:
        key, colon, value = word.partition("：")
    places = _PLACES.get(key) if colon else None
    if places is None:
        return any(word.removeprefix("#") in text.casefold() for text in _everything(run))
    # a place without a word is still being typed
    return not value or any(value in text.casefold() for text in places(run))


def _everything(run: Run) -> list[str]:
    return [run.name, run.note, *run.tags, *_method(run), run.model, run.run_id, run.device]


def _state(run: Run) -> list[str]:
    return [run.state.value, STATES[run.state.value].word, _(STATES[run.state.value].word)]


def _method(run: Run) -> list[str]:
    return [run.method, method_title(run.method)]


_PLACES: dict[str, Callable[[Run], list[str]]] = {
    "state": _state,
    "状态": _state,
    "tag": lambda run: list(run.tags),
    "标签": lambda run: list(run.tags),
    "method": _method,
    "方法": _method,
    "model": lambda run: [run.model],
    "模型": lambda run: [run.model],
}


def parse_tags(text: str) -> tuple[str, ...]:
    """What a person typed into the field of tags: separated by commas or spaces, # left out, each once."""
    for mark in ",，、;；#":
        text = text.replace(mark, " ")
    return tuple(dict.fromkeys(text.split()))
