"""One look for the tests of the window; Qt is offscreen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from minimind.text import set_language
from studio.ui.appearance import Appearance
from studio.ui.fonts import load_fonts


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
