"""Language and theme change in mid-run: nothing stays behind in the other language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from PySide6.QtGui import QColor

from tests.end_to_end.conftest import OpenStudio
from tests.end_to_end.driver import Person, settle
from tests.end_to_end.seeing import Painted, said_by
from tests.end_to_end.ways import add_files, losses_shown, pretrain

PO = Path(__file__).resolve().parents[2] / "assets/locale/zh/LC_MESSAGES/minimind.po"
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
        person.press("F1")
        seen |= texts(person)
        person.press("F1")
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
    own = (*prompts, tools.runs.project)
    visited = visit(person, file)
    # on labels, on buttons, and painted by our own widgets
    assert {"en": {"Running", "Home"}, "zh": {"训练中", "首页"}}[language] <= visited
    seen = [text for text in visited if not any(part in text for part in own)]
    return sorted(text for text in seen if _is_foreign(text, language))


def _is_foreign(text: str, language: str) -> bool:
    plain = re.sub(r"<[^>]+>", "", text).strip()
    whole, parts = _foreign(language)
    return any(pattern.fullmatch(plain) for pattern in whole) or any(part in plain for part in parts)


@cache
def _foreign(language: str) -> tuple[list[re.Pattern[str]], list[str]]:
    """Sentences of the other language with anything in their places, and phrases that may stand in a line."""
    with PO.open("rb") as file:
        catalog = read_po(file)
    whole, parts = [], []
    for message in catalog:
        english, chinese = _forms(message.id), _forms(message.string)
        mine, others = (chinese, english) if language == "zh" else (english, chinese)
        for text in others:
            fixed = re.split(r"\{[^}]*\}", text)
            # a sentence that is nothing but places would fit everything
            if text not in mine and re.search(r"\w\w", "".join(fixed)):
                whole.append(re.compile(r"[^\n]+?".join(re.escape(part) for part in fixed)))
                if len(fixed) == 1 and re.search(r"\w \w|[\u4e00-\u9fff]{4}", text):
                    parts.append(text)
    return whole, parts


def _forms(text: object) -> list[str]:
    if isinstance(text, str):
        return [text]
    return [form for form in text if isinstance(form, str)] if isinstance(text, Iterable) else []
