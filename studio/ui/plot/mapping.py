"""Data ↔ drawn scale ↔ pixels of one plot: what is in sight, straight or logarithmic. No Qt here."""

from __future__ import annotations

import copy
import math

import numpy as np
from numpy.typing import NDArray

from studio.ui.plot.viewport import Viewport

Array = NDArray[np.float64]


class Mapping:
    """Three spaces: data (steps, loss), drawn (its logarithm, or the same), pixels of the plot's area."""

    def __init__(self) -> None:
        self.view = Viewport()
        self.extent = (0.0, 1.0)
        self.x_log = False
        self.y_log = False
        self.y_range = (0.0, 1.0)
        self.left = self.top = 0.0
        self.width = self.height = 1.0

    def place(self, left: float, top: float, width: float, height: float) -> None:
        """Where the plot's area lies, in pixels."""
        self.left, self.top = left, top
        self.width, self.height = max(1.0, width), max(1.0, height)

    def take(self, other: Mapping) -> None:
        """The same stretch on the same scales as another one."""
        self.view = copy.copy(other.view)
        self.extent, self.x_log, self.y_log = other.extent, other.x_log, other.y_log

    def set_extent(self, first: float, last: float) -> bool:
        """How far the data reach; True when the visible stretch changed with it."""
        self.extent = (first, last)
        return self.view.set_extent(self.drawn_x(first), self.drawn_x(last))

    def set_x_log(self, log: bool) -> bool:
        """Change the x scale and show everything; True when it is another one."""
        if log == self.x_log:
            return False
        self.x_log = log
        self.view.reset()
        self.set_extent(*self.extent)
        return True

    @property
    def visible(self) -> tuple[float, float]:
        """What is in sight, in data units."""
        return self.back_x(self.view.lo), self.back_x(self.view.hi)

    @property
    def drawn_y_range(self) -> tuple[float, float]:
        """The y range on the drawn scale."""
        return self.drawn_y(self.y_range[0]), self.drawn_y(self.y_range[1])

    @property
    def floor(self) -> float:
        """Where a logarithmic x axis begins: x = 0 has no place on it."""
        return self.extent[0] if self.extent[0] > 0 else max(1.0, self.extent[1] / 1e5)

    def drawn_x(self, x: float) -> float:
        """Data → drawn."""
        return math.log10(max(x, self.floor)) if self.x_log else x

    def back_x(self, drawn: float) -> float:
        """Drawn → data."""
        return 10.0**drawn if self.x_log else drawn

    def drawn_y(self, y: float) -> float:
        """Data → drawn; what is not above 0 lies far below a logarithmic plot."""
        return math.log10(max(y, 1e-300)) if self.y_log else y

    def back_y(self, drawn: float) -> float:
        """Drawn → data."""
        return 10.0**drawn if self.y_log else drawn

    def drawn_xs(self, xs: Array) -> Array:
        """Data → drawn for a whole curve."""
        return np.log10(np.maximum(xs, self.floor)) if self.x_log else xs

    def drawn_ys(self, ys: Array) -> Array:
        """Data → drawn for a whole curve; a gap where a logarithm has no value."""
        if not self.y_log:
            return ys
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(ys > 0, np.log10(ys), np.nan)

    def pixel_x(self, x: float) -> float:
        """The pixel column of a data x."""
        lo, hi = self.view.lo, self.view.hi
        return self.left + (self.drawn_x(x) - lo) / (hi - lo) * self.width

    def pixel_y(self, y: float) -> float:
        """The pixel row of a data y."""
        low, high = self.drawn_y_range
        return self.top + self.height - (self.drawn_y(y) - low) / (high - low) * self.height

    def drawn_at(self, pixel: float) -> float:
        """The drawn x at a pixel column."""
        lo, hi = self.view.lo, self.view.hi
        return lo + (pixel - self.left) / self.width * (hi - lo)

    def zoomed_y(self, factor: float, pixel: float) -> tuple[float, float]:
        """The y range `factor` times as high, what lies at a pixel row staying there; in data units."""
        low, high = self.drawn_y_range
        around = high - (pixel - self.top) / self.height * (high - low)
        ends = around - (around - low) * factor, around + (high - around) * factor
        return self.back_y(ends[0]), self.back_y(ends[1])
