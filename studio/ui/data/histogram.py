"""How long the rows are, as bars, with the sequence length as a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from minimind.text import _
from studio.ui import format as fmt
from studio.ui.appearance import Appearance
from studio.ui.widgets.painting import draw_box

BARS = 20
# the sequence length stands at this share of the width when rows are longer than it
_SHARE = 0.64
_STEPS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512, 640, 800)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Rows of `low` to `high` tokens; the last bar is open at its end. `over`: beyond the sequence length."""

    low: int
    high: int
    rows: int
    over: bool
    open_end: bool = False


def bars_of(lengths: Iterable[tuple[int, int]], seq_len: int) -> list[Bar]:
    """Twenty bars of one width; all longer rows are in the last one.

    Args:
        lengths: (tokens of a row, number of such rows).
        seq_len: in tokens; bars begin anew behind it, so that each is wholly on one side.
    """
    known = list(lengths)
    longest = max((length for length, _rows in known), default=1)
    wanted = seq_len / _SHARE if longest > seq_len else max(longest, 1)
    step = next((size for size in _STEPS if size * BARS >= wanted), -(-int(wanted) // BARS))
    if longest > seq_len:
        # a border lies on the sequence length
        step = max(1, seq_len // max(1, round(seq_len / step)))
    counts = [0] * BARS
    for length, rows in known:
        counts[min(BARS - 1, max(0, length - 1) // step)] += rows
    return [
        Bar(
            low=index * step + 1,
            high=(index + 1) * step,
            rows=rows,
            over=index * step >= seq_len,
            open_end=index == BARS - 1 and longest > BARS * step,
        )
        for index, rows in enumerate(counts)
    ]


class Histogram(QWidget):
    """Bars in the green of the lanes, those beyond the sequence length in orange; hover names each."""

    def __init__(self, appearance: Appearance, *, height: int = 118, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._bars: list[Bar] = []
        self._seq_len = 512
        self._height = height
        self._hovered = -1
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        appearance.changed.connect(self.update)

    def set_lengths(self, lengths: Iterable[tuple[int, int]], seq_len: int) -> None:
        """Show these."""
        self._bars = bars_of(lengths, seq_len)
        self._seq_len = seq_len
        most = max(self._bars, key=lambda bar: bar.rows)
        self.setAccessibleName(_("Lengths of the rows"))
        self.setAccessibleDescription(_told(most))
        self.update()

    def bars(self) -> list[Bar]:
        """What is shown."""
        return list(self._bars)

    def sizeHint(self) -> QSize:
        return QSize(160, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 80)

    def _plot(self) -> QRectF:
        line = self._appearance.line_height("small")
        # above the bars there is room for the word at the line
        band = line if any(bar.over for bar in self._bars) else 2
        return QRectF(0, band, self.width(), self.height() - line - 2 - band)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, plot = self._appearance, self._plot()
        painter = QPainter(self)
        most = max((bar.rows for bar in self._bars), default=0)
        width = plot.width() / BARS
        for index, bar in enumerate(self._bars):
            if not bar.rows:
                continue
            height = max(2.0, (plot.height() - 4) * bar.rows / most)
            area = QRectF(
                plot.left() + index * width + 0.5, plot.bottom() - height, max(1.0, width - 1.5), height
            )
            painter.fillRect(area, look.color("curve2" if bar.over else "curve3"))
            if index == self._hovered:
                draw_box(painter, area.adjusted(-1, -1, 1, 1), border=look.color("text2"), radius=2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(look.color("axis"), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        self._paint_axis(painter, plot, width)

    def _paint_axis(self, painter: QPainter, plot: QRectF, width: float) -> None:
        look = self._appearance
        font = look.font("small", tabular=True)
        metrics = QFontMetrics(font)
        if not any(bar.rows for bar in self._bars):
            return
        painter.setFont(font)
        painter.setPen(look.color("text3"))
        line = QRectF(plot.left(), plot.bottom() + 2, plot.width(), look.line_height("small"))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), "0")
        last = self._bars[-1]
        end = f"{last.low - 1:,}+" if last.open_end else f"{last.high:,}"
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), end)
        step = self._bars[0].high
        x = plot.left() + width * self._seq_len / step
        if not any(bar.over for bar in self._bars):
            return
        words = _("sequence length {n}").format(n=f"{self._seq_len:,}")
        wide = metrics.horizontalAdvance(words)
        beside = x - 6 - wide >= 0
        left = x - 6 - wide if beside else max(0.0, min(x - wide / 2, plot.right() - wide))
        painter.setPen(QPen(look.color("text2"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(round(x), 2 if beside else plot.top()), QPointF(round(x), plot.bottom()))
        painter.setPen(look.color("text2"))
        painter.drawText(QPointF(left, metrics.ascent() + 1), words)
        number = f"{self._seq_len:,}"
        half = metrics.horizontalAdvance(number) / 2
        if x + half < plot.right() - metrics.horizontalAdvance(end) - 8:
            painter.setPen(look.color("text3"))
            painter.drawText(QPointF(x - half, line.top() + metrics.ascent() + 1), number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._bars:
            return
        index = min(BARS - 1, max(0, int(event.position().x() * BARS / max(1, self.width()))))
        if index != self._hovered:
            self._hovered = index
            self.update()
            where = event.globalPosition().toPoint() + QPoint(0, 12)
            QToolTip.showText(where, _told(self._bars[index]), self)

    def leaveEvent(self, event: object) -> None:
        self._hovered = -1
        self.update()


def _told(bar: Bar) -> str:
    span = f"{bar.low:,}+" if bar.open_end else f"{bar.low:,}–{bar.high:,}"
    return _("{span} tokens: {rows}").format(span=span, rows=fmt.rows(bar.rows))
