"""How long a recipe takes on a device, start-up included: arithmetic; its files are weighed, not read."""

from __future__ import annotations

from pathlib import Path

from minimind.device import Device
from minimind.job import Hardware, JobSpec, ModelRef, parse_data
from minimind.plan import Data, predict, sequence_length
from minimind.presets import preset
from minimind.recipes.recipe import Recipe, Stage

# a process starts, imports torch, opens the data and the model; the pipeline notices that it has ended.
# Measured 3.5 s with an idle processor, 4 to 9 s beside other work; the first time text becomes tokens, too
STARTUP_S = 6.0
# of JSON lines with the bundled tokenizer, Chinese and English: the bundled sample has 3.1 to 3.6
_BYTES_PER_TOKEN = 3.3
# what the data is taken for where its files are not there yet; steps and minutes decide anyway
_UNKNOWN_BYTES = 2_000_000
# the held-out set is a hundredth of the documents, and no more than this many tokens
_HELDOUT_SHARE, _HELDOUT_TOKENS = 0.01, 100_000


def stage_seconds(recipe: Recipe, device: Device, *, model: str | None = None) -> list[float]:
    """About how long each stage takes, its start included.

    Args:
        model: a preset instead of the recipe's own.

    Raises:
        BadInput: no such preset, or a setting out of bounds.
    """
    name = model or recipe.model
    config = preset(name).config
    found = []
    for stage in recipe.stages:
        job = JobSpec(
            run_id=recipe.name,
            method=stage.method,
            model=ModelRef(preset=name),
            settings=dict(stage.settings),
            budget=stage.budget,
            hardware=Hardware(device=device.label),
        )
        data = _data(stage, recipe.data_dir, sequence_length(job, config))
        found.append(predict(job, config, data, device).seconds + STARTUP_S)
    return found


def recipe_seconds(recipe: Recipe, device: Device, *, model: str | None = None) -> float:
    """About how long all of it takes; as `stage_seconds`."""
    return sum(stage_seconds(recipe, device, model=model))


def _data(stage: Stage, folder: Path | None, seq_len: int) -> Data:
    size = 0.0
    for text in stage.data:
        item = parse_data(str((folder or Path()) / text))
        path = Path(item.path)
        size += item.weight * (path.stat().st_size if path.is_file() else _UNKNOWN_BYTES)
    tokens = max(1, round(size / _BYTES_PER_TOKEN))
    return Data(
        tokens=tokens,
        rows=max(1, round(tokens / seq_len)),
        heldout_tokens=round(min(_HELDOUT_SHARE * tokens, _HELDOUT_TOKENS)),
    )
