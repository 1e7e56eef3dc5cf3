"""One process life of a run of any kind: the lock, what must not begin twice, the report, the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minimind.errors import BadInput
from minimind.files import sweep
from minimind.lock import Held
from minimind.run_folder import RunFolder, State
from minimind.run_state import RunState
from minimind.training.report import Report


@dataclass(frozen=True, kw_only=True)
class Result:
    """What `--json` prints; `exit_status` is 0 for finished and stopped."""

    exit_status: int
    values: dict[str, Any]


def carry_out(
    folder: RunFolder,
    *,
    resume: bool,
    quiet: bool,
    work: Callable[[Report], Result],
    finished: Callable[[State], Result],
) -> Result:
    """Do the work of a run folder under its lock.

    Args:
        folder: holds job.json.
        resume: go on with a run that was stopped, failed or lost.
        quiet: nothing on the terminal but the result.
        work: does it and says how it ended.
        finished: what to answer for a run that is done already; nothing is changed then.

    Raises:
        BadInput: the folder is held by another process, or holds a run and `resume` is False.
    """
    try:
        lock = folder.lock().acquire()
    except Held as held:
        raise BadInput(f"{held}; only one process may work in a run folder", code="held") from held
    except OSError as error:
        raise BadInput(f"{folder.path} cannot be written: {error.strerror}", code="no_permission") from error
    with lock:
        state = folder.read_state()
        if state is not None and state.status is RunState.FINISHED and resume:
            return finished(state)
        if state is not None and not resume:
            raise BadInput(
                f"{folder.path} already holds a run; add --resume to go on with it", code="run_exists"
            )
        for place in (folder.path, folder.checkpoints):
            if place.is_dir():
                sweep(place)
        report = Report(
            folder,
            folder.next_attempt(),
            step=state.step if state else 0,
            before=state.status if state else None,
            quiet=quiet,
        )
        try:
            return work(report)
        finally:
            report.close()
