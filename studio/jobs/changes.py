"""What a look at the run folders has found, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from minimind.events import Event
from minimind.job import JobSpec
from studio.store.records import Checkpoint, PhaseSpan, Run, Sample


@dataclass(frozen=True, kw_only=True)
class Details:
    """What only the page of a run needs."""

    events: tuple[Event, ...] = ()
    samples: tuple[Sample, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    phases: tuple[PhaseSpan, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Changes:
    """What one look has found.

    Attributes:
        runs: new or changed ones by run_id, None for one that is gone.
        jobs: of runs that are new.
        grew: run_ids with more points.
        events: (run_id, event), written while we looked.
        details: of open runs that have changed.
        notices: sentences for the person.
        more: there is more to read at once.
        reading: folders that were found and are not read to their end yet.
    """

    runs: dict[str, Run | None] = field(default_factory=dict)
    jobs: dict[str, JobSpec | None] = field(default_factory=dict)
    grew: set[str] = field(default_factory=set)
    events: list[tuple[str, Event]] = field(default_factory=list)
    details: dict[str, Details] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    more: bool = False
    reading: int = 0
