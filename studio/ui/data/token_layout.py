"""Where every token of a row stands: lines of boxes, laid out bit by bit, without a widget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from studio.planning.token_blocks import LINE_END, Run, Turn, shapes

# what is measured as mono, with room around it
SPECIAL, PLAIN = "special", "plain"
_CLOSING = frozenset("，。、；：？！”’）》」』】…—,.;:?!)]}%")
_OPENING = frozenset("“‘（《「『【([{")
Measure = Callable[[str, str], float]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Sizes in pixels: height of a line, of the space above and below a turn, width of the roles' column,
    room at both sides of a special token, gap behind it, width of a small count."""

    line: float
    turn_gap: float
    role_width: float
    pad: float
    gap: float
    count_width: float


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a run on one line; most runs are one box. `last`: the count of a split character is here."""

    x: float
    width: float
    shown: str
    run: Run
    last: bool = True


@dataclass(slots=True)
class Line:
    """Boxes from left to right; `role` on the first line of a turn; `divided`: a rule stands above it."""

    y: float
    boxes: list[Box] = field(default_factory=list)
    role: str = ""
    divided: bool = False


class TokenLayout:
    """Lines of a row in a width. Call `extend` until it says that nothing is left.

    Args:
        turns: what to lay out.
        width: of the whole, the roles' column included, in pixels.
        measure: width of a text in one of the two kinds.
        metrics: sizes.
        first_runs: how many runs at most; the others are left out until `limit` is raised.
    """

    def __init__(
        self,
        turns: Sequence[Turn],
        width: float,
        measure: Measure,
        metrics: Metrics,
        *,
        limit: int | None = None,
    ) -> None:
        self.lines: list[Line] = []
        self._turns, self._measure, self._metrics = turns, measure, metrics
        self._left = metrics.role_width
        self._right = max(width, self._left + 40)
        self._x, self._y = self._left, 0.0
        self._turn = self._run = self._done = 0
        self._word = 0
        # a line end breaks the line once something follows it
        self._ended = False
        # nothing but line ends since the last special token
        self._beside = False
        self.limit = limit

    @property
    def num_runs(self) -> int:
        """Runs in all."""
        return sum(len(turn.runs) for turn in self._turns)

    @property
    def is_whole(self) -> bool:
        """Nothing is left, not even beyond the limit."""
        return self._turn >= len(self._turns)

    @property
    def height(self) -> float:
        """Of what is laid out."""
        return self.lines[-1].y + self._metrics.line + self._metrics.turn_gap if self.lines else 0.0

    def extend(self, runs: int) -> bool:
        """Lay out so many more; False when nothing is left to do."""
        for _step in range(runs):
            if self.is_whole or (self.limit is not None and self._done >= self.limit):
                return False
            turn = self._turns[self._turn]
            if self._run == 0:
                self._begin_turn(turn)
            self._place(turn.runs[self._run])
            self._done += 1
            self._run += 1
            if self._run == len(turn.runs):
                self._turn, self._run = self._turn + 1, 0
        return not self.is_whole

    def visible(self, top: float, bottom: float) -> list[Line]:
        """Lines that show between two heights."""
        first = bisect_right(self.lines, top - self._metrics.line, key=lambda line: line.y)
        last = bisect_right(self.lines, bottom, key=lambda line: line.y)
        return self.lines[max(0, first - 1) : last]

    def box_at(self, x: float, y: float) -> tuple[Line, Box] | None:
        """What stands at a place."""
        at = bisect_right(self.lines, y, key=lambda line: line.y) - 1
        if at < 0 or y > self.lines[at].y + self._metrics.line:
            return None
        line = self.lines[at]
        return next(((line, box) for box in line.boxes if box.x <= x < box.x + box.width), None)

    def _begin_turn(self, turn: Turn) -> None:
        gap = self._metrics.turn_gap
        first = not self.lines
        self._y = 0.0 if first else self.lines[-1].y + self._metrics.line + 2 * gap
        self.lines.append(Line(y=self._y, role=turn.role, divided=not first))
        self._x, self._word, self._ended, self._beside = self._left, 0, False, False

    def _break(self) -> None:
        self._y += self._metrics.line
        self.lines.append(Line(y=self._y))
        self._x, self._word, self._ended = self._left, 0, False

    def _place(self, run: Run) -> None:
        metrics = self._metrics
        if run.special:
            shown = run.text.strip("\n")
            width = self._measure(shown, SPECIAL) + 2 * metrics.pad
            before = self.lines[-1].boxes[-1:]
            # behind another one the gap is there already
            gap = metrics.gap if before and not before[0].run.special else 0.0
            if self._ended or (self._x + gap + width > self._right and self._x > self._left):
                self._break()
                gap = 0.0
            self._x += gap
            self.lines[-1].boxes.append(Box(self._x, width, shown, run))
            self._x += width + metrics.gap
            self._word, self._beside = len(self.lines[-1].boxes), True
            return
        parts = list(shapes(run.text)) or [("", False)]
        for index, (shown, breaks) in enumerate(parts):
            last = index == len(parts) - 1
            width = self._measure(shown, PLAIN)
            if last and run.split > 1:
                width += metrics.count_width
            if self._ended:
                self._break()
            # the line ends that the template puts behind a special token would fill the page with nothing
            self._beside = self._beside and shown == LINE_END
            self._place_word(Box(self._x, width, shown, run, last))
            self._ended = breaks and not self._beside

    def _place_word(self, box: Box) -> None:
        boxes = self.lines[-1].boxes
        if not (boxes and _goes_on(boxes[-1], box)):
            self._word = len(boxes)
        if self._x + box.width > self._right and self._x > self._left:
            moved = boxes[self._word :] if 0 < self._word < len(boxes) else []
            del boxes[len(boxes) - len(moved) :]
            self._break()
            for part in moved:
                self._append(part)
        self._append(box)

    def _append(self, box: Box) -> None:
        self.lines[-1].boxes.append(Box(self._x, box.width, box.shown, box.run, box.last))
        self._x += box.width


def _goes_on(before: Box, box: Box) -> bool:
    """Not torn at the end of a line: two tokens of one Latin word, a mark and what it belongs to."""
    left, right = before.shown[-1:], box.shown[:1]
    if before.run.special:
        return False
    if right in _CLOSING or left in _OPENING:
        return True
    return left.isascii() and left.isalnum() and right.isascii() and right.isalnum()
