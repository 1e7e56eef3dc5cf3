"""Dialogs, preferences, and what lies around the pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QLineEdit, QScrollArea

from bench.pages.stage import Stage
from minimind.run_state import RunState
from minimind.text import _
from studio.ui.close_dialog import CloseDialog
from studio.ui.export_dialog import ExportDialog, open_export


def export(stage: Stage) -> ExportDialog:
    """What, how small, where to."""
    stage.open("runs")
    tuned = next(run for run in stage.runs.runs() if run.run_id == "tuned")
    dialog = open_export(
        stage.appearance,
        stage.navigator,
        stage.runs,
        checkpoint=str(tuned.folder),
        projects=stage.projects,
        parent=stage.window,
    )
    assert dialog is not None
    stage.settle()
    return dialog


def export_folder(stage: Stage) -> None:
    """As a folder for other tools."""
    list(export(stage).cards.values())[-1].click()
    stage.settle()


def export_running(stage: Stage) -> None:
    """On its way."""
    _export_as(stage, state=RunState.RUNNING, phase_done=4, phase_total=10)


def export_done(stage: Stage) -> None:
    """What came out, and that it says the same."""
    made = {
        "path": "/exports/mini-120-Q8_0.gguf",
        "size_bytes": 779_000,
        "notes": [],
        "checked": 100,
        "same": 100,
    }
    _export_as(stage, state=RunState.FINISHED, result=made)


def _export_as(stage: Stage, **values: Any) -> None:
    dialog = export(stage)
    dialog.pages.removeWidget(dialog._choices)
    dialog.close_button.setFocus()
    tuned = next(run for run in stage.runs.runs() if run.run_id == "tuned")
    dialog._show_run(dataclasses.replace(tuned, **values))
    stage.settle()


def preferences_at(section: str) -> Callable[[Stage], object]:
    """Opened at one anchor."""

    def reach(stage: Stage) -> None:
        stage.open("preferences", section=section)
        stage.settle()

    return reach


def preferences(stage: Stage) -> None:
    """From the top."""
    stage.open("preferences")


def preferences_end(stage: Stage) -> None:
    """The last anchor."""
    for area in stage.open("preferences").findChildren(QScrollArea):
        area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    stage.settle()


def shortcuts(stage: Stage) -> None:
    """F1 on the page of a run."""
    stage.open("run", run_id="running")
    stage.window.show_shortcuts()
    stage.settle()


def palette(stage: Stage) -> None:
    """Ctrl+K, nothing typed."""
    stage.open("run", run_id="running")
    stage.window.show_palette()
    stage.settle()


def palette_hits(stage: Stage) -> None:
    """Ctrl+K, a few letters typed."""
    palette(stage)
    _type_into_palette(stage, {"zh": "训练", "en": "run"}[stage.language])


def palette_nothing(stage: Stage) -> None:
    """Ctrl+K, what there is not."""
    stage.open("runs")
    stage.window.show_palette()
    _type_into_palette(stage, "qqqqq")


def _type_into_palette(stage: Stage, text: str) -> None:
    field = stage.window.focusWidget()
    assert isinstance(field, QLineEdit), field
    field.setText(text)
    stage.settle()


def glossary(stage: Stage) -> None:
    """The words of this program."""
    stage.open("runs")
    stage.window.show_glossary()
    stage.settle()


def projects(stage: Stage) -> None:
    """The menu of projects."""
    stage.open("runs")
    stage.window.switch_project()
    stage.settle()


def close(stage: Stage) -> None:
    """The window closes while something trains."""
    CloseDialog(stage.appearance, stage.runs, stage.window).open()
    stage.settle()


def toasts(stage: Stage) -> None:
    """Two of them, one with a way back."""
    stage.open("runs")
    stage.navigator.toast(_("Plan discarded."), action_text=_("Undo"), action=lambda: None)
    stage.navigator.toast(_("The index of runs is not open."), tone="danger")
    stage.settle()


def toasts_on_chat(stage: Stage) -> None:
    """Above what a person writes."""
    stage.open("chat")
    stage.settle()
    stage.navigator.toast(_("Conversation deleted"), action_text=_("Undo"), action=lambda: None)
    stage.settle()


def folded(stage: Stage) -> None:
    """The rail folded by hand."""
    stage.open("home")
    if not stage.window._wants_folded:
        stage.window.toggle_rail()
    stage.settle()
