"""A run folder as a trainer would leave it after hours, written in seconds."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from minimind.hardware import GpuSample, HardwareSample
from minimind.job import Budget, DataFile, JobSpec, ModelRef
from minimind.run_folder import ProcessIdentity, State
from minimind.run_state import RunState
from studio.jobs.launch import create_run

PROJECT = "default"
TOKENS_PER_STEP = 16_384
GIB = 1 << 30


class MadeRun:
    """One run that grows by hand. It is at work for as long as this process lives, unless it is ended.

    Args:
        projects: the projects folder.
        steps_per_s: of the run's own clock.
    """

    def __init__(self, projects: Path, *, name: str = "made", steps_per_s: float = 2.0) -> None:
        total = 10_000_000
        job = JobSpec(
            run_id=name,
            method="pretrain",
            model=ModelRef(preset="minimind2-small"),
            data=(DataFile(path=str(projects / "none.jsonl")),),
            budget=Budget(steps=total),
            created=time.time(),
        )
        self.folder = create_run(projects, PROJECT, job)
        self._rate, self._seq, self._step = steps_per_s, 0, 0
        self._t0 = time.time() - 30 * 86_400
        self._random = np.random.default_rng(0)
        self._write_state(RunState.RUNNING)
        lines = [
            self._line("phase", 0.0, phase="prepare"),
            self._line("start", 1.0, attempt=1, from_step=0, total_steps=total, parameters=25_829_888,
                       tokens_per_step=TOKENS_PER_STEP, device="RTX 3090"),
            self._line("phase", 1.0, phase="train"),
        ]  # fmt: skip
        self._append(self.folder.events_file, lines)

    def grow(self, steps: int) -> None:
        """As many steps more, with what a trainer writes on the way: evaluations, samples, a log."""
        self._append(self.folder.events_file, self._events(steps))

    def grow_hardware(self, seconds: int) -> None:
        """As many samples of the machine more, one a second, up to the newest step."""
        last = self._step / self._rate
        self._append(self.folder.hardware_file, self._hardware(last - seconds, seconds))

    def write_log(self, lines: int) -> None:
        """A log of that length."""
        with self.folder.log_file.open("w", encoding="utf-8") as file:
            for at in range(lines):
                loss = 2.4 + 6 * math.exp(-at / 8000)
                file.write(f"15:42:10  step {at:7}  loss {loss:.4f}  lr 3.13e-04  grad 0.412  18.3k tok/s\n")

    def end(self) -> None:
        """Nobody works on it any more."""
        self._append(
            self.folder.events_file,
            [self._line("done", self._step / self._rate, status="stopped", step=self._step, wall_s=1.0)],
        )
        self._write_state(RunState.STOPPED)

    # -- inside --------------------------------------------------------------------------------

    def _write_state(self, status: RunState) -> None:
        me = ProcessIdentity.of(os.getpid())
        assert me is not None
        state = State(
            status=status,
            pid=me.pid,
            start_ticks=me.start_ticks,
            host=me.host,
            boot_id=me.boot_id,
            heartbeat=time.time(),
            step=self._step,
        )
        self.folder.write_state(state)

    def _line(self, kind: str, seconds: float, **fields: Any) -> bytes:
        self._seq += 1
        event = {"v": 1, "seq": self._seq, "t": self._t0 + seconds, "kind": kind, **fields}
        return json.dumps(event).encode() + b"\n"

    def _events(self, steps: int) -> Iterator[bytes]:
        noise = self._random.normal(0, 0.05, steps)
        for at in range(steps):
            self._step += 1
            step, seconds = self._step, 2.0 + self._step / self._rate
            loss = 2.4 + 6 * math.exp(-step / 8000)
            yield self._line(
                "step", seconds, step=step, loss=round(loss + float(noise[at]), 5), lr=3e-4, grad_norm=0.41,
                tokens_per_s=18_300.0, tokens=step * TOKENS_PER_STEP, memory_bytes=9.7e9, eta_s=9000.0,
            )  # fmt: skip
            if step % 1000 == 0:
                yield self._line("eval", seconds, step=step, val_loss=round(loss + 0.05, 5))
            if step % 5000 == 0:
                yield self._line("sample", seconds, step=step, prompt="春天来了", text="公园里的花都开了。")

    def _hardware(self, first: float, seconds: int) -> Iterator[bytes]:
        for at in range(seconds):
            card = GpuSample(
                index=0,
                name="RTX 3090",
                utilisation_percent=97.0 - at % 3,
                memory_used_bytes=10 * GIB,
                memory_total_bytes=24 * GIB,
                temperature_c=71.0,
                power_w=316.0,
                power_limit_w=350.0,
            )
            sample = HardwareSample(
                t=self._t0 + first + at,
                cpu_percent=20.0 + at % 7,
                ram_used_bytes=5 * GIB,
                ram_total_bytes=16 * GIB,
                rss_bytes=GIB,
                step=self._step,
                gpus=(card,),
            )
            yield sample.to_line() + b"\n"

    @staticmethod
    def _append(file: Path, lines: Any) -> None:
        with file.open("ab") as out:
            out.writelines(lines)
