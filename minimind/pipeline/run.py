"""One attempt at a pipeline: stage after stage as child processes, requests handed to the one at work."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Sequence
from typing import Any

from minimind.attempt import Result, carry_out
from minimind.detached import TRAINER
from minimind.errors import BadInput
from minimind.events import read_events
from minimind.files import NO_ROOM, free_bytes, read_json, replace_json
from minimind.job import JobSpec
from minimind.pipeline.follow import StageEnd, StageProcess
from minimind.pipeline.stages import StageRun, lasting, next_stage, stage_job, stages_of
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from minimind.training.control import Control
from minimind.training.report import Report

POLL_S = 0.2


def execute(
    folder: RunFolder,
    *,
    resume: bool,
    overrides: dict[str, Any] | None = None,
    quiet: bool,
    trainer: Sequence[str] = TRAINER,
) -> Result:
    """Carry out the pipeline in a run folder; `work` describes its stages.

    Args:
        folder: holds job.json.
        resume: go on at the first stage that is not finished.
        overrides: what changes on resume: the stage that goes on gets all of it; device, nproc and
            micro_batch hold for the stages after it, too.
        quiet: nothing on the terminal but the result.
        trainer: the command that works on a stage's run folder.

    Raises:
        BadInput: the folder is held by another process, or the first stage to work on refuses its request.
    """
    job = JobSpec.load(folder.job_file)
    stages = stages_of(folder, job)
    return carry_out(
        folder,
        resume=resume,
        quiet=quiet,
        work=lambda report: _Attempt(folder, job, stages, report, overrides or {}, trainer).run(),
        finished=lambda state: Result(exit_status=0, values=_result(stages, RunState.FINISHED, state.extra)),
    )


class _Attempt:
    """One process life of a pipeline."""

    def __init__(
        self,
        folder: RunFolder,
        job: JobSpec,
        stages: list[StageRun],
        report: Report,
        overrides: dict[str, Any],
        trainer: Sequence[str],
    ) -> None:
        self._folder = folder
        self._job = job
        self._stages = stages
        self._report = report
        self._overrides = overrides
        self._trainer = trainer
        self._control = Control(folder, report.events, report.attempt)
        self._began = time.monotonic()
        self._stop = False
        self._pause = False
        self._finished_one = False
        self._process: StageProcess | None = None

    def run(self) -> Result:
        """Work through the stages, and say how it ended.

        Raises:
            BadInput: after it has been written down like every other end.
        """
        report = self._report
        self._control.listen()
        asked = self._job.hardware.device
        # what `auto` means is decided by each stage
        device = None if asked == "auto" else asked
        report.emit("start", attempt=report.attempt, from_step=0, device=device)
        report.become(RunState.RUNNING)
        try:
            self._record()
            return self._end(self._work())
        except BadInput as error:
            self._end(report.refuse(error))
            raise
        except (Exception, KeyboardInterrupt) as error:
            report.say(traceback.format_exc().rstrip())
            if self._process is not None:
                self._process.kill()
            self._blame(error)
            return self._end(RunState.FAILED)

    def _record(self) -> None:
        self._folder.attempts.mkdir(exist_ok=True)
        replace_json(
            self._folder.attempt_file(self._report.attempt),
            {
                "v": 1,
                "number": self._report.attempt,
                "started": time.time(),
                "pid": os.getpid(),
                "overrides": self._overrides,
            },
        )

    def _changes(self) -> dict[str, Any]:
        """What this resume and the earlier ones have changed for good."""
        found: dict[str, Any] = {}
        for number in self._folder.attempt_numbers():
            told = (read_json(self._folder.attempt_file(number)) or {}).get("overrides")
            found |= lasting(told) if isinstance(told, dict) else {}
        return found

    # -- the stages ------------------------------------------------------------------------------

    def _work(self) -> RunState:
        self._catch_up()
        while (index := next_stage([stage.status() for stage in self._stages])) is not None:
            stage = self._stages[index]
            self._forward(None)
            if self._stop:
                return RunState.STOPPED
            end = self._carry_out(stage)
            self._tell(stage, end.status)
            if end.status is RunState.STOPPED and not end.refused:
                return RunState.STOPPED
            if end.status is not RunState.FINISHED:
                return self._fail(end)
            self._finished_one = True
        return RunState.FINISHED

    def _catch_up(self) -> None:
        """Say of stages that have finished while no pipeline was there to see it."""
        told: dict[Any, Any] = {}
        for event in read_events(self._folder.events_file):
            if event.kind == "stage":
                told[event.fields.get("stage")] = event.fields.get("status")
        for stage in self._stages:
            last = told.get(stage.number, RunState.FINISHED.value)
            if last != RunState.FINISHED.value and stage.status() is RunState.FINISHED:
                self._tell(stage, RunState.FINISHED)

    def _carry_out(self, stage: StageRun) -> StageEnd:
        process = StageProcess.attach(stage)
        if process is not None and (state := process.state()) and state.status is RunState.PAUSED:
            process.ask("resume")  # so does whoever resumes the pipeline that paused it
        while True:
            self._tell(stage, RunState.RUNNING)
            process = process or self._start(stage)
            self._follow(process)
            if not process.was_held():
                return process.end()
            # somebody was quicker than we were: that process does the work
            process = StageProcess.attach(stage)

    def _start(self, stage: StageRun) -> StageProcess:
        changes, folder = self._changes(), stage.folder
        begun = folder.exists() and folder.read_state() is not None
        if not begun:
            before = self._stages[stage.number - 2] if stage.number > 1 else None
            job = stage_job(self._job, stage, parent=self._folder, before=before, changes=changes)
            folder.path.mkdir(exist_ok=True)
            job.save(folder.job_file)
        overrides = {**changes, **({} if self._finished_one else self._overrides)}
        return StageProcess.start(stage, self._trainer, resume=begun, overrides=overrides)

    def _follow(self, process: StageProcess) -> None:
        """Stay with a stage until its process has ended."""
        self._process = process
        if self._pause:
            process.ask("pause")
        while True:
            over = process.is_over()
            self._forward(process)
            for line in process.new_lines():
                self._report.show(line)
            if over:
                break
            self._mirror(process)
            process.press()
            time.sleep(POLL_S)
        self._process = None
        if self._report.status is RunState.PAUSED and not self._stop:
            self._report.become(RunState.RUNNING)

    def _forward(self, process: StageProcess | None) -> None:
        for action in self._control.poll():
            if action in ("pause", "resume"):
                # the next stage must hear of it, should this one end before it does
                self._pause = action == "pause"
            if action == "stop":
                self._stop = True
                self._report.become(RunState.STOPPING)
            if process is not None:
                process.ask(action)

    def _mirror(self, process: StageProcess) -> None:
        """Paused is the pipeline when its stage is: asked, or waiting for room on the disk."""
        state = process.state()
        if state is None or self._stop:
            return
        if state.status is not self._report.status and state.status in (RunState.PAUSED, RunState.RUNNING):
            self._report.become(state.status)

    def _tell(self, stage: StageRun, status: RunState) -> None:
        number, count = stage.number, len(self._stages)
        self._report.emit(
            "stage",
            stage=number,
            stages=count,
            name=stage.name,
            run_id=stage.run_id,
            status=status.value,
        )
        self._report.say(f"stage {number} of {count}, {stage.name}: {status.value}")
        self._report.at_step(number if status is RunState.FINISHED else number - 1)

    # -- the end ---------------------------------------------------------------------------------

    def _fail(self, end: StageEnd) -> RunState:
        params = dict(end.params or {})
        if end.refused and not self._finished_one:
            raise BadInput(str(params.get("reason")))
        self._report.fail(end.code, **params)
        return RunState.FAILED

    def _blame(self, error: BaseException) -> None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            where = self._folder.path.parent
            free = f"{free_bytes(where) / 1e9:.1f} GB"
            self._report.fail("bad_input", reason=f"the disk is full: {where} has {free} left")
            return
        reason = str(error).strip().splitlines() or [""]
        self._report.fail("crashed", reason=f"{type(error).__name__}: {reason[0]}"[:300])

    def _end(self, status: RunState) -> Result:
        report, wall_s = self._report, round(time.monotonic() - self._began, 2)
        if status is RunState.STOPPED and report.status is not RunState.STOPPING:
            report.become(RunState.STOPPING)
        values = {**_result(self._stages, status, {}), "wall_s": wall_s}
        report.emit(
            "done",
            status=status.value,
            step=None,
            val_loss=None,
            tokens_per_s=None,
            wall_s=wall_s,
            result=values,
        )
        report.become(status, result=values)
        report.say(f"{status.value} after {wall_s:.0f} s")
        return Result(exit_status=1 if status is RunState.FAILED else 0, values=values)


def _result(stages: list[StageRun], status: RunState, extra: dict[str, Any]) -> dict[str, Any]:
    """What `pipeline --json` prints: figures of the newest stage that has some, and each stage's own."""
    found: list[dict[str, Any]] = []
    newest: dict[str, Any] = {}
    for stage in stages:
        state = stage.folder.read_state()
        own = state.extra.get("result") if state is not None else None
        values = dict(own) if isinstance(own, dict) else {}
        last = stage.folder.pointed("last")
        values["checkpoint"] = str(last.resolve()) if last else None
        said = (stage.status() or RunState.QUEUED).value
        found.append({"name": stage.name, "run_id": stage.run_id, **values, "status": said})
        if last is not None:
            newest = {name: values.get(name) for name in ("loss", "val_loss", "bits_per_byte", "checkpoint")}
    before = extra.get("result") if isinstance(extra.get("result"), dict) else {}
    empty = dict.fromkeys(("loss", "val_loss", "bits_per_byte", "checkpoint"))
    return {**empty, **(before or {}), "status": status.value, **newest, "stages": found}
