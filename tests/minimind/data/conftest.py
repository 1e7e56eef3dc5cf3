"""Token caches made up from numbers, without files and tokenizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from minimind.data.cache import TokenCache

MakeCache = Callable[..., TokenCache]
BOS, EOS = 1, 2


@pytest.fixture
def make_cache() -> MakeCache:
    """make_cache(lengths, spans=None): a cache of documents whose tokens are all different numbers.

    spans: for each document its trained [start, end) within the document; None for text.
    """
    return cache_of


def cache_of(
    lengths: Sequence[int],
    spans: Sequence[Sequence[tuple[int, int]]] | None = None,
    hashes: Sequence[int] | None = None,
) -> TokenCache:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = np.arange(offsets[-1], dtype=np.uint32) + 10
    flat = [(a + o, b + o) for o, doc in zip(offsets.tolist(), spans or (), strict=False) for a, b in doc]
    table = np.array(flat, np.int64).reshape(-1, 2)
    return TokenCache(
        folder=Path("none"),
        source=Path("none"),
        kind="text" if spans is None else "chat",
        content_hash="",
        tokenizer_hash="",
        template_hash="",
        tokens=tokens,
        doc_offsets=offsets,
        doc_hash=np.array(hashes if hashes is not None else np.arange(len(lengths)) * 7919, np.uint64),
        doc_bytes=np.array(lengths, np.uint32) * 3,
        doc_line=np.arange(len(lengths), dtype=np.uint32) + 1,
        span_starts=None if spans is None else table[:, 0],
        span_ends=None if spans is None else table[:, 1],
        num_labels=0,
        skipped=(),
        skipped_count=0,
    )
