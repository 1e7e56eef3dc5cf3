"""The program in the applications menu of a Linux desktop: put there when asked, taken away again. No Qt.

Files: `applications/minimind-studio.desktop` and icons in `icons/hicolor/` of the person's data folder, as
the freedesktop.org specifications of desktop entries and icon themes want them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from minimind.assets import ASSETS
from minimind.files import replace_bytes
from studio.paths import APP, ROOT

ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)


def is_possible(platform: str = sys.platform) -> bool:
    """True where desktops read such entries."""
    return platform.startswith("linux")


class DesktopEntry:
    """The entry of this checkout.

    Args:
        data: the folder of the person's data; None takes the system's rule.
    """

    def __init__(self, data: Path | None = None) -> None:
        named = os.environ.get("XDG_DATA_HOME", "")
        self._data = data or (Path(named) if named.startswith("/") else Path.home() / ".local" / "share")

    @property
    def path(self) -> Path:
        """The entry itself."""
        return self._data / "applications" / f"{APP}.desktop"

    def is_there(self) -> bool:
        """True when the menu has it."""
        return self.path.is_file()

    def add(self, icons: Mapping[int, bytes], svg: bytes) -> None:
        """Write icons and entry; an older entry is replaced.

        Args:
            icons: PNG by edge in pixels; svg: the icon in its colour.

        Raises:
            OSError: what was written before it stays.
        """
        for size, png in icons.items():
            self._write(self._icon(f"{size}x{size}", "png"), png)
        self._write(self._icon("scalable", "svg"), svg)
        # last: the entry names what is there
        self._write(self.path, text().encode())

    def remove(self) -> None:
        """Take the entry and its icons away; what is not there is no matter.

        Raises:
            OSError: a file could not be removed.
        """
        self.path.unlink(missing_ok=True)
        for size in ICON_SIZES:
            self._icon(f"{size}x{size}", "png").unlink(missing_ok=True)
        self._icon("scalable", "svg").unlink(missing_ok=True)

    def _icon(self, size: str, ending: str) -> Path:
        return self._data / "icons" / "hicolor" / size / "apps" / f"{APP}.{ending}"

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, content, sync=False)


def text(python: str = sys.executable, program: Path = ROOT / "main.py") -> str:
    """What the entry says, in both languages."""
    return "\n".join(
        [
            "[Desktop Entry]",
            "Type=Application",
            "Name=MiniMind Studio",
            "Comment=Train a small language model of your own, at home",
            "Comment[zh_CN]=在自己的电脑上训练一个小语言模型",
            f"Exec={quoted(python)} {quoted(str(program))}",
            f"Icon={APP}",
            "Terminal=false",
            "Categories=Education;Science;ArtificialIntelligence;",
            f"StartupWMClass={APP}",
            "StartupNotify=true",
            "",
        ]
    )


def quoted(argument: str) -> str:
    """One argument of an Exec line: quoted, then escaped as every string of an entry is."""
    plain = "".join(f"\\{sign}" if sign in '"`$\\' else sign for sign in argument).replace("%", "%%")
    return '"' + plain.replace("\\", "\\\\") + '"'


def icon_svg(colour: str) -> bytes:
    """The program's icon in one colour."""
    return (ASSETS / "icons" / "app.svg").read_text("utf-8").replace("currentColor", colour).encode()
