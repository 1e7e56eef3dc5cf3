"""A slider with its value in a field beside it, a label above and a hint below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QGridLayout, QSlider, QWidget

from studio.ui.widgets.labels import Label


class ValueSlider(QWidget):
    """A number between two bounds, by dragging or typing.

    Args:
        minimum, maximum, step: bounds and grid of the value.
        decimals: digits after the point.

    Signals:
        value_changed: the number, when a person changed it.
    """

    value_changed = Signal(float)

    def __init__(
        self,
        minimum: float,
        maximum: float,
        step: float,
        *,
        decimals: int = 2,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._step = minimum, step
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
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.field, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addWidget(self.hint, 2, 0, 1, 2)
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
