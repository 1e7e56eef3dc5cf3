"""Looks at every scene of `bench.pages` once per language, and keeps what there was to see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication, QMenu, QWidget

from bench.pages.scenes import Scene
from bench.pages.stage import Stage, floating
from bench.pages.worlds import ANSWERS, NAMES, PROJECT, QUESTIONS, THOUGHT, Worlds
from minimind.events import read_events
from minimind.run_folder import RunFolder
from tests.end_to_end.seeing import Painted, said_by
from tests.studio.ui.arrangement import PaintedPast, overlapping, sticking_out
from tests.studio.ui.clipping import clipped

SMALLEST = (1024, 640)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One scene in one language.

    Attributes:
        faults: of its layout, at the smallest size.
        large_faults: the same with text of 130%, in English.
        texts: everything said, painted or in a tool tip, without what is data.
    """

    faults: list[str] = field(default_factory=list)
    large_faults: list[str] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)


def look_at(application: QApplication, folder: Path, worlds: Worlds, scene: Scene, language: str) -> Seen:
    """Reach a scene in a window of its own and look."""
    worlds.fresh(scene.world, language, folder / "projects")
    stage = Stage(
        application,
        folder / "home",
        folder / "projects",
        language=language,
        size=SMALLEST,
        facts=scene.facts,
    )
    try:
        scene.reach(stage)
        stage.settle()
        with Painted() as painted:
            faults = _faults(stage)
        texts = {text for root in _roots(stage) for _widget, text in said_by(root)}
        texts |= {text for root in _roots(stage) for text in _in_menu(root)} | set(painted.texts)
        own = _data(stage)
        large = []
        if language == "en":
            # the longer language; restyling a window takes longer than anything else here
            stage.dress(theme="light", size=SMALLEST, text_size=130)
            large = _faults(stage)
            stage.appearance.set(text_size=100)
    finally:
        stage.close()
    said = {rest for text in texts if (rest := _without_data(text, own))}
    return Seen(faults=faults, large_faults=large, texts=said)


def _roots(stage: Stage) -> list[QWidget]:
    return [stage.window, *floating(stage.window)]


def _faults(stage: Stage) -> list[str]:
    # a grid of cards asks for its height again once it knows its width
    for _round in range(3):
        stage.settle()
    with PaintedPast() as painted:
        for root in _roots(stage):
            root.grab()
    found = list(painted.faults)
    for root in _roots(stage):
        found += [f"cut off: {fault}" for fault in clipped(root)]
        found += [f"over each other: {fault}" for fault in overlapping(root)]
        found += [f"sticks out: {fault}" for fault in sticking_out(root)]
    return found


def _in_menu(root: QWidget) -> list[str]:
    return [action.text().partition("\t")[0] for action in root.actions()] if isinstance(root, QMenu) else []


def _data(stage: Stage) -> list[str]:
    """What is the same in both languages because a person, a model or a trainer said it."""
    language = stage.language
    found = [*(names[language] for names in NAMES.values()), PROJECT[language], THOUGHT[language]]
    for text in (*QUESTIONS[language], *ANSWERS[language]):
        found += [text, *text.splitlines()]
    for job in stage.projects.glob("*/runs/*/job.json"):
        folder = RunFolder(job.parent)
        found += [job.parent.name, str(job.parent), *_lines(folder.log_file)]
        for event in _samples(folder.events_file):
            prompt, said = str(event["prompt"]), str(event["text"])
            found += [prompt + said, prompt, said, *said.splitlines()]
    return sorted({part.strip() for part in found if len(part.strip()) > 1}, key=len, reverse=True)


def _samples(file: Path) -> list[dict[str, Any]]:
    return [event.fields for event in read_events(file) if event.kind == "sample"] if file.exists() else []


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


def _without_data(text: str, own: list[str]) -> str:
    """What is left of a text, nothing if it was data only."""
    rest = re.sub(r"<[^>]+>", "", text)
    for part in own:
        rest = rest.replace(part, "")
    return rest if re.search(r"[^\W\d_]", rest) else ""
