"""From the first start to a talk with a model of one's own, with the mouse alone."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSlider

from minimind.job import Budget
from minimind.recipes import RECIPES
from minimind.run_state import RunState
from studio.ui.chat.messages import Answer
from studio.ui.pages.home_page import HomePage
from studio.ui.widgets.buttons import LinkButton
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import Person

STEPS = {"pretrain": 20, "sft": 4}
QUICK: dict[str, Any] = {"seq_len": 128, "tokens_per_step": 1024, "eval_every": 0}


@pytest.fixture(autouse=True)
def short_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same recipe with a small model and few steps: another budget, no other way."""
    first = RECIPES["first"]
    stages = []
    for stage in first.stages:
        budget = Budget(steps=STEPS[stage.name])
        stages.append(dataclasses.replace(stage, settings={**stage.settings, **QUICK}, budget=budget))
    monkeypatch.setitem(RECIPES, "first", dataclasses.replace(first, model="tiny", stages=tuple(stages)))


@pytest.fixture
def mouse_only(qapp: QApplication) -> list[str]:
    """Every key that was pressed, so that a test can say there was none."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtGui import QKeyEvent

    pressed: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                pressed.append(event.text())
            return False

    watch = Watch(qapp)
    qapp.installEventFilter(watch)
    return pressed


def test_one_click_from_nothing_to_a_talk(open_studio: OpenStudio, mouse_only: list[str]) -> None:
    person = open_studio()
    presses_the_door(person)
    person.wait(lambda: person.window.current_key == "run", "the run's page")
    # nobody presses anything: stage follows stage, and the chat opens by itself
    person.wait(lambda: person.window.current_key == "chat", "the chat")
    runs = person.window._tools.runs.runs()
    pipeline = next(run for run in runs if run.kind == "pipeline")
    stages = [run for run in runs if run.parent == pipeline.run_id]
    assert pipeline.state is RunState.FINISHED
    assert [(run.stage, run.method, run.step) for run in sorted(stages, key=lambda run: run.stage or 0)] == [
        (1, "pretrain", STEPS["pretrain"]),
        (2, "sft", STEPS["sft"]),
    ]
    asks_an_example(person)
    assert mouse_only == []


def test_pressed_twice_is_one_run(open_studio: OpenStudio) -> None:
    person = open_studio()
    presses_the_door(person)
    person.wait(lambda: person.window.current_key == "run", "the run's page")
    person.go("Home")
    person.click("Open the first model in training")
    person.wait(lambda: person.window.current_key == "run", "the same run's page")
    person.go("Home")
    page = person.window.current_page()
    assert isinstance(page, HomePage)
    assert [row.name.text() for row in page.later.going_on.rows()] == ["My first model"]
    kinds = [run.kind for run in person.window._tools.runs.runs()]
    assert kinds.count("pipeline") == 1
    person.wait(lambda: person.window.current_key == "chat", "the chat, from the first page too")


def test_whoever_went_elsewhere_is_told(open_studio: OpenStudio) -> None:
    person = open_studio()
    presses_the_door(person)
    person.wait(lambda: person.window.current_key == "run", "the run's page")
    person.go("Runs")
    person.wait_to_see("is ready to talk")
    assert person.window.current_key == "runs"
    person.click(person.find(LinkButton, "Open"))
    person.wait(lambda: person.window.current_key == "chat", "the chat")


def presses_the_door(person: Person) -> None:
    """The first page, and the one filled button on it."""
    assert person.window.current_key == "home"
    person.click(re.compile(r"^Start"))


def asks_an_example(person: Person) -> None:
    """Clicks a question that is offered, and reads an answer."""
    page: Any = person.window.current_page()
    person.wait(lambda: page.examples.isVisible(), "example questions")
    loudest(person)
    person.click(page.examples.buttons[0])
    person.wait(lambda: person.all(Answer), "an answer")
    person.wait_for_button("Say it again")
    # what so short a training makes is no sentence; words came, and they were counted
    assert person.sees("first after")


def loudest(person: Person) -> None:
    """The highest temperature, by clicks beside its handle: at rest so short a training says nothing."""
    slider = person.find(QSlider, "Temperature")
    while slider.value() < slider.maximum():
        before = slider.value()
        end = slider.rect().center() + QPoint(slider.width() // 2 - 2, 0)
        QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=end)
        assert slider.value() > before
