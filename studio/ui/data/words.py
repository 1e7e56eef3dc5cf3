"""What the data page says about a file, in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from minimind.presets import PRESETS
from minimind.text import N_, _, ngettext
from studio.planning.file_report import FileReport, FileState
from studio.ui import format as fmt
from studio.ui.run.rows import Row

if TYPE_CHECKING:
    from minimind.data.count import FileCount
    from minimind.data.problems import Problem
    from studio.planning.data_estimate import PassEstimate

KINDS = {
    "text": N_("Text"),
    "chat": N_("Chat"),
    "preferences": N_("Pairs of answers"),
    "prompts": N_("Questions"),
}
CONTAINERS = {"lines": "JSON Lines", "list": "JSON", "text": N_("plain text")}
PRESET_NAMES = {
    "mini": "mini",
    "minimind2-small": "MiniMind2-Small",
    "minimind2": "MiniMind2",
    "minimind2-moe": "MiniMind2-MoE",
    "minimind3": "MiniMind3",
}
# letters below this share are not worth a word
_SMALL = 0.005


def file_row(path: str, report: FileReport | None) -> Row:
    """A file in the list."""
    name = Path(path).name
    if report is None or report.state is FileState.WAITING:
        return Row(icon="file-text", title=name, detail=_("Waiting…"), tip=path, path=path)
    if report.state in (FileState.BAD, FileState.GONE):
        detail = _("not there any more") if report.state is FileState.GONE else _("cannot be used as it is")
        tip = f"{report.fault}\n{path}"
        return Row(icon="circle-x", token="danger", title=name, detail=detail, tip=tip, path=path)
    mark = "triangle-alert" if report.count and report.count.skipped else ""
    return Row(icon="file-text", title=name, detail=_file_detail(report), tip=path, path=path, mark=mark)


def _file_detail(report: FileReport) -> str:
    count = report.count
    if count is None:
        return _("Counting…")
    figures = [_(KINDS[count.kind]), rows_of(count), fmt.tokens(count.tokens)]
    if report.state is not FileState.DONE:
        figures[0] = fmt.percent(count.share)
    return " · ".join(figures)


def rows_of(count: FileCount) -> str:
    """`9,893 条`, `540 对`, `1,204 段`."""
    if count.kind == "preferences":
        return ngettext("{n} pair", "{n} pairs", count.usable).format(n=fmt.count(count.usable))
    if count.container == "text":
        return ngettext("{n} passage", "{n} passages", count.usable).format(n=fmt.count(count.usable))
    return fmt.rows(count.usable)


def meta(report: FileReport, vocabulary: int) -> str:
    """The line below the title: kind, encoding, size, what it is counted with."""
    parts = [fmt.file_size(report.size_bytes)]
    if report.count is not None:
        container = CONTAINERS[report.count.container]
        parts = [_(KINDS[report.count.kind]), _(container), report.count.encoding.upper(), *parts]
        parts.append(_("counted with a vocabulary of {n}").format(n=fmt.exact(vocabulary)))
    return " · ".join(parts)


def languages(count: FileCount) -> str:
    """`中 97% · 英 3%`."""
    every = count.chinese + count.english + count.others
    if not every:
        return fmt.UNKNOWN
    named = (
        (_("Chinese"), count.chinese),
        # not "English": the preferences write that word as English people do, in every language
        (_("Latin"), count.english),
        (_("others"), count.others),
    )
    shares = [(word, size / every) for word, size in named if size / every >= _SMALL]
    shares.sort(key=lambda item: -item[1])
    return " · ".join(f"{word} {fmt.percent(share)}" for word, share in shares)


def trained(count: FileCount) -> str:
    """`131 万，71%`."""
    if not count.tokens:
        return fmt.UNKNOWN
    share = fmt.percent(count.trained / count.tokens)
    return _("{tokens}, {share}").format(tokens=fmt.count(count.trained), share=share)


def pass_sentence(count: FileCount, estimate: PassEstimate) -> str:
    """How long one pass takes, and how many are usual."""
    model = PRESET_NAMES.get(estimate.preset, estimate.preset)
    if estimate.seconds is None:
        return ""
    # an estimate is not good to a part of a second
    time = fmt.estimate(max(1.0, estimate.seconds))
    once = _("{model} learns it once in {time}").format(model=model, time=time)
    usual = _("chat tuning usually takes 2 to 6 passes") if count.kind == "chat" else ""
    usual = usual or _("pretraining usually takes 1 to 4 passes")
    return _("{once}; {usual}.").format(once=once, usual=usual)


def model_tip(estimate: PassEstimate) -> str:
    """Which preset is meant."""
    return _(PRESETS[estimate.preset].title)


def lengths_sentence(count: FileCount, seq_len: int) -> str:
    """How many rows are longer than the sequence length, and what happens with them."""
    over = count.longer_than(seq_len)
    if not over:
        return _("All of them fit; packed end to end, no space is wasted.")
    number = fmt.count(over)
    if count.kind == "text":
        sentence = ngettext(
            "{n} row is longer and is cut into several; packed end to end, no space is wasted.",
            "{n} rows are longer and are cut into several; packed end to end, no space is wasted.",
            over,
        )
    else:
        sentence = ngettext(
            "{n} row is longer; it keeps the turns that fit.",
            "{n} rows are longer; they keep the turns that fit.",
            over,
        )
    return sentence.format(n=number)


def skipped_words(count: int) -> str:
    """`7 行已跳过`."""
    return ngettext("{n} row skipped", "{n} rows skipped", count).format(n=fmt.exact(count))


def line_words(line: int) -> str:
    """`第 42 行`."""
    return _("Line {line}").format(line=fmt.exact(line))


def problem_row(problem: Problem) -> Row:
    """A skipped row in a list."""
    return Row(
        icon="triangle-alert",
        token="text2",
        title=line_words(problem.line),
        detail=problem.message,
        tip=problem.message,
        step=problem.line,
    )


def footer(kind: str) -> str:
    """What the colours mean, in one sentence."""
    if kind == "text":
        return _("Every token is trained: the model learns to go on writing, token by token.")
    if kind == "prompts":
        return _("Nothing here is trained: the model answers by itself and learns from its own answers.")
    if kind == "preferences":
        return _("Shown is the better answer. The model learns to prefer it to the other one.")
    return _("The model answers for the blue tokens only: it learns what the assistant says, not the user.")
