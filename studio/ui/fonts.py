"""Type: the roles of the design, their fonts, and the font files that come with the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from minimind.assets import ASSETS

SANS = [
    "Inter",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei UI",
    "WenQuanYi Micro Hei",
]
MONO = [
    "JetBrains Mono",
    "Noto Sans Mono CJK SC",
    "PingFang SC",
    "Microsoft YaHei UI",
    "WenQuanYi Micro Hei Mono",
]


@dataclass(frozen=True, kw_only=True)
class Role:
    """One size of type: pixels, height of a line in pixels, weight, tabular figures, fixed width."""

    px: int
    line: int
    weight: int = 400
    tabular: bool = False
    mono: bool = False


ROLES = {
    "display": Role(px=26, line=36, weight=600),
    "title": Role(px=22, line=30, weight=600),
    "figure": Role(px=24, line=32, weight=500, tabular=True),
    "figure_s": Role(px=18, line=26, weight=500, tabular=True),
    "heading": Role(px=16, line=24, weight=600),
    "reading": Role(px=15, line=25),
    "sample": Role(px=14, line=23),
    "body": Role(px=13, line=20),
    "strong": Role(px=13, line=20, weight=500),
    "card": Role(px=13, line=20, weight=600),
    "small": Role(px=12, line=18),
    "mono": Role(px=12, line=19, mono=True),
}


def pixels(role: str, scale: float = 1.0) -> int:
    """Size of a role's letters in pixels at a text scale."""
    return round(ROLES[role].px * scale)


def line_height(role: str, scale: float = 1.0) -> int:
    """Height of a role's line in pixels; rows and labels take it, never QFontMetrics.height()."""
    return round(ROLES[role].line * scale)


def font(role: str, scale: float = 1.0, *, tabular: bool = False, weight: int | None = None) -> QFont:
    """The font of a role.

    Args:
        role: a key of ROLES.
        scale: the person's text size, 1.0 is 100%.
        tabular: figures of equal width, for text that shows changing numbers; never for names.
        weight: instead of the role's own.
    """
    described = ROLES[role]
    made = QFont(MONO if described.mono else SANS)
    made.setPixelSize(pixels(role, scale))
    made.setWeight(QFont.Weight(weight or described.weight))
    if tabular or described.tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    if described.mono:
        # else the letters <| of special tokens become one triangle
        made.setFeature(QFont.Tag("calt"), 0)
        made.setStyleHint(QFont.StyleHint.Monospace)
    return made


def load_fonts(folder: Path = ASSETS / "fonts") -> list[str]:
    """Register the font files of a folder with Qt.

    Returns:
        Names of files that Qt could not read; the system's fonts stand in for them.
    """
    return [
        path.name
        for path in sorted(folder.glob("*.ttf"))
        if QFontDatabase.addApplicationFont(str(path)) == -1
    ]
