from __future__ import annotations

import json
from pathlib import Path

import pytest

from minimind.errors import BadInput
from minimind.options import options_of
from studio.preferences import Preferences, PreferencesFile, load


def test_every_preference_was_declared_with_option() -> None:
    assert {item.name for item in options_of(Preferences)} == set(Preferences.__dataclass_fields__)


def test_a_change_is_saved_told_and_read_again(tmp_path: Path) -> None:
    file = PreferencesFile(tmp_path / "new" / "preferences.json")
    told: list[Preferences] = []
    file.listen(told.append)
    file.change(theme="dark", text_size=115, price_per_hour=2.5)
    assert told == [file.current]
    again = load(file.path)
    assert (again.theme, again.text_size, again.price_per_hour) == ("dark", 115, 2.5)


def test_the_same_value_tells_nobody(tmp_path: Path) -> None:
    file = PreferencesFile(tmp_path / "preferences.json")
    told: list[Preferences] = []
    file.listen(told.append)
    file.change(theme="system")
    assert told == []
    assert not file.path.exists()


@pytest.mark.parametrize(
    "values", [{"theme": "pink"}, {"text_size": 101}, {"keep_checkpoints": 0}, {"nose": 1}]
)
def test_a_value_out_of_bounds_changes_nothing(tmp_path: Path, values: dict[str, object]) -> None:
    file = PreferencesFile(tmp_path / "preferences.json")
    with pytest.raises(BadInput):
        file.change(**values)
    assert file.current == Preferences()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"theme": 3, "unknown": true}'])
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "preferences.json"
    path.write_bytes(content)
    assert load(path) == Preferences()


def test_what_is_good_in_a_damaged_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    path.write_text(json.dumps({"v": 9, "theme": "dark", "text_size": 7, "later": 1}), "utf-8")
    assert load(path) == Preferences(theme="dark")


def test_languages_are_written_in_their_own_language_everywhere() -> None:
    from minimind.text import in_every_language

    labels = next(f.option.choice_labels for f in options_of(Preferences) if f.name == "language")
    assert [set(in_every_language(label)) for label in labels[1:]] == [{"中文"}, {"English"}]
