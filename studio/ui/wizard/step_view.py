"""What every step of the wizard is: it shows a plan, tells what a person changed, and can focus a field."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from studio.planning.choices import Choices
from studio.planning.problems import Problem
from studio.planning.route import Severity, Step
from studio.planning.run_plan import RunPlan
from studio.ui.appearance import Appearance
from studio.ui.widgets.labels import Label

SEVERITY_ICON = {
    Severity.ERROR: ("circle-x", "danger"),
    Severity.MISSING: ("info", "text2"),
    Severity.WARNING: ("triangle-alert", "warning"),
}


class StepView(QScrollArea):
    """Base of the five steps: a column, `body`, that scrolls when it must.

    Signals:
        edited(Choices): the person changed something; the page makes a new plan of it and shows that.
        step_requested(Step, field): the person wants to change something that another step holds.
    """

    edited = Signal(object)
    step_requested = Signal(object, str)
    step: Step

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.appearance = appearance
        self.plan = RunPlan()
        self.show_all = False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("scrolled")
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(0, 0, 8, 0)
        self.body.setSpacing(12)
        self.setWidget(inside)

    def show_plan(self, plan: RunPlan) -> None:
        """Show a plan; what the person is typing in stays as it is."""
        self.plan = plan
        self.refresh()

    def set_show_all(self, show_all: bool) -> None:
        """Show what only an expert asks for, too; values survive either way."""
        self.show_all = show_all
        self.refresh()

    def refresh(self) -> None:
        """Set every text and state from `self.plan`."""
        raise NotImplementedError

    def summary(self) -> str:
        """What the stepper says under the step's title."""
        return ""

    def focus_field(self, field: str) -> bool:
        """Put the keyboard focus on a field of a Problem.

        Returns:
            False when this step has no such field.
        """
        raise NotImplementedError

    def here(self) -> list[Problem]:
        """The plan's problems that are mended in this step."""
        return [problem for problem in self.plan.problems() if problem.step is self.step]

    def choose(self, **changes: object) -> None:
        """Tell that the person chose something."""
        self.edited.emit(self.plan.choices.with_changes(**changes))

    @property
    def choices(self) -> Choices:
        """What is chosen so far."""
        return self.plan.choices


def in_tab_order(*widgets: QWidget) -> None:
    """Put widgets that were made later behind the first one in the order of Tab."""
    for before, after in itertools.pairwise(widgets):
        QWidget.setTabOrder(before, after)


class ProblemLine(QWidget):
    """An icon and a sentence under a field or card; hidden while there is no problem."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._severity = Severity.ERROR
        self._icon = Label()
        self.sentence = Label(wrap=True, selectable=True, role="small")
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Say what is wrong; None: nothing is."""
        self.setVisible(problem is not None)
        if problem is None:
            return
        name, token = SEVERITY_ICON[problem.severity]
        self._icon.setPixmap(self._appearance.pixmap(name, token, 14))
        self._icon.setContentsMargins(0, 2, 0, 0)
        self.sentence.setText(problem.sentence)
        self.sentence.set_tone("2" if problem.severity is Severity.MISSING else token)
