"""From pieces of token streams to a Batch: the one place where arrays become tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from minimind.data.batch import NO_LABEL, Batch
from minimind.data.cache import TokenCache
from minimind.data.packing import ragged_arange

Array = npt.NDArray[Any]


def gather(
    caches: Sequence[TokenCache],
    cache: Array,
    begin: Array,
    slots: Array,
    row: Array,
    *,
    rows: int,
    seq_len: int,
) -> Batch:
    """Lay pieces out in rows.

    Args:
        caches: where tokens come from.
        cache, begin, slots: of each piece: which cache, its first token, how many slots it takes.
        row: of each piece, ascending; pieces of a row lie one after the other.
        rows, seq_len: the layout; rows without a piece stay empty.
    """
    before = np.cumsum(slots) - slots
    new_row = np.ones(len(row), bool)
    new_row[1:] = row[1:] != row[:-1]
    row_first = np.maximum.accumulate(np.where(new_row, before, 0)) if len(row) else before
    starts = row * seq_len + before - row_first
    within = ragged_arange(slots)
    slot = np.repeat(starts, slots) + within
    token = np.repeat(begin, slots) + within
    source = np.repeat(cache, slots)
    ids = np.zeros(rows * seq_len, np.int64)
    labels = np.full(rows * seq_len, NO_LABEL, np.int64)
    positions = np.zeros(rows * seq_len, np.int64)
    documents = np.full(rows * seq_len, -1, np.int32)
    for number in np.unique(cache):
        mine = slice(None) if len(caches) == 1 else source == number
        _fill(ids, labels, slot[mine], token[mine], caches[number])
    positions[slot] = within
    documents[slot] = np.repeat(np.arange(len(slots), dtype=np.int32), slots)
    labelled = np.flatnonzero(labels != NO_LABEL)
    return Batch(
        ids_N=torch.from_numpy(ids),
        labels_N=torch.from_numpy(labels),
        positions_N=torch.from_numpy(positions),
        documents_N=torch.from_numpy(documents),
        lengths=tuple(slots.tolist()),
        starts=tuple(starts.tolist()),
        rows=rows,
        seq_len=seq_len,
        labelled_L=torch.from_numpy(labelled),
    )


def _fill(ids: Array, labels: Array, slot: Array, token: Array, cache: TokenCache) -> None:
    ids[slot] = cache.tokens[token]
    label = token + 1
    if cache.span_starts is None or cache.span_ends is None:
        labels[slot] = cache.tokens[label]
        return
    span = np.searchsorted(cache.span_starts, label, side="right") - 1
    trained = (span >= 0) & (label < cache.span_ends[np.maximum(span, 0)])
    labels[slot[trained]] = cache.tokens[label[trained]]
