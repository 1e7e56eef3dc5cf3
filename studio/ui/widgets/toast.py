"""Toasts: what was done, at the bottom right, for six seconds, with Undo or Open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QPropertyAnimation, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGraphicsOpacityEffect, QHBoxLayout, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.navigator import Toast
from studio.ui.widgets.banner import TONE_ICONS
from studio.ui.widgets.buttons import IconButton, LinkButton
from studio.ui.widgets.labels import Label

SECONDS, AT_MOST, FADE_MS, MARGIN, GAP = 6, 2, 120, 16, 8
_MOVING = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
_TOKENS = {"info": "accent_text", "success": "success", "warning": "warning", "danger": "danger"}


class _ToastFrame(QFrame):
    gone = Signal(QObject)

    def __init__(self, appearance: Appearance, toast: Toast, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("floating", "true")
        icon = Label()
        icon.setPixmap(appearance.pixmap(TONE_ICONS[toast.tone], _TOKENS[toast.tone]))
        message = Label(toast.text, wrap=False, selectable=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(icon)
        row.addWidget(message, 1)
        self.action: LinkButton | None = None
        if toast.action_text and toast.action is not None:
            self.action = LinkButton(appearance, toast.action_text)
            self.action.clicked.connect(lambda _checked=False, call=toast.action: self._act(call))
            row.addWidget(self.action)
        close = IconButton(appearance, "x", _("Close"), small=True)
        close.clicked.connect(self.leave)
        row.addWidget(close)
        width = parent.width() - 2 * MARGIN
        if self.sizeHint().width() > min(480, width):
            message.setWordWrap(True)
            self.setFixedWidth(min(480, width))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SECONDS * 1000)
        self._timer.timeout.connect(self.leave)
        self._timer.start()
        self._fade_in(appearance.milliseconds(FADE_MS))

    def enterEvent(self, event: QEvent) -> None:  # type: ignore[override]
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()

    def leave(self) -> None:
        self._timer.stop()
        self.gone.emit(self)

    def _act(self, call: Callable[[], None]) -> None:
        self.leave()
        call()

    def _fade_in(self, duration: int) -> None:
        if not duration:
            return
        effect = QGraphicsOpacityEffect(self)
        self.setGraphicsEffect(effect)
        animation = QPropertyAnimation(effect, b"opacity", self)
        animation.setDuration(duration)
        animation.setStartValue(0.0)
        animation.setEndValue(1.0)
        animation.finished.connect(lambda: self.setGraphicsEffect(None))  # type: ignore[arg-type]
        animation.start()


class ToastHost(QObject):
    """Shows at most two toasts on a widget and keeps them in its bottom right corner.

    They stay above what a person works with at the lower edge: a widget inside with the property `foot`.
    """

    def __init__(self, appearance: Appearance, over: QWidget) -> None:
        super().__init__(over)
        self._appearance = appearance
        self._over = over
        self._frames: list[_ToastFrame] = []
        over.installEventFilter(self)

    def show_toast(self, toast: Toast) -> None:
        """Show one more; the oldest goes when there are three."""
        while len(self._frames) >= AT_MOST:
            self._on_gone(self._frames[0])
        frame = _ToastFrame(self._appearance, toast, self._over)
        frame.gone.connect(self._on_gone)
        self._frames.append(frame)
        frame.show()
        self._place()

    def texts(self) -> list[str]:
        """What is on show, oldest first."""
        return [frame.findChildren(Label)[1].text() for frame in self._frames]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._frames and event.type() in _MOVING:
            self._place()
        return False

    def _on_gone(self, frame: QObject) -> None:
        if isinstance(frame, _ToastFrame) and frame in self._frames:
            self._frames.remove(frame)
            frame.hide()
            frame.deleteLater()
            self._place()

    def _place(self) -> None:
        right, bottom = self._over.width() - MARGIN, self._over.height() - MARGIN
        for frame in self._frames:
            frame.adjustSize()
        left = right - max((frame.width() for frame in self._frames), default=0)
        for foot in self._feet():
            start = foot.mapTo(self._over, QPoint(0, 0))
            if start.x() + foot.width() > left:
                bottom = min(bottom, start.y() - GAP)
        for frame in reversed(self._frames):
            frame.move(right - frame.width(), bottom - frame.height())
            frame.raise_()
            bottom -= frame.height() + GAP

    def _feet(self) -> list[QWidget]:
        feet = [widget for widget in self._over.findChildren(QWidget) if widget.property("foot")]
        for foot in feet:
            # it grows and goes with what the page shows
            foot.installEventFilter(self)
        return [foot for foot in feet if foot.isVisible()]
