"""A slider with its value in a field beside it, a label above and a hint below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QWidget,
)

from minimind.text import _
from studio.ui.appearance import Appearance
from studio.ui.widgets.buttons import LinkButton
from studio.ui.widgets.labels import Label

# of the groove with its handle; beside the figures of a field
_TRACK, _MARGINS = 20, 30


class ValueSlider(QWidget):
    """A number between two bounds, by dragging or typing; one that is not the default says what that is.

    Args:
        appearance: where colours come from.
        default: what the link below goes back to.
        minimum, maximum, step: bounds and grid of the value.
        decimals: digits after the point.

    Signals:
        value_changed: the number, when a person changed it.
    """

    value_changed = Signal(float)

    def __init__(
        self,
        appearance: Appearance,
        minimum: float,
        maximum: float,
        step: float,
        *,
        default: float,
        decimals: int = 2,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._step, self._default = minimum, step, default
        self._decimals = decimals
        self.label = Label()
        self.hint = Label(role="small", tone="3", wrap=True)
        self.field = QDoubleSpinBox()
        self.field.setDecimals(decimals)
        self.field.setRange(minimum, maximum)
        self.field.setSingleStep(step)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setKeyboardTracking(False)
        plain_field(self.field)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((maximum - minimum) / step))
        self.slider.setFixedHeight(_TRACK)
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        self.reset = LinkButton(appearance)
        self.reset.clicked.connect(self._on_reset)
        # its row is there already: nothing moves when it appears
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        policy.setVerticalPolicy(QSizePolicy.Policy.Fixed)
        self.reset.setSizePolicy(policy)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.hint, 1)
        below.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignTop)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.field, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addLayout(below, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self.slider.valueChanged.connect(self._on_slid)
        self.field.valueChanged.connect(self._on_typed)

    def set_texts(self, label: str, hint: str = "") -> None:
        """Label and hint, translated."""
        self.label.setText(label)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.slider.setAccessibleName(label)
        self.field.setAccessibleName(label)
        self.reset.setText(_("default {value}").format(value=f"{self._default:.{self._decimals}f}"))
        self.reset.setAccessibleName(f"{label}: {self.reset.text()}")
        self.reset.setToolTip(_("Back to the default"))
        # alike in a column, whatever their bounds
        self.field.setFixedWidth(self.field.fontMetrics().horizontalAdvance("0,000") + _MARGINS)
        self._show_reset()

    def value(self) -> float:
        """The number."""
        return self.field.value()

    def set_value(self, value: float) -> None:
        """Show a number without a signal."""
        for widget in (self.slider, self.field):
            widget.blockSignals(True)
        self.field.setValue(value)
        self.slider.setValue(round((value - self._minimum) / self._step))
        for widget in (self.slider, self.field):
            widget.blockSignals(False)
        self._show_reset()

    def _show_reset(self) -> None:
        self.reset.setVisible(abs(self.value() - self._default) > self._step / 2)

    def _on_reset(self) -> None:
        self.set_value(self._default)
        # the link has gone: the keyboard stays at what it was about
        self.field.setFocus()
        self.value_changed.emit(self.value())

    def _on_slid(self, position: int) -> None:
        self.set_value(self._minimum + position * self._step)
        self.value_changed.emit(self.value())

    def _on_typed(self, value: float) -> None:
        self.set_value(value)
        self.value_changed.emit(value)


def plain_field(field: QAbstractSpinBox) -> None:
    """Make a spin box a plain field: arrow keys step, the wheel only with focus, text off the border."""
    # setButtonSymbols(NoButtons) under a stylesheet leaves the edit one pixel wide: the sheet hides them
    field.lineEdit().setTextMargins(8, 0, 8, 0)
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
