from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.paths import find_paths, is_checkout, newest_project


def make_checkout(folder: Path) -> Path:
    (folder / "studio").mkdir(parents=True)
    (folder / "projects").mkdir()
    (folder / "main.py").touch()
    return folder


def test_a_checkout_keeps_its_projects_beside_main_py(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    assert is_checkout(root)
    assert find_paths(root=root).projects == root / "projects"


def test_elsewhere_the_projects_lie_in_the_data_folder(tmp_path: Path) -> None:
    paths = find_paths(root=tmp_path)
    assert not is_checkout(tmp_path)
    assert paths.projects.is_relative_to(os.environ["STUDIO_HOME"])


def test_studio_home_moves_everything_but_named_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))
    paths = find_paths(tmp_path / "mine")
    assert paths.projects == tmp_path / "mine"
    for path in (paths.database, paths.preferences, paths.window_memory, paths.cache):
        assert path.is_relative_to(tmp_path / "home")


def test_a_link_to_the_projects_folder_leads_to_the_same_window(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    assert find_paths(real).socket_name == find_paths(link).socket_name
    assert find_paths(real).database == find_paths(link).database
    assert find_paths(real).socket_name != find_paths(tmp_path / "other").socket_name


def test_make_creates_the_folders(tmp_path: Path) -> None:
    paths = find_paths(tmp_path / "deep" / "projects")
    paths.make()
    assert paths.projects.is_dir()
    assert paths.database.parent.is_dir()


def test_the_newest_project_is_where_something_was_done_last(tmp_path: Path) -> None:
    assert newest_project(tmp_path / "nowhere") is None
    (tmp_path / "README.md").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden" / "runs").mkdir(parents=True)
    assert newest_project(tmp_path) is None
    for at, name in enumerate(["我的第一个模型", "Novels"]):
        (tmp_path / name / "runs").mkdir(parents=True)
        os.utime(tmp_path / name / "runs", (at, at))
    assert newest_project(tmp_path) == "Novels"
    (tmp_path / "我的第一个模型" / "drafts").mkdir()
    assert newest_project(tmp_path) == "我的第一个模型"
