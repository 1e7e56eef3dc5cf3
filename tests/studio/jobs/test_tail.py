from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minimind.files import close_torn_tail
from studio.jobs.tail import Tail, last_lines
from studio.store.records import Cursor
from tests.helpers.histories import attempt_lines


def read_all(tail: Tail, cursor: Cursor) -> tuple[list[tuple[int, bytes]], Cursor]:
    """Read until nothing more comes, as the library does."""
    found: list[tuple[int, bytes]] = []
    while (reading := tail.read(cursor)) is not None:
        if reading.anew:
            found = []
        found += reading.lines
        cursor = reading.after
        if not reading.more:
            break
    return found, cursor


def test_a_file_cut_at_every_byte_gives_whole_lines_only(tmp_path):
    content = b"".join(attempt_lines(1, 0, 6, 1, 1000.0))
    path = tmp_path / "events.jsonl"
    ends = [0, *(i + 1 for i, byte in enumerate(content) if byte == 10)]
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        lines, cursor = read_all(Tail(path), Cursor())
        assert cursor.offset == max(end for end in ends if end <= cut)
        assert b"".join(line + b"\n" for _, line in lines) == content[: cursor.offset]


def test_every_split_of_a_growing_file_is_read_once(tmp_path):
    content = b"".join(attempt_lines(1, 0, 4, 1, 1000.0))
    path = tmp_path / "events.jsonl"
    for cut in range(0, len(content), 7):
        path.write_bytes(content[:cut])
        tail = Tail(path)
        first, cursor = read_all(tail, Cursor())
        with path.open("ab") as file:
            file.write(content[cut:])
        second, cursor = read_all(tail, cursor)
        assert b"".join(line + b"\n" for _, line in first + second) == content
        assert tail.read(cursor) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.binary(max_size=40), max_size=12),
    chunk=st.integers(1, 64),
    cap=st.integers(8, 64),
)
def test_any_bytes_in_any_pieces(tmp_path, pieces, chunk, cap):
    path = tmp_path / "bytes"
    path.write_bytes(b"")
    tail, cursor, found = Tail(path, chunk=chunk, cap=max(chunk, cap)), Cursor(), []
    for piece in pieces:
        with path.open("ab") as file:
            file.write(piece)
        lines, cursor = read_all(tail, cursor)
        found += lines
    content = b"".join(pieces)
    whole = content[: content.rfind(b"\n") + 1]
    expected, position = [], 0
    for line in whole.split(b"\n")[:-1]:
        if len(line) < max(chunk, cap):
            expected.append((position, line))
        position += len(line) + 1
    assert found == expected
    assert cursor.offset == len(whole)


def test_other_line_ends_are_no_line_ends(tmp_path):
    path = tmp_path / "f"
    path.write_bytes("a\rb\u2028c\u0085d\r\ne\n".encode())
    lines, _ = read_all(Tail(path), Cursor())
    assert [line for _, line in lines] == ["a\rb\u2028c\u0085d\r".encode(), b"e"]


def test_no_file_is_nothing_new(tmp_path):
    assert Tail(tmp_path / "absent").read(Cursor()) is None


def test_an_overlong_line_is_passed_over(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\n" + b"x" * 5000 + b"\nb\n")
    lines, cursor = read_all(Tail(path, chunk=64, cap=1000), Cursor())
    assert lines == [(0, b"a"), (5003, b"b")]
    assert cursor.offset == 5005


def test_an_overlong_line_without_an_end_waits(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\n" + b"x" * 5000)
    tail = Tail(path, chunk=64, cap=1000)
    lines, cursor = read_all(tail, Cursor())
    assert (lines, cursor.offset) == ([(0, b"a")], 2)
    with path.open("ab") as file:
        file.write(b"\nb\n")
    lines, cursor = read_all(tail, cursor)
    assert lines == [(5003, b"b")]


def test_a_torn_tail_that_the_next_attempt_cuts_off_was_never_read(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"one\ntwo\nthr")
    tail = Tail(path)
    _, cursor = read_all(tail, Cursor())
    close_torn_tail(path)
    with path.open("ab") as file:
        file.write(b"four\n")
    lines, _ = read_all(tail, cursor)
    assert lines == [(8, b"four")]


@pytest.mark.parametrize(
    "other",
    [
        b"one\n",  # an older copy of the folder was put back
        b"uno\ntwo\nthree\n",  # another run
        b"one\nzwei\nthree\nfour\n",  # lines lost in a power cut, others written since
    ],
)
def test_another_file_is_read_from_its_first_byte(tmp_path, other):
    path = tmp_path / "f"
    path.write_bytes(b"one\ntwo\n")
    tail = Tail(path)
    _, cursor = read_all(tail, Cursor())
    path.write_bytes(other)
    reading = tail.read(cursor)
    assert reading is not None
    assert reading.anew
    assert [line for _, line in reading.lines] == other.split(b"\n")[:-1]


def test_an_emptied_file_is_told(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"one\ntwo\n")
    tail = Tail(path)
    _, cursor = read_all(tail, Cursor())
    path.write_bytes(b"")
    reading = tail.read(cursor)
    assert reading is not None
    assert (reading.anew, reading.lines, reading.after) == (True, [], Cursor())


def test_the_proof_survives_the_program(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"one\ntwo\n")
    _, cursor = read_all(Tail(path), Cursor())
    fresh = Tail(path).read(cursor)
    assert fresh is not None
    assert (fresh.lines, fresh.anew, fresh.after) == ([], False, cursor)


def test_last_lines_of_a_log(tmp_path):
    path = tmp_path / "log.txt"
    assert last_lines(path, 3) == []
    path.write_bytes("a\nb\r\n10%\r50%\r100%\n末尾".encode())
    assert last_lines(path, 3) == ["b", "100%", "末尾"]
    assert last_lines(path, 100)[0] == "a"
    path.write_bytes(b"")
    assert last_lines(path, 3) == []


def test_last_lines_do_not_read_a_huge_log(tmp_path):
    path = tmp_path / "log.txt"
    with path.open("wb") as file:
        file.write(b"x" * 10_000 + b"\n" + b"line\n" * 30)
    assert last_lines(path, 1000, reach=100) == ["line"] * 19
    assert os.path.getsize(path) > 10_000
