"""An export that is not started yet: choices so far, what is wrong with them, the job they make. No Qt."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from minimind.errors import BadInput
from minimind.export import EXPORTERS, ExportRequest
from minimind.export.exporter import Exporter, Storage
from minimind.export.source import label_of, read_shape
from minimind.files import free_bytes
from minimind.job import KIND_EXPORT, JobSpec, ModelRef, new_run_id
from minimind.model.config import ModelConfig
from minimind.run_folder import checkpoint_step
from minimind.text import _

FORMATS = ("gguf", "hf")
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """The choices of the export dialog.

    Attributes:
        checkpoint: the step folder or model folder.
        label: what the model is called.
        step: of the checkpoint, None for a folder from elsewhere.
        config: the shape.
        folder: where the result goes.
        format: key of EXPORTERS.
        storage: how numbers are stored.
        check: compare the result with the checkpoint afterwards.
    """

    checkpoint: Path
    label: str
    step: int | None
    config: ModelConfig
    folder: Path
    format: str = "gguf"
    storage: str = ""
    check: bool = True

    @classmethod
    def of(cls, checkpoint: str, folder: Path, *, format: str = "gguf") -> ExportPlan:
        """Begin with a checkpoint; reads its config.json.

        Args:
            checkpoint: run folder (best, else last), step folder or model folder.
            folder: where exports of the project go.
            format: key of EXPORTERS.

        Raises:
            BadInput: no checkpoint there.
        """
        config, found = read_shape(checkpoint)
        step = checkpoint_step(found) if found.name.startswith("step-") and found.name[5:].isdigit() else None
        plan = cls(checkpoint=found, label=label_of(found), step=step, config=config, folder=folder)
        return plan.with_format(format)

    @property
    def exporter(self) -> Exporter:
        """What will do it."""
        return EXPORTERS[self.format]

    def with_format(self, format: str) -> ExportPlan:
        """Another format, with its recommended storage."""
        return replace(self, format=format, storage=EXPORTERS[format].default)

    def storages(self) -> list[Storage]:
        """What the list shows; a shape that cannot be exported has no sizes to sort by."""
        if self.exporter.problem(self.config):
            return list(self.exporter.storages)
        return self.exporter.ordered(self.config)

    def phrase(self, storage: str) -> str:
        """What a storage means for this model, translated."""
        if self.exporter.problem(self.config):
            return _(next(item.phrase for item in self.exporter.storages if item.name == storage))
        return _(self.exporter.phrase(self.config, storage))

    def size(self, storage: str) -> int | None:
        """Predicted bytes; None for a shape that cannot be exported."""
        return None if self.exporter.problem(self.config) else self.exporter.size(self.config, storage)

    @property
    def target(self) -> Path:
        """The file or folder that will appear: the first name that is free."""
        name = _NOT_IN_NAMES.sub("-", self.label).strip(" .-") or "model"
        step = "" if self.step is None else f"-{self.step}"
        first = self.exporter.target(self.folder, f"{name}{step}", self.storage)
        number, found = 2, first
        while found.exists():
            found = first.with_name(f"{first.stem}-{number}{first.suffix}")
            number += 1
        return found

    @property
    def free(self) -> int:
        """Bytes left on the disk of the target."""
        return free_bytes(self.folder)

    def problem(self) -> str:
        """Why it cannot start, "" when it can."""
        shape = self.exporter.problem(self.config)
        if shape:
            return shape
        if not self.exporter.can_store(self.storage):
            return _("{what} needs {package}, which is not installed.").format(
                what=self.storage, package="llama-cpp-python"
            )
        if not can_write(self.folder):
            return _("Nothing can be written to {folder}; choose another place.").format(folder=self.folder)
        size = self.size(self.storage) or 0
        if self.free < size * 1.02:
            return _("Only {free} MB of disk are left; the export needs {needed} MB.").format(
                free=f"{self.free / 1e6:,.0f}", needed=f"{size / 1e6:,.0f}"
            )
        return ""

    def to_job(self) -> JobSpec:
        """The request.

        Raises:
            BadInput: the target's folder cannot be made.
        """
        target = self.target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise BadInput(
                _("{path} cannot be made: {reason}").format(path=target.parent, reason=reason)
            ) from error
        gguf = self.format == "gguf"
        request = ExportRequest(
            checkpoint=str(self.checkpoint),
            out=target,
            quant=self.storage if gguf else "",
            dtype="" if gguf else self.storage.lower(),
            name=self.label,
            check=self.check and self.exporter.can_check,
        )
        return JobSpec(
            run_id=new_run_id(f"export-{self.storage}"),
            kind=KIND_EXPORT,
            model=ModelRef(checkpoint=str(self.checkpoint)),
            work=request.to_work(self.format),
        )


def can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself where it is not there yet."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), None)
    return there is not None and there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def ollama_command(file: Path) -> str:
    """Makes a model of a GGUF file in Ollama under the file's name, and talks to it."""
    name = re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-.") or "minimind"
    recipe = f"{name}.Modelfile"
    return (
        f"cd {shlex.quote(str(file.parent))} && echo {shlex.quote(f'FROM ./{file.name}')} > {recipe} "
        f"&& ollama create {name} -f {recipe} && ollama run {name}"
    )
