from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from minimind.text import set_language
from studio.ui import format as fmt

GB = 2**30


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    set_language("en")


TABLE = [
    (lambda: fmt.parameters(25_829_888), "2,583 万参数", "25.8M parameters"),
    (lambda: fmt.parameters(5_868_800), "587 万参数", "5.87M parameters"),
    (lambda: fmt.parameters(145_029_760), "1.45 亿参数", "145M parameters"),
    (lambda: fmt.tokens(163_000_000), "1.63 亿词元", "163M tokens"),
    (lambda: fmt.tokens(490_000_000), "4.9 亿词元", "490M tokens"),
    (lambda: fmt.tokens(1), "1 词元", "1 token"),
    (lambda: fmt.rows(9_893), "9,893 条", "9,893 rows"),
    (lambda: fmt.steps(2_480), "2,480 步", "2,480 steps"),
    (lambda: fmt.exact(2_480), "2,480", "2,480"),
    (lambda: fmt.speed(182_000), "18.2 万词元/秒", "182k tok/s"),
    (lambda: fmt.speed(950), "950 词元/秒", "950 tok/s"),
    (lambda: fmt.duration(0.36), "0.36 秒", "0.36 s"),
    (lambda: fmt.duration(38), "38 秒", "38 s"),
    (lambda: fmt.duration(540), "9 分钟", "9 min"),
    (lambda: fmt.duration(4_800), "1 小时 20 分", "1 h 20 min"),
    (lambda: fmt.duration(3_600), "1 小时", "1 h"),
    (lambda: fmt.duration(183_600), "2 天 3 小时", "2 d 3 h"),
    (lambda: fmt.estimate(1_440), "约 24 分钟", "about 24 min"),
    (lambda: fmt.estimate(1_440, measured=True), "24 分钟，实测", "24 min, measured"),
    (lambda: fmt.time_left(540), "还需约 9 分钟", "about 9 min left"),
    (lambda: fmt.time_left(9), "马上就好", "almost done"),
    (lambda: fmt.time_left(None), "正在估算…", "estimating…"),
    (lambda: fmt.memory_pair(9.8 * GB, 24 * GB), "9.8 / 24 GB", "9.8 / 24 GB"),
    (lambda: fmt.file_size(311_000_000), "311 MB", "311 MB"),
    (lambda: fmt.file_size(27_700_000), "27.7 MB", "27.7 MB"),
    (lambda: fmt.file_size(412e9), "412 GB", "412 GB"),
    (lambda: fmt.exact_bytes(1_234_567), "1,234,567 字节", "1,234,567 bytes"),
    (lambda: fmt.money(0.36), "\u00a50.36", "\u00a50.36"),
    (lambda: fmt.money(0.03), "< \u00a50.1", "< \u00a50.1"),
    (lambda: fmt.energy(0.08), "0.08 度电", "0.08 kWh"),
    (lambda: fmt.loss(2.5812), "2.58", "2.58"),
    (lambda: fmt.loss(2.5812, digits=3), "2.581", "2.581"),
    (lambda: fmt.guess(2.58), "相当于 13 选 1", "a 1-in-13 guess"),
    (lambda: fmt.learning_rate(3e-4), "3e-4", "3e-4"),
    (lambda: fmt.learning_rate(1.25e-5), "1.25e-5", "1.25e-5"),
    (lambda: fmt.learning_rate(0.1), "0.1", "0.1"),
    (lambda: fmt.percent(0.62), "62%", "62%"),
    (lambda: fmt.percent(0.999), "99%", "99%"),
    (lambda: fmt.temperature(71.4), "71 °C", "71 °C"),
    (lambda: fmt.files(2), "2 个文件", "2 files"),
]


@pytest.mark.parametrize(("make", "zh", "en"), TABLE, ids=[row[2] for row in TABLE])
def test_the_table_of_the_design(make, zh: str, en: str) -> None:
    set_language("zh")
    assert make() == zh
    set_language("en")
    assert make() == en


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
@pytest.mark.parametrize(
    "write",
    [
        fmt.exact, fmt.count, fmt.speed, fmt.duration, fmt.estimate, fmt.memory, fmt.file_size, fmt.money,
        fmt.energy, fmt.loss, fmt.guess, fmt.learning_rate, fmt.percent, fmt.temperature, fmt.power,
        fmt.clock, fmt.when, fmt.absolute,
    ],
)  # fmt: skip
def test_what_is_not_known_is_a_dash(write, value: float | None) -> None:
    assert write(value) == "—"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_counts_never_grow_beyond_four_digits(language: str) -> None:
    set_language(language)
    for exponent in range(1, 13):
        for value in (10**exponent - 1, 10**exponent, 5 * 10**exponent + 1, 99_995 * 10**exponent // 100_000):
            figure, _unit = fmt.count_parts(value)
            assert 1 <= sum(letter.isdigit() for letter in figure) <= 4, (value, figure)


def test_rounding_moves_to_the_next_unit() -> None:
    set_language("zh")
    assert fmt.count(99_999_999) == "1 亿"
    assert fmt.duration(3_599) == "1 小时"
    assert fmt.duration(86_399) == "1 天"
    set_language("en")
    assert fmt.count(999_999) == "1M"
    assert fmt.memory(1023.99 * 2**20) == "1 GB"


def test_live_figures_keep_their_width() -> None:
    assert fmt.count_parts(18_000_000, fixed=True) == ("18.0", "M")
    assert fmt.count_parts(18_000_000) == ("18", "M")


def test_times_are_local_and_as_short_as_can_be() -> None:
    now = time.mktime((2026, 11, 24, 15, 0, 0, 0, 0, -1))

    def at(*when: int) -> str:
        return fmt.when(time.mktime((*when, 0, 0, 0, -1)), now=lambda: now)

    assert at(2026, 11, 24, 9, 5) == "09:05"
    assert at(2026, 11, 23, 21, 44) == "yesterday 21:44"
    assert at(2026, 11, 3, 12, 0) == "3 Nov"
    assert at(2025, 11, 3, 12, 0) == "2025-11-03"
    set_language("zh")
    assert at(2026, 11, 23, 21, 44) == "昨天 21:44"
    assert at(2026, 11, 3, 12, 0) == "11 月 3 日"
