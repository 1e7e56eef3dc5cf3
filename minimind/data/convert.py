"""Any readable data file becomes JSON Lines in MiniMind's own spelling."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minimind.data.formats import MAX_PROBLEMS, CheckReport, open_source
from minimind.data.problems import Problem, no_usable_row
from minimind.data.rows import Kind, Row
from minimind.errors import BadInput
from minimind.files import replace_stream
from minimind.text import _
from minimind.tokenizer.conversation import Conversation


def native(row: Row) -> dict[str, Any]:
    """A row as MiniMind writes it: tools as JSON in the system message, calls as JSON in the answer.

    Without a system message tools stand beside the conversation: an empty one would change the text.
    """
    if row.conversation is None:
        return {"text": row.text}
    if row.rejected is not None:
        return {"chosen": _messages(row.conversation), "rejected": _messages(row.rejected)}
    key = "prompt" if row.kind == "prompts" else "conversations"
    value: dict[str, Any] = {key: _messages(row.conversation)}
    tools = row.conversation.tools
    if tools and row.conversation.messages[0]["role"] != "system":
        value["tools"] = tools
    return value


def _messages(conversation: Conversation) -> list[dict[str, Any]]:
    messages = [dict(message) for message in conversation.messages]
    for message in messages:
        if "tool_calls" in message:
            message["tool_calls"] = json.dumps(message["tool_calls"], ensure_ascii=False)
    if conversation.tools and messages[0]["role"] == "system":
        messages[0]["tools"] = json.dumps(conversation.tools, ensure_ascii=False)
    return messages


def convert_file(path: Path, out: Path, needs: Kind | None = None) -> CheckReport:
    """Write the usable rows of a file to a new one, UTF-8, a row a line.

    Returns:
        What was read: rows, and those that were left out.

    Raises:
        BadInput: the file cannot be used or has no usable row, or `out` exists; nothing is written then.
        OSError: no room.
    """
    if out.exists():
        raise BadInput(_("{file} exists already; choose another name for --out.").format(file=out))
    if not out.absolute().parent.is_dir():
        raise BadInput(
            _("{folder} cannot be written: {reason}").format(folder=out, reason=os.strerror(errno.ENOENT))
        )
    source = open_source(path, needs)
    problems: list[Problem] = []
    counts = {"rows": 0, "usable": 0}

    def lines() -> Iterator[bytes]:
        for item in source:
            counts["rows"] += 1
            if isinstance(item, Problem):
                if len(problems) < MAX_PROBLEMS:
                    problems.append(item)
                continue
            counts["usable"] += 1
            yield json.dumps(native(item), ensure_ascii=False).encode() + b"\n"
        if not counts["usable"]:
            raise no_usable_row(path, needs, problems[0] if problems else None)

    replace_stream(out, lines())
    return CheckReport(
        path=path,
        kind=source.kind,
        encoding=source.encoding,
        rows=counts["rows"],
        usable=counts["usable"],
        problems=problems,
    )
