"""One answer: the prompt cut to what fits, thoughts told from words, and how fast it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minimind.chat.engine import Engine, Sampling
from minimind.errors import BadInput
from minimind.text import _

OPEN, CLOSE = "<think>", "</think>"
ANSWER, THOUGHT = "answer", "thought"
# short answers must stay possible however long the conversation is
_ROOM = 64
# a small model that has begun to go in circles does not find out again: so many tokens, in so many rounds
_CIRCLE_TOKENS, _CIRCLE_ROUNDS = 96, 4


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some new text: of the answer, or of the thought before it. `tokens`: how many there are so far."""

    text: str
    channel: str
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Stats:
    """How an answer went.

    Attributes:
        tokens: written; tokens_per_s: while writing, None for fewer than two.
        first_token_s: from the question to the first token.
        thought_s: spent thinking, None without a thought.
        context_used, context: tokens in the cache and how many fit.
        dropped: messages that no longer fitted and were left out.
        reason: end | limit | context | stopped | circles (it said the same over and over).
    """

    tokens: int
    tokens_per_s: float | None
    first_token_s: float | None
    thought_s: float | None
    context_used: int
    context: int
    dropped: int
    reason: str


def fitted_prompt(
    engine: Engine, messages: Sequence[dict[str, Any]], *, think: bool, max_new_tokens: int
) -> tuple[list[int], int]:
    """The prompt's ids, the oldest messages left out as far as needed, and how many those were.

    The system prompt and the last question always stay; room is left for an answer.

    Raises:
        BadInput: the last question alone does not fit.
    """
    context = engine.info.context
    room = max(min(max_new_tokens, context // 4), min(_ROOM, context // 4))
    kept, dropped = list(messages), 0
    while True:
        ids = engine.chat_prompt(kept, think=think)
        if len(ids) <= context - room:
            return ids, dropped
        first = 1 if kept and kept[0].get("role") == "system" else 0
        if len(kept) - first <= 1:
            raise BadInput(
                _("The message has {count} tokens, {limit} fit; make it shorter.").format(
                    count=f"{len(ids):,}", limit=f"{context - room:,}"
                ),
                code="too_long",
            )
        # questions and answers go in pairs, so that the first message left is a question
        step = 2 if len(kept) - first > 2 else 1
        del kept[first : first + step]
        dropped += step


class Answer:
    """Streams one answer; afterwards `stats` says how it went."""

    def __init__(
        self,
        engine: Engine,
        ids: Sequence[int],
        sampling: Sampling,
        *,
        think: bool,
        dropped: int = 0,
        began: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine = engine
        self._ids = ids
        self._sampling = sampling
        self._think = think
        self._dropped = dropped
        self._clock = clock
        self._began = clock() if began is None else began
        self._tokens = 0
        self._written: list[int] = []
        self._circles = False
        self._first: float | None = None
        self._last: float | None = None
        self._thought_end: float | None = None
        self._stopped = False

    def stream(self, stop: Callable[[], bool]) -> Iterator[Piece]:
        """Pieces of text as they come; empty ones are left out."""

        def asked() -> bool:
            self._stopped = self._stopped or stop()
            self._circles = self._circles or goes_in_circles(self._written)
            return self._stopped or self._circles

        decoder, splitter = self._engine.decoder(), Splitter(thinking=self._think)
        for token in self._engine.stream(self._ids, self._sampling, asked):
            now = self._clock()
            self._tokens += 1
            self._written.append(token)
            self._first, self._last = self._first or now, now
            yield from self._pieces(splitter, splitter.push(decoder.push(token)))
        yield from self._pieces(splitter, splitter.push(decoder.finish()))
        yield from self._pieces(splitter, splitter.finish())

    def _pieces(self, splitter: Splitter, parts: list[tuple[str, str]]) -> Iterator[Piece]:
        if splitter.has_thought and not splitter.thinking and self._thought_end is None:
            self._thought_end = self._clock()
        for channel, text in parts:
            yield Piece(text=text, channel=channel, tokens=self._tokens)

    @property
    def stats(self) -> Stats:
        """How it went so far."""
        context = self._engine.info.context
        used = min(len(self._ids) + self._tokens, context)
        speed = None
        if self._tokens > 1 and self._first is not None and self._last is not None:
            speed = (self._tokens - 1) / max(self._last - self._first, 1e-9)
        thought_s = None
        if self._think and self._first is not None:
            thought_s = (self._thought_end or self._last or self._first) - self._began
        reason = "end"
        if self._stopped:
            reason = "stopped"
        elif self._circles:
            reason = "circles"
        elif self._tokens >= self._sampling.max_new_tokens:
            reason = "limit"
        elif used >= context:
            reason = "context"
        return Stats(
            tokens=self._tokens,
            tokens_per_s=speed,
            first_token_s=None if self._first is None else self._first - self._began,
            thought_s=thought_s,
            context_used=used,
            context=context,
            dropped=self._dropped,
            reason=reason,
        )


def goes_in_circles(ids: Sequence[int]) -> bool:
    """Whether the end is one short stretch over and over again.

    A penalty on what was said before would bend right answers, too (in `2 + 2 = 4` the second 2 is no slip);
    this changes no token, it only ends what says nothing new.
    """
    tail = list(ids[-_CIRCLE_TOKENS:])
    if len(tail) < _CIRCLE_TOKENS:
        return False
    longest = _CIRCLE_TOKENS // _CIRCLE_ROUNDS
    return any(tail[period:] == tail[:-period] for period in range(1, longest + 1))


class Splitter:
    """Tells thoughts from words in a stream of text; half a tag waits for its other half."""

    def __init__(self, *, thinking: bool) -> None:
        self.thinking = thinking
        self.has_thought = thinking
        self._held = ""
        self._fresh = True

    def push(self, text: str) -> list[tuple[str, str]]:
        """(channel, text) of what is certain by now."""
        self._held += text
        found: list[tuple[str, str]] = []
        while self._held:
            tag = CLOSE if self.thinking else OPEN
            place = self._held.find(tag)
            if place < 0:
                keep = _half_tag(self._held, tag)
                self._give(found, self._held[: len(self._held) - keep])
                self._held = self._held[len(self._held) - keep :]
                break
            self._give(found, self._held[:place])
            self._held = self._held[place + len(tag) :]
            self.thinking = not self.thinking
            self.has_thought = True
            self._fresh = True
        return found

    def finish(self) -> list[tuple[str, str]]:
        """What was still waiting."""
        found: list[tuple[str, str]] = []
        self._give(found, self._held)
        self._held = ""
        return found

    def _give(self, found: list[tuple[str, str]], text: str) -> None:
        # the template puts line feeds around a thought; they are no part of it
        if self._fresh:
            text = text.lstrip("\n")
        if text:
            self._fresh = False
            found.append((THOUGHT if self.thinking else ANSWER, text))


def _half_tag(text: str, tag: str) -> int:
    """How many characters at the end could begin the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0
