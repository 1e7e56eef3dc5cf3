"""One interface for every way to spread a run over processes; `Single` is one process on one device."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn


class Strategy(Protocol):
    """What the loop asks for; it never sees how many processes there are."""

    rank: int
    world: int

    def prepare(self, model: nn.Module) -> nn.Module:
        """Wrap or shard the model."""
        ...

    def backward(self, loss: Tensor, *, last: bool) -> None:
        """Gradients of one micro-batch; they are exchanged after the last one of a step."""
        ...

    def reduce(self, values: Tensor) -> Tensor:
        """Sum over all ranks."""
        ...

    def clip(self, parameters: list[nn.Parameter], max_norm: float) -> Tensor:
        """The gradient's length over all parameters and ranks, cut to max_norm when that is above 0."""
        ...


def total_norm(gradients: list[Tensor]) -> Tensor:
    """2-norm of all gradients together.

    A CPU adds up a whole tensor in one float32 chain: of an embedding with 5M weights the fourth digit was
    wrong. Row by row the chains are short and nothing is slower. Cards add up in a tree anyway.
    """
    if not gradients or gradients[0].device.type != "cpu":
        return torch.nn.utils.get_total_norm(gradients)
    rows = [torch.linalg.vector_norm(gradient, dim=-1).flatten() for gradient in gradients]
    total: Tensor = torch.linalg.vector_norm(torch.cat(rows))
    return total


class Single:
    """One process: nothing to exchange."""

    rank = 0
    world = 1

    def prepare(self, model: nn.Module) -> nn.Module:
        """The model itself."""
        return model

    def backward(self, loss: Tensor, *, last: bool) -> None:
        """Plain autograd."""
        loss.backward()  # type: ignore[no-untyped-call]

    def reduce(self, values: Tensor) -> Tensor:
        """Already the sum."""
        return values

    def clip(self, parameters: list[nn.Parameter], max_norm: float) -> Tensor:
        """Total 2-norm; scaling happens in place."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        norm = total_norm(gradients)
        if max_norm > 0:
            torch.nn.utils.clip_grads_with_norm_(parameters, max_norm, norm)
        return norm
