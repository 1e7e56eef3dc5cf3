"""Where tokens stand: every one of them once, in order, inside the width; bars that count every row."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from studio.planning.token_blocks import Run, Turn, shapes
from studio.ui.data.histogram import BARS, bars_of
from studio.ui.data.token_layout import SPECIAL, Box, Metrics, TokenLayout

METRICS = Metrics(line=20, turn_gap=5, role_width=30, pad=4, gap=6, count_width=5)
WORDS = st.text(st.sampled_from("ab 你好。，\n\t\x00<"), min_size=1, max_size=6)


def measure(text: str, kind: str) -> float:
    return (7 if kind == SPECIAL else 10) * len(text)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Turn, ...]:
    number = 0
    turns = []
    for role in draw(st.lists(st.sampled_from(["user", "assistant", ""]), min_size=1, max_size=3)):
        runs = []
        for text, special, trained, split in draw(
            st.lists(
                st.tuples(WORDS, st.booleans(), st.booleans(), st.integers(1, 3)), min_size=1, max_size=12
            )
        ):
            number += 1
            runs.append(Run(ids=(number,), text=text, special=special, trained=trained, split=split))
        turns.append(Turn(role=role, runs=tuple(runs)))
    return tuple(turns)


def boxes(layout: TokenLayout) -> list[Box]:
    return [box for line in layout.lines for box in line.boxes]


@given(turns=rows(), width=st.integers(80, 400), bit=st.integers(1, 7))
def test_every_token_stands_once_and_in_order(turns: tuple[Turn, ...], width: int, bit: int) -> None:
    layout = TokenLayout(turns, width, measure, METRICS)
    while layout.extend(bit):
        pass
    assert layout.is_whole
    placed = boxes(layout)
    ids = [box.run.ids for box in placed]
    assert list(dict.fromkeys(ids)) == [run.ids for turn in turns for run in turn.runs]
    for turn in turns:
        for run in turn.runs:
            shown = [box.shown for box in placed if box.run is run]
            wanted = [run.text.strip("\n")] if run.special else [part for part, _breaks in shapes(run.text)]
            assert shown == wanted
    assert [line.y for line in layout.lines] == sorted({line.y for line in layout.lines})
    assert layout.height > layout.lines[-1].y


@given(turns=rows(), width=st.integers(160, 400))
def test_boxes_do_not_overlap_and_stay_inside(turns: tuple[Turn, ...], width: int) -> None:
    layout = TokenLayout(turns, width, measure, METRICS)
    layout.extend(10_000)
    for line in layout.lines:
        right = 30.0
        for index, box in enumerate(line.boxes):
            assert box.x >= right - 1e-6
            right = box.x + box.width
            # what is wider than the page alone, or keeps together with it, may hang over
            assert right <= width + 60 or index == 0
        for box in line.boxes:
            assert layout.box_at(box.x + box.width / 2, line.y + 10) == (line, box) or not box.width


@given(turns=rows(), limit=st.integers(1, 5))
def test_what_is_beyond_the_limit_comes_when_asked_for(turns: tuple[Turn, ...], limit: int) -> None:
    layout = TokenLayout(turns, 200, measure, METRICS, limit=limit)
    layout.extend(10_000)
    assert len({box.run.ids for box in boxes(layout)}) == min(limit, layout.num_runs)
    layout.limit = None
    layout.extend(10_000)
    whole = TokenLayout(turns, 200, measure, METRICS)
    whole.extend(10_000)
    assert boxes(layout) == boxes(whole)


def test_a_mark_stays_with_its_word_and_a_word_in_one_piece() -> None:
    words = ["今天", "天气", "很", "好", "。", " ma", "y", "!"]
    turn = Turn(role="", runs=tuple(Run(ids=(n,), text=text) for n, text in enumerate(words)))
    layout = TokenLayout((turn,), 85, measure, Metrics(**{**METRICS.__dict__, "role_width": 20.0}))
    layout.extend(100)
    lines = [[box.shown for box in line.boxes] for line in layout.lines]
    assert lines == [["今天", "天气", "很"], ["好", "。"], [" ma", "y", "!"]]


def test_the_line_end_behind_a_special_token_tears_nothing() -> None:
    pieces = [
        ("<|im_start|>", True),
        ("\n", False),
        ("\n", False),
        ("好", False),
        ("\n", False),
        ("吗", False),
    ]
    turn = Turn(role="", runs=tuple(Run(ids=(n,), text=t, special=s) for n, (t, s) in enumerate(pieces)))
    layout = TokenLayout((turn,), 500, measure, METRICS)
    layout.extend(100)
    lines = [[box.shown for box in line.boxes] for line in layout.lines]
    assert lines == [["<|im_start|>", "↵", "↵", "好", "↵"], ["吗"]]


@given(
    lengths=st.lists(st.tuples(st.integers(1, 40_000), st.integers(1, 50)), max_size=30),
    seq_len=st.sampled_from([64, 100, 256, 512, 2048]),
)
def test_bars_count_every_row_and_stay_on_one_side(lengths: list[tuple[int, int]], seq_len: int) -> None:
    bars = bars_of(lengths, seq_len)
    assert len(bars) == BARS
    assert sum(bar.rows for bar in bars) == sum(rows for _length, rows in lengths)
    assert all(left.high + 1 == right.low for left, right in pairwise(bars))
    if max((length for length, _rows in lengths), default=0) > seq_len:
        assert any(bar.over for bar in bars)
        shorter = sum(rows for length, rows in lengths if length <= bars[0].high)
        assert bars[0].rows == shorter
