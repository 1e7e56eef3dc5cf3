"""A trainer without torch: a real run folder, real events, and every way in which a process can go wrong.

    fake_trainer.py [--mode MODE] [--num-steps N] [--interval S] [--at STEP] RUN [--resume]

Modes: fast, slow (S seconds a step), crash (exception at STEP), die (SIGKILL at STEP), torn (dies within the
line of STEP), hang (from STEP on deaf to control and SIGTERM), nan (no loss from STEP on, then failed),
big (N step lines at once), mute (dies before state.json), refuse (exit 2 with one line before state.json).

Tests give it to `RunService(trainer=fake_command("slow"))`; a job's `work`, or `fake` among its settings, may
override the options.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from minimind.events import EventWriter
from minimind.files import replace_text, write_folder
from minimind.job import Budget, DataFile, JobSpec, ModelRef, new_run_id
from minimind.lock import Held
from minimind.run_folder import ProcessIdentity, RunFolder, State, checkpoint_step
from minimind.run_state import RunState

VOCABULARY = 6400
TOKENS_PER_STEP = 4096


def fake_command(mode: str = "fast", **options: object) -> tuple[str, ...]:
    """The command for a launcher: fake_command("slow", num_steps=50, interval=0.02)."""
    flags = [part for k, v in options.items() for part in (f"--{k.replace('_', '-')}", str(v))]
    return (sys.executable, str(Path(__file__).resolve()), "--mode", mode, *flags)


def fake_job(label: str = "fake", **changes: Any) -> JobSpec:
    """A job that the fake trainer takes: `work={"mode": "crash"}` overrides the command's mode."""
    job = JobSpec(
        run_id=new_run_id(label),
        method="pretrain",
        model=ModelRef(preset="tiny"),
        data=(DataFile(path="/nowhere/pretrain.jsonl"),),
        budget=Budget(steps=20),
    )
    return job.with_changes(**changes)


def loss_at(step: int) -> float:
    """The loss of a step: falls from ln 6400 with a small ripple."""
    return 2.0 + (math.log(VOCABULARY) - 2.0) * math.exp(-step / 40) + 0.05 * math.sin(step)


class FakeTrainer:
    """One attempt."""

    def __init__(self, folder: RunFolder, options: argparse.Namespace) -> None:
        self.folder = folder
        self.options = options
        self.stop_asked = False
        self.paused = False
        self.answered: set[str] = set()
        state = folder.read_state()
        self.attempt = max([state.attempt if state else 0, *folder.attempt_numbers()]) + 1
        last = folder.pointed("last")
        self.step = checkpoint_step(last) if last else 0
        self.events = EventWriter(folder.events_file)
        self.identity = ProcessIdentity.of(os.getpid())
        assert self.identity is not None
        self.status = RunState.STARTING
        self.began = time.monotonic()
        self.become(RunState.STARTING)

    def become(self, status: RunState) -> None:
        assert status is self.status or self.status.may_become(status), f"{self.status} -> {status}"
        self.status = status
        me = self.identity
        self.folder.write_state(
            State(
                status=status,
                pid=me.pid,
                start_ticks=me.start_ticks,
                host=me.host,
                boot_id=me.boot_id,
                heartbeat=time.time(),
                step=self.step,
                attempt=self.attempt,
            ),
            sync=False,
        )

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._on_sigterm)
        options = self.options
        for part in (0, 1):
            self.events.emit("progress", phase="prepare", done=part * 1000, total=1000, unit="bytes")
        self.folder.attempts.mkdir(exist_ok=True)
        replace_text(
            self.folder.attempt_file(self.attempt), json.dumps({"v": 1, "attempt": {"device": "cpu"}})
        )
        self.events.emit(
            "start",
            attempt=self.attempt,
            from_step=self.step,
            parameters=508_224,
            trainable_parameters=508_224,
            tokens_per_step=TOKENS_PER_STEP,
            total_steps=options.num_steps,
            device="cpu",
        )
        self.become(RunState.RUNNING)
        if self.step == 0:
            self.evaluate()
            self.speak()
        if options.mode == "big":
            self.write_many()
        while self.step < options.num_steps and not self.stop_asked:
            self.one_step()
            self.answer()
        return self.end(RunState.STOPPED if self.stop_asked else RunState.FINISHED)

    def one_step(self) -> None:
        options = self.options
        time.sleep(options.interval)
        self.step += 1
        hit = self.step >= options.at
        if hit and options.mode == "crash":
            raise RuntimeError("a fault made on purpose")
        if hit and options.mode == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if hit and options.mode == "torn":
            with self.folder.events_file.open("ab") as file:
                file.write(b'{"v":1,"seq":%d,"t":1.0,"kind":"step","step":%d,"lo' % (9999, self.step))
            os.kill(os.getpid(), signal.SIGKILL)
        if hit and options.mode == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(60)
        bad = hit and options.mode == "nan"
        self.events.emit("step", **self.figures(self.step), **({"loss": None} if bad else {}))
        if bad and self.step >= options.at + 4:
            raise FloatingPointError
        if self.step % options.eval_every == 0:
            self.evaluate()
        if self.step % options.save_every == 0:
            self.save()

    def figures(self, step: int) -> dict[str, Any]:
        rate = TOKENS_PER_STEP / max(self.options.interval, 0.001)
        figures = {
            "step": step,
            "loss": loss_at(step),
            "lr": 3e-3,
            "grad_norm": 1.0 / step,
            "tokens_per_s": rate,
            "tokens": step * TOKENS_PER_STEP,
            "memory_bytes": 300_000_000,
            "eta_s": (self.options.num_steps - step) * self.options.interval,
        }
        if self.options.mode == "nan" and step >= self.options.at:
            del figures["loss"]
        return figures

    def write_many(self) -> None:
        """Lines as fast as the disk takes them, for measurements."""
        with self.folder.events_file.open("ab") as file:
            for step in range(self.step + 1, self.options.num_steps + 1):
                seq = self.events.seq + step
                body = {"v": 1, "seq": seq, "t": 1.7e9 + step * 0.01, "kind": "step", **self.figures(step)}
                file.write(json.dumps(body).encode() + b"\n")
        self.step = self.options.num_steps
        self.events = EventWriter(self.folder.events_file)

    def evaluate(self) -> None:
        loss = loss_at(self.step) + 0.1
        self.events.emit("eval", step=self.step, val_loss=loss, bits_per_byte=loss / 2.5)

    def speak(self) -> None:
        self.events.emit("sample", step=self.step, prompt="春天来了", text=f"春天来了，第 {self.step} 步")

    def save(self) -> None:
        target = self.folder.step_folder(self.step)
        self.folder.checkpoints.mkdir(exist_ok=True)
        if not target.exists():
            write_folder(target, lambda folder: replace_text(folder / "config.json", "{}"))
        replace_text(self.folder.checkpoints / "last", target.name + "\n")
        replace_text(self.folder.checkpoints / "best", target.name + "\n")
        self.events.emit("checkpoint", step=self.step, path=f"checkpoints/{target.name}")

    def answer(self) -> None:
        while True:
            for identity, action in self.folder.requests(attempt=self.attempt):
                if identity in self.answered:
                    continue
                self.answered.add(identity)
                self.events.emit("control", id=identity, action=action)
                if action in ("pause", "resume"):
                    self.paused = action == "pause"
                    self.become(RunState.PAUSED if self.paused else RunState.RUNNING)
                elif action == "stop":
                    self.stop_asked = True
                elif action == "save":
                    self.save()
                elif action == "sample":
                    self.speak()
            if not self.paused or self.stop_asked:
                return
            time.sleep(0.02)

    def end(self, status: RunState) -> int:
        if status is RunState.STOPPED:
            self.become(RunState.STOPPING)
        if status is not RunState.FAILED:
            self.evaluate()
            self.save()
        self.events.emit(
            "done",
            status=status.value,
            step=self.step,
            val_loss=loss_at(self.step) + 0.1,
            tokens_per_s=1000.0,
            wall_s=round(time.monotonic() - self.began, 3),
        )
        self.events.close()
        self.become(status)
        print(f"{status.value} at step {self.step}", flush=True)
        return 1 if status is RunState.FAILED else 0

    def _on_sigterm(self, number: int, frame: object) -> None:
        self.stop_asked = True


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", default="fast")
    parser.add_argument("--num-steps", type=int, default=20)
    parser.add_argument("--interval", type=float, default=None)
    parser.add_argument("--at", type=int, default=10)
    parser.add_argument("--eval-every", type=int, default=5)
    parser.add_argument("--save-every", type=int, default=5)
    options, _ = parser.parse_known_args(arguments)
    job = JobSpec.load(RunFolder(options.folder).job_file)
    vars(options).update({**job.work, **job.settings.get("fake", {})})
    if options.interval is None:
        options.interval = 0.05 if options.mode in ("slow", "hang") else 0.0
    if "--resume" in arguments and options.mode not in ("slow", "fast"):
        options.mode = "fast"  # what broke the first attempt does not break the next
    return options


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    folder = RunFolder(options.folder)
    if options.mode == "mute":
        os.kill(os.getpid(), signal.SIGKILL)
    if options.mode == "refuse":
        print("--data /nowhere/pretrain.jsonl: there is no such file", file=sys.stderr)
        return 2
    try:
        lock = folder.lock().acquire()
    except Held as held:
        print(held, file=sys.stderr)
        return 2
    with lock:
        trainer = FakeTrainer(folder, options)
        print(f"attempt {trainer.attempt} begins at step {trainer.step}", flush=True)
        try:
            return trainer.run()
        except FloatingPointError:
            trainer.events.fail("non_finite", step=trainer.step)
            return trainer.end(RunState.FAILED)
        except RuntimeError as error:
            trainer.events.fail("crashed", reason=str(error))
            print(f"Traceback (most recent call last):\nRuntimeError: {error}", flush=True)
            return trainer.end(RunState.FAILED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
