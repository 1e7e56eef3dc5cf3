"""One look for the tests of the window; Qt is offscreen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from minimind.text import set_language
from studio.ui.appearance import Appearance
from studio.ui.fonts import load_fonts
from tests.studio.ui.wizard_kit import Scene, write_text


@pytest.fixture(scope="session")
def _fonts(qapp: QApplication) -> None:
    load_fonts()


@pytest.fixture
def appearance(qapp: QApplication, _fonts: None, tmp_path: Path) -> Iterator[Appearance]:
    """English, light, nothing moves."""
    yield Appearance(qapp, tmp_path / "look", theme_choice="light", language_choice="en", reduce_motion=True)
    set_language("en")
    # qtbot only asks for deletion; a stylesheet would be applied to the windows of all tests so far
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def scene_of(qtbot: QtBot, appearance: Appearance, tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Makes a wizard page with what it needs; keyword arguments as in `Scene`."""
    made: list[Scene] = []

    def make(**changes: Any) -> Scene:
        made.append(Scene(qtbot, appearance, tmp_path, **changes))
        return made[-1]

    yield make
    for scene in made:
        scene.checks.close()


@pytest.fixture
def scene(scene_of: Callable[..., Scene]) -> Scene:
    """A wizard page on a computer without a card."""
    return scene_of()


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """Eight thousand rows of text under a name with spaces, Chinese and an emoji."""
    return write_text(tmp_path / "我的 小说 😀.jsonl", 8000)
