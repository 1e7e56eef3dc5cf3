"""What is known about a data file of the project, kept for the next time by path, size and time of change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from minimind.assets import BUNDLED_TOKENIZER
from minimind.data.problems import no_usable_row
from minimind.errors import BadInput
from minimind.files import read_json, replace_json
from minimind.text import _

# what counts is imported where it is needed: the window opens without the tokenizer
if TYPE_CHECKING:
    from minimind.data.count import FileCount
    from minimind.tokenizer.tokenizer import Tokenizer

# of what `count` finds and how it is written down
VERSION = 1


class FileState(Enum):
    """How far the counting of a file is."""

    WAITING = "waiting"
    COUNTING = "counting"
    STOPPED = "stopped"
    DONE = "done"
    # cannot be used as it is: unreadable, or without a usable row
    BAD = "bad"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """One file now.

    Attributes:
        path, size_bytes, mtime_ns: which file, as it was looked at.
        state: how far it is.
        count: what was counted; None until the first part is read, and where nothing can be read.
        fault, code: why it cannot be used, in one sentence.
    """

    path: str
    size_bytes: int = 0
    mtime_ns: int = 0
    state: FileState = FileState.WAITING
    count: FileCount | None = None
    fault: str = ""
    code: str = ""

    @property
    def can_train(self) -> bool:
        """There is a row to learn from."""
        return self.state is not FileState.GONE and self.count is not None and self.count.usable > 0


Progress = Callable[[FileReport], None]


def looked_at(path: str) -> FileReport:
    """Size and time of a file; GONE when it is not there."""
    try:
        found = Path(path).stat()
    except OSError:
        sentence = _("{file} is not there any more.").format(file=Path(path).name)
        return FileReport(path=path, state=FileState.GONE, fault=sentence, code="gone")
    return FileReport(path=path, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)


def count_file(
    path: str,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    progress: Progress = lambda _report: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FileReport:
    """Count a file, or take what was found the last time.

    Args:
        path: the file.
        tokenizer: makes the tokens.
        folder: where results are kept.
        progress: called with what is known so far.
        cancelled: asked about once a megabyte.

    Returns:
        What was found; a file that cannot be used is an answer too, never an exception.
    """
    from minimind.data.count import count

    report = looked_at(path)
    if report.state is FileState.GONE:
        return report
    kept = _kept(folder, report, tokenizer)
    if kept is not None:
        return _judged(report, kept)
    try:
        found = count(
            Path(path),
            tokenizer,
            progress=lambda known: progress(replace(report, state=FileState.COUNTING, count=known)),
            cancelled=cancelled,
        )
    except BadInput as error:
        return replace(report, state=FileState.BAD, fault=str(error), code=error.code or "")
    except OSError as error:
        reason = error.strerror or str(error)
        sentence = _("{file} cannot be read: {reason}.").format(file=Path(path).name, reason=reason)
        return replace(report, state=FileState.BAD, fault=sentence, code="unreadable")
    if found.complete:
        _keep(folder, report, tokenizer, found)
    return _judged(report, found)


def _judged(report: FileReport, found: FileCount) -> FileReport:
    if not found.complete:
        return replace(report, state=FileState.STOPPED, count=found)
    if found.usable:
        return replace(report, state=FileState.DONE, count=found)
    first = found.problems[0] if found.problems else None
    error = no_usable_row(Path(report.path), None, first)
    return replace(report, state=FileState.BAD, count=found, fault=str(error), code=error.code or "")


def _place(folder: Path, report: FileReport, tokenizer: Tokenizer) -> Path:
    parts = (
        VERSION,
        report.path,
        report.size_bytes,
        report.mtime_ns,
        tokenizer.hash,
        tokenizer.template_hash,
    )
    return folder / f"{hashlib.sha256(repr(parts).encode('utf-8', 'surrogateescape')).hexdigest()[:40]}.json"


def _kept(folder: Path, report: FileReport, tokenizer: Tokenizer) -> FileCount | None:
    from minimind.data.count import FileCount

    value = read_json(_place(folder, report, tokenizer))
    try:
        return FileCount.from_json(value) if value else None
    except (KeyError, TypeError, ValueError):
        return None


def _keep(folder: Path, report: FileReport, tokenizer: Tokenizer, found: FileCount) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_json(_place(folder, report, tokenizer), found.to_json(), sync=False)
    except OSError:
        # it will be counted again the next time
        return


def bundled_tokenizer() -> Tokenizer:
    """The one that everything is counted with.

    Raises:
        BadInput: it is missing or damaged.
    """
    from minimind.tokenizer.tokenizer import Tokenizer

    return Tokenizer.load(BUNDLED_TOKENIZER)
