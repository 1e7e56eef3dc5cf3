from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.app import _follow
from studio.preferences import PreferencesFile


class Look:
    """Remembers what was asked of it."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def set(self, **values: Any) -> None:
        self.calls.append({name: value for name, value in values.items() if value is not None})


def test_what_the_command_line_asked_for_holds_until_that_very_thing_is_changed(tmp_path: Path) -> None:
    preferences, look = PreferencesFile(tmp_path / "preferences.json"), Look()
    _follow(look, preferences)  # type: ignore[arg-type]
    preferences.change(text_size=115)
    assert look.calls == [{"text_size": 115, "reduce_motion": False}]
    preferences.change(language="zh")
    assert look.calls[-1] == {"language_choice": "zh", "text_size": 115, "reduce_motion": False}
    preferences.change(theme="dark")
    assert look.calls[-1] == {"theme_choice": "dark", "text_size": 115, "reduce_motion": False}
