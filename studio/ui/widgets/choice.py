"""One of a few, shown as cards side by side or as rows with a radio mark; arrow keys move among them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box

_MARK, _PAD = 16, 12


class _Choice(QAbstractButton):
    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("elide", True)
        appearance.changed.connect(self._on_appearance_changed)

    def _paint_mark(self, painter: QPainter, left: int) -> None:
        look = self._appearance
        circle = QRectF(left, (self.height() - _MARK) / 2, _MARK, _MARK)
        if self.isChecked():
            draw_box(painter, circle, fill=look.color("accent"), radius=_MARK / 2)
            draw_box(painter, circle.adjusted(5, 5, -5, -5), fill=look.color("on_accent"), radius=3)
            return
        border = look.color("border_control" if self.isEnabled() else "border_strong")
        draw_box(painter, circle, fill=look.color("surface"), border=border, radius=_MARK / 2)

    def _line(
        self, painter: QPainter, area: QRect, text: str, role: str, token: str, *, right: bool = False
    ) -> None:
        look = self._appearance
        painter.setFont(look.font(role, tabular=right))
        painter.setPen(look.color(token if self.isEnabled() else "text_disabled"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)

    def _on_appearance_changed(self) -> None:
        self.updateGeometry()
        self.update()


class ChoiceCard(_Choice):
    """A title and one line below it."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self._title, self._summary = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_texts(self, title: str, summary: str) -> None:
        """Both translated."""
        self._title, self._summary = title, summary
        self.setAccessibleName(f"{title}, {summary}")
        self.setToolTip(summary)
        self._on_appearance_changed()

    def sizeHint(self) -> QSize:
        look = self._appearance
        return QSize(220, look.line_height("card") + look.line_height("small") + 2 * _PAD)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look, area = QPainter(self), self._appearance, QRectF(self.rect())
        chosen, width = self.isChecked(), 2 if self.hasFocus() else 1
        fill = "accent_soft" if chosen else "hover" if self.underMouse() else "surface"
        border = "accent" if chosen or self.hasFocus() else "border_strong"
        draw_box(painter, area, fill=look.color(fill), border=look.color(border), radius=10, width=width)
        first, left = look.line_height("card"), _PAD + _MARK + 10
        self._paint_mark(painter, _PAD)
        inner = self.rect().adjusted(left, _PAD, -_PAD, -_PAD)
        title = QRect(inner.left(), inner.top(), inner.width(), first)
        self._line(painter, title, self._title, "card", "text")
        below = QRect(inner.left(), inner.top() + first, inner.width(), look.line_height("small"))
        self._line(painter, below, self._summary, "small", "text2")


class ChoiceRow(_Choice):
    """A name, what it means, and a figure at the right end."""

    def __init__(self, appearance: Appearance, name: str, parent: QWidget | None = None) -> None:
        super().__init__(appearance, parent)
        self.name = name
        self._phrase, self._figure = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_texts(self, phrase: str, figure: str, hint: str = "") -> None:
        """Translated; `hint` says why it is disabled."""
        self._phrase, self._figure = phrase, figure
        self.setAccessibleName(f"{self.name}, {figure}, {phrase}")
        self.setToolTip(hint)
        self._on_appearance_changed()

    def sizeHint(self) -> QSize:
        return QSize(320, max(30, self._appearance.line_height("body") + 10))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look, area = QPainter(self), self._appearance, QRectF(self.rect())
        if self.isChecked() or (self.underMouse() and self.isEnabled()):
            draw_box(painter, area, fill=look.color("selected" if self.isChecked() else "hover"))
        if self.hasFocus():
            draw_box(painter, area, border=look.color("accent"))
        self._paint_mark(painter, 8)
        names = QFontMetrics(look.font("strong")).horizontalAdvance("Q5_K_M ")
        figures = QFontMetrics(look.font("body", tabular=True)).horizontalAdvance("888.8 MB ")
        height, left = self.height(), 8 + _MARK + 10
        self._line(painter, QRect(left, 0, names, height), self.name, "strong", "text")
        right = QRect(self.width() - figures - 10, 0, figures, height)
        self._line(painter, right, self._figure, "body", "text", right=True)
        middle = QRect(left + names + 12, 0, right.left() - left - names - 20, height)
        self._line(painter, middle, self._phrase, "body", "text2")
