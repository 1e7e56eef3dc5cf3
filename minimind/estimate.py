"""What a model and a run will cost: arithmetic only, so that the window can answer while a person types."""

from __future__ import annotations

from minimind.model.config import ModelConfig


def parameters(config: ModelConfig) -> tuple[int, int]:
    """Number of weights, tied ones counted once.

    Returns:
        (all of them, those that one token passes through).
    """
    head = config.head_dim
    attention = config.dim * head * (2 * config.num_heads + 2 * config.num_kv_heads)
    norms = 2 * config.dim + (2 * head if config.qk_norm else 0)
    ffn = 3 * config.dim * config.ffn_dim
    if config.is_moe:
        router = config.num_experts * config.dim
        all_ffn = router + ffn * (config.num_experts + config.num_shared_experts)
        active_ffn = router + ffn * (config.experts_per_token + config.num_shared_experts)
    else:
        all_ffn = active_ffn = ffn
    embeddings = config.vocab_size * config.dim * (1 if config.tie_embeddings else 2)
    outside = embeddings + config.dim
    total = outside + config.num_layers * (attention + norms + all_ffn)
    active = outside + config.num_layers * (attention + norms + active_ffn)
    return total, active
