"""What a plot draws besides curves: grid, ticks, marks, dots, crosshair; in pixels, on whole pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from studio.ui.appearance import Appearance
from studio.ui.plot.marks import Band, EndValue, Mark
from studio.ui.plot.scale import spread

DOT = 7.0
RING = 1.5
CHECKPOINT_TICK = 6
# ticks this near to the chip of the crosshair are left out
_HIDDEN_BY_CHIP = 54
_LEFT_GAP, _RIGHT_GAP = 8, 8


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where things are: the main plot, the line that the x labels hang from, and data → pixels."""

    area: QRectF
    bottom: float
    x_of: Callable[[float], float]
    y_of: Callable[[float], float]

    def inside(self, x: float) -> bool:
        """Whether a pixel column lies in the plot; NaN does not."""
        return self.area.left() - 0.5 <= x <= self.area.right() + 0.5

    def column(self, x: float) -> int | None:
        """The whole pixel column of a data x; None outside of the plot, and for NaN."""
        at = self.x_of(x)
        return round(at) if self.inside(at) else None


def line_pen(appearance: Appearance, token: str, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """One device pixel, whatever the scale."""
    pen = QPen(appearance.color(token), 1, style)
    pen.setCosmetic(True)
    return pen


def draw_grid(
    painter: QPainter, look: Appearance, frame: Frame, xs: Sequence[float], ys: Sequence[float]
) -> None:
    """Lines at the ticks and the axis line at the bottom."""
    area = frame.area
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(line_pen(look, "grid"))
    for x in xs:
        if (at := frame.column(x)) is not None:
            painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))
    for y in ys:
        row = frame.y_of(y)
        if area.top() <= row <= area.bottom():
            at = round(row)
            painter.drawLine(QPointF(area.left(), at), QPointF(area.right(), at))
    painter.setPen(line_pen(look, "axis"))
    painter.drawLine(area.bottomLeft(), area.bottomRight())


def draw_bands(painter: QPainter, look: Appearance, frame: Frame, bands: Sequence[Band]) -> None:
    """Grey stretches behind everything, their names at the top where they fit."""
    painter.setFont(look.font("small"))
    metrics = QFontMetricsF(painter.font())
    for band in bands:
        left, right = frame.x_of(band.lo), frame.x_of(band.hi)
        left, right = max(left, frame.area.left()), min(right, frame.area.right())
        if right - left < 1:
            continue
        rect = QRectF(left, frame.area.top(), right - left, frame.bottom - frame.area.top())
        painter.fillRect(rect, look.color("sunken"))
        if metrics.horizontalAdvance(band.text) + 8 < rect.width():
            painter.setPen(look.color("text3"))
            rect.setHeight(look.line_height("small") + 4)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, band.text)


def draw_y_labels(
    painter: QPainter, look: Appearance, frame: Frame, ticks: Sequence[tuple[float, str]]
) -> None:
    """Figures left of the plot, right-aligned."""
    height = look.line_height("small")
    painter.setFont(look.font("small", tabular=True))
    painter.setPen(look.color("text3"))
    for y, text in ticks:
        at = frame.y_of(y)
        if frame.area.top() - 1 <= at <= frame.area.bottom() + 1:
            box = QRectF(0, at - height / 2, frame.area.left() - _LEFT_GAP, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def draw_x_labels(
    painter: QPainter,
    look: Appearance,
    frame: Frame,
    ticks: Sequence[tuple[float, str]],
    chip: tuple[float, str] | None,
) -> None:
    """Figures below plot and lanes, and the crosshair's place as an inverted chip among them."""
    height = look.line_height("small")
    painter.setFont(look.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    chip_x = None if chip is None else frame.x_of(chip[0])
    painter.setPen(look.color("text3"))
    for x, text in ticks:
        at = frame.x_of(x)
        if not frame.inside(at) or (chip_x is not None and abs(at - chip_x) < _HIDDEN_BY_CHIP):
            continue
        width = metrics.horizontalAdvance(text) + 4
        left = min(max(at - width / 2, 2), frame.area.right() + 58 - width)
        painter.drawText(QRectF(left, frame.bottom + 3, width, height), Qt.AlignmentFlag.AlignCenter, text)
    if chip is not None and chip_x is not None:
        width = metrics.horizontalAdvance(chip[1]) + 16
        left = min(max(chip_x - width / 2, 2), frame.area.right() + 56 - width)
        box = QRectF(left, frame.bottom + 3, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("text"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(look.color("surface"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, chip[1])


def draw_dots(
    painter: QPainter,
    look: Appearance,
    frame: Frame,
    token: str,
    points: Sequence[tuple[float, float]],
) -> None:
    """Held-out values: dots with a ring of the ground, so that they stand clear of the curve."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    outer, inner = DOT / 2 + RING, DOT / 2
    places = [QPointF(frame.x_of(x), frame.y_of(y)) for x, y in points]
    places = _apart([p for p in places if frame.inside(p.x()) and _within(frame.area, p.y())])
    painter.setBrush(look.color("surface"))
    for place in places:
        painter.drawEllipse(place, outer, outer)
    painter.setBrush(look.color(token))
    for place in places:
        painter.drawEllipse(place, inner, inner)


def _apart(places: list[QPointF]) -> list[QPointF]:
    """Places that do not cover each other, the newest one among them."""
    kept: list[QPointF] = []
    for place in reversed(places):
        if not kept or kept[-1].x() - place.x() >= DOT:
            kept.append(place)
    return kept


def _within(area: QRectF, y: float) -> bool:
    return area.top() - 1 <= y <= area.bottom() + 1


def draw_marks(painter: QPainter, look: Appearance, frame: Frame, marks: Sequence[Mark]) -> None:
    """Upright lines; labels lie at the top, and step down a line where they would cover each other."""
    painter.setFont(look.font("small"))
    metrics = QFontMetricsF(painter.font())
    height = look.line_height("small") + 2
    taken: list[QRectF] = []
    for mark in marks:
        x = frame.column(mark.x)
        if x is None:
            continue
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        style = Qt.PenStyle.DotLine if mark.dotted else Qt.PenStyle.DashLine
        painter.setPen(line_pen(look, mark.tone, style))
        end = frame.bottom if mark.through else frame.area.bottom()
        painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, end))
        if not mark.text:
            continue
        icon = 18 if mark.icon else 0
        width = metrics.horizontalAdvance(mark.text) + 12 + icon
        box = QRectF(_label_left(frame, x, width), frame.area.top() + 2, width, height)
        while any(box.intersects(other) for other in taken) and box.bottom() < frame.area.center().y():
            box.translate(0, height + 2)
        taken.append(box)
        _draw_label(painter, look, box, mark, icon)


def _label_left(frame: Frame, x: float, width: float) -> float:
    """Beginning a little left of its line, wholly inside the plot."""
    return max(min(x - 8, frame.area.right() - width), frame.area.left())


def _draw_label(painter: QPainter, look: Appearance, box: QRectF, mark: Mark, icon: int) -> None:
    ground = {"warning": "warning_soft", "danger": "danger_soft"}.get(mark.tone, "sunken")
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color(ground))
    painter.drawRoundedRect(box, 4, 4)
    if mark.icon:
        pixmap = look.pixmap(mark.icon, mark.tone, 12)
        painter.drawPixmap(QPointF(round(box.left() + 6), round(box.center().y() - 6)), pixmap)
    painter.setPen(look.color(mark.tone))
    painter.drawText(box.adjusted(6 + icon, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, mark.text)


def draw_checkpoints(painter: QPainter, look: Appearance, frame: Frame, xs: Sequence[float]) -> None:
    """Short ticks that stand on the x axis of the main plot."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(line_pen(look, "text2"))
    for x in xs:
        if (at := frame.column(x)) is not None:
            bottom = frame.area.bottom()
            painter.drawLine(QPointF(at, bottom - CHECKPOINT_TICK), QPointF(at, bottom))


def draw_end_values(
    painter: QPainter, look: Appearance, frame: Frame, values: Sequence[EndValue], role: str = "small"
) -> None:
    """The newest values right of the plot, each at its height, moved apart where they would touch."""
    height = look.line_height(role)
    painter.setFont(look.font(role, tabular=True, weight=500))
    half = height / 2
    wanted = [frame.y_of(value.y) for value in values]
    centres = spread(wanted, height, frame.area.top() + half, frame.area.bottom() - half)
    for value, centre in zip(values, centres, strict=True):
        painter.setPen(look.color(value.token))
        box = QRectF(frame.area.right() + _RIGHT_GAP, centre - half, 58 - _RIGHT_GAP, height)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, value.text)


def draw_crosshair(
    painter: QPainter, look: Appearance, frame: Frame, x: float, point: tuple[float, str] | None
) -> None:
    """One upright line through plot and lanes, and a ring where it meets the curve."""
    at = frame.column(x)
    if at is None:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(line_pen(look, "text2"))
    painter.drawLine(QPointF(at, frame.area.top()), QPointF(at, frame.bottom))
    if point is not None:
        y = frame.y_of(point[0])
        if _within(frame.area, y):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look.color(point[1]), 2))
            painter.setBrush(look.color("surface"))
            painter.drawEllipse(QPointF(at, y), 4, 4)


def draw_message(painter: QPainter, look: Appearance, frame: Frame, text: str) -> None:
    """One line in the middle of an empty plot."""
    painter.setFont(look.font("body"))
    painter.setPen(look.color("text3"))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(frame.area.adjusted(16, 0, -16, 0), int(flags), text)


def draw_faint(painter: QPainter, look: Appearance, frame: Frame, y: float, text: str) -> None:
    """A short tick at the left with its meaning: a value that is expected, not measured."""
    row, left = frame.y_of(y), frame.area.left()
    if not _within(frame.area, row):
        return
    at = round(row)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(line_pen(look, "text3"))
    painter.drawLine(QPointF(left, at), QPointF(left + 10, at))
    painter.setFont(look.font("small", tabular=True))
    height = look.line_height("small")
    box = QRectF(left + 16, at - height / 2, frame.area.width() - 16, height)
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)


def draw_selection(painter: QPainter, look: Appearance, frame: Frame, a: float, b: float) -> None:
    """The stretch that a drag is choosing, in pixels."""
    left, right = sorted((a, b))
    rect = QRectF(left, frame.area.top(), right - left, frame.area.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(rect, look.color("selected"))
    painter.setPen(line_pen(look, "accent"))
    for x in (left, right):
        painter.drawLine(QPointF(round(x), rect.top()), QPointF(round(x), rect.bottom()))
