"""From a conversation to pieces: what the template itself says is cut at its tokens, what people said is not.

Everything that came from outside is marked before rendering: the first character of every added token
(`<` for MiniMind's) is exchanged for a character that the conversation does not contain. So a token found in
the rendered text was begun by the template, and the exchange is taken back in the stretches between.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minimind.tokenizer.conversation import Conversation, ConversationProblem, Message
from minimind.tokenizer.sandbox import (
    MAX_INPUT_FACTOR,
    MAX_OUTPUT,
    ChildRenderer,
    TemplateFailed,
    compile_template,
    render,
)
from minimind.tokenizer.template import KNOWN, template_hash

# an assistant may think and call tools; nobody else may, and no other token can be written by anybody
ASSISTANT_TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
HEADER = "assistant\n"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a rendered conversation.

    Attributes:
        text: a token's text, or what lies between two tokens.
        token: the token's id; None for text between tokens.
        trained_from: first character that is trained, None when nothing is.
    """

    text: str
    token: int | None
    trained_from: int | None


class ChatTemplate:
    """A chat template together with the tokens that it is cut at."""

    def __init__(self, text: str, tokens: Sequence[tuple[int, str]], *, bos: str, eos: str) -> None:
        """Prepare for rendering; a template that is not known runs in a child process.

        Args:
            text: the Jinja source.
            tokens: (id, text) of every added token.
            bos, eos: what opens and ends a turn, unless the tokens have `<|im_start|>`.
        """
        self.text = text
        self.hash = template_hash(text)
        names = {name: number for number, name in tokens}
        self._ids = names
        self._open = names.get("<|im_start|>", names[bos])
        self._close = names[eos]
        longest_first = sorted(names, key=len, reverse=True)
        self._cut = re.compile("(" + "|".join(re.escape(name) for name in longest_first) + ")")
        self._firsts = sorted({name[0] for name in names})
        first_class = "".join(re.escape(c) for c in self._firsts)
        tags = "|".join(re.escape(tag) for tag in ASSISTANT_TAGS)
        self._anything = re.compile(f"[{first_class}]")
        self._but_tags = re.compile(f"(?!{tags})[{first_class}]")
        self._known = self.hash in KNOWN
        self._compiled = compile_template(text) if self._known else None
        self._child = None if self._known else ChildRenderer(text)
        self.knows_tools = "tool_calls" in text

    def cut(
        self, conversations: Sequence[Conversation], **arguments: Any
    ) -> list[list[Stretch] | ConversationProblem]:
        """Render conversations and cut them; `arguments` go to the template.

        Raises:
            TemplateFailed: a foreign template ran too long; everything it was given is lost.
        """
        results: list[list[Stretch] | ConversationProblem] = []
        marked = [self._mark(conversation) for conversation in conversations]
        calls = [{**call, **arguments} for call, _back, _length in marked]
        caps = [MAX_OUTPUT + MAX_INPUT_FACTOR * length for _call, _back, length in marked]
        for conversation, (_call, back, _length), text in zip(
            conversations, marked, self._render(calls, caps), strict=True
        ):
            if not self.knows_tools and _uses_tools(conversation):
                results.append(ConversationProblem("template_without_tools"))
            elif isinstance(text, TemplateFailed):
                results.append(ConversationProblem("template_failed", reason=text.reason))
            else:
                results.append(list(self._stretches(text, back)))
        return results

    def _render(self, calls: list[dict[str, Any]], caps: list[int]) -> list[str | TemplateFailed]:
        if self._child is not None:
            return self._child.render(calls, caps)
        assert self._compiled is not None
        texts: list[str | TemplateFailed] = []
        for call, cap in zip(calls, caps, strict=True):
            try:
                texts.append(render(self._compiled, call, cap))
            except TemplateFailed as failed:
                texts.append(failed)
        return texts

    def _mark(self, conversation: Conversation) -> tuple[dict[str, Any], dict[int, int], int]:
        """Arguments with what people wrote marked, the table that takes the marks back, their length."""
        texts = _texts(conversation)
        there = _possible_marks(texts)
        codes = itertools.chain(range(0xFDD0, 0xFDF0), range(0xF0000, 0x10FFFE))
        unused = (chr(code) for code in codes if chr(code) not in there)
        table = {first: next(unused) for first in self._firsts}
        marks = _Marks(table, self._anything, self._but_tags)
        call: dict[str, Any] = {"messages": [marks.message(m) for m in conversation.messages]}
        call["tools"] = marks.value(conversation.tools)
        back = {ord(mark): ord(first) for first, mark in table.items()}
        return call, back, sum(len(text) for text in texts)

    def _stretches(self, text: str, back: dict[int, int]) -> Iterator[Stretch]:
        """Cut at tokens; trained is what follows the header of an answer, up to the token that ends it."""
        opened = answering = False
        for index, part in enumerate(self._cut.split(text)):
            if not part:
                continue
            if index % 2:  # re.split with one group: text and tokens take turns
                token = self._ids[part]
                if token == self._open != self._close:
                    answering = False
                trained = answering
                if token == self._close:
                    answering = False
                opened = token == self._open
                yield Stretch(part, token, 0 if trained else None)
                continue
            start = 0 if answering else None
            if opened and part.startswith(HEADER):
                answering, start = True, len(HEADER)
            opened = False
            yield Stretch(part if part.isascii() else part.translate(back), None, start)


class _Marks:
    """Exchanges the first characters of tokens in everything that came from outside."""

    def __init__(self, table: dict[str, str], anything: re.Pattern[str], but_tags: re.Pattern[str]) -> None:
        self._table = table
        self._anything = anything
        self._but_tags = but_tags

    def _swap(self, match: re.Match[str]) -> str:
        return self._table[match[0]]

    def text(self, text: str) -> str:
        return self._anything.sub(self._swap, text)

    def message(self, message: Message) -> Message:
        marked = {key: self.value(value) for key, value in message.items() if key != "content"}
        if message["role"] == "assistant":
            marked["content"] = self._but_tags.sub(self._swap, message["content"])
        else:
            marked["content"] = self.text(message["content"])
        return marked

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value


def _texts(conversation: Conversation) -> list[str]:
    """Everything in a conversation that came from outside."""
    texts = [text for message in conversation.messages for text in message.values() if isinstance(text, str)]
    others = [v for message in conversation.messages for v in message.values() if not isinstance(v, str)]
    if others or conversation.tools:
        texts += _strings([others, conversation.tools])
    return texts


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _possible_marks(texts: list[str]) -> set[str]:
    """The characters that could be taken for marks: those from U+FDD0 on."""
    found: set[str] = set()
    for text in texts:
        if not text.isascii() and max(text) >= "\ufdd0":
            found.update(c for c in text if c >= "\ufdd0")
    return found


def _uses_tools(conversation: Conversation) -> bool:
    return bool(conversation.tools) or any(
        message["role"] == "tool" or "tool_calls" in message for message in conversation.messages
    )
