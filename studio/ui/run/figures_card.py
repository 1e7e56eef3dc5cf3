"""The five figures in a row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.ui.run.words import Figure
from studio.ui.widgets.card import Card
from studio.ui.widgets.figure import FigureBlock
from studio.ui.widgets.labels import Divider

COUNT = 5


class FiguresCard(Card):
    """Five figures with lines between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.blocks = [FigureBlock() for _ in range(COUNT)]
        row = QHBoxLayout()
        row.setSpacing(14)
        for index, block in enumerate(self.blocks):
            if index:
                row.addWidget(Divider(vertical=True))
            row.addWidget(block, 1)
        self.body.addLayout(row)

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Exactly five."""
        for block, figure in zip(self.blocks, figures, strict=True):
            block.set_label(figure.label)
            block.set_value(figure.number, figure.unit, hint=figure.hint)
            block.set_sub(figure.sub)

    def set_room(self, *, compact: bool, low: bool) -> None:
        """In one line where the window is narrow or low: smaller figures, no sub lines."""
        self.set_compact(compact or low)
        side = 14 if compact else 18
        self.body.setContentsMargins(side, 8 if compact or low else 12, side, 8 if compact or low else 12)
        for block in self.blocks:
            block.set_compact(compact or low)
