"""The visible stretch of the x axis: whole, zoomed, following the newest point or held. No Qt here."""

from __future__ import annotations

_SMALLEST_SHARE = 1e-5


class Viewport:
    """Which x are in sight, on the scale that is drawn (the caller takes logarithms first).

    Whole: everything, growing with the data. Zoomed: the width stays; at the right edge the view moves on
    with the data, anywhere else it stays where the person put it.
    """

    def __init__(self) -> None:
        self._first = 0.0
        self._last = 1.0
        self._lo = 0.0
        self._hi = 1.0
        self._whole = True
        self._following = True

    @property
    def lo(self) -> float:
        """Left edge."""
        return self._first if self._whole else self._lo

    @property
    def hi(self) -> float:
        """Right edge."""
        return self._last if self._whole else self._hi

    @property
    def whole(self) -> bool:
        """Everything is in sight."""
        return self._whole

    @property
    def following(self) -> bool:
        """The newest point stays in sight as data arrive."""
        return self._whole or self._following

    def set_extent(self, first: float, last: float) -> bool:
        """Tell how far the data reach.

        Returns:
            Whether the visible range changed.
        """
        before = self.lo, self.hi
        self._first, self._last = first, max(last, first + 1e-9)
        if not self._whole and self._following:
            width = self._hi - self._lo
            self._hi = self._last
            self._lo = max(self._first, self._hi - width)
        return (self.lo, self.hi) != before

    def show(self, lo: float, hi: float) -> None:
        """Zoom to a stretch; outside of the data there is nothing to see, so it is cut there."""
        lo, hi = min(lo, hi), max(lo, hi)
        least = (self._last - self._first) * _SMALLEST_SHARE
        if hi - lo < least:
            middle = (lo + hi) / 2
            lo, hi = middle - least / 2, middle + least / 2
        lo, hi = max(lo, self._first), min(hi, self._last)
        if lo >= hi:
            return
        self._whole = lo <= self._first and hi >= self._last
        self._lo, self._hi = lo, hi
        self._following = hi >= self._last

    def zoom(self, factor: float, around: float) -> None:
        """Make the visible stretch `factor` times as wide, `around` staying where it is on the screen.

        At the right edge of a view that follows, the edge stays instead: else the first turn of the wheel
        would leave the newest point.
        """
        lo, hi = self.lo, self.hi
        if self.following and factor < 1 and hi - around < 0.1 * (hi - lo):
            around = hi
        self.show(around - (around - lo) * factor, around + (hi - around) * factor)

    def pan(self, by: float) -> None:
        """Move the visible stretch, keeping its width."""
        if self._whole:
            return
        lo, hi = self._lo + by, self._hi + by
        if lo < self._first:
            lo, hi = self._first, hi + self._first - lo
        if hi > self._last:
            lo, hi = lo + self._last - hi, self._last
        self.show(lo, hi)

    def latest(self) -> None:
        """Go to the newest point, keeping the width."""
        self.pan(self._last - self.hi)
        self._following = True

    def reset(self) -> None:
        """Everything in sight again."""
        self._whole, self._following = True, True
