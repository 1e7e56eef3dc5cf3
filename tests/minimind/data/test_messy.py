"""The 25 nasty files: each is read right, or refused in one sentence with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from minimind.assets import BUNDLED_TOKENIZER
from minimind.data.cache import prepare
from minimind.data.formats import check
from minimind.errors import BadInput
from minimind.tokenizer.tokenizer import Tokenizer

# kind, encoding, rows, lines that are skipped
READ: dict[str, tuple[str, str, int, list[int]]] = {
    "all_duplicates.jsonl": ("text", "utf-8", 300, []),
    "alpaca.json": ("chat", "utf-8", 60, []),
    "array_not_lines.json": ("text", "utf-8", 200, []),
    "blank_lines.jsonl": ("text", "utf-8", 50, []),
    "bom.jsonl": ("text", "utf-8", 200, []),
    "control_and_nul.jsonl": ("text", "utf-8", 6, []),
    "crlf.jsonl": ("text", "utf-8", 200, []),
    "dpo_odd_pairs.jsonl": ("preferences", "utf-8", 20, [3, 4, 5]),
    "gb18030.jsonl": ("text", "gb18030", 200, []),
    "invalid_utf8_inside.jsonl": ("text", "utf-8", 41, [21]),
    "lone_surrogate.jsonl": ("text", "utf-8", 6, [1]),
    "mixed_kinds.jsonl": ("text", "utf-8", 4, [2, 3]),
    "odd_roles.jsonl": ("chat", "utf-8", 26, [2, 3, 5, 6]),
    "one_huge_line.jsonl": ("text", "utf-8", 1, []),
    "openai_messages.jsonl": ("chat", "utf-8", 60, []),
    "plain.txt": ("text", "utf-8", 37, []),
    "seven_bad_rows.jsonl": ("text", "utf-8", 200, [11, 21, 31, 41, 42, 43, 44]),
    "sharegpt.jsonl": ("chat", "utf-8", 60, []),
    "special_token_look_alikes.jsonl": ("text", "utf-8", 2, [2]),
    "truncated_last_line.jsonl": ("text", "utf-8", 200, [200]),
    "utf16.jsonl": ("text", "utf-16", 200, []),
    "名字 有空格 和 emoji 😀.jsonl": ("text", "utf-8", 40, []),
}
REFUSED = {
    "binary.jsonl": "line 1: this is not text",
    "empty.jsonl": "line 1: the file is empty",
    "plain.csv": r"line 1: this is a table \(CSV\)",
}


def test_all_files_are_here(shared_data: Path) -> None:
    assert {path.name for path in (shared_data / "messy").iterdir()} == {*READ, *REFUSED}


@pytest.mark.parametrize("name", READ)
def test_is_read(shared_data: Path, name: str) -> None:
    path = shared_data / "messy" / name
    kind, encoding, rows, skipped = READ[name]
    report = check(path)
    assert (report.kind, report.encoding, report.rows) == (kind, encoding, rows)
    assert [problem.line for problem in report.problems] == skipped
    assert report.usable == rows - len(skipped)
    if kind in {"text", "chat"}:
        cache = prepare(path, Tokenizer.load(BUNDLED_TOKENIZER), needs=report.kind)
        assert cache.documents == report.usable
        assert [problem.line for problem in cache.skipped] == skipped


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(shared_data: Path, name: str) -> None:
    path = shared_data / "messy" / name
    for attempt in (
        lambda: check(path),
        lambda: prepare(path, Tokenizer.load(BUNDLED_TOKENIZER), needs="text"),
    ):
        with pytest.raises(BadInput, match=f"{name}, {REFUSED[name]}") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_same_text_in_every_encoding(shared_data: Path) -> None:
    tokenizer = Tokenizer.load(BUNDLED_TOKENIZER)
    names = ("bom.jsonl", "crlf.jsonl", "gb18030.jsonl", "utf16.jsonl", "array_not_lines.json")
    caches = [prepare(shared_data / "messy" / name, tokenizer, needs="text") for name in names]
    for cache in caches[1:]:
        assert cache.tokens.tolist() == caches[0].tokens.tolist()
        assert cache.doc_hash.tolist() == caches[0].doc_hash.tolist()
