"""The steps of the wizard: their order, and what each of them shows of the plan's state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """One page of the wizard, in the order of reading. Never a training step."""

    WHAT = "what"
    MODEL = "model"
    DATA = "data"
    SETTINGS = "settings"
    REVIEW = "review"


class Mark(StrEnum):
    """What the stepper draws beside a step."""

    OPEN = "open"
    DONE = "done"
    PROBLEM = "problem"


class Severity(StrEnum):
    """How much a problem matters: an error or something missing forbids to start, a warning does not."""

    MISSING = "missing"
    ERROR = "error"
    WARNING = "warning"

    @property
    def forbids(self) -> bool:
        """The run cannot start with it."""
        return self is not Severity.WARNING


class Placed(Protocol):
    """What the route needs to know of a problem."""

    @property
    def step(self) -> Step:
        """Where it is mended."""
        ...

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        ...


ROUTE: tuple[Step, ...] = tuple(Step)


def after(step: Step) -> Step | None:
    """The next step; None behind the last one."""
    index = ROUTE.index(step) + 1
    return ROUTE[index] if index < len(ROUTE) else None


def before(step: Step) -> Step | None:
    """The step before; None in front of the first one."""
    index = ROUTE.index(step)
    return ROUTE[index - 1] if index else None


def mark(step: Step, problems: Sequence[Placed], seen: Collection[Step], current: Step | None = None) -> Mark:
    """What a step shows.

    Args:
        step: which one.
        problems: everything that is wrong with the plan.
        seen: steps that the person has looked at. Something missing in a step that was never opened, or that
            is open now, is not the person's mistake yet; an error is one wherever it stands.
        current: the step that is open now.
    """
    here = [problem.severity for problem in problems if problem.step is step and problem.severity.forbids]
    if Severity.ERROR in here or (here and step in seen and step is not current):
        return Mark.PROBLEM
    if here:
        return Mark.OPEN
    return Mark.DONE if step in seen else Mark.OPEN
