"""Data files are recognised by their content, read row by row, and what is wrong has a line."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.data import encodings, json_list
from minimind.data.formats import check, open_source
from minimind.data.plain_text import documents
from minimind.data.problems import KINDS, REASONS, SENTENCES, Problem
from minimind.data.rows import Row
from minimind.errors import BadInput

QA = [{"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}]


def write(folder: Path, content: bytes | str, name: str = "x.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def texts(path: Path) -> list[str]:
    return [item.text for item in open_source(path) if isinstance(item, Row)]


def codes(path: Path, needs: Any = None) -> list[tuple[int, str]]:
    return [(item.line, item.code) for item in open_source(path, needs) if isinstance(item, Problem)]


TWO = '{"text": "一行，有汉字"}\n{"text": "two 😀"}\n'


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (TWO.encode(), "utf-8"),
        (TWO.encode("utf-8-sig"), "utf-8"),
        (TWO.replace("\n", "\r\n").encode(), "utf-8"),
        (TWO.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TWO.encode("utf-16-be"), "utf-16"),
        (TWO.encode("utf-16-le"), "utf-16"),
        (TWO.encode("utf-16-be"), "utf-16"),
        (TWO.encode("utf-32"), "utf-32"),
        (TWO.encode("gb18030"), "gb18030"),
        (TWO.encode()[:-1], "utf-8"),
        (b"\n\r\n  \n" + TWO.encode() + b"\n\n", "utf-8"),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, label: str) -> None:
    path = write(tmp_path, content)
    assert open_source(path).encoding == label
    assert texts(path) == ["一行，有汉字", "two 😀"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "gb18030", "utf-8-sig"])
def test_lists_and_plain_text_in_other_encodings(tmp_path: Path, codec: str) -> None:
    rows = json.dumps([{"text": "一"}, {"text": "二"}], ensure_ascii=False, indent=1)
    assert texts(write(tmp_path, rows.encode(codec), "a.json")) == ["一", "二"]
    text = "The first one is 第一段。\n\n第二段。"
    assert texts(write(tmp_path, (text + "\n").encode(codec), "a.txt")) == [text]


def test_a_large_file_whose_beginning_is_ascii(tmp_path: Path) -> None:
    head = '{"text": "plain"}\n' * 8000
    tail = '{"text": "后面才有汉字"}\n' * 8000
    path = write(tmp_path, (head + tail).encode("gb18030"))
    report = check(path)
    assert (report.encoding, report.rows, report.skipped) == ("gb18030", 16_000, 0)


def test_damaged_lines_are_rows_that_are_skipped(tmp_path: Path) -> None:
    content = TWO.encode() + b'{"text": "a\xff\xfeb"}\n' + '{"text": "好"}'.encode()[:-3]
    path = write(tmp_path, content)
    assert codes(path) == [(3, "not_text"), (4, "line_cut")]
    odd = '{"text": "一"}\n'.encode("utf-16") + b"\x00"
    assert codes(write(tmp_path, odd)) == [(2, "not_text")]
    half = '{"text": "a"}\n{"text": "'.encode("utf-16-le") + b"\x00\xd8" + '"}\n'.encode("utf-16-le")
    assert codes(write(tmp_path, half)) == [(2, "not_text")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('{"text": "少了一个引号}', "not_json"),
        ('{"txt": "x"}', "no_known_key"),
        ("{}", "empty_object"),
        ("not json", "not_json"),
        ('{"text": 1}', "text_not_text"),
        ('{"text": null}', "text_not_text"),
        ('{"text": NaN}', "text_not_text"),
        ('{"text": ""}', "text_empty"),
        ('{"text": " \\n\\t"}', "text_empty"),
        ('["text"]', "not_object"),
        ("3", "not_object"),
        ('{"text": "\\ud83d"}', "lone_surrogate"),
        ('{"text": "a"} {"text": "b"}', "not_json"),
        ('{"text": ' + "[" * 100_000, "too_deep"),
        ('{"text": ' + "1" * 5000 + "}", "not_json"),
        (json.dumps({"conversations": QA}), "wrong_kind"),
        (json.dumps({"chosen": QA, "rejected": QA}), "wrong_kind"),
    ],
)
def test_bad_rows_have_line_and_code(tmp_path: Path, row: str, code: str) -> None:
    path = write(tmp_path, '{"text": "a"}\n{"text": "a"}\n\n' + row + '\n{"text": "z"}\n')
    assert codes(path, "text") == [(4, code)]
    (problem,) = check(path, "text").problems
    assert "{" not in problem.message.replace('{"text": "…"}', "")
    assert len(texts(path)) == 3


def test_every_sentence_can_be_filled_in() -> None:
    params = dict.fromkeys(
        ("reason", "column", "encoding", "byte", "position", "size", "keys", "key", "number", "role"), "x"
    )
    for code in SENTENCES:
        problem = Problem(line=1, code=code, params={**params, "found": "chat", "wanted": "text"})
        assert problem.message
    assert set(KINDS) == {"text", "chat", "preferences", "prompts"}
    assert all(REASONS)


CHAT: dict[str, Any] = {
    "minimind": {"conversations": QA},
    "openai": {"messages": QA},
    "sharegpt": {"conversations": [{"from": "human", "value": "问"}, {"from": "gpt", "value": "答"}]},
    "alpaca": {"instruction": "问", "input": "", "output": "答"},
    "question": {"question": "问", "answer": "答"},
    "prompt": {"prompt": "问", "response": "答"},
    "bare": QA,
}


@pytest.mark.parametrize("name", CHAT)
@pytest.mark.parametrize("listed", [False, True])
def test_conversations_of_every_spelling(tmp_path: Path, name: str, listed: bool) -> None:
    content = json.dumps([CHAT[name]] * 2) if listed else (json.dumps(CHAT[name]) + "\n") * 2
    path = write(tmp_path, content, "x.json" if listed else "x.jsonl")
    source = open_source(path)
    assert (source.kind, source.container) == ("chat", "list" if listed else "lines")
    for row in source:
        assert isinstance(row, Row)
        assert row.conversation is not None
        assert row.conversation.messages == QA
        assert row.text_bytes == 3


def test_alpaca_with_input_history_and_system(tmp_path: Path) -> None:
    row = {"instruction": "译", "input": "cat", "output": "猫", "history": [["a", "b"]], "system": "短"}
    (item,) = open_source(write(tmp_path, json.dumps(row)))
    assert isinstance(item, Row)
    assert item.conversation is not None
    assert [(m["role"], m["content"]) for m in item.conversation.messages] == [
        ("system", "短"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "译\ncat"),
        ("assistant", "猫"),
    ]


def test_pairs_and_prompts(tmp_path: Path) -> None:
    other = [QA[0], {"role": "assistant", "content": "别的"}]
    rows: list[Any] = [
        {"chosen": QA, "rejected": other},
        {"prompt": "问", "chosen": "答", "rejected": "别的"},
        {"chosen": QA},
        {"chosen": QA, "rejected": QA},
        {"chosen": QA, "rejected": [{"role": "user", "content": "y"}, QA[1]]},
        {"chosen": QA[:1], "rejected": other},
    ]
    path = write(tmp_path, "\n".join(json.dumps(row) for row in rows))
    assert open_source(path).kind == "preferences"
    assert codes(path) == [
        (3, "pair_incomplete"),
        (4, "pair_same"),
        (5, "pair_prompts_differ"),
        (6, "no_answer"),
    ]
    good = [item for item in open_source(path) if isinstance(item, Row)]
    assert good[0].content == good[1].content
    path = write(tmp_path, '{"prompt": "1+1?"}\n')
    assert open_source(path).kind == "prompts"
    assert codes(path, "text") == [(1, "wrong_kind")]


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.jsonl", "a.jsonl, line 1: the file is empty"),
        (b"\xef\xbb\xbf", "a.txt", "line 1: the file is empty"),
        (b" \n\n ", "a.txt", "line 1: the file is empty"),
        (bytes(range(256)) * 20, "a.jsonl", "line 1: this is not text"),
        (b"\x1f\x8b\x08rest", "a.jsonl.gz", "line 1: this is a gzip archive"),
        (b"PAR1....", "a.parquet", "line 1: this is a Parquet table"),
        (b"id,text\n1,hello\n", "a.csv", "line 1: this is a table"),
        (b"hello\n", "a.docx2", "line 1: files that end in .docx2 are not read"),
        (b'{\n "text": "a"\n}\n', "a.json", "line 1: this is one JSON object over many lines"),
        ("é naïve à la carte\n".encode("latin-1") * 3, "a.txt", "line 1: this is no text in UTF-8"),
    ],
)
def test_whole_files_that_cannot_be_used(tmp_path: Path, content: bytes, name: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence.replace("(", r"\(")):
        open_source(write(tmp_path, content, name))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such file"):
        open_source(tmp_path / "nothing.jsonl")
    with pytest.raises(BadInput, match="is a folder"):
        open_source(tmp_path)


def test_plain_text_is_no_conversation(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"needs \{\"conversations\"\}. Line 1: the row is text"):
        open_source(write(tmp_path, "hello", "a.txt"), "chat")


def test_json_lines_called_txt_are_json_lines(tmp_path: Path) -> None:
    assert texts(write(tmp_path, TWO, "a.txt")) == ["一行，有汉字", "two 😀"]
    assert texts(write(tmp_path, '[1] a footnote\n\n{"not json', "b.txt")) == ['[1] a footnote\n\n{"not json']


def test_lists_that_break_off(tmp_path: Path) -> None:
    whole = json.dumps([{"text": f"第 {n} 行"} for n in range(50)], ensure_ascii=False, indent=1)
    for cut in range(30, len(whole.encode()) - 1, 37):
        path = write(tmp_path, whole.encode()[:cut], "a.json")
        found = codes(path)
        assert found
        assert found[-1][1] in {"array_broken", "lone_surrogate"}
        rows = texts(path)
        assert rows == [f"第 {n} 行" for n in range(len(rows))]
    path = write(tmp_path, '[{"text": "a"},\n{"text": b},\n{"text": "c"}]', "a.json")
    assert codes(path) == [(2, "array_broken")]
    assert codes(write(tmp_path, '[{"text": "a"}]\nmore', "a.json")) == [(2, "after_array")]
    assert codes(write(tmp_path, '[{"text": "a"},\n3, {"txt": 1}]', "a.json")) == [
        (2, "not_object"),
        (2, "no_known_key"),
    ]


@given(
    values=st.lists(
        st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda v: st.lists(v, max_size=3)),
        max_size=8,
    ),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 12),
)
def test_lists_are_read_as_json_reads_them(values: list[Any], indent: int | None, chunk: int) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=indent)
    pieces = [(text[i : i + chunk], i) for i in range(0, len(text), chunk)]

    class Slow(json_list._Window):
        def __init__(self) -> None:
            super().__init__(Path(), encodings.Encoding(codec="utf-8", label="utf-8"))
            self._chunks = iter(pieces)

        def more(self) -> bool:
            part = next(self._chunks, None)
            self.ended = part is None
            self.text += part[0] if part else ""
            return part is not None

    window = Slow()
    assert window.skip_gap() == "["
    window.move(window.at + 1)
    found = []
    while window.skip_gap() not in {"]", ""}:
        found.append(json_list._item(window))
        if window.skip_gap() == ",":
            window.move(window.at + 1)
    assert found == values
    assert window.line == text.count("\n") + 1


@given(junk=st.binary(max_size=200), name=st.sampled_from(["a.jsonl", "a.json", "a.txt"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, name: str
) -> None:
    path = write(tmp_path_factory.mktemp("junk"), junk, name)
    report = None
    with contextlib.suppress(BadInput):
        report = check(path)
    if report is None:
        return
    assert report.rows == report.usable + len(report.problems)
    assert all("\n" not in problem.message for problem in report.problems)


@given(
    lines=st.lists(
        st.sampled_from(['{"text": "好"}', '{"text": ""}', "", "x", "[", '{"messages": []}', "\ufeff"])
    )
)
def test_rows_are_counted(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = write(tmp_path_factory.mktemp("rows"), '{"text": "first"}\n' + "\n".join(lines))
    report = check(path, "text")
    assert report.usable == 1 + lines.count('{"text": "好"}')
    assert report.rows == 1 + sum(bool(line) for line in lines)
    assert report.skipped == len(report.problems)
    by_line = {problem.line for problem in report.problems}
    assert by_line == {n for n, line in enumerate(lines, 2) if line not in {"", '{"text": "好"}'}}


def test_a_line_without_end_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MAX_LINE", 1000)
    path = write(tmp_path, TWO + '{"text": "' + "长" * 5000 + '"}\n{"text": "after"}\n')
    assert codes(path) == [(3, "line_too_long")]
    assert texts(path)[-1] == "after"
    assert open_source(path).size == path.stat().st_size


def test_position_reaches_the_end(tmp_path: Path) -> None:
    for name, content in (
        ("a.jsonl", TWO),
        ("a.json", json.dumps([{"text": "a"}] * 3)),
        ("a.txt", "a\n\nb\n"),
    ):
        for codec in ("utf-8", "utf-16"):
            source = open_source(write(tmp_path, content.encode(codec), name))
            assert source.position == 0
            list(source)
            assert source.position == source.size


def test_control_characters_are_kept_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, '{"text": "a\\u0000b\\u200b\\ufeff"}\n{"text": "raw\ttab"}\n')
    assert texts(path) == ["a\x00b\u200b\ufeff", "raw\ttab"]
    report = check(path)
    assert [(note.line, note.code) for note in report.notes] == [(1, "control_characters")]
    assert report.skipped == 0


# --- plain text -----------------------------------------------------------------------------------------


def split(text: str, target: int) -> list[tuple[int, str]]:
    found = list(documents(enumerate(text.split("\n"), 1), target))
    assert not any(isinstance(item, Problem) for item in found)
    return found  # type: ignore[return-value]


def test_paragraphs_stay_whole_and_go_together() -> None:
    assert split("a\nb\n\n\nc\n\n\nd", 3) == [(1, "a\nb\n\nc"), (8, "d")]
    assert split("a\n\nb\n\nc", 1) == [(1, "a"), (3, "b"), (5, "c")]


def test_lines_without_blank_lines_are_cut_at_a_line_end() -> None:
    found = split("\n".join(["一二三四五六七八九十"] * 10), 30)
    assert [text.count("\n") + 1 for _line, text in found] == [2] * 5
    assert [line for line, _text in found] == [1, 3, 5, 7, 9]


def test_a_whole_book_in_one_line_is_cut_at_sentences() -> None:
    sentence = "这是一句话，它有头有尾。"
    found = split(sentence * 200, 100)
    assert len(found) > 5
    assert all(text.endswith("。") for _line, text in found)
    assert "".join(text for _line, text in found) == sentence * 200


@given(text=st.text(alphabet="ab。 \n\r", max_size=300), target=st.integers(1, 40))
def test_no_character_is_lost(text: str, target: int) -> None:
    found = split(text, target)
    kept = "".join(document for _line, document in found)
    assert "".join(kept.split()) == "".join(text.split())
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert all(document.strip() for _line, document in found)
