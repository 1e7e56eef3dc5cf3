from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimind.errors import BadInput
from studio.store.projects import Project, folder_name, make_project, read_projects, rename_project


def test_a_made_project_is_there_and_empty(tmp_path: Path) -> None:
    made = make_project(tmp_path, "  我的  小说 ")
    assert made == Project(folder="我的 小说", name="我的 小说")
    assert read_projects(tmp_path) == [made]
    assert [path.name for path in (tmp_path / made.folder).iterdir()] == ["project.json"]


def test_folders_with_runs_are_projects_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "old" / "runs").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / ".hidden" / "runs").mkdir(parents=True)
    (tmp_path / "README.md").touch()
    assert [project.folder for project in read_projects(tmp_path)] == ["old"]
    assert read_projects(tmp_path / "missing") == []


def test_a_renamed_project_keeps_its_folder_and_what_its_file_holds(tmp_path: Path) -> None:
    (tmp_path / "a" / "runs").mkdir(parents=True)
    (tmp_path / "a" / "project.json").write_text('{"v": 1, "files": ["x"]}')
    assert rename_project(tmp_path, "a", "Fairy tales") == Project(folder="a", name="Fairy tales")
    assert read_projects(tmp_path) == [Project(folder="a", name="Fairy tales")]
    assert json.loads((tmp_path / "a" / "project.json").read_text())["files"] == ["x"]
    # its own name is not taken by another
    rename_project(tmp_path, "a", "fairy tales")


def test_no_two_projects_have_one_name(tmp_path: Path) -> None:
    make_project(tmp_path, "Novels")
    other = make_project(tmp_path, "Poems")
    with pytest.raises(BadInput, match="novels"):
        make_project(tmp_path, "novels")
    with pytest.raises(BadInput, match="Novels"):
        rename_project(tmp_path, other.folder, "Novels")
    with pytest.raises(BadInput, match="name"):
        make_project(tmp_path, "  ")
    assert [project.name for project in read_projects(tmp_path)] == ["Novels", "Poems"]


def test_two_names_that_make_one_folder_get_two(tmp_path: Path) -> None:
    folders = {make_project(tmp_path, name).folder for name in ("a/b", "a:b", "a b")}
    assert folders == {"a b", "a b 2", "a b 3"}


def test_a_damaged_file_leaves_the_folder_its_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "project.json").write_text("{")
    assert [project.name for project in read_projects(tmp_path)] == ["a"]


@given(st.text(max_size=200))
def test_every_name_makes_a_folder_that_stays_inside(name: str) -> None:
    folder = folder_name(name)
    assert folder
    assert folder not in (".", "..")
    assert folder == folder.strip(" .")
    assert not set(folder) & set('<>:"/\\|?*\0')
