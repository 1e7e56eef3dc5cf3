"""From a job to a run folder to a detached process that does not care whether the window lives."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from minimind.detached import TRAINER as TRAINER
from minimind.detached import resume_arguments, spawn_detached
from minimind.errors import BadInput
from minimind.files import read_json, replace_json
from minimind.job import KIND_TRAIN, JobSpec
from minimind.run_folder import Notes, ProcessIdentity, RunFolder, State
from minimind.text import _
from studio.jobs.process import RUN_VARIABLE

_RECORD = "launch.json"


@dataclass(frozen=True, kw_only=True)
class Launch:
    """`launch.json`: the newest start of a trainer, written by whoever started it.

    Tells what the trainer itself cannot: that it was started before it could speak, and how it ended.

    Attributes:
        attempt: the number that the trainer will give itself.
        process: None when it could not be started.
        before: (pid, start ticks) of the process that state.json named then; another one there = it spoke.
        exit_code: as of `Popen`, negative for a signal; None while it runs or when nobody was there to see.
        problem: why it could not be started.
        t, ended: unix seconds.
    """

    t: float
    attempt: int
    process: ProcessIdentity | None = None
    before: tuple[int, float] = (0, 0.0)
    exit_code: int | None = None
    ended: float | None = None
    problem: str = ""

    def has_spoken(self, state: State | None) -> bool:
        """Whether state.json is of this start or a later one."""
        return state is not None and (state.pid, state.start_ticks) != self.before

    def save(self, folder: RunFolder) -> None:
        """Write `launch.json`."""
        replace_json(folder.path / _RECORD, {"v": 1, **asdict(self)})


def read_launch(folder: RunFolder) -> Launch | None:
    """The newest start; None when nobody recorded one (a run from the command line)."""
    value = read_json(folder.path / _RECORD)
    if value is None:
        return None
    try:
        process, before, code = value.get("process"), value.get("before") or (0, 0.0), value.get("exit_code")
        return Launch(
            t=float(value["t"]),
            attempt=int(value["attempt"]),
            process=ProcessIdentity(**process) if process else None,
            before=(int(before[0]), float(before[1])),
            exit_code=None if code is None else int(code),
            ended=None if value.get("ended") is None else float(value["ended"]),
            problem=str(value.get("problem") or ""),
        )
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return None


def create_run(projects: Path, project: str, job: JobSpec, *, name: str = "") -> RunFolder:
    """Make the folder of a run that has not begun.

    Raises:
        BadInput: a project or run of that name cannot be made, or is there already.
    """
    for part in (project, job.run_id):
        if not part or part != Path(part).name or part.startswith("."):
            raise BadInput(_("{name} cannot be the name of a folder").format(name=repr(part)))
    folder = RunFolder(projects / project / "runs" / job.run_id)
    try:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        folder.path.mkdir()
    except FileExistsError as error:
        raise BadInput(_("{folder} is there already").format(folder=folder.path)) from error
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        if name:
            replace_json(folder.notes_file, {"v": 1, "rev": 1, **asdict(Notes(name=name))})
        # last: from here on it is a run
        job.save(folder.job_file)
    except OSError as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise _cannot_write(folder, error) from error
    return folder


def _cannot_write(folder: RunFolder, error: OSError) -> BadInput:
    return BadInput(
        _("{folder} cannot be written: {reason}").format(folder=folder.path, reason=error.strerror or error)
    )


class Launcher:
    """Starts trainers: in a session of their own, output to log.txt, so that nothing here can end them."""

    def __init__(self, command: Sequence[str] = TRAINER) -> None:
        """`command`: works on a run folder; the folder and flags follow it."""
        self._command = tuple(command)

    def start(
        self, folder: RunFolder, *, resume: bool = False, overrides: Mapping[str, Any] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the trainer of a run and record it.

        Raises:
            BadInput: there is no job to do.
            OSError: it cannot be started; recorded, too.
        """
        job = JobSpec.load(folder.job_file)
        state = folder.read_state()
        record = Launch(
            t=time.time(),
            attempt=folder.next_attempt(),
            before=(state.pid, state.start_ticks) if state else (0, 0.0),
        )
        # first without a process: a power cut between the two must not hide that it was tried
        record.save(folder)
        arguments = resume_arguments(overrides or {}) if resume else []
        try:
            process = self._spawn(job, folder, arguments)
        except OSError as error:
            replace(record, problem=str(error), ended=time.time()).save(folder)
            raise
        replace(record, process=ProcessIdentity.of(process.pid) or _dead(process.pid)).save(folder)
        return process

    def _spawn(self, job: JobSpec, folder: RunFolder, arguments: list[str]) -> subprocess.Popen[bytes]:
        command = self._command
        if job.kind != KIND_TRAIN and command == TRAINER:
            command = (*TRAINER[:-1], "run")
        environment = {
            **os.environ,
            RUN_VARIABLE: str(folder.path),
            # torch sorts cards by speed otherwise, NVML by place: cuda:1 must be one card in both
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
            "PYTHONUNBUFFERED": "1",
        }
        with folder.log_file.open("ab") as log:
            return spawn_detached([*command, str(folder.path), *arguments], log, environment)


def _dead(pid: int) -> ProcessIdentity:
    """Of a process that ended before one could look at it."""
    return ProcessIdentity(pid=pid, start_ticks=0.0, host="", boot_id="")


def record_exit(folder: RunFolder, pid: int, code: int) -> None:
    """Note how a trainer ended, unless another one was started since."""
    launch = read_launch(folder)
    if launch is not None and launch.process is not None and launch.process.pid == pid:
        replace(launch, exit_code=code, ended=time.time()).save(folder)
