"""A JSON value becomes a row: text, a conversation, a pair of answers or a prompt, however it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from minimind.tokenizer.conversation import Conversation, ConversationProblem, normalise

Kind = Literal["text", "chat", "preferences", "prompts"]
RowProblem = ConversationProblem

# question and answer as two plain fields
QUESTION_ANSWER = (
    ("instruction", "output"),
    ("instruction", "response"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("question", "answer"),
    ("query", "response"),
    ("input", "output"),
)
CONVERSATION_KEYS = ("conversations", "messages", "conversation")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One usable row.

    Attributes:
        line: where it stands in the file, from 1; the first line of a document of plain text.
        kind: what it is.
        content: the row in one way to write it, UTF-8: equal rows have equal bytes.
        text: of a text row.
        conversation: of a chat or prompt row; the chosen side of a pair.
        rejected: the other side of a pair.
    """

    line: int
    kind: Kind
    content: bytes
    text: str = ""
    conversation: Conversation | None = None
    rejected: Conversation | None = None

    @property
    def text_bytes(self) -> int:
        """UTF-8 bytes that bits per byte are counted over: the text, or what the assistant says."""
        return len(self.content) if self.conversation is None else self.conversation.answer_bytes


def kind_of(value: Any) -> Kind | None:
    """What a JSON value wants to be, judged by its keys; None when none of them is known."""
    if not isinstance(value, dict):
        return "chat" if _is_bare_messages(value) else None
    if "chosen" in value or "rejected" in value:
        return "preferences"
    if any(key in value for key in CONVERSATION_KEYS):
        return "chat"
    if "text" in value:
        return "text"
    if any(question in value and answer in value for question, answer in QUESTION_ANSWER):
        return "chat"
    return "prompts" if "prompt" in value else None


def _is_bare_messages(value: Any) -> bool:
    """A row that is nothing but a list of messages."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and ("role" in item or "from" in item) for item in value)
    )


def text_row(line: int, text: str) -> Row:
    """A row of text.

    Raises:
        RowProblem: empty, or half of a character stands alone.
    """
    if not text or text.isspace():
        raise RowProblem("text_empty", key="text")
    return Row(line=line, kind="text", content=_utf8(text), text=text)


def convert(value: Any, line: int, wanted: Kind | None) -> Row:
    """Make a row of what was parsed.

    Args:
        value: any JSON value.
        line: where it stands.
        wanted: the kind that is read here; None takes what comes.

    Raises:
        RowProblem: it cannot be used; says why.
    """
    if _is_bare_messages(value):
        value = {"conversations": value}
    if not isinstance(value, dict):
        raise RowProblem("not_object")
    # whatever else such a row has, it has what is wanted; and this is the way that must be fast
    found = "text" if wanted == "text" and "text" in value else kind_of(value)
    if found is None:
        raise RowProblem("no_known_key", keys=_shown(list(value))) if value else RowProblem("empty_object")
    if wanted is not None and found != wanted:
        raise RowProblem("wrong_kind", found=found, wanted=wanted)
    if found == "text":
        text = value["text"]
        if not isinstance(text, str):
            raise RowProblem("text_not_text", key="text")
        return text_row(line, text)
    if found == "chat":
        conversation = _conversation(value)
        return Row(line=line, kind="chat", content=_identity(conversation), conversation=conversation)
    if found == "prompts":
        conversation = _prompt(value)
        return Row(line=line, kind="prompts", content=_identity(conversation), conversation=conversation)
    return _pair(value, line)


def _shown(keys: list[Any]) -> str:
    names = ", ".join(f'"{str(key)[:30]}"' for key in keys[:4])
    return names + (", …" if len(keys) > 4 else "")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise RowProblem("lone_surrogate") from None


def _identity(conversation: Conversation) -> bytes:
    try:
        return conversation.identity()
    except UnicodeEncodeError:
        raise RowProblem("lone_surrogate") from None
    except RecursionError:
        raise RowProblem("too_deep") from None


def _conversation(value: dict[str, Any]) -> Conversation:
    for key in CONVERSATION_KEYS:
        if key in value:
            return normalise(value[key], tools=value.get("tools"), system=value.get("system"))
    for question, answer in QUESTION_ANSWER:
        if question in value and answer in value:
            asked = _text(value, question)
            if question == "instruction" and isinstance(value.get("input"), str) and value["input"].strip():
                asked = f"{asked}\n{value['input']}"
            messages = [*_history(value.get("history")), {"role": "user", "content": asked}]
            messages.append({"role": "assistant", "content": _text(value, answer)})
            return normalise(messages, system=value.get("system"))
    raise AssertionError(value)


def _text(value: dict[str, Any], key: str) -> str:
    if not isinstance(value[key], str):
        raise RowProblem("text_not_text", key=key)
    if not value[key].strip():
        raise RowProblem("text_empty", key=key)
    return str(value[key])


def _history(value: Any) -> list[dict[str, Any]]:
    """Alpaca's earlier turns: a list of [question, answer]."""
    messages: list[dict[str, Any]] = []
    for turn in value if isinstance(value, list) else []:
        if isinstance(turn, list) and len(turn) == 2 and all(isinstance(side, str) for side in turn):
            messages += [{"role": "user", "content": turn[0]}, {"role": "assistant", "content": turn[1]}]
    return messages


def _prompt(value: dict[str, Any]) -> Conversation:
    prompt = value["prompt"]
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": _text(value, "prompt")}]
    return normalise(prompt, tools=value.get("tools"), system=value.get("system"), answered=False)


def _pair(value: dict[str, Any], line: int) -> Row:
    if "chosen" not in value or "rejected" not in value:
        raise RowProblem("pair_incomplete")
    chosen, rejected = (_side(value, key) for key in ("chosen", "rejected"))
    if chosen.messages[-1]["role"] != "assistant" or rejected.messages[-1]["role"] != "assistant":
        raise RowProblem("no_answer")
    first, second = _identity(chosen), _identity(rejected)
    if first == second:
        raise RowProblem("pair_same")
    if chosen.messages[:-1] != rejected.messages[:-1] or chosen.tools != rejected.tools:
        raise RowProblem("pair_prompts_differ")
    return Row(
        line=line,
        kind="preferences",
        content=first + b"\n" + second,
        conversation=chosen,
        rejected=rejected,
    )


def _side(value: dict[str, Any], key: str) -> Conversation:
    """One side of a pair: a conversation, or an answer beside a common "prompt" or "conversations"."""
    side = value[key]
    if isinstance(side, list):
        before: Any = []
    else:
        before = value.get("prompt", value.get("question", value.get("conversations")))
        if isinstance(before, str):
            before = [{"role": "user", "content": before}]
        if isinstance(side, str):
            side = {"role": "assistant", "content": side}
        side = [side]
    if not isinstance(before, list):
        raise RowProblem("pair_incomplete")
    return normalise([*before, *side], tools=value.get("tools"), system=value.get("system"))
