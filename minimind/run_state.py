"""The states of a run and the moves between them: one enum, one table."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """What a run is doing. `state.json` holds its value; `lost` is derived by a reader, never written."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_active(self) -> bool:
        """A process should be alive."""
        return self in ACTIVE

    @property
    def is_final(self) -> bool:
        """Nothing happens any more unless a person resumes it."""
        return self in FINAL

    @property
    def can_resume(self) -> bool:
        """Another attempt may start."""
        return RunState.STARTING in TRANSITIONS[self] and self is not RunState.QUEUED

    def may_become(self, other: RunState) -> bool:
        """Whether the move is in the table."""
        return other in TRANSITIONS[self]


ACTIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.PAUSED, RunState.STOPPING})
FINAL = frozenset({RunState.STOPPED, RunState.FINISHED, RunState.FAILED, RunState.LOST})

_END = {RunState.STOPPED, RunState.FINISHED, RunState.FAILED, RunState.LOST}
TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.STARTING, RunState.STOPPED}),
    RunState.STARTING: frozenset({RunState.RUNNING, RunState.FAILED, RunState.LOST}),
    RunState.RUNNING: frozenset(
        {RunState.PAUSED, RunState.STOPPING, RunState.FINISHED, RunState.FAILED, RunState.LOST}
    ),
    RunState.PAUSED: frozenset(
        {RunState.RUNNING, RunState.STOPPING, RunState.FINISHED, RunState.FAILED, RunState.LOST}
    ),
    RunState.STOPPING: frozenset(_END),
    RunState.STOPPED: frozenset({RunState.STARTING}),
    RunState.FAILED: frozenset({RunState.STARTING}),
    RunState.LOST: frozenset({RunState.STARTING}),
    RunState.FINISHED: frozenset(),
}
