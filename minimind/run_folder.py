"""The run folder: the names of its files, its state, its notes, its requests. The truth about a run."""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from minimind.files import read_json, replace_json
from minimind.lock import FileLock
from minimind.run_state import RunState

ACTIONS = ("pause", "resume", "stop", "save", "sample")
# written by whoever forces a stuck run to end, so that it reads as stopped by force and not as lost
KILL = "kill"


@dataclass(frozen=True, kw_only=True)
class ProcessIdentity:
    """Which process: a pid alone may be another program's by now.

    Attributes:
        pid: process number.
        start_ticks: its start in clock ticks since boot (Linux), or seconds since 1970 elsewhere.
        host, boot_id: where, and in which life of the machine.
    """

    pid: int
    start_ticks: float
    host: str
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The identity of a process that lives now on this machine; None when there is none."""
        ticks = _start_ticks(pid)
        return (
            None
            if ticks is None
            else cls(pid=pid, start_ticks=ticks, host=socket.gethostname(), boot_id=boot_id())
        )

    def is_alive(self) -> bool:
        """Same host, same boot, same pid, same start, and no zombie."""
        if self.host != socket.gethostname() or self.boot_id != boot_id():
            return False
        ticks = _start_ticks(self.pid)
        return ticks is not None and abs(ticks - self.start_ticks) <= (
            0 if os.path.isdir("/proc/self") else 2
        )


def boot_id() -> str:
    """A name for this life of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()) // 60)


def _start_ticks(pid: int) -> float | None:
    """Start of a live process, None for an absent one or a zombie."""
    try:
        # after the last ')', for the program's name may hold spaces and brackets
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else float(fields[19])
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return None
    except (OSError, IndexError, ValueError):
        return None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


@dataclass(frozen=True, kw_only=True)
class State:
    """`state.json`: written by the trainer alone."""

    status: RunState
    pid: int = 0
    start_ticks: float = 0.0
    host: str = ""
    boot_id: str = ""
    heartbeat: float = 0.0
    step: int = 0
    attempt: int = 1
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def process(self) -> ProcessIdentity:
        """Who wrote it."""
        return ProcessIdentity(
            pid=self.pid, start_ticks=self.start_ticks, host=self.host, boot_id=self.boot_id
        )

    def to_dict(self) -> dict[str, Any]:
        """As `state.json` holds it."""
        value = asdict(self)
        value["status"] = self.status.value
        return {"v": 1, **value.pop("extra"), **value}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> State | None:
        """From `state.json`; None when it is no state that this version understands."""
        names = {
            "pid": int,
            "start_ticks": float,
            "host": str,
            "boot_id": str,
            "heartbeat": float,
            "step": int,
        }
        try:
            known = {name: kind(value.get(name, kind())) for name, kind in names.items()}
            status, attempt = RunState(str(value.get("status"))), int(value.get("attempt", 1))
        except (ValueError, TypeError, OverflowError):
            return None
        extra = {k: v for k, v in value.items() if k not in names and k not in ("v", "status", "attempt")}
        return cls(status=status, attempt=attempt, extra=extra, **known)


@dataclass(frozen=True, kw_only=True)
class Notes:
    """`notes.json`: what a person wrote about a run."""

    name: str = ""
    tags: tuple[str, ...] = ()
    star: bool = False
    note: str = ""
    archived: bool = False
    trashed: bool = False


class RunFolder:
    """Paths inside one run folder and the small files that several programs share."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.job_file = self.path / "job.json"
        self.attempts = self.path / "attempts"
        self.events_file = self.path / "events.jsonl"
        self.hardware_file = self.path / "hardware.jsonl"
        self.state_file = self.path / "state.json"
        self.control_file = self.path / "control.json"
        self.log_file = self.path / "log.txt"
        self.notes_file = self.path / "notes.json"
        self.checkpoints = self.path / "checkpoints"

    def exists(self) -> bool:
        """Whether this is a run folder at all."""
        return self.job_file.is_file()

    def lock(self) -> FileLock:
        """The trainer's lock: held for the whole attempt."""
        return FileLock(self.path / ".lock")

    # -- state ---------------------------------------------------------------------------------

    def read_state(self) -> State | None:
        """What the trainer last said; None = queued, it never ran."""
        value = read_json(self.state_file)
        return State.from_dict(value) if value else None

    def write_state(self, state: State, *, sync: bool = True) -> None:
        """Replace `state.json`. Only the trainer calls this; heartbeats need no sync."""
        replace_json(self.state_file, state.to_dict(), sync=sync)

    # -- notes ---------------------------------------------------------------------------------

    def read_notes(self) -> Notes:
        """What a person wrote; empty notes when there is no file."""
        value = read_json(self.notes_file) or {}
        tags = value.get("tags")
        return Notes(
            name=str(value.get("name", "")),
            tags=tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else (),
            star=bool(value.get("star", False)),
            note=str(value.get("note", "")),
            archived=bool(value.get("archived", False)),
            trashed=bool(value.get("trashed", False)),
        )

    def change_notes(self, **changes: Any) -> Notes:
        """Change some fields under a lock, so that two windows do not lose each other's edit."""
        with FileLock(self.path / ".notes.lock").acquire(wait=True):
            value = read_json(self.notes_file) or {}
            rev = value.get("rev")
            fresh = {**value, **changes, "v": 1, "rev": rev + 1 if isinstance(rev, int) else 1}
            replace_json(self.notes_file, fresh)
        return self.read_notes()

    # -- requests ------------------------------------------------------------------------------

    def request(self, action: str, *, attempt: int) -> str:
        """Ask the trainer of one attempt for something.

        Returns:
            The id that its `control` event will carry.
        """
        if action not in (*ACTIONS, KILL):
            raise ValueError(action)
        identity = uuid.uuid4().hex[:12]
        with FileLock(self.path / ".control.lock").acquire(wait=True):
            kept = [r for r in self._requests() if r.get("attempt") == attempt]
            kept.append({"id": identity, "action": action, "attempt": attempt, "t": time.time()})
            replace_json(self.control_file, {"v": 1, "requests": kept})
        return identity

    def withdraw(self, *, attempt: int) -> None:
        """Take back what was asked of an attempt that has not begun."""
        with FileLock(self.path / ".control.lock").acquire(wait=True):
            kept = [r for r in self._requests() if r.get("attempt") != attempt]
            replace_json(self.control_file, {"v": 1, "requests": kept})

    def requests(self, *, attempt: int) -> list[tuple[str, str]]:
        """(id, action) of every request for this attempt, oldest first."""
        return [
            (str(item.get("id")), str(item.get("action")))
            for item in self._requests()
            if item.get("attempt") == attempt
        ]

    def _requests(self) -> list[dict[str, Any]]:
        found = (read_json(self.control_file) or {}).get("requests")
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    # -- attempts ------------------------------------------------------------------------------

    def attempt_numbers(self) -> list[int]:
        """Numbers of the attempts so far, ascending."""
        return sorted(int(path.stem) for path in self.attempts.glob("*.json") if path.stem.isdigit())

    def next_attempt(self) -> int:
        """The number that a trainer started now will give itself."""
        state = self.read_state()
        return max([state.attempt if state else 0, *self.attempt_numbers()]) + 1

    def attempt_file(self, number: int) -> Path:
        """`attempts/001.json`."""
        return self.attempts / f"{number:03d}.json"

    # -- checkpoints ---------------------------------------------------------------------------

    def step_folder(self, step: int) -> Path:
        """`checkpoints/step-00001000`."""
        return self.checkpoints / f"step-{step:08d}"

    def step_folders(self) -> list[Path]:
        """Whole checkpoints, oldest first."""
        return sorted(
            path for path in self.checkpoints.glob("step-*") if path.name[5:].isdigit() and path.is_dir()
        )

    def pointed(self, name: str) -> Path | None:
        """The folder that `last` or `best` names, when it is there."""
        try:
            target = self.checkpoints / (self.checkpoints / name).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return target if target.parent == self.checkpoints and target.is_dir() else None


def checkpoint_step(folder: Path) -> int:
    """The step of `step-00001000`."""
    return int(folder.name.partition("-")[2])
