"""What a plan is measured against: the devices, the runs to start from, the disk, the prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from minimind.assets import SAMPLE
from minimind.device import Device
from minimind.errors import BadInput
from minimind.files import free_bytes, read_json
from minimind.methods import METHODS, Needs
from minimind.model.checkpoint_folder import read_config, resolve
from minimind.model.config import ModelConfig
from minimind.run_folder import RunFolder, checkpoint_step
from minimind.run_state import RunState
from minimind.text import _, language
from studio.planning.what_fits import FIRST_MODEL, what_fits
from studio.store.records import Run


@dataclass(frozen=True, kw_only=True)
class StartPoint:
    """A checkpoint of an earlier run, or a model folder from elsewhere, that a new run can begin with.

    Attributes:
        run_id, name, method: of that run.
        folder: the run folder, as `--model` takes it.
        step: of the checkpoint that would be used: the best, else the last.
        is_best: which of the two.
        val_loss: held-out loss there, when known.
        ended_at: unix seconds.
        config: the model's shape; None when it cannot be read, and `fault` says why.
    """

    run_id: str
    name: str
    method: str
    folder: Path
    step: int
    is_best: bool = False
    val_loss: float | None = None
    ended_at: float | None = None
    config: ModelConfig | None = None
    fault: str = ""

    @property
    def is_outside(self) -> bool:
        """A folder that belongs to no run here; `run_id` is its path then."""
        return self.run_id == str(self.folder)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything outside the choices that a plan depends on.

    Attributes:
        devices: usable ones, the best first; `auto` takes the first.
        start_points: by run id; opened: the model folder from elsewhere that was looked at last.
        runs_folder: where the run folder will lie.
        disk_free_bytes: there; None = cannot be told. disk_floor_bytes: of it, what is to stay free.
        cny_per_hour, cny_per_kwh: what a card costs, and electricity for runs on the processor.
        busy: a run uses the device now, so that this one would wait.
    """

    devices: tuple[Device, ...] = ()
    start_points: dict[str, StartPoint] = field(default_factory=dict)
    opened: StartPoint | None = None
    runs_folder: Path = Path("runs")
    disk_free_bytes: int | None = None
    disk_floor_bytes: int = 0
    cny_per_hour: float = 1.3
    cny_per_kwh: float = 0.6
    busy: bool = False

    @cached_property
    def preset(self) -> str:
        """The model size that a first plan begins with: the one that the home page recommends."""
        if not self.devices:
            return FIRST_MODEL
        fits = what_fits(self.devices[0], cny_per_hour=self.cny_per_hour, cny_per_kwh=self.cny_per_kwh)
        return next(fit.preset for fit in fits if fit.recommended)

    def start_point(self, wanted: str) -> StartPoint | None:
        """A run by its id, or a model folder by its path, to begin with; None when there is none."""
        if self.opened is not None and self.opened.run_id == wanted:
            return self.opened
        return self.start_points.get(wanted) or outside_point(wanted)

    def device(self, label: str) -> Device | None:
        """The device that `auto`, `cpu`, `cuda` or `cuda:1` means here; None when it is not there."""
        if label == "auto":
            return self.devices[0] if self.devices else None
        wanted = "cuda:0" if label == "cuda" else label
        return next((device for device in self.devices if device.label == wanted), None)


# findings of the doctor after which training would not use the card, although the driver shows it
_CARD_UNUSABLE = {
    "card_too_old",
    "cards_hidden",
    "driver_too_old",
    "torch_broken",
    "torch_cpu_build",
    "torch_missing",
    "torch_no_card",
}


def usable_devices(devices: Iterable[Device], finding_codes: Iterable[str]) -> tuple[Device, ...]:
    """The devices that training can use, by what the doctor found."""
    blocked = not _CARD_UNUSABLE.isdisjoint(finding_codes)
    return tuple(device for device in devices if not (blocked and device.kind == "cuda"))


def look(
    *,
    devices: Iterable[Device],
    finding_codes: Iterable[str],
    runs: Sequence[Run],
    runs_folder: Path,
    cny_per_hour: float,
    cny_per_kwh: float,
    disk_floor_bytes: int = 0,
    book: PointBook | None = None,
) -> Situation:
    """The situation now, from what the services know; asks the disk how much room is left.

    `book` remembers the start points from one look to the next.
    """
    free: int | None = None
    with suppress(OSError):
        free = free_bytes(runs_folder)
    return Situation(
        devices=usable_devices(devices, finding_codes),
        start_points=start_points(runs, book),
        runs_folder=runs_folder,
        disk_free_bytes=free,
        disk_floor_bytes=disk_floor_bytes,
        cny_per_hour=cny_per_hour,
        cny_per_kwh=cny_per_kwh,
        busy=any(run.state.is_active or run.state is RunState.QUEUED for run in runs),
    )


class PointBook:
    """Start points that were looked for before: the disk is asked again only for a run that has changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Run, str, StartPoint | None]] = {}

    def of(self, run: Run) -> StartPoint | None:
        """As `start_point`."""
        known = self._known.get(run.run_id)
        # what is wrong with a checkpoint is a sentence of the language then
        if known is None or known[:2] != (run, language()):
            known = self._known[run.run_id] = (run, language(), start_point(run))
        return known[2]


def start_points(runs: Iterable[Run], book: PointBook | None = None) -> dict[str, StartPoint]:
    """Runs that have ended and left a checkpoint, the latest first, by run id."""
    ended = [run for run in runs if run.state.is_final]
    ended.sort(key=lambda run: run.ended_at or 0.0, reverse=True)
    find = book.of if book is not None else start_point
    return {point.run_id: point for run in ended if (point := find(run)) is not None}


def start_point(run: Run) -> StartPoint | None:
    """The checkpoint that a new run would take from this one; None when there is none."""
    folder = RunFolder(run.folder)
    best = folder.pointed("best")
    checkpoint = best or folder.pointed("last")
    if checkpoint is None:
        return None
    config, fault = None, ""
    try:
        config = ModelConfig.from_hf(
            read_json(checkpoint / "config.json"), where=str(checkpoint / "config.json")
        )
    except BadInput as error:
        fault = str(error)
    return StartPoint(
        run_id=run.run_id,
        name=run.name,
        method=run.method,
        folder=run.folder,
        step=checkpoint_step(checkpoint),
        is_best=best is not None,
        val_loss=run.best_val_loss if best else run.val_loss,
        ended_at=run.ended_at,
        config=config,
        fault=fault,
    )


def outside_point(path: str) -> StartPoint | None:
    """A model folder from elsewhere to begin with; None for what is no absolute path.

    A folder that cannot be used is a point, too, whose `fault` says why.
    """
    folder = Path(path)
    if not folder.is_absolute():
        return None
    config, fault = None, ""
    try:
        config = read_config(resolve(folder))
    except BadInput as error:
        fault = str(error)
    return StartPoint(
        run_id=path, name=folder.name, method="", folder=folder, step=0, config=config, fault=fault
    )


def method_title(name: str) -> str:
    """What people call a method; its own name when this version does not have it."""
    return _(METHODS[name].title) if name in METHODS else name


def sample_file(needs: Needs) -> Path | None:
    """The bundled file with rows of that kind; None when there is none."""
    names = {Needs.TEXT: "pretrain.jsonl", Needs.CHAT: "chat.jsonl"}
    path = SAMPLE / names[needs] if needs in names else None
    return path if path is not None and path.is_file() else None
