"""One shape for a conversation, whatever way it was written down; what is wrong with it, as a code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]

ROLES = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "ipython": "tool",
    "function_call": "assistant",
}


class ConversationProblem(Exception):  # noqa: N818
    """Why a conversation cannot be used: `code` and `params` name a sentence of `minimind.data.problems`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """Messages with role (system, user, assistant, tool) and content, tools apart.

    An assistant message may also have `reasoning_content` (text) and `tool_calls` (a list of
    {"name", "arguments"}).
    """

    messages: list[Message]
    tools: list[Any] | None = None

    @property
    def answer_bytes(self) -> int:
        """UTF-8 bytes of what the assistant says: what bits per byte are counted over."""
        return sum(len(m["content"].encode()) for m in self.messages if m["role"] == "assistant")

    def identity(self) -> bytes:
        """The content, in one way to write it: equal conversations have equal bytes."""
        value: Any = self.messages if self.tools is None else [self.messages, self.tools]
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def normalise(raw: Any, *, tools: Any = None, system: Any = None, answered: bool = True) -> Conversation:
    """Bring messages of MiniMind, OpenAI or ShareGPT into one shape.

    Args:
        raw: a list of {"role", "content"} or {"from", "value"}.
        tools: tool descriptions, a list or its JSON; a system message may carry them too ("tools").
        system: a system prompt kept outside of the messages.
        answered: True for training data, which needs an answer; False for a prompt.

    Raises:
        ConversationProblem: it cannot be used.
    """
    if not isinstance(raw, list):
        raise ConversationProblem("conversation_not_list")
    messages: list[Message] = []
    if isinstance(system, str) and system:
        messages.append({"role": "system", "content": system})
    for number, item in enumerate(raw, 1):
        if not isinstance(item, dict):
            raise ConversationProblem("message_not_object", number=number)
        if item.get("tools"):
            tools = item["tools"]
        messages.append(_message(item, number))
    if not messages:
        raise ConversationProblem("conversation_empty")
    if answered and not any(m["role"] == "assistant" for m in messages):
        raise ConversationProblem("no_answer")
    return Conversation(messages=messages, tools=_json_list(tools, "tools_not_json") if tools else None)


def _message(item: Message, number: int) -> Message:
    name = item.get("role", item.get("from"))
    role = ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        raise ConversationProblem("unknown_role", number=number, role=str(name)[:40])
    content = _content(item.get("content", item.get("value")), number, role)
    message: Message = {"role": role, "content": content}
    if role != "assistant":
        return message
    calls = item.get("tool_calls")
    if name == "function_call":
        calls, message["content"] = content, ""
    if calls:
        message["tool_calls"] = [_call(call) for call in _json_list(calls, "tool_calls_not_json")]
    reasoning = item.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        message["reasoning_content"] = reasoning
    if not (message["content"].strip() or "tool_calls" in message or "reasoning_content" in message):
        raise ConversationProblem("empty_answer", number=number)
    return message


def _call(call: dict[str, Any]) -> dict[str, Any]:
    """{"name", "arguments"}; the templates fail on a call without arguments."""
    inner = call["function"] if isinstance(call.get("function"), dict) else call
    if not isinstance(inner.get("name"), str):
        raise ConversationProblem("tool_calls_not_json")
    return {"name": inner["name"], "arguments": inner.get("arguments", {})}


def _content(value: Any, number: int, role: str) -> str:
    if isinstance(value, str):
        return value
    if value is None and role == "assistant":
        return ""  # OpenAI writes null beside tool calls; an answer of nothing is found later
    if isinstance(value, list):
        parts = [p.get("text") if isinstance(p, dict) and p.get("type") == "text" else p for p in value]
        texts = [p for p in parts if isinstance(p, str)]
        if len(texts) == len(parts):
            return "".join(texts)
    raise ConversationProblem("no_content" if value is None else "content_not_text", number=number)


def _json_list(value: Any, code: str) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ConversationProblem(code) from None
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConversationProblem(code)
    return value
