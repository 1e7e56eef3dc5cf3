"""The steps of the wizard: each with title, chosen value and state; clickable in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box

_CIRCLE, _GAP = 22, 10
# status → tokens of circle and mark
_TOKENS = {
    "todo": ("track", "text2"),
    "current": ("accent", "on_accent"),
    "done": ("success_soft", "success"),
    "problem": ("danger_soft", "danger"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: key, title and chosen value (translated), status "todo", "done" or "problem"."""

    key: str
    title: str
    value: str = ""
    status: str = "todo"


class _StepButton(QAbstractButton):
    def __init__(self, appearance: Appearance, number: int, step: Step) -> None:
        super().__init__()
        self._appearance = appearance
        self._number = number
        self.step = step
        self.current = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("elide", True)

    def show_step(self, step: Step, current: bool) -> None:
        self.step, self.current = step, current
        states = {"done": _("done"), "problem": _("has a problem"), "todo": _("not done yet")}
        self.setAccessibleName(f"{step.title}, {step.value}, {states[step.status]}")
        # the value may be cut short
        self.setToolTip(f"{step.title}  {step.value}".strip())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        value = QFontMetrics(self._appearance.font("small")).horizontalAdvance(self.step.value)
        look = self._appearance
        height = look.line_height("body") + look.line_height("small") + 6
        return QSize(_CIRCLE + _GAP + max(self._title_width(), value + 2) + 10, max(44, height))

    def minimumSizeHint(self) -> QSize:
        return QSize(_CIRCLE + _GAP + self._title_width() + 10, self.sizeHint().height())

    def _title_width(self) -> int:
        # as wide as when it is the current one: going there moves nothing
        metrics = QFontMetrics(self._appearance.font("card", weight=600))
        return metrics.horizontalAdvance(self.step.title) + 2

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._appearance
        status = "current" if self.current and self.step.status != "problem" else self.step.status
        ground, mark = _TOKENS[status]
        area = QRectF(self.rect())
        if self.underMouse() and not self.current:
            draw_box(painter, area, fill=look.color("hover"))
        if self.hasFocus():
            draw_box(painter, area, border=look.color("accent"), width=2)
        circle = QRectF(4, (self.height() - _CIRCLE) / 2, _CIRCLE, _CIRCLE)
        draw_box(painter, circle, fill=look.color(ground), radius=_CIRCLE / 2)
        self._paint_mark(painter, circle, status, mark)
        left = 4 + _CIRCLE + _GAP
        width = self.width() - left - 4
        top = (self.height() - look.line_height("body") - look.line_height("small")) // 2
        title_height = look.line_height("body") if self.step.value else self.height() - 2 * top
        painter.setFont(look.font("card" if self.current else "strong", weight=600 if self.current else 400))
        painter.setPen(look.color("text" if status != "todo" else "text2"))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        title = QRect(left, top, width, title_height)
        painter.drawText(title, align, self._elided(painter, self.step.title, width))
        if self.step.value:
            painter.setFont(look.font("small"))
            painter.setPen(look.color("text3"))
            below = QRect(left, top + title_height, width, look.line_height("small"))
            painter.drawText(below, align, self._elided(painter, self.step.value, width))

    def _paint_mark(self, painter: QPainter, circle: QRectF, status: str, token: str) -> None:
        look = self._appearance
        if status in ("done", "problem"):
            icon = "check" if status == "done" else "triangle-alert"
            painter.drawPixmap(
                int(circle.center().x()) - 7, int(circle.center().y()) - 7, look.pixmap(icon, token, 14)
            )
            return
        painter.setPen(look.color(token))
        painter.setFont(look.font("small", weight=600))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._number))

    @staticmethod
    def _elided(painter: QPainter, text: str, width: int) -> str:
        return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)


class _Line(QWidget):
    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.setMinimumWidth(16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRect(0, self.height() // 2, self.width(), 1)
        painter.fillRect(rect, self._appearance.color("border_strong"))


class Stepper(QWidget):
    """A row of steps with lines between them. All but the last have the same room, so that a longer value
    moves none of them; it is cut short.

    Signals:
        step_clicked: key of the step that a person wants to see.
    """

    step_clicked = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._buttons: list[_StepButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        appearance.changed.connect(self._on_appearance_changed)

    def set_steps(self, steps: Sequence[Step], current: str) -> None:
        """Show the steps as they are now; `current` is the key of the one on the page."""
        if [step.key for step in steps] != [button.step.key for button in self._buttons]:
            self._rebuild(steps)
        for button, step in zip(self._buttons, steps, strict=True):
            button.show_step(step, step.key == current)

    def button(self, key: str) -> QAbstractButton:
        """The button of a step."""
        return next(button for button in self._buttons if button.step.key == key)

    def _rebuild(self, steps: Sequence[Step]) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._buttons = [_StepButton(self._appearance, n, step) for n, step in enumerate(steps, start=1)]
        for button in self._buttons:
            self._row.addWidget(
                *((self._cell(button), 1) if button is not self._buttons[-1] else (button, 0))
            )
            button.clicked.connect(lambda _checked=False, made=button: self.step_clicked.emit(made.step.key))

    def _cell(self, button: _StepButton) -> QWidget:
        cell = QWidget()
        cell.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(cell)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(button)
        row.addWidget(_Line(self._appearance), 1)
        return cell

    def _on_appearance_changed(self) -> None:
        for button in self._buttons:
            button.updateGeometry()
        self.update()
