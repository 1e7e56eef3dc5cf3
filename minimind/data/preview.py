"""A row as the model will see it, token by token, for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from minimind.data.convert import native
from minimind.data.formats import open_source
from minimind.data.problems import Problem, at_line, no_usable_row
from minimind.data.rows import Kind, Row
from minimind.errors import BadInput
from minimind.text import _
from minimind.tokenizer.conversation import Conversation, ConversationProblem
from minimind.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A token, or the tokens that one character was split into.

    Attributes:
        ids: one id; several where a character is split.
        text: what it reads as.
        special: a control token, begun by the template and not by the text.
        trained: the model learns to say it.
    """

    ids: tuple[int, ...]
    text: str
    special: bool
    trained: bool


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One row: as it stands in the file (`raw`, in our own spelling), and as it is trained (`pieces`)."""

    line: int
    kind: Kind
    raw: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """What the template made of it, control tokens included."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def num_tokens(self) -> int:
        """Tokens in all."""
        return sum(len(piece.ids) for piece in self.pieces)

    @property
    def num_trained(self) -> int:
        """Tokens that the model learns to say."""
        return sum(len(piece.ids) for piece in self.pieces if piece.trained)


def preview(path: Path, tokenizer: Tokenizer, row: int, needs: Kind | None = None) -> Preview:
    """The `row`-th usable row, counted from 1.

    Raises:
        BadInput: the file cannot be used, or has fewer rows.
    """
    found = previews(path, tokenizer, row, 1, needs)
    if not found:
        raise BadInput(_("{file} has no row {row}.").format(file=path.name, row=row), code="no_row")
    return found[0]


def previews(
    path: Path, tokenizer: Tokenizer, first: int, count: int, needs: Kind | None = None
) -> list[Preview]:
    """Usable rows from the `first`-th on (from 1), at most `count`; a pair is shown by its chosen side.

    Raises:
        BadInput: the file cannot be used.
    """
    if first < 1:
        raise BadInput(_("Rows are counted from 1."))
    source = open_source(path, needs)
    usable = (item for item in source if isinstance(item, Row))
    rows = list(islice(usable, first - 1, first - 1 + count))
    if not rows and first == 1:
        raise no_usable_row(path, needs, next((item for item in source if not isinstance(item, Row)), None))
    return [preview_of(row, tokenizer, path) for row in rows]


def preview_of(row: Row, tokenizer: Tokenizer, path: Path) -> Preview:
    """One row of a file, as it is trained.

    Raises:
        BadInput: the chat template refuses it.
    """
    raw = json.dumps(native(row), ensure_ascii=False, indent=1) if row.conversation else row.text
    if row.conversation is None:
        ids = tokenizer.encode_document(row.text)
        mask = [False] + [True] * (len(ids) - 1)
    elif row.kind == "prompts":
        ids = tokenizer.chat_prompt(row.conversation.messages, row.conversation.tools)
        mask = [False] * len(ids)
    else:
        ids, mask = _chat(row.conversation, row.line, tokenizer, path)
    return Preview(line=row.line, kind=row.kind, raw=raw, pieces=tuple(pieces_of(ids, mask, tokenizer)))


def _chat(
    conversation: Conversation, line: int, tokenizer: Tokenizer, path: Path
) -> tuple[list[int], list[bool]]:
    try:
        chat = tokenizer.encode_chat(conversation.messages, conversation.tools)
    except ConversationProblem as problem:
        reason = Problem(line=line, code=problem.code, params=problem.params).message
        raise at_line(path, line, reason, code=problem.code) from problem
    return chat.ids, chat.mask


def pieces_of(ids: Sequence[int], mask: Sequence[bool], tokenizer: Tokenizer) -> list[Piece]:
    """Put ids together until they are whole characters."""
    pieces: list[Piece] = []
    waiting: list[int] = []
    held = b""
    trained = False
    for number, counts in zip(ids, mask, strict=True):
        waiting.append(number)
        held += tokenizer.token_bytes(number)
        trained = trained or counts
        try:
            text = held.decode()
        except UnicodeDecodeError:
            continue
        special = number in tokenizer.added_tokens
        pieces.append(Piece(ids=tuple(waiting), text=text, special=special, trained=trained))
        waiting, held, trained = [], b"", False
    if waiting:
        text = held.decode("utf-8", "replace")
        pieces.append(Piece(ids=tuple(waiting), text=text, special=False, trained=trained))
    return pieces
