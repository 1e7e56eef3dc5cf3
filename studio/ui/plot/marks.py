"""What a plot shows besides curves: lines with a label, bands, dots, values at the right edge. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An upright line with a label at the top.

    Attributes:
        x: where, in the axis' units.
        text: label, or empty for a line alone.
        tone: colour token of line and label: warning, danger, text3.
        icon: before the label.
        dotted: a finer line, for the border between two attempts.
        through: goes on through the lanes.
    """

    x: float
    text: str = ""
    tone: str = "warning"
    icon: str = ""
    dotted: bool = False
    through: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """A grey stretch of the time axis in which no step was made."""

    lo: float
    hi: float
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class EndValue:
    """The newest value of a curve, written at the right edge in the curve's colour."""

    y: float
    text: str
    token: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A small plot below the main one, on the same x axis, with a fixed range.

    Attributes:
        name: key of its values.
        text: label at the left, translated.
        low, high: the fixed range.
        filled: a light ground below the line.
    """

    name: str
    text: str
    low: float
    high: float
    filled: bool = False
