"""What tests of pages share: an appearance, remembered values, mouse events, a look for clipped text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from minimind import text
from studio.preferences import PreferencesFile
from studio.ui import fonts
from studio.ui.appearance import Appearance
from studio.ui.memory import WindowMemory
from studio.ui.navigator import Navigator, Toast

_appearance: list[Appearance] = []


def appearance_of(application: QApplication, folder: Path, *, language: str, theme: str) -> Appearance:
    """One for all tests of a process: making the stylesheet anew for each would cost most of their time."""
    if not _appearance:
        fonts.load_fonts()
        _appearance.append(Appearance(application, folder / "cache"))
    look = _appearance[0]
    look.set(theme_choice=theme, language_choice=language, text_size=100, reduce_motion=False)
    # another test may have changed the language behind its back
    text.set_language(language)
    return look


def delete(widget: QWidget) -> None:
    """Close and delete now: a page that lives on would be restyled by every later test."""
    widget.close()
    widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


class Kit:
    """Everything that a page is made with, besides its service."""

    def __init__(self, application: QApplication, folder: Path, *, language: str, theme: str) -> None:
        self.appearance = appearance_of(application, folder, language=language, theme=theme)
        self.folder = folder
        self.navigator = Navigator()
        self.memory = WindowMemory(folder / "memory.json")
        self.preferences = PreferencesFile(folder / "preferences.json")
        self.toasts: list[Toast] = []
        self.pages: list[tuple[str, dict[str, object]]] = []
        self.navigator.toasted.connect(self.toasts.append)
        self.navigator.page_requested.connect(lambda key, request: self.pages.append((key, request)))


def wheel(widget: QWidget, at: QPointF, turned: int, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """Turn the wheel over a place of a widget."""
    where = widget.mapToGlobal(at.toPoint())
    event = QWheelEvent(
        at,
        QPointF(where),
        QPoint(0, 0),
        QPoint(0, turned),
        Qt.MouseButton.NoButton,
        modifiers or Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def mouse(
    widget: QWidget, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, *, held: bool = False
) -> None:
    """One mouse event; QTest moves without a pressed button, so drags are made of these."""
    pressed = button if held or kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
    sent = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    where = QPointF(widget.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(
        widget, QMouseEvent(kind, at, where, sent, pressed, Qt.KeyboardModifier.NoModifier)
    )


def drag(widget: QWidget, start: QPointF, end: QPointF, button: Qt.MouseButton) -> None:
    """Press, move in ten steps, release."""
    mouse(widget, QEvent.Type.MouseButtonPress, start, button)
    for part in range(1, 11):
        mouse(widget, QEvent.Type.MouseMove, start + (end - start) * (part / 10), button, held=True)
    mouse(widget, QEvent.Type.MouseButtonRelease, end, button)
