"""The queue's own process: one a projects folder, without Qt, alive whether or not a window is.

    python -m studio.jobs.supervisor PROJECTS_FOLDER [--command JSON]

Starts the next run when nothing works on its device, notes how each trainer ended (only a parent can know),
and leaves when there is nothing left to wait for. Ending it does not end a run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from minimind import nvml
from minimind.detached import spawn_detached
from minimind.errors import BadInput
from minimind.files import read_json
from minimind.job import KIND_PIPELINE, KIND_TRAIN, JobSpec
from minimind.lock import FileLock, Held
from minimind.run_folder import RunFolder
from studio.jobs.follow import gather
from studio.jobs.launch import (
    TRAINER,
    Launch,
    Launcher,
    read_launch,
    record_exit,
)
from studio.jobs.queue import Queue, QueueItem

TICK_S = 0.2
MODULE = "studio.jobs.supervisor"


def count_cards() -> int:
    """How many graphics cards NVML sees."""
    return len(nvml.cards().cards)


def run_folders(projects: Path) -> list[str]:
    """Every run folder, relative to the projects folder, by name."""
    found = []
    with os.scandir(projects) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    for project in names:
        try:
            with os.scandir(projects / project / "runs") as entries:
                runs = sorted(entry.name for entry in entries if not entry.name.startswith("."))
        except OSError:
            continue
        found += [
            f"{project}/runs/{run}"
            for run in runs
            if (projects / project / "runs" / run / "job.json").exists()
        ]
    return found


class Devices:
    """Which devices a run needs, and which ones are taken.

    An active run that this program did not start counts too; `auto` is the first card where there is one.
    """

    def __init__(self, projects: Path, cards: Callable[[], int] = count_cards) -> None:
        self._projects = projects
        self._cards = cards
        self._num_cards: int | None = None
        self._known: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}

    def needed(self, folder: RunFolder, overrides: dict[str, object]) -> frozenset[str]:
        """The devices of a run that has not begun; none for kinds that do not compute on one.

        Raises:
            BadInput: there is no readable job.
        """
        job = JobSpec.load(folder.job_file)
        if job.kind not in (KIND_TRAIN, KIND_PIPELINE):
            return frozenset()
        name = str(overrides.get("device") or job.hardware.device)
        nproc = overrides.get("nproc") or job.hardware.nproc
        if name == "auto":
            name = "cuda" if self._has_card() else "mps" if sys.platform == "darwin" else "cpu"
        if name == "cuda" and isinstance(nproc, int) and nproc > 1:
            return frozenset(f"cuda:{index}" for index in range(nproc))
        return frozenset({"cuda:0" if name == "cuda" else name})

    def taken(self) -> frozenset[str]:
        """Devices on which a run works now."""
        found: set[str] = set()
        known = {}
        for name in run_folders(self._projects):
            folder = RunFolder(self._projects / name)
            stamp = (_stamp(folder.state_file), _stamp(folder.path / "launch.json"))
            if stamp == (0, 0):
                continue
            before = self._known.get(name)
            # a folder that says that nothing works there says so until it changes
            if before is not None and before[0] == stamp and not before[1]:
                known[name] = before
                continue
            known[name] = (stamp, self._of_active(folder))
            found |= known[name][1]
        self._known = known
        return frozenset(found)

    def _of_active(self, folder: RunFolder) -> frozenset[str]:
        evidence = gather(folder)
        if not evidence.alive:
            return frozenset()
        attempt = (read_json(folder.attempt_file(evidence.attempt)) or {}).get("attempt")
        device = attempt.get("device") if isinstance(attempt, dict) else None
        try:
            return self.needed(folder, {"device": device} if device else {})
        except BadInput:
            return frozenset()

    def _has_card(self) -> bool:
        if self._num_cards is None:
            self._num_cards = self._cards()
        return self._num_cards > 0


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


class Supervisor:
    """The queue of one projects folder at work. Holds its lock."""

    def __init__(self, projects: Path, launcher: Launcher, devices: Devices | None = None) -> None:
        self._projects = projects
        self._launcher = launcher
        self._devices = devices or Devices(projects)
        self._queue = Queue(projects)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._held: dict[str, frozenset[str]] = {}
        self._ended = threading.Event()
        self._lock = supervisor_lock(projects)

    def run(self) -> None:
        """Work until there is nothing to wait for.

        Raises:
            Held: another supervisor is at work.
        """
        self._lock.acquire()
        try:
            while self.tick() and not self._ended.wait(TICK_S):
                pass
        finally:
            self._lock.release()

    def stop(self) -> None:
        """Leave after this look; runs go on."""
        self._ended.set()

    def tick(self) -> bool:
        """One look: note who has ended, start who may begin.

        Returns:
            False when it is idle; the lock is free again then.
        """
        self._reap()
        items = self._queue.items()
        if items:
            self._start_what_may(items)
        if self._children or items:
            return True
        with self._queue.held():
            # whoever adds a run starts a supervisor afterwards: it finds this lock free, or this one awake
            if self._queue.items():
                return True
            self._lock.release()
            return False

    def _reap(self) -> None:
        for name, child in list(self._children.items()):
            code = child.poll()
            if code is not None:
                del self._children[name], self._held[name]
                record_exit(RunFolder(self._projects / name), child.pid, code)

    def _start_what_may(self, items: list[QueueItem]) -> None:
        # a child that has ended keeps its device until its end is noted
        taken = self._devices.taken().union(*self._held.values())
        for item in items:
            folder = RunFolder(self._projects / item.folder)
            if self._is_obsolete(item, folder):
                self._queue.remove(item.folder)
                continue
            try:
                needed = self._devices.needed(folder, item.overrides)
                # who stands in front keeps its place, even while its device is busy
                may = item.at_once or not needed & taken
                taken |= needed
                if not may:
                    continue
                self._children[item.folder] = self._launcher.start(
                    folder, resume=item.resume, overrides=item.overrides
                )
                self._held[item.folder] = needed
            except (BadInput, OSError) as error:
                self._note_failure(folder, error)
            self._queue.remove(item.folder)

    def _is_obsolete(self, item: QueueItem, folder: RunFolder) -> bool:
        if not folder.exists() or folder.read_notes().trashed:
            return True
        launch = read_launch(folder)
        if launch is not None and launch.t >= item.added:
            return True  # a supervisor that died between starting it and saying so
        return gather(folder).alive

    def _note_failure(self, folder: RunFolder, error: Exception) -> None:
        launch = read_launch(folder)
        if launch is not None and launch.problem:
            return
        now = time.time()
        state = folder.read_state()
        before = (state.pid, state.start_ticks) if state else (0, 0.0)
        try:
            Launch(t=now, attempt=folder.next_attempt(), before=before, problem=str(error), ended=now).save(
                folder
            )
        except OSError:
            traceback.print_exc()


def supervisor_lock(projects: Path) -> FileLock:
    """Held by the one supervisor of a projects folder."""
    return FileLock(projects / ".supervisor.lock")


def is_running(projects: Path) -> bool:
    """Whether a supervisor seems to be at work: by what the lock says, since trying it would take it."""
    holder = read_json(supervisor_lock(projects).path) or {}
    try:
        return MODULE in psutil.Process(int(holder["pid"])).cmdline()
    except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
        return False


def spawn(projects: Path, command: Sequence[str] = TRAINER) -> subprocess.Popen[bytes]:
    """Start a supervisor; one that finds another at work leaves at once.

    Raises:
        OSError: it cannot be started.
    """
    with (projects / ".supervisor.log").open("ab") as log:
        return spawn_detached(
            [sys.executable, "-m", MODULE, str(projects), "--command", json.dumps(list(command))], log
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise until idle."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}")
    parser.add_argument("projects", type=Path)
    parser.add_argument("--command", type=json.loads, default=list(TRAINER))
    options = parser.parse_args(arguments)
    supervisor = Supervisor(options.projects.absolute(), Launcher(options.command))
    signal.signal(signal.SIGTERM, lambda number, frame: supervisor.stop())
    try:
        supervisor.run()
    except Held:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
