"""A wizard page without files' worries, processes or hardware; the background reading can be held."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from minimind.device import Device
from minimind.methods import Needs
from minimind.presets import PRESETS
from minimind.run_state import RunState
from studio.planning.data_check import FileCheck, check_file
from studio.planning.route import Step
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.pages.table import Tools
from studio.ui.wizard.data_checks import DataChecks
from studio.ui.wizard.wizard_page import WizardPage
from tests.studio.ui.fake_runs import FakeRun, make_run
from tests.studio.ui.fake_tools import FakeRuns, make_tools

GB = 2**30
# page sizes of the windows 1024 × 640, 1440 × 900, 1920 × 1080
SIZES = {"compact": (968, 612), "normal": (1240, 872), "wide": (1720, 1052)}
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def cpu(**changes: Any) -> Device:
    fields: dict[str, Any] = {
        "kind": "cpu",
        "name": "AMD EPYC 9V74",
        "memory_bytes": 16 * GB,
        "free_bytes": 12 * GB,
        "bf16": True,
        "flops": 1e12,
        "flops_float32": 2e11,
        "threads": 2,
    }
    return Device(**fields | changes)


def card(**changes: Any) -> Device:
    fields: dict[str, Any] = {
        "kind": "cuda",
        "name": "NVIDIA GeForce RTX 3090",
        "memory_bytes": 24 * GB,
        "free_bytes": 23 * GB,
        "bf16": True,
        "flops": 71e12,
        "flops_float32": 35e12,
    }
    return Device(**fields | changes)


def write_text(path: Path, rows: int = 2000, *, bad: Iterable[int] = ()) -> Path:
    """Rows of {"text"}; those whose line is in `bad` are no JSON."""
    wrong = set(bad)
    lines = [
        "{" if n in wrong else json.dumps({"text": f"第 {n} 篇。" + "春天来了，小草绿了。" * 12})
        for n in range(1, rows + 1)
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def write_chat(path: Path, rows: int = 800) -> Path:
    turns = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好，我在听。" * 8}]
    path.write_text((json.dumps({"conversations": turns}) + "\n") * rows, "utf-8")
    return path


class HeldCheck:
    """Reads like the real one, but waits half-way until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self, path: str, needs: Needs, *, progress: Any, cancelled: Callable[[], bool]) -> FileCheck:
        progress(FileCheck(path=path, needs=needs, size_bytes=1000, is_reading=True, share=0.4, rows=64))
        while not self.go.wait(0.005):
            if cancelled():
                found = check_file(path, needs)
                return FileCheck(path=path, needs=needs, stopped=True, rows=64, usable=64, facts=found.facts)
        return check_file(path, needs)


class Scene:
    """One page, shown, with what it needs."""

    def __init__(
        self,
        qtbot: QtBot,
        appearance: Appearance,
        folder: Path,
        *,
        size: str = "normal",
        devices: Sequence[Device] = (),
        check: Any = check_file,
    ) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.runs = FakeRuns()
        self.tools: Tools = make_tools(appearance, folder, self.runs)
        self.tools.system.found = []  # type: ignore[attr-defined]
        self.devices = list(devices) or [cpu()]
        self.checks = DataChecks(check=check)
        self.toasts: list[Any] = []
        self.pages: list[tuple[str, dict[str, Any]]] = []
        self.tools.navigator.toasted.connect(self.toasts.append)
        self.tools.navigator.page_requested.connect(lambda key, request: self.pages.append((key, request)))
        self.size = size
        self.page = self.new_page()

    def new_page(self) -> WizardPage:
        """The page as it is made when the studio opens."""
        page = WizardPage(
            self.tools.appearance,
            self.tools.preferences,
            self.runs,
            self.tools.system,
            self.tools.paths,
            navigator=self.tools.navigator,
            devices=lambda: self.devices,
            checks=self.checks,
        )
        self.qtbot.addWidget(page)
        page.resize(*SIZES[self.size])
        page.set_compact(self.size == "compact")
        page.show()
        self.qtbot.waitExposed(page)
        page.activateWindow()
        self.qtbot.waitUntil(page.isActiveWindow)
        self.page = page
        return page

    @property
    def drafts(self) -> Path:
        return self.tools.paths.projects / self.runs.project / "drafts"

    def settle(self) -> None:
        """Layouts settle, what was deleted goes."""
        for _ in range(6):
            QApplication.processEvents()
            QApplication.sendPostedEvents(None, 52)  # type: ignore[arg-type] # DeferredDelete

    def read(self) -> None:
        """Wait until every file of the plan was read."""
        self.qtbot.waitUntil(lambda: not self.checks.is_busy, timeout=20_000)
        self.settle()

    def begin(self, **prefill: Any) -> WizardPage:
        self.page.opened(prefill)
        self.read()
        return self.page

    def click(self, widget: QWidget) -> None:
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.settle()

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Press a key where the focus is."""
        target = QApplication.focusWidget() or self.page
        self.qtbot.keyClick(target, key, modifier)
        self.settle()

    def type(self, field: QWidget, text: str) -> None:
        """Replace what stands in a field by typing."""
        assert isinstance(field, QLineEdit)
        field.setFocus()
        field.selectAll()
        if text.isascii():
            self.qtbot.keyClicks(field, text)
        else:
            # as an input method does it
            composed = QInputMethodEvent()
            composed.setCommitString(text)
            QApplication.sendEvent(field, composed)
        self.settle()

    def at(self) -> Step:
        return self.page.step

    def says(self) -> str:
        """What the start button says."""
        return self.page.preview.start.text()

    def started(self) -> list[Any]:
        return [call for call in self.runs.calls if call[0] == "start"]

    def put_run(self, run_id: str = "r1", *, state: RunState = RunState.FINISHED) -> Run:
        """A run in the list that left a checkpoint."""
        folder = self.tools.paths.projects / self.runs.project / "runs" / run_id
        checkpoint = folder / "checkpoints" / "step-00000900"
        checkpoint.mkdir(parents=True)
        (checkpoint / "config.json").write_text(json.dumps(PRESETS["mini"].config.to_hf()))
        (folder / "checkpoints" / "best").write_text(checkpoint.name)
        fake: FakeRun = make_run(state, run_id=run_id, name="第一次预训练", step=0)
        fields = {"folder": folder, "ended_at": time.time() if state.is_final else None, "best_val_loss": 2.4}
        self.runs.put(fake)
        self.runs.change(run_id, **fields)
        record = self.runs.run(run_id)
        assert record is not None
        return record
