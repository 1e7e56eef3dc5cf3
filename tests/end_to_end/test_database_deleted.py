"""The database is only an index: without it the next window shows the same."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTableView

from minimind.files import read_json, replace_json
from studio.paths import Paths
from tests.end_to_end.conftest import OpenStudio, close
from tests.end_to_end.driver import Person, write
from tests.end_to_end.ways import pretrain, wait_for_whole_curve


def test_everything_comes_back(open_studio: OpenStudio, paths: Paths, pretrain_text: Path) -> None:
    person = open_studio()
    run = pretrain(person, pretrain_text, steps=12, name="First name", settings={"Let it speak every": "6"})
    person.wait_for_state("Finished")
    # star and name as a person gives them on the run's page
    person.press("S")
    person.press("F2")
    write(person.find(QLineEdit), "Renamed 😀 训练")
    person.press("Return")
    person.wait(lambda: person.run.star and person.run.name == "Renamed 😀 训练", "star and name")
    # a run folder that somebody put there, with nothing else beside it
    copied = run.folder.with_name("copied-from-elsewhere")
    shutil.copytree(run.folder, copied, ignore=shutil.ignore_patterns("notes.json", ".*"))
    job = read_json(copied / "job.json") or {}
    replace_json(copied / "job.json", {**job, "run_id": copied.name})

    before = table(person)
    person.open_from_table("Renamed 😀 训练")
    losses, samples = wait_for_whole_curve(person), person.run_page.body.samples.shown()
    close(person)
    indexes = list(paths.window_folder.glob("studio.db*"))
    assert indexes
    for file in indexes:
        file.unlink()

    person = open_studio()
    assert table(person) == before
    assert {row[1] for row in before} == {"Renamed 😀 训练", "copied-from-elsewhere"}
    assert {row[0] for row in before} == {"Star", ""}
    person.open_from_table("Renamed 😀 训练")
    assert wait_for_whole_curve(person) == losses
    person.wait(lambda: len(person.run_page.body.samples.shown()) == len(samples), "the samples")
    assert person.run_page.body.samples.shown() == samples
    assert person.run_page.header.star.isChecked()
    person.open_from_table("copied-from-elsewhere")
    assert wait_for_whole_curve(person) == losses


def table(person: Person) -> list[list[str]]:
    """The runs table as text, once both runs are in it."""
    person.go("Runs")
    rows = person.find(QTableView).model()
    person.wait(lambda: rows.rowCount() == 2, "both runs")
    QTest.keyClick(person.find(QTableView), Qt.Key.Key_Home)
    columns = range(rows.columnCount())
    return [[str(rows.index(row, at).data() or "") for at in columns] for row in range(rows.rowCount())]
