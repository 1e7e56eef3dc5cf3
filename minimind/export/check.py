"""After an export: load the file again and see whether it would say what the checkpoint says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from minimind.chat import llama
from minimind.text import _

# both languages, figures, punctuation and an emoji, so that many kinds of tokens take part
TEXT = (
    "春天来了，山坡上的雪慢慢化成了小溪。孩子们问老师：“水会流到哪里去？”老师笑着说，它先到江里，再到海里，"
    "最后变成云，又回到山上。In spring the snow on the hill turns into a small stream 🌱. "
    "The children asked where it goes, and 3 of them followed it for 12 kilometres, until the sun went down."
)
TOKENS = 100


def compare(path: Path, folder: Path) -> tuple[int, int, str]:
    """Hold the likeliest next token of a GGUF file against that of the checkpoint, at each of 100 tokens.

    Args:
        path: the GGUF file.
        folder: the checkpoint that it was made from.

    Returns:
        (tokens compared, how many agree, a sentence or ""). (0, 0, why) when it could not be done.
    """
    if not llama.installed():
        return 0, 0, _("Not compared: {package} is not installed.").format(package=llama.PACKAGE)
    ids, ours = _expected(folder)
    model = llama.Model(path, context=512, threads=1, every_logit=True)
    try:
        if model.encode_text(TEXT)[: len(ids)] != ids:
            return len(ids), 0, _("llama.cpp reads the same text as other tokens; do not use this file.")
        theirs = model.all_logits(ids).argmax(-1)
    finally:
        model.close()
    return len(ids), int((ours == theirs).sum()), ""


def compare_folder(made: Path, folder: Path) -> tuple[int, int]:
    """The same for a checkpoint folder that was made: (tokens compared, how many agree)."""
    ids, ours = _expected(folder)
    again, theirs = _expected(made)
    return len(ids), int((ours == theirs).sum()) if ids == again else 0


def _expected(folder: Path) -> tuple[list[int], npt.NDArray[np.int64]]:
    """Ids of the text, and what the checkpoint expects after each."""
    from minimind.model import checkpoint, sampling
    from minimind.tokenizer.tokenizer import Tokenizer

    loaded = checkpoint.load(folder)
    ids = Tokenizer.load(folder).encode_texts([TEXT])[0][:TOKENS]
    expected: npt.NDArray[np.int64] = sampling.logits(loaded.model, ids).argmax(-1).numpy()
    return ids, expected
