"""What can be wrong with a row, as a code with its sentence; the studio and the cache keep the code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minimind.errors import BadInput
from minimind.text import N_, _

SENTENCES: dict[str, str] = {
    # lines
    "not_json": N_("this is not JSON ({reason}, column {column})"),
    "not_text": N_("this is not valid {encoding} (byte {byte} at position {position})"),
    "line_cut": N_("the line breaks off in the middle of a character"),
    "line_too_long": N_("the row is longer than {size} MB"),
    "too_deep": N_("the JSON is nested too deeply"),
    "array_broken": N_("the JSON list breaks off here ({reason}); what follows was not read"),
    "after_array": N_("something follows after the end of the JSON list; it was not read"),
    # rows
    "not_object": N_('this is no JSON object; a row looks like {{"text": "…"}}'),
    "no_known_key": N_('there is no "text" and no "conversations"; the row has {keys}'),
    "empty_object": N_("the row is an empty object"),
    "wrong_kind": N_("the row is {found}, this file is read as {wanted}"),
    "text_not_text": N_('"{key}" is no text'),
    "text_empty": N_('"{key}" is empty'),
    "lone_surrogate": N_("half of a character stands alone (a lone surrogate such as \\ud83d)"),
    # conversations
    "conversation_not_list": N_("the conversation is no list of messages"),
    "conversation_empty": N_("the conversation has no messages"),
    "message_not_object": N_("message {number} is no JSON object"),
    "unknown_role": N_('message {number} has the role "{role}"; known are system, user, assistant, tool'),
    "no_content": N_('message {number} has no "content"'),
    "content_not_text": N_('the "content" of message {number} is no text'),
    "no_answer": N_("nobody answers as assistant, so there is nothing to learn"),
    "empty_answer": N_("message {number}: the assistant's answer is empty"),
    "tools_not_json": N_('"tools" is no list of JSON objects'),
    "tool_calls_not_json": N_('"tool_calls" is no list of JSON objects'),
    "template_without_tools": N_("the chat template of this tokenizer knows no tools"),
    "template_failed": N_("the chat template refuses it ({reason})"),
    "no_label": N_("the chat template leaves nothing in it to learn"),
    # pairs
    "pair_incomplete": N_('"chosen" or "rejected" is missing'),
    "pair_same": N_("the chosen and the rejected answer are the same"),
    "pair_prompts_differ": N_("the chosen and the rejected answer belong to different questions"),
    # remarks: the row is used
    "control_characters": N_("there are control characters in it; they are kept as they are"),
}
# what Python's json says, in words for people
REASONS: dict[str, str] = {
    "Unterminated string starting at": N_("a string has no end"),
    "Expecting value": N_("a value is missing"),
    "Expecting ',' delimiter": N_("a comma is missing"),
    "Expecting ':' delimiter": N_("a colon is missing"),
    "Expecting ',' or ']'": N_("a comma or a closing bracket is missing"),
    "Extra data": N_("something follows after its end"),
    "Expecting property name enclosed in double quotes": N_("a name in double quotes is missing"),
    "Illegal trailing comma before end of object": N_("there is a comma too many"),
    "Illegal trailing comma before end of array": N_("there is a comma too many"),
    "Invalid \\escape": N_("a backslash stands before the wrong character"),
    "Invalid \\uXXXX escape": N_("a \\u is not followed by four hexadecimal digits"),
    "the file ends": N_("the file ends"),
    "number too long": N_("a number is too long"),
    "nested too deeply": N_("it is nested too deeply"),
}
KINDS = {
    "text": N_("text"),
    "chat": N_("a conversation"),
    "preferences": N_("a pair of answers"),
    "prompts": N_("a prompt"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One row that is skipped, or a remark about one that is not: `line` counts from 1."""

    line: int
    code: str
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in the current language, without file and line."""
        params = dict(self.params)
        for key in ("found", "wanted"):
            if key in params:
                params[key] = _(KINDS[params[key]])
        if "reason" in params:
            params["reason"] = _(REASONS.get(params["reason"], params["reason"]))
        return _(SENTENCES[self.code]).format(**params)

    def to_json(self) -> dict[str, Any]:
        """For `--json`: line, message, and the code for programs."""
        return {"line": self.line, "message": self.message, "code": self.code}


def at_line(path: Path, line: int, reason: str, *, code: str) -> BadInput:
    """A whole file that cannot be used, with the place where that shows."""
    return BadInput(
        _("{file}, line {line}: {reason}").format(file=path.name, line=line, reason=reason),
        code=code,
        file=str(path),
        line=line,
    )


def no_usable_row(path: Path, needs: str | None, first: Problem | None) -> BadInput:
    """A file of which every row would be skipped."""
    if first is None:
        return at_line(path, 1, _("the file is empty"), code="empty_file")
    wanted = {
        None: '{"text"} / {"conversations"}',
        "text": '{"text"}',
        "chat": '{"conversations"}',
        "preferences": '{"chosen", "rejected"}',
        "prompts": '{"prompt"}',
    }[needs]
    return BadInput(
        _("No row of {file} can be used; it needs {wanted}. Line {line}: {reason}.").format(
            file=path.name, wanted=wanted, line=first.line, reason=first.message
        ),
        code="no_usable_row",
        file=str(path),
        line=first.line,
    )
