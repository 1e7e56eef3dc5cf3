"""Rows become blocks of token ids, several at once: what a cache is filled with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.data.formats import Source
from minimind.data.problems import Problem
from minimind.data.rows import Kind, Row
from minimind.tokenizer.conversation import ConversationProblem
from minimind.tokenizer.tokenizer import EncodedChat, Tokenizer

BATCH_ROWS, BATCH_BYTES = 2048, 1 << 20
Array = npt.NDArray[Any]


class Cancelled(Exception):  # noqa: N818
    """Whoever asked for a cache has changed their mind; nothing was left behind."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Documents that were encoded together."""

    tokens: Array
    lengths: Array
    rows: list[Row]
    spans: Array  # (n, 2) within the block
    problems: list[Problem]


def encoded_blocks(
    source: Source,
    tokenizer: Tokenizer,
    cancelled: Callable[[], bool] | None,
    *,
    batch_bytes: int = BATCH_BYTES,
) -> Iterator[tuple[Block, int]]:
    """Blocks in order, with the byte reached: some are encoded in Rust while others are parsed."""
    encode = _ENCODERS[source.kind]
    waiting: deque[tuple[Future[Block], int]] = deque()
    # two calls at a time: while one hands its result over to Python, the other keeps the cores busy
    with ThreadPoolExecutor(2) as pool:
        for rows, problems, position in _batches(source, batch_bytes):
            if cancelled is not None and cancelled():
                raise Cancelled
            waiting.append((pool.submit(encode, rows, problems, tokenizer), position))
            if len(waiting) > 2:
                block, reached = waiting.popleft()
                yield block.result(), reached
        for block, reached in waiting:
            yield block.result(), reached


def _batches(source: Source, batch_bytes: int) -> Iterator[tuple[list[Row], list[Problem], int]]:
    items = iter(source)
    while True:
        rows: list[Row] = []
        problems: list[Problem] = []
        size = 0
        for item in islice(items, BATCH_ROWS):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            rows.append(item)
            size += len(item.content)
            if size >= batch_bytes:
                break
        if not rows and not problems:
            return
        yield rows, problems, source.position


def _encode_text(rows: list[Row], problems: list[Problem], tokenizer: Tokenizer) -> Block:
    """Each document as bos + text + eos."""
    encoded = tokenizer.encode_texts([row.text for row in rows])
    lengths = np.array([len(ids) + 2 for ids in encoded], np.int64)
    inner = np.fromiter(chain.from_iterable(encoded), np.uint32, count=int(lengths.sum()) - 2 * len(rows))
    ends = np.cumsum(lengths)
    tokens = np.empty(len(inner) + 2 * len(rows), np.uint32)
    is_text = np.ones(len(tokens), bool)
    is_text[ends - lengths] = is_text[ends - 1] = False
    tokens[is_text] = inner
    tokens[ends - lengths] = tokenizer.bos_id
    tokens[ends - 1] = tokenizer.eos_id
    spans = np.zeros((0, 2), np.int64)
    return Block(tokens=tokens, lengths=lengths, rows=rows, spans=spans, problems=problems)


def _encode_chat(rows: list[Row], problems: list[Problem], tokenizer: Tokenizer) -> Block:
    talks = [row.conversation for row in rows if row.conversation is not None]
    kept: list[Row] = []
    chats: list[EncodedChat] = []
    for row, chat in zip(rows, tokenizer.encode_chats(talks), strict=True):
        if isinstance(chat, ConversationProblem):
            problems.append(Problem(line=row.line, code=chat.code, params=chat.params))
        elif not chat.spans:
            problems.append(Problem(line=row.line, code="no_label"))
        else:
            kept.append(row)
            chats.append(chat)
    problems.sort(key=lambda problem: problem.line)
    lengths = np.array([len(chat.ids) for chat in chats], np.int64)
    begins = np.cumsum(lengths) - lengths
    spans = [
        (start + begin, end + begin)
        for chat, begin in zip(chats, begins.tolist(), strict=True)
        for start, end in chat.spans
    ]
    return Block(
        tokens=np.fromiter(chain.from_iterable(chat.ids for chat in chats), np.uint32),
        lengths=lengths,
        rows=kept,
        spans=np.array(spans, np.int64).reshape(-1, 2),
        problems=problems,
    )


def _encode_pairs(rows: list[Row], problems: list[Problem], tokenizer: Tokenizer) -> Block:
    """Both sides of a pair, one after the other, as one document."""
    sides = [side for row in rows for side in (row.conversation, row.rejected) if side is not None]
    encoded = tokenizer.encode_chats(sides)
    lengths: list[int] = []
    kept: list[Row] = []
    tokens: list[int] = []
    spans: list[tuple[int, int]] = []
    for row, first, second in zip(rows, encoded[::2], encoded[1::2], strict=True):
        if isinstance(first, ConversationProblem) or isinstance(second, ConversationProblem):
            failed = first if isinstance(first, ConversationProblem) else second
            assert isinstance(failed, ConversationProblem)
            problems.append(Problem(line=row.line, code=failed.code, params=failed.params))
            continue
        begin = len(tokens)
        for side in (first, second):
            spans += [(start + len(tokens), end + len(tokens)) for start, end in side.spans]
            tokens += side.ids
        kept.append(row)
        lengths.append(len(tokens) - begin)
    problems.sort(key=lambda problem: problem.line)
    return Block(
        tokens=np.array(tokens, np.uint32),
        lengths=np.array(lengths, np.int64),
        rows=kept,
        spans=np.array(spans, np.int64).reshape(-1, 2),
        problems=problems,
    )


def _encode_prompts(rows: list[Row], problems: list[Problem], tokenizer: Tokenizer) -> Block:
    """What the model is asked; it learns from what it answers itself, so nothing here is trained."""
    asked = [
        tokenizer.chat_prompt(row.conversation.messages, row.conversation.tools)
        for row in rows
        if row.conversation is not None
    ]
    return Block(
        tokens=np.fromiter(chain.from_iterable(asked), np.uint32),
        lengths=np.array([len(ids) for ids in asked], np.int64),
        rows=rows,
        spans=np.zeros((0, 2), np.int64),
        problems=problems,
    )


_ENCODERS: dict[Kind, Callable[[list[Row], list[Problem], Tokenizer], Block]] = {
    "text": _encode_text,
    "chat": _encode_chat,
    "preferences": _encode_pairs,
    "prompts": _encode_prompts,
}
