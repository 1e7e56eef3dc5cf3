"""One micro-batch: rows of seq_len slots laid end to end, holding whole documents.

Shapes: N = rows * seq_len slots · L = labelled slots.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

NO_LABEL = -100


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the model and the losses read. A document never crosses a row; attention never leaves a document.

    Attributes:
        ids_N: int64 token ids; any valid id in an empty slot.
        labels_N: int64, the token that each slot must predict (already shifted), NO_LABEL = none.
        weights_N: float32 weight of each label, None = 1 everywhere.
        positions_N: int64, counted from 0 within each document.
        documents_N: int32 number of the slot's document within the batch, -1 for an empty slot.
        lengths: length of each document in slots, on the host, in the order of the document numbers.
        starts: first slot of each document.
        rows, seq_len: the layout.
        labelled_L: int64 slots that have a label; found here when not given, while the labels are still on
            the host, so that no later reader has to wait for the device.
    """

    ids_N: Tensor
    labels_N: Tensor
    weights_N: Tensor | None = None
    positions_N: Tensor
    documents_N: Tensor
    lengths: tuple[int, ...]
    starts: tuple[int, ...]
    rows: int
    seq_len: int
    labelled_L: Tensor | None = None

    def __post_init__(self) -> None:
        if self.ids_N.numel() != self.rows * self.seq_len or len(self.lengths) != len(self.starts):
            raise ValueError("slots, rows and documents do not fit together")
        if self.labelled_L is None:
            labelled_L = (self.labels_N != NO_LABEL).nonzero().squeeze(1)
            object.__setattr__(self, "labelled_L", labelled_L)

    @property
    def num_labels(self) -> int:
        """Slots that have a label; needs no look at the device."""
        assert self.labelled_L is not None
        return self.labelled_L.numel()

    @cached_property
    def num_tokens(self) -> int:
        """Slots that hold a token."""
        return sum(self.lengths)

    @cached_property
    def num_rows_used(self) -> int:
        """Rows that hold a document."""
        return len({start // self.seq_len for start in self.starts})

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device; a copy from pinned memory does not wait."""
        tensors: dict[str, Any] = {
            field.name: value.to(device, non_blocking=True)
            for field in dataclasses.fields(self)
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        return dataclasses.replace(self, **tensors)

    @classmethod
    def from_documents(cls, rows: Sequence[Sequence[Sequence[int]]], seq_len: int) -> Batch:
        """Lay documents out, row by row; every token but the first of a document is a label.

        Args:
            rows: for each row its documents, for each document its ids.
            seq_len: slots of a row.

        Raises:
            ValueError: the documents of a row do not fit.
        """
        slots = len(rows) * seq_len
        ids_N = torch.zeros(slots, dtype=torch.int64)
        labels_N = torch.full((slots,), NO_LABEL)
        positions_N = torch.zeros(slots, dtype=torch.int64)
        documents_N = torch.full((slots,), -1, dtype=torch.int32)
        lengths: list[int] = []
        starts: list[int] = []
        for row, documents in enumerate(rows):
            start = row * seq_len
            for ids in documents:
                end = start + len(ids)
                if end > (row + 1) * seq_len:
                    raise ValueError(f"row {row} holds more than {seq_len} tokens")
                ids_N[start:end] = torch.tensor(ids)
                labels_N[start : end - 1] = ids_N[start + 1 : end]
                positions_N[start:end] = torch.arange(len(ids))
                documents_N[start:end] = len(lengths)
                lengths.append(len(ids))
                starts.append(start)
                start = end
        return cls(
            ids_N=ids_N,
            labels_N=labels_N,
            positions_N=positions_N,
            documents_N=documents_N,
            lengths=tuple(lengths),
            starts=tuple(starts),
            rows=len(rows),
            seq_len=seq_len,
        )
