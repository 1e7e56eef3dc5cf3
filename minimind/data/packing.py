"""Which tokens lie in which row: a pure function of (caches, seed, epoch, seq_len), never stored.

A row has seq_len slots. A slot holds a token as input and the next one as label, so a document of L tokens
takes L - 1 slots. A text longer than that is cut into windows of seq_len slots: the token at a cut is the
last label of one window and the first input of the next, and every token but bos is a label exactly once.
Each window stands alone: positions begin at 0, attention does not reach back. A conversation is never cut
into windows; one that is too long keeps as many whole turns as fit.

The documents of an epoch are shuffled and cut into blocks of 65,536. In each block the pieces are placed best
fit decreasing (Johnson 1973): longest first, each into the fullest row that still has room; then the rows are
shuffled. So a position in the data is (epoch, block, row), found by arithmetic and not by replay.

Shuffling sorts by splitmix64 hashes (Steele et al. 2014) instead of numpy's generators, whose streams may
change between versions.

Shapes: D documents of all caches · I pieces of a block · R rows of a block.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.data.cache import TokenCache

BLOCK = 65_536
Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows of pieces: piece i is `slots[i]` slots of cache `cache[i]`, from token `begin[i]` on.

    Attributes:
        cache, begin, slots: of each piece, I; row by row, in the order in which they lie there.
        row_starts: first piece of each row, R + 1.
    """

    cache: Array
    begin: Array
    slots: Array
    row_starts: Array

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row_starts) - 1


class Corpus:
    """Documents of several caches, with what there is to train of each, for one sequence length."""

    def __init__(
        self,
        caches: Sequence[TokenCache],
        weights: Sequence[float],
        *,
        seq_len: int,
        exclude: Sequence[Array] | None = None,
    ) -> None:
        """Measure every document.

        Args:
            caches: what to train on.
            weights: how often each cache is seen in an epoch; a fraction is a chance per document.
            seq_len: slots of a row.
            exclude: for each cache the numbers of documents to leave out.

        Raises:
            ValueError: lists of different lengths, a negative weight, a seq_len below 2.
        """
        if len(weights) != len(caches) or (exclude is not None and len(exclude) != len(caches)):
            raise ValueError("one weight and one list of exclusions for each cache")
        if seq_len < 2 or any(weight < 0 for weight in weights):
            raise ValueError("seq_len must be at least 2 and weights not negative")
        self.caches = list(caches)
        self.weights = [float(weight) for weight in weights]
        self.seq_len = seq_len
        self.first = np.concatenate([[0], np.cumsum([cache.documents for cache in caches])]).astype(np.int64)
        usable, cut = zip(*(usable_slots(cache, seq_len) for cache in caches), strict=True)
        self.unusable = sum(int((slots == 0).sum()) for slots in usable)
        self.cut_conversations = sum(int(count) for count in cut)
        for number, documents in enumerate(exclude or ()):
            usable[number][documents] = 0
        self.slots_D = np.concatenate(usable)

    def instances(self, seed: int, epoch: int) -> Array:
        """Documents of an epoch in their order; one that is seen twice is there twice."""
        documents = np.flatnonzero(self.slots_D)
        copies = np.zeros(len(documents), np.int64)
        for number, weight in enumerate(self.weights):
            low, high = np.searchsorted(documents, self.first[number : number + 2])
            whole = int(weight)
            chance = _hash(documents[low:high], seed, epoch, 1) >> np.uint64(11)
            copies[low:high] = whole + (chance < np.uint64((weight - whole) * 2.0**53))
        if np.all(copies == 1):
            nth = np.zeros(len(documents), np.int64)
        else:
            nth = ragged_arange(copies)
            documents = np.repeat(documents, copies)
        return documents[np.argsort(_hash(documents, seed, epoch, 2, nth), kind="stable")]

    def pack(self, instances: Array, block: int, *, seed: int, epoch: int) -> Block:
        """The rows of one block of an epoch's documents.

        Args:
            instances: from `instances`.
            block: which 65,536 of them.
            seed, epoch: decide the order of the rows.
        """
        cache, begin, slots = self.pieces(instances[block * BLOCK : (block + 1) * BLOCK])
        row_I, rows = best_fit(slots, self.seq_len)
        rank = np.empty(rows, np.int64)
        rank[np.argsort(_hash(np.arange(rows), seed, epoch, 3 + block), kind="stable")] = np.arange(rows)
        order = np.argsort(rank[row_I], kind="stable")
        counts = np.bincount(rank[row_I], minlength=rows)
        return Block(
            cache=cache[order],
            begin=begin[order],
            slots=slots[order],
            row_starts=np.concatenate([[0], np.cumsum(counts)]),
        )

    def count_rows(self, instances: Array, block: int) -> int:
        """Rows of a block, without laying them out."""
        _cache, _begin, slots = self.pieces(instances[block * BLOCK : (block + 1) * BLOCK])
        return best_fit(slots, self.seq_len)[1]

    def pieces(self, documents: Array) -> tuple[Array, Array, Array]:
        """(cache, first token, slots) of the pieces of documents, windows of one document in order."""
        cache = np.searchsorted(self.first, documents, side="right") - 1
        begin = np.empty(len(documents), np.int64)
        for number, source in enumerate(self.caches):
            mine = cache == number
            begin[mine] = source.doc_offsets[documents[mine] - self.first[number]]
        slots = self.slots_D[documents]
        return _windows(cache, begin, slots, self.seq_len, self.seq_len)


def usable_slots(cache: TokenCache, seq_len: int) -> tuple[Array, int]:
    """(slots that each document takes, number of conversations that were cut short).

    Text takes one slot less than it has tokens. A conversation ends with its last trained token: what follows
    teaches nothing. When it has more than seq_len slots, it keeps the answers that fit as a whole; when not
    even the first one does, that one is cut; 0 when it has no label then.
    """
    starts, ends = cache.doc_offsets[:-1], cache.doc_offsets[1:]
    if cache.span_starts is None or cache.span_ends is None:
        return (ends - starts - 1).astype(np.int64), 0
    last = np.searchsorted(cache.span_ends, ends, side="right") - 1
    slots = (cache.span_ends[last] - starts - 1).astype(np.int64)
    long = np.flatnonzero(slots > seq_len)
    limit = starts[long] + seq_len + 1
    fits = np.searchsorted(cache.span_ends, limit, side="right") - 1
    first = np.searchsorted(cache.span_starts, starts[long], side="left")
    whole = cache.span_ends[np.maximum(fits, 0)] - starts[long] - 1
    has_label = cache.span_starts[first] < limit
    slots[long] = np.where(fits >= first, whole, np.where(has_label, seq_len, 0))
    return slots, int((slots[long] > 0).sum())


def best_fit(sizes: Array, capacity: int) -> tuple[Array, int]:
    """Place pieces into rows: (row of each piece, number of rows).

    Best fit decreasing, with all pieces of one size placed together: while a row has the least room that is
    enough, it takes as many of them as fit, which is what placing them one after the other would do.

    Args:
        sizes: from 1 to `capacity`.
    """
    row_of = np.empty(len(sizes), np.int64)
    order = np.argsort(-sizes, kind="stable")
    values, counts = np.unique(sizes, return_counts=True)
    room: dict[int, list[Array]] = {}  # free slots → rows that have exactly so many
    keys: list[int] = []  # those free slots, sorted
    rows = at = 0
    for size, count in zip(values[::-1].tolist(), counts[::-1].tolist(), strict=True):
        end = at + count
        while at < end:
            place = bisect_left(keys, size)
            if place < len(keys):
                free = keys.pop(place)
                parts = room.pop(free)
                candidates = parts[0] if len(parts) == 1 else np.concatenate(parts)
            else:
                free = capacity
                candidates = np.arange(rows, rows - (at - end) // (free // size))
                rows += len(candidates)
            each = free // size
            taken = min(len(candidates), -(-(end - at) // each))
            placed = min(taken * each, end - at)
            row_of[order[at : at + placed]] = np.repeat(candidates[:taken], each)[:placed]
            at += placed
            in_last = placed - (taken - 1) * each
            _put(room, keys, free, candidates[taken:])
            _put(room, keys, free - each * size, candidates[: taken - 1])
            _put(room, keys, free - in_last * size, candidates[taken - 1 : taken])
    return row_of, rows


def _put(room: dict[int, list[Array]], keys: list[int], free: int, rows: Array) -> None:
    if free == 0 or len(rows) == 0:
        return
    if free not in room:
        insort(keys, free)
        room[free] = []
    room[free].append(rows)


def evaluation_pieces(
    caches: Sequence[TokenCache], documents: Sequence[Array], seq_len: int
) -> tuple[Array, Array, Array]:
    """(cache, first token, slots) of windows of seq_len tokens that overlap by one: nothing is left out.

    Each window is scored on its own, and has seq_len - 1 labels. Windows without a label are dropped.
    """
    found = []
    for number, (cache, mine) in enumerate(zip(caches, documents, strict=True)):
        mine = np.asarray(mine, np.int64)
        begin = np.asarray(cache.doc_offsets[mine])
        slots = np.asarray(cache.doc_offsets[mine + 1]) - begin - 1
        which = np.full(len(mine), number)
        which, begin, slots = _windows(which, begin, slots, seq_len - 1, seq_len - 1)
        if cache.span_starts is not None and cache.span_ends is not None:
            # labels are the tokens begin + 1 … begin + slots
            nth = np.searchsorted(cache.span_ends, begin + 1, side="right")
            nth_start = cache.span_starts[np.minimum(nth, len(cache.span_starts) - 1)]
            labelled = (nth < len(cache.span_starts)) & (nth_start <= begin + slots)
            which, begin, slots = which[labelled], begin[labelled], slots[labelled]
        found.append((which, begin, slots))
    empty = np.zeros(0, np.int64)
    if not found:
        return empty, empty, empty
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def _windows(
    cache: Array, begin: Array, slots: Array, longest: int, stride: int
) -> tuple[Array, Array, Array]:
    if len(slots) == 0 or slots.max() <= longest:
        return cache, begin, slots
    counts = np.maximum(1, -(-slots // stride))
    offset = ragged_arange(counts) * stride
    left = np.repeat(slots, counts) - offset
    return np.repeat(cache, counts), np.repeat(begin, counts) + offset, np.minimum(left, longest)


def ragged_arange(counts: Array) -> Array:
    """0 … n-1 for each n, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total) - np.repeat(ends - counts, counts))


def _hash(values: Array, seed: int, epoch: int, purpose: int, nth: Array | int = 0) -> Array:
    """A well-mixed 64-bit number for each value: splitmix64 over value, copy, purpose, epoch and seed."""
    mixed = np.asarray(values).astype(np.uint64)
    for part in (nth, purpose, epoch, seed):
        part = np.asarray(part).astype(np.int64).astype(np.uint64)
        mixed = splitmix64(mixed + splitmix64(part))
    return np.asarray(mixed)


def splitmix64(values: Array) -> Array:
    """The finaliser of splitmix64 on unsigned 64-bit numbers."""
    with np.errstate(over="ignore"):
        z = values + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))
