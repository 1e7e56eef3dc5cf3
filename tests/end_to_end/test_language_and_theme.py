"""Language and theme change in mid-run: nothing stays behind in the other language."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtGui import QColor

from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import Person, settle
from tests.end_to_end.seeing import Painted, said_by
from tests.end_to_end.ways import add_files, losses_shown, pretrain
from tests.helpers.foreign import is_foreign

LONG = 1_000_000


def test_both_switch_while_it_trains(open_studio: OpenStudio, pretrain_text: Path) -> None:
    person = open_studio()
    every = {"Let it speak every": "5", "Save every": "5"}
    pretrain(person, pretrain_text, steps=LONG, name="A 训练", settings=every)
    person.wait_for_state("Running")
    person.wait(lambda: person.run.checkpoints, "the first checkpoint")
    assert leftovers(person, pretrain_text, "en") == []

    person.go("Preferences")
    person.choose("Language", "中文")
    person.choose("主题", "深色")
    assert leftovers(person, pretrain_text, "zh") == []
    person.go("训练")
    ground = person.window.grab().toImage().pixelColor(5, 300)
    assert ground == person.window._tools.appearance.color("window")
    assert ground.lightness() < QColor("#808080").lightness()
    person.go("偏好设置")
    person.choose("语言", "English")
    person.choose("Theme", "Light")
    assert leftovers(person, pretrain_text, "en") == []
    before = len(losses_shown(open_run(person)))
    person.wait(lambda: len(losses_shown(person)) > before, "the run to go on")
    assert person.state() == "Running"


def open_run(person: Person) -> Person:
    """The page of the run, from the status bar."""
    person.click(person.window.status.job)
    person.wait(lambda: person.window.current_key == "run", "the run's page")
    return person


def visit(person: Person, file: Path) -> set[str]:
    """Go through every page with the keyboard and the rail; returns all texts seen, heard or pointed at."""
    seen: set[str] = set()
    with Painted() as painted:
        for place in range(1, 4):
            person.press(f"Ctrl+{place}")
            seen |= texts(person)
        person.press("Ctrl+N")
        page = person.window.current_page()
        for step in page.steps:  # type: ignore[attr-defined]
            person.click(page.stepper.button(step))  # type: ignore[attr-defined]
            if step.value == "data" and not page.plan.choices.data:  # type: ignore[attr-defined]
                add_files(person, [file])
            seen |= texts(person)
        person.press("Ctrl+E")
        person.click(page.stepper.button("settings"))  # type: ignore[attr-defined]
        seen |= texts(person)
        person.press("Ctrl+E")
        open_run(person)
        tabs = person.run_page.body.side_tabs
        for key in tabs.held():
            tabs.open(key)
            seen |= texts(person)
        for shown in (person.window.show_shortcuts, person.window.show_glossary, person.window.show_palette):
            shown()
            seen |= texts(person)
        person.press("Escape")
        person.window.open_doctor()
        person.wait(lambda: person.window.current_page().rows, "what the doctor found")  # type: ignore[attr-defined]
        seen |= texts(person)
        person.press("Ctrl+,")
        seen |= texts(person)
        settle()
    return seen | set(painted.texts)


def texts(person: Person) -> set[str]:
    """What is in sight, with tool tips and names for screen readers."""
    settle()
    person.window.repaint()
    return {text for _widget, text in said_by(person.window)}


def leftovers(person: Person, file: Path, language: str) -> list[str]:
    """Texts that are word for word what the other language says; what the run said is what it is."""
    tools = person.window._tools
    (run,) = tools.runs.runs()
    prompts = json.loads((run.folder / "attempts" / "001.json").read_text("utf-8"))["plan"]["sample_prompts"]
    visited = visit(person, file)
    # the glossary says on purpose what a word is called elsewhere
    own = (*prompts, tools.runs.project, person.window.overlays.glossary.expert.text())
    # on labels, on buttons, and painted by our own widgets
    assert {"en": {"Running", "Home"}, "zh": {"训练中", "首页"}}[language] <= visited
    # the trainer wrote it, in the language that it was started in
    log = (run.folder / "log.txt").read_text("utf-8")
    # the data page paints the rows of the file token by token
    rows = file.read_text("utf-8")
    seen = [t for t in visited if t not in log and t not in rows and not any(part in t for part in own)]
    return sorted(text for text in seen if is_foreign(text, language))
