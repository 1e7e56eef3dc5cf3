"""Small checkpoints with sharp random weights, so that a wrong layout shows in the numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from minimind.assets import BUNDLED_TOKENIZER
from minimind.files import write_folder
from minimind.job import JobSpec, ModelRef
from minimind.model import checkpoint
from minimind.model.config import ModelConfig
from minimind.model.transformer import Transformer
from minimind.presets import PRESETS
from minimind.run_folder import RunFolder
from minimind.tokenizer.tokenizer import Tokenizer

TINY = PRESETS["tiny"].config
# q/k norm makes it a qwen3; a head width that is not dim / heads, and a head of its own, make it general
TINY_QK = replace(TINY, qk_norm=True, norm_eps=1e-6, family="minimind3")
TINY_WIDE = replace(TINY, head_dim=24, tie_embeddings=False)
TINY_ODD = replace(TINY, dim=48, num_heads=4, num_kv_heads=2, head_dim=12, ffn_dim=80)


def sharp_model(config: ModelConfig, *, seed: int = 0) -> Transformer:
    """Weights eight times larger than at the start of training, and norms that are not 1."""
    model = Transformer(config).initialise(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
            else:
                parameter.copy_(torch.rand(parameter.shape, generator=generator) + 0.5)
    return model.eval()


def make_checkpoint(
    folder: Path, config: ModelConfig = TINY, *, seed: int = 0, tokenizer: Path = BUNDLED_TOKENIZER
) -> Path:
    """A checkpoint folder as the trainer writes it, without the trainer's own files."""
    config = replace(config, vocab_size=Tokenizer.load(tokenizer).vocab_size)
    model = sharp_model(config, seed=seed)
    write_folder(folder, lambda path: checkpoint.save_weights_into(path, model, config, tokenizer))
    return folder


def make_run(folder: Path, *, method: str = "sft", steps: tuple[int, ...] = (100,), **job: Any) -> RunFolder:
    """A run folder with checkpoints, as one that has ended leaves it; the first is the best."""
    run = RunFolder(folder)
    run.checkpoints.mkdir(parents=True)
    JobSpec(run_id=folder.name, method=method, model=ModelRef(preset="tiny"), **job).save(run.job_file)
    for number, step in enumerate(steps):
        make_checkpoint(run.step_folder(step), seed=number)
    (run.checkpoints / "best").write_text(run.step_folder(steps[0]).name + "\n")
    (run.checkpoints / "last").write_text(run.step_folder(steps[-1]).name + "\n")
    return run
