"""Checkpoint folders: a Hugging Face folder with our manifest. Safetensors and JSON only, never pickle."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from minimind.estimate import parameters
from minimind.files import DamagedFolder, replace_json, verify_folder
from minimind.model.checkpoint_folder import (
    CONFIG,
    GENERATION_CONFIG,
    TOKENIZER_FILES,
    WEIGHTS,
    special_ids,
    weight_files,
)
from minimind.model.checkpoint_folder import read_config as read_config
from minimind.model.checkpoint_folder import resolve as resolve
from minimind.model.config import ModelConfig
from minimind.model.safetensors_header import FLOAT_BYTES, damaged, read_header
from minimind.model.transformer import Transformer
from minimind.text import _

HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model from disk.

    Attributes:
        model: in evaluation mode.
        config: its shape.
        tokenizer_folder: where its tokenizer lies; None when there is none beside the weights.
        folder: the checkpoint folder that was read.
        verified: the files were held against their manifest; False for a folder from elsewhere.
    """

    model: Transformer
    config: ModelConfig
    tokenizer_folder: Path | None
    folder: Path
    verified: bool


# -- writing -----------------------------------------------------------------------------------------


def save_weights_into(
    folder: Path,
    model: Transformer | Mapping[str, Tensor],
    config: ModelConfig,
    tokenizer_folder: Path | None,
) -> None:
    """Fill a folder with what any tool needs to open the model; `files.write_folder` makes it durable.

    Args:
        folder: exists, on its way to become a checkpoint.
        model: the model, or its state gathered from several processes. Stored as float32, tied weights once.
        config: its shape.
        tokenizer_folder: copied beside it, so that ids never lose their meaning; `folder` itself = they lie
            there already; None = there is none.

    Raises:
        OSError: no room, or the disk failed.
        ValueError: a weight is missing or has another shape than the configuration says.
    """
    state = model.state_dict() if isinstance(model, Transformer) else dict(model)
    wanted = expected_shapes(config)
    if {name: tuple(value.shape) for name, value in state.items()} != wanted:
        raise ValueError("the weights are not those of the configuration")
    tensors = {
        name: state[name].detach().to(device="cpu", dtype=torch.float32).contiguous() for name in wanted
    }
    # other tools ask for this entry
    write_tensors(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    special: dict[str, Any] = {}
    if tokenizer_folder is not None:
        for name in TOKENIZER_FILES if tokenizer_folder != folder else ():
            shutil.copyfile(tokenizer_folder / name, folder / name)
        special = special_ids(tokenizer_folder)
    replace_json(folder / CONFIG, {**config.to_hf(), **special}, sync=False)
    generation = {**special, "do_sample": True, "temperature": 0.8, "top_p": 0.9}
    replace_json(folder / GENERATION_CONFIG, generation, sync=False)


def write_tensors(
    tensors: Mapping[str, Tensor], path: Path, *, metadata: dict[str, str] | None = None
) -> None:
    """A safetensors file whose failures look like every other disk's.

    Raises:
        OSError: with the number that the disk gave (no room, say), which safetensors tells in words only.
    """
    try:
        save_file(dict(tensors), path, metadata=metadata)
    except SafetensorError as error:
        told = re.search(r"os error (\d+)", str(error))
        if told is None:
            raise OSError(str(error)) from error
        number = int(told[1])
        raise OSError(number, os.strerror(number), str(path)) from error


def expected_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Every weight's name and shape, without allocating one."""
    return {name: tuple(value.shape) for name, value in _hollow(config).state_dict().items()}


class _NoFirstValues(TorchFunctionMode):
    """Modules leave their weights as they are made.

    For weights without memory the first values would be nothing but a wait: torch computes them by its
    compiler's reference code, and importing that takes longer (1 s) than reading a small model.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else named["tensor"]
        return func(*args, **named)


def _hollow(config: ModelConfig) -> Transformer:
    """A model whose weights have shapes and no memory."""
    with torch.device("meta"), _NoFirstValues():
        return Transformer(config)


# -- reading -----------------------------------------------------------------------------------------


def load(
    path: Path | str,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Loaded:
    """Open a checkpoint; everything about it is checked before its numbers are believed.

    Args:
        path: anything that `resolve` takes.
        device, dtype: where the weights go and in which type.

    Raises:
        BadInput: damaged, not a model, or one that cannot be expressed here; says which file.
    """
    folder = resolve(path)
    try:
        verified = verify_folder(folder, names={WEIGHTS, CONFIG, *TOKENIZER_FILES})
    except DamagedFolder as fault:
        raise damaged(fault.path, fault.reason) from None
    config = read_config(folder)
    files = weight_files(folder)
    if 2 * parameters(config)[0] > sum(path.stat().st_size for path in files):
        raise damaged(files[0], _("it is too small for the model that config.json describes"))
    shapes = expected_shapes(config)
    _check_headers(folder, files, shapes)
    model = _hollow(config)
    state = dict(_tensors(files, shapes, device=device, dtype=dtype))
    model.load_state_dict(state, assign=True)
    has_tokenizer = (folder / TOKENIZER_FILES[0]).is_file()
    return Loaded(
        model=model.eval(),
        config=config,
        tokenizer_folder=folder if has_tokenizer else None,
        folder=folder,
        verified=verified,
    )


def _check_headers(folder: Path, files: list[Path], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Exactly the expected tensors, all of a float type, before anything is allocated."""
    seen: set[str] = set()
    for path in files:
        for name, entry in read_header(path).items():
            if _ignored(name):
                continue
            wanted = shapes.get(EMBEDDING if name == HEAD and HEAD not in shapes else name)
            if wanted is None or name in seen:
                raise damaged(path, _("{name} does not belong to this model").format(name=name[:80]))
            if entry.shape != wanted or entry.dtype not in FLOAT_BYTES:
                raise damaged(
                    path,
                    _("{name} is {dtype} {shape}, expected is {wanted}").format(
                        name=name[:80], dtype=entry.dtype, shape=list(entry.shape)[:8], wanted=list(wanted)
                    ),
                )
            seen.add(name)
    missing = sorted(set(shapes) - seen)
    if missing:
        raise damaged(files[0] if files else folder, _("{name} is missing").format(name=missing[0]))


def _ignored(name: str) -> bool:
    """Constants that older tools stored: they follow from the configuration."""
    return name.endswith(("rotary_emb.inv_freq", ".attn.bias", ".masked_bias"))


def _tensors(
    files: list[Path],
    shapes: Mapping[str, tuple[int, ...]],
    *,
    device: torch.device | str,
    dtype: torch.dtype,
) -> Iterator[tuple[str, Tensor]]:
    """Read one tensor after the other; a head that is stored although it is tied must equal the embedding."""
    embedding: Tensor | None = None
    spare_head: tuple[Path, Tensor] | None = None
    for path in files:
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 - no dictionary
                    if _ignored(name):
                        continue
                    value = file.get_tensor(name)
                    if not bool(torch.isfinite(value).all()):
                        raise damaged(path, _("{name} holds numbers that are not finite").format(name=name))
                    if name == EMBEDDING:
                        embedding = value
                    if name not in shapes:
                        spare_head = (path, value)
                        continue
                    yield name, value.to(device=device, dtype=dtype)
        except SafetensorError as error:
            raise damaged(path, str(error)) from None
    if spare_head is not None and embedding is not None and not torch.equal(spare_head[1], embedding):
        raise damaged(
            spare_head[0], _("it has its own output head although config.json says that it is tied")
        )
