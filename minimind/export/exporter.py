"""What an exporter is: the contract that every format keeps, and the values that pass through it.

Imports no torch, so that the window can show cards, sizes and reasons.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from minimind.errors import BadInput
from minimind.files import free_bytes
from minimind.model.config import ModelConfig
from minimind.text import N_, _

# (done, total) bytes of the checkpoint worked through
Report = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Storage:
    """One way to store the numbers.

    Attributes:
        name: as on the command line: F32, Q8_0, Q4_K_M.
        phrase: what it means for the model, a few words, English msgid.
        needs: the optional package that makes it, "" for none.
    """

    name: str
    phrase: str
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What to write and where.

    Attributes:
        checkpoint: a checkpoint as the command line takes it.
        out: the file or folder to make.
        dtype: f32, f16 or bf16; "" lets the exporter choose.
        quant: a name from the exporter's storages, "" for none.
        name: what the model is called in the file; "" takes it from the checkpoint's place.
        licence: identifier of the licence that the weights are given under.
        check: load the result again and compare what it says.
    """

    checkpoint: str
    out: Path
    dtype: str = ""
    quant: str = ""
    name: str = ""
    licence: str = ""
    check: bool = False

    @classmethod
    def from_work(cls, work: dict[str, Any]) -> ExportRequest:
        """From the `work` part of job.json, where `format` names the exporter."""
        names = {name for name in cls.__dataclass_fields__ if name in work}
        values = {name: work[name] for name in names}
        return cls(**{**values, "out": Path(str(work.get("out", "")))})

    def to_work(self, exporter: str) -> dict[str, Any]:
        """As job.json holds it."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {"format": exporter, **values, "out": str(self.out)}


@dataclass(frozen=True, kw_only=True)
class ExportResult:
    """What came out.

    Attributes:
        path: the file or folder.
        size_bytes: all of it.
        storage: how most of its numbers are stored.
        notes: sentences a person should know (a fallback, a check that could not be made).
        checked: tokens compared after loading it again, 0 = not compared.
        same: of those, how many the checkpoint would have said too.
    """

    path: Path
    size_bytes: int
    storage: str
    notes: tuple[str, ...] = field(default=())
    checked: int = 0
    same: int = 0

    def to_dict(self) -> dict[str, Any]:
        """For `--json` and the `done` event."""
        return {
            "path": str(self.path.resolve()),
            "size_bytes": self.size_bytes,
            "storage": self.storage,
            "notes": list(self.notes),
            "checked": self.checked,
            "same": self.same,
        }


class Exporter(ABC):
    """One format. A new one is one file and one line in EXPORTERS.

    Attributes:
        name: as on the command line.
        title, summary: for the card, English msgids.
        storages: how numbers may be stored.
        default: the recommended storage of the window; the command line stores what was asked for.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    storages: ClassVar[tuple[Storage, ...]]
    default: ClassVar[str]

    @abstractmethod
    def problem(self, config: ModelConfig) -> str | None:
        """One sentence that says why a model of this shape cannot be exported, or None."""

    @abstractmethod
    def size(self, config: ModelConfig, storage: str) -> int:
        """Predicted bytes of the result; within 2% for models whose vocabulary is small."""

    def phrase(self, config: ModelConfig, storage: str) -> str:
        """What a storage means for a model of this shape, an English msgid.

        A phrase that promises a smaller file would be a lie where rows are too narrow for small blocks.
        """
        chosen = next(item for item in self.storages if item.name == storage)
        default = self.size(config, self.default)
        if storage != self.default and 0.9 * default < self.size(config, storage) <= default:
            return N_("hardly smaller for this model")
        return chosen.phrase

    def ordered(self, config: ModelConfig) -> list[Storage]:
        """The storages for a list: the recommended one, then the largest first."""
        first = [item for item in self.storages if item.name == self.default]
        rest = [item for item in self.storages if item.name != self.default]
        return first + sorted(rest, key=lambda item: self.size(config, item.name), reverse=True)

    def can_store(self, storage: str) -> bool:
        """Whether the optional package that a storage needs is there; cheap enough for a form."""
        return True

    def remedy(self) -> str:
        """The command that installs what `can_store` misses, "" when nothing can be missing."""
        return ""

    @property
    def can_check(self) -> bool:
        """Whether the result can be loaded again and compared here."""
        return True

    @abstractmethod
    def target(self, folder: Path, label: str, storage: str) -> Path:
        """Where the window proposes to write: a name in `folder` that says what it is."""

    @abstractmethod
    def export(self, request: ExportRequest, report: Report) -> ExportResult:
        """Do it. The target appears whole or not at all.

        Raises:
            BadInput: the checkpoint, the target or the combination cannot be used; nothing was written.
            OSError: no room; nothing is left behind.
        """


def check_room(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        BadInput: says how much is free and how much is needed.
    """
    free = free_bytes(folder)
    if free < needed * 1.02:
        raise BadInput(
            _("{folder} has {free} MB free, the export needs {needed} MB; choose another place").format(
                folder=folder, free=f"{free / 1e6:,.1f}", needed=f"{needed / 1e6:,.1f}"
            ),
            code="no_room",
        )
