"""`queue.json`: runs that wait for their device, in order. Studio and supervisor edit it under a lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from minimind.files import read_json, replace_json
from minimind.lock import FileLock


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """A run that waits.

    Attributes:
        folder: relative to the projects folder (`project/runs/name`).
        resume: another attempt of a run that has ended; overrides: what changes in it.
        at_once: start it even though its device is busy.
        added: unix seconds.
    """

    folder: str
    resume: bool = False
    overrides: dict[str, Any] = field(default_factory=dict)
    at_once: bool = False
    added: float = field(default_factory=time.time)


class Queue:
    """The queue of a projects folder."""

    def __init__(self, projects: Path) -> None:
        self.path = projects / "queue.json"
        self._lock_path = projects / ".queue.lock"

    def items(self) -> list[QueueItem]:
        """Who waits, the next one first."""
        value = read_json(self.path) or {}
        found = value.get("items")
        items = [_item(entry) for entry in (found if isinstance(found, list) else [])]
        return [item for item in items if item is not None]

    def position(self, folder: str) -> int | None:
        """1 for the next one, None for a run that does not wait."""
        folders = [item.folder for item in self.items()]
        return folders.index(folder) + 1 if folder in folders else None

    def add(self, item: QueueItem) -> None:
        """Put a run at the end; one that waits already keeps its place and takes the new request.

        Raises:
            OSError: nothing has changed.
        """

        def change(items: list[QueueItem]) -> list[QueueItem]:
            folders = [other.folder for other in items]
            if item.folder not in folders:
                return [*items, item]
            items[folders.index(item.folder)] = item
            return items

        self._change(change)

    def remove(self, folder: str) -> None:
        """Take a run out; harmless when it does not wait.

        Raises:
            OSError: nothing has changed.
        """
        self._change(lambda items: [item for item in items if item.folder != folder])

    def put_first(self, folder: str) -> None:
        """Start this one next, even though its device is busy.

        Raises:
            OSError: nothing has changed.
        """

        def change(items: list[QueueItem]) -> list[QueueItem]:
            chosen = [replace(item, at_once=True) for item in items if item.folder == folder]
            return [*chosen, *(item for item in items if item.folder != folder)]

        self._change(change)

    def order(self, folders: Sequence[str]) -> None:
        """Start them in this order; who is not named keeps its order behind them.

        Raises:
            OSError: nothing has changed.
        """
        place = {folder: at for at, folder in enumerate(folders)}
        self._change(lambda items: sorted(items, key=lambda item: place.get(item.folder, len(place))))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else changes the queue meanwhile. Not to be nested."""
        with FileLock(self._lock_path).acquire(wait=True):
            yield

    def _change(self, change: Callable[[list[QueueItem]], list[QueueItem]]) -> None:
        with self.held():
            before = self.items()
            after = change(list(before))
            if after == before:
                return
            revision = (read_json(self.path) or {}).get("rev")
            rev = revision + 1 if isinstance(revision, int) else 1
            replace_json(self.path, {"v": 1, "rev": rev, "items": [asdict(item) for item in after]})


def _item(entry: Any) -> QueueItem | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("folder"), str):
        return None
    overrides, added = entry.get("overrides"), entry.get("added")
    return QueueItem(
        folder=entry["folder"],
        resume=entry.get("resume") is True,
        overrides=overrides if isinstance(overrides, dict) else {},
        at_once=entry.get("at_once") is True,
        added=float(added) if isinstance(added, int | float) else 0.0,
    )
