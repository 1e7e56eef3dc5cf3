"""The stages of a pipeline: which of them a page shows, and a strip to go from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from minimind.job import KIND_PIPELINE, JobSpec
from minimind.run_state import RunState
from minimind.text import _
from studio.store.records import Run
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.run.words import kind_title, method_title
from studio.ui.widgets.buttons import Button
from studio.ui.widgets.labels import Label
from studio.ui.widgets.pill import STATES


@dataclass(frozen=True, kw_only=True)
class StageItem:
    """One stage: what it does, and its run once there is one."""

    title: str
    run: Run | None = None


def pipeline_of(run: Run) -> str | None:
    """The pipeline that a run is or belongs to; None for any other run."""
    return run.run_id if run.kind == KIND_PIPELINE else run.parent


def stages_of(pipeline: str | None, job: JobSpec | None, runs: Sequence[Run]) -> list[StageItem]:
    """The stages of a pipeline in order, those to come, too; none where there is no pipeline.

    Args:
        pipeline: its run id; job: what was asked for, None where it cannot be read.
        runs: all that there are.
    """
    if pipeline is None:
        return []
    begun = {run.stage: run for run in runs if run.parent == pipeline}
    asked = job.work.get("stages") if job is not None else None
    methods = [str(item.get("method", "")) for item in asked if isinstance(item, dict)] if asked else []
    last = max([len(methods), *(number for number in begun if number)])
    found = []
    for number in range(1, last + 1):
        run = begun.get(number)
        title = kind_title(run) if run is not None else method_title(methods[number - 1])
        found.append(StageItem(title=title, run=run))
    return found


def stage_in_front(stages: Sequence[StageItem]) -> Run | None:
    """The one that is going on, else the last one that began."""
    runs = [stage.run for stage in stages if stage.run is not None]
    going = [run for run in runs if run.state.is_active]
    return next(iter([*reversed(going), *reversed(runs)]), None)


class StageStrip(QWidget):
    """One button a stage, with its number, name and state; the one shown is checked.

    Signals:
        chosen(str): the run id of a stage.
    """

    chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._buttons: list[Button] = []
        self._arrows: list[Label] = []
        self._ids: list[str] = []
        self._compact = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_stages(self, stages: Sequence[StageItem], current: str) -> None:
        """Show these; `current`: id of the one that the page shows."""
        self._ids = [stage.run.run_id if stage.run else "" for stage in stages]
        while len(self._buttons) < len(stages):
            self._add(len(self._buttons))
        for at, button in enumerate(self._buttons):
            button.setVisible(at < len(stages))
            self._arrows[at].setVisible(0 < at < len(stages))
            if at < len(stages):
                self._fill(button, at, stages[at], self._ids[at] == current)

    def set_compact(self, compact: bool) -> None:
        """Leave out how long each took."""
        self._compact = compact

    def buttons(self) -> list[Button]:
        """Those that are shown."""
        return self._buttons[: len(self._ids)]

    def _fill(self, button: Button, at: int, stage: StageItem, current: bool) -> None:
        run = stage.run
        look = STATES[run.state.value if run is not None else RunState.QUEUED.value]
        parts = [f"{at + 1}  {stage.title}"]
        if run is None:
            word = _("to come")
        elif run.state is RunState.FINISHED:
            word = "" if self._compact else fmt.duration(run.wall_s)
        elif run.state is RunState.RUNNING and run.total_steps:
            word = fmt.percent(run.step / run.total_steps)
        else:
            word = _(look.word)
        button.setText("  ".join(filter(None, [*parts, word])))
        button.set_icon(look.icon)
        button.setEnabled(run is not None)
        button.setChecked(current)
        button.setToolTip(run.name if run is not None else _("It begins when the one before has finished"))
        button.setAccessibleName(f"{at + 1}, {stage.title}, {word or _(look.word)}")

    def _add(self, at: int) -> None:
        button = Button(self._appearance, kind="ghost", size="small")
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.clicked.connect(lambda _checked=False: self.chosen.emit(self._ids[at]))
        arrow = Label()
        arrow.setPixmap(self._appearance.pixmap("chevron-right", "text3", 12))
        self._buttons.append(button)
        self._arrows.append(arrow)
        self._row.insertWidget(self._row.count() - 1, arrow)
        self._row.insertWidget(self._row.count() - 1, button)
