"""Training speed of a preset on this machine, and the share of each phase of a step.

    python -m bench.throughput --data FILE [--model minimind2-small] [--steps 12] [--compile] [--json]

A step is one micro-batch of --tokens slots: forward, loss, backward, clip and optimizer as in the trainer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import psutil
import torch

from minimind.assets import BUNDLED_TOKENIZER, SAMPLE
from minimind.data.cache import prepare
from minimind.data.loader import Loader
from minimind.job import Budget, JobSpec, ModelRef
from minimind.losses import linear_cross_entropy
from minimind.model.transformer import Transformer
from minimind.plan import Data, resolve
from minimind.presets import preset
from minimind.tokenizer.tokenizer import Tokenizer
from minimind.training.distributed import Single
from minimind.training.optimizer import OptimizerSet
from minimind.training.precision import Precision
from minimind.training.run import peak_memory_bytes
from minimind.training.setup import choose_device, switch_on

PHASES = ("data", "forward", "loss", "backward", "clip", "optimizer")
OTHERS_LIMIT = 0.08  # of one core


class Watch:
    """Seconds of each phase of one step, and how much other processes used meanwhile."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._own = psutil.Process()
        self.seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)
        self._start = self._last = time.perf_counter()
        self._busy, self._mine = self._cpu()

    def _cpu(self) -> tuple[float, float]:
        times, own = psutil.cpu_times(), self._own.cpu_times()
        return sum(times) - times.idle - times.iowait, own.user + own.system

    def lap(self, phase: str) -> None:
        """The time since the last lap belongs to `phase`."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.seconds[phase] += now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """Seconds of the whole step."""
        return sum(self.seconds.values())

    def others(self) -> float:
        """Cores that other processes used during the step."""
        busy, mine = self._cpu()
        return max(0.0, (busy - self._busy) - (mine - self._mine)) / max(self.total, 1e-9)


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Run the steps; medians over those that nobody disturbed."""
    device = choose_device(options.device)
    torch_device = switch_on(device)
    job = JobSpec(
        run_id="bench",
        method="pretrain",
        model=ModelRef(preset=options.model),
        settings={
            "precision": options.precision,
            "optimizer": options.optimizer,
            "tokens_per_step": options.tokens,
        },
        budget=Budget(steps=options.steps),
    )
    config = preset(options.model).config
    plan = resolve(job, config, Data(tokens=10**9, rows=10**6), device)
    cache = prepare(options.data, Tokenizer.load(BUNDLED_TOKENIZER), needs="text")
    rows = max(1, options.tokens // options.seq_len)
    loader = Loader([cache], [1.0], seed=1, seq_len=options.seq_len, rows_per_step=rows, micro_batch=rows)
    model = Transformer(config).initialise(1).to(torch_device).train()
    optimizers, precision, strategy = (
        OptimizerSet(model, plan, torch_device),
        Precision(plan.precision, torch_device),
        Single(),
    )
    if options.compile:
        model.compile_blocks()
    steps: list[tuple[Watch, int, float]] = []
    for number in range(options.warm_up + options.steps):
        watch = Watch(torch_device)
        (batch,) = loader.next_step()
        batch = batch.to(torch_device)
        watch.lap("data")
        with precision.autocast():
            states = model(batch)
            watch.lap("forward")
            total, count = linear_cross_entropy(states.hidden_ND, model.head_weight, batch.labels_N)
        watch.lap("loss")
        (total / count).backward()
        watch.lap("backward")
        strategy.clip(list(model.parameters()), plan.clip)
        watch.lap("clip")
        optimizers.step(plan.lr)
        optimizers.zero_grad()
        watch.lap("optimizer")
        if number >= options.warm_up:
            steps.append((watch, batch.num_tokens, watch.others()))
    clean = [item for item in steps if item[2] <= OTHERS_LIMIT] or steps
    seconds = statistics.median(watch.total for watch, _tokens, _others in clean)
    return {
        "model": options.model,
        "device": device.name,
        "precision": plan.precision,
        "optimizer": plan.optimizer,
        "compiled": options.compile,
        "threads": torch.get_num_threads(),
        "steps": len(clean),
        "disturbed": len(steps) - sum(others <= OTHERS_LIMIT for _w, _t, others in steps),
        "seconds_per_step": seconds,
        "tokens_per_s": statistics.median(tokens / watch.total for watch, tokens, _others in clean),
        "share": {p: statistics.median(w.seconds[p] / w.total for w, _t, _o in clean) for p in PHASES},
        "peak_memory_bytes": peak_memory_bytes(),
    }


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SAMPLE / "pretrain.jsonl")
    parser.add_argument("--model", default="minimind2-small")
    parser.add_argument("--seq-len", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=4096, help="slots of a step")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--optimizer", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options)
    if options.json:
        print(json.dumps(found))
        return 0
    share = found.pop("share")
    for name, value in found.items():
        print(f"{name:<18} {value:,.2f}" if isinstance(value, float) else f"{name:<18} {value}")
    for name, value in share.items():  # type: ignore[attr-defined]
        print(f"  {name:<16} {value:6.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
