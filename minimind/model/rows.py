"""Moving rows of a matrix to other places and back, with a gradient that adds nothing up.

PyTorch's own indexing adds gradients into shared places, which is slow on a CPU and not repeatable on a
graphics card. Here every row has at most one place on the other side, so that the gradient of a gather is
again a gather.

Shapes: A rows on this side · B places on the other side · D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, x_AD: Tensor, index_B: Tensor, blank_B: Tensor, index_A: Tensor, blank_A: Tensor
    ) -> Tensor:
        ctx.save_for_backward(index_A, blank_A)
        return x_AD.index_select(0, index_B).index_fill_(0, blank_B, 0)

    @staticmethod
    def backward(ctx: Any, grad_BD: Tensor) -> tuple[Tensor, None, None, None, None]:  # type: ignore[override]
        index_A, blank_A = ctx.saved_tensors
        return grad_BD.index_select(0, index_A).index_fill_(0, blank_A, 0), None, None, None, None


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Who goes where.

    Attributes:
        index_B: int64, the row that each place takes.
        index_A: int64, the place that each row went to.
        blank_B: places that took no row; they hold zeros.
        blank_A: rows that went nowhere; they come back as zeros.
    """

    index_B: Tensor
    index_A: Tensor
    blank_B: Tensor
    blank_A: Tensor

    def there(self, x_AD: Tensor) -> Tensor:
        """(A, D) → (B, D)."""
        moved: Tensor = _Gather.apply(x_AD, self.index_B, self.blank_B, self.index_A, self.blank_A)  # type: ignore[no-untyped-call]
        return moved

    def back(self, x_BD: Tensor) -> Tensor:
        """(B, D) → (A, D)."""
        moved: Tensor = _Gather.apply(x_BD, self.index_A, self.blank_A, self.index_B, self.blank_B)  # type: ignore[no-untyped-call]
        return moved

    def to(self, device: torch.device) -> Exchange:
        """The same on another device."""
        return Exchange(
            index_B=self.index_B.to(device, non_blocking=True),
            index_A=self.index_A.to(device, non_blocking=True),
            blank_B=self.blank_B.to(device, non_blocking=True),
            blank_A=self.blank_A.to(device, non_blocking=True),
        )

    @classmethod
    def sorting(cls, key_A: Tensor) -> Exchange:
        """Put rows in the order of an integer key, equal keys in their old order."""
        order_B = torch.argsort(key_A, stable=True)
        # sorting the order gives its inverse without a scatter
        none = order_B[:0]
        return cls(index_B=order_B, index_A=torch.argsort(order_B), blank_B=none, blank_A=none)
