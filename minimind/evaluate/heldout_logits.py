"""Held-out loss of an engine that only gives logits (GGUF files): the same windows, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from minimind.data import split
from minimind.data.batch import NO_LABEL
from minimind.data.cache import TokenCache
from minimind.evaluate.heldout import HeldoutLoss

Logits = Callable[[Sequence[int]], npt.NDArray[np.float32]]


def measure_logits(
    logits: Logits, caches: Sequence[TokenCache], documents: Sequence[npt.NDArray[np.int64]], *, seq_len: int
) -> HeldoutLoss | None:
    """As `heldout.measure`.

    Args:
        logits: ids of one window → (tokens, vocabulary).
        caches, documents: for each cache the numbers of its documents.
        seq_len: window length in tokens.

    Returns:
        None when no document has a labelled token.
    """
    nats, tokens = 0.0, 0
    for batch in split.evaluation_batches(caches, documents, seq_len):
        ids_N, labels_N = batch.ids_N.numpy(), batch.labels_N.numpy()
        for start, length in zip(batch.starts, batch.lengths, strict=True):
            labels = labels_N[start : start + length]
            places = np.flatnonzero(labels != NO_LABEL)
            if len(places):
                found = logits(ids_N[start : start + length].tolist())[places].astype(np.float64)
                nats += float((_log_sum_exp(found) - found[np.arange(len(places)), labels[places]]).sum())
                tokens += len(places)
    size = sum(int(c.doc_bytes[d].sum()) for c, d in zip(caches, documents, strict=True))
    return HeldoutLoss(nats=nats, tokens=tokens, bytes=size) if tokens else None


def _log_sum_exp(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    top = values.max(-1)
    total: npt.NDArray[np.float64] = top + np.log(np.exp(values - top[:, None]).sum(-1))
    return total
