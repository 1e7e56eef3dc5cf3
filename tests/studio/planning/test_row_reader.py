"""Rows in any order are those of the file; what is known about files is kept and never trusted too long."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.data.count import FileCount
from minimind.device import Device
from minimind.errors import BadInput
from studio.planning import file_report
from studio.planning.data_estimate import pass_estimate
from studio.planning.file_report import FileState, bundled_tokenizer, count_file
from studio.planning.row_reader import Given, RowReader, line_of

tokenizer = cache(bundled_tokenizer)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    # over a megabyte, so that there are places to begin from; every seventh is broken
    lines = [json.dumps({"text": f"row {n} " + "words and words " * 60}) for n in range(2500)]
    lines = [line[:-1] if n % 7 == 3 else line for n, line in enumerate(lines)]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def counted(file: Path, tmp_path_factory: pytest.TempPathFactory) -> FileCount:
    report = count_file(str(file), tokenizer(), tmp_path_factory.mktemp("kept"))
    assert report.count is not None
    assert report.count.places
    return report.count


@given(numbers=st.lists(st.integers(1, 2142), min_size=1, max_size=6), known=st.booleans())
def test_rows_in_any_order(numbers: list[int], known: bool, file: Path, counted: FileCount) -> None:
    good = [n for n in range(2500) if n % 7 != 3]
    reader = RowReader(tokenizer())
    for number in numbers:
        view = reader.read(str(file), number, counted if known else None)
        assert view.line == good[number - 1] + 1
        assert view.number == number
        assert json.loads(view.raw)["text"].startswith(f"row {good[number - 1]} ")


def test_a_row_too_many_and_one_that_nobody_wants_any_more(file: Path, counted: FileCount) -> None:
    reader = RowReader(tokenizer())
    with pytest.raises(BadInput, match="has no row 9999"):
        reader.read(str(file), 9999, counted)
    with pytest.raises(Given):
        reader.read(str(file), 2000, None, lambda: True)
    assert reader.read(str(file), 2, counted).line == 2


def test_a_skipped_line_as_it_stands(file: Path, counted: FileCount, tmp_path: Path) -> None:
    assert counted.problems[0].line == 4
    assert line_of(str(file), 4, counted).startswith('{"text": "row 3 ')
    assert line_of(str(file), 2496, counted) == file.read_text().splitlines()[2495]
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes(b'{"text": "a"}\n' * 50 + b"\xff\xfe bad\n")
    assert line_of(str(odd), 51, None) == "\\xff\\xfe bad"


def test_a_file_that_changes_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one"}\n')
    reader = RowReader(tokenizer())
    assert "one" in reader.read(str(path), 1, None).raw
    path.write_text('{"text": "another"}\n')
    assert "another" in reader.read(str(path), 1, None).raw


def test_counts_are_kept_until_the_file_changes(
    chat_rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    first = count_file(str(chat_rows), tokenizer(), kept)
    assert first.state is FileState.DONE
    assert first.count is not None
    assert first.can_train

    def refuse(*_args: object, **_more: object) -> FileCount:
        raise AssertionError("counted again")

    with monkeypatch.context() as patched:
        patched.setattr("minimind.data.count.count", refuse)
        assert count_file(str(chat_rows), tokenizer(), kept) == first
    stat = chat_rows.stat()
    os.utime(chat_rows, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    again = count_file(str(chat_rows), tokenizer(), kept)
    assert again.count == first.count
    assert again.mtime_ns != first.mtime_ns
    for damaged in kept.iterdir():
        damaged.write_text('{"kind": 3}')
    assert count_file(str(chat_rows), tokenizer(), kept).count == first.count


def test_every_way_to_be_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(path: Path) -> file_report.FileReport:
        return count_file(str(path), tokenizer(), tmp_path / "kept")

    gone = look(tmp_path / "gone.jsonl")
    assert gone.state is FileState.GONE
    assert "gone.jsonl" in gone.fault
    assert not gone.can_train
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text('{"prose": "abc"}\n')
    report = look(foreign)
    assert (report.state, report.code) == (FileState.BAD, "no_usable_row")
    assert "foreign.jsonl" in report.fault
    assert "1" in report.fault
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n")
    assert (look(table).state, look(table).code) == (FileState.BAD, "table")


def test_one_pass_is_predicted_for_what_can_be_trained(counted: FileCount) -> None:
    device = Device(
        kind="cpu",
        name="cpu",
        memory_bytes=16 << 30,
        free_bytes=8 << 30,
        threads=2,
        bf16=False,
        flops=1e11,
        flops_float32=1e11,
    )
    found = pass_estimate(counted, [device])
    assert found is not None
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.seq_len >= 64
    without = pass_estimate(counted, [])
    assert without is not None
    assert without.seconds is None
