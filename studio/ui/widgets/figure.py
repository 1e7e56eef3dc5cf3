"""A figure: what it is, the number with its unit, one line below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.ui.widgets.labels import ElidedLabel, Label


class FigureBlock(QWidget):
    """Label in small type, a tabular figure, its unit, and a sub line that may be hidden."""

    def __init__(self, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(role="small", tone="2")
        self.number = Label("—", role="figure", tabular=True, selectable=True)
        self.unit = Label(role="small", tone="2")
        # the unit stands on the figure's baseline: lines of 32 and 18 px, letters of 24 and 12
        self.unit.setContentsMargins(0, 0, 0, 3)
        self.sub = ElidedLabel(role="small", tone="3")
        self._sub_text = ""
        self._compact = compact
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.number, 0, Qt.AlignmentFlag.AlignBottom)
        line.addWidget(self.unit, 0, Qt.AlignmentFlag.AlignBottom)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.label)
        column.addLayout(line)
        column.addWidget(self.sub)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_compact(compact)

    def set_label(self, text: str, hint: str = "") -> None:
        """What the figure is; `hint` says more in the tool tip."""
        self.label.setText(text)
        self.label.set_hint(hint)
        self.number.setAccessibleName(text)

    def set_value(self, number: str, unit: str = "", *, hint: str = "") -> None:
        """The figure; pass — with a hint that says why it is not known."""
        self.number.setText(number)
        self.number.setToolTip(hint)
        self.unit.setText(unit)
        self.unit.setVisible(bool(unit))

    def set_sub(self, text: str) -> None:
        """The line below; it keeps its room while empty."""
        self._sub_text = text
        self.sub.setText(text)

    def set_compact(self, compact: bool) -> None:
        """A figure of 18 px, without the sub line."""
        self._compact = compact
        self.number.set_role("figure_s" if compact else "figure")
        self.unit.setContentsMargins(0, 0, 0, 2 if compact else 3)
        self.sub.setVisible(not compact)
