"""One update: every micro-batch forward and backward, clip, step. Nothing here knows of files or people."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from minimind.data.batch import Batch
from minimind.training.optimizer import learning_rate
from minimind.training.setup import Session


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What an update did.

    Attributes:
        loss: summed loss ÷ units, of the batch before the update.
        grad_norm: before clipping.
        lr: rate used.
        tokens: real tokens of the whole step.
        applied: False when the gradient was not finite and nothing was changed.
        extras: the method's further curves.
    """

    loss: float
    grad_norm: float
    lr: float
    tokens: int
    applied: bool
    extras: dict[str, float] = field(default_factory=dict)


def train_step(session: Session, batches: list[Batch], step: int) -> StepResult:
    """Carry out update `step` on the micro-batches of one step.

    The divisor is the number of labelled tokens in the whole step, so that four micro-batches of one row
    give the gradient of one micro-batch of four rows.
    """
    model, method = session.model, session.method
    units = sum(method.count(batch) for batch in batches)
    balance_units = sum(model.balance_count(batch) for batch in batches)
    total = torch.zeros((), device=session.torch_device)
    balance = torch.zeros((), device=session.torch_device)
    sums: dict[str, float] = {}
    counts: dict[str, float] = {}
    for number, batch in enumerate(batches):
        with session.precision.autocast():
            parts = method.loss(model, batch.to(session.torch_device))
        loss = parts.sum / max(units, 1)
        if parts.balance_sum is not None:
            loss = loss + parts.balance_sum / max(balance_units, 1)
            balance += parts.balance_sum.detach()
        session.strategy.backward(session.precision.scale(loss), last=number == len(batches) - 1)
        total += parts.sum.detach()
        for name, (value, count) in (parts.extras or {}).items():
            sums[name] = sums.get(name, 0.0) + float(value)
            counts[name] = counts.get(name, 0.0) + float(count)
    parameters = [p for p in model.parameters() if p.grad is not None]
    session.precision.unscale(parameters)
    grad_norm = float(session.strategy.clip(parameters, session.plan.clip))
    mean = float(total) / max(units, 1)
    finite = _is_finite(grad_norm) and _is_finite(mean)
    lr = learning_rate(step, session.plan)
    if finite:
        session.optimizers.step(lr)
    session.precision.updated(finite)
    session.optimizers.zero_grad()
    extras = {name: value / max(counts[name], 1e-12) for name, value in sums.items()}
    if balance_units:
        extras["aux"] = float(balance) / balance_units
    return StepResult(
        loss=mean,
        grad_norm=grad_norm,
        lr=lr,
        tokens=sum(batch.num_tokens for batch in batches),
        applied=finite,
        extras=extras,
    )


def _is_finite(value: float) -> bool:
    return value - value == 0.0
