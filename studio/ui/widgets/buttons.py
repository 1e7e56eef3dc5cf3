"""Buttons that tint their icon with the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import set_property

_ICON_TOKEN = {
    "normal": "text",
    "primary": "on_accent",
    "danger": "on_accent",
    "ghost": "text2",
    "link": "accent_text",
}
_ICON_SIZE = {"small": 14, "normal": 16, "large": 18}


class Button(QPushButton):
    """A button of one kind.

    Args:
        appearance: where colours come from.
        text: a verb; translated by whoever owns the button.
        kind: "normal", "primary" (one a page), "ghost", "link", or "danger" (delete for ever only).
        icon: name in assets/icons, or empty.
        size: "small" in cards, "normal", "large" on Home and in the wizard.
    """

    def __init__(
        self,
        appearance: Appearance,
        text: str = "",
        *,
        kind: str = "normal",
        icon: str = "",
        size: str = "normal",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._appearance = appearance
        self._icon_name = icon
        self.setProperty("kind", kind)
        self.setProperty("bulk", size)  # "size" is taken: QWidget.size
        self.setCursor(Qt.CursorShape.PointingHandCursor if kind == "link" else Qt.CursorShape.ArrowCursor)
        self.setAutoDefault(False)
        self._tint()
        appearance.changed.connect(self._tint)

    def set_kind(self, kind: str) -> None:
        """Make it the filled one, or not any more."""
        set_property(self, "kind", kind)
        self._tint()

    @property
    def icon_name(self) -> str:
        """Name in assets/icons, or empty."""
        return self._icon_name

    def set_icon(self, name: str) -> None:
        """Another icon; empty for none."""
        if name != self._icon_name:
            self._icon_name = name
            self._tint()

    def set_hint(self, text: str, keys: str = "") -> None:
        """Tool tip: what it does, or why it is disabled, and the shortcut."""
        self.setToolTip(f"{text}  {keys}".strip())

    def setText(self, text: str) -> None:
        super().setText(text)
        self._tint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            # by itself Qt presses with Enter only the default button of a dialog
            if not event.isAutoRepeat():
                self.click()
        else:
            super().keyPressEvent(event)

    def _tint(self) -> None:
        size = _ICON_SIZE[str(self.property("bulk") or "normal")]
        if not self._icon_name:
            self.setIcon(QIcon())
            return
        # Qt leaves 4 px between icon and text, the design wants 8
        gap = 4 if self.text() else 0
        token = _ICON_TOKEN[str(self.property("kind"))]
        active = "text" if token == "text2" else None
        self.setIcon(self._appearance.icon(self._icon_name, token, size, active=active, gap=gap))
        self.setIconSize(QSize(size + gap, size))


class IconButton(Button):
    """A square button with an icon only; its name is the tool tip and what a screen reader says."""

    def __init__(
        self,
        appearance: Appearance,
        icon: str,
        name: str = "",
        *,
        kind: str = "ghost",
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, "", kind=kind, icon=icon, parent=parent)
        self.setProperty("square", "small" if small else "true")
        self.set_name(name)

    def set_name(self, name: str, keys: str = "") -> None:
        """What it does, translated, and its shortcut."""
        self.setAccessibleName(name)
        self.set_hint(name, keys)


class LinkButton(Button):
    """A button that looks like a link inside a sentence or row."""

    def __init__(
        self, appearance: Appearance, text: str = "", *, icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(appearance, text, kind="link", icon=icon, parent=parent)
