"""Held-out loss: nats per token and bits per byte on text that the model never learns from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from minimind.data import split
from minimind.data.cache import TokenCache
from minimind.losses import linear_cross_entropy
from minimind.model.transformer import Transformer


@dataclass(frozen=True, kw_only=True)
class HeldoutLoss:
    """Nats and bits over one set of documents.

    Attributes:
        nats: summed over `tokens` labelled tokens.
        bytes: UTF-8 bytes of what those tokens spell (chat: of the assistants' content).
    """

    nats: float
    tokens: int
    bytes: int

    @property
    def nats_per_token(self) -> float:
        """The loss of the `eval` event."""
        return self.nats / self.tokens

    @property
    def bits_per_byte(self) -> float | None:
        """Comparable between tokenizers; None where there is no byte."""
        return self.nats / math.log(2) / self.bytes if self.bytes else None


def measure(
    model: Transformer,
    caches: Sequence[TokenCache],
    documents: Sequence[np.ndarray],
    *,
    seq_len: int,
    on_progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> HeldoutLoss | None:
    """Score each document alone, in windows that overlap by one token: every token but bos exactly once.

    In float32 whatever the run computes in: a checkpoint then measures the same wherever it is measured.

    Args:
        model: left in the mode it was in.
        caches, documents: for each cache the numbers of its documents.
        seq_len: window length in tokens.
        on_progress: hears the number of tokens scored so far.
        cancelled: asked between batches.

    Returns:
        None when it was cancelled or no document has a labelled token.
    """
    was_training = model.training
    model.eval()
    nats, tokens = 0.0, 0
    # TF32 has ten bits of mantissa
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.inference_mode():
            for batch in split.evaluation_batches(caches, documents, seq_len):
                if cancelled():
                    return None
                batch = batch.to(model.device)
                states = model(batch)
                total, count = linear_cross_entropy(
                    states.hidden_ND, model.head_weight, batch.labels_N, batch.weights_N
                )
                nats += float(total)
                tokens += count
                on_progress(tokens)
    finally:
        torch.set_float32_matmul_precision(before)
        model.train(was_training)
    size = sum(int(c.doc_bytes[d].sum()) for c, d in zip(caches, documents, strict=True))
    return HeldoutLoss(nats=nats, tokens=tokens, bytes=size) if tokens else None
