"""Experts: a router sends each token to a few feed-forward blocks instead of one.

Shapes: N slots · D = dim · F = ffn_dim · E experts · k experts per token · M = N·k visits.
Source: Switch Transformer (Fedus et al. 2021) and DeepSeekMoE (Dai et al. 2024, shared experts); the two
balance losses are those of MiniMind2 and MiniMind3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from minimind.data.batch import Batch
from minimind.model.attention import Layout
from minimind.model.config import ModelConfig
from minimind.model.rows import Exchange


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020): down(silu(gate(x)) · up(x)), no biases."""

    def __init__(self, dim: int, ffn_dim: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(dim, ffn_dim, bias=False)
        self.up_proj = nn.Linear(dim, ffn_dim, bias=False)
        self.down_proj = nn.Linear(ffn_dim, dim, bias=False)

    def forward(self, x_ND: Tensor) -> Tensor:
        """(N, D) → (N, D)."""
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x_ND)) * self.up_proj(x_ND))
        return out


@dataclass(frozen=True, kw_only=True)
class Routing:
    """What one layer's router decided: probabilities (with gradient) and the experts chosen."""

    scores_NE: Tensor
    chosen_Nk: Tensor


class Experts(nn.Module):
    """Routed experts, plus shared ones that every token visits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.per_token = config.experts_per_token
        self.normalize = config.normalize_routing
        self.gate = nn.Linear(config.dim, config.num_experts, bias=False)
        self.experts = nn.ModuleList(
            FeedForward(config.dim, config.ffn_dim) for _ in range(config.num_experts)
        )
        if config.num_shared_experts:
            self.shared_experts = nn.ModuleList(
                FeedForward(config.dim, config.ffn_dim) for _ in range(config.num_shared_experts)
            )

    def route(self, x_ND: Tensor) -> tuple[Tensor, Routing]:
        """Choose experts. In float32 whatever the rest uses: a rounded score flips a choice.

        Returns:
            (weights of the chosen experts (N, k), the routing).
        """
        with torch.autocast(x_ND.device.type, enabled=False):
            scores_NE = F.linear(x_ND.float(), self.gate.weight.float()).softmax(-1)
            weights_Nk, chosen_Nk = scores_NE.topk(self.per_token, dim=-1)
            if self.normalize:
                weights_Nk = weights_Nk / (weights_Nk.sum(-1, keepdim=True) + 1e-20)
        return weights_Nk, Routing(scores_NE=scores_NE, chosen_Nk=chosen_Nk)

    def forward(self, x_ND: Tensor, compute: torch.dtype) -> tuple[Tensor, Routing]:
        """Visit the chosen experts.

        Args:
            x_ND: float32, normalised.
            compute: dtype of the experts' matrix products.

        Returns:
            (Σ weight · expert(x) + Σ shared(x) as float32 (N, D), the routing).
        """
        weights_Nk, routing = self.route(x_ND)
        slots, dim = x_ND.shape
        x_ND = x_ND.to(compute)
        visits_MD = x_ND[:, None].expand(slots, self.per_token, dim).reshape(-1, dim)
        exchange = Exchange.sorting(routing.chosen_Nk.reshape(-1))
        counts = routing.chosen_Nk.reshape(-1).bincount(minlength=len(self.experts)).tolist()
        parts = exchange.there(visits_MD).split(counts)
        # every expert is called, with no token too: its gradient is then zero instead of missing
        sorted_MD = torch.cat([expert(part) for expert, part in zip(self.experts, parts, strict=True)])
        out_NkD = exchange.back(sorted_MD).view(slots, self.per_token, dim)
        out_ND = (out_NkD.float() * weights_Nk[..., None]).sum(1)
        if hasattr(self, "shared_experts"):
            for shared in self.shared_experts:
                out_ND = out_ND + shared(x_ND)
        return out_ND, routing


def balance_count(config: ModelConfig, batch: Batch) -> int:
    """How many means `balance_sum` adds up: documents or rows; 0 where there is no balance loss."""
    return {"none": 0, "document": len(batch.lengths), "row": batch.num_rows_used}[config.balance]


def balance_sum(config: ModelConfig, routing: Routing, batch: Batch, layout: Layout) -> Tensor:
    """The balance loss of one layer, added over documents or rows; least when all experts get the same.

    Within each unit of T tokens: α · Σ_e load_e · mean score_e, where the load is the number of choices of e
    times E / (T · k) for `document` and times E / T for `row`. Empty slots count nowhere.
    """
    experts = routing.scores_NE.shape[-1]
    numbers_E = torch.arange(experts, device=routing.chosen_Nk.device)
    choices_NE = (routing.chosen_Nk[..., None] == numbers_E).sum(1).float()
    if config.balance == "document":
        # sums over documents through the layout's padded groups: no scatter, so the same bits each time
        both = layout.slots.there(torch.cat([choices_NE, routing.scores_NE], dim=-1))
        sizes = [documents * longest for documents, longest in layout.groups]
        sums = [
            part.view(documents, longest, -1).sum(1)
            for part, (documents, longest) in zip(both.split(sizes), layout.groups, strict=True)
        ]
        means = torch.cat(sums) / layout.lengths_G[:, None]
        scale = experts / config.experts_per_token
    else:
        real_N1 = (batch.documents_N >= 0)[:, None]
        both = torch.cat([choices_NE, routing.scores_NE], dim=-1).masked_fill(~real_N1, 0.0)
        tokens_R1 = real_N1.view(batch.rows, -1).sum(1, keepdim=True).clamp(min=1)
        means = both.view(batch.rows, batch.seq_len, -1).sum(1) / tokens_R1
        scale = float(experts)
    return config.balance_alpha * scale * (means[:, :experts] * means[:, experts:]).sum()
