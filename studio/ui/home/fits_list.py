"""How big a model this computer can train: a row for each preset."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from minimind.text import _
from studio.planning.what_fits import SHOWN, Fit
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.labels import ElidedLabel, Label
from studio.ui.widgets.painting import draw_box

# parameters, memory, time, cost: pixels at 100%; the name takes what it needs, the bar what is left too
_PARAMETERS, _BAR, _MEMORY, _TIME, _COST = 62, 24, 62, 92, 50
_GAP = 8


class _FitRow(QAbstractButton):
    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._fit: Fit | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty("elide", True)

    @property
    def preset(self) -> str:
        """Name of the preset shown."""
        return self._fit.preset if self._fit else ""

    def show_fit(self, fit: Fit) -> None:
        self._fit = fit
        self.setEnabled(fit.fits)
        memory, time = fmt.memory(fit.memory_bytes), fmt.estimate(fit.seconds)
        if fit.fits:
            self.setToolTip(_("Plan a run with it"))
        else:
            self.setToolTip(self._too_big())
        self.setAccessibleName(f"{fit.preset}, {fmt.parameters(fit.parameters)}, {memory}, {time}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, max(36, self._appearance.line_height("body") + 14))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        fit = self._fit
        if fit is None:
            return
        painter, look, area = QPainter(self), self._appearance, QRectF(self.rect())
        ground = "selected" if fit.recommended else "hover" if self.underMouse() and fit.fits else None
        if ground:
            draw_box(painter, area, fill=look.color(ground))
        if self.hasFocus():
            draw_box(painter, area, border=look.color("accent"), width=2)
        edges = self._edges()
        main, side = ("text", "text2") if fit.fits else ("text_disabled", "text_disabled")
        name = look.font("body", weight=500 if fit.recommended else 400)
        self._write(
            painter, edges[0], fit.preset, name, "accent_text" if fit.recommended else main, left=True
        )
        small = look.font("body", tabular=True)
        self._write(painter, edges[1], fmt.count(fit.parameters), small, side)
        if not fit.fits:
            rest = QRect(edges[2].left(), 0, edges[5].right() - edges[2].left(), self.height())
            self._write(painter, rest, self._too_big(), look.font("small"), "text_disabled")
            return
        if edges[2].width():
            self._paint_bar(painter, edges[2], fit)
        self._write(painter, edges[3], fmt.memory(fit.memory_bytes), small, side)
        self._write(painter, edges[4], fmt.duration(fit.seconds), small, main)
        self._write(painter, edges[5], fmt.money(fit.cost, digits=1), small, side)

    def _too_big(self) -> str:
        assert self._fit is not None
        return _("needs {needed}, there is {total}").format(
            needed=fmt.memory(self._fit.memory_bytes), total=fmt.memory(self._fit.memory_total)
        )

    def _edges(self) -> list[QRect]:
        """Cells of name, parameters, bar, memory, time, cost; little room takes bar, cost, memory away."""
        scale, room = self._appearance.scale, self.width() - 20
        metrics = QFontMetrics(self._appearance.font("body", weight=500))
        name = max(metrics.horizontalAdvance(preset) for preset in SHOWN) + 4
        fixed = [round(width * scale) for width in (_PARAMETERS, _BAR, _MEMORY, _TIME, _COST)]
        for dropped in (None, 1, 4, 2):
            if dropped is not None:
                fixed[dropped] = 0
            free = room - name - sum(width + _GAP for width in fixed if width)
            if free >= 0:
                break
        fixed[1] += max(0, free) if fixed[1] else 0
        name += min(0, free) if fixed[1] else free
        rects, left = [], 10
        for width in (max(40, name), *fixed):
            rects.append(QRect(left, 0, width, self.height()))
            left += width + (_GAP if width else 0)
        return rects

    def _paint_bar(self, painter: QPainter, cell: QRect, fit: Fit) -> None:
        box = QRectF(cell.left() + 6, (self.height() - 5) / 2, cell.width() - 6, 5)
        draw_box(painter, box, fill=self._appearance.color("track"), radius=2.5)
        share = min(1.0, fit.memory_bytes / max(1, fit.memory_total))
        box.setWidth(max(5.0, box.width() * share))
        draw_box(painter, box, fill=self._appearance.color("curve3"), radius=2.5)

    def _write(
        self, painter: QPainter, cell: QRect, text: str, font: QFont, token: str, *, left: bool = False
    ) -> None:
        if not cell.width():
            return
        painter.setFont(font)
        painter.setPen(self._appearance.color(token))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, cell.width())
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        painter.drawText(cell, Qt.AlignmentFlag.AlignVCenter | side, shown)


class FitsList(QWidget):
    """Title, how it was reckoned, and the rows.

    Signals:
        preset_clicked: the preset that a person wants to plan with.
    """

    preset_clicked = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._rows: list[_FitRow] = []
        self._price = 0.0
        self.title = Label(role="card")
        self.basis = ElidedLabel(role="small", tone="3")
        self.basis.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setContentsMargins(10, 0, 10, 0)
        head.addWidget(self.title)
        head.addWidget(self.basis, 1)
        self._column = QVBoxLayout()
        self._column.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(self._column)
        column.addStretch(1)

    def set_fits(self, fits: Sequence[Fit], price_per_hour: float) -> None:
        """Show them; the price is that of the graphics card, 0 when the processor trains."""
        self._price = price_per_hour
        while len(self._rows) < len(fits):
            row = _FitRow(self._appearance)
            row.clicked.connect(lambda _on=False, made=row: self.preset_clicked.emit(made.preset))
            self._rows.append(row)
            self._column.addWidget(row)
        for row, fit in zip(self._rows, fits, strict=True):
            row.show_fit(fit)
        self.retranslate()

    def row(self, index: int) -> QAbstractButton:
        """The button of a row."""
        return self._rows[index]

    def retranslate(self) -> None:
        """Every word again."""
        self.title.setText(_("What fits"))
        basis = _("pretraining, 20 tokens per parameter")
        if self._price:
            price = _("at {price} an hour").format(price=fmt.money(self._price, digits=1))
            basis = _("{basis}, {price}").format(basis=basis, price=price)
        self.basis.setText(basis)
