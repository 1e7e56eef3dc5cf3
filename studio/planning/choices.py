"""What a person has chosen in the wizard so far, and the draft files that keep it."""

from __future__ import annotations

import dataclasses
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minimind.files import read_json, replace_json
from minimind.job import Budget, DataFile

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A plan in plain values; everything may still be missing.

    Attributes:
        method: a key of METHODS.
        recipe: a key of RECIPES in the method's place: several trainings as one; data is then `stage_data`.
        stage_data: files of a recipe's stages, by their names, where they are not the recipe's own.
        preset, checkpoint: where the weights come from: a preset's name, or the id of a run or the absolute
            path of a model folder; never both.
        shape: numbers of the preset's shape that are others, by their names in ModelConfig.
        data: training files, absolute paths.
        val_data: held-out file; None = 1% of the data is set aside.
        settings: values that differ from the method's defaults.
        budget: how long; empty = one pass.
        device: as `--device` takes it.
        seed: of every random choice.
        name: what the person calls the run; empty = the program names it.
    """

    method: str | None = None
    recipe: str | None = None
    stage_data: dict[str, tuple[DataFile, ...]] = field(default_factory=dict)
    preset: str | None = None
    checkpoint: str | None = None
    shape: dict[str, Any] = field(default_factory=dict)
    data: tuple[DataFile, ...] = ()
    val_data: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    device: str = "auto"
    seed: int = 42
    name: str = ""

    @property
    def files(self) -> list[str]:
        """Every file that has to be read: training files, then the held-out one."""
        return [file.path for file in self.data] + ([self.val_data] if self.val_data else [])

    def with_changes(self, **changes: Any) -> Choices:
        """A copy with other values; of preset and checkpoint, of method and recipe, the new one stays."""
        if changes.get("preset"):
            changes.setdefault("checkpoint", None)
            changes.setdefault("shape", {})
        if changes.get("checkpoint"):
            changes.setdefault("preset", None)
            changes["shape"] = {}
        if changes.get("method"):
            changes.setdefault("recipe", None)
        if changes.get("recipe"):
            changes |= {"method": None, "checkpoint": None, "shape": {}}
        return dataclasses.replace(self, **changes)

    def with_setting(self, name: str, value: Any, default: Any) -> Choices:
        """A copy with one setting; the default itself is not kept, so that only changes are listed."""
        kept = {key: old for key, old in self.settings.items() if key != name}
        return dataclasses.replace(self, settings=kept if value == default else {**kept, name: value})

    def to_dict(self) -> dict[str, Any]:
        """As a draft file holds it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, value: Any) -> Choices:
        """From a draft or from another page; what has the wrong type falls back to nothing chosen."""
        given = value if isinstance(value, dict) else {}
        budget = given.get("budget")
        stages = given.get("stage_data")
        return cls(
            method=_text(given.get("method")),
            recipe=_text(given.get("recipe")),
            stage_data={
                str(name): _files(value)
                for name, value in (stages.items() if isinstance(stages, dict) else ())
            },
            preset=_text(given.get("preset")),
            checkpoint=_text(given.get("checkpoint")),
            shape=dict(given["shape"]) if isinstance(given.get("shape"), dict) else {},
            data=_files(given.get("data")),
            val_data=_text(given.get("val_data")),
            settings=dict(given["settings"]) if isinstance(given.get("settings"), dict) else {},
            budget=_budget(budget if isinstance(budget, dict) else {}),
            device=_text(given.get("device")) or "auto",
            seed=given["seed"] if _is_whole(given.get("seed")) else 42,
            name=_text(given.get("name")) or "",
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _files(value: Any) -> tuple[DataFile, ...]:
    items = value if isinstance(value, list | tuple) else ()
    return tuple(file for item in items if (file := _file(item)))


def _file(value: Any) -> DataFile | None:
    if isinstance(value, str | Path):
        return DataFile(path=str(value))
    if isinstance(value, DataFile):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return None
    weight = value.get("weight", 1.0)
    right = isinstance(weight, int | float) and not isinstance(weight, bool)
    return DataFile(path=value["path"], weight=float(weight) if right else 1.0)


def _budget(value: dict[str, Any]) -> Budget:
    numbers = {
        name: value[name]
        for name in ("steps", "epochs", "minutes")
        if isinstance(value.get(name), int | float) and not isinstance(value[name], bool)
    }
    if "steps" in numbers:
        numbers["steps"] = int(numbers["steps"])
    return Budget(**numbers)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plan that somebody left: it waits in `drafts/` until it is started or discarded."""

    draft_id: str
    choices: Choices
    changed: float


class Drafts:
    """The drafts of one project, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Draft]:
        """Every readable draft, the latest first."""
        found = [draft for path in self._folder.glob("*.json") if (draft := self.get(path.stem))]
        return sorted(found, key=lambda draft: draft.changed, reverse=True)

    def get(self, draft_id: str) -> Draft | None:
        """One draft; None when it is gone, damaged or of a newer program."""
        value = read_json(self._folder / f"{draft_id}.json") if _is_id(draft_id) else None
        if value is None or not isinstance(value.get("v"), int) or value["v"] > VERSION:
            return None
        changed = value.get("changed")
        return Draft(
            draft_id=draft_id,
            choices=Choices.from_dict(value.get("choices")),
            changed=float(changed) if isinstance(changed, int | float) else 0.0,
        )

    def save(self, choices: Choices, draft_id: str | None = None) -> str:
        """Write a draft, a new one or over an old one.

        Returns:
            Its id.

        Raises:
            OSError: the folder cannot be written.
        """
        identity = draft_id or f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"
        self._folder.mkdir(parents=True, exist_ok=True)
        value = {"v": VERSION, "changed": time.time(), "choices": choices.to_dict()}
        replace_json(self._folder / f"{identity}.json", value)
        return identity

    def remove(self, draft_id: str) -> None:
        """Forget a draft; nothing happens when it is gone already."""
        if _is_id(draft_id):
            (self._folder / f"{draft_id}.json").unlink(missing_ok=True)


def _is_id(text: str) -> bool:
    return bool(text) and all(letter.isalnum() or letter == "-" for letter in text)
