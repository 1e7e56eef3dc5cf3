"""Causal attention inside packed documents, in several variants that compute the same numbers.

Shapes: N slots of a micro-batch · D = dim · H query heads · K key/value heads · d head width · G documents of
a group · L longest of them · R rows · S slots of a row · B sequences · T new tokens · C tokens so far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from minimind.data.batch import Batch
from minimind.model.rows import Exchange

# documents of like length together, batched matrix products and softmax: bf16 pays off on a CPU only here
GROUPED_BMM = "grouped-bmm"
# the same groups through the fused kernel
GROUPED_FLASH = "grouped-flash"
# whole rows with a mask: the plainest one, the reference of the tests
MASKED = "masked"
VARIANTS = (GROUPED_BMM, GROUPED_FLASH, MASKED)

# a document joins a group when it is at least this long against the group's longest: measured best of 0.5-0.9
_ALIKE = 0.85
# or at most so many slots shorter: among short documents a further group costs more than the padding
_SLACK = 32
# above this length the scores of a group cost more memory than the fused kernel costs time
_LONGEST_BMM = 1024


def default_variant(device_type: str) -> str:
    """The variant that is fastest on a kind of device."""
    return {"cpu": GROUPED_BMM, "cuda": GROUPED_FLASH}.get(device_type, MASKED)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the documents of one micro-batch lie for the attention; computed once, used by every layer.

    Attributes:
        variant: one of VARIANTS.
        rows, seq_len: the micro-batch.
        groups: (documents, longest) of each group.
        lengths_G: float32 document lengths in the order of the groups.
        slots: slots ↔ places in the groups, padded to the longest of each.
        queries, keys: the same for slot × head, so that one gather also brings the heads in front.
        mask_R1SS: who sees whom, for the masked variant.
    """

    variant: str
    rows: int
    seq_len: int
    groups: tuple[tuple[int, int], ...]
    lengths_G: Tensor
    slots: Exchange
    queries: Exchange | None = None
    keys: Exchange | None = None
    mask_R1SS: Tensor | None = None

    @classmethod
    def of(cls, batch: Batch, variant: str, *, num_heads: int, num_kv_heads: int) -> Layout:
        """Plan the attention of a micro-batch.

        Raises:
            ValueError: an unknown variant.
        """
        if variant not in VARIANTS:
            raise ValueError(f"unknown attention variant {variant}")
        device = batch.ids_N.device
        groups = _group(batch.lengths)
        slots = batch.rows * batch.seq_len
        places = [_places(batch, members) for members in groups]
        masked = variant == MASKED
        return cls(
            variant=variant,
            rows=batch.rows,
            seq_len=batch.seq_len,
            groups=tuple((len(members), batch.lengths[members[0]]) for members in groups),
            lengths_G=torch.tensor([float(batch.lengths[i]) for m in groups for i in m], device=device),
            slots=_exchange(places, slots, 1).to(device),
            queries=None if masked else _exchange(places, slots, num_heads).to(device),
            keys=None if masked else _exchange(places, slots, num_kv_heads).to(device),
            mask_R1SS=_mask(batch) if masked else None,
        )


def _group(lengths: tuple[int, ...]) -> list[list[int]]:
    """Document numbers, longest first, cut where the length has dropped too far."""
    groups: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        longest = lengths[groups[-1][0]] if groups else 0
        if groups and lengths[number] >= min(_ALIKE * longest, longest - _SLACK):
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


_Places = tuple[NDArray[np.int64], NDArray[np.bool_]]


def _places(batch: Batch, members: list[int]) -> _Places:
    """(slot of each place, whether it is one of the document's) for a group, both (G, L)."""
    starts = np.array([batch.starts[i] for i in members])[:, None]
    lengths = np.array([batch.lengths[i] for i in members])[:, None]
    steps = np.arange(batch.lengths[members[0]])[None, :]
    real = steps < lengths
    return np.where(real, starts + steps, starts), real


def _exchange(places: list[_Places], slots: int, heads: int) -> Exchange:
    """Rows slot·heads + head ↔ places in the order (group, document, head, step)."""
    head = np.arange(heads)[None, :, None]
    none = np.zeros(0, dtype=np.int64)
    index = np.concatenate([none, *[(slot[:, None, :] * heads + head).ravel() for slot, _ in places]])
    real = np.concatenate(
        [none.astype(bool), *[np.repeat(real[:, None, :], heads, axis=1).ravel() for _, real in places]]
    )
    back = np.full(slots * heads, -1, dtype=np.int64)
    back[index[real]] = np.flatnonzero(real)
    empty = np.flatnonzero(back < 0)
    back[empty] = 0
    return Exchange(
        index_B=torch.from_numpy(index),
        index_A=torch.from_numpy(back),
        blank_B=torch.from_numpy(np.flatnonzero(~real)),
        blank_A=torch.from_numpy(empty),
    )


def _mask(batch: Batch) -> Tensor:
    """Same document and not later; an empty slot sees empty slots, so that no row of scores is empty."""
    documents_RS = batch.documents_N.view(batch.rows, batch.seq_len)
    same_RSS = documents_RS[:, :, None] == documents_RS[:, None, :]
    return same_RSS.tril()[:, None]


def attend(q_NHd: Tensor, k_NKd: Tensor, v_NKd: Tensor, layout: Layout) -> Tensor:
    """Attention of every slot over its own document up to itself.

    Args:
        q_NHd: queries, already divided by the square root of the head width.
        k_NKd, v_NKd: keys and values; each serves H / K query heads and is never copied for them.
        layout: where the documents lie.

    Returns:
        (N, H·d); zeros in empty slots (with the masked variant: anything finite).
    """
    if layout.variant == MASKED:
        return _attend_masked(q_NHd, k_NKd, v_NKd, layout)
    assert layout.queries is not None
    assert layout.keys is not None
    (_, heads, width), kv_heads = q_NHd.shape, k_NKd.shape[1]
    if not layout.groups:
        return torch.zeros_like(q_NHd).flatten(1)
    sizes = [documents * longest for documents, longest in layout.groups]
    queries = layout.queries.there(q_NHd.reshape(-1, width)).split([size * heads for size in sizes])
    keys = layout.keys.there(k_NKd.reshape(-1, width)).split([size * kv_heads for size in sizes])
    values = layout.keys.there(v_NKd.reshape(-1, width)).split([size * kv_heads for size in sizes])
    attended = [
        _attend_group(
            q.view(documents, heads, longest, width),
            k.view(documents, kv_heads, longest, width),
            v.view(documents, kv_heads, longest, width),
            fused=layout.variant == GROUPED_FLASH or longest > _LONGEST_BMM,
        ).reshape(-1, width)
        for (documents, longest), q, k, v in zip(layout.groups, queries, keys, values, strict=True)
    ]
    return layout.queries.back(torch.cat(attended)).view(-1, heads * width)


def _attend_group(q_GHLd: Tensor, k_GKLd: Tensor, v_GKLd: Tensor, *, fused: bool) -> Tensor:
    """Documents of like length, each padded at its end.

    Padding needs no mask: it comes after the last token, and nobody looks ahead.
    """
    if fused:
        return F.scaled_dot_product_attention(
            q_GHLd, k_GKLd, v_GKLd, is_causal=True, scale=1.0, enable_gqa=True
        )
    _, heads, longest, width = q_GHLd.shape
    kv_heads = k_GKLd.shape[1]
    # the query heads that share a key head are stacked under each other: one product serves them all
    q = q_GHLd.reshape(-1, heads // kv_heads * longest, width)
    k, v = k_GKLd.reshape(-1, longest, width), v_GKLd.reshape(-1, longest, width)
    ahead = torch.full((longest, longest), -math.inf, dtype=q.dtype, device=q.device).triu(1)
    scores = torch.bmm(q, k.transpose(1, 2)).add_(ahead.repeat(heads // kv_heads, 1))
    return torch.bmm(scores.softmax(-1), v).view_as(q_GHLd)


def _attend_masked(q_NHd: Tensor, k_NKd: Tensor, v_NKd: Tensor, layout: Layout) -> Tensor:
    def rows(x: Tensor) -> Tensor:
        return x.view(layout.rows, layout.seq_len, *x.shape[1:]).transpose(1, 2)

    attended = F.scaled_dot_product_attention(
        rows(q_NHd),
        rows(k_NKd),
        rows(v_NKd),
        attn_mask=layout.mask_R1SS,
        scale=1.0,
        enable_gqa=True,
    )
    return attended.transpose(1, 2).reshape(q_NHd.shape[0], -1)


def attend_cached(q_BTHd: Tensor, k_BKCd: Tensor, v_BKCd: Tensor, mask_BTC: Tensor | None) -> Tensor:
    """Attention of new tokens over everything so far, for decoding.

    Args:
        q_BTHd: queries of the new tokens, already scaled.
        k_BKCd, v_BKCd: all keys and values so far, the new ones included.
        mask_BTC: True where a new token may look; None = everywhere.

    Returns:
        (B, T, H·d).
    """
    batch, new, heads, width = q_BTHd.shape
    kv_heads, so_far = k_BKCd.shape[1], k_BKCd.shape[2]
    q = q_BTHd.view(batch, new, kv_heads, heads // kv_heads, width).permute(0, 2, 3, 1, 4)
    q = q.reshape(batch * kv_heads, heads // kv_heads * new, width)
    scores = torch.bmm(q, k_BKCd.reshape(-1, so_far, width).transpose(1, 2)).float()
    if mask_BTC is not None:
        scores = scores.view(batch, -1, new, so_far)
        scores = scores.masked_fill(~mask_BTC[:, None], -math.inf).view(batch * kv_heads, -1, so_far)
    weights = scores.softmax(-1).to(v_BKCd.dtype)
    attended = torch.bmm(weights, v_BKCd.reshape(-1, so_far, width))
    attended = attended.view(batch, kv_heads, heads // kv_heads, new, width).permute(0, 3, 1, 2, 4)
    return attended.reshape(batch, new, heads * width)
