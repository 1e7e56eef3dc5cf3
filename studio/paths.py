"""Where things lie: projects, the index of runs, preferences, caches."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "minimind-studio"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The folders of one window.

    Attributes:
        projects: the folder of projects; runs lie in `projects/*/runs/*`.
        home: the program's data folder; preferences are for all windows.
        cache: what may be deleted at any time.
    """

    projects: Path
    home: Path
    cache: Path

    @property
    def key(self) -> str:
        """A short name of the projects folder, the same by whatever link it is reached."""
        real = os.path.normcase(os.path.realpath(self.projects))
        return hashlib.sha256(os.fsencode(real)).hexdigest()[:16]

    @property
    def window_folder(self) -> Path:
        """What belongs to this projects folder: the index of its runs, how its window stood."""
        return self.home / "projects" / self.key

    @property
    def database(self) -> Path:
        """The index of runs; it may be deleted, the run folders are the truth."""
        return self.window_folder / "studio.db"

    @property
    def window_memory(self) -> Path:
        """Size, page, columns of the window."""
        return self.window_folder / "window.json"

    @property
    def preferences(self) -> Path:
        """What a person set."""
        return self.home / "preferences.json"

    @property
    def socket_name(self) -> str:
        """Name of the local socket that makes one window per projects folder."""
        return f"{APP}-{self.key}"

    def make(self) -> None:
        """Create the folders.

        Raises:
            OSError: one of them cannot be made.
        """
        for folder in (self.projects, self.window_folder, self.cache):
            folder.mkdir(parents=True, exist_ok=True)


def is_checkout(root: Path = ROOT) -> bool:
    """True where main.py lies beside studio/ and projects/, with or without git."""
    return (root / "main.py").is_file() and (root / "studio").is_dir() and (root / "projects").is_dir()


def find_paths(projects: Path | None = None, *, root: Path = ROOT) -> Paths:
    """Decide where everything lies.

    Args:
        projects: what the person named; None takes the checkout's, else the data folder's.
        root: the folder above studio/.
    """
    override = os.environ.get("STUDIO_HOME")
    home = Path(override).expanduser() if override else platformdirs.user_data_path(APP, appauthor=False)
    cache = home / "cache" if override else platformdirs.user_cache_path(APP, appauthor=False) / "studio"
    if projects is None:
        projects = root / "projects" if is_checkout(root) else home / "my-projects"
    return Paths(projects=projects.expanduser().absolute(), home=home.absolute(), cache=cache.absolute())


def newest_project(projects: Path) -> str | None:
    """The project in which something was done last; None when there is none yet."""
    found: list[tuple[float, str]] = []
    for folder in projects.iterdir() if projects.is_dir() else ():
        places = [folder / name for name in ("runs", "drafts", "chats")]
        times = [place.stat().st_mtime for place in places if place.is_dir()]
        if times and not folder.name.startswith("."):
            found.append((max(times), folder.name))
    return max(found)[1] if found else None
