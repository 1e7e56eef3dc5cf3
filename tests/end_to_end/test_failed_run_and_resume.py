"""A trainer that fails: the panel says why and what is safe, one click goes on, the curve stays one curve."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from minimind.events import read_events
from minimind.run_folder import RunFolder
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.ways import losses_of, pretrain, wait_for_whole_curve

STEPS, BREAKS_AFTER, EVERY = 40, 24, 10


def test_a_disk_that_fails_in_the_middle(
    open_studio: OpenStudio, pretrain_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # after that many steps of one process; the resumed one has fewer to do
    monkeypatch.setenv("MINIMIND_FAILPOINTS", f"loop.after_step@{BREAKS_AFTER}=eio")
    person = open_studio()
    settings = {"Save every": str(EVERY), "Measure held-out loss every": str(EVERY)}
    run = pretrain(person, pretrain_text, steps=STEPS, name="Breaks", settings=settings)
    folder = RunFolder(run.folder)
    person.wait_for_state("Failed")
    page, saved = person.run_page, BREAKS_AFTER // EVERY * EVERY
    panel = page.failure_panel
    assert panel.isVisible()
    assert panel.property("card") == "danger"
    person.wait_to_see(f"Nothing is lost: the last checkpoint is step {saved}.")
    said = [panel.title.text(), panel.safe.text(), *(label.text() for label in panel._labels)]
    assert any("Input/output error" in text for text in said), said
    assert "Traceback" not in " ".join(person.texts())
    person.click("Copy report")
    assert f"checkpoint: {saved}" in QGuiApplication.clipboard().text()
    assert list(wait_for_whole_curve(person))[-1] == len(losses_of(run))

    person.click(f"Resume from step {saved}")
    person.wait_for_state("Finished")
    assert panel.isHidden()
    # what was said after the checkpoint counts no more: the curve is one curve
    assert list(wait_for_whole_curve(person)) == list(range(1, STEPS + 1))
    starts = [event for event in read_events(folder.events_file) if event.kind == "start"]
    assert [event.fields["from_step"] for event in starts] == [0, saved]
    titles = [row.title for row in page.body.events.rows()]
    assert titles.count("Failed") == 1
    assert titles.count("Resumed") == 1
    assert titles[0] == "Finished"
    # a click on the event of the resume puts the crosshair at its step
    events = page.body.events
    index = events.model().index(titles.index("Resumed"), 0)
    events.scrollTo(index)
    QTest.mouseClick(events.viewport(), Qt.MouseButton.LeftButton, pos=events.visualRect(index).center())
    assert page.body.plot.plot.crosshair == saved
