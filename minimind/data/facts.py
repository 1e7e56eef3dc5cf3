"""How much there is in a data file, from a look at its beginning: enough to predict a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minimind.data.formats import open_source
from minimind.data.rows import Kind, Row
from minimind.plan import Data
from minimind.tokenizer.conversation import ConversationProblem
from minimind.tokenizer.tokenizer import Tokenizer

# a look at this much text predicts the tokens of pretrain_zh within 1%
LOOK_BYTES = 2 << 20
HELDOUT_SHARE, HELDOUT_TOKENS, HELDOUT_DOCUMENTS = 0.01, 100_000, 2_000


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What one file holds.

    Attributes:
        tokens, documents: of the whole file, extrapolated when `exact` is False.
        lengths: tokens of each document that was looked at.
        exact: the look covered everything.
    """

    tokens: int
    documents: int
    lengths: tuple[int, ...]
    exact: bool


def look(path: Path, tokenizer: Tokenizer, needs: Kind | None, *, look_bytes: int = LOOK_BYTES) -> FileFacts:
    """Tokenise the beginning of a file and extrapolate.

    Raises:
        BadInput: the file cannot be read at all.
    """
    source = open_source(path, needs)
    rows: list[Row] = []
    covered = source.size
    for item in source:
        if isinstance(item, Row):
            rows.append(item)
        if source.position >= look_bytes:
            covered = source.position
            break
    if source.kind == "text":
        lengths = [len(ids) + 2 for ids in tokenizer.encode_texts([row.text for row in rows])]
    else:
        talks = [row.conversation for row in rows if row.conversation is not None]
        encoded = tokenizer.encode_chats(talks)
        lengths = [len(item.ids) for item in encoded if not isinstance(item, ConversationProblem)]
    scale = source.size / max(1, min(covered, source.size))
    return FileFacts(
        tokens=round(sum(lengths) * scale),
        documents=round(len(lengths) * scale),
        lengths=tuple(lengths),
        exact=scale == 1.0,
    )


def combine(files: Iterable[tuple[FileFacts, float]], *, seq_len: int, has_val_data: bool) -> Data:
    """What the plan needs to know of all files together.

    Args:
        files: facts and weight of each.
        seq_len: row length in tokens.
        has_val_data: nothing is held out of the training files then.
    """
    tokens = documents = 0.0
    lengths: list[np.ndarray] = []
    for facts, weight in files:
        tokens += facts.tokens * weight
        documents += facts.documents * weight
        lengths.append(np.minimum(np.array(facts.lengths, dtype=np.float64), seq_len))
    seen = np.concatenate(lengths) if lengths else np.zeros(0)
    mean_context = float((seen * (seen + 1) / 2).sum() / max(1.0, seen.sum()))
    heldout = 0.0
    if not has_val_data and documents:
        held = min(max(documents * HELDOUT_SHARE, 64), HELDOUT_DOCUMENTS, documents / 10)
        heldout = min(tokens * held / documents, HELDOUT_TOKENS)
    trained = max(0.0, tokens - heldout)
    # best fit leaves a few slots in a hundred empty
    rows = max(1, round(trained / (seq_len * 0.98)))
    return Data(
        tokens=round(trained), rows=rows, heldout_tokens=round(heldout), mean_context=max(1.0, mean_context)
    )
