from __future__ import annotations

from dataclasses import dataclass

import pytest

from studio.planning.route import ROUTE, Mark, Severity, Step, after, before, mark


@dataclass(frozen=True)
class Found:
    step: Step
    severity: Severity


def test_steps_follow_each_other_in_both_directions() -> None:
    assert [after(step) for step in ROUTE] == [*ROUTE[1:], None]
    assert [before(step) for step in ROUTE] == [None, *ROUTE[:-1]]


@pytest.mark.parametrize(
    ("problems", "seen", "expected"),
    [
        ([], set(), Mark.OPEN),
        ([], {Step.DATA}, Mark.DONE),
        # nobody has been there: an empty step is no mistake yet
        ([Found(Step.DATA, Severity.MISSING)], set(), Mark.OPEN),
        ([Found(Step.DATA, Severity.MISSING)], {Step.DATA}, Mark.PROBLEM),
        ([Found(Step.DATA, Severity.ERROR)], set(), Mark.PROBLEM),
        ([Found(Step.DATA, Severity.WARNING)], {Step.DATA}, Mark.DONE),
        ([Found(Step.MODEL, Severity.ERROR)], {Step.DATA}, Mark.DONE),
    ],
)
def test_mark_tells_what_the_stepper_draws(problems: list[Found], seen: set[Step], expected: Mark) -> None:
    assert mark(Step.DATA, problems, seen) is expected


def test_what_is_missing_in_the_open_step_is_no_mistake_yet() -> None:
    missing = [Found(Step.DATA, Severity.MISSING)]
    assert mark(Step.DATA, missing, {Step.DATA}, current=Step.DATA) is Mark.OPEN
    assert mark(Step.DATA, missing, {Step.DATA}, current=Step.MODEL) is Mark.PROBLEM
    wrong = [Found(Step.DATA, Severity.ERROR)]
    assert mark(Step.DATA, wrong, {Step.DATA}, current=Step.DATA) is Mark.PROBLEM


def test_only_warnings_let_a_run_start() -> None:
    assert [level.forbids for level in (Severity.MISSING, Severity.ERROR, Severity.WARNING)] == [
        True,
        True,
        False,
    ]
