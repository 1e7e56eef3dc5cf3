"""Shapes from strange hands: each fault is one sentence, nothing is allocated."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minimind.errors import BadInput
from minimind.model.config import ModelConfig
from minimind.presets import PRESETS

TINY = PRESETS["tiny"].config.to_dict()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dim": 10**9}, "dim"),
        ({"dim": "64"}, "dim"),
        ({"dim": True}, "dim"),
        ({"num_layers": 0}, "num_layers"),
        ({"num_kv_heads": 3}, "num_kv_heads"),
        ({"head_dim": 7}, "head_dim"),
        ({"norm_eps": float("nan")}, "norm_eps"),
        ({"balance": "often"}, "balance"),
        ({"num_experts": 4}, "experts_per_token"),
        ({"experts_per_token": 2}, "experts_per_token"),
        ({"num_layers": 200, "num_experts": 500, "experts_per_token": 2}, "num_experts"),
        ({"qk_norm": 1}, "qk_norm"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_numbers_are_named(change, named):
    with pytest.raises(BadInput, match=rf"^here: .*{named}"):
        ModelConfig.from_dict(TINY | change, where="here")


def test_a_missing_number_is_named():
    with pytest.raises(BadInput, match="dim is missing"):
        ModelConfig.from_dict({name: value for name, value in TINY.items() if name != "dim"})


def test_programmers_get_a_value_error():
    with pytest.raises(ValueError, match="num_kv_heads"):
        ModelConfig(dim=64, num_layers=2, num_heads=4, num_kv_heads=3, ffn_dim=8)


LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 100,
    "max_position_embeddings": 128,
    "rope_theta": 5e5,
}


def test_llama_with_what_it_leaves_out():
    config = ModelConfig.from_hf(LLAMA)
    assert (config.num_kv_heads, config.head_dim, config.norm_eps) == (4, 16, 1e-6)
    assert (config.tie_embeddings, config.rope_theta, config.qk_norm) == (False, 5e5, False)


def test_newer_rope_parameters():
    config = ModelConfig.from_hf(
        LLAMA | {"rope_parameters": {"rope_type": "default", "rope_theta": 7.0}, "model_type": "qwen3"}
    )
    assert config.rope_theta == 7.0
    assert config.qk_norm


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "bert"},
        {"rope_scaling": {"rope_type": "llama3", "factor": 8}},
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}},
        {"rope_parameters": [1]},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"quantization_config": {"bits": 4}},
        {"model_type": "qwen3", "use_sliding_window": True},
        {"layer_types": ["full_attention", "sliding_attention"]},
        {"layer_types": 3},
        {"hidden_size": None},
        {"vocab_size": 10**12},
    ],
)
def test_what_cannot_be_expressed_is_refused(change):
    with pytest.raises(BadInput, match=r"^config\.json: "):
        ModelConfig.from_hf(LLAMA | change)


def test_a_list_is_no_config():
    with pytest.raises(BadInput):
        ModelConfig.from_hf([])


def test_shapes_and_sizes_need_no_torch():
    code = "import sys, minimind.presets, minimind.estimate; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
