"""Which encoding a text file has, and its lines as bytes, in bounded memory."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from minimind.data.problems import Problem, at_line
from minimind.errors import BadInput
from minimind.text import N_, _

MAX_LINE = 8 << 20
_SAMPLE, _PLACES = 64 << 10, 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
_MAGIC = (
    (b"\x1f\x8b", N_("this is a gzip archive; unpack it first")),
    (b"PK\x03\x04", N_("this is a zip archive or an office document; unpack it first")),
    (b"\x28\xb5\x2f\xfd", N_("this is a zstd archive; unpack it first")),
    (b"BZh", N_("this is a bzip2 archive; unpack it first")),
    (b"\xfd7zXZ", N_("this is an xz archive; unpack it first")),
    (b"PAR1", N_("this is a Parquet table; JSON Lines is needed, one row a line")),
    (b"ARROW1", N_("this is an Arrow table; JSON Lines is needed, one row a line")),
    (b"%PDF", N_("this is a PDF; plain text or JSON Lines is needed")),
    (b"SQLite format 3", N_("this is an SQLite database; JSON Lines is needed, one row a line")),
    (b"GGUF", N_("this is a GGUF model, not data")),
)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a file's bytes are text: Python's codec, the name for people, bytes of byte-order mark to skip."""

    codec: str
    label: str
    bom: int = 0

    @property
    def is_wide(self) -> bool:
        """Its line ends are no single bytes."""
        return self.codec.startswith(("utf-16", "utf-32"))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where reading can be taken up again: after `line`, at byte `offset`."""

    line: int
    offset: int


def detect(path: Path) -> Encoding:
    """Find the encoding: byte-order mark, else what most lines of a sample can be read as.

    UTF-8, UTF-16, UTF-32 and GB18030 (with it GBK and GB2312) are known. A file that is mostly UTF-8 with
    some damaged lines is UTF-8: those lines are skipped rows. Big5 cannot be told from GB18030.

    Raises:
        BadInput: absent, empty, binary, or in another encoding; says what it seems to be.
    """
    try:
        if path.is_dir():
            raise BadInput(_("{file} is a folder; a file is needed.").format(file=path), code="no_file")
        with path.open("rb") as file:
            head = file.read(_SAMPLE)
            sample = head
            if len(head) == _SAMPLE and b"\n" in head:
                sample = head[: head.rfind(b"\n") + 1] + _elsewhere(file, path.stat().st_size)
    except OSError as error:
        reason = _("there is no such file") if isinstance(error, FileNotFoundError) else error.strerror
        raise BadInput(
            _("{file} cannot be read: {reason}.").format(file=path, reason=reason), code="no_file"
        ) from error
    if not head.strip(b"\x00\t\r\n \xef\xbb\xbf"):
        raise at_line(path, 1, _("the file is empty"), code="empty_file")
    for magic, sentence in _MAGIC:
        if head.startswith(magic):
            raise at_line(path, 1, _(sentence), code="not_text")
    for bom, codec, label in _BOMS:
        if head.startswith(bom):
            return Encoding(codec=codec, label=label, bom=len(bom))
    return _without_bom(path, head, sample)


def _elsewhere(file: BinaryIO, size: int) -> bytes:
    """Whole lines from places spread over a large file: the beginning alone may be plain ASCII."""
    parts = []
    for place in range(1, _PLACES):
        file.seek(max(_SAMPLE, size * place // _PLACES))
        part = file.read(_SAMPLE)
        parts.append(part[part.find(b"\n") + 1 : part.rfind(b"\n") + 1])
    return b"".join(parts)


def _without_bom(path: Path, head: bytes, sample: bytes) -> Encoding:
    nul_even, nul_odd = head[0::2].count(0), head[1::2].count(0)
    for codec, few, many, letter in (
        ("utf-16-le", nul_even, nul_odd, head[1:2]),
        ("utf-16-be", nul_odd, nul_even, head[0:1]),
    ):
        # structure and spaces are ASCII, so in UTF-16 some of every hundred characters have a NUL byte
        if letter == b"\0" and many > 3 * few and many * 100 > len(head):
            with contextlib.suppress(UnicodeDecodeError):
                head[: len(head) // 2 * 2].decode(codec, "surrogatepass")
                return Encoding(codec=codec, label="utf-16")
    if len(_CONTROL.findall(head)) * 100 > len(head):
        raise at_line(path, 1, _("this is not text"), code="not_text")
    ascii_lines, utf8, gb18030, other = _weigh(sample)
    if gb18030 and gb18030 >= utf8 and gb18030 >= other:
        return Encoding(codec="gb18030", label="gb18030")
    if utf8 >= other or ascii_lines:
        return Encoding(codec="utf-8", label="utf-8")
    raise at_line(path, 1, _("this is no text in UTF-8, UTF-16 or GB18030"), code="not_text")


def _weigh(sample: bytes) -> tuple[int, int, int, int]:
    """Number of ASCII lines; bytes beyond ASCII in lines that are UTF-8, that are GB18030, that are neither.

    By bytes: a long line that can be read as UTF-8 is UTF-8, a short one of GB18030 may look like it.
    """
    lines = sample.split(b"\n")
    ascii_lines = utf8 = gb18030 = other = 0
    for index, line in enumerate(lines):
        final = index < len(lines) - 1  # the last line of a sample may be cut anywhere
        if line.isascii():
            ascii_lines += bool(line.strip())
            continue
        weight = len(_BEYOND_ASCII.findall(line))
        if _reads(line, "utf-8", final):
            utf8 += weight
        elif _reads(line, "gb18030", final):
            gb18030 += weight
        else:
            other += weight
    return ascii_lines, utf8, gb18030, other


def _reads(line: bytes, codec: str, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(line, final)
    except UnicodeDecodeError:
        return False
    return True


class _AsUtf8(io.RawIOBase):
    """A file in UTF-16 or UTF-32, read as if it were UTF-8; what is damaged stays invalid."""

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._waiting:
            chunk = self._file.read(_SAMPLE)
            try:
                text = self._decoder.decode(chunk, final=not chunk)
                self._waiting = text.encode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                # a cut or impossible unit: one byte that UTF-8 refuses makes its line a skipped row
                self._decoder.reset()
                self._waiting = b"\xff"
            if not chunk:
                break
        taken = self._waiting[: len(buffer)]
        buffer[: len(taken)] = taken
        self._waiting = self._waiting[len(taken) :]
        return len(taken)


class Lines:
    """The lines of a file, decoded one by one: (line number, text or Problem), without line ends.

    Split at LF only; memory is bounded by MAX_LINE. `position` is the byte that reading has reached.
    """

    def __init__(self, path: Path, encoding: Encoding, after: Place | None = None) -> None:
        self._path = path
        self._encoding = encoding
        self._after = after or Place(line=0, offset=encoding.bom)
        self.position = 0

    def __iter__(self) -> Iterator[tuple[int, str | Problem]]:
        encoding, number = self._encoding, self._after.line
        wide = encoding.is_wide
        codec = "utf-8" if wide else encoding.codec
        with self._path.open("rb") as file:
            file.seek(self._after.offset)
            self.position = self._after.offset
            reader: BinaryIO = io.BufferedReader(_AsUtf8(file, encoding.codec), 1 << 16) if wide else file
            while raw := reader.readline(MAX_LINE + 1):
                number += 1
                self.position = file.tell() if wide else self.position + len(raw)
                if len(raw) > MAX_LINE and not raw.endswith(b"\n"):
                    _skip_line(reader)
                    self.position = file.tell()
                    yield number, Problem(line=number, code="line_too_long", params={"size": MAX_LINE >> 20})
                    continue
                try:
                    yield number, raw.rstrip(b"\r\n").decode(codec)
                except UnicodeDecodeError as error:
                    yield number, _undecodable(number, error, encoding.label)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.path.getsize(self._path)


def raw_line(path: Path, encoding: Encoding, line: int, after: Place | None = None) -> str:
    """A line as it stands in the file, at most MAX_LINE bytes; what is no text is written as \\xNN.

    Args:
        path, encoding: the file.
        line: from 1.
        after: a place before the line, to be there sooner.
    """
    place = after or Place(line=0, offset=encoding.bom)
    with path.open("rb") as file:
        file.seek(place.offset)
        reader: BinaryIO = (
            io.BufferedReader(_AsUtf8(file, encoding.codec), 1 << 16) if encoding.is_wide else file
        )
        for _number in range(place.line + 1, line):
            _skip_line(reader)
        raw = reader.readline(MAX_LINE)
    return raw.rstrip(b"\r\n").decode("utf-8" if encoding.is_wide else encoding.codec, "backslashreplace")


def _skip_line(reader: BinaryIO) -> None:
    while True:
        more = reader.readline(1 << 20)
        if not more or more.endswith(b"\n"):
            return


def _undecodable(number: int, error: UnicodeDecodeError, label: str) -> Problem:
    if error.reason == "unexpected end of data":
        return Problem(line=number, code="line_cut")
    byte = f"0x{error.object[error.start]:02x}"
    params = {"encoding": label.upper(), "byte": byte, "position": error.start + 1}
    return Problem(line=number, code="not_text", params=params)


def chunks(path: Path, encoding: Encoding, size: int = 1 << 18) -> Iterator[tuple[str, int]]:
    """The text of a file piece by piece, with the byte reached; damaged bytes become lone surrogates."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("surrogateescape")
    with path.open("rb") as file:
        file.seek(encoding.bom)
        while True:
            raw = file.read(size)
            yield decoder.decode(raw, final=not raw), file.tell()
            if not raw:
                return
