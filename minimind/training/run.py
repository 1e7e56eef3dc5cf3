"""One attempt at a run, from the lock to the last event: whatever happens becomes a state and a sentence."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import torch

from minimind.attempt import Result, carry_out
from minimind.errors import BadInput
from minimind.events import clean, read_events
from minimind.job import Budget, JobSpec
from minimind.plan import Resolved, decay_start, with_intervals
from minimind.run_folder import RunFolder, State, checkpoint_step
from minimind.run_state import RunState
from minimind.training import snapshot
from minimind.training.control import Control
from minimind.training.loop import Loop, NonFinite, start_event
from minimind.training.record import differences, record_attempt
from minimind.training.report import Report
from minimind.training.setup import Session, Stopped, assemble

# torch reports an exhausted CPU as a plain RuntimeError
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")


def execute(
    folder: RunFolder, *, resume: bool, overrides: dict[str, Any] | None = None, quiet: bool
) -> Result:
    """Carry out the training job in a run folder.

    Args:
        folder: holds job.json.
        resume: go on from the newest good checkpoint; without one start at step 0 as the next attempt.
        overrides: what may change on resume: device, nproc, micro_batch, steps, epochs, minutes.
        quiet: nothing on the terminal but the result.

    Raises:
        BadInput: the folder is held by another process, or what a person gave cannot be used.
    """
    changes = overrides or {}
    job = _overridden(JobSpec.load(folder.job_file), changes)
    return carry_out(
        folder,
        resume=resume,
        quiet=quiet,
        work=lambda report: Attempt(folder, job, report, changes).run(),
        finished=lambda state: finished_result(folder, state),
    )


def _overridden(job: JobSpec, overrides: dict[str, Any]) -> JobSpec:
    budget = {
        name: overrides[name] for name in ("steps", "epochs", "minutes") if overrides.get(name) is not None
    }
    hardware = {name: overrides[name] for name in ("device", "nproc") if overrides.get(name) is not None}
    settings = dict(job.settings)
    if overrides.get("micro_batch") is not None:
        settings["micro_batch"] = overrides["micro_batch"]
    return job.with_changes(
        settings=settings,
        budget=Budget(**budget) if budget else job.budget,
        hardware=replace(job.hardware, **hardware) if hardware else job.hardware,
    )


class Attempt:
    """One process life of a run."""

    def __init__(self, folder: RunFolder, job: JobSpec, report: Report, overrides: dict[str, Any]) -> None:
        self.folder = folder
        self.job = job
        self.report = report
        self.overrides = overrides
        self.control = Control(folder, report.events, report.attempt)
        self.began = time.monotonic()
        self.session: Session | None = None
        self.loop: Loop | None = None

    def run(self) -> Result:
        """Set up, train, and say how it ended.

        Raises:
            BadInput: after it has been written down like every other end.
        """
        self.control.listen()
        try:
            self._set_up()
            assert self.session is not None
            self.loop = Loop(self.session, self.report, self.control)
            self.report.become(RunState.RUNNING)
            outcome = self.loop.run()
            return self._end(outcome.status, tokens_per_s=outcome.tokens_per_s)
        except Stopped:
            self.control.poll()  # says that the request was heard
            self.report.become(RunState.RUNNING)
            self.report.become(RunState.STOPPING)
            return self._end(RunState.STOPPED)
        except BadInput as error:
            self._end(self.report.refuse(error))
            raise
        except NonFinite as error:
            self.report.fail("non_finite", step=error.step)
            return self._end(RunState.FAILED)
        except (Exception, KeyboardInterrupt) as error:
            self.report.say(traceback.format_exc().rstrip())
            self._blame(error)
            return self._end(RunState.FAILED)

    def _set_up(self) -> None:
        found = snapshot.newest(self.folder, self._on_damage)
        self.session = session = assemble(
            self.job,
            self.report,
            resume=found,
            micro_batch=self.overrides.get("micro_batch"),
            cancelled=lambda: self.control.stop_is_pending,
        )
        if found is None:
            self._look_back(session)
        else:
            session.plan = self._new_end(session)
            changed = differences(session, found)
            if changed:
                self.report.warn("not_identical", what=", ".join(changed))
        record_attempt(session, self.report, self.overrides)
        if session.plan.compile:
            self._compile(session)
        self.report.emit("start", attempt=self.report.attempt, **start_event(session))
        self.report.at_step(session.progress.step)
        if not session.data.heldout_tokens:
            self.report.warn("no_heldout")
        if found is not None:
            path = found.folder.relative_to(self.folder.path).as_posix()
            self.report.emit("checkpoint", step=found.step, path=path)
        self._welcome(session)

    def _look_back(self, session: Session) -> None:
        """Without a checkpoint the run begins again; what was said about step 0 still holds."""
        for event in read_events(self.folder.events_file):
            if event.kind == "eval" and event.step == 0:
                session.progress.val_loss = event.fields.get("val_loss")
                session.progress.bits_per_byte = event.fields.get("bits_per_byte")
                session.progress.best_val_loss = session.progress.val_loss
                session.progress.best_step = session.progress.eval_step = 0
            elif event.kind == "sample" and event.step == 0:
                session.progress.sample_step = 0

    def _on_damage(self, path: Path, reason: str) -> None:
        older = [p.name for p in self.folder.step_folders() if checkpoint_step(p) < checkpoint_step(path)]
        self.report.warn(
            "damaged_checkpoint", damaged=path.name, reason=reason, used=older[-1] if older else "step 0"
        )

    def _new_end(self, session: Session) -> Resolved:
        """A resume may move the end; everything else stays as it was decided."""
        given = [name for name in ("steps", "epochs", "minutes") if self.overrides.get(name)]
        plan, budget = session.plan, self.job.budget
        if not given:
            return plan
        if budget.minutes is not None:
            if budget.minutes == plan.minutes:
                return plan
            return replace(plan, minutes=budget.minutes, total_steps=None, decay_from=None)
        rows = session.data.rows * (budget.epochs or 1.0)
        total = budget.steps or max(1, -int(-rows // plan.rows_per_step))
        if total < session.progress.step:
            raise BadInput(
                f"--{given[0]} {self.overrides[given[0]]}: this run has reached step {session.progress.step} "
                "already; give more, or leave it out"
            )
        if total == plan.total_steps and plan.minutes is None:
            return plan
        decay_from = decay_start(total, plan.decay, plan.warmup_steps)
        # what a run with --minutes had not decided yet can be decided now
        plan = with_intervals(replace(plan, minutes=None), total, session.data)
        return replace(plan, total_steps=total, decay_from=decay_from)

    def _welcome(self, session: Session) -> None:
        plan = session.plan
        where = f"{session.device.name} ({plan.precision})"
        self.report.say(f"{self.job.method} on {where}, {session.data.tokens} tokens a pass")
        self.report.say(
            f"{plan.rows_per_step} rows of {plan.seq_len} a step, micro-batches of {plan.micro_batch}, "
            f"{plan.optimizer} at {plan.lr:g}, {plan.total_steps or '?'} steps"
        )

    def _compile(self, session: Session) -> None:
        """Warm up on a throw-away batch: no weight, moment, position or random number is touched."""
        self.report.progress("compile", 0, 1, "graphs", force=True)
        position = session.loader.state()
        try:
            session.model.compile_blocks()
            batch = session.loader.next_step()[0].to(session.torch_device)
            with session.precision.autocast():
                parts = session.method.loss(session.model, batch)
            parts.sum.backward()  # type: ignore[no-untyped-call]
        except Exception as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            session.model.use_eager()
            session.plan = replace(session.plan, compile=False)
            self.report.warn("compile_failed", reason=str(error).strip().splitlines()[0][:200])
        finally:
            session.optimizers.zero_grad()
            session.loader.load_state(position)
        self.report.progress("compile", 1, 1, "graphs", force=True)

    def _blame(self, error: BaseException) -> None:
        text = str(error).lower()
        step = self.session.progress.step + 1 if self.session else 0
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
            part in text for part in _OUT_OF_MEMORY
        ):
            last = self.folder.pointed("last")
            self.report.fail(
                "out_of_memory",
                step=step,
                checkpoint=checkpoint_step(last) if last else 0,
                # whoever offers a smaller one needs to know it
                micro_batch=self.session.plan.micro_batch if self.session else None,
            )
        else:
            reason = str(error).strip().splitlines()
            self.report.fail("crashed", reason=f"{type(error).__name__}: {reason[0] if reason else ''}"[:300])

    def _end(self, status: RunState, *, tokens_per_s: float | None = None) -> Result:
        progress = self.session.progress if self.session else snapshot.Progress(step=self.report.step)
        wall = time.monotonic() - self.began
        self.report.emit(
            "done",
            status=status.value,
            step=progress.step,
            val_loss=progress.val_loss,
            tokens_per_s=tokens_per_s,
            wall_s=round(wall, 2),
        )
        values = result_values(
            self.folder, status, progress, tokens_per_s=tokens_per_s, wall_s=wall, peak=peak_memory_bytes()
        )
        values = clean(values)
        self.report.become(status, result=values)
        self.report.say(f"{status.value} at step {progress.step} after {wall:.0f} s")
        return Result(exit_status=1 if status is RunState.FAILED else 0, values=values)


def result_values(
    folder: RunFolder,
    status: RunState,
    progress: snapshot.Progress,
    *,
    tokens_per_s: float | None,
    wall_s: float,
    peak: int,
) -> dict[str, Any]:
    """The fixed shape of `train --json`."""
    last = folder.pointed("last")
    return {
        "status": status.value,
        "step": progress.step,
        "loss": progress.loss,
        "val_loss": progress.val_loss,
        "bits_per_byte": progress.bits_per_byte,
        "tokens_per_s": None if tokens_per_s is None else round(tokens_per_s, 1),
        "tokens": progress.tokens,
        "wall_s": round(wall_s, 2),
        "peak_memory_bytes": peak,
        "checkpoint": str(last.resolve()) if last else None,
    }


def finished_result(folder: RunFolder, state: State) -> Result:
    """The result of a run that is done already; the folder may have been moved since."""
    last = folder.pointed("last")
    values = {**(state.extra.get("result") or {}), "checkpoint": str(last.resolve()) if last else None}
    return Result(exit_status=0, values=values)


def peak_memory_bytes() -> int:
    """Most memory that this process has held: of the card where there is one, else VmHWM."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return int(torch.cuda.max_memory_allocated())
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
