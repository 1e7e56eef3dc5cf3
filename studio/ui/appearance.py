"""How everything looks now: theme, language and text size, in one object that widgets listen to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, Qt, QTranslator, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPixmap
from PySide6.QtWidgets import QApplication

from minimind import text
from studio.ui import fonts, theme
from studio.ui.icons import Icons
from studio.ui.theme import Theme

FOLLOW_SYSTEM = "system"


class Appearance(QObject):
    """Theme, language, text size, motion; applies itself to the QApplication.

    Widgets take it as their first argument, read tokens from it when they paint, and connect `changed`.

    Signals:
        changed: theme, language, text size or motion are not what they were. Everything that shows text
            sets it again (`retranslate`), everything that paints repaints.
    """

    changed = Signal()

    def __init__(
        self,
        application: QApplication,
        cache_folder: Path,
        *,
        theme_choice: str = FOLLOW_SYSTEM,
        language_choice: str = FOLLOW_SYSTEM,
        text_size: int = 100,
        reduce_motion: bool = False,
    ) -> None:
        super().__init__()
        self._application = application
        self._cache_folder = cache_folder
        self._icons = Icons()
        self._theme_choice = theme_choice
        self._language_choice = language_choice
        self._text_size = text_size
        self._reduce_motion = reduce_motion
        self._applied = ""
        self._qt_words = QTranslator(self)
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._on_color_scheme_changed)
        self._apply()

    @property
    def theme(self) -> Theme:
        """The colours in force."""
        if self._theme_choice in theme.THEMES:
            return theme.THEMES[self._theme_choice]
        dark = self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return theme.DARK if dark else theme.LIGHT

    @property
    def language(self) -> str:
        """`zh` or `en`."""
        if self._language_choice in text.LANGUAGES:
            return self._language_choice
        return "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"

    @property
    def scale(self) -> float:
        """Text size: 1.0 is 100%."""
        return self._text_size / 100

    @property
    def reduce_motion(self) -> bool:
        """True: nothing moves."""
        return self._reduce_motion

    def set(
        self,
        *,
        theme_choice: str | None = None,
        language_choice: str | None = None,
        text_size: int | None = None,
        reduce_motion: bool | None = None,
    ) -> None:
        """Change what is given (`system` is a choice too) and tell everybody, live."""
        before = (self._theme_choice, self._language_choice, self._text_size, self._reduce_motion)
        self._theme_choice = theme_choice or self._theme_choice
        self._language_choice = language_choice or self._language_choice
        self._text_size = text_size or self._text_size
        self._reduce_motion = self._reduce_motion if reduce_motion is None else reduce_motion
        if before != (self._theme_choice, self._language_choice, self._text_size, self._reduce_motion):
            self._apply()
            self.changed.emit()

    def color(self, token: str) -> QColor:
        """A token of the theme in force, `curve1` … and `raw1` … included."""
        return self.theme.color(token)

    def font(self, role: str, *, tabular: bool = False, weight: int | None = None) -> QFont:
        """The font of a type role at the person's text size; for widgets that paint."""
        return fonts.font(role, self.scale, tabular=tabular, weight=weight)

    def line_height(self, role: str) -> int:
        """Pixels that one line of a role takes."""
        return fonts.line_height(role, self.scale)

    def pixmap(self, name: str, token: str = "text2", size: int = 16) -> QPixmap:
        """An icon in a token's colour, sharp on this screen."""
        return self._icons.pixmap(name, self.theme.hex(token), size)

    def icon(
        self,
        name: str,
        token: str = "text2",
        size: int = 16,
        *,
        active: str | None = None,
        on: str | None = None,
        gap: int = 0,
    ) -> QIcon:
        """An icon for a button or menu; `active` is the token under the pointer, `on` when checked."""
        colours = {"normal": self.theme.hex(token), "disabled": self.theme.text_disabled}
        if active:
            colours["active"] = self.theme.hex(active)
        if on:
            colours["on"] = self.theme.hex(on)
        return self._icons.icon(name, colours, size, gap=gap)

    def window_icon(self) -> QIcon:
        """The program's own icon in every size that desktops ask for."""
        made = QIcon()
        for size in (16, 24, 32, 48, 64, 128, 256):
            made.addPixmap(self._icons.pixmap("app", theme.LIGHT.accent, size, 1.0))
        return made

    def milliseconds(self, duration: int) -> int:
        """How long a movement takes: 0 when the person wants none."""
        return 0 if self._reduce_motion else duration

    def _on_color_scheme_changed(self) -> None:
        if self._theme_choice == FOLLOW_SYSTEM:
            self._apply()
            self.changed.emit()

    def _apply(self) -> None:
        text.set_language(self.language)
        self._translate_qt()
        self._application.setFont(self.font("body"))
        self._application.setPalette(theme.palette(self.theme))
        icons = self._icons.write_style_files(self._cache_folder, self.theme.tokens())
        sheet = theme.stylesheet(self.theme, icons, self.scale)
        if sheet != self._applied:
            self._applied = sheet
            self._application.setStyleSheet(sheet)

    def _translate_qt(self) -> None:
        """Qt's own words: the buttons of file dialogs, the menu of text fields."""
        self._application.removeTranslator(self._qt_words)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if self.language == "zh" and self._qt_words.load("qtbase_zh_CN", folder):
            self._application.installTranslator(self._qt_words)
