"""Colour: every token of the design, light and dark, and the palette and stylesheet made from them.

The only module with colour values; everything else names tokens.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from PySide6.QtGui import QColor, QPalette

from minimind.assets import ASSETS
from studio.ui import fonts


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One set of colours; each token is `#RRGGBB`, `curves` has the eight slots of plots in order."""

    name: str
    window: str
    surface: str
    sunken: str
    track: str
    hover: str
    selected: str
    border: str
    border_strong: str
    border_control: str
    text: str
    text2: str
    text3: str
    text_disabled: str
    accent: str
    accent_hover: str
    accent_press: str
    on_accent: str
    accent_text: str
    accent_soft: str
    accent_border: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    danger_fill: str
    danger_border: str
    grid: str
    axis: str
    mask: str
    mask_alt: str
    mask_text: str
    curves: tuple[str, ...]

    @property
    def dark(self) -> bool:
        """True for light letters on a dark ground."""
        return self.name == "dark"

    def color(self, token: str) -> QColor:
        """A token as QColor; `curve1` … `curve8` and `raw1` … `raw8` name the slots of plots."""
        return QColor(self.hex(token))

    def hex(self, token: str) -> str:
        """A token as `#RRGGBB`, slots as in `color`.

        Raises:
            AttributeError: no such token.
        """
        if token.startswith("curve") and token[5:].isdigit():
            return self.curves[int(token[5:]) - 1]
        if token.startswith("raw") and token[3:].isdigit():
            return self.raw(int(token[3:]))
        return str(getattr(self, token))

    def raw(self, slot: int) -> str:
        """Colour of an unsmoothed curve: the slot's colour, 34% of it in `surface`, solid."""
        front, ground = QColor(self.curves[slot - 1]), QColor(self.surface)
        mixed = [
            round(0.34 * a + 0.66 * b)
            for a, b in zip(front.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
        ]
        return QColor(*mixed).name()

    def tokens(self) -> dict[str, str]:
        """Every single colour by its token's name."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if name not in ("name", "curves")}


LIGHT = Theme(
    name="light",
    window="#F6F6F4",
    surface="#FFFFFF",
    sunken="#EFEFEC",
    track="#E6E5E0",
    hover="#ECECE8",
    selected="#E9ECFB",
    border="#E3E2DD",
    border_strong="#CBCAC3",
    border_control="#83827D",
    text="#1C1C1F",
    text2="#55555B",
    text3="#66666C",
    text_disabled="#A3A3A6",
    accent="#3B55D0",
    accent_hover="#3148B8",
    accent_press="#283C9E",
    on_accent="#FFFFFF",
    accent_text="#3148B8",
    accent_soft="#E9ECFB",
    accent_border="#B9C3F1",
    success="#1B7348",
    success_soft="#E3F2EA",
    warning="#8A5600",
    warning_soft="#FBF0DA",
    danger="#B8322A",
    danger_soft="#FBE9E7",
    danger_fill="#C0392F",
    danger_border="#E3A39D",
    grid="#EEEDE9",
    axis="#B9B8B2",
    mask="#DDE8FB",
    mask_alt="#EBF1FD",
    mask_text="#26409F",
    curves=("#3153D6", "#C8620A", "#38865C", "#9F5E97", "#1199CB", "#5F5D00", "#3E1D95", "#87252F"),
)

DARK = Theme(
    name="dark",
    window="#151619",
    surface="#1C1D21",
    sunken="#121316",
    track="#2C2E34",
    hover="#26282D",
    selected="#262B45",
    border="#2C2E34",
    border_strong="#3F424A",
    border_control="#7A7D86",
    text="#ECECEE",
    text2="#B0B2B9",
    text3="#92959E",
    text_disabled="#60636B",
    accent="#4A60D8",
    accent_hover="#5369E2",
    accent_press="#4054C6",
    on_accent="#FFFFFF",
    accent_text="#A5B2FF",
    accent_soft="#232845",
    accent_border="#414C86",
    success="#5FC893",
    success_soft="#172B21",
    warning="#E3AE52",
    warning_soft="#30260F",
    danger="#FF8A80",
    danger_soft="#371C1B",
    danger_fill="#C9453B",
    danger_border="#6E3431",
    grid="#25272C",
    axis="#4A4D55",
    mask="#24315C",
    mask_alt="#1F2848",
    mask_text="#A5B2FF",
    curves=("#8B9BFF", "#F0963C", "#3C9267", "#B777A9", "#71DEFA", "#E7E18D", "#7758BD", "#C35935"),
)

THEMES = {"light": LIGHT, "dark": DARK}

_ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "window",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.ToolTipBase: "text",
    QPalette.ColorRole.ToolTipText: "surface",
    QPalette.ColorRole.Highlight: "selected",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Link: "accent_text",
    QPalette.ColorRole.LinkVisited: "accent_text",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.PlaceholderText: "text3",
    QPalette.ColorRole.BrightText: "danger",
    QPalette.ColorRole.Light: "surface",
    QPalette.ColorRole.Midlight: "border",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border_strong",
    QPalette.ColorRole.Shadow: "border_strong",
}


def palette(theme: Theme) -> QPalette:
    """Every role set: Fusion takes what the stylesheet does not name from here."""
    made = QPalette()
    for role, token in _ROLES.items():
        made.setColor(role, theme.color(token))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, role, theme.color("text_disabled"))
    return made


@cache
def _template(path: Path) -> Template:
    return Template(path.read_text("utf-8"))


def stylesheet(theme: Theme, icons: Path, scale: float = 1.0) -> str:
    """The whole application's stylesheet.

    Args:
        theme: where the colours come from.
        icons: the folder that `Icons.write_style_files` made.
        scale: text size, 1.0 is 100%.

    Raises:
        KeyError: the template names a token that does not exist.
    """
    values = {**theme.tokens(), "icons": icons.as_posix()}
    for role in fonts.ROLES:
        values[f"px_{role}"] = f"{fonts.pixels(role, scale)}px"
        values[f"line_{role}"] = f"{fonts.line_height(role, scale)}px"
    return _template(ASSETS / "themes" / "studio.qss").substitute(values)
