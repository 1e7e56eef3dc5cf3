"""What a model and a run will cost: arithmetic only, so that the window can answer while a person types.

The constants were fitted to measurements of this program on a two-core CPU with bf16 instructions (process
peak memory, clean steps); those for graphics cards are taken from the literature and have not been measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from minimind.model.config import ModelConfig

# parts of `training_memory`, in the order that a bar shows them
MEMORY_PARTS = ("weights", "gradients", "optimizer", "activations", "other")
# logits of this many slots exist at a time (losses.CHUNK)
_LOSS_CHUNK = 512
# documents longer than this take the fused kernel, which keeps no scores (model.attention)
_LONGEST_BMM = 1024
# the allocator's gaps and short-lived tensors: peak against what the backward pass needs, measured 1.3-1.9
# eager and 1.0-1.1 compiled; a graphics card's own allocator leaves fewer gaps
_SLACK = {("cpu", False): 1.5, ("cpu", True): 1.05, ("cuda", False): 1.3, ("cuda", True): 1.15}
# interpreter, libraries and their scratch memory; on a card the CUDA context with its kernels
_PROCESS_BYTES = {"cpu": 580_000_000, "cuda": 700_000_000, "mps": 400_000_000}
# share of the matmul peak that a large model reaches, and the size at which a model reaches half of that
_UTILISATION = {
    ("cpu", "bf16"): (0.66, 4e6),
    ("cpu", "float32"): (0.90, 0.8e6),
    ("cuda", "bf16"): (0.40, 3e6),
    ("cuda", "float32"): (0.50, 3e6),
}


@dataclass(frozen=True, kw_only=True)
class _Counts:
    """Weights by kind: matrices inside the blocks, embeddings and head, vectors; those at work per token."""

    matrices: int
    embeddings: int
    vectors: int
    active_matrices: int

    @property
    def total(self) -> int:
        return self.matrices + self.embeddings + self.vectors


def _counts(config: ModelConfig) -> _Counts:
    head = config.head_dim
    attention = config.dim * head * (2 * config.num_heads + 2 * config.num_kv_heads)
    ffn = 3 * config.dim * config.ffn_dim
    router = config.num_experts * config.dim
    everyone = config.num_shared_experts if config.is_moe else 1
    all_ffn = router + ffn * (config.num_experts + everyone)
    active_ffn = router + ffn * (config.experts_per_token + everyone)
    return _Counts(
        matrices=config.num_layers * (attention + all_ffn),
        embeddings=config.vocab_size * config.dim * (1 if config.tie_embeddings else 2),
        vectors=config.dim + config.num_layers * (2 * config.dim + (2 * head if config.qk_norm else 0)),
        active_matrices=config.num_layers * (attention + active_ffn),
    )


def parameters(config: ModelConfig) -> tuple[int, int]:
    """Number of weights, tied ones counted once.

    Returns:
        (all of them, those that one token passes through).
    """
    counts = _counts(config)
    return counts.total, counts.total - counts.matrices + counts.active_matrices


def flops_per_token(config: ModelConfig, *, mean_context: float = 100.0, training: bool = True) -> float:
    """Floating point operations for one token, a multiplication and an addition counted separately.

    Two per weight forward and four backward (Kaplan et al. 2020), looking up embeddings not counted; the
    attention adds two products over the context.

    Args:
        mean_context: how many tokens a token attends to on the average; half a row's length in full rows,
            much less in short documents.
        training: with the backward pass.
    """
    matrices = _counts(config).active_matrices + config.vocab_size * config.dim
    attention = 2.0 * config.num_layers * config.num_heads * config.head_dim * mean_context
    return (6.0 if training else 2.0) * (matrices + attention)


def utilisation(config: ModelConfig, kind: str, precision: str = "bf16") -> float:
    """Share of a device's matmul speed that training reaches; small models spend their time elsewhere.

    Args:
        kind: cpu, cuda or mps.
        precision: float32, bf16 or fp16.
    """
    column = "float32" if precision == "float32" else "bf16"
    best, half = _UTILISATION["cpu" if kind == "cpu" else "cuda", column]
    _total, active = parameters(config)
    return best * active / (active + half)


def duration(seconds_: float) -> str:
    """About how long, for a line in a log or a terminal: 40 s, 3.1 min, 2 h 5 min, 4.5 days."""
    if seconds_ >= 48 * 3600:
        return f"{seconds_ / 86_400:.1f} days"
    if seconds_ >= 3600:
        hours, minutes = divmod(round(seconds_ / 60), 60)
        return f"{hours} h {minutes} min"
    return f"{seconds_ / 60:.1f} min" if seconds_ >= 60 else f"{seconds_:.0f} s"


def seconds(tokens: float, tokens_per_second: float) -> float:
    """How long so many tokens take at a speed that was predicted or measured."""
    return tokens / tokens_per_second if tokens_per_second > 0 else float("inf")


def cost_cny(seconds_: float, cny_per_hour: float) -> float:
    """Rent of a machine for a time, in yuan."""
    return seconds_ / 3600 * cny_per_hour


def energy_kwh(seconds_: float, watts: float) -> float:
    """Energy of a machine over a time, in kilowatt hours."""
    return seconds_ / 3600 * watts / 1000


def training_memory(
    config: ModelConfig,
    *,
    micro_batch: int,
    seq_len: int,
    precision: str,
    optimizer: str,
    device: str,
    compiled: bool = False,
) -> dict[str, int]:
    """Peak memory of the training process by part, in bytes.

    Args:
        micro_batch: rows of a forward pass; seq_len: slots of a row.
        precision: float32, bf16 or fp16; weights, gradients and moments are float32 in all of them.
        optimizer: adamw or muon.
        device: cpu, cuda or mps.
        compiled: the blocks are compiled, which keeps fewer tensors.

    Returns:
        One entry for each of MEMORY_PARTS.
    """
    counts = _counts(config)
    low = precision != "float32"
    slots = micro_batch * seq_len
    saved = slots * (
        config.num_layers * _saved_per_slot(config, seq_len, 2 if low else 4, device) + 16 * config.dim
    )
    kind = "cpu" if device == "cpu" else "cuda"
    # a chunk's logits with their copies, and the head's gradient beside the one that autograd keeps
    loss = min(slots, _LOSS_CHUNK) * config.vocab_size * 12 + 4 * config.vocab_size * config.dim
    return {
        "weights": 4 * counts.total + (2 * counts.matrices if low else 0),
        "gradients": 4 * counts.total,
        "optimizer": optimizer_bytes(config, optimizer),
        "activations": int(saved * _SLACK[kind, compiled]) + loss,
        "other": _PROCESS_BYTES[device if device in _PROCESS_BYTES else "cuda"],
    }


def _saved_per_slot(config: ModelConfig, seq_len: int, size: int, device: str) -> float:
    """Bytes that one block keeps of a slot for the backward pass; `size`: those of a number in a product."""
    heads, kv_heads, width = config.num_heads, config.num_kv_heads, config.head_dim
    # residual stream and its normalised copy, twice, in float32; with the copies in low precision
    norms = 16 * config.dim + (4 * config.dim if size == 2 else 0)
    attention = size * width * (1.1 * (heads + 2 * kv_heads) + heads)
    if config.qk_norm:
        attention += 8 * width * (heads + kv_heads)
    if device == "cpu" and seq_len <= _LONGEST_BMM:
        # the softmax of each head over a document, most of which are shorter than a row
        attention += size * heads * min(seq_len, 64 + 0.35 * seq_len)
    visits = config.experts_per_token + config.num_shared_experts if config.is_moe else 1
    ffn = 4.0 * size * config.ffn_dim * visits
    if config.is_moe:
        # each visit's input, its sorted copy, its output and the weighted output in float32
        ffn += config.experts_per_token * config.dim * (3 * size + 8) + 8 * config.num_experts
    return norms + attention + ffn


def optimizer_bytes(config: ModelConfig, optimizer: str) -> int:
    """What the optimizer remembers: AdamW two float32 numbers per weight, Muon one for each matrix."""
    counts = _counts(config)
    if optimizer == "muon":
        return 4 * counts.matrices + 8 * (counts.embeddings + counts.vectors)
    return 8 * counts.total


def checkpoint_bytes(config: ModelConfig, optimizer: str | None) -> int:
    """One checkpoint on disk; without the optimizer's state (None) only weights and tokenizer."""
    weights = 4 * _counts(config).total
    return weights + (optimizer_bytes(config, optimizer) if optimizer else 0) + 1_000_000


def run_disk_bytes(config: ModelConfig, *, optimizer: str, checkpoints: int) -> int:
    """The most that a run's folder takes: kept checkpoints, one more while it is written, logs."""
    return (checkpoints + 1) * checkpoint_bytes(config, optimizer) + 20_000_000
