"""Text: labels that take a type role and a tone, and one that elides."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QSizePolicy, QWidget

from studio.ui import fonts
from studio.ui.widgets.painting import set_property


class Label(QLabel):
    """A label of one type role.

    Args:
        text: what it says; plain text, never HTML.
        role: key of `fonts.ROLES`.
        tone: "1" main, "2" explanations, "3" times and units, or accent, success, warning, danger.
        tabular: figures of equal width, for numbers that change; not for names.
        wrap: break lines.
        selectable: may be copied with mouse and keyboard.
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "body",
        tone: str = "1",
        tabular: bool = False,
        wrap: bool = False,
        selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._plain = ""
        self._spaced = wrap
        self.setTextFormat(Qt.TextFormat.RichText if wrap else Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        if tabular or fonts.ROLES[role].tabular or fonts.ROLES[role].mono:
            # the stylesheet sets the size over it and keeps families and features
            self.setFont(fonts.font(role, tabular=tabular))
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._plain = text
        super().setText(self._with_line_height() if self._spaced else text)

    def text(self) -> str:
        return self._plain

    def clear(self) -> None:
        self.setText("")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._spaced and self._plain:
            spaced = self._with_line_height()
            if spaced != super().text():
                super().setText(spaced)

    def _with_line_height(self) -> str:
        # Latin and Chinese lines differ by 3 px in height if the fonts decide; the role's line does
        if not self._plain:
            return ""
        scale = QApplication.font().pixelSize() / fonts.ROLES["body"].px
        height = fonts.line_height(str(self.property("role")), scale)
        lines = escape(self._plain).replace("\n", "<br>")
        return f'<p style="margin:0; line-height:{height}px">{lines}</p>'

    def set_tone(self, tone: str) -> None:
        """Change the colour."""
        set_property(self, "tone", tone)

    def set_role(self, role: str) -> None:
        """Change size and weight."""
        set_property(self, "role", role)


class ElidedLabel(Label):
    """A label that gives way: it ends in … where room is short, and its tool tip has the whole text."""

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "body",
        tone: str = "1",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        self._mode = mode
        self._hint = ""
        super().__init__(text, role=role, tone=tone, parent=parent)
        self.setProperty("elide", True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._update_tip()

    def set_hint(self, hint: str) -> None:
        """A tool tip for when the whole text is visible."""
        self._hint = hint
        self._update_tip()

    def minimumSizeHint(self) -> QSize:
        return QSize(min(super().sizeHint().width(), 24), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.contentsRect(), int(self.alignment()), self._shown())

    def _shown(self) -> str:
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def _update_tip(self) -> None:
        elided = self._shown() != self.text()
        self.setToolTip("\n".join(filter(None, [self.text() if elided else "", self._hint])))


class Divider(QFrame):
    """A line of one pixel between rows, or upright between columns."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("divider", "vertical" if vertical else True)
