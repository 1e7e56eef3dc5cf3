"""Tables and foreign keys become rows that can be trained."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.cli import main
from minimind.data.fields import Mapping, convert_fields, fields_of
from minimind.data.formats import check
from minimind.errors import BadInput

# a file of control characters is no text at all
TEXT = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], whitelist_characters="\n\r\t"), min_size=1, max_size=40
)


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@given(texts=st.lists(TEXT, min_size=1, max_size=8))
def test_what_a_table_holds_comes_out_as_it_was(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("table")
    path, out = folder / "t.csv", folder / "t.jsonl"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "text"])
        writer.writerows([[number, text] for number, text in enumerate(texts)])
    # empty and blank ones are no rows to learn from
    wanted = [text for text in texts if text.strip()]
    if not wanted:
        with pytest.raises(BadInput):
            convert_fields(path, out, Mapping(text="text"))
        assert not out.exists()
        return
    report = convert_fields(path, out, Mapping(text="text"))
    assert (report.rows, report.usable) == (len(texts), len(wanted))
    assert [row["text"] for row in _rows(out)] == wanted


@pytest.mark.parametrize(
    ("suffix", "encoding", "text"),
    [
        (".csv", "gb18030", "问题;回答\n你好;你好，我在\n天气;今天晴\n"),
        (".tsv", "utf-8", "问题\t回答\n你好\t你好，我在\n天气\t今天晴\n"),
        (".csv", "utf-8-sig", "问题,回答\n你好,你好，我在\n天气,今天晴\n"),
        (".csv", "utf-16", "问题,回答\n你好,你好，我在\n天气,今天晴\n"),
    ],
)
def test_names_suggest_question_and_answer(suffix: str, encoding: str, text: str, tmp_path: Path) -> None:
    path, out = tmp_path / f"t{suffix}", tmp_path / "t.jsonl"
    path.write_bytes(text.encode(encoding))
    guess = fields_of(path).guess()
    assert guess == Mapping(question="问题", answer="回答")
    assert guess.is_whole
    convert_fields(path, out, guess)
    report = check(out)
    assert (report.kind, report.usable, report.skipped) == ("chat", 2, 0)
    assert "今天晴" in out.read_text("utf-8")


def test_keys_of_ones_own(tmp_path: Path) -> None:
    path, out = tmp_path / "own.jsonl", tmp_path / "out.jsonl"
    rows = [{"标题": "雨", "故事": "下雨了。"}, {"标题": "风"}, {"标题": "雪", "故事": "下雪了。"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = fields_of(path)
    assert fields.names == ("标题", "故事")
    assert fields.example == ("雨", "下雨了。")
    assert not fields.guess().is_whole
    report = convert_fields(path, out, Mapping(text="故事"))
    assert (report.usable, report.skipped) == (2, 1)
    assert [problem.line for problem in report.problems] == [2]
    with pytest.raises(BadInput, match="exists"):
        convert_fields(path, out, Mapping(text="故事"))


def test_the_command_converts_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "t.csv", tmp_path / "t.jsonl"
    path.write_text("text\nhello world\n")
    assert main(["data", "convert", str(path), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["usable"] == 1
    assert _rows(out) == [{"text": "hello world"}]


@pytest.mark.parametrize(
    "damage", [b"\x41", b"\x00\xd8\x41\x00"], ids=["half a character", "half a pair of surrogates"]
)
def test_damaged_bytes_of_a_wide_table_make_a_skipped_row(damage: bytes, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(b"\xff\xfe" + "text\nwhole\n".encode("utf-16-le") + damage)
    report = convert_fields(table, tmp_path / "out.jsonl", Mapping(text="text"))
    assert (report.rows, report.usable) == (2, 1)
    assert _rows(tmp_path / "out.jsonl") == [{"text": "whole"}]
