"""What is held out of training, and how it is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from minimind.data.cache import TokenCache
from minimind.data.packing import best_fit, evaluation_pieces, splitmix64

if TYPE_CHECKING:
    from minimind.data.batch import Batch

SHARE, AT_LEAST, AT_MOST, MAX_TOKENS, LARGEST_SHARE = 100, 64, 2_000, 100_000, 10
PASSED_OVER = 64
EVALUATION_SLOTS = 8_192
Array = npt.NDArray[Any]


def held_out(caches: Sequence[TokenCache]) -> list[Array]:
    """Choose documents to hold out: sorted document numbers for each cache; empty when there are too few.

    1% of the documents, at least 64, at most 2,000 documents and 100,000 tokens, never more than a tenth of
    the documents. The choice follows a hash of the content alone, so it is the same for every seed, model and
    tokenizer, and a document that is there twice is held out as a whole or not at all. A document that would
    exceed a limit is passed over; after 64 of those the choice ends.
    """
    hashes = np.concatenate([np.asarray(cache.doc_hash) for cache in caches])
    lengths = np.concatenate([np.diff(cache.doc_offsets) for cache in caches])
    total = len(hashes)
    wanted = min(max(total // SHARE, AT_LEAST), AT_MOST, total // LARGEST_SHARE)
    unique, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    tokens = np.bincount(inverse, weights=lengths).astype(np.int64)
    chosen = np.zeros(len(unique), bool)
    documents = spent = passed = 0
    for index in np.argsort(splitmix64(unique), kind="stable"):
        if documents >= wanted or passed >= PASSED_OVER:
            break
        if documents + counts[index] > wanted or spent + tokens[index] > MAX_TOKENS:
            passed += 1
            continue
        chosen[index] = True
        documents += int(counts[index])
        spent += int(tokens[index])
    ends = np.cumsum([cache.documents for cache in caches])[:-1]
    return [np.flatnonzero(mine) for mine in np.split(chosen[inverse], ends)]


def evaluation_batches(
    caches: Sequence[TokenCache], documents: Sequence[Array], seq_len: int
) -> Iterator[Batch]:
    """Each document alone, in windows of seq_len tokens that overlap by one: every label exactly once.

    Windows share rows, which attention does not cross; the batches of one call have the same shape.

    Args:
        caches, documents: for each cache the numbers of its documents.
        seq_len: tokens of a window, and slots of a row.
    """
    from minimind.data.gather import gather

    cache, begin, slots = evaluation_pieces(caches, documents, seq_len)
    if len(slots) == 0:
        return
    row, rows = best_fit(slots, seq_len)
    order = np.argsort(row, kind="stable")
    cache, begin, slots, row = cache[order], begin[order], slots[order], row[order]
    together = min(rows, max(1, EVALUATION_SLOTS // seq_len))
    for first in range(0, rows, together):
        low, high = np.searchsorted(row, [first, first + together])
        part = slice(low, high)
        yield gather(
            caches, cache[part], begin[part], slots[part], row[part] - first, rows=together, seq_len=seq_len
        )
