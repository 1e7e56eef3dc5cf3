"""What floats over the window until a person is done with it: palette, glossary, list of shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from studio.ui.tab_order import move_on

EDGE = 16


class Overlay(QFrame):
    """Takes the keyboard while it is open and gives it back; Esc or a press beside it close it.

    A press beside it does nothing else, as with a menu.
    """

    def __init__(self, over: QWidget, *, top: int | None = None) -> None:
        """`top`: pixels from the upper edge; None puts it in the middle."""
        super().__init__(over)
        self._over = over
        self._top = top
        self._before: QWidget | None = None
        self.setProperty("floating", "true")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        over.installEventFilter(self)
        self.hide()

    def open_at(self, first: QWidget) -> None:
        """Show it and give the keyboard to one of its widgets."""
        if not self.isVisible():
            self._before = self.window().focusWidget()
            application = QCoreApplication.instance()
            assert application is not None
            application.installEventFilter(self)
        self.show()
        self.place()
        self.raise_()
        first.setFocus(Qt.FocusReason.PopupFocusReason)

    def place(self) -> None:
        """Where it belongs, as large as its content asks for."""
        if not self.isVisible():
            return
        self.setMaximumSize(self._over.width() - 2 * EDGE, self._over.height() - 2 * EDGE)
        self.adjustSize()
        free = self._over.height() - self.height()
        top = free // 2 if self._top is None else min(self._top, free // 2)
        self.move((self._over.width() - self.width()) // 2, max(EDGE, top))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        before, self._before = self._before, None
        # a person may have gone elsewhere meanwhile, by what was chosen here
        focus = self.window().focusWidget()
        if before is not None and before.isVisible() and (focus is None or self.isAncestorOf(focus)):
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self.place()
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            mine = watched is self or self.isAncestorOf(watched)
            if self.isVisible() and not mine and watched.window() is self.window():
                self.hide()
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside while it is open."""
        return move_on(self, forward=forward)
