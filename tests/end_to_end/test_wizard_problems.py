"""A plan with something wrong in each step: said in words, led to by the button, mended, started."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton

from studio.planning.route import Step
from studio.ui.wizard.wizard_page import WizardPage
from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import Person
from tests.end_to_end.ways import add_files, start, wait_until_read


@pytest.fixture
def text(pretrain_text: Path, tmp_path: Path) -> Path:
    """A file of one's own that may be damaged."""
    mine = tmp_path / "my text.jsonl"
    shutil.copyfile(pretrain_text, mine)
    return mine


def test_a_problem_in_each_step(open_studio: OpenStudio, text: Path, tmp_path: Path) -> None:
    person = open_studio()
    # what: a draft of a newer program asks for a method that is not here
    person.window._tools.navigator.new_run({"method": "telepathy", "preset": "tiny"})
    settles_in(person, "Choose what to do")
    assert person.sees("does not know the method “telepathy”")
    assert pill(person) == "Has an error"
    person.click(re.compile(r"^Pretrain\."))

    # model: none of a run that is gone
    person.window._tools.navigator.new_run({"method": "pretrain", "checkpoint": "gone"})
    settles_in(person, "Choose a model")
    assert person.sees("The run gone or its checkpoint is gone; choose another model.")
    person.click("New model")
    person.click(re.compile(r"\. tiny\."))

    # data: nothing, then a file without a usable row, then one that is good
    settles_in(person, "Choose a data file")
    person.click("Choose a data file")
    assert person.sees("Choose at least one data file")
    bad = tmp_path / "prompts.jsonl"
    bad.write_text('{"prompt": "hello"}\n' * 3, "utf-8")
    add_files(person, [bad])
    assert person.sees("prompts.jsonl")
    settles_in(person, "Choose another file")
    assert pill(person) == "Has an error"
    person.click("Remove prompts.jsonl from the list")
    add_files(person, [text])

    # settings: a rate beyond its bound; the button says so, and leads to the field
    person.click("Next")
    person.click("All settings")
    person.click("steps")
    person.type("Length of training", "0")
    settles_in(person, "Length of training: this must be above 0")
    assert person.sees("This must be above 0")
    person.type("Length of training", "4")
    person.type("Sequence length", "128")
    person.type("Tokens per step", "1024")
    person.type("Learning rate", "5")
    settles_in(person, re.compile(r"^Learning rate: at most"))
    person.click("Next")
    person.click(re.compile(r"^Learning rate: at most"))
    focused = person.window.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Learning rate"
    person.type("Learning rate", "0.001")

    # review: a warning is no obstacle, and the words above and on the button agree
    person.click("Next")
    assert person.sees("Only 4 steps: it will hardly learn anything")
    assert pill(person).startswith("Ready, ")
    person.button("Start anyway")
    run = start(person)
    person.wait_for_state("Finished")
    assert run.method == "pretrain"


def test_a_file_that_goes_away_is_noticed(open_studio: OpenStudio, text: Path) -> None:
    person = open_studio()
    person.window._tools.navigator.new_run({"method": "pretrain", "preset": "tiny", "data": [str(text)]})
    wait_until_read(person)
    person.wait_for_button(re.compile("^Start"))
    text.unlink()
    person.click(wizard(person).stepper.button(Step.DATA))
    person.wait_to_see("there is no such file")
    settles_in(person, "Choose another file")


def wizard(person: Person) -> WizardPage:
    """The page in front."""
    page = person.window.current_page()
    assert isinstance(page, WizardPage), person.window.current_key
    return page


def pill(person: Person) -> str:
    """What the run preview says of the plan."""
    return wizard(person).preview.pill.text()


def settles_in(person: Person, words: str | re.Pattern[str]) -> None:
    """The start button comes to say that."""
    button: QAbstractButton = wizard(person).preview.start

    def says() -> bool:
        return bool(words.search(button.text())) if isinstance(words, re.Pattern) else button.text() == words

    person.wait(says, f"the start button to say {words!r}, not {button.text()!r}")
