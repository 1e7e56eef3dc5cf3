"""The question when the window closes while something trains."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from minimind.text import _, ngettext
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label


class CloseAnswer(StrEnum):
    """What a person decided."""

    KEEP_TRAINING = "keep"
    STOP = "stop"
    CANCEL = "cancel"


class CloseDialog(QDialog):
    """Close and keep training, stop and save, or stay.

    "Stop and save" shows in place that it saves, and closes by itself when no run is active any more.
    """

    def __init__(self, appearance: Appearance, runs: RunService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.answer = CloseAnswer.CANCEL
        self.setWindowTitle(_("Training is still running"))
        self.heading = Label(self.windowTitle(), role="heading")
        self.text = Label(_words(runs.active()), tone="2", wrap=True)
        self.text.setMinimumWidth(420)
        self.keep = Button(appearance, _("Close, keep training"), kind="primary")
        self.keep.setDefault(True)
        self.stop = Button(appearance, _("Stop and save"), icon="square")
        self.cancel = Button(appearance, _("Cancel"))
        self.never_again = QCheckBox(_("Don't ask again, keep training"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.cancel, self.stop, self.keep):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.heading)
        column.addWidget(self.text)
        column.addWidget(self.never_again)
        column.addSpacing(8)
        column.addLayout(buttons)
        self.keep.clicked.connect(self._on_keep)
        self.stop.clicked.connect(self._on_stop)
        self.cancel.clicked.connect(self.reject)
        self.keep.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def _on_keep(self) -> None:
        self.answer = CloseAnswer.KEEP_TRAINING
        self.accept()

    def _on_stop(self) -> None:
        self.answer = CloseAnswer.STOP
        self.text.setText(_("Saving a checkpoint…"))
        for button in (self.keep, self.stop, self.never_again):
            button.setEnabled(False)
        # connected first: a stop that is done at once must not be missed
        self._runs.run_changed.connect(self._on_run_changed)
        self._runs.runs_changed.connect(self._on_run_changed)
        for run in self._runs.active():
            self._runs.stop(run.run_id)
        self._on_run_changed()

    def _on_run_changed(self) -> None:
        if self.answer is CloseAnswer.STOP and not self._runs.active():
            self.accept()

    def reject(self) -> None:
        self.answer = CloseAnswer.CANCEL
        super().reject()


def _words(active: Sequence[Run]) -> str:
    if len(active) == 1:
        left = fmt.time_left(active[0].eta_s)
        return _(
            "{name}, {left}. It goes on without this window; open again any time to see the whole curve."
        ).format(name=active[0].name, left=left)
    count = ngettext("{n} run", "{n} runs", len(active)).format(n=len(active))
    return _(
        "{count} going on. They go on without this window; open again any time to see the whole curves."
    ).format(count=count)
