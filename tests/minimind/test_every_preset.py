"""Every preset inherits these: the promised size, the promised names, config.json in both directions."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from minimind.data.batch import Batch
from minimind.errors import BadInput
from minimind.estimate import parameters
from minimind.losses import linear_cross_entropy
from minimind.model.config import ModelConfig
from minimind.model.transformer import Transformer
from minimind.presets import PRESETS, preset

TABLE = {
    "minimind2-small": (25_829_888, 25_829_888),
    "minimind2": (104_030_976, 104_030_976),
    "minimind2-moe": (145_029_760, 91_945_600),
    "minimind-v1-small": (26_878_464, 26_878_464),
    "minimind-v1": (108_749_568, 108_749_568),
    "minimind-v1-moe": (96_100_864, 61_497_856),
    "minimind3": (63_912_192, 63_912_192),
    "minimind3-moe": (198_416_640, 63_936_768),
    "mini": (5_868_800, 5_868_800),
    "tiny": (508_224, 508_224),
}


def test_the_table_is_whole():
    assert set(PRESETS) == set(TABLE)


@pytest.mark.parametrize("name", PRESETS)
def test_size_by_arithmetic_and_as_built(name):
    config = PRESETS[name].config
    with torch.device("meta"):
        model = Transformer(config)
    assert sum(p.numel() for p in model.parameters()) == TABLE[name][0]
    assert parameters(config) == TABLE[name]


@pytest.mark.parametrize("name", PRESETS)
def test_tensor_names_are_hugging_faces(name):
    config = PRESETS[name].config
    with torch.device("meta"):
        names = set(Transformer(config).state_dict())
    last = f"model.layers.{config.num_layers - 1}"
    ffn = f"{last}.mlp.experts.{config.num_experts - 1}" if config.is_moe else f"{last}.mlp"
    wanted = {
        "model.embed_tokens.weight",
        "model.norm.weight",
        f"{last}.input_layernorm.weight",
        f"{last}.post_attention_layernorm.weight",
        *(f"{last}.self_attn.{part}_proj.weight" for part in "qkvo"),
        *(f"{ffn}.{part}_proj.weight" for part in ("gate", "up", "down")),
    }
    if config.qk_norm:
        wanted |= {f"{last}.self_attn.q_norm.weight", f"{last}.self_attn.k_norm.weight"}
    if config.is_moe:
        wanted.add(f"{last}.mlp.gate.weight")
    if config.num_shared_experts:
        wanted.add(f"{last}.mlp.shared_experts.0.down_proj.weight")
    assert wanted <= names
    assert "lm_head.weight" not in names


@pytest.mark.parametrize("name", PRESETS)
def test_config_comes_back(name):
    config = PRESETS[name].config
    assert ModelConfig.from_dict(config.to_dict()) == config
    assert ModelConfig.from_hf(config.to_hf()) == config


@pytest.mark.parametrize("name", PRESETS)
def test_a_small_model_of_its_kind_learns(name):
    """The same kind of block, shrunk: an update on a batch lowers the loss of that batch."""
    big = PRESETS[name].config
    config = dataclasses.replace(
        big, dim=32, num_layers=2, num_heads=4, num_kv_heads=2, head_dim=8, ffn_dim=48, vocab_size=64
    )
    model = Transformer(config).initialise(0).train()
    batch = Batch.from_documents([[list(range(1, 20)), list(range(5, 15))], [[3, 4] * 12]], 32)
    losses = []
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(5):
        states = model(batch)
        total, count = linear_cross_entropy(states.hidden_ND, model.head_weight, batch.labels_N)
        loss = total / count
        losses.append(float(loss.detach()))
        if states.balance_sum is not None:
            loss = loss + states.balance_sum / states.balance_count
        assert (states.balance_sum is None) == (not config.is_moe)
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
        optimizer.step()
    assert losses[0] == pytest.approx(math.log(64), rel=0.05)
    assert losses[-1] < losses[0] - 0.2


def test_unknown_preset_is_one_sentence():
    with pytest.raises(BadInput, match="minimind2-small"):
        preset("gpt-5")
