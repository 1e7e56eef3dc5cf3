"""What stands in for the outside: the machine and its driver, and the process that holds a chat's model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

from PySide6.QtCore import QObject, QTimer

from bench.pages.states import CARD, GB
from minimind import nvml
from minimind.doctor import judge
from minimind.hardware import GpuSample, HardwareSample
from minimind.machine import Facts, TorchFacts
from studio.jobs import supervisor
from studio.services import chat_service
from studio.services.chat_service import ChatService
from studio.services.system_service import SystemService

_CARD = nvml.Card(
    index=0,
    name=CARD,
    memory_total_bytes=24 * GB,
    memory_free_bytes=23 * GB,
    compute_capability=(8, 6),
)
_TORCH = TorchFacts(
    version="2.13.0+cu130",
    cuda="13.0",
    available=True,
    devices=(CARD,),
    architectures=("sm_80", "sm_86", "sm_90"),
)
WITH_CARD = Facts(
    torch=_TORCH,
    cards=nvml.Cards(cards=(_CARD,), driver="580.95.05", cuda=(13, 0)),
    pci_card=True,
    cpu_name="AMD Ryzen 9 5900X",
    cpu_threads=12,
    cpu_bf16=False,
    compiler="c++ 12.2.0",
    extras={"llama-cpp-python": "0.3.16"},
    folder="/home/lin/minimind/projects",
    disk_free_bytes=412 * 10**9,
    ram_free_bytes=24 * GB,
    ram_total_bytes=32 * GB,
    chinese_font=True,
)
NO_CARD = replace(
    WITH_CARD,
    cards=nvml.Cards(problem=nvml.GpuProblem(code="no_driver")),
    pci_card=False,
    torch=TorchFacts(version="2.13.0+cpu"),
)
OLD_DRIVER = replace(
    WITH_CARD,
    cards=nvml.Cards(cards=(_CARD,), driver="535.183.01", cuda=(12, 2)),
    torch=replace(_TORCH, available=False, reason="The NVIDIA driver on your system is too old"),
)
NO_DISK = replace(NO_CARD, disk_free_bytes=9 * 10**8, extras={}, compiler="")


class StillSystem(SystemService):
    """A machine that does not change until a scene says so."""

    def __init__(self, facts: Facts | None) -> None:
        QObject.__init__(self)
        self._facts = facts
        self._latest = self._sample()

    def know(self, facts: Facts | None) -> None:
        """The examination has ended with this; None: it goes on."""
        self._facts = facts
        self._latest = self._sample()
        self.sampled.emit(self._latest)
        self.doctor_changed.emit([] if facts is None else judge(facts))

    def recheck(self) -> None:
        """Finds what it knows already."""

    def close(self) -> None:
        """There is nothing to end."""

    def _sample(self) -> HardwareSample:
        facts = self._facts or NO_CARD
        cards = tuple(
            GpuSample(
                index=card.index,
                name=card.name,
                utilisation_percent=97.0,
                memory_used_bytes=int(9.8 * GB),
                memory_total_bytes=card.memory_total_bytes,
                temperature_c=71.0,
            )
            for card in facts.cards.cards
        )
        return HardwareSample(
            t=0.0, cpu_percent=34.0, ram_used_bytes=8 * GB, ram_total_bytes=facts.ram_total_bytes, gpus=cards
        )


class StillChat(ChatService):
    """A worker that a scene lets speak: models load at once unless `held`."""

    held = False

    def __init__(self, **_ignored: Any) -> None:
        super().__init__()
        self._last = 0

    def say(self, **event: Any) -> None:
        """What the worker would print about the last request."""
        self._on_event({"id": self._last, **event})

    def die(self) -> None:
        """The process ends."""
        self._gone()

    def close(self) -> None:
        """There is no process."""

    def _write(self, request: dict[str, Any]) -> None:
        if request["do"] in ("load", "ask", "continue"):
            self._last = request["id"]
        if request["do"] == "load" and not self.held:
            QTimer.singleShot(0, self, lambda: self._load(request))

    def _load(self, request: dict[str, Any]) -> None:
        base = "/tuned/" not in str(request["path"])
        model = {
            **{name: request[name] for name in ("path", "context", "threads")},
            **{"engine": "torch", "label": "tiny", "method": "pretrain" if base else "sft"},
            **{"is_base": base, "can_think": not base, "seq_len": 512, "parameters": 508_224},
            **{"device": "cpu", "precision": "float32"},
        }
        self._on_event({"event": "loaded", "id": request["id"], "model": model})

    def _end(self) -> None:
        self._waiting.clear()


@contextmanager
def standing_in(facts: Facts | None) -> Iterator[None]:
    """While it lasts, windows see these cards, talk to no process and start none.

    Args:
        facts: whose cards the driver shows; None: no driver.
    """
    cards = (facts or NO_CARD).cards
    with (
        _instead(nvml, "cards", lambda: cards),
        _instead(chat_service, "ChatService", StillChat),
        # what waits in the queue of a picture waits for ever
        _instead(supervisor, "is_running", lambda _projects: True),
        _instead(supervisor, "spawn", lambda *_arguments: Gone()),
    ):
        yield


class Gone:
    """A process that has ended."""

    def poll(self) -> int:
        """Its exit status."""
        return 0


@contextmanager
def _instead(module: ModuleType, name: str, value: object) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)
