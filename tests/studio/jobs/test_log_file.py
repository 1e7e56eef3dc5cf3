"""Stretches of a log that grows, is replaced, and has lines of every kind."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from studio.jobs.log_file import LINE_CAP_BYTES, LogFile


def test_no_file_has_no_lines(tmp_path: Path) -> None:
    page = LogFile(tmp_path / "log.txt").read(0, 10)
    assert (page.total, page.lines) == (0, ())


def test_any_stretch_and_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(f"line {i}\n" for i in range(1000)), "utf-8")
    log = LogFile(path)
    assert log.read(0, 2).lines == ("line 0", "line 1")
    assert log.read(998, 50).lines == ("line 998", "line 999")
    assert log.read(-3, 2).lines == ("line 997", "line 998")
    assert log.read(5000, 2).lines == ()
    assert log.read(0, 0).total == 1000


def test_it_grows_also_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"one\ntw")
    log = LogFile(path)
    assert log.read(0, 9).lines == ("one", "tw")
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert log.read(0, 9).lines == ("one", "two", "three")


def test_another_file_of_that_name_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"one\ntwo\n")
    log = LogFile(path)
    assert log.read(0, 9).total == 2
    path.write_bytes(b"a\nb\nc and more\n")
    assert log.read(0, 9).lines == ("a", "b", "c and more")
    path.write_bytes(b"a\n")
    assert log.read(0, 9).lines == ("a",)


def test_colours_bars_and_endless_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"\x1b[31mred\x1b[0m\r\n10%\r50%\r100%\n" + b"x" * (3 * LINE_CAP_BYTES) + b"\nlast")
    lines = LogFile(path).read(0, 9).lines
    assert lines[:2] == ("red", "100%")
    assert len(lines[2]) == LINE_CAP_BYTES
    assert lines[3] == "last"


@given(
    parts=st.lists(st.binary(max_size=30), max_size=12), first=st.integers(0, 40), count=st.integers(0, 40)
)
def test_pieces_give_what_the_whole_gives(
    tmp_path_factory: object, parts: list[bytes], first: int, count: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.txt"  # type: ignore[attr-defined]
    path.write_bytes(b"")
    growing = LogFile(path)
    for part in parts:
        with path.open("ab") as file:
            file.write(part)
        growing.read(0, 5)
    fresh = LogFile(path).read(first, count)
    assert growing.read(first, count) == fresh
    whole = b"".join(parts)
    assert fresh.total == whole.count(b"\n") + (1 if whole and not whole.endswith(b"\n") else 0)
