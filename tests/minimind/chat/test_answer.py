"""Answers: thoughts told from words, prompts cut to what fits, figures."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.chat.answer import ANSWER, THOUGHT, Answer, Splitter, fitted_prompt, goes_in_circles
from minimind.chat.engine import ModelInfo, Sampling, Stop
from minimind.errors import BadInput


class FakeEngine:
    """Speaks a fixed text, one character a token; a prompt is as long as its messages."""

    vocab_size = 100

    def __init__(self, text: str = "", context: int = 100) -> None:
        self.text = text
        self.info = ModelInfo(
            path="/m", engine="fake", label="m", method="sft", is_base=False, can_think=True,
            seq_len=0, context=context, parameters=1,
            device="cpu", threads=1, precision="float32",
        )  # fmt: skip

    def chat_prompt(self, messages: Sequence[dict[str, Any]], *, think: bool) -> list[int]:
        return [0] * sum(len(message["content"]) for message in messages)

    def raw_prompt(self, text: str, *, begin: bool) -> list[int]:
        return [0] * len(text)

    def stream(self, ids: Sequence[int], sampling: Sampling, stop: Stop) -> Iterator[int]:
        for character in self.text[: sampling.max_new_tokens]:
            if stop():
                return
            yield ord(character)

    def decoder(self) -> FakeEngine:
        return self

    def push(self, number: int) -> str:
        return chr(number)

    def finish(self) -> str:
        return ""

    def logits(self, ids: Sequence[int]) -> Any:
        raise NotImplementedError

    def set_threads(self, count: int) -> None:
        pass

    def close(self) -> None:
        pass


def said(
    text: str, *, think: bool = False, limit: int = 1000, stop: Stop = lambda: False
) -> tuple[dict[str, str], Any]:
    ticks = itertools.count()
    answer = Answer(
        FakeEngine(text),
        [0] * 10,
        Sampling(max_new_tokens=limit),
        think=think,
        clock=lambda: float(next(ticks)),
    )
    channels = {ANSWER: "", THOUGHT: ""}
    for piece in answer.stream(stop):
        channels[piece.channel] += piece.text
    return channels, answer.stats


def test_plain_words() -> None:
    assert said("你好")[0] == {ANSWER: "你好", THOUGHT: ""}


def test_a_thought_that_the_template_opened() -> None:
    channels, stats = said("想一想\n</think>\n\n答案", think=True)
    assert channels == {ANSWER: "答案", THOUGHT: "想一想\n"}
    assert stats.thought_s is not None


def test_a_thought_that_the_model_opened_itself() -> None:
    assert said("<think>\n嗯\n</think>\n\n好")[0] == {ANSWER: "好", THOUGHT: "嗯\n"}


def test_half_a_tag_at_the_end_is_text() -> None:
    assert said("a <thi")[0][ANSWER] == "a <thi"


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "a", "\n", "/think>"]), max_size=12),
    st.booleans(),
)
def test_nothing_is_lost_however_the_text_is_cut(parts: list[str], thinking: bool) -> None:
    text = "".join(parts)
    whole, pieces = Splitter(thinking=thinking), Splitter(thinking=thinking)
    one = whole.push(text) + whole.finish()
    many = [item for character in text for item in pieces.push(character)] + pieces.finish()
    for channel in (ANSWER, THOUGHT):
        assert "".join(t for c, t in one if c == channel) == "".join(t for c, t in many if c == channel)


def test_figures() -> None:
    _channels, stats = said("abcdef")
    assert (stats.tokens, stats.reason, stats.context_used, stats.context) == (6, "end", 16, 100)
    assert stats.tokens_per_s == pytest.approx(1.0)
    assert stats.first_token_s == pytest.approx(1.0)
    assert stats.thought_s is None


def test_the_limit_is_the_reason() -> None:
    assert said("abcdef", limit=3)[1].reason == "limit"


def test_an_answer_that_goes_in_circles_ends() -> None:
    channels, stats = said("I am a model. " + "and so on, " * 100)
    assert stats.reason == "circles"
    assert channels[ANSWER].startswith("I am a model. and so on, ")
    assert len(channels[ANSWER]) < 150


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{n}, " for n in range(100, 200)),
        "哈" * 60,
        "ab" * 40 + "and then something else" * 2,
        "one two three four five six seven eight nine ten " * 6,
    ],
)
def test_lists_laughter_and_refrains_are_no_circles(text: str) -> None:
    assert not any(goes_in_circles([ord(c) for c in text[:end]]) for end in range(len(text) + 1))


def test_a_stop_takes_effect_within_a_token() -> None:
    asked = iter([False, False, True, True, True])
    channels, stats = said("abcdef", stop=lambda: next(asked))
    assert (channels[ANSWER], stats.reason) == ("ab", "stopped")


def messages(*contents: str) -> list[dict[str, Any]]:
    return [
        {"role": "assistant" if index % 2 else "user", "content": text} for index, text in enumerate(contents)
    ]


def test_everything_fits() -> None:
    ids, dropped = fitted_prompt(FakeEngine(), messages("a" * 30), think=False, max_new_tokens=50)
    assert (len(ids), dropped) == (30, 0)


def test_the_oldest_pair_goes_first_and_the_system_prompt_stays() -> None:
    talk = [{"role": "system", "content": "s" * 10}, *messages("a" * 40, "b" * 40, "c" * 20)]
    ids, dropped = fitted_prompt(FakeEngine(), talk, think=False, max_new_tokens=50)
    assert (len(ids), dropped) == (30, 2)


def test_a_question_that_alone_is_too_long_is_refused() -> None:
    with pytest.raises(BadInput, match="80 tokens"):
        fitted_prompt(FakeEngine(), messages("a" * 80), think=False, max_new_tokens=50)
