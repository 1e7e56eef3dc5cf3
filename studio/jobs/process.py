"""Processes that outlive the window: alive or not, asked to stop, ended with everything they started."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from minimind.run_folder import KILL, ProcessIdentity, RunFolder

# set in the environment of each trainer: finds the workers that live in sessions of their own
RUN_VARIABLE = "MINIMIND_RUN_FOLDER"
# how long the trainer may leave a request unanswered before the next, ruder one
PATIENCE_S = 30.0


def terminate(identity: ProcessIdentity) -> bool:
    """Ask one process to save and end (SIGTERM); a reused pid is never hit.

    Returns:
        False where it is gone, or where no such request exists (Windows: control.json is the only way).
    """
    if os.name == "nt":
        return False
    if not hasattr(os, "pidfd_open"):
        if identity.is_alive():
            os.kill(identity.pid, signal.SIGTERM)
            return True
        return False
    try:
        handle = os.pidfd_open(identity.pid)
    except OSError:
        return False
    try:
        # from here on the number cannot become another process under our hands
        if not identity.is_alive():
            return False
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        return True
    except OSError:
        return False
    finally:
        os.close(handle)


def family(identity: ProcessIdentity | None, folder: RunFolder) -> list[psutil.Process]:
    """A trainer with all that it started: its children, and whoever carries its run in the environment."""
    found: dict[int, psutil.Process] = {}
    if identity is not None and identity.is_alive():
        with contextlib.suppress(psutil.Error):
            leader = psutil.Process(identity.pid)
            for process in (leader, *leader.children(recursive=True)):
                found[process.pid] = process
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(RUN_VARIABLE) == str(folder.path):
                found[process.pid] = process
    found.pop(os.getpid(), None)
    return list(found.values())


def kill(processes: Iterable[psutil.Process]) -> int:
    """End processes at once. psutil compares their start first, so that a reused pid is never hit.

    Returns:
        How many were there to be ended.
    """
    ended = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            process.kill()
            ended += 1
        if os.name != "nt":
            # a debugger or a freezer may hold even a killed one until it runs again
            with contextlib.suppress(psutil.Error, OSError):
                process.send_signal(signal.SIGCONT)
    return ended


def end_by_force(folder: RunFolder, identity: ProcessIdentity | None, *, attempt: int) -> int:
    """End a stuck run: say so first, so that it reads as stopped by force and not as lost.

    Returns:
        How many processes were ended.

    Raises:
        OSError: it could not be said; nothing was ended.
    """
    folder.request(KILL, attempt=attempt)
    return kill(family(identity, folder))


@dataclass(kw_only=True)
class StopLadder:
    """What follows an unanswered request to stop: SIGTERM after 30 s. Killing is for a person to ask.

    Attributes:
        asked_at: seconds of a monotonic clock.
    """

    asked_at: float
    terminated: bool = False

    def is_due(self, now: float, *, answered: bool) -> bool:
        """Whether to terminate now; once only."""
        if answered or self.terminated or now - self.asked_at < PATIENCE_S:
            return False
        self.terminated = True
        return True
