"""The service of the data page: everything in the background, what is given up stays silent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from minimind.data.fields import Mapping
from minimind.job import DataFile, JobSpec
from studio.planning.file_report import FileState
from studio.planning.row_reader import RowView
from studio.services.data_service import DataService


@pytest.fixture
def service(tmp_path: Path, qtbot: QtBot) -> Iterator[DataService]:
    made = DataService(projects=tmp_path / "projects", cache=tmp_path / "cache")
    made.open_project("mine")
    yield made
    made.close()


def write(path: Path, rows: int = 5) -> str:
    path.write_text("".join(json.dumps({"text": f"row {n} " * 5}) + "\n" for n in range(rows)))
    return str(path)


def state(service: DataService, path: str) -> FileState | None:
    report = service.report(path)
    return report.state if report else None


def test_files_are_counted_one_after_the_other(service: DataService, qtbot: QtBot, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.jsonl", n + 1) for n in range(4)]
    service.add(paths)
    qtbot.waitUntil(lambda: all(state(service, path) is FileState.DONE for path in paths))
    assert [entry.path for entry in service.entries()] == paths
    assert [report.count.usable for path in paths if (report := service.report(path)) and report.count] == [
        1,
        2,
        3,
        4,
    ]
    qtbot.waitUntil(lambda: service.estimate(paths[0]) is not None)
    assert not service.is_busy


def test_a_stopped_counting_goes_on_when_asked(service: DataService, qtbot: QtBot, tmp_path: Path) -> None:
    path = write(tmp_path / "big.jsonl", 120_000)
    service.add([path])
    with qtbot.waitSignal(service.file_changed, check_params_cb=lambda _path: state_is(service, path)):
        pass
    service.stop(path)
    qtbot.waitUntil(lambda: state(service, path) is FileState.STOPPED, timeout=60_000)
    report = service.report(path)
    assert report is not None
    assert report.count is not None
    assert 0 < report.count.share < 1
    service.again(path)
    qtbot.waitUntil(lambda: state(service, path) is FileState.DONE, timeout=120_000)


def state_is(service: DataService, path: str) -> bool:
    report = service.report(path)
    return report is not None and report.count is not None


def test_rows_and_lines_come_as_asked(service: DataService, qtbot: QtBot, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", 50)
    service.add([path])
    views: list[RowView] = []
    failures: list[tuple[str, int, str]] = []
    service.row_ready.connect(views.append)
    service.row_failed.connect(lambda *args: failures.append(args))
    for number in range(1, 40):
        service.request_row(path, number)
    qtbot.waitUntil(lambda: bool(views) and views[-1].number == 39)
    service.request_row(path, 51)
    qtbot.waitUntil(lambda: bool(failures))
    assert failures[0][:2] == (path, 51)
    with qtbot.waitSignal(service.line_ready) as line:
        service.request_line(path, 3)
    assert line.args[:2] == [path, 3]
    assert "row 2" in line.args[2]


def test_changed_and_gone_files_are_noticed(service: DataService, qtbot: QtBot, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", 3)
    service.add([path])
    qtbot.waitUntil(lambda: state(service, path) is FileState.DONE)
    write(Path(path), 7)
    service.open_project("mine")
    qtbot.waitUntil(lambda: bool((r := service.report(path)) and r.count and r.count.usable == 7))
    Path(path).unlink()
    service.open_project("mine")
    qtbot.waitUntil(lambda: state(service, path) is FileState.GONE)


def test_files_of_runs_belong_to_the_project(service: DataService, qtbot: QtBot, tmp_path: Path) -> None:
    used = write(tmp_path / "used.jsonl")
    run = tmp_path / "run"
    run.mkdir()
    JobSpec(run_id="run", method="pretrain", data=(DataFile(path=used),)).save(run / "job.json")
    service.open_project("mine", [run, tmp_path / "no run"])
    qtbot.waitUntil(lambda: [entry.path for entry in service.entries()] == [used])
    at: list[int] = []
    service.remove(used, at.append)
    qtbot.waitUntil(lambda: at == [0])
    service.open_project("mine", [run])
    service.restore(used, 0)
    qtbot.waitUntil(lambda: [entry.path for entry in service.entries()] == [used])


def test_a_table_becomes_a_file_of_the_project(service: DataService, qtbot: QtBot, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("question,answer\nhi,hello\nbye,see you\n,\n")
    service.add([str(table)])
    qtbot.waitUntil(lambda: state(service, str(table)) is FileState.BAD)
    found: list[object] = []
    service.fields(str(table), found.append)
    qtbot.waitUntil(lambda: bool(found))
    made: list[tuple[str, int, int]] = []
    service.convert(
        str(table), Mapping(question="question", answer="answer"), lambda *args: made.append(args)
    )
    qtbot.waitUntil(lambda: bool(made))
    path, rows, left_out = made[0]
    assert (rows, left_out) == (2, 0)
    assert Path(path).parent == tmp_path / "projects" / "mine" / "data"
    qtbot.waitUntil(lambda: state(service, path) is FileState.DONE)
    with qtbot.waitSignal(service.problem):
        service.convert(str(table), Mapping(text="nothing"), lambda *args: made.append(args))
    assert len(made) == 1


def test_a_file_taken_off_while_it_is_counted_and_brought_back_is_counted(
    service: DataService, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.jsonl", 60_000)
    service.add([path])
    with qtbot.waitSignal(service.file_changed, check_params_cb=lambda _path: state_is(service, path)):
        pass
    at: list[int] = []
    service.remove(path, at.append)
    qtbot.waitUntil(lambda: at == [0])
    service.restore(path, 0)
    qtbot.waitUntil(lambda: state(service, path) is FileState.DONE, timeout=120_000)


def test_who_makes_room_for_the_file_in_sight_gets_another_turn(
    service: DataService, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = [write(tmp_path / f"{n}.jsonl", 20_000) for n in range(5)]
    service.add(paths)
    qtbot.waitUntil(lambda: state(service, paths[0]) is FileState.COUNTING)
    for path in paths[1:]:
        service.want(path)
    qtbot.waitUntil(lambda: all(state(service, path) is FileState.DONE for path in paths), timeout=120_000)
