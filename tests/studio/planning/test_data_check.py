from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from minimind.methods import Needs
from minimind.text import set_language
from studio.planning import data_check
from studio.planning.data_check import FileCheck, check_file, stamp_of


def write_rows(path: Path, rows: list[object]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


CHAT = {"conversations": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好。"}]}


def test_a_good_file_is_counted_and_its_tokens_estimated(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"text": "春天来了，小草绿了。" * 5}] * 300)
    found = check_file(str(path), Needs.TEXT)
    assert found.is_complete
    assert (found.rows, found.usable, found.skipped, found.problems) == (300, 300, 0, ())
    assert found.share == 1.0
    assert found.facts is not None
    # 150 bytes a row; no tokenizer makes more than a token of a byte or less than one of twelve
    assert 300 * 150 / 12 < found.facts.tokens < 300 * 152
    assert found.facts.documents == 300


def test_bad_rows_are_named_with_their_line(tmp_path: Path) -> None:
    rows = [{"text": "好"}, "{", {"text": ""}, {"text": "好"}, {"prompt": "x"}]
    found = check_file(str(write_rows(tmp_path / "a.jsonl", rows)), Needs.TEXT)
    assert (found.rows, found.usable, found.skipped) == (5, 2, 3)
    assert [problem.line for problem in found.problems] == [2, 3, 5]
    assert not found.fault


def test_the_wrong_kind_of_rows_is_one_sentence(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "chat.jsonl", [CHAT] * 3)
    found = check_file(str(path), Needs.TEXT)
    assert found.code == "no_usable_row"
    assert "chat.jsonl" in found.fault
    assert not check_file(str(path), Needs.CHAT).fault


@pytest.mark.parametrize("name", ["gone.jsonl", "folder"])
def test_what_is_no_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    found = check_file(str(tmp_path / name), Needs.TEXT)
    assert name in found.fault
    assert not found.is_complete


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_one_sentence(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"text": "x"}])
    path.chmod(0)
    assert "a.jsonl" in check_file(str(path), Needs.TEXT).fault


def test_an_error_of_the_disk_in_mid_file_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_path: Path, _kind: str) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(data_check, "open_source", broken)
    found = check_file(str(write_rows(tmp_path / "a.jsonl", [{"text": "x"}])), Needs.TEXT)
    assert found.fault == "a.jsonl cannot be read: Input/output error."
    assert found.code == "unreadable"


def test_progress_grows_and_a_stopped_reading_extrapolates(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"text": "春天来了，小草绿了。" * 30}] * 5000)
    whole = check_file(str(path), Needs.TEXT)
    seen: list[FileCheck] = []
    stopped = check_file(
        str(path), Needs.TEXT, progress=seen.append, cancelled=lambda: bool(seen and seen[-1].share > 0.4)
    )
    shares = [check.share for check in seen]
    assert shares == sorted(shares)
    assert all(check.is_reading for check in seen)
    assert stopped.stopped
    assert not stopped.is_complete
    assert stopped.rows < 5000
    assert stopped.facts is not None
    assert whole.facts is not None
    assert stopped.facts.tokens == pytest.approx(whole.facts.tokens, rel=0.2)
    assert stopped.facts.documents == pytest.approx(5000, rel=0.2)


def test_without_a_tokenizer_tokens_are_guessed_from_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_check, "_tokenizer", lambda: None)
    path = write_rows(tmp_path / "a.jsonl", [{"text": "x" * 290}] * 10)
    found = check_file(str(path), Needs.TEXT)
    assert found.facts is not None
    assert found.facts.tokens == 1000


def test_a_file_is_known_again_by_size_and_time(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"text": "x"}])
    before = stamp_of(str(path))
    assert stamp_of(str(path)) == before
    path.write_text('{"text": "yy"}\n')
    assert stamp_of(str(path)) != before
    assert stamp_of(str(tmp_path / "gone")) == (-1, 0)


# every nasty file, and what must be known of it: usable and skipped rows as text, or as conversations
MESSY_TEXT = {
    "blank_lines.jsonl",
    "bom.jsonl",
    "control_and_nul.jsonl",
    "crlf.jsonl",
    "gb18030.jsonl",
    "one_huge_line.jsonl",
    "plain.txt",
    "utf16.jsonl",
}


@pytest.mark.parametrize("needs", [Needs.TEXT, Needs.CHAT])
def test_every_messy_file_is_read_or_explained(shared_data: Path, needs: Needs) -> None:
    set_language("en")
    for path in sorted((shared_data / "messy").iterdir()):
        found = check_file(str(path), needs)
        assert not found.is_reading, path.name
        if found.fault:
            assert path.name in found.fault, path.name
            assert "Traceback" not in found.fault
            assert found.fault.count("\n") == 0
            continue
        assert found.usable > 0, path.name
        assert found.rows == found.usable + found.skipped, path.name
        assert len(found.problems) == found.skipped, path.name
        assert all(problem.line >= 1 and problem.message for problem in found.problems), path.name
        assert found.facts is not None
        assert found.facts.tokens > 0, path.name


@pytest.mark.parametrize("name", sorted(MESSY_TEXT))
def test_odd_encodings_lose_no_row(shared_data: Path, name: str) -> None:
    found = check_file(str(shared_data / "messy" / name), Needs.TEXT)
    assert not found.fault
    assert found.skipped == 0


def test_seven_bad_rows_are_exactly_those(shared_data: Path) -> None:
    found = check_file(str(shared_data / "messy" / "seven_bad_rows.jsonl"), Needs.TEXT)
    assert [problem.line for problem in found.problems] == [11, 21, 31, 41, 42, 43, 44]


@pytest.mark.parametrize(
    ("name", "code"),
    [("empty.jsonl", "empty_file"), ("binary.jsonl", "not_text"), ("plain.csv", "table")],
)
def test_hopeless_files_say_why(shared_data: Path, name: str, code: str) -> None:
    assert check_file(str(shared_data / "messy" / name), Needs.TEXT).code == code
