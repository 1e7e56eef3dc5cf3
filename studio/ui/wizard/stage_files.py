"""The files of one stage of a recipe: the recipe's own, or those a person put in their place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from minimind.job import DataFile
from minimind.methods import Needs
from minimind.text import _
from studio.planning.problems import Problem
from studio.planning.recipe_plan import StagePlan
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import Button, LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Label
from studio.ui.wizard.data_row import DataRow
from studio.ui.wizard.step_view import ProblemLine


class StageFiles(Card):
    """Title of the stage, what it wants, its files, and buttons to choose others or to go back.

    Signals:
        add_pressed: choose files for it.
        files_changed(tuple[DataFile]): it has these now; empty: the recipe's own.
        stop_pressed(path), again_pressed(path): the reading of a file.
    """

    add_pressed = Signal()
    files_changed = Signal(object)
    stop_pressed = Signal(str)
    again_pressed = Signal(str)

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._rows: dict[str, DataRow] = {}
        self._stage: StagePlan | None = None
        self.title = self.add_title()
        self.wanted = Label(role="small", tone="2", wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.problem = ProblemLine(appearance)
        self.add = Button(appearance, icon="plus")
        self.add.clicked.connect(self.add_pressed)
        self.own = LinkButton(appearance, icon="undo-2")
        self.own.clicked.connect(lambda: self.files_changed.emit(()))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.add)
        line.addWidget(self.own)
        line.addStretch(1)
        self.body.addWidget(self.wanted)
        self.body.addLayout(self._list)
        self.body.addLayout(line)
        self.body.addWidget(self.problem)

    def show_stage(self, stage: StagePlan, number: int, wanted: str, problems: dict[str, Problem]) -> None:
        """Show a stage; `problems` by their field."""
        self._stage = stage
        self.title.setText(_("{n}. {stage}").format(n=number, stage=stage.title))
        self.wanted.setText(wanted)
        self.add.setText(_("Use files of my own…") if not stage.own_files else _("More files…"))
        self.own.setText(_("Back to the sample"))
        self.own.setVisible(stage.own_files)
        self.problem.show_problem(problems.get(f"stage:{stage.stage.name}"))
        files = {file.path: file for file in stage.files}
        for path in [*self._rows]:
            if path not in files:
                gone = self._rows.pop(path)
                self._list.removeWidget(gone)
                gone.hide()
                gone.deleteLater()
        for path, file in files.items():
            row = self._rows.get(path) or self._make_row(path)
            row.remove.setVisible(stage.own_files)
            check = stage.plan.files.get(path)
            row.show_file(file, check, problems.get(f"file:{path}"), with_weight=len(files) > 1)

    def add_paths(self, paths: Sequence[str]) -> None:
        """Put files in the place of the recipe's, or beside a person's own."""
        assert self._stage is not None
        before = self._stage.files if self._stage.own_files else ()
        known = {file.path for file in before}
        fresh = tuple(DataFile(path=path) for path in paths if path not in known)
        if fresh:
            self.files_changed.emit((*before, *fresh))

    @property
    def needs(self) -> Needs | None:
        """The kind of rows that the stage learns from."""
        return self._stage.needs if self._stage else None

    def row(self, path: str) -> DataRow | None:
        """The row of a file."""
        return self._rows.get(path)

    def _make_row(self, path: str) -> DataRow:
        row = self._rows[path] = DataRow(self._appearance, path)
        row.stop_pressed.connect(lambda: self.stop_pressed.emit(path))
        row.again_pressed.connect(lambda: self.again_pressed.emit(path))
        row.removed.connect(lambda: self._change(path, None))
        row.weight_edited.connect(lambda weight: self._change(path, weight))
        self._list.addWidget(row)
        return row

    def _change(self, path: str, weight: float | None) -> None:
        assert self._stage is not None
        kept = []
        for file in self._stage.files:
            if file.path != path:
                kept.append(file)
            elif weight is not None:
                kept.append(DataFile(path=path, weight=weight))
        self.files_changed.emit(tuple(kept))
