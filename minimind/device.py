"""What the machine can do, asked without torch: enough to choose a precision and to predict a run."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from minimind.errors import BadInput

# dense bf16 peak (fp16 where the card has no bf16), multiply and add counted separately, in FLOP/s;
# float32 accumulation; by a part of the name as NVML reports it; makers' data sheets
GPU_PEAK: dict[str, float] = {
    "H200": 989e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40": 181e12,
    "5090": 209e12,
    "5080": 113e12,
    "5070": 61e12,
    "4090": 165e12,
    "4080": 97e12,
    "4070": 58e12,
    "4060": 30e12,
    "3090": 71e12,
    "3080": 59e12,
    "3070": 41e12,
    "3060": 25e12,
    "3050": 18e12,
    "2080": 40e12,
    "2060": 26e12,
    "T4": 40e12,
    "1660": 10e12,
    "1080": 9e12,
}
GPU_PEAK_UNKNOWN = 15e12
# first generation with bf16 in hardware (Ampere); the names of older ones
_OLD_GPUS = ("2080", "2070", "2060", "1660", "1650", "1080", "1070", "1060", "1050", "T4", "V100", "P100")


@dataclass(frozen=True, kw_only=True)
class Device:
    """One place to compute.

    Attributes:
        kind: cpu, cuda or mps.
        index: which card; 0 on a CPU.
        name: for people.
        memory_bytes: all of it; free_bytes: what is left now.
        bf16: bf16 is faster than float32 here; fp16: float16 is, with a scaler.
        flops: what a good matmul reaches in the precision that pays, FLOP/s.
        flops_float32: the same in float32.
        threads: used for computing on a CPU.
    """

    kind: str
    index: int = 0
    name: str
    memory_bytes: int
    free_bytes: int
    bf16: bool
    fp16: bool = False
    flops: float
    flops_float32: float
    threads: int = 1

    @property
    def label(self) -> str:
        """As `--device` takes it."""
        return f"{self.kind}:{self.index}" if self.kind == "cuda" else self.kind

    def precision(self, asked: str) -> str:
        """float32, bf16 or fp16: what `auto` means here.

        Raises:
            BadInput: float16 on a CPU, which is slower than float32 and overflows.
        """
        if asked == "fp16" and self.kind == "cpu":
            raise BadInput("precision fp16 does not work on a CPU; use bf16, float32 or auto")
        if asked != "auto":
            return asked
        return "bf16" if self.bf16 else "fp16" if self.fp16 else "float32"


@cache
def cpu_flags() -> frozenset[str]:
    """Instruction sets that the processor has; empty where they cannot be read."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return frozenset(line.partition(":")[2].split())
    except OSError:
        pass
    return frozenset()


def physical_threads() -> int:
    """Threads that computing gains from: cores that this process may use."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return max(1, min(cores, allowed))


def cpu() -> Device:
    """The processor."""
    flags = cpu_flags()
    bf16 = "avx512_bf16" in flags or "amx_bf16" in flags
    threads = int(os.environ.get("OMP_NUM_THREADS") or 0) or physical_threads()
    # per core, measured: 110 GFLOP/s with AVX-512, half with AVX2; bf16 instructions give 4.5 times that
    single = (110e9 if "avx512f" in flags else 55e9 if "avx2" in flags or not flags else 25e9) * threads
    from minimind.hardware import memory

    used, total = memory()
    return Device(
        kind="cpu",
        name=_cpu_name(),
        memory_bytes=total,
        free_bytes=total - used,
        bf16=bf16,
        flops=single * 4.5 if bf16 else single,
        flops_float32=single,
        threads=threads,
    )


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "CPU"


def gpu(index: int, name: str, memory_bytes: int, free_bytes: int) -> Device:
    """A card by what NVML or torch says of it."""
    peak = next((flops for part, flops in GPU_PEAK.items() if part in name), GPU_PEAK_UNKNOWN)
    old = any(part in name for part in _OLD_GPUS)
    return Device(
        kind="cuda",
        index=index,
        name=name,
        memory_bytes=memory_bytes,
        free_bytes=free_bytes,
        bf16=not old,
        fp16=old,
        flops=peak,
        flops_float32=peak / 2,
    )
