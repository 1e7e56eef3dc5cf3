"""What every page is: a widget that can be retranslated, opened with a request, and driven by keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget

from studio.ui.appearance import Appearance

COMPACT_BELOW = 1180
PADDING, PADDING_COMPACT = 24, 16
GAP = 12


@dataclass(frozen=True, kw_only=True)
class ShortcutHint:
    """One line of the list that F1 shows: keys as a person reads them, what they do (translated)."""

    keys: str
    text: str


class Page(QWidget):
    """Base of all pages.

    A page makes its widgets in `__init__`, ends it with `self.retranslate()`, and sets every text again in
    `retranslate`, which is called whenever language, theme or text size change.
    """

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.appearance = appearance
        self.compact = False
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        appearance.changed.connect(self._on_appearance_changed)

    def retranslate(self) -> None:
        """Set every text of the page in the language in force."""
        raise NotImplementedError

    def opened(self, request: Mapping[str, object]) -> None:
        """The page comes to the front; `request` says what to show (a run's id, a plan to fill in)."""

    def left(self) -> None:
        """Another page comes to the front."""

    def set_compact(self, compact: bool) -> None:
        """The window became narrower than 1180 px, or wider again; override to lay out anew."""
        self.compact = compact

    def primary_action(self) -> QAbstractButton | None:
        """The page's one filled button, which Ctrl+Enter presses."""
        return None

    def escape(self) -> bool:
        """Esc was pressed: close what is open on the page; False lets the window go back."""
        return False

    def shortcuts(self) -> list[ShortcutHint]:
        """The page's own keys, for the list of shortcuts."""
        return []

    @property
    def padding(self) -> int:
        """Space around the page's content in pixels."""
        return PADDING_COMPACT if self.compact else PADDING

    def _on_appearance_changed(self) -> None:
        self.retranslate()
        self.update()
