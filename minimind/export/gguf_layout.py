"""What a GGUF file of one of our dense models holds: architecture, tensor names, types and sizes.

Arithmetic and names only; the `gguf` package is not needed. Sources: the GGUF specification (ggml
repository, docs/gguf.md) and llama.cpp's `llama_tensor_get_type` for which tensor gets which type.
"""

from __future__ import annotations

from dataclasses import dataclass

from minimind.model.config import ModelConfig

# type → (numbers in a block, bytes of a block)
BLOCKS = {
    "F32": (1, 4),
    "F16": (1, 2),
    "BF16": (1, 2),
    "Q8_0": (32, 34),
    "Q4_0": (32, 18),
    "Q5_0": (32, 22),
    "Q5_1": (32, 24),
    "Q4_K": (256, 144),
    "Q5_K": (256, 176),
    "Q6_K": (256, 210),
}
# storages that llama.cpp mixes out of several types: name → (most tensors, the sensitive half)
MIXES = {"Q4_K_M": ("Q4_K", "Q6_K"), "Q5_K_M": ("Q5_K", "Q6_K"), "Q6_K": ("Q6_K", "Q6_K")}
# what llama.cpp takes where a row is no multiple of 256
_NARROW = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
# bytes of metadata for each token of the vocabulary, measured with 6400 of them
_OVERHEAD = 37


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor: our name, its name in the file, shape (rows, columns) as in PyTorch.

    Attributes:
        heads: how many heads its rows hold if llama.cpp pairs rotary dimensions differently from us, else 0.
    """

    ours: str
    theirs: str
    shape: tuple[int, ...]
    heads: int = 0

    @property
    def count(self) -> int:
        """Numbers in it."""
        product = 1
        for edge in self.shape:
            product *= edge
        return product


def architecture(config: ModelConfig) -> str:
    """`llama`, or `qwen3` for q/k norm: the classes of llama.cpp that compute exactly ours."""
    return "qwen3" if config.qk_norm else "llama"


def tensors(config: ModelConfig) -> list[Tensor]:
    """Every tensor of a dense model in file order."""
    dim, head, ffn = config.dim, config.head_dim, config.ffn_dim
    q_rows, kv_rows = config.num_heads * head, config.num_kv_heads * head
    # llama.cpp's `llama` turns neighbouring dimensions, ours turns halves; `qwen3` turns halves too
    q_heads, kv_heads = (0, 0) if config.qk_norm else (config.num_heads, config.num_kv_heads)
    table = (config.vocab_size, dim)
    found = [Tensor(ours="model.embed_tokens.weight", theirs="token_embd.weight", shape=table)]
    for index in range(config.num_layers):
        parts = [
            ("input_layernorm", "attn_norm", (dim,), 0),
            ("self_attn.q_proj", "attn_q", (q_rows, dim), q_heads),
            ("self_attn.k_proj", "attn_k", (kv_rows, dim), kv_heads),
            ("self_attn.v_proj", "attn_v", (kv_rows, dim), 0),
            ("self_attn.o_proj", "attn_output", (dim, q_rows), 0),
            ("post_attention_layernorm", "ffn_norm", (dim,), 0),
            ("mlp.gate_proj", "ffn_gate", (ffn, dim), 0),
            ("mlp.up_proj", "ffn_up", (ffn, dim), 0),
            ("mlp.down_proj", "ffn_down", (dim, ffn), 0),
        ]
        if config.qk_norm:
            parts += [
                ("self_attn.q_norm", "attn_q_norm", (head,), 0),
                ("self_attn.k_norm", "attn_k_norm", (head,), 0),
            ]
        found += [
            Tensor(
                ours=f"model.layers.{index}.{ours}.weight",
                theirs=f"blk.{index}.{theirs}.weight",
                shape=shape,
                heads=heads,
            )
            for ours, theirs, shape, heads in parts
        ]
    found.append(Tensor(ours="model.norm.weight", theirs="output_norm.weight", shape=(dim,)))
    if not config.tie_embeddings:
        found.append(Tensor(ours="lm_head.weight", theirs="output.weight", shape=table))
    return found


def plain_type(tensor: Tensor, storage: str, fallback: str) -> str:
    """The type that this program itself stores a tensor in.

    Args:
        tensor: one of `tensors`.
        storage: F32, F16, BF16, Q8_0 or Q4_0.
        fallback: F16, BF16 or F32, for rows that are no multiple of a block.
    """
    if len(tensor.shape) == 1:
        return "F32"
    # the head decides every word and is a small part of a model: four bits there cost more than they save
    if storage == "Q4_0" and tensor.theirs in ("token_embd.weight", "output.weight"):
        storage = "Q8_0"
    return storage if tensor.shape[-1] % BLOCKS[storage][0] == 0 else fallback


def mixed_type(tensor: Tensor, storage: str, num_layers: int) -> str:
    """The type that llama.cpp's quantiser gives a tensor, for the prediction of a size."""
    if len(tensor.shape) == 1:
        return "F32"
    most, sensitive = MIXES[storage]
    kind = most
    if tensor.theirs in ("token_embd.weight", "output.weight"):
        kind = "Q6_K"
    elif ".attn_v." in tensor.theirs or ".ffn_down." in tensor.theirs:
        layer, eighth = int(tensor.theirs.split(".")[1]), num_layers // 8
        careful = layer < eighth or layer >= 7 * num_layers // 8 or (layer - eighth) % 3 == 2
        kind = sensitive if careful else most
    if tensor.shape[-1] % 256:
        kind = _NARROW[kind]
    return kind if tensor.shape[-1] % BLOCKS[kind][0] == 0 else "F16"


def nbytes(tensor: Tensor, kind: str) -> int:
    """Bytes of a tensor stored as `kind`, without padding."""
    numbers, size = BLOCKS[kind]
    return tensor.count // numbers * size


def file_size(config: ModelConfig, storage: str, fallback: str = "F16") -> int:
    """Predicted bytes of the whole file."""
    total = config.vocab_size * _OVERHEAD
    for tensor in tensors(config):
        if storage in MIXES:
            kind = mixed_type(tensor, storage, config.num_layers)
        else:
            kind = plain_type(tensor, storage, fallback)
        total += nbytes(tensor, kind) + 64
    return total
