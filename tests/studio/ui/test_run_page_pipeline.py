"""The page of a pipeline is that of its stage at work, with the stages on top; what waits shows its plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from minimind.job import KIND_PIPELINE, Budget, ModelRef
from minimind.recipes import job_for
from minimind.run_state import RunState
from studio.planning.forecast import Forecast
from studio.store.records import PhaseSpan
from studio.ui.pages.run_page import RunPage
from studio.ui.run import words
from studio.ui.run.planned import planned_figures
from tests.studio.ui.fake_runs import T0, FakeRunService, make_job, make_run
from tests.studio.ui.page_kit import Kit, delete

STAGES = [{"name": "pretrain", "method": "pretrain"}, {"name": "sft", "method": "sft"}]


class Scene:
    def __init__(self, qtbot: QtBot, kit: Kit) -> None:
        self.qtbot, self.runs = qtbot, FakeRunService()
        whole = make_run(RunState.RUNNING, step=0, run_id="pipe", name="First model", kind=KIND_PIPELINE)
        whole.job = make_job("pipe", kind=KIND_PIPELINE, work={"stages": STAGES})
        self.runs.put(whole)
        self.page = RunPage(kit.appearance, kit.navigator, self.runs, kit.memory, kit.preferences)
        self.page.resize(1240, 872)
        self.page.show()
        qtbot.waitExposed(self.page)

    def begin(self, number: int, state: RunState = RunState.RUNNING) -> str:
        name = STAGES[number - 1]["name"]
        fake = make_run(state, step=60, total=120, run_id=f"pipe-{number}-{name}", name="First model")
        fake.record = dataclasses.replace(fake.record, parent="pipe", stage=number, method=name)
        return self.runs.put(fake)

    def open(self, run_id: str) -> None:
        self.page.opened({"run_id": run_id})
        self.settle()

    def settle(self) -> None:
        self.page.refresh()
        for _ in range(4):
            QApplication.processEvents()

    def shown(self) -> str:
        assert self.page.run is not None
        return self.page.run.run_id

    def strip(self) -> list[tuple[str, bool, bool]]:
        buttons = self.page.top.stages.buttons()
        return [(button.text(), button.isChecked(), button.isEnabled()) for button in buttons]


@pytest.fixture
def scene(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(qtbot, Kit(qapp, tmp_path, language="en", theme="light"))
    yield made
    delete(made.page)


def test_it_moves_on_to_the_next_stage_by_itself(scene: Scene) -> None:
    scene.open("pipe")
    assert scene.shown() == "pipe"
    assert scene.strip() == [
        ("1  Pretrain  to come", False, False),
        ("2  Chat tuning (SFT)  to come", False, False),
    ]
    first = scene.begin(1)
    scene.settle()
    assert scene.shown() == first
    assert scene.strip()[0] == ("1  Pretrain  50%", True, True)
    scene.runs.change(first, state=RunState.FINISHED, wall_s=120.0)
    scene.settle()
    assert scene.shown() == first
    second = scene.begin(2)
    scene.settle()
    assert scene.shown() == second
    assert scene.strip() == [("1  Pretrain  2 min", False, True), ("2  Chat tuning (SFT)  50%", True, True)]


def test_who_looks_at_an_earlier_stage_stays_there(scene: Scene) -> None:
    first, second = scene.begin(1, RunState.FINISHED), scene.begin(2)
    scene.open("pipe")
    assert scene.shown() == second
    scene.qtbot.mouseClick(scene.page.top.stages.buttons()[0], Qt.MouseButton.LeftButton)
    scene.settle()
    assert scene.shown() == first
    assert [checked for _text, checked, _on in scene.strip()] == [True, False]
    scene.qtbot.mouseClick(scene.page.top.stages.buttons()[1], Qt.MouseButton.LeftButton)
    scene.settle()
    assert scene.shown() == second


def test_a_stage_that_failed_shows_its_panel(scene: Scene) -> None:
    first = scene.begin(1)
    scene.open(first)
    scene.runs.change(first, state=RunState.FAILED)
    scene.settle()
    assert scene.page.failure_panel.isVisible()
    assert scene.strip()[0][0] == "1  Pretrain  Failed"


def test_any_other_run_has_no_strip(scene: Scene) -> None:
    alone = scene.runs.put(make_run(run_id="alone"))
    scene.open(alone)
    assert scene.page.top.stages.isHidden()


def test_a_run_that_waits_shows_its_plan(scene: Scene) -> None:
    waiting = make_run(RunState.QUEUED, step=0, run_id="waiting", queue_position=2)
    scene.runs.put(waiting)
    scene.open("waiting")
    shown = [(block.label.text(), block.number.text()) for block in scene.page.body.figures.blocks]
    assert shown == [
        ("Time", "—"),
        ("Length", "4,000"),
        ("Parameters", "25.8"),
        ("Learning rate", "3e-4"),
        ("Tokens per step", "automatic"),
    ]


def test_plans_of_every_length() -> None:
    job = make_job(
        "r", model=ModelRef(checkpoint="/x"), settings={"save_every": 500, "tokens_per_step": 65536}
    )
    lengths = [
        planned_figures(dataclasses.replace(job, budget=budget))[1].number
        for budget in (Budget(steps=10), Budget(minutes=90.0), Budget(epochs=2.0), Budget())
    ]
    assert lengths == ["10", "1 h 30 min", "2 passes", "1 pass"]
    figures = planned_figures(job)
    assert (figures[2].number, figures[4].number) == ("—", "65.5")
    limited = planned_figures(dataclasses.replace(job, budget=Budget(steps=10, minutes=2.0)))[1]
    assert (limited.number, limited.sub) == ("10", "at most 2 min")


def test_a_plan_says_how_long_it_takes_and_what_it_costs() -> None:
    job = make_job("r", model=ModelRef(preset="mini"))
    expected = Forecast(seconds=1440.0, cost=0.36)
    assert planned_figures(job)[0].number == "—"
    time = planned_figures(job, None, expected)[0]
    assert (time.number, time.sub) == ("about 24 min", "¥0.36")


def test_the_plan_of_a_recipe_is_that_of_its_stages() -> None:
    figures = planned_figures(job_for("first"))
    assert (figures[1].number, figures[1].sub) == ("2", "Pretrain › Chat tuning (SFT)")
    assert figures[2].sub == "mini"
    assert {figures[3].number, figures[4].number} == {"as in the recipe"}


def test_a_phase_says_how_long_it_still_takes() -> None:
    fake = make_run(RunState.STARTING, step=0)
    span = PhaseSpan(attempt=1, phase="prepare", began=T0, ended=T0)
    early = words.progress(fake.record, [span], now=lambda: T0 + 1)
    later = words.progress(fake.record, [span], now=lambda: T0 + 9)
    assert early.note == "31%"
    assert later.note == "31%, 20 s left"
