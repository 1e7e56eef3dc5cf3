"""What lies in a checkpoint folder and where the folder is: paths and JSON only, no torch.

The window asks this module about a checkpoint; `minimind.model.checkpoint` reads and writes the weights.
"""

from __future__ import annotations

import json
from pathlib import Path

from minimind.errors import BadInput
from minimind.files import read_json
from minimind.job import JobSpec
from minimind.model.config import ModelConfig
from minimind.model.safetensors_header import damaged
from minimind.pipeline.stages import stages_of
from minimind.run_folder import RunFolder
from minimind.text import _

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
CONFIG = "config.json"
GENERATION_CONFIG = "generation_config.json"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def resolve(path: Path | str) -> Path:
    """The folder that holds the weights of a CHECKPOINT.

    Args:
        path: a run folder (its best checkpoint, else its last; of a pipeline the last
            stage's), a step folder or a Hugging Face folder.

    Raises:
        BadInput: none of these; the message says what it is instead.
    """
    path = Path(path)
    if path.suffix == ".gguf":
        raise BadInput(
            _("{path} is a GGUF file; this takes a checkpoint folder, GGUF is for chat").format(path=path)
        )
    if path.is_file():
        raise BadInput(_("{path} is a file; give the folder that it lies in").format(path=path))
    if not path.is_dir():
        raise BadInput(_("{path} does not exist").format(path=path))
    if (path / WEIGHTS).is_file() or (path / INDEX).is_file():
        return path
    run = _newest_stage(RunFolder(path))
    if run.exists() or run.checkpoints.is_dir():
        # the pointers are a hint: the folder they name may have been removed by hand
        found = run.pointed("best") or run.pointed("last") or next(reversed(run.step_folders()), None)
        if found is not None and (found / WEIGHTS).is_file():
            return found
        raise BadInput(_("{path} has no checkpoint yet").format(path=path))
    if (path / "adapter_model.safetensors").is_file():
        raise BadInput(
            _("{path} is an adapter; give its base model here and the adapter with --adapter").format(
                path=path
            )
        )
    raise BadInput(_("{path} holds no model; a checkpoint folder has {file}").format(path=path, file=WEIGHTS))


def _newest_stage(run: RunFolder) -> RunFolder:
    """A pipeline means the last of its stages that has a checkpoint; any other run means itself."""
    if not run.exists() or run.checkpoints.is_dir():
        return run
    stages = stages_of(run, JobSpec.load(run.job_file))
    return next((stage.folder for stage in reversed(stages) if stage.folder.step_folders()), run)


def read_config(folder: Path) -> ModelConfig:
    """The shape that a checkpoint folder's config.json describes.

    Raises:
        BadInput: missing, damaged, or a model that cannot be expressed here.
    """
    path = folder / CONFIG
    try:
        value = json.loads(path.read_bytes())
    except OSError:
        raise BadInput(
            _("{path} is missing, without it the weights have no meaning").format(path=path)
        ) from None
    except (ValueError, RecursionError):
        raise damaged(path, _("it is not JSON")) from None
    return ModelConfig.from_hf(value, where=str(path))


def weight_files(folder: Path) -> list[Path]:
    """The file with the weights, or its shards in the order of their names.

    Raises:
        BadInput: a shard is missing, or the index is damaged.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    index = read_json(folder / INDEX) or {}
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise damaged(folder / INDEX, _("it does not list the weights"))
    names = sorted({str(name) for name in weight_map.values()})
    for name in names:
        # a name with a folder in it could point anywhere on the disk
        if Path(name).name != name or not name.endswith(".safetensors") or not (folder / name).is_file():
            raise damaged(folder / INDEX, _("the file {name} is not there").format(name=name[:80]))
    return [folder / name for name in names]


def special_ids(tokenizer_folder: Path) -> dict[str, int]:
    """`bos_token_id`, `eos_token_id` and `pad_token_id` as config.json wants them, those there are."""
    settings = read_json(tokenizer_folder / "tokenizer_config.json") or {}
    tokenizer = read_json(tokenizer_folder / "tokenizer.json") or {}
    added = tokenizer.get("added_tokens")
    ids = {
        item.get("content"): item.get("id")
        for item in (added if isinstance(added, list) else [])
        if isinstance(item, dict)
    }
    found: dict[str, int] = {}
    for kind in ("bos", "eos", "pad"):
        token = settings.get(f"{kind}_token")
        content = token.get("content") if isinstance(token, dict) else token
        number = ids.get(content)
        if isinstance(content, str) and isinstance(number, int):
            found[f"{kind}_token_id"] = number
    return found
