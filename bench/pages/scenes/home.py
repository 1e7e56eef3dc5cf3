"""Home."""

from __future__ import annotations

from bench.pages.stage import Stage


def front(stage: Stage) -> None:
    """As it opens."""
    stage.open("home")


def doctor(stage: Stage) -> None:
    """The computer unfolded."""
    stage.open("home", show="doctor")


def doctor_page(stage: Stage) -> None:
    """Everything that was looked at, the most serious first."""
    stage.open("doctor")
