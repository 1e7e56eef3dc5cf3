from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.ui import fonts
from studio.ui.appearance import Appearance
from studio.ui.icons import Icons
from studio.ui.theme import DARK, LIGHT, Theme, palette, stylesheet

ROOT = Path(__file__).resolve().parents[3]
GROUNDS = ("window", "surface", "sunken", "hover", "selected")
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def contrast(front: str, ground: str) -> float:
    """WCAG 2.x."""

    def luminance(colour: str) -> float:
        parts = QColor(colour).getRgbF()[:3]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(front), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@THEMES
@pytest.mark.parametrize("token", ["text", "text2", "text3", "accent_text", "success", "warning", "danger"])
def test_text_can_be_read_on_every_ground(theme: Theme, token: str) -> None:
    for ground in GROUNDS:
        assert contrast(theme.hex(token), theme.hex(ground)) >= 4.5, ground


@THEMES
def test_words_on_their_own_tint_and_on_fills(theme: Theme) -> None:
    for token in ("success", "warning", "danger"):
        assert contrast(theme.hex(token), theme.hex(f"{token}_soft")) >= 4.5
    for fill in ("accent", "accent_hover", "accent_press", "danger_fill"):
        assert contrast(theme.on_accent, theme.hex(fill)) >= 4.5
    assert contrast(theme.text, theme.mask) >= 4.5
    assert contrast(theme.mask_text, theme.mask) >= 4.5
    assert contrast(theme.accent_text, theme.accent_soft) >= 4.5


@THEMES
def test_controls_and_curves_can_be_seen(theme: Theme) -> None:
    for ground in GROUNDS:
        assert contrast(theme.border_control, theme.hex(ground)) >= 3.0
    assert contrast(theme.accent, theme.surface) >= 3.0
    for curve in theme.curves:
        assert contrast(curve, theme.surface) >= 3.0


def test_the_figures_that_the_design_computed() -> None:
    assert contrast(LIGHT.text, LIGHT.window) == pytest.approx(15.7, abs=0.05)
    assert contrast(DARK.text3, DARK.selected) == pytest.approx(4.6, abs=0.05)
    assert (LIGHT.raw(1), DARK.raw(1)) == ("#b9c5f1", "#42486c")


def test_no_colour_value_outside_the_theme() -> None:
    hexes = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?!\w)|QColor\(\s*\d|\brgba?\(")
    for path in [*(ROOT / "studio").rglob("*.py"), *(ROOT / "assets" / "themes").glob("*.qss")]:
        if path.name == "theme.py":
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            assert not hexes.search(line), f"{path}:{number}: {line}"


def test_every_palette_role_of_the_design_is_set() -> None:
    for theme in (LIGHT, DARK):
        made = palette(theme)
        assert made.color(QPalette.ColorRole.Base) == theme.color("surface")
        assert made.color(QPalette.ColorRole.ToolTipBase) == theme.color("text")
        disabled = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        assert disabled == theme.color("text_disabled")


@pytest.fixture
def qt_messages() -> Iterator[list[str]]:
    """What Qt says while the test runs."""
    said: list[str] = []
    before = qInstallMessageHandler(
        lambda kind, _context, text: said.append(text) if kind != QtMsgType.QtDebugMsg else None
    )
    yield said
    qInstallMessageHandler(before)


@THEMES
def test_the_stylesheet_gives_no_warning(
    theme: Theme, qapp: QApplication, appearance: Appearance, qtbot, qt_messages: list[str]
) -> None:
    appearance.set(theme_choice=theme.name, text_size=130)
    ground = QWidget()
    qtbot.addWidget(ground)
    for kind in (QPushButton, QLineEdit, QComboBox, QDoubleSpinBox, QPlainTextEdit, QCheckBox, QTableWidget):
        kind(ground)
    QTabWidget(ground).addTab(QWidget(), "tab")
    ground.show()
    qapp.processEvents()
    assert "Could not parse" not in "\n".join(qt_messages)
    assert [text for text in qt_messages if "propagateSizeHints" not in text] == []


@pytest.mark.parametrize("kind", [QPushButton, QLineEdit, QComboBox, QDoubleSpinBox])
def test_controls_are_32_px_high_and_focus_moves_nothing(
    kind: type[QWidget], appearance: Appearance, qtbot
) -> None:
    ground = QWidget()
    qtbot.addWidget(ground)
    column = QVBoxLayout(ground)
    first, other = kind(ground), QPushButton(ground)
    column.addWidget(first)
    column.addWidget(other)
    ground.show()
    other.setFocus()
    ground.adjustSize()
    before = first.geometry()
    first.setFocus()
    ground.adjustSize()
    assert first.geometry() == before
    assert before.height() == 32


def test_a_template_without_a_token_is_an_error(tmp_path: Path) -> None:
    sheet = stylesheet(LIGHT, tmp_path, 1.0)
    assert "$" not in sheet
    assert LIGHT.accent in sheet


def test_inter_has_three_weights(appearance: Appearance) -> None:
    widths = set()
    for weight in (400, 500, 600):
        made = fonts.font("body", weight=weight)
        assert QFontInfo(made).family() == "Inter"
        widths.add(round(_advance_of(made, "Hamburgefonts"), 2))
    assert len(widths) == 3


def test_tabular_figures_have_one_width(appearance: Appearance) -> None:
    made = fonts.font("figure")
    assert _advance_of(made, "111") == _advance_of(made, "888")
    assert _advance_of(fonts.font("body"), "111") != _advance_of(fonts.font("body"), "888")


def _advance_of(made: QFont, text: str) -> float:
    return QFontMetricsF(made).horizontalAdvance(text)


def test_special_tokens_stay_letters(appearance: Appearance) -> None:
    made = fonts.font("mono")
    assert QFontInfo(made).family() == "JetBrains Mono"
    assert _advance_of(made, "<|im_end|>") == pytest.approx(10 * _advance_of(made, "x"), abs=0.5)


def test_icons_take_their_colour_and_are_kept(qapp: QApplication) -> None:
    icons = Icons()
    pixmap = icons.pixmap("square", LIGHT.danger, 16, 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (32, 2.0)
    assert icons.pixmap("square", LIGHT.danger, 16, 2.0).cacheKey() == pixmap.cacheKey()
    seen = {pixmap.toImage().pixelColor(x, 16).name() for x in range(32)}
    assert LIGHT.danger.lower() in seen


def test_every_icon_named_in_the_code_is_there() -> None:
    names = {path.stem for path in (ROOT / "assets" / "icons").glob("*.svg")}
    pattern = re.compile(r"""(?:icon=|pixmap\(|\.icon\()\s*["']([a-z0-9-]+)["']""")
    for path in (ROOT / "studio").rglob("*.py"):
        for name in pattern.findall(path.read_text("utf-8")):
            assert name in names | {"dot"}, f"{path}: {name}"


def test_no_icon_lies_there_unused() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "studio").rglob("*.py"))
    unused = [path.stem for path in (ROOT / "assets" / "icons").glob("*.svg") if f'"{path.stem}"' not in code]
    assert unused == []


def test_appearance_switches_live(appearance: Appearance, qapp: QApplication, qtbot) -> None:
    with qtbot.waitSignal(appearance.changed):
        appearance.set(theme_choice="dark", language_choice="zh")
    assert appearance.theme is DARK
    assert appearance.language == "zh"
    assert qapp.palette().color(QPalette.ColorRole.Window) == DARK.color("window")
    assert DARK.window in qapp.styleSheet()
    with qtbot.assertNotEmitted(appearance.changed):
        appearance.set(theme_choice="dark")


def test_text_size_reaches_every_role(appearance: Appearance, qapp: QApplication) -> None:
    appearance.set(text_size=130)
    assert qapp.font().pixelSize() == 17
    assert appearance.font("title").pixelSize() == 29
    assert appearance.line_height("small") == 23


def test_qts_own_words_follow_the_language(tmp_path: Path) -> None:
    # in a process of its own: translators of other tests' windows would answer here
    script = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication
from studio.ui.appearance import Appearance
appearance = Appearance(QApplication([]), Path(sys.argv[1]), language_choice="en")
for language in ("en", "zh", "en"):
    appearance.set(language_choice=language)
    print(QCoreApplication.translate("QPlatformTheme", "Cancel"))
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=True, encoding="utf-8")
    assert done.stdout.split() == ["Cancel", "取消", "Cancel"]
