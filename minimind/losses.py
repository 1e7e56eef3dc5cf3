"""Loss functions: pure functions of hidden states, the head's weight and labels.

Shapes: N slots · D = dim · V vocabulary · L labelled slots · C slots of a chunk.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from minimind.data.batch import NO_LABEL

# logits of so many slots exist at a time: 512 × 6400 in float32 are 13 MB; measured as fast as 1024
CHUNK = 512


class _LinearCrossEntropy(torch.autograd.Function):
    """Logits, loss and both gradients, one chunk after the other.

    The gradient of a cross-entropy is known as soon as its softmax is: softmax − one-hot. So it is taken in
    the forward pass while the chunk's logits still exist, and the backward pass only multiplies by what comes
    from above. Nothing of size N × V is ever kept.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        hidden_LD: Tensor,
        weight_VD: Tensor,
        labels_L: Tensor,
        weights_L: Tensor | None,
        chunk: int,
        evaluating: bool,
    ) -> Tensor:
        # inside forward PyTorch says that a gradient is needed even where the caller has switched it off
        needs_hidden, needs_weight = (needed and not evaluating for needed in ctx.needs_input_grad[:2])
        compute = _compute_dtype(hidden_LD, weight_VD)
        matrix_VD = weight_VD.to(compute)
        total = torch.zeros((), dtype=torch.float32, device=hidden_LD.device)
        grad_LD = torch.empty_like(hidden_LD) if needs_hidden else None
        grad_VD = torch.zeros_like(weight_VD, dtype=torch.float32) if needs_weight else None
        for start in range(0, hidden_LD.shape[0], chunk):
            part = slice(start, start + chunk)
            hidden_CD = hidden_LD[part].to(compute)
            log_probs_CV = F.log_softmax(hidden_CD @ matrix_VD.T, dim=-1, dtype=torch.float32)
            labels_C1 = labels_L[part, None]
            losses_C = -log_probs_CV.gather(1, labels_C1).squeeze(1)
            weights_C = None if weights_L is None else weights_L[part].float()
            total += (losses_C if weights_C is None else losses_C * weights_C).sum()
            if grad_LD is None and grad_VD is None:
                continue
            # softmax − one-hot, in the memory of the logarithms
            grad_CV = log_probs_CV.exp_()
            grad_CV.scatter_(1, labels_C1, grad_CV.gather(1, labels_C1) - 1.0)
            if weights_C is not None:
                grad_CV.mul_(weights_C[:, None])
            grad_CV = grad_CV.to(compute)
            if grad_LD is not None:
                grad_LD[part] = grad_CV @ matrix_VD
            if grad_VD is not None:
                grad_VD += grad_CV.T @ hidden_CD
        ctx.grads = (grad_LD, grad_VD, weight_VD.dtype)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        grad_LD, grad_VD, dtype = ctx.grads
        return (
            None if grad_LD is None else grad_LD * grad,
            None if grad_VD is None else (grad_VD * grad).to(dtype),
            *(None,) * 4,
        )


def _compute_dtype(hidden: Tensor, weight: Tensor) -> torch.dtype:
    """Dtype of the matrix products: autocast's where it is on, else the weight's."""
    device_type = hidden.device.type
    return torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else weight.dtype


def linear_cross_entropy(
    hidden_ND: Tensor,
    weight_VD: Tensor,
    labels_N: Tensor,
    weights_N: Tensor | None = None,
    *,
    chunk: int = CHUNK,
    labelled_L: Tensor | None = None,
) -> tuple[Tensor, int]:
    """Cross-entropy of softmax(hidden · weightᵀ), added over the labelled slots.

    Matrix products run in the autocast dtype, softmax and sums in float32. Unlabelled slots cost nothing.

    Args:
        hidden_ND: hidden states.
        weight_VD: the output head.
        labels_N: target ids, NO_LABEL = none.
        weights_N: factor of each label's loss, None = 1.
        chunk: slots whose logits exist at a time.
        labelled_L: the slots with a label where known (`Batch.labelled_L`); else they are looked for, and
            on a graphics card that means waiting.

    Returns:
        (Σ weight · nats as a float32 scalar with gradient, number of labels whatever their weights).
    """
    if chunk < 1:
        raise ValueError("chunk must be positive")
    if labelled_L is None:
        labelled_L = (labels_N != NO_LABEL).nonzero().squeeze(1)
    total: Tensor = _LinearCrossEntropy.apply(  # type: ignore[no-untyped-call]
        hidden_ND.index_select(0, labelled_L),
        weight_VD,
        labels_N.index_select(0, labelled_L),
        None if weights_N is None else weights_N.index_select(0, labelled_L),
        chunk,
        not torch.is_grad_enabled(),
    )
    return total, labelled_L.numel()


def token_log_probs(hidden_ND: Tensor, weight_VD: Tensor, labels_N: Tensor, *, chunk: int = CHUNK) -> Tensor:
    """Log-probability of each slot's label, float32 (N,), 0 where there is none. With gradient.

    The logits of a chunk are computed again in the backward pass instead of being kept.
    """
    compute = _compute_dtype(hidden_ND, weight_VD)

    def of_chunk(hidden_CD: Tensor, matrix_VD: Tensor, labels_C: Tensor) -> Tensor:
        logits_CV = (hidden_CD.to(compute) @ matrix_VD.to(compute).T).float()
        return -F.cross_entropy(logits_CV, labels_C, reduction="none", ignore_index=NO_LABEL)

    parts = [
        checkpoint(of_chunk, hidden_CD, weight_VD, labels_C, use_reentrant=False, preserve_rng_state=False)
        for hidden_CD, labels_C in zip(hidden_ND.split(chunk), labels_N.split(chunk), strict=True)
    ]
    return torch.cat(parts)
