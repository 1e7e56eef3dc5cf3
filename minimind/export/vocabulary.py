"""A checkpoint's tokenizer as GGUF stores it: tokens, their kinds, merges, the special ids, the template."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from minimind.errors import BadInput
from minimind.text import _
from minimind.tokenizer.loading import Spec, read_folder

# ByteLevel with GPT-2's own expression is what llama.cpp's pre-tokenizer `gpt-2` splits alike
_PLAIN = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


class TokenKind(IntEnum):
    """GGUF's `tokenizer.ggml.token_type`."""

    NORMAL = 1
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Tokens by id in the byte-level alphabet, their kinds, merges as `left right`, and what is special.

    Attributes:
        template: the chat template, "" where there is none.
    """

    tokens: tuple[str, ...]
    kinds: tuple[TokenKind, ...]
    merges: tuple[str, ...]
    bos: int
    eos: int
    pad: int
    template: str


def read_vocabulary(folder: Path, size: int) -> Vocabulary:
    """Read the tokenizer of a checkpoint.

    Args:
        folder: the checkpoint.
        size: rows of the embedding; ids beyond the tokenizer's become unused ones.

    Raises:
        BadInput: a file is missing or damaged, or the tokenizer works in a way that GGUF's `gpt-2` does not.
    """
    spec = read_folder(folder)
    if spec.normalizer or spec.ignore_merges or spec.pre_tokenizer != _PLAIN:
        raise BadInput(
            _(
                "{file} splits text in a way that GGUF export does not know; the file would give other tokens"
            ).format(file=folder / "tokenizer.json")
        )
    if spec.size > size:
        raise BadInput(
            _(
                "{file} has {count} tokens, but the model only knows {size}; they do not belong together"
            ).format(file=folder / "tokenizer.json", count=spec.size, size=size)
        )
    ids = {text: number for number, text, _special in spec.added}
    tokens, kinds = _by_id(spec, size)
    return Vocabulary(
        tokens=tuple(tokens),
        kinds=tuple(kinds),
        merges=tuple(f"{left} {right}" for left, right in spec.merges),
        bos=ids[spec.bos],
        eos=ids[spec.eos],
        pad=ids[spec.pad],
        template=spec.template or "",
    )


def _by_id(spec: Spec, size: int) -> tuple[list[str], list[TokenKind]]:
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [TokenKind.UNUSED] * size
    for text, number in spec.vocab.items():
        tokens[number], kinds[number] = text, TokenKind.NORMAL
    for number, text, special in spec.added:
        tokens[number] = text
        kinds[number] = TokenKind.CONTROL if special else TokenKind.USER_DEFINED
    return tokens, kinds
