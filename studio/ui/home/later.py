"""The first page once there are runs: what goes on, what wants to be looked at, what has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from minimind.run_state import RunState
from minimind.text import _
from studio.planning.first_model import last_stage
from studio.services.run_service import RunService
from studio.store.records import Run
from studio.ui.appearance import Appearance
from studio.ui.home.run_rows import (
    MOST,
    NoticeSpec,
    RowSpec,
    RunSection,
    active_rows,
    finished_rows,
    trouble_rows,
)
from studio.ui.navigator import Navigator

if TYPE_CHECKING:
    from minimind.doctor import Finding


class LaterSections(QScrollArea):
    """Three sections; each hides while it is empty. A stage of a pipeline has no row of its own."""

    def __init__(
        self,
        appearance: Appearance,
        navigator: Navigator,
        runs: RunService,
        *,
        export: Callable[[str], object],
        can_chat: bool,
    ) -> None:
        """
        Args:
            appearance, navigator, runs: as for every page.
            export: opens the export dialog for a run folder.
            can_chat: there is a chat page.
        """
        super().__init__()
        self._navigator, self._runs = navigator, runs
        self._export, self._can_chat = export, can_chat
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.going_on = RunSection(appearance)
        self.trouble = RunSection(appearance)
        self.ended = RunSection(appearance)
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for section in (self.going_on, self.trouble, self.ended):
            column.addWidget(section)
        column.addStretch(1)
        self.setWidget(inside)
        # as high as its rows, so that the doors follow the last of them; lower where there is no room
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        inside = self.widget()
        return inside.sizeHint() if inside is not None else super().sizeHint()

    def show_runs(self, runs: Sequence[Run], findings: Sequence[Finding]) -> None:
        """Show them; `findings`: what the doctor says, of which a disk that is getting full belongs here."""
        go = self._navigator
        own = [run for run in runs if run.parent is None]
        active = [run for run in own if run.state.is_active or run.state is RunState.QUEUED]
        trouble = [run for run in own if run.state in (RunState.FAILED, RunState.LOST)]
        ended = [run for run in own if run.state in (RunState.FINISHED, RunState.STOPPED)]
        self.going_on.show_rows(_("Going on"), active_rows(go, active[:MOST]))
        low = [finding for finding in findings if finding.code == "disk_low"]
        notices = [
            NoticeSpec(
                finding=finding,
                button=_("Look at the runs"),
                call=lambda: go.open("runs"),
            )
            for finding in low
        ]
        rows = trouble_rows(go, trouble[:MOST], self._runs.resume)
        self.trouble.show_rows(_("Wants to be looked at"), rows, notices)
        self.ended.show_rows(_("Finished lately"), self._finished(ended[:MOST]))
        self.updateGeometry()

    def _finished(self, runs: Sequence[Run]) -> list[RowSpec]:
        every = self._runs.runs()
        models = {run.run_id: last_stage(run, every) or run for run in runs}
        said = {}
        for run in runs:
            samples = self._runs.samples(models[run.run_id].run_id)
            said[run.run_id] = samples[-1].prompt + samples[-1].text if samples else ""
        export = self._export
        return finished_rows(
            self._navigator, runs, models=models, said=said, export=export, can_chat=self._can_chat
        )
