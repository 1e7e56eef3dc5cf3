"""What the machine is doing: cards through NVML, processor and memory through psutil, once a second.

The trainer writes samples to hardware.jsonl, so that the history has no hole while no window is open;
the window shows samples of its own when nothing runs. A missing driver is a normal state with a sentence.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from minimind import nvml
from minimind.device import Device, cpu, gpu
from minimind.files import LineAppender

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class GpuSample:
    """One card at one moment; None where the driver does not say (old cards, shared memory, a lost card)."""

    index: int
    name: str
    utilisation_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None


@dataclass(frozen=True, kw_only=True)
class HardwareSample:
    """The machine at one moment.

    Attributes:
        t: unix seconds, for people; a stepped clock can make it go backwards.
        step: the last finished optimizer update, when a trainer wrote the sample.
        cpu_percent: of all cores together, since the sample before; None on the first one.
        ram_used_bytes, ram_total_bytes: of the machine, or of the container when it allows less.
        rss_bytes: memory of the sampled process.
    """

    t: float
    cpu_percent: float | None
    ram_used_bytes: int
    ram_total_bytes: int
    rss_bytes: int | None = None
    step: int | None = None
    gpus: tuple[GpuSample, ...] = ()

    def to_line(self) -> bytes:
        """One line of hardware.jsonl, without its newline; what is unknown is left out."""
        value: dict[str, Any] = {"v": 1, **_known(self), "gpus": [_known(card) for card in self.gpus]}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def parse_line(line: bytes | str) -> HardwareSample | None:
    """A sample from a line of hardware.jsonl, or None: damaged, or written by something else."""
    try:
        value = json.loads(line)
        cards = tuple(_build(GpuSample, card) for card in value.pop("gpus", []))
        return _build(HardwareSample, {**value, "gpus": cards})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _known(sample: Any) -> dict[str, Any]:
    values = {f.name: getattr(sample, f.name) for f in dataclasses.fields(sample) if f.name != "gpus"}
    return {
        key: round(value, 2) if isinstance(value, float) else value
        for key, value in values.items()
        if value is not None
    }


def _build(kind: type[T], value: dict[str, Any]) -> T:
    # fields of a later version are skipped; one that an earlier version left out is unknown
    names = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known = {key: item for key, item in value.items() if key in names}
    if kind is HardwareSample:
        known.setdefault("cpu_percent", None)
    for key, item in known.items():
        if key not in ("name", "gpus") and not (item is None or type(item) in (int, float)):
            raise TypeError(key)
    return kind(**known)


# -- memory ---------------------------------------------------------------------------------------


def container_limit_bytes(root: Path = Path("/")) -> int | None:
    """The least memory.max of this process's cgroups (version 2), or None where nothing limits it."""
    try:
        entry = (root / "proc/self/cgroup").read_text().strip().rpartition("::")[2]
    except OSError:
        return None
    limits = []
    folder = root / "sys/fs/cgroup" / entry.lstrip("/")
    while folder != folder.parent and folder.is_relative_to(root / "sys/fs/cgroup"):
        with suppress(OSError, ValueError):
            limits.append(int((folder / "memory.max").read_text()))
        folder = folder.parent
    return min(limits, default=None)


def memory() -> tuple[int, int]:
    """Bytes in use and bytes in all, of the machine or of the container if that allows less."""
    machine = psutil.virtual_memory()
    total = min(machine.total, container_limit_bytes() or machine.total)
    return min(machine.total - machine.available, total), total


def device_list() -> list[Device]:
    """Every place to compute that can be found without torch: cards by NVML's index, then the processor."""
    found = [
        gpu(card.index, card.name, card.memory_total_bytes or 0, card.memory_free_bytes or 0)
        for card in nvml.cards().cards
    ]
    return [*found, cpu()]


# -- samples --------------------------------------------------------------------------------------


class HardwareReader:
    """Keeps NVML open and the last processor times, so that one sample costs about a millisecond.

    Not for several threads at once. `problem` says why no cards are read, or is None.
    """

    def __init__(self, *, process: int | None = None) -> None:
        """`process`: the pid whose memory is sampled too."""
        self._nvml, self.problem = nvml.start()
        self._handles = nvml.handles(self._nvml) if self._nvml else []
        self._process: psutil.Process | None = None
        if process is not None:
            with suppress(psutil.Error):
                self._process = psutil.Process(process)
        self._times: tuple[float, float] | None = None

    def sample(self, *, step: int | None = None) -> HardwareSample:
        """The machine now."""
        used, total = memory()
        return HardwareSample(
            t=time.time(),
            step=step,
            cpu_percent=self._cpu_percent(),
            ram_used_bytes=used,
            ram_total_bytes=total,
            rss_bytes=self._rss(),
            gpus=tuple(self._gpu(*place) for place in self._handles),
        )

    def close(self) -> None:
        """Let NVML go; sampling afterwards shows no cards."""
        self._handles = []
        if self._nvml:
            nvml.ask(self._nvml, "nvmlShutdown")
            self._nvml = None

    def _cpu_percent(self) -> float | None:
        # psutil.cpu_percent keeps its memory per module: two readers would spoil each other's figures
        times = psutil.cpu_times()
        # Linux counts guest time in user time as well
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = times.idle + getattr(times, "iowait", 0.0)
        before, self._times = self._times, (total, idle)
        if before is None or total <= before[0]:
            return None
        busy = 1 - (idle - before[1]) / (total - before[0])
        return min(100.0, max(0.0, 100 * busy))

    def _rss(self) -> int | None:
        try:
            return int(self._process.memory_info().rss) if self._process else None
        except psutil.Error:
            return None

    def _gpu(self, index: int, handle: Any, name: str) -> GpuSample:
        if handle is None:
            return GpuSample(index=index, name=name)
        lib = self._nvml
        load = nvml.ask(lib, "nvmlDeviceGetUtilizationRates", handle)
        room = nvml.ask(lib, "nvmlDeviceGetMemoryInfo", handle)
        power = nvml.ask(lib, "nvmlDeviceGetPowerUsage", handle)
        limit = nvml.ask(lib, "nvmlDeviceGetEnforcedPowerLimit", handle)
        return GpuSample(
            index=index,
            name=name,
            utilisation_percent=load.gpu if load else None,
            memory_used_bytes=room.used if room else None,
            memory_total_bytes=room.total if room else None,
            temperature_c=nvml.ask(lib, "nvmlDeviceGetTemperature", handle, lib.NVML_TEMPERATURE_GPU),
            power_w=None if power is None else power / 1000,
            power_limit_w=None if limit is None else limit / 1000,
        )


def sample() -> HardwareSample:
    """The machine now, asked once; `cpu_percent` is unknown. For a series keep a `HardwareReader`."""
    reader = HardwareReader()
    try:
        return reader.sample()
    finally:
        reader.close()


class HardwareSampler(threading.Thread):
    """Samples on a beat until told to stop; an error is counted and never reaches the trainer.

    Attributes:
        step: set by the trainer after each update; goes into the sample.
        latest: the newest sample, for whoever looks.
        failures: beats that gave no line; last_error says why.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        on_sample: Callable[[HardwareSample], None] | None = None,
        process: int | None = None,
        interval_s: float = 1.0,
    ) -> None:
        """`path`: hardware.jsonl of a run; `on_sample`: called on this thread; `process`: a pid."""
        super().__init__(name="hardware", daemon=True)
        self.step: int | None = None
        self.latest: HardwareSample | None = None
        self.failures = 0
        self.last_error = ""
        self._path = path
        self._on_sample = on_sample
        self._process = process
        self._interval = interval_s
        self._ended = threading.Event()
        self._file: LineAppender | None = None

    def run(self) -> None:
        """The beat: monotonic, and after a sleep of the machine without catching up."""
        reader: HardwareReader | None = None
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            try:
                reader = reader or HardwareReader(process=self._process)
                self._beat(reader)
            except Exception as error:  # a broken sensor or a full disk must not end a training
                self.failures += 1
                self.last_error = f"{type(error).__name__}: {error}"
            due = max(due + self._interval, time.monotonic())
        if reader:
            reader.close()
        if self._file:
            self._file.close()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End after the beat under way; a driver that hangs is left behind."""
        self._ended.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join(timeout_s)

    def _beat(self, reader: HardwareReader) -> None:
        self.latest = reader.sample(step=self.step)
        if self._on_sample:
            self._on_sample(self.latest)
        if self._path:
            self._file = self._file or LineAppender(self._path)
            self._file.append(self.latest.to_line())
