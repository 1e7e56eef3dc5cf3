"""THE training loop, the same for every method and device: steps, and once in a while the rest."""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import torch

from minimind.estimate import duration
from minimind.evaluate.heldout import measure
from minimind.evaluate.samples import speak
from minimind.files import NO_ROOM, failpoint, free_bytes
from minimind.plan import with_intervals
from minimind.run_state import RunState
from minimind.training import snapshot
from minimind.training.control import Control
from minimind.training.optimizer import learning_rate
from minimind.training.report import Report
from minimind.training.setup import Session
from minimind.training.step import StepResult, train_step

MAX_SKIPPED = 5
# of work that a power cut may cost, unless a person says how often to save
MOST_UNSAVED_S = 600.0
PAUSE_POLL_S = 0.2
ROOM_POLL_S = 2.0


class NonFinite(Exception):  # noqa: N818
    """Too many updates in a row whose gradient is not a number."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss is not a number at step {step}")
        self.step = step


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the loop ended."""

    status: RunState
    tokens_per_s: float | None


class Loop:
    """One attempt: from where the session stands to the end, or to where a person stops it."""

    def __init__(self, session: Session, report: Report, control: Control) -> None:
        self.session = session
        self.report = report
        self.control = control
        self.progress = session.progress
        self._stop = False
        self._recent: deque[float] = deque(maxlen=20)
        self._clock = self._saved_at = time.monotonic()
        self._evaluated_at: int | None = self.progress.eval_step
        self._eval_s = 0.0
        self._lacks_room = False
        self._rate_tokens, self._rate_s = 0, 0.0

    # -- the run ---------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Train until the plan is fulfilled or somebody asks to stop."""
        self._clock = time.monotonic()
        # also after a resume: whoever stopped it may have cut the measurement of this step short
        self._measure()
        self._answer_requests()
        while not self._stop and not self._is_complete():
            self._step()
            self._decide_schedule()
            self._measure()
            if self._save_is_due() and not self._is_complete():
                self.save()
            self._answer_requests()
        measured = self.progress.eval_step == self.progress.step
        status = RunState.FINISHED if self._is_complete() and measured else RunState.STOPPED
        if status is RunState.STOPPED:
            self.report.become(RunState.STOPPING)
        self.save()
        return Outcome(status=status, tokens_per_s=self._speed())

    def _measure(self) -> None:
        """What is due at this step: held-out loss, samples."""
        plan, progress = self.session.plan, self.progress
        edge = progress.step == 0 or self._is_complete()
        if edge or self._due(plan.eval_every):
            self.evaluate()
        speaks = plan.sample_every != 0 and (edge or self._due(plan.sample_every))
        if speaks and progress.sample_step != progress.step:
            self.sample()

    def _is_complete(self) -> bool:
        total = self.session.plan.total_steps
        return total is not None and self.progress.step >= total

    def _due(self, every: int | None) -> bool:
        return every is not None and every > 0 and self.progress.step % every == 0

    def _save_is_due(self) -> bool:
        """At its interval; where that was left to us, also when too much time would be lost."""
        if self._due(self.session.plan.save_every):
            return True
        automatic = self.session.job.settings.get("save_every") is None
        return automatic and time.monotonic() - self._saved_at >= MOST_UNSAVED_S

    # -- a single step ---------------------------------------------------------------------------

    def _step(self) -> None:
        progress, session = self.progress, self.session
        began = time.perf_counter()
        batches = session.loader.next_step()
        result = train_step(session, batches, progress.step + 1)
        seconds = time.perf_counter() - began
        progress.step += 1
        progress.loader = session.loader.state()
        progress.tokens += result.tokens
        progress.train_s += seconds
        self._tick()
        self._recent.append(seconds)
        self._rate_tokens += result.tokens
        self._rate_s += seconds
        self.report.at_step(progress.step)
        if result.applied:
            progress.loss = result.loss
            progress.skipped = 0
        else:
            progress.skipped += 1
            self.report.warn("non_finite", step=progress.step)
        plan = session.plan
        if progress.step == 1 or self._is_complete() or progress.step % plan.log_every == 0:
            self._log(result)
        if progress.skipped >= MAX_SKIPPED:
            raise NonFinite(progress.step)
        failpoint("loop.after_step")

    def _log(self, result: StepResult) -> None:
        rate = self._rate_tokens / max(self._rate_s, 1e-9)
        self._rate_tokens, self._rate_s = 0, 0.0
        eta = self._eta_s()
        self.report.emit(
            "step",
            step=self.progress.step,
            loss=result.loss,
            lr=result.lr,
            grad_norm=result.grad_norm,
            tokens_per_s=round(rate, 1),
            tokens=self.progress.tokens,
            memory_bytes=self._memory_bytes(),
            eta_s=None if eta is None else round(eta, 1),
            **result.extras,
        )
        # the first steps are slower than the rest
        told = eta is not None and len(self._recent) == self._recent.maxlen
        left = f", about {duration(eta)} left" if told and eta is not None else ""
        where = f"step {self.progress.step}/{self.session.plan.total_steps or '?'}"
        self.report.say(f"{where}  loss {result.loss:.4f}  lr {result.lr:.2e}  {rate:.0f} tok/s{left}")

    def _eta_s(self) -> float | None:
        total = self.session.plan.total_steps
        if total is None:
            minutes = self.session.plan.minutes
            return None if minutes is None else max(0.0, 60 * minutes - self.progress.elapsed_s)
        if not self._recent:
            return None
        left, minutes = total - self.progress.step, self.session.plan.minutes
        every = self.session.plan.eval_every
        evals = left // every if every else 1
        seconds = left * statistics.median(self._recent) + evals * self._eval_s
        most = math.inf if minutes is None else max(0.0, 60 * minutes - self.progress.elapsed_s)
        return min(seconds, most)

    def _memory_bytes(self) -> int:
        if self.session.torch_device.type == "cuda":
            return int(torch.cuda.memory_allocated())
        return int(psutil.Process().memory_info().rss)

    def _speed(self) -> float | None:
        return self.progress.tokens / self.progress.train_s if self.progress.train_s else None

    def _tick(self) -> None:
        now = time.monotonic()
        self.progress.elapsed_s += now - self._clock
        self._clock = now

    # -- once in a while -------------------------------------------------------------------------

    def _decide_schedule(self) -> None:
        """With minutes: how often things happen, once the speed is about known; then, once, the end.

        The end is fixed when it is time for the decay: until then the rate does not depend on it. Steps with
        minutes as the most: a machine that is fast enough begins its decay by the count, before that time.
        """
        plan, progress = self.session.plan, self.progress
        if plan.minutes is None or (plan.decay_from is not None and progress.step >= plan.decay_from):
            return
        budget = 60 * plan.minutes
        step_s = statistics.median(self._recent)
        open_intervals = None in (plan.eval_every, plan.save_every, plan.sample_every)
        if open_intervals and progress.step >= 3 and progress.elapsed_s >= 0.1 * budget:
            about = progress.step + max(1, int((budget - progress.elapsed_s) / step_s))
            plan = self.session.plan = with_intervals(plan, about, self.session.data)
        if progress.elapsed_s < (1 - plan.decay) * budget:
            return
        # the evaluations to come take their share, and the last one comes after the last step
        with_evals = step_s + (self._eval_s / plan.eval_every if plan.eval_every else 0.0)
        total = progress.step + max(1, int((budget - progress.elapsed_s - self._eval_s) / with_evals))
        # steps that were asked for: time may only make them fewer
        at, total = progress.step, min(total, plan.total_steps or total)
        if at < plan.warmup_steps:  # one that was planned for more steps ends here, at the rate reached
            plan = replace(plan, lr=learning_rate(at, plan), warmup_steps=at)
        self.session.plan = replace(
            with_intervals(plan, total, self.session.data),
            total_steps=total,
            decay_from=at,
        )
        self.report.emit("schedule", decay_from=at, total_steps=total)
        self.report.say(f"{total} steps fit into {plan.minutes:g} minutes; the rate falls from here on")

    def evaluate(self) -> None:
        """Held-out loss and bits per byte, once for each step."""
        progress, session = self.progress, self.session
        if self._evaluated_at == progress.step:
            return
        self._evaluated_at = progress.step
        began = time.monotonic()
        found = measure(
            session.model,
            session.heldout_caches,
            session.heldout,
            seq_len=session.plan.seq_len,
            on_progress=lambda done: self.report.progress(
                "evaluate", done, session.data.heldout_tokens, "tokens"
            ),
            cancelled=lambda: self.control.stop_is_pending,
        )
        if found is None:
            if not self.control.stop_is_pending:
                progress.eval_step = progress.step
                self.report.emit("eval", step=progress.step, val_loss=None, bits_per_byte=None)
            return
        self._eval_s = time.monotonic() - began
        progress.eval_step = progress.step
        if not math.isfinite(found.nats_per_token):
            progress.val_loss = progress.bits_per_byte = None
            self.report.warn("non_finite", step=progress.step)
            self.report.emit("eval", step=progress.step, val_loss=None, bits_per_byte=None)
            return
        progress.val_loss, progress.bits_per_byte = found.nats_per_token, found.bits_per_byte
        if progress.best_val_loss is None or progress.val_loss < progress.best_val_loss:
            progress.best_val_loss, progress.best_step = progress.val_loss, progress.step
        self._tick()
        self.report.emit(
            "eval", step=progress.step, val_loss=progress.val_loss, bits_per_byte=progress.bits_per_byte
        )
        bits = "" if progress.bits_per_byte is None else f"  {progress.bits_per_byte:.4f} bits per byte"
        self.report.say(f"step {progress.step}  held-out loss {progress.val_loss:.4f}{bits}")

    def sample(self) -> None:
        """Let it continue the sample prompts."""
        session = self.session
        self.progress.sample_step = self.progress.step
        for number, prompt in enumerate(session.plan.sample_prompts):
            text = speak(
                session.model,
                session.tokenizer,
                prompt,
                needs=session.method.needs,
                precision=session.precision,
                seed=session.job.seed + number,
            )
            self.report.emit("sample", step=self.progress.step, prompt=prompt, text=text)
            self.report.say(f"step {self.progress.step}  {prompt} → {text!r}")
        self._tick()

    def save(self) -> None:
        """Write a checkpoint; with a full disk wait for room rather than lose the run."""
        progress, folder = self.progress, self.report.folder
        before = self.report.status
        self.report.progress("save", 0, 1, "checkpoints", force=True)
        try:
            path = self._write_checkpoint()
            while path is None:
                self._lack_room()
                path = self._write_checkpoint()
        except OSError:
            self.report.warn("disk_error", step=progress.step)
            if self._stop or self._is_complete():
                raise
            return
        finally:
            self._lacks_room = False
        if self.report.status is RunState.PAUSED and before is RunState.RUNNING:
            self.report.become(RunState.RUNNING)
        self.report.emit("checkpoint", step=progress.step, path=path.relative_to(folder.path).as_posix())
        snapshot.tidy(folder, self.session.plan.keep_checkpoints)
        self._saved_at = time.monotonic()
        self.report.say(f"step {progress.step}  saved {path.name}")
        self._tick()

    def _lack_room(self) -> None:
        """A moment of waiting: paused for whoever looks, and a stop is heard; it waits for the room too."""
        if "stop" in self.control.poll():
            self._stop = True
        if self._stop:
            self.report.become(RunState.STOPPING)
        elif self.report.status is RunState.RUNNING:
            self.report.become(RunState.PAUSED)
        time.sleep(ROOM_POLL_S)
        self._clock = time.monotonic()

    def _write_checkpoint(self) -> Path | None:
        """None: there was no room, and it has been told. A quota shows only when writing fails."""
        session, folder = self.session, self.report.folder
        needed = self._checkpoint_bytes()
        free = free_bytes(folder.path)
        if free >= needed:
            try:
                return snapshot.save(
                    folder,
                    model=session.model,
                    config=session.config,
                    tokenizer_files=session.tokenizer_files,
                    optimizers=session.optimizers,
                    precision=session.precision,
                    plan=session.plan,
                    progress=self.progress,
                    facts=session.facts,
                )
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                free = 0
        if not self._lacks_room:
            self._lacks_room = True
            self.report.warn("no_room", free=f"{free / 1e9:.2f} GB", needed=f"{needed / 1e9:.2f} GB")
        return None

    def _checkpoint_bytes(self) -> int:
        weights = sum(p.numel() * p.element_size() for p in self.session.model.parameters())
        state = sum(t.numel() * t.element_size() for t in self.session.optimizers.state_tensors().values())
        return weights + state + (8 << 20)

    # -- requests --------------------------------------------------------------------------------

    def _answer_requests(self) -> None:
        for action in self.control.poll():
            if action == "stop":
                self._stop = True
            elif action == "save":
                self.save()
            elif action == "sample":
                self.sample()
            elif action == "pause" and not self._stop:
                self._pause()

    def _pause(self) -> None:
        self.report.become(RunState.PAUSED)
        self.report.say("paused")
        while not self._stop:
            for action in self.control.poll():
                if action == "stop":
                    self._stop = True
                elif action == "resume":
                    self._clock = time.monotonic()
                    self.report.become(RunState.RUNNING)
                    self.report.say("goes on")
                    return
                elif action == "save":
                    self.save()
                elif action == "sample":
                    self.sample()
            time.sleep(PAUSE_POLL_S)
        self._clock = time.monotonic()


def start_event(session: Session) -> dict[str, Any]:
    """The fields of `start`, besides the attempt."""
    parameters = list(session.model.parameters())
    return {
        "from_step": session.progress.step,
        "parameters": sum(p.numel() for p in parameters),
        "trainable_parameters": sum(p.numel() for p in parameters if p.requires_grad),
        "tokens_per_step": session.plan.tokens_per_step,
        "total_steps": session.plan.total_steps,
        "device": session.device.label,
        "device_name": session.device.name,
        "precision": session.plan.precision,
        "seq_len": session.plan.seq_len,
        "steps_per_epoch": -(-session.data.rows // session.plan.rows_per_step),
    }
