"""A shape of one's own: the numbers of a preset, each may be another; parameters are counted live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit

from minimind.estimate import parameters
from minimind.presets import PRESETS
from minimind.text import _
from studio.planning.problems import Problem
from studio.planning.run_plan import RunPlan
from studio.planning.shape import FIELDS, blamed
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.labels import Label
from studio.ui.widgets.painting import set_property
from studio.ui.wizard.step_view import ProblemLine

_DIGITS = QRegularExpression("[0-9]{0,6}")


class ShapeCard(Card):
    """Five numbers, what is wrong with them, and how many parameters they make.

    Signals:
        edited(dict): the numbers that are others than the preset's.
    """

    edited = Signal(dict)

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._wrong: set[str] = set()
        self.title = self.add_title()
        self.count = Label(role="strong", tabular=True)
        self.reset = LinkButton(appearance, icon="undo-2")
        self.reset.clicked.connect(lambda: self.edited.emit({}))
        self.problem = ProblemLine(appearance)
        self._labels = {name: Label(tone="2") for name in FIELDS}
        self.fields = {name: QLineEdit() for name in FIELDS}
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for column, (name, field) in enumerate(self.fields.items()):
            field.setMaximumWidth(110)
            field.setValidator(QRegularExpressionValidator(_DIGITS, field))
            field.textEdited.connect(lambda _text: self.edited.emit(self._shape()))
            grid.addWidget(self._labels[name], 2 * (column // 3), column % 3)
            grid.addWidget(field, 2 * (column // 3) + 1, column % 3)
        grid.setColumnStretch(3, 1)
        line = QHBoxLayout()
        line.addWidget(self.count)
        line.addWidget(self.reset)
        line.addStretch(1)
        self.body.addLayout(grid)
        self.body.addWidget(self.problem)
        self.body.addLayout(line)

    def show_plan(self, plan: RunPlan, problem: Problem | None) -> None:
        """Show the shape of a plan; a field that is being typed in stays as it is."""
        name = plan.choices.preset or ""
        preset, own = PRESETS.get(name), plan.choices.shape
        if preset is None:
            return
        self.title.setText(_("A shape of your own, from {preset}").format(preset=name))
        plain, wrong = preset.config.to_dict(), blamed(plan.shape_fault)
        for field_name, field in self.fields.items():
            label = _(FIELDS[field_name])
            self._labels[field_name].setText(label)
            self._labels[field_name].setToolTip(field_name)
            field.setAccessibleName(label)
            field.setPlaceholderText(str(plain[field_name]))
            if self._shown(field) != own.get(field_name):
                field.setText(str(own.get(field_name, "")))
            set_property(field, "problem", field_name in wrong)
        config = plan.config
        self.count.setText(fmt.parameters(parameters(config)[0]) if config else "—")
        self.reset.setText(_("Back to the preset"))
        self.reset.setVisible(bool(own))
        self.problem.show_problem(problem)
        self._wrong = wrong

    def focus_wrong(self) -> None:
        """Put the keyboard on the first number that does not go together with the others."""
        wrong = [field for name, field in self.fields.items() if name in self._wrong]
        (wrong or [*self.fields.values()])[0].setFocus()

    def _shape(self) -> Mapping[str, Any]:
        values = {name: self._shown(field) for name, field in self.fields.items()}
        return {name: value for name, value in values.items() if value is not None}

    @staticmethod
    def _shown(field: QLineEdit) -> int | None:
        return int(field.text()) if field.text() else None
