from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from studio import desktop_entry
from studio.desktop_entry import ICON_SIZES, DesktopEntry, icon_svg, quoted, text


def test_it_is_added_and_taken_away_without_a_trace(tmp_path: Path) -> None:
    entry = DesktopEntry(tmp_path)
    assert not entry.is_there()
    entry.remove()
    entry.add(dict.fromkeys(ICON_SIZES, b"png"), b"<svg/>")
    assert entry.is_there()
    icons = sorted(path.parts[-3] for path in tmp_path.rglob("minimind-studio.png"))
    assert icons == sorted(f"{size}x{size}" for size in ICON_SIZES)
    entry.remove()
    assert not entry.is_there()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_data_folder_follows_the_desktops_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert DesktopEntry().path == tmp_path / "applications" / "minimind-studio.desktop"
    # a relative one is to be ignored
    monkeypatch.setenv("XDG_DATA_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert DesktopEntry().path == tmp_path / ".local/share/applications/minimind-studio.desktop"


def test_the_entry_starts_this_program() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text("/usr/bin/python3", Path("/opt/my studio/main.py")))
    entry = parser["Desktop Entry"]
    assert entry["exec"] == '"/usr/bin/python3" "/opt/my studio/main.py"'
    assert entry["icon"] == entry["startupwmclass"] == "minimind-studio"


def test_odd_folders_are_quoted() -> None:
    assert quoted("/a b") == '"/a b"'
    assert quoted("/100%") == '"/100%%"'
    assert quoted("/a$b") == r'"/a\\$b"'
    assert quoted('/a"b') == r'"/a\\"b"'


def test_the_desktops_own_check_finds_nothing(tmp_path: Path) -> None:
    tool = shutil.which("desktop-file-validate")
    if tool is None:
        pytest.skip("desktop-file-validate is not installed")
    entry = DesktopEntry(tmp_path)
    entry.add({}, icon_svg("blue"))
    done = subprocess.run([tool, entry.path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_only_where_desktops_read_it() -> None:
    assert desktop_entry.is_possible("linux")
    assert not desktop_entry.is_possible("win32")
    assert not desktop_entry.is_possible("darwin")
