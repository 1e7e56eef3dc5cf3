"""Finds text that is in the other language: by the catalogue, which knows every sentence in both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

PO = Path(__file__).resolve().parents[2] / "assets/locale/zh/LC_MESSAGES/minimind.po"


def is_foreign(text: str, language: str) -> bool:
    """Whether a text seen in a window of that language is word for word what the other one says."""
    plain = re.sub(r"<[^>]+>", "", text).strip()
    whole, parts = _foreign(language)
    return any(pattern.fullmatch(plain) for pattern in whole) or any(part in plain for part in parts)


@cache
def _foreign(language: str) -> tuple[list[re.Pattern[str]], list[str]]:
    """Sentences of the other language with anything in their places, and phrases that may stand in a line."""
    with PO.open("rb") as file:
        catalog = read_po(file)
    whole, parts = [], []
    for message in catalog:
        english, chinese = _forms(message.id), _forms(message.string)
        mine, others = (chinese, english) if language == "zh" else (english, chinese)
        for text in others:
            fixed = re.split(r"\{[^}]*\}", text)
            # a sentence that is nothing but places would fit everything
            if text not in mine and re.search(r"\w\w", "".join(fixed)):
                whole.append(re.compile(r"[^\n]+?".join(re.escape(part) for part in fixed)))
                if len(fixed) == 1 and re.search(r"\w \w|[\u4e00-\u9fff]{4}", text):
                    parts.append(text)
    return whole, parts


def _forms(text: object) -> list[str]:
    if isinstance(text, str):
        return [text]
    return [form for form in text if isinstance(form, str)] if isinstance(text, Iterable) else []
