"""A plot as a file: drawn anew in the light theme, with a title and its legend, as pixels or as lines."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from studio.ui import theme
from studio.ui.appearance import Appearance
from studio.ui.icons import Icons
from studio.ui.run.plot_legend import paint_legend
from studio.ui.run.plot_picture import PlotPicture
from studio.ui.run.plot_readout import lane_values, legend
from studio.ui.theme import Theme
from studio.ui.widgets.loss_plot import LossPlot

RATIO = 2
WIDTH, HEIGHT = 1000, 640
_SIDE, _TITLE, _LEGEND = 16, 56, 26


class Paper(Appearance):
    """The light theme at text size 100%, whatever the window wears; it applies itself to nothing."""

    def __init__(self) -> None:
        # not the one of Appearance: that one dresses the application
        QObject.__init__(self)
        self._icons = Icons()
        self._text_size = 100

    @property
    def theme(self) -> Theme:
        return theme.LIGHT

    @property
    def scale(self) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What stands above the plot: the run's name, and one line on what it is."""

    title: str
    meta: str


class Sheet:
    """One drawing of a picture; every file is made from it."""

    def __init__(self, picture: PlotPicture, caption: Caption, source: LossPlot) -> None:
        """`source`: the plot on screen, whose stretch and scales the drawing takes."""
        self._paper = Paper()
        self._picture, self._caption = picture, caption
        self.plot = LossPlot(self._paper)
        self.plot.ratio = RATIO
        self.plot.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.plot.resize(WIDTH - 2 * _SIDE, HEIGHT - _TITLE - _LEGEND - _SIDE)
        self.plot.show()
        self.plot.take_view(source)
        picture.draw(self.plot)
        self.plot.lanes.set_values(lane_values(self.plot))
        self.plot.refresh()

    def close(self) -> None:
        """The drawing is not needed any more."""
        self.plot.close()
        self.plot.deleteLater()

    def image(self) -> QImage:
        """Pixels, two for each of the window's."""
        made = QImage(QSize(WIDTH, HEIGHT) * RATIO, QImage.Format.Format_RGB32)
        made.setDevicePixelRatio(RATIO)
        made.fill(self._paper.color("surface"))
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self._paint(painter)
        painter.end()
        return made

    def svg(self) -> bytes:
        """Lines and letters."""
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(QSize(WIDTH, HEIGHT))
        generator.setViewBox(QRect(0, 0, WIDTH, HEIGHT))
        generator.setTitle(self._caption.title)
        generator.setDescription(self._caption.meta)
        painter = QPainter(generator)
        painter.fillRect(QRect(0, 0, WIDTH, HEIGHT), self._paper.color("surface"))
        self._paint(painter)
        painter.end()
        buffer.close()
        return bytes(content.data())

    def _paint(self, painter: QPainter) -> None:
        look, flags = self._paper, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        wide = WIDTH - 2 * _SIDE
        painter.setFont(look.font("heading"))
        painter.setPen(look.color("text"))
        painter.drawText(QRectF(_SIDE, 8, wide, 24), flags, self._caption.title)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        painter.drawText(QRectF(_SIDE, 32, wide, 18), flags, self._caption.meta)
        paint_legend(painter, look, legend(self._picture), QRectF(_SIDE, _TITLE, wide, _LEGEND))
        area = QRectF(_SIDE, _TITLE + _LEGEND, self.plot.width(), self.plot.height())
        self.plot.render(painter, area, self.plot.viewport().rect())


def png_bytes(image: QImage) -> bytes:
    """The image as a file; any thread may do it."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    return bytes(content.data())
