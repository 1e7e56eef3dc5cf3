"""The file map and the commands of both READMEs, held against the tree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from minimind.machine import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
READMES = ["README.md", "README.zh.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def code_blocks(name: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```", read(name), re.M | re.S)


def file_map(name: str) -> list[str]:
    """Paths that the map names, e.g. `minimind/job.py`, `studio/ui/`."""
    [block] = [block for block in code_blocks(name) if block.startswith("main.py")]
    folder, found = "", []
    for line in filter(str.strip, block.splitlines()):
        entry, _space, text = line.strip().partition(" ")
        assert text.strip(), f"{entry} is not described"
        if line.startswith("  "):
            found.append(folder + entry)
        else:
            folder = entry
            found.append(entry)
    return found


def in_tree(package: str) -> set[str]:
    entries = set()
    for path in (ROOT / package).iterdir():
        if path.suffix == ".py" and path.name != "__init__.py":
            entries.add(f"{package}/{path.name}")
        elif path.is_dir() and any(path.glob("*.py")):
            entries.add(f"{package}/{path.name}/")
    return entries


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("package", ["minimind", "studio"])
def test_the_map_names_every_module_and_no_other(readme: str, package: str) -> None:
    named = [
        entry for entry in file_map(readme) if entry.startswith(f"{package}/") and entry != f"{package}/"
    ]
    assert sorted(named) == sorted(in_tree(package))


@pytest.mark.parametrize("readme", READMES)
def test_the_map_names_what_exists(readme: str) -> None:
    for entry in file_map(readme):
        path = ROOT / entry
        assert path.is_dir() if entry.endswith("/") else path.is_file(), entry


def test_both_readmes_have_the_same_map_and_the_same_commands() -> None:
    english, chinese = (code_blocks(name) for name in READMES)
    assert file_map("README.md") == file_map("README.zh.md")
    assert [line.split("#")[0].strip() for line in english[0].splitlines()] == [
        line.split("#")[0].strip() for line in chinese[0].splitlines()
    ]
    assert english[1] == chinese[1]


@pytest.mark.parametrize("readme", READMES)
def test_the_first_block_holds_the_two_commands(readme: str) -> None:
    lines = [line.split("#")[0].strip() for line in code_blocks(readme)[0].splitlines()]
    assert lines == ["bash setup.sh", "bash setup.sh test"]


@pytest.mark.parametrize("readme", READMES)
def test_links_and_pictures_lead_somewhere(readme: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", read(readme)):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


@pytest.mark.parametrize("readme", READMES)
def test_every_extra_is_named_with_its_command(readme: str) -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    for extra in set(extras) - {"dev"}:
        # one that the program uses has its command; one that is only declared is at least named
        wanted = f'pip install -e ".[{extra}]"' if extra in EXTRAS else f"`{extra}`"
        assert wanted in read(readme)


def test_contributing_stays_short() -> None:
    assert len(read("CONTRIBUTING.md").splitlines()) <= 120
