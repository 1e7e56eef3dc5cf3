"""Export as a job: the same folder, events and states as a training run."""

from __future__ import annotations

import time
import traceback
from typing import Any

from minimind.attempt import Result, carry_out
from minimind.errors import BadInput
from minimind.export import exporter_named
from minimind.export.exporter import ExportRequest, ExportResult
from minimind.files import NO_ROOM, free_bytes
from minimind.job import JobSpec
from minimind.run_folder import RunFolder
from minimind.run_state import RunState
from minimind.training.control import Control
from minimind.training.report import Report


class _Stopped(Exception):  # noqa: N818
    """A person asked to stop in the middle."""


def execute(
    folder: RunFolder, *, resume: bool, overrides: dict[str, Any] | None = None, quiet: bool
) -> Result:
    """Carry out the export job in a run folder: `work` holds `format` and the fields of ExportRequest.

    Args:
        folder: holds job.json.
        resume: begin again where an earlier attempt was stopped or failed.
        overrides: none are known for exports.
        quiet: nothing on the terminal.

    Raises:
        BadInput: the request cannot be carried out (written down like every end), or the folder is held.
    """
    job = JobSpec.load(folder.job_file)
    return carry_out(
        folder,
        resume=resume,
        quiet=quiet,
        work=lambda report: _Attempt(folder, job, report).run(),
        finished=lambda state: Result(exit_status=0, values=state.extra.get("result") or {}),
    )


class _Attempt:
    """One process life of an export."""

    def __init__(self, folder: RunFolder, job: JobSpec, report: Report) -> None:
        self._job = job
        self._report = report
        self._control = Control(folder, report.events, report.attempt)
        self._began = time.monotonic()

    def run(self) -> Result:
        """Export, and say how it ended."""
        report = self._report
        self._control.listen()
        report.emit("start", attempt=report.attempt, from_step=0, device="cpu")
        report.become(RunState.RUNNING)
        request = ExportRequest.from_work(self._job.work)
        try:
            exporter = exporter_named(str(self._job.work.get("format")))
            return self._end(RunState.FINISHED, exporter.export(request, self._tell))
        except _Stopped:
            report.become(RunState.STOPPING)
            return self._end(RunState.STOPPED)
        except BadInput as error:
            self._end(report.refuse(error))
            raise
        except (Exception, KeyboardInterrupt) as error:
            report.say(traceback.format_exc().rstrip())
            self._blame(error, request)
            return self._end(RunState.FAILED)

    def _tell(self, done: int, total: int) -> None:
        if "stop" in self._control.poll():
            raise _Stopped
        self._report.progress("save", done, total, "bytes", force=done == total)

    def _blame(self, error: BaseException, request: ExportRequest) -> None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            free = f"{free_bytes(request.out.parent) / 1e9:.1f} GB"
            self._report.fail("bad_input", reason=f"the disk is full: {request.out.parent} has {free} left")
            return
        reason = str(error).strip().splitlines() or [""]
        self._report.fail("crashed", reason=f"{type(error).__name__}: {reason[0]}"[:300])

    def _end(self, status: RunState, result: ExportResult | None = None) -> Result:
        report, wall_s = self._report, round(time.monotonic() - self._began, 2)
        values = result.to_dict() if result else None
        report.emit(
            "done",
            status=status.value,
            step=None,
            val_loss=None,
            tokens_per_s=None,
            wall_s=wall_s,
            result=values,
        )
        shown = {"status": status.value, "wall_s": wall_s, **(values or {})}
        report.become(status, result=shown)
        for note in result.notes if result else ():
            report.say(note)
        report.say(f"{status.value} after {wall_s:.1f} s" + (f": {result.path}" if result else ""))
        return Result(exit_status=1 if status is RunState.FAILED else 0, values=shown)
