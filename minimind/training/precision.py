"""Number formats: weights stay float32, matmuls run in what the device is fast at."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Autocast for the forward and, for float16 alone, a scaler against underflow."""

    def __init__(self, name: str, device: torch.device) -> None:
        self.name = name
        self.dtype = DTYPES[name]
        self._device = device
        self._scaler = torch.amp.GradScaler(device.type) if name == "fp16" else None

    def autocast(self) -> AbstractContextManager[None]:
        """Around each forward; nothing in float32."""
        if self.dtype is torch.float32:
            return nullcontext()
        return torch.autocast(self._device.type, dtype=self.dtype)

    def scale(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss as it goes into `backward`."""
        return loss if self._scaler is None else self._scaler.scale(loss)

    def unscale(self, parameters: list[torch.nn.Parameter]) -> None:
        """Gradients back to their true size before they are clipped."""
        if self._scaler is not None:
            inverse = 1.0 / self._scaler.get_scale()
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(inverse)

    def updated(self, finite: bool) -> None:
        """Tell the scaler how the step went; it halves its scale after an overflow."""
        if self._scaler is None:
            return
        scale = self._scaler.get_scale()
        self._scaler.update(scale if finite else scale / 2)

    def state(self) -> dict[str, float]:
        """For an exact resume."""
        return {} if self._scaler is None else {"scale": self._scaler.get_scale()}

    def load_state(self, state: dict[str, float]) -> None:
        """Take up `state` again."""
        if self._scaler is not None and "scale" in state:
            self._scaler.update(state["scale"])
