"""NVIDIA's management library through nvidia-ml-py: which cards there are, what the driver can run.

A missing driver is a normal state with a sentence, and each question is asked for itself: one that a card
cannot answer (an old card, memory shared with the processor, a card that fell off the bus) is None.
Index = NVML's order, by place on the bus. torch sorts cards by speed unless CUDA_DEVICE_ORDER=PCI_BUS_ID is
set before it starts: whoever starts a trainer on `cuda:N` sets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from minimind.text import N_, _

GPU_PROBLEMS = {
    "no_driver": N_("There is no NVIDIA driver; CPU and RAM are shown here."),
    "no_pynvml": N_("The Python package nvidia-ml-py is missing, so graphics cards are not seen."),
    "driver_not_loaded": N_("The NVIDIA driver is installed, but it is not loaded."),
    "version_mismatch": N_("The NVIDIA driver was updated while the computer was running."),
    "no_permission": N_("This account may not talk to the NVIDIA driver."),
    "nvml_error": N_("The NVIDIA driver does not answer: {reason}."),
}


@dataclass(frozen=True, kw_only=True)
class GpuProblem:
    """Why no card can be read: a code of `GPU_PROBLEMS` and NVML's own words."""

    code: str
    reason: str = ""

    @property
    def message(self) -> str:
        """One sentence in the language of now."""
        return _(GPU_PROBLEMS[self.code]).format(reason=self.reason)


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a card is, and how much memory is free now.

    Attributes:
        index: NVML's, by place on the bus.
        compute_capability: (major, minor), or None where the driver does not say.
    """

    index: int
    name: str
    memory_total_bytes: int | None = None
    memory_free_bytes: int | None = None
    compute_capability: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Every NVIDIA card and its driver.

    Attributes:
        driver: its version, e.g. 535.183.01; empty when unknown.
        cuda: the newest CUDA that this driver runs, (major, minor).
        problem: why there is nothing to see, or None.
    """

    cards: tuple[Card, ...] = ()
    driver: str = ""
    cuda: tuple[int, int] | None = None
    problem: GpuProblem | None = None


def start() -> tuple[Any, GpuProblem | None]:
    """The pynvml module with NVML started, or why that did not work."""
    try:
        import pynvml  # imported here: a machine without a card need not have it
    except ImportError:
        return None, GpuProblem(code="no_pynvml")
    codes = {
        pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "no_driver",
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "driver_not_loaded",
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "version_mismatch",
        pynvml.NVML_ERROR_NO_PERMISSION: "no_permission",
    }
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        code = codes.get(getattr(error, "value", 0), "nvml_error")
        return None, GpuProblem(code=code, reason=str(error))
    return pynvml, None


def ask(nvml: Any, query: str, *arguments: Any) -> Any:
    """One question; None when the card or the driver does not know, or has no such question."""
    try:
        return getattr(nvml, query)(*arguments)
    except (nvml.NVMLError, AttributeError):
        return None


def handles(nvml: Any) -> list[tuple[int, Any, str]]:
    """Index, handle and name of every card; the handle is None for one that is there but does not answer."""
    found = []
    for index in range(ask(nvml, "nvmlDeviceGetCount") or 0):
        handle = ask(nvml, "nvmlDeviceGetHandleByIndex", index)
        name = handle and ask(nvml, "nvmlDeviceGetName", handle)
        found.append((index, handle, name or f"NVIDIA GPU {index}"))
    return found


@contextmanager
def _nvml() -> Iterator[tuple[Any, GpuProblem | None]]:
    nvml, problem = start()
    try:
        yield nvml, problem
    finally:
        if nvml:
            ask(nvml, "nvmlShutdown")


def cards() -> Cards:
    """Look once at every NVIDIA card; costs nothing worth mentioning without a driver."""
    with _nvml() as (nvml, problem):
        if nvml is None:
            return Cards(problem=problem)
        cuda = ask(nvml, "nvmlSystemGetCudaDriverVersion_v2")
        return Cards(
            cards=tuple(_card(nvml, *place) for place in handles(nvml)),
            driver=ask(nvml, "nvmlSystemGetDriverVersion") or "",
            cuda=(cuda // 1000, cuda % 1000 // 10) if cuda else None,
        )


def _card(nvml: Any, index: int, handle: Any, name: str) -> Card:
    room = handle and ask(nvml, "nvmlDeviceGetMemoryInfo", handle)
    capability = handle and ask(nvml, "nvmlDeviceGetCudaComputeCapability", handle)
    return Card(
        index=index,
        name=name,
        memory_total_bytes=room.total if room else None,
        memory_free_bytes=room.free if room else None,
        compute_capability=(capability[0], capability[1]) if capability else None,
    )
