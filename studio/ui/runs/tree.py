"""Which run came out of which: stages below their pipeline, branches below the run that they began from."""

from __future__ import annotations

from collections.abc import Sequence

from studio.store.records import Run


class Tree:
    """The runs that are in sight, each below its parent where that one is in sight, too. No Qt here."""

    def __init__(self, runs: Sequence[Run] = ()) -> None:
        self._runs = {run.run_id: run for run in runs}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._newest: dict[str, float] = {}
        for run in runs:
            path = self._path(run)
            self._paths[run.run_id] = path
            for above in path:
                self._newest[above] = max(self._newest.get(above, 0.0), began(run))

    @property
    def shape(self) -> dict[str, tuple[str, ...]]:
        """Ids from the topmost to the run itself, for each run."""
        return self._paths

    def depth(self, run_id: str) -> int:
        """How many runs it lies below."""
        return len(self._paths.get(run_id, ("",))) - 1

    def precedes(self, one: Run, other: Run, *, newest_first: bool) -> bool:
        """Whether `one` stands above `other`: families stay together, a parent stands above its children.

        A family is as new as its newest member; stages stand in their order.
        """
        a, b = self._paths.get(one.run_id, (one.run_id,)), self._paths.get(other.run_id, (other.run_id,))
        shared = 0
        while shared < min(len(a), len(b)) and a[shared] == b[shared]:
            shared += 1
        if shared in (len(a), len(b)):
            return len(a) < len(b)
        first, second = self._runs.get(a[shared]), self._runs.get(b[shared])
        if first is not None and second is not None and first.parent and first.parent == second.parent:
            return (first.stage or 0) < (second.stage or 0)
        ages = self._newest.get(a[shared], 0.0), self._newest.get(b[shared], 0.0)
        if ages[0] != ages[1]:
            return (ages[0] > ages[1]) == newest_first
        return a[shared] < b[shared]

    def _path(self, run: Run) -> tuple[str, ...]:
        path = [run.run_id]
        while True:
            above = parent_of(self._runs[path[0]])
            if above is None or above not in self._runs or above in path:
                return tuple(path)
            path.insert(0, above)


def parent_of(run: Run) -> str | None:
    """The run that it is shown below: its pipeline, else the one whose checkpoint it began with."""
    return run.parent or run.origin


def began(run: Run) -> float:
    """When it began, or was asked for."""
    return run.started_at or run.created
