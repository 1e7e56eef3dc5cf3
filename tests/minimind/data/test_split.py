"""The held-out documents, and the windows in which they are scored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.data.batch import NO_LABEL
from minimind.data.split import evaluation_batches, held_out
from tests.minimind.data.conftest import cache_of


@pytest.mark.parametrize(
    ("documents", "held"),
    [(9, 0), (10, 1), (100, 10), (639, 63), (640, 64), (6400, 64), (10_000, 100), (300_000, 2000)],
)
def test_how_many(documents: int, held: int) -> None:
    (found,) = held_out([cache_of([12] * documents)])
    assert len(found) == held
    assert found.tolist() == sorted(set(found.tolist()))


def test_at_most_100_000_tokens() -> None:
    (found,) = held_out([cache_of([3_000] * 2_000)])
    assert len(found) == 33
    (found,) = held_out([cache_of([200_000] + [10] * 2_000)])
    assert len(found) == 64
    assert 0 not in found


def test_duplicates_lie_on_one_side() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 400)[rng.integers(0, 400, 2_000)]
    first, second = (
        cache_of([9] * 1500, hashes=hashes[:1500].tolist()),
        cache_of([9] * 500, hashes=hashes[1500:].tolist()),
    )
    out = held_out([first, second])
    inside = np.ones(2_000, bool)
    inside[np.concatenate([out[0], out[1] + 1500])] = False
    assert 50 <= (~inside).sum() <= 64
    assert not set(hashes[inside].tolist()) & set(hashes[~inside].tolist())


def test_all_the_same_document_leaves_none() -> None:
    (found,) = held_out([cache_of([9] * 300, hashes=[7] * 300)])
    assert len(found) == 0


def test_the_choice_follows_the_content_not_the_place() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**63, 1_000)
    order = np.random.default_rng(2).permutation(1_000)
    (found,) = held_out([cache_of([9] * 1_000, hashes=hashes.tolist())])
    (moved,) = held_out([cache_of([9] * 1_000, hashes=hashes[order].tolist())])
    assert set(hashes[found].tolist()) == set(hashes[order][moved].tolist())


@given(lengths=st.lists(st.integers(2, 80), min_size=1, max_size=20), seq_len=st.integers(2, 24))
def test_every_token_but_bos_is_scored_once(lengths: list[int], seq_len: int) -> None:
    cache = cache_of(lengths)
    documents = np.arange(len(lengths))[::2]
    expected = [n for d in documents for n in range(cache.doc_offsets[d] + 11, cache.doc_offsets[d + 1] + 10)]
    batches = list(evaluation_batches([cache], [documents], seq_len))
    assert len({batch.rows for batch in batches}) == 1
    scored = [int(n) for batch in batches for n in batch.labels_N if n != NO_LABEL]
    assert sorted(scored) == expected


def test_windows_overlap_by_one_token() -> None:
    (batch,) = evaluation_batches([cache_of([12])], [np.array([0])], 5)
    windows = sorted(
        [*batch.ids_N[s : s + n].tolist(), int(batch.labels_N[s + n - 1])]
        for s, n in zip(batch.starts, batch.lengths, strict=True)
    )
    assert windows == [[10, 11, 12, 13, 14], [14, 15, 16, 17, 18], [18, 19, 20, 21]]
    assert all(batch.positions_N[s] == 0 for s in batch.starts)


def test_conversations_are_scored_where_they_are_trained() -> None:
    cache = cache_of([30, 12], [[(3, 6), (20, 29)], [(5, 11)]])
    batches = list(evaluation_batches([cache], [np.array([0, 1])], 8))
    scored = sorted(int(n) for batch in batches for n in batch.labels_N if n != NO_LABEL)
    assert scored == [*range(13, 16), *range(30, 39), *range(45, 51)]


def test_nothing_held_out_gives_nothing() -> None:
    assert list(evaluation_batches([cache_of([5])], [np.zeros(0, np.int64)], 8)) == []
