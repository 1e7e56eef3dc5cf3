"""A row as the model sees it: every token with its ground, what is trained underlined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from minimind.text import _
from studio.planning.token_blocks import ROLES, Run, Turn, spelled
from studio.ui.appearance import Appearance
from studio.ui.data.token_layout import SPECIAL, Box, Line, Metrics, TokenLayout
from studio.ui.widgets.painting import draw_box

# laid out at once; then in bits of this many, so that no bit takes longer than a frame
FIRST, BIT = 2_000, 500
# a row is shown to this length until somebody asks for all of it
LIMIT = 6_000
_COUNT_PX, _MARGIN = 10, 2


class TokenView(QAbstractScrollArea):
    """Paints the lines in sight only; a long row is laid out bit by bit.

    Signals:
        laid_out: the height is another one, or all is there.
        menu_wanted(Run or None, QPoint): a right click, and where on the screen.
    """

    laid_out = Signal()
    menu_wanted = Signal(object, QPoint)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._turns: tuple[Turn, ...] = ()
        self._masked = True
        self._whole = False
        self._layout: TokenLayout | None = None
        self._hovered: Run | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._extend)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        appearance.changed.connect(self._restyle)
        self._restyle()

    # -- what it shows ---------------------------------------------------------------------------------

    def show_turns(self, turns: Sequence[Turn], *, masked: bool, whole: bool = False) -> None:
        """Show a row.

        Args:
            turns: the row.
            masked: what is trained has its ground; else the text alone, as the template made it.
            whole: all of it, however long.
        """
        same = turns is self._turns or tuple(turns) == self._turns
        self._turns, self._masked, self._whole = tuple(turns), masked, whole
        self._lay_out()
        if not same:
            self.verticalScrollBar().setValue(0)

    def show_all(self) -> None:
        """Lay out what is beyond the limit."""
        self._whole = True
        if self._layout is not None:
            self._layout.limit = None
            self._timer.start()

    @property
    def hidden_runs(self) -> int:
        """How many tokens are beyond the limit."""
        if self._layout is None or self._whole:
            return 0
        return max(0, self._layout.num_runs - LIMIT)

    @property
    def is_busy(self) -> bool:
        """More is being laid out."""
        return self._timer.isActive()

    def text(self) -> str:
        """All that it shows."""
        return "".join(run.text for turn in self._turns for run in turn.runs)

    # -- laying out ------------------------------------------------------------------------------------

    def _restyle(self) -> None:
        look = self._appearance
        self._plain, self._mono = look.font("reading"), look.font("mono")
        self._small = look.font("small")
        self._count = look.font("small", tabular=True)
        self._count.setPixelSize(round(_COUNT_PX * look.scale))
        plain, mono = QFontMetricsF(self._plain), QFontMetricsF(self._mono)
        drawable = QFontMetrics(self._plain)
        count = QFontMetricsF(self._count)

        @lru_cache(maxsize=65_536)
        def drawn(text: str) -> str:
            if text.isascii():
                return text
            return "".join(c if c in "↵⇥" or drawable.inFontUcs4(ord(c)) else spelled(c) for c in text)

        @lru_cache(maxsize=65_536)
        def measure(text: str, kind: str) -> float:
            return (mono if kind == SPECIAL else plain).horizontalAdvance(drawn(text))

        self._drawn, self._measure = drawn, measure
        self._metrics = Metrics(
            line=look.line_height("reading") + 6,
            turn_gap=9,
            role_width=max(QFontMetricsF(self._small).horizontalAdvance(_(word)) for word in ROLES.values())
            + 14,
            pad=6,
            gap=6,
            count_width=count.horizontalAdvance("2") + 2,
        )
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.viewport().width() - 2 * _MARGIN
        metrics = self._metrics
        if not any(turn.role for turn in self._turns):
            metrics = replace(metrics, role_width=0.0)
        if not self._masked:
            metrics = replace(metrics, count_width=0.0)
        limit = None if self._whole else LIMIT
        self._layout = TokenLayout(self._turns, width, self._measure, metrics, limit=limit)
        self._hovered = None
        if self._layout.extend(FIRST):
            self._timer.start()
        self._show_height()

    def _extend(self) -> None:
        if self._layout is None or not self._layout.extend(BIT):
            self._timer.stop()
        self._show_height()

    def _show_height(self) -> None:
        assert self._layout is not None
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(round(self._metrics.line))
        bar.setRange(0, max(0, round(self._layout.height) - self.viewport().height()))
        self.viewport().update()
        self.laid_out.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    # -- painting --------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._layout is None:
            return
        painter = QPainter(self.viewport())
        top = self.verticalScrollBar().value()
        painter.translate(_MARGIN, -top)
        area = event.rect()
        for line in self._layout.visible(top + area.top(), top + area.bottom()):
            self._paint_line(painter, line)
        painter.end()
        if self.hasFocus():
            focus = QPainter(self.viewport())
            draw_box(focus, QRectF(self.viewport().rect()), border=self._appearance.color("accent"), radius=4)

    def _paint_line(self, painter: QPainter, line: Line) -> None:
        look, metrics = self._appearance, self._metrics
        if line.divided:
            painter.setPen(QPen(look.color("border"), 1))
            y = round(line.y - metrics.turn_gap) + 0.5
            painter.drawLine(QPointF(0, y), QPointF(self.viewport().width(), y))
        if line.role:
            painter.setFont(self._small)
            painter.setPen(look.color("text2"))
            word = ROLES.get(line.role)
            place = QRectF(0, line.y, metrics.role_width - 6, metrics.line)
            align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(place, int(align), _(word) if word else line.role)
        for box in line.boxes:
            if box.run.special:
                self._paint_special(painter, line, box)
            else:
                self._paint_token(painter, line, box)

    def _paint_special(self, painter: QPainter, line: Line, box: Box) -> None:
        look = self._appearance
        trained = box.run.trained and self._masked
        height = look.line_height("mono") + 3
        area = QRectF(box.x, line.y + (self._metrics.line - height) / 2, box.width, height)
        draw_box(painter, area, fill=look.color("mask" if trained else "sunken"), radius=4)
        if trained:
            painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 2), look.color("curve1"))
        if box.run is self._hovered:
            draw_box(painter, area, border=look.color("accent"), radius=4)
        painter.setFont(self._mono)
        painter.setPen(look.color("mask_text" if trained else "text2"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), box.shown)

    def _paint_token(self, painter: QPainter, line: Line, box: Box) -> None:
        look, run = self._appearance, box.run
        trained = run.trained and self._masked
        height = look.line_height("reading")
        area = QRectF(box.x, line.y + (self._metrics.line - height) / 2, box.width, height)
        if trained:
            ground = QRectF(area.left(), area.top(), area.width() - 1, area.height())
            painter.fillRect(ground, look.color("mask_alt" if run.alt else "mask"))
            painter.fillRect(QRectF(ground.left(), ground.bottom(), ground.width(), 2), look.color("curve1"))
        if run is self._hovered:
            draw_box(painter, area, border=look.color("accent"), radius=3)
        painter.setFont(self._plain)
        faint = box.shown in ("↵", "⇥")
        tone = "text3" if faint else "text" if trained or not self._masked else "text2"
        painter.setPen(look.color(tone))
        align = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(area.adjusted(0, 0, 8, 0), align, self._drawn(box.shown))
        if box.last and run.split > 1 and self._masked:
            painter.setFont(self._count)
            painter.setPen(look.color("text3"))
            corner = area.adjusted(0, -1, -2, 0)
            painter.drawText(
                corner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), str(run.split)
            )

    # -- pointer and keys ------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(event.position(), event.globalPosition().toPoint())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hovered = None
            self.viewport().update()
        return super().viewportEvent(event)

    def run_at(self, place: QPointF) -> Run | None:
        """The token at a place of the viewport."""
        if self._layout is None:
            return None
        found = self._layout.box_at(place.x() - _MARGIN, place.y() + self.verticalScrollBar().value())
        return found[1].run if found else None

    def _hover(self, place: QPointF, where: QPoint) -> None:
        run = self.run_at(place)
        if run is self._hovered:
            return
        self._hovered = run
        self.viewport().update()
        if run is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(where + QPoint(0, 12), told(run), self.viewport())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self.run_at(QPointF(event.pos())), event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            # they belong to the page: the row before, the next row
            event.ignore()
            return
        bar = self.verticalScrollBar()
        goal = {Qt.Key.Key_Home: bar.minimum(), Qt.Key.Key_End: bar.maximum()}.get(Qt.Key(event.key()))
        if goal is None:
            super().keyPressEvent(event)
        else:
            bar.setValue(goal)


def told(run: Run) -> str:
    """What the hover says: ids, piece, trained or not."""
    ids = " ".join(f"{number:,}" for number in run.ids)
    name = _("token {ids}") if len(run.ids) == 1 else _("tokens {ids}")
    piece = run.text.encode("unicode_escape").decode() if not run.text.isprintable() else run.text
    learnt = _("trained") if run.trained else _("only context")
    parts = [name.format(ids=ids), f"“{piece}”", learnt]
    if run.split > 1:
        parts.append(_("one character in {n} tokens").format(n=run.split))
    return " · ".join(parts)
