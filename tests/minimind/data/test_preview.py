"""What people see of a row, and rows written anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minimind.assets import BUNDLED_TOKENIZER
from minimind.data.convert import convert_file
from minimind.data.formats import open_source
from minimind.data.preview import preview, previews
from minimind.data.rows import Row
from minimind.errors import BadInput
from minimind.tokenizer.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(BUNDLED_TOKENIZER)


def test_pieces_are_whole_characters(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"txt": 1}\n{"text": "龘😀 ok <think>"}\n', "utf-8")
    shown = preview(path, tokenizer, 1)
    assert (shown.line, shown.kind, shown.raw) == (2, "text", "龘😀 ok <think>")
    assert shown.text == "<|im_start|>龘😀 ok <think><|im_end|>"
    ids = [number for piece in shown.pieces for number in piece.ids]
    assert ids == tokenizer.encode_document("龘😀 ok <think>")
    split = {piece.text: len(piece.ids) for piece in shown.pieces if len(piece.ids) > 1}
    assert set(split) == {"龘", "😀"}
    assert [piece.special for piece in shown.pieces] == [True, *[False] * (len(shown.pieces) - 2), True]
    assert [piece.trained for piece in shown.pieces] == [False, *[True] * (len(shown.pieces) - 1)]
    assert (shown.num_tokens, shown.num_trained) == (len(ids), len(ids) - 1)


def test_chat_shows_what_is_trained(tokenizer: Tokenizer, chat_rows: Path) -> None:
    for shown in previews(chat_rows, tokenizer, 3, 5):
        conversation = json.loads(shown.raw)["conversations"]
        trained = "".join(piece.text for piece in shown.pieces if piece.trained)
        answers = [m["content"].lstrip("\n") for m in conversation if m["role"] == "assistant"]
        assert trained == "".join(f"<think>\n\n</think>\n\n{answer}<|im_end|>" for answer in answers)


def test_rows_that_are_not_there(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\n', "utf-8")
    with pytest.raises(BadInput, match="has no row 2"):
        preview(path, tokenizer, 2)
    with pytest.raises(BadInput, match="counted from 1"):
        preview(path, tokenizer, 0)
    path.write_text('{"txt": "x"}\n', "utf-8")
    with pytest.raises(BadInput, match=r"No row of a\.jsonl can be used"):
        preview(path, tokenizer, 1)


@pytest.mark.parametrize("name", ["text", "sharegpt", "tools", "pairs", "prompts"])
def test_converted_rows_are_the_same_rows(tmp_path: Path, name: str) -> None:
    qa = [{"from": "human", "value": "问"}, {"from": "gpt", "value": "答"}]
    tools = [{"name": "f", "parameters": {}}]
    calls = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "tool_calls": [{"name": "f", "arguments": {}}]},
    ]
    rows = {
        "text": {"text": "a\nb"},
        "sharegpt": {"conversations": qa, "system": "s"},
        "tools": {"messages": calls, "tools": tools},
        "pairs": {"prompt": "q", "chosen": "a", "rejected": "b"},
        "prompts": {"prompt": "q"},
    }
    source, out = tmp_path / "in.json", tmp_path / "out.jsonl"
    source.write_text(json.dumps([rows[name], {"txt": 1}, rows[name]]), "utf-8")
    report = convert_file(source, out)
    assert (report.rows, report.usable, [p.line for p in report.problems]) == (3, 2, [1])
    before = [item.content for item in open_source(source) if isinstance(item, Row)]
    after = list(open_source(out))
    assert [item.content for item in after if isinstance(item, Row)] == before
    assert len(after) == 2
    with pytest.raises(BadInput, match="exists already"):
        convert_file(source, out)


def test_nothing_usable_writes_nothing(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"txt": 1}\n', "utf-8")
    with pytest.raises(BadInput, match="No row"):
        convert_file(source, out)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
