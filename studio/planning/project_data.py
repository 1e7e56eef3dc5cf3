"""Which data files belong to a project: a list that a person made, and what lies in the project's folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minimind.assets import SAMPLE
from minimind.errors import BadInput
from minimind.files import read_json, replace_json
from minimind.job import DataFile, JobSpec
from minimind.run_folder import RunFolder

VERSION = 1
SUFFIXES = (".jsonl", ".json", ".ndjson", ".jsonlines", ".txt", ".text", ".md", ".csv", ".tsv")
_FOLDER, _SAMPLE = "data", "sample:"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of the list: its absolute path, and when it came, in unix seconds."""

    path: str
    added: float


class ProjectData:
    """`data.json` of a project. Every call reads the file anew: other programs may write it, too.

    Files inside the project's folder are kept relative to it, those of the bundled sample by their names:
    both folders may move. What a person took off the list stays off until they add it again, although it
    lies in the folder or a run used it.

    Args:
        folder: of the project; it need not exist.
        now: the clock.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._now = now

    def entries(self) -> list[Entry]:
        """The list in its order, then what lies in the folder `data` besides."""
        listed, removed = self._read()
        known = {entry.path for entry in listed} | removed
        return listed + [entry for entry in self._lying() if entry.path not in known]

    def add(self, paths: Iterable[str | Path]) -> list[str]:
        """Put files at the end of the list that are not in it; a folder stands for the data files in it.

        Returns:
            Their absolute paths, those that were in the list already included.

        Raises:
            OSError: the list cannot be written.
        """
        wanted = expanded(paths)
        there, removed = self.entries(), self._read()[1]
        known = {entry.path for entry in there}
        fresh = [Entry(path=path, added=self._now()) for path in wanted if path not in known]
        if fresh or removed & set(wanted):
            self._write([*there, *fresh], removed - set(wanted))
        return wanted

    def add_runs(self, folders: Iterable[Path]) -> bool:
        """Put files into the list that runs were trained on, but none that a person took off it.

        A run whose request cannot be read has none.

        Returns:
            Whether there was a new one.

        Raises:
            OSError: the list cannot be written.
        """
        paths = [file.path for folder in folders for file in _asked(folder)]
        there, removed = self.entries(), self._read()[1]
        known = {entry.path for entry in there} | removed
        fresh = [path for path in dict.fromkeys(map(_absolute, paths)) if path not in known]
        if fresh:
            self._write([*there, *(Entry(path=path, added=self._now()) for path in fresh)], removed)
        return bool(fresh)

    def remove(self, path: str) -> int:
        """Take a file off the list; the file stays.

        Returns:
            The place that it had, for `restore`.

        Raises:
            OSError: the list cannot be written.
        """
        entries = self.entries()
        at = next((index for index, entry in enumerate(entries) if entry.path == path), len(entries))
        self._write([entry for entry in entries if entry.path != path], self._read()[1] | {path})
        return at

    def restore(self, path: str, at: int) -> None:
        """Put it back where it was.

        Raises:
            OSError: the list cannot be written.
        """
        entries = [entry for entry in self.entries() if entry.path != path]
        entries.insert(at, Entry(path=path, added=self._now()))
        self._write(entries, self._read()[1] - {path})

    def free_name(self, name: str) -> Path:
        """A path in the project's folder `data` where no file lies; the folder is made."""
        folder = self.folder / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        wanted = folder / name
        number = 2
        while wanted.exists():
            wanted = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
            number += 1
        return wanted

    # -- the file --------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self.folder / "data.json"

    def _read(self) -> tuple[list[Entry], set[str]]:
        value = read_json(self._file) or {}
        listed: dict[str, Entry] = {}
        for item in _list(value.get("files")):
            path = item.get("path") if isinstance(item, dict) else None
            if isinstance(path, str) and path:
                added = item.get("added")
                when = float(added) if isinstance(added, int | float) else 0.0
                listed.setdefault(self._resolved(path), Entry(path=self._resolved(path), added=when))
        removed = {self._resolved(path) for path in _list(value.get("removed")) if isinstance(path, str)}
        return [*listed.values()], removed - listed.keys()

    def _write(self, entries: Sequence[Entry], removed: set[str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        files = [{"path": self._stored(entry.path), "added": round(entry.added, 3)} for entry in entries]
        gone = sorted(self._stored(path) for path in removed)
        replace_json(self._file, {"v": VERSION, "files": files, "removed": gone})

    def _stored(self, path: str) -> str:
        for base, prefix in ((SAMPLE, _SAMPLE), (self.folder.absolute(), "")):
            if Path(path).is_relative_to(base):
                return prefix + Path(path).relative_to(base).as_posix()
        return path

    def _resolved(self, stored: str) -> str:
        if stored.startswith(_SAMPLE):
            return str(SAMPLE / stored.removeprefix(_SAMPLE))
        return str(self.folder.absolute() / stored)

    def _lying(self) -> list[Entry]:
        folder = self.folder.absolute() / _FOLDER
        lying = data_files(folder) if folder.is_dir() else []
        return [Entry(path=str(path), added=path.stat().st_mtime) for path in lying]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _asked(run: Path) -> tuple[DataFile, ...]:
    try:
        return JobSpec.load(RunFolder(run).job_file).data
    except (BadInput, OSError):
        return ()


def expanded(paths: Iterable[str | Path]) -> list[str]:
    """Absolute paths, each once; a folder stands for the data files in it, by name.

    Raises:
        OSError: a folder cannot be listed.
    """
    found: list[str] = []
    for path in (Path(_absolute(text)) for text in paths):
        found += [str(file) for file in data_files(path)] if path.is_dir() else [str(path)]
    return list(dict.fromkeys(found))


def data_files(folder: Path) -> list[Path]:
    """The files of a folder whose names say that they hold data, by name.

    Raises:
        OSError: it cannot be listed.
    """
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES and path.is_file()]
