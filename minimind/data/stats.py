"""Figures about a prepared data file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minimind.data.cache import TokenCache

PERCENTILES = (5, 25, 50, 75, 95, 99, 100)


@dataclass(frozen=True, kw_only=True)
class Stats:
    """What a token cache holds.

    Attributes:
        documents, tokens, labels: labels are the tokens that are trained.
        text_bytes: UTF-8 bytes of the texts (chat: of what the assistant says).
        repeats: documents whose content stands further up already.
        lengths: tokens of a document, at each of PERCENTILES.
        histogram: (from, to, documents): up to 32, 64, 128 … tokens.
    """

    documents: int
    tokens: int
    labels: int
    text_bytes: int
    repeats: int
    lengths: tuple[int, ...]
    histogram: tuple[tuple[int, int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """For `data stats --json`."""
        return {
            "documents": self.documents,
            "tokens": self.tokens,
            "labels": self.labels,
            "bytes": self.text_bytes,
            "repeats": self.repeats,
            "lengths": {f"p{p}": n for p, n in zip(PERCENTILES, self.lengths, strict=True)},
            "histogram": [{"from": a, "to": b, "documents": n} for a, b, n in self.histogram],
        }


def stats_of(cache: TokenCache) -> Stats:
    """Count; needs the memory of a few numbers per document."""
    lengths = np.diff(cache.doc_offsets)
    top = max(32, 1 << int(lengths.max() - 1).bit_length())
    edges = [1, *(1 << power for power in range(5, top.bit_length()))]
    counts, _edges = np.histogram(lengths, bins=[edges[0], *(edge + 1 for edge in edges[1:])])
    shares = np.percentile(lengths, PERCENTILES, method="lower")
    return Stats(
        documents=cache.documents,
        tokens=cache.num_tokens,
        labels=cache.num_labels,
        text_bytes=int(cache.doc_bytes.sum(dtype=np.int64)),
        repeats=cache.documents - len(np.unique(cache.doc_hash)),
        lengths=tuple(int(n) for n in shares),
        histogram=tuple(
            (low + 1 if low > 1 else 1, high, int(n))
            for low, high, n in zip(edges[:-1], edges[1:], counts.tolist(), strict=True)
        ),
    )
