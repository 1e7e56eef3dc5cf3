"""The project's list of files: what a person made, what lies there, what was taken off."""

from __future__ import annotations

from pathlib import Path

import pytest

from minimind.assets import SAMPLE
from minimind.files import read_json
from minimind.job import DataFile, JobSpec
from studio.planning.project_data import ProjectData


@pytest.fixture
def data(tmp_path: Path) -> ProjectData:
    return ProjectData(tmp_path / "p", now=lambda: 100.0)


def paths(data: ProjectData) -> list[str]:
    return [entry.path for entry in data.entries()]


def test_files_come_in_their_order_once(data: ProjectData, tmp_path: Path) -> None:
    one, two = str(tmp_path / "one.jsonl"), str(tmp_path / "two.txt")
    assert paths(data) == []
    assert data.add([one, two, one]) == [one, two]
    data.add([two])
    assert paths(data) == [one, two]
    assert [entry.added for entry in data.entries()] == [100.0, 100.0]
    # the list is a file, and nothing else is needed to get it back
    assert paths(ProjectData(data.folder)) == [one, two]


def test_what_lies_in_the_folder_belongs_to_it_and_moves_with_it(data: ProjectData, tmp_path: Path) -> None:
    folder = data.folder / "data"
    folder.mkdir(parents=True)
    (folder / "b.jsonl").touch()
    (folder / "picture.png").touch()
    assert paths(data) == [str(folder / "b.jsonl")]
    data.add([folder / "b.jsonl", SAMPLE / "chat.jsonl"])
    stored = read_json(data.folder / "data.json")
    assert stored is not None
    assert [item["path"] for item in stored["files"]] == ["data/b.jsonl", "sample:chat.jsonl"]
    moved = data.folder.rename(tmp_path / "moved")
    assert paths(ProjectData(moved)) == [str(moved / "data" / "b.jsonl"), str(SAMPLE / "chat.jsonl")]


def test_a_removed_file_stays_away_until_it_is_added_again(data: ProjectData, tmp_path: Path) -> None:
    folder = data.folder / "data"
    folder.mkdir(parents=True)
    lying = folder / "a.jsonl"
    lying.touch()
    used = str(tmp_path / "used.jsonl")
    run = tmp_path / "run"
    run.mkdir()
    JobSpec(run_id="run", method="pretrain", data=(DataFile(path=used),)).save(run / "job.json")
    assert data.add_runs([run, tmp_path / "no run"])
    assert paths(data) == [str(lying), used]
    assert data.remove(str(lying)) == 0
    at = data.remove(used)
    assert at == 0
    assert paths(data) == []
    assert lying.exists()
    assert not data.add_runs([run])
    assert paths(data) == []
    data.restore(used, at)
    data.add([lying])
    assert paths(data) == [used, str(lying)]


def test_undo_puts_it_where_it_was(data: ProjectData, tmp_path: Path) -> None:
    names = [str(tmp_path / f"{n}.jsonl") for n in range(3)]
    data.add(names)
    at = data.remove(names[1])
    data.restore(names[1], at)
    assert paths(data) == names


def test_a_folder_stands_for_its_data_files(data: ProjectData, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("b.jsonl", "a.csv", "c.bin"):
        (folder / name).touch()
    (folder / "folder.txt").mkdir()
    assert data.add([folder]) == [str(folder / "a.csv"), str(folder / "b.jsonl")]


def test_a_damaged_list_is_an_empty_one(data: ProjectData) -> None:
    data.folder.mkdir(parents=True)
    (data.folder / "data.json").write_text('{"files": [1, {"path": 3}, {}], "removed": 5}')
    assert paths(data) == []
    (data.folder / "data.json").write_text("{")
    assert paths(data) == []


def test_new_files_never_take_a_name_that_is_taken(data: ProjectData) -> None:
    first = data.free_name("t.jsonl")
    first.touch()
    second = data.free_name("t.jsonl")
    assert (first.name, second.name) == ("t.jsonl", "t-2.jsonl")
    assert second.parent == first.parent
