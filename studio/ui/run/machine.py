"""The machine's history as lanes: which there are, their ranges, their values as text. No Qt here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minimind.text import N_, _
from studio.store.records import HardwareLanes
from studio.ui import format as fmt
from studio.ui.plot.marks import Lane

Array = NDArray[np.float64]

COMPACT_LANES, NORMAL_LANES, WIDE_LANES = 2, 4, 6
_GPU = "gpu0."
_CARD_NAMES = re.compile(r"NVIDIA|GeForce|RTX|GTX|Tesla|Quadro|cuda|\b[ALHBTV]\d{1,3}0?\b", re.IGNORECASE)
_HOTTEST = (30.0, 90.0)
# for a card whose driver does not name its limit, and for processors, whose power nobody measures
_SOME_WATTS = 350.0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A quantity: its lane's name, msgid, and how a value is written."""

    name: str
    label: str
    text: Callable[[float], str]
    total: str = ""
    filled: bool = False


_CARD = (
    Kind(
        name=_GPU + "utilisation_percent",
        label=N_("GPU"),
        text=lambda v: fmt.percent(v / 100),
        filled=True,
    ),
    Kind(
        name=_GPU + "memory_used_bytes",
        label=N_("VRAM"),
        text=fmt.memory,
        total=_GPU + "memory_total_bytes",
        filled=True,
    ),
    Kind(name=_GPU + "temperature_c", label=N_("Temp"), text=fmt.temperature),
    Kind(name=_GPU + "power_w", label=N_("Power"), text=fmt.power, total=_GPU + "power_limit_w"),
)
_HOST = (
    Kind(name="cpu_percent", label=N_("CPU"), text=lambda v: fmt.percent(v / 100), filled=True),
    Kind(name="ram_used_bytes", label=N_("RAM"), text=fmt.memory, total="ram_total_bytes", filled=True),
)
_KINDS = {kind.name: kind for kind in (*_CARD, *_HOST)}


def has_card(hardware: HardwareLanes) -> bool:
    """Whether an NVIDIA card was measured."""
    return any(_known(hardware.lanes, kind.name) for kind in _CARD)


def is_card(device: str) -> bool:
    """Whether a device's name is that of a graphics card, as far as names tell."""
    return bool(_CARD_NAMES.search(device))


def lanes(hardware: HardwareLanes, most: int, *, memory_first: bool = False) -> list[Lane]:
    """The lanes to show, top to bottom.

    Args:
        hardware: what was measured.
        most: how many there is room for by the window's width.
        memory_first: the run ended because memory ran out.
    """
    card = has_card(hardware)
    kinds = [kind for kind in (*_CARD, *_HOST) if _known(hardware.lanes, kind.name)]
    if not card:
        most = min(most, len(_HOST))
    if memory_first:
        kinds.sort(key=lambda kind: "memory" not in kind.name and "ram" not in kind.name)
    return [_lane(kind, hardware.lanes) for kind in kinds[:most]]


def values(shown: list[Lane], value_at: Callable[[str], float | None]) -> dict[str, str]:
    """What stands at the right of each lane."""
    found = {}
    for lane in shown:
        value = value_at(lane.name)
        found[lane.name] = fmt.UNKNOWN if value is None else _KINDS[lane.name].text(value)
    return found


def mean_power(hardware: HardwareLanes) -> float | None:
    """Watts of the card on average; None where nobody measured."""
    lane = hardware.lanes.get(_GPU + "power_w")
    if lane is None or not np.isfinite(lane).any():
        return None
    return float(np.nanmean(lane))


def _known(found: Mapping[str, Array], name: str) -> bool:
    return name in found and bool(np.isfinite(found[name]).any())


def _lane(kind: Kind, found: Mapping[str, Array]) -> Lane:
    low, high = 0.0, 100.0
    if kind.name.endswith("temperature_c"):
        low, high = _HOTTEST
    elif kind.total:
        high = float(np.nanmax(found[kind.total])) if _known(found, kind.total) else 0.0
        if not high > 0:
            top = float(np.nanmax(found[kind.name]))
            high = _SOME_WATTS if kind.name.endswith("power_w") else max(top * 1.1, 1.0)
    return Lane(name=kind.name, text=_(kind.label), low=low, high=high, filled=kind.filled)
