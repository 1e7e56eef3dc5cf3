"""The network: token ids in, hidden states out. One implementation for every preset.

Shapes: N slots of a micro-batch · D = dim · H query heads · K key/value heads · d head width · V vocabulary ·
B sequences · T new tokens · C tokens so far.
Tensor names are Hugging Face's (Llama, Qwen3). Sources: Vaswani et al. 2017; RMSNorm: Zhang & Sennrich 2019;
RoPE: Su et al. 2021, in the rotate-half form; grouped queries: Ainslie et al. 2023.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from minimind.data.batch import Batch
from minimind.model import attention, moe
from minimind.model.config import ModelConfig

if TYPE_CHECKING:
    from minimind.model.sampling import KVCache


@dataclass(frozen=True, kw_only=True)
class HiddenStates:
    """What a forward pass gives.

    Attributes:
        hidden_ND: float32, after the last norm; the losses turn it into logits where they need them.
        balance_sum: the experts' balance loss, its factor included, added over `balance_count` documents or
            rows and over the layers; None without experts and outside training.
        balance_count: by how many to divide, over all micro-batches of the step.
    """

    hidden_ND: Tensor
    balance_sum: Tensor | None = None
    balance_count: int = 0


class RMSNorm(nn.Module):
    """x / sqrt(mean x² + eps) · weight, in float32 whatever comes in."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) → float32 (..., dim)."""
        x = x.float()
        normed = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps)
        return normed * self.weight.float()


class Attention(nn.Module):
    """The matrices of the attention; where documents lie is `minimind.model.attention`'s business."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        inner, kv_inner = config.num_heads * config.head_dim, config.num_kv_heads * config.head_dim
        self.head_dim = config.head_dim
        self.q_proj = nn.Linear(config.dim, inner, bias=False)
        self.k_proj = nn.Linear(config.dim, kv_inner, bias=False)
        self.v_proj = nn.Linear(config.dim, kv_inner, bias=False)
        self.o_proj = nn.Linear(inner, config.dim, bias=False)
        self.q_norm = RMSNorm(config.head_dim, config.norm_eps) if config.qk_norm else nn.Identity()
        self.k_norm = RMSNorm(config.head_dim, config.norm_eps) if config.qk_norm else nn.Identity()

    def project(self, x_ND: Tensor, cos_N1d: Tensor, sin_N1d: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (N, H, d), scaled, and keys and values (N, K, d), in the dtype of x."""
        q_NHd = self.q_norm(self.q_proj(x_ND).unflatten(-1, (-1, self.head_dim)))
        k_NKd = self.k_norm(self.k_proj(x_ND).unflatten(-1, (-1, self.head_dim)))
        v_NKd = self.v_proj(x_ND).unflatten(-1, (-1, self.head_dim))
        q_NHd = rotate(q_NHd, cos_N1d, sin_N1d) / math.sqrt(self.head_dim)
        k_NKd = rotate(k_NKd, cos_N1d, sin_N1d)
        return q_NHd.to(x_ND.dtype), k_NKd.to(x_ND.dtype), v_NKd.to(x_ND.dtype)


def rotary(config: ModelConfig, positions_N: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary angles, each float32 (N, 1, d)."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=positions_N.device)
    frequencies = 1.0 / config.rope_theta ** (half / config.head_dim)
    angles = positions_N.float()[:, None] * frequencies[None, :]
    angles = torch.cat([angles, angles], dim=-1)[:, None, :]
    return angles.cos(), angles.sin()


def rotate(x_NHd: Tensor, cos_N1d: Tensor, sin_N1d: Tensor) -> Tensor:
    """Turn pairs (x_i, x_{i+d/2}) by the angle of the position; float32."""
    x_NHd = x_NHd.float()
    first, second = x_NHd.chunk(2, dim=-1)
    return x_NHd * cos_N1d + torch.cat([-second, first], dim=-1) * sin_N1d


class Block(nn.Module):
    """Attention and feed-forward, each on a normalised copy and added to the residual stream.

    Everything but the attention itself has fixed shapes and lies in two functions that can be compiled.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.dim, config.norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.dim, config.norm_eps)
        self.mlp: nn.Module = (
            moe.Experts(config) if config.is_moe else moe.FeedForward(config.dim, config.ffn_dim)
        )


def before_attention(
    block: Block, x_ND: Tensor, cos_N1d: Tensor, sin_N1d: Tensor, compute: torch.dtype
) -> tuple[Tensor, Tensor, Tensor]:
    """Residual stream → queries, keys, values in the dtype of the matrix products."""
    return block.self_attn.project(block.input_layernorm(x_ND).to(compute), cos_N1d, sin_N1d)


def after_attention(block: Block, x_ND: Tensor, attended_NA: Tensor) -> tuple[Tensor, Tensor]:
    """Add the attention; also the normalised input of the feed-forward block. Both float32."""
    x_ND = x_ND + block.self_attn.o_proj(attended_NA)
    return x_ND, block.post_attention_layernorm(x_ND)


def after_attention_dense(block: Block, x_ND: Tensor, attended_NA: Tensor, compute: torch.dtype) -> Tensor:
    """`after_attention` and a dense feed-forward block in one graph."""
    x_ND, normed_ND = after_attention(block, x_ND, attended_NA)
    out_ND: Tensor = x_ND + block.mlp(normed_ND.to(compute))
    return out_ND


class Decoder(nn.Module):
    """The parts that Hugging Face's names put below `model.`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.dim)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = RMSNorm(config.dim, config.norm_eps)

    def blocks(self) -> Iterator[Block]:
        """The layers, first to last."""
        for block in self.layers:
            assert isinstance(block, Block)
            yield block


class Transformer(nn.Module):
    """A decoder-only language model.

    Weights are float32; matrix products run in the autocast dtype when the caller has switched autocast on,
    else in the dtype of the weights. The residual stream stays float32.

    Attributes:
        config: the shape.
        attention_variant: how documents are attended to (`attention.VARIANTS`); "" = best for the device.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.attention_variant = ""
        self.model = Decoder(config)
        if not config.tie_embeddings:
            self.lm_head = nn.Linear(config.dim, config.vocab_size, bias=False)
        self._compiled: tuple[Callable[..., Any], ...] | None = None

    @property
    def head_weight(self) -> Tensor:
        """(V, D): hidden state · head_weightᵀ = logits."""
        return self.model.embed_tokens.weight if self.config.tie_embeddings else self.lm_head.weight

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.embed_tokens.weight.device

    def initialise(self, seed: int) -> Transformer:
        """Random weights from a generator of their own: N(0, 0.02), less on the way back to the residual.

        The last matrix of each branch is divided by sqrt(2 · layers), so that the residual stream does not
        grow with depth (Radford et al. 2019).
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.ndim < 2:
                    parameter.fill_(1.0)
                    continue
                ends_branch = name.endswith(("o_proj.weight", "down_proj.weight"))
                std = 0.02 / math.sqrt(2 * self.config.num_layers) if ends_branch else 0.02
                parameter.copy_(torch.empty(parameter.shape).normal_(0.0, std, generator=generator))
        return self

    def compile_blocks(self) -> None:
        """Compile the parts around the attention; used while training, for one shape of micro-batch.

        The attention stays outside: its shapes follow the documents, and each new shape would be compiled
        again. Evaluation and sampling stay eager for the same reason.
        """
        self._compiled = tuple(
            torch.compile(function, dynamic=False, fullgraph=True)
            for function in (before_attention, after_attention, after_attention_dense)
        )

    def use_eager(self) -> None:
        """Undo `compile_blocks`."""
        self._compiled = None

    def balance_count(self, batch: Batch) -> int:
        """Documents or rows over which the balance loss is averaged, known before the forward pass."""
        return moe.balance_count(self.config, batch)

    def compute_dtype(self) -> torch.dtype:
        """Dtype of the matrix products here and now: autocast's, else the weights'."""
        device_type = self.device.type
        if torch.is_autocast_enabled(device_type):
            return torch.get_autocast_dtype(device_type)
        return self.model.embed_tokens.weight.dtype

    def forward(self, batch: Batch) -> HiddenStates:
        """Hidden states of every slot of a micro-batch.

        Args:
            batch: on the device of the weights.
        """
        config, compute = self.config, self.compute_dtype()
        layout = attention.Layout.of(
            batch,
            self.attention_variant or attention.default_variant(self.device.type),
            num_heads=config.num_heads,
            num_kv_heads=config.num_kv_heads,
        )
        eager = (before_attention, after_attention, after_attention_dense)
        before, after, after_dense = self._compiled if self._compiled and self.training else eager
        cos_N1d, sin_N1d = rotary(config, batch.positions_N)
        x_ND = self.model.embed_tokens(batch.ids_N).float()
        balance: Tensor | None = None
        for block in self.model.blocks():
            q_NHd, k_NKd, v_NKd = before(block, x_ND, cos_N1d, sin_N1d, compute)
            attended_NA = attention.attend(q_NHd, k_NKd, v_NKd, layout)
            if not config.is_moe:
                x_ND = after_dense(block, x_ND, attended_NA, compute)
                continue
            x_ND, normed_ND = after(block, x_ND, attended_NA)
            out_ND, routing = block.mlp(normed_ND, compute)
            x_ND = x_ND + out_ND
            if self.training and config.balance != "none":
                layer_balance = moe.balance_sum(config, routing, batch, layout)
                balance = layer_balance if balance is None else balance + layer_balance
        return HiddenStates(
            hidden_ND=self.model.norm(x_ND),
            balance_sum=balance,
            balance_count=0 if balance is None else moe.balance_count(config, batch),
        )

    def extend(self, ids_BT: Tensor, cache: KVCache) -> Tensor:
        """Hidden states of new tokens that follow what the cache holds, float32 (B, T, D)."""
        config, compute = self.config, self.compute_dtype()
        rows, new = ids_BT.shape
        positions_BT, mask_BTC = cache.reserve(new)
        cos_N1d, sin_N1d = rotary(config, positions_BT.flatten())
        x_ND = self.model.embed_tokens(ids_BT.flatten()).float()
        for number, block in enumerate(self.model.blocks()):
            q_NHd, k_NKd, v_NKd = before_attention(block, x_ND, cos_N1d, sin_N1d, compute)
            keys, values = cache.store(
                number, k_NKd.unflatten(0, (rows, new)), v_NKd.unflatten(0, (rows, new))
            )
            attended = attention.attend_cached(q_NHd.unflatten(0, (rows, new)), keys, values, mask_BTC)
            if config.is_moe:
                x_ND, normed_ND = after_attention(block, x_ND, attended.flatten(0, 1))
                x_ND = x_ND + block.mlp(normed_ND, compute)[0]
            else:
                x_ND = after_attention_dense(block, x_ND, attended.flatten(0, 1), compute)
        hidden: Tensor = self.model.norm(x_ND)
        return hidden.view(rows, new, -1)
