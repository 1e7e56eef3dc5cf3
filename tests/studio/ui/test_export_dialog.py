"""The export dialog: choices, one job, what came out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from minimind.chat import llama
from minimind.job import KIND_EXPORT
from minimind.presets import PRESETS
from minimind.run_state import RunState
from studio.planning.export_plan import ExportPlan
from studio.store.records import Problem
from studio.ui.export_dialog import ExportDialog, open_export
from tests.helpers.checkpoints import make_run as make_real_run
from tests.studio.ui.clipping import clipped
from tests.studio.ui.fake_runs import FakeRunService, make_run
from tests.studio.ui.page_kit import Kit, delete


class Export(Kit):
    def __init__(self, qtbot: QtBot, folder: Path, *, language: str = "en", theme: str = "light") -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        super().__init__(application, folder, language=language, theme=theme)
        self.qtbot = qtbot
        self.runs = FakeRunService()
        self.plan = ExportPlan(
            checkpoint=folder / "step-00001800",
            label="My run",
            step=1800,
            config=PRESETS["minimind2-small"].config,
            folder=folder / "exports",
        ).with_format("gguf")
        self.dialog: ExportDialog | None = None

    def show(self, plan: ExportPlan | None = None) -> ExportDialog:
        self.dialog = ExportDialog(self.appearance, self.navigator, self.runs, plan or self.plan)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.dialog.show()
        return self.dialog

    def click(self, button: object) -> None:
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def started(self, dialog: ExportDialog) -> str:
        self.click(dialog.go)
        (call,) = self.runs.calls
        self.runs.put(make_run(RunState.RUNNING, step=0, run_id=call[1].run_id))
        return str(call[1].run_id)


@pytest.fixture
def export(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Export]:
    monkeypatch.setattr(llama, "installed", lambda: True)
    made = Export(qtbot, tmp_path)
    yield made
    if made.dialog is not None:
        delete(made.dialog)


def test_the_button_says_how_much(export: Export) -> None:
    dialog = export.show()
    assert dialog.go.text() == "Export 27.7 MB"
    export.click(dialog.rows["F16"])
    assert dialog.go.text() == "Export 51.9 MB"
    assert dialog.place.text().endswith("My run-1800-F16.gguf")


def test_formats_have_their_own_list(export: Export) -> None:
    dialog = export.show()
    assert next(iter(dialog.rows)) == "Q8_0"
    export.click(dialog.cards["hf"])
    assert list(dialog.rows) == ["F32", "F16", "BF16"]
    assert dialog.rows["F32"].isChecked()
    assert dialog.place.text().endswith("My run-1800-hf")


def test_arrow_keys_move_among_the_rows(export: Export) -> None:
    dialog = export.show()
    dialog.activateWindow()
    dialog.rows["Q8_0"].setFocus()
    export.qtbot.waitUntil(dialog.rows["Q8_0"].hasFocus)
    export.qtbot.keyClick(dialog.rows["Q8_0"], Qt.Key.Key_Down)
    assert dialog.rows["F32"].isChecked()


def test_what_is_missing_is_greyed_with_reason_and_remedy(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama, "installed", lambda: False)
    dialog = export.show()
    assert not dialog.rows["Q4_K_M"].isEnabled()
    assert "llama-cpp-python" in dialog.rows["Q4_K_M"].toolTip()
    assert dialog.rows["Q8_0"].isEnabled()
    export.click(dialog.copy_remedy)
    assert QGuiApplication.clipboard().text().endswith("-m pip install llama-cpp-python")
    assert not dialog.check.isEnabled()
    assert not dialog.check.isChecked()


def test_experts_cannot_start(export: Export) -> None:
    dialog = export.show(replace(export.plan, config=PRESETS["minimind2-moe"].config))
    assert not dialog.go.isEnabled()
    assert "Expert models" in dialog.problem.text()


def test_it_starts_a_job_and_follows_it(export: Export) -> None:
    dialog = export.show()
    run_id = export.started(dialog)
    _verb, job, name = export.runs.calls[0]
    assert (job.kind, job.work["quant"], job.work["check"]) == (KIND_EXPORT, "Q8_0", True)
    assert name == "Export My run as Q8_0"
    export.runs.change(run_id, phase="save", phase_done=25.0, phase_total=100.0)
    assert (dialog.state.text(), dialog.bar.value()) == ("Exporting…", 250)
    export.runs.change(run_id, phase_done=100.0)
    assert dialog.state.text() == "Comparing what it says…"
    result = {
        "path": "/exports/a b.gguf",
        "size_bytes": 27_700_000,
        "checked": 100,
        "same": 100,
        "notes": ["n"],
    }
    export.runs.change(run_id, state=RunState.FINISHED, result=result)
    assert dialog.state.text() == "Exported 27.7 MB, compared: of 100 tokens 100 are the same."
    assert dialog.notes.text() == "/exports/a b.gguf\nn"
    export.click(dialog.copy_ollama)
    assert "ollama create" in QGuiApplication.clipboard().text()
    export.click(dialog.talk)
    assert export.pages[-1] == ("chat", {"checkpoint": "/exports/a b.gguf"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": RunState.STOPPED}, "Stopped; nothing was written."),
        (
            {
                "state": RunState.FAILED,
                "error": Problem(code="bad_input", params={"reason": "the disk is full"}, message="x"),
            },
            "the disk is full",
        ),
        (
            {"state": RunState.FINISHED, "result": None},
            "The export ended without a result; the log says more.",
        ),
    ],
)
def test_every_end_is_told(export: Export, changes: dict[str, object], sentence: str) -> None:
    dialog = export.show()
    run_id = export.started(dialog)
    export.runs.change(run_id, **changes)
    assert dialog.state.text() == sentence
    assert not dialog.talk.isVisibleTo(dialog)
    assert dialog.close_button.text() == "Close"


def test_closing_leaves_the_job_alone(export: Export) -> None:
    dialog = export.show()
    export.started(dialog)
    export.click(dialog.close_button)
    assert [call[0] for call in export.runs.calls] == ["start"]


def test_the_end_of_an_export_whose_dialog_is_closed_is_told(export: Export) -> None:
    dialog = export.show()
    run_id = export.started(dialog)
    export.click(dialog.close_button)
    assert export.toasts == []
    result = {"path": "/exports/a.gguf", "size_bytes": 27_700_000, "checked": 100, "same": 100}
    export.runs.change(run_id, state=RunState.FINISHED, result=result)
    (toast,) = export.toasts
    assert toast.text == "Exported 27.7 MB, compared: of 100 tokens 100 are the same."
    assert toast.action_text == "Open folder"
    export.runs.change(run_id, note="later")
    assert len(export.toasts) == 1


def test_a_failure_behind_a_closed_dialog_is_told(export: Export) -> None:
    dialog = export.show()
    run_id = export.started(dialog)
    export.click(dialog.close_button)
    error = Problem(code="bad_input", params={"reason": "the disk is full"}, message="x")
    export.runs.change(run_id, state=RunState.FAILED, error=error)
    assert [(toast.text, toast.tone) for toast in export.toasts] == [("the disk is full", "danger")]


def test_stop_asks_the_job(export: Export) -> None:
    dialog = export.show()
    run_id = export.started(dialog)
    export.click(dialog.stop)
    assert export.runs.calls[-1] == ("stop", run_id)


def test_a_run_folder_is_opened_at_its_best(export: Export, tmp_path: Path) -> None:
    run = make_real_run(tmp_path / "run", steps=(10, 20))
    dialog = open_export(
        export.appearance,
        export.navigator,
        export.runs,
        checkpoint=str(run.path),
        projects=tmp_path / "projects",
    )
    assert dialog is not None
    assert dialog.what.text() == "run · step 10"
    delete(dialog)


def test_what_is_no_checkpoint_is_a_toast(export: Export, tmp_path: Path) -> None:
    made = open_export(
        export.appearance, export.navigator, export.runs, checkpoint=str(tmp_path), projects=tmp_path
    )
    assert made is None
    assert export.toasts[-1].tone == "danger"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_clipped(
    qtbot: QtBot, tmp_path: Path, language: str, theme: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama, "installed", lambda: there)
    export = Export(qtbot, tmp_path, language=language, theme=theme)
    dialog = export.show()
    assert clipped(dialog) == []
    assert dialog.height() < 640
    run_id = export.started(dialog)
    export.runs.change(
        run_id,
        state=RunState.FINISHED,
        result={"path": "/exports/a.gguf", "size_bytes": 27_700_000, "checked": 100, "same": 97, "notes": []},
    )
    assert clipped(dialog) == []
    assert dialog.height() < 320
    delete(dialog)
