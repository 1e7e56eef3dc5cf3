"""The table of runs."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from bench.pages.stage import Stage
from studio.ui.pages.runs_page import RunsPage
from studio.ui.run.confirm_dialog import delete_dialog
from studio.ui.runs import query


def table(stage: Stage) -> RunsPage:
    """All of them, the first one selected."""
    page = stage.open("runs")
    assert isinstance(page, RunsPage)
    if stage.runs.runs():
        first = stage.runs.runs()[0].run_id
        stage.until(lambda: stage.runs.samples(first) or stage.runs.events(first) or True, "its details")
        stage.settle()
        page.refresh()
    return page


def no_hit(stage: Stage) -> None:
    """A filter that nothing fits."""
    table(stage).filter_field.setText("state:running xyz")
    stage.settle()


def trash(stage: Stage) -> None:
    """What was thrown away."""
    table(stage)._choose_group(query.TRASH)
    stage.settle()


def menu(stage: Stage) -> None:
    """The right click."""
    page = table(stage)
    place = page.table.viewport().mapToGlobal(QPoint(220, 60))
    page.table.menu_wanted.emit(stage.runs.runs()[0].run_id, place)
    stage.settle()


def delete(stage: Stage) -> None:
    """The question before something that cannot be undone."""
    trash(stage)
    delete_dialog(stage.appearance, stage.runs.runs(trashed=True), stage.window).open()
    stage.settle()
