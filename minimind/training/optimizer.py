"""The optimizer and the learning rate: Muon for matrices, AdamW for the rest, warm-up, stable, decay.

Shapes: R, C = rows and columns of a weight matrix, G = matrices of the same shape.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from minimind.plan import Resolved

# quintic Newton-Schulz coefficients: steep at zero, so that five rounds lift every singular value near 1
# (K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024)
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def learning_rate(step: int, plan: Resolved) -> float:
    """The rate of update `step` (the first is 1).

    Args:
        step: 1 … total_steps.
        plan: its shape; a run whose end is not decided yet stays on the plateau.
    """
    if step <= plan.warmup_steps:
        return plan.lr * step / plan.warmup_steps
    if plan.total_steps is None or plan.decay_from is None:
        return plan.lr
    if plan.shape == "cosine":
        progress = min(1.0, (step - 1) / plan.total_steps)
        return plan.lr * (0.1 + 0.45 * (1 + math.cos(math.pi * progress)))
    if step <= plan.decay_from:
        return plan.lr
    # reaches zero one step after the last, so that the last update still moves something
    return plan.lr * max(0.0, (plan.total_steps + 1 - step) / (plan.total_steps + 1 - plan.decay_from))


def orthogonalise(update_GRC: Tensor, *, rounds: int = 5) -> Tensor:
    """The nearest matrix with all singular values about 1, by Newton-Schulz iteration.

    Args:
        update_GRC: matrices of one shape, stacked; computed in bf16 where the caller passes bf16.
        rounds: iterations; five bring singular values into 0.7 … 1.2.
    """
    a, b, c = _NEWTON_SCHULZ
    x_GRC: Tensor
    wide = update_GRC.size(-2) <= update_GRC.size(-1)
    x_GRC = update_GRC if wide else update_GRC.mT
    x_GRC = x_GRC / (torch.linalg.matrix_norm(x_GRC, keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram_GRR = x_GRC @ x_GRC.mT
        x_GRC = a * x_GRC + (b * gram_GRR + c * gram_GRR @ gram_GRR) @ x_GRC
    return x_GRC if wide else x_GRC.transpose(-2, -1)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised: each update moves a matrix by the same amount in every direction.

    Jordan et al. 2024; the scale 0.2·sqrt(max(R, C)) gives the updates the size of AdamW's, so that both
    share one learning rate (J. Liu et al., "Muon is scalable for LLM training", 2025, equation 4).
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]
        """One update of every matrix that has a gradient; equal shapes are computed together."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape.setdefault(weight.shape, []).append(weight)
            for weights in by_shape.values():
                self._update(weights, group)

    def _update(self, weights: list[Tensor], group: dict[str, float]) -> None:
        nesterov = []
        for weight in weights:
            state = self.state[weight]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(weight)
            assert weight.grad is not None
            buffer = state["momentum_buffer"].lerp_(weight.grad, 1 - group["momentum"])
            nesterov.append(weight.grad.lerp(buffer, group["momentum"]).to(self._dtype))
        updates_GRC = orthogonalise(torch.stack(nesterov))
        scale = 0.2 * math.sqrt(max(weights[0].shape))
        for weight, update_RC in zip(weights, updates_GRC.unbind(0), strict=True):
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.add_(update_RC.to(weight.dtype), alpha=-group["lr"] * scale)


class OptimizerSet:
    """All optimizers of a model as one: step, rate, and state by parameter name."""

    def __init__(self, model: nn.Module, plan: Resolved, device: torch.device) -> None:
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self._names: dict[Any, str] = {parameter: name for name, parameter in named}
        matrices = [p for p, name in self._names.items() if _is_hidden_matrix(name, p)]
        if plan.optimizer != "muon":
            matrices = []
        chosen = set(matrices)
        rest = [p for p in self._names if p not in chosen]
        # decaying norms and embeddings pulls on what has a scale of its own
        decayed = [p for p in rest if plan.shape == "cosine" or _is_hidden_matrix(self._names[p], p)]
        decays = set(decayed)
        plain = [p for p in rest if p not in decays]
        self._adamw = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": plan.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=plan.lr,
            betas=plan.betas,
            fused=device.type in ("cpu", "cuda"),
        )
        self._rest_scale = plan.embedding_lr_scale
        self._muon: Muon | None = None
        if matrices:
            fast = torch.bfloat16 if plan.precision == "bf16" else torch.float32
            self._muon = Muon(matrices, lr=plan.lr, weight_decay=plan.weight_decay, dtype=fast)

    @property
    def _parts(self) -> list[torch.optim.Optimizer]:
        return [self._adamw] if self._muon is None else [self._muon, self._adamw]

    def step(self, lr: float) -> None:
        """One update at this rate."""
        for group in self._adamw.param_groups:
            group["lr"] = lr * self._rest_scale
        self._adamw.step()
        if self._muon is not None:
            for group in self._muon.param_groups:
                group["lr"] = lr
            self._muon.step()

    def zero_grad(self) -> None:
        """Forget the gradients and their memory."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)

    def state_tensors(self) -> dict[str, Tensor]:
        """`<parameter>/<moment>` → tensor, for a checkpoint."""
        found: dict[str, Tensor] = {}
        for part in self._parts:
            for parameter, state in part.state.items():
                for key, value in state.items():
                    found[f"{self._names[parameter]}/{key}"] = torch.as_tensor(value)
        return found

    def load_state_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take up the state that `state_tensors` gave.

        Raises:
            KeyError: the tensors are those of another model or optimizer.
        """
        keys = {"momentum_buffer"} if self._muon is not None else set()
        by_name: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            parameter_name, _, key = name.rpartition("/")
            by_name.setdefault(parameter_name, {})[key] = tensor
        for part in self._parts:
            for group in part.param_groups:
                for parameter in group["params"]:
                    state = by_name.get(self._names[parameter])
                    if state is None:
                        continue  # it had no gradient yet
                    if (set(state) == keys) != (part is self._muon):
                        raise KeyError(self._names[parameter])
                    part.state[parameter] = {
                        key: value.to(parameter.device, copy=True) for key, value in state.items()
                    }


def _is_hidden_matrix(name: str, parameter: Tensor) -> bool:
    """A matrix between hidden layers: not the embedding or head, not a router, not a norm."""
    outside = ("embed_tokens", "lm_head", "mlp.gate.")
    return parameter.ndim == 2 and not any(part in name for part in outside)
