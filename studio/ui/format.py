"""Numbers as people read them, in both languages; what is not known is a dash, never 0 or nan. No Qt here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from minimind.text import _, language, ngettext

UNKNOWN = "—"
_YEN = "\u00a5"  # the half-width sign: as wide as a figure, no gap behind it in Chinese text

_ZH_UNITS = ((1, ""), (10_000, "万"), (100_000_000, "亿"), (1_000_000_000_000, "万亿"))
_EN_UNITS = ((1, ""), (1_000, "k"), (1_000_000, "M"), (1_000_000_000, "B"), (1_000_000_000_000, "T"))


def known(value: float | None) -> bool:
    """False for None, NaN and infinity: what has no figure."""
    return value is not None and math.isfinite(value)


def exact(value: float | None) -> str:
    """A whole number with thousands separated: steps, tool tips, tables."""
    return f"{round(value):,}" if value is not None and known(value) else UNKNOWN


def count_parts(value: float | None, *, fixed: bool = False) -> tuple[str, str]:
    """A big number as figure and unit, for a figure with its unit in small type.

    Args:
        value: how many.
        fixed: keep trailing zeros, so that a live figure does not change its width.

    Returns:
        ("2,583", "万"), ("1.63", "亿"), ("163", "M"), ("9,893", "").
    """
    if value is None or not known(value):
        return UNKNOWN, ""
    if abs(value) < 9_999.5:
        return (f"{round(value):,}", "")
    units = _ZH_UNITS if language() == "zh" else _EN_UNITS
    limit = 9_999.5 if language() == "zh" else 999.5
    for size, unit in units[1:]:
        scaled = value / size
        # judged after rounding: 99,999,999 is 1 亿, not 10,000 万
        if abs(scaled) < limit or unit == units[-1][1]:
            return _three_digits(scaled, fixed), unit
    raise AssertionError("the last unit takes everything")


def count(value: float | None) -> str:
    """`2,583 万`, `25.8M`."""
    number, unit = count_parts(value)
    return f"{number} {unit}".strip() if language() == "zh" else number + unit


def _counted(value: float | None, noun: str) -> str:
    number, unit = count_parts(value)
    return f"{number} {unit}{noun}" if language() == "zh" else f"{number}{unit} {noun}"


def parameters(value: float | None) -> str:
    """`2,583 万参数`, `25.8M parameters`."""
    return _counted(value, _("parameters"))


def tokens(value: float | None) -> str:
    """`1.63 亿词元`, `163M tokens`."""
    return _counted(value, ngettext("token", "tokens", 1 if value == 1 else 2))


def rows(value: float | None) -> str:
    """`9,893 条`, `9,893 rows`."""
    return _counted(value, ngettext("row", "rows", 1 if value == 1 else 2))


def steps(value: float | None) -> str:
    """`2,480 步`, `2,480 steps`; exact."""
    noun = ngettext("step", "steps", 1 if value == 1 else 2)
    return f"{exact(value)} {noun}"


def passes(value: float) -> str:
    """How often data is gone over: `0.53 passes`, `1 pass`, `12 passes`."""
    shown = f"{value:.2f}" if value < 10 else f"{value:,.0f}"
    return ngettext("{n} pass", "{n} passes", 1 if shown == "1.00" else 2).format(n=shown.removesuffix(".00"))


def files(value: int) -> str:
    """`2 个文件`, `2 files`."""
    return ngettext("{n} file", "{n} files", value).format(n=exact(value))


def speed_parts(tokens_per_s: float | None) -> tuple[str, str]:
    """`("18.2", "万词元/秒")`, `("182", "k tok/s")`."""
    number, unit = count_parts(tokens_per_s, fixed=True)
    if number == UNKNOWN:
        return UNKNOWN, ""
    noun = _("tok/s")
    return number, unit + noun if language() == "zh" else f"{unit} {noun}".strip()


def speed(tokens_per_s: float | None) -> str:
    """`18.2 万词元/秒`, `182k tok/s`."""
    number, unit = speed_parts(tokens_per_s)
    return f"{number} {unit}".strip() if language() == "zh" or unit[:1] == "t" else number + unit


def duration(seconds: float | None) -> str:
    """Two units at most: `38 秒`, `9 分钟`, `1 小时 20 分`, `2 天 3 小时`."""
    if seconds is None or not known(seconds) or seconds < 0:
        return UNKNOWN
    if seconds < 119.5:
        return _("{n} s").format(n=_seconds(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        if not rest:
            return _("{n} h").format(n=hours)
        return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
    days, hours = divmod(round(seconds / 3600), 24)
    if not hours:
        return _("{n} d").format(n=f"{days:,}")
    return _("{days} d {hours} h").format(days=f"{days:,}", hours=hours)


def estimate(seconds: float | None, *, measured: bool = False) -> str:
    """`约 24 分钟`, and once it was measured `24 分钟，实测`."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    pattern = _("{time}, measured") if measured else _("about {time}")
    return pattern.format(time=duration(seconds))


def time_left(seconds: float | None) -> str:
    """`还需约 9 分钟`; under ten seconds `马上就好`; None (the first steps) `正在估算…`."""
    if seconds is None or not known(seconds):
        return _("estimating…")
    if seconds < 10:
        return _("almost done")
    return _("about {time} left").format(time=duration(seconds))


def memory(size: float | None) -> str:
    """Bytes of RAM or graphics memory, in powers of 1,024: `9.8 GB`, `311 MB`."""
    return _bytes(size, 1024)


def memory_pair(used: float | None, total: float | None) -> str:
    """`9.8 / 24 GB`: one unit, the total's."""
    if total is None or not known(total):
        return memory(used)
    if used is None or not known(used):
        return f"{UNKNOWN} / {memory(total)}"
    power = _power(total, 1024)
    return f"{_one_decimal(used / 1024**power)} / {memory(total)}"


def file_size(size: float | None) -> str:
    """Bytes of files and disks, in powers of 1,000: `27.7 MB`, `412 GB`."""
    return _bytes(size, 1000)


def exact_bytes(size: float | None) -> str:
    """For the tool tip of a size: `10,523,498,123 bytes`."""
    return _("{n} bytes").format(n=exact(size)) if known(size) else UNKNOWN


def money(yuan: float | None, *, digits: int = 2) -> str:
    """`¥0.36`; under 0.1 `< ¥0.1`."""
    if yuan is None or not known(yuan):
        return UNKNOWN
    if yuan == 0:
        return f"{_YEN}0"
    if yuan < 0.1:
        return f"< {_YEN}0.1"
    return f"{_YEN}{yuan:,.{0 if yuan >= 100 else digits}f}"


def energy(kwh: float | None) -> str:
    """`0.08 度电`, `0.08 kWh`."""
    if kwh is None or not known(kwh):
        return UNKNOWN
    number = f"{kwh:,.0f}" if kwh >= 100 else f"{kwh:.2f}" if kwh >= 0.01 or kwh == 0 else "< 0.01"
    return _("{n} kWh").format(n=number)


def loss(value: float | None, *, digits: int = 2) -> str:
    """`2.58`; three digits in a hover."""
    return f"{value:.{digits}f}" if value is not None and known(value) else UNKNOWN


def guess(value: float | None) -> str:
    """What a loss means: `相当于 13 选 1`, `a 1-in-13 guess`; from e to the loss."""
    if value is None or not known(value) or value > 40:
        return UNKNOWN
    return _("a 1-in-{n} guess").format(n=f"{max(1, round(math.exp(value))):,}")


def learning_rate(value: float | None) -> str:
    """`3e-4`, `1.25e-5`; from 0.01 on plain."""
    if value is None or not known(value):
        return UNKNOWN
    if value == 0 or abs(value) >= 0.01:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{_strip(mantissa)}e{int(exponent)}"


def number(value: object) -> str:
    """A setting's value as a field shows it: small numbers as a learning rate, the rest plain."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return learning_rate(value) if 0 < abs(value) < 0.001 else f"{value:.10g}"
    return str(value)


def percent(share: float | None) -> str:
    """A share of 1 as whole per cent: `62%`; 100% only when nothing is missing."""
    if share is None or not known(share):
        return UNKNOWN
    whole = round(share * 100)
    return f"{99 if whole == 100 and share < 1 else whole}%"


def temperature(celsius: float | None) -> str:
    """`71 °C`."""
    return f"{round(celsius)} °C" if celsius is not None and known(celsius) else UNKNOWN


def power(watts: float | None) -> str:
    """`316 W`."""
    return f"{round(watts)} W" if watts is not None and known(watts) else UNKNOWN


def clock(t: float | None, *, seconds: bool = False) -> str:
    """Local time of day of unix seconds: `15:24`."""
    if t is None or not known(t):
        return UNKNOWN
    return time.strftime("%H:%M:%S" if seconds else "%H:%M", time.localtime(t))


def when(t: float | None, *, now: Callable[[], float] = time.time) -> str:
    """Local, as short as it can be: `15:24`, `昨天 21:44`, `11 月 3 日`, `2025-11-03`."""
    if t is None or not known(t):
        return UNKNOWN
    there, here = time.localtime(t), time.localtime(now())
    yesterday = time.localtime(now() - 86_400)
    if there[:3] == here[:3]:
        return clock(t)
    if there[:3] == yesterday[:3]:
        return _("yesterday {time}").format(time=clock(t))
    if there.tm_year == here.tm_year:
        month = _MONTHS[there.tm_mon - 1] if language() != "zh" else str(there.tm_mon)
        return _("{day} {month}").format(day=there.tm_mday, month=month)
    return time.strftime("%Y-%m-%d", there)


def absolute(t: float | None) -> str:
    """For the tool tip of a time: `2026-11-24 15:24:05`, local."""
    if t is None or not known(t):
        return UNKNOWN
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(t))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _strip(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def _three_digits(value: float, fixed: bool) -> str:
    size = abs(value)
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    shown = f"{value:,.{digits}f}"
    return shown if fixed else _strip(shown)


def _one_decimal(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.95 else _strip(f"{value:.1f}")


def _seconds(seconds: float) -> str:
    if seconds >= 9.95:
        return str(round(seconds))
    if seconds >= 0.995:
        return _strip(f"{seconds:.1f}")
    if 0 < seconds < 0.005:
        return "< 0.01"
    return _strip(f"{seconds:.2f}")


def _power(size: float, base: int) -> int:
    for exponent in range(4):
        if round(size / base**exponent, 1) < 1000:
            return exponent
    return 4


def _bytes(size: float | None, base: int) -> str:
    if size is None or not known(size):
        return UNKNOWN
    exponent = _power(size, base)
    unit = ("B", "KB", "MB", "GB", "TB")[exponent]
    if exponent == 0:
        return f"{round(size)} B"
    return f"{_one_decimal(size / base**exponent)} {unit}"
