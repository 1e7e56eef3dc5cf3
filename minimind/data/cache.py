"""Data files as token streams on disk: tokenised once, memory-mapped ever after.

A cache is a folder of plain columns, one file each, and a manifest with their sizes and hashes:

    tokens       uint16 (uint32 above 65,536 ids)   all documents, one after the other
    doc_offsets  int64    D + 1    where each document begins; the last is the number of tokens
    doc_hash     uint64   D        of the document's content: for the held-out split and for duplicates
    doc_bytes    uint32   D        UTF-8 bytes of its text (chat: of what the assistant says)
    doc_line     uint32   D        its line in the source file, from 1
    span_starts, span_ends  int64  S   chat only: [start, end) of tokens that are trained, in order

Its name is a key of everything that decides the content, so that a change of any of it makes another cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minimind.data.encode import Cancelled, encoded_blocks
from minimind.data.formats import MAX_PROBLEMS, Source, open_source
from minimind.data.problems import Problem, no_usable_row
from minimind.data.rows import Kind
from minimind.errors import BadInput
from minimind.files import (
    NO_ROOM,
    DamagedFolder,
    free_bytes,
    read_json,
    remove_folder,
    replace_bytes,
    replace_json,
    sha256_file,
    verify_folder,
    write_folder,
)
from minimind.lock import FileLock, Held
from minimind.text import _
from minimind.tokenizer.tokenizer import Tokenizer

VERSION = 1  # of the layout and of everything between a file's bytes and its ids
DTYPES: dict[str, np.dtype[Any]] = {
    "doc_offsets": np.dtype(np.int64),
    "doc_hash": np.dtype(np.uint64),
    "doc_bytes": np.dtype(np.uint32),
    "doc_line": np.dtype(np.uint32),
    "span_starts": np.dtype(np.int64),
    "span_ends": np.dtype(np.int64),
}
__all__ = ["Cancelled", "TokenCache", "cache_root", "content_hash_of", "find", "prepare"]
Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class TokenCache:
    """One data file as tokens. Arrays are read-only and memory-mapped; see the module's text for them.

    Attributes:
        folder: where it lies.
        source: the data file.
        kind: text or chat.
        content_hash: sha256 of the data file.
        tokenizer_hash, template_hash: what it was made with.
        num_labels: tokens that are trained.
        skipped: the first rows that could not be used; `skipped_count` is all of them.
    """

    folder: Path
    source: Path
    kind: Kind
    content_hash: str
    tokenizer_hash: str
    template_hash: str
    tokens: Array
    doc_offsets: Array
    doc_hash: Array
    doc_bytes: Array
    doc_line: Array
    span_starts: Array | None
    span_ends: Array | None
    num_labels: int
    skipped: tuple[Problem, ...]
    skipped_count: int

    @property
    def documents(self) -> int:
        """Number of documents."""
        return len(self.doc_offsets) - 1

    @property
    def num_tokens(self) -> int:
        """Number of tokens, bos and eos included."""
        return len(self.tokens)

    @property
    def key(self) -> str:
        """What the cache is named by."""
        return self.folder.name


def cache_root() -> Path:
    """The folder of all caches: `MINIMIND_CACHE`, else where the system wants caches; `tokens` inside."""
    chosen = os.environ.get("MINIMIND_CACHE")
    if chosen:
        return Path(chosen) / "tokens"
    import platformdirs

    return Path(platformdirs.user_cache_dir("minimind-studio")) / "tokens"


def prepare(
    path: Path,
    tokenizer: Tokenizer,
    *,
    needs: Kind,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TokenCache:
    """Open the cache of a data file, making it first if it is not there.

    Args:
        path: the data file.
        tokenizer: what makes the tokens.
        needs: `text` or `chat`; rows of another kind are skipped.
        progress: called with bytes read and bytes in all, a few times a second.
        cancelled: asked between batches.

    Raises:
        BadInput: the file cannot be used at all, has no usable row, changes while it is read, or the disk
            is full (code no_room).
        Cancelled: `cancelled` said so.
    """
    if needs not in ("text", "chat"):
        raise ValueError(f"no cache for rows of kind {needs}")
    source = open_source(path, needs)
    folder, content_hash = _place(source, tokenizer)
    found = _open(folder, path)
    if found is not None:
        return found
    try:
        with _lock(folder, cancelled):
            found = _open(folder, path)
            if found is None:
                _make(folder, source, content_hash, tokenizer, progress, cancelled)
                found = _open(folder, path)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(folder, source) from error
        raise
    if found is None:
        raise OSError(f"{folder} cannot be read back")
    return found


def find(path: Path, tokenizer: Tokenizer, *, needs: Kind) -> TokenCache | None:
    """The cache of a data file if it is there already; None otherwise.

    Raises:
        BadInput: the file cannot be used at all.
    """
    source = open_source(path, needs)
    return _open(_place(source, tokenizer)[0], path)


# --- where -------------------------------------------------------------------------------------------------


def _place(source: Source, tokenizer: Tokenizer) -> tuple[Path, str]:
    content_hash = content_hash_of(source.path)
    parts = [
        VERSION,
        content_hash,
        source.container,  # the same bytes can be lines of JSON or plain text, by their name
        source.kind,
        tokenizer.hash,
        tokenizer.template_hash if source.kind != "text" else "",
    ]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
    return cache_root() / key, content_hash


def content_hash_of(path: Path) -> str:
    """sha256 of a file, remembered by path, size and time of change."""
    stat = path.stat()
    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:40]
    memo = cache_root() / "sources" / f"{name}.json"
    known = read_json(memo)
    identity = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    if known and known.get("identity") == identity and isinstance(known.get("sha256"), str):
        return str(known["sha256"])
    digest = sha256_file(path)
    # a file changed a moment ago could change again within the same tick of the clock
    if time.time_ns() - stat.st_mtime_ns > 2_000_000_000:
        memo.parent.mkdir(parents=True, exist_ok=True)
        replace_json(memo, {"path": str(path), "identity": identity, "sha256": digest}, sync=False)
    return digest


def _lock(folder: Path, cancelled: Callable[[], bool] | None) -> FileLock:
    locks = folder.parent / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{folder.name[:2]}.lock")
    while True:
        try:
            return lock.acquire()
        except Held:
            if cancelled is not None and cancelled():
                raise Cancelled from None
            time.sleep(0.1)


def _no_room(folder: Path, source: Source) -> BadInput:
    return BadInput(
        _("There is no room for the tokens of {file} in {folder}: about {size} MB are needed.").format(
            file=source.path.name, folder=folder.parent, size=_needed(source) // 10**6 + 1
        )
        + " "
        + _("Free some, or name another folder in MINIMIND_CACHE."),
        code="no_room",
    )


def _needed(source: Source) -> int:
    """Bytes of a cache, from above: three bytes of Chinese or English text make a token of two."""
    return source.size + (1 << 16)


# --- reading -----------------------------------------------------------------------------------------------


def _open(folder: Path, source: Path) -> TokenCache | None:
    header = read_json(folder / "header.json")
    if header is None:
        return None
    try:
        # sizes, not hashes: a mapped file that is too short would kill the process with SIGBUS
        verify_folder(folder, hashes=False)
    except DamagedFolder:
        return None
    columns = {name: _column(folder, name, dtype) for name, dtype in header["columns"].items()}
    return TokenCache(
        folder=folder,
        source=source,
        kind=header["kind"],
        content_hash=header["content_hash"],
        tokenizer_hash=header["tokenizer_hash"],
        template_hash=header["template_hash"],
        num_labels=header["num_labels"],
        skipped=tuple(Problem(**problem) for problem in header["skipped"]),
        skipped_count=header["skipped_count"],
        span_starts=columns.pop("span_starts", None),
        span_ends=columns.pop("span_ends", None),
        **columns,
    )


def _column(folder: Path, name: str, dtype: str) -> Array:
    path = folder / f"{name}.bin"
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)  # an empty file cannot be mapped
    return np.asarray(np.memmap(path, dtype, mode="r"))


# --- making ------------------------------------------------------------------------------------------------


class _Columns:
    """Appends to the column files of a cache."""

    def __init__(self, folder: Path, dtypes: dict[str, np.dtype[Any]]) -> None:
        self._dtypes = dtypes
        self._files = {name: (folder / f"{name}.bin").open("wb") for name in dtypes}

    def append(self, name: str, values: Array) -> None:
        self._files[name].write(values.astype(self._dtypes[name], copy=False).tobytes())

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def _make(
    folder: Path,
    source: Source,
    content_hash: str,
    tokenizer: Tokenizer,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    if folder.exists():
        remove_folder(folder)  # damaged, or it would have been opened
    if free_bytes(folder.parent) < _needed(source):
        raise _no_room(folder, source)
    before = source.path.stat()

    def fill(temporary: Path) -> None:
        wide = tokenizer.vocab_size > 1 << 16
        dtypes = {"tokens": np.dtype(np.uint32 if wide else np.uint16), **DTYPES}
        if source.kind == "text":
            del dtypes["span_starts"], dtypes["span_ends"]
        columns = _Columns(temporary, dtypes)
        try:
            totals = _write_blocks(columns, source, tokenizer, progress, cancelled)
        finally:
            columns.close()
        after = source.path.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            message = _("{file} changed while it was read; try again when it is complete.")
            raise BadInput(message.format(file=source.path.name), code="data_changed")
        header = {
            "v": VERSION,
            "kind": source.kind,
            "source": str(source.path),
            "content_hash": content_hash,
            "tokenizer_hash": tokenizer.hash,
            "template_hash": tokenizer.template_hash if source.kind != "text" else "",
            "columns": {name: dtype.str for name, dtype in dtypes.items()},
            **totals,
        }
        replace_bytes(temporary / "header.json", json.dumps(header, ensure_ascii=False).encode())

    write_folder(folder, fill)


def _write_blocks(
    columns: _Columns,
    source: Source,
    tokenizer: Tokenizer,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> dict[str, Any]:
    skipped: list[Problem] = []
    documents = tokens = labels = skipped_count = 0
    columns.append("doc_offsets", np.zeros(1))
    for block, position in encoded_blocks(source, tokenizer, cancelled):
        for problem in block.problems:
            skipped_count += 1
            if len(skipped) < MAX_PROBLEMS:
                skipped.append(problem)
        columns.append("tokens", block.tokens)
        columns.append("doc_offsets", np.cumsum(block.lengths) + tokens)
        digests = [hashlib.blake2b(row.content, digest_size=8).digest() for row in block.rows]
        columns.append("doc_hash", np.frombuffer(b"".join(digests), np.uint64))
        columns.append("doc_bytes", np.array([row.text_bytes for row in block.rows], np.int64))
        columns.append("doc_line", np.array([row.line for row in block.rows], np.int64))
        if source.kind == "text":
            labels += len(block.tokens) - len(block.rows)
        else:
            columns.append("span_starts", block.spans[:, 0] + tokens)
            columns.append("span_ends", block.spans[:, 1] + tokens)
            labels += int((block.spans[:, 1] - block.spans[:, 0]).sum())
        documents += len(block.rows)
        tokens += len(block.tokens)
        if progress is not None:
            progress(min(position, source.size), source.size)
    if documents == 0:
        raise no_usable_row(source.path, source.kind, skipped[0] if skipped else None)
    return {
        "documents": documents,
        "num_tokens": tokens,
        "num_labels": labels,
        "skipped": [{"line": p.line, "code": p.code, "params": p.params} for p in skipped],
        "skipped_count": skipped_count,
    }
