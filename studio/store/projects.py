"""Projects: folders below the projects folder, each with the name a person gave it. No Qt.

The name stands in `project.json`; the folder keeps the name it was made with, because runs, drafts and
exports name it in full: a project can be renamed while something trains in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from minimind.errors import BadInput
from minimind.files import read_json, replace_json
from minimind.text import _

FILE = "project.json"
_PARTS = ("runs", "drafts", "chats", "exports", "data")
_MOST_LETTERS = 60


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project: its folder's name, and what a person calls it."""

    folder: str
    name: str


def read_projects(projects: Path) -> list[Project]:
    """Every project, by name; a folder counts when it holds runs or was made by the studio.

    Raises:
        OSError: the folder cannot be listed.
    """
    found = []
    for folder in projects.iterdir() if projects.is_dir() else ():
        known = (folder / FILE).is_file() or any((folder / part).is_dir() for part in _PARTS)
        if known and not folder.name.startswith("."):
            found.append(Project(folder=folder.name, name=_name_of(folder)))
    return sorted(found, key=lambda project: (project.name.casefold(), project.folder))


def make_project(projects: Path, name: str) -> Project:
    """A new, empty project.

    Raises:
        BadInput: the name is empty, or another project has it.
        OSError: the folder cannot be made.
    """
    name = _checked(projects, name)
    base = folder_name(name)
    folder, number = projects / base, 2
    while folder.exists():
        folder, number = projects / f"{base} {number}", number + 1
    folder.mkdir(parents=True)
    replace_json(folder / FILE, {"v": 1, "name": name})
    return Project(folder=folder.name, name=name)


def rename_project(projects: Path, folder: str, name: str) -> Project:
    """Another name; the folder and what else its file holds stay.

    Raises:
        BadInput: the name is empty, or another project has it.
        OSError: it could not be written; the old name holds.
    """
    name = _checked(projects, name, but=folder)
    path = projects / folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, {"v": 1, **(read_json(path) or {}), "name": name})
    return Project(folder=folder, name=name)


def folder_name(name: str) -> str:
    """A name that every file system takes: without signs that mean something to one of them."""
    plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', " ", name)
    plain = re.sub(r"\s+", " ", plain).strip(" .")[:_MOST_LETTERS].strip(" .")
    # names that Windows keeps for devices
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain):
        plain = f"{plain}_"
    return plain or "project"


def _name_of(folder: Path) -> str:
    name = (read_json(folder / FILE) or {}).get("name")
    return name if isinstance(name, str) and name.strip() else folder.name


def _checked(projects: Path, name: str, *, but: str = "") -> str:
    name = " ".join(name.split())[:_MOST_LETTERS]
    if not name:
        raise BadInput(_("A project needs a name."))
    taken = [p for p in read_projects(projects) if p.name.casefold() == name.casefold() and p.folder != but]
    if taken:
        raise BadInput(_("There is a project called {name} already.").format(name=name))
    return name
