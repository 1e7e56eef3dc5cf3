"""The data page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.pages.stage import Stage
from minimind.assets import SAMPLE
from studio.planning.file_report import FileState
from studio.ui.pages.data_page import DataPage

TEXT, CHAT = SAMPLE / "pretrain.jsonl", SAMPLE / "chat.jsonl"


def front(stage: Stage) -> DataPage:
    """As it opens."""
    page = stage.open("data")
    assert isinstance(page, DataPage)
    return page


def counting(stage: Stage) -> None:
    """A file that takes a while."""
    long = stage.projects / "stories.jsonl"
    long.write_text(TEXT.read_text("utf-8") * max(1, 60_000_000 // TEXT.stat().st_size), "utf-8")
    page = front(stage)
    page.add([str(long)])
    stage.until(lambda: page.report is not None and page.report.state is FileState.COUNTING, "counting")
    stage.settle()


def shown(view: int, file: Path = CHAT) -> Callable[[Stage], DataPage]:
    """A file in one of the views: 1 raw, 2 template, 3 what is trained."""

    def reach(stage: Stage) -> DataPage:
        page = _with(stage, file)
        page.preview.choose_view(view)
        _read(stage, page)
        return page

    return reach


def skipped(stage: Stage) -> None:
    """Rows that cannot be used, and why."""
    rows = CHAT.read_text("utf-8").splitlines()[:60]
    rows[41] = '{"conversations": [{"role": "user"}]}'
    rows[50] = "not JSON"
    file = stage.projects / "small-talk.jsonl"
    file.write_text("\n".join(rows) + "\n", "utf-8")
    page = _with(stage, file)
    page.body.open_tab("skipped")
    stage.settle()


def no_row(stage: Stage) -> None:
    """Nothing that could be trained."""
    file = stage.projects / "questions.jsonl"
    file.write_text('{"question": "hello", "reply": "hi"}\n' * 20, "utf-8")
    _with(stage, file)


def gone(stage: Stage) -> None:
    """A file that somebody moved away."""
    file = stage.projects / "moved.jsonl"
    file.write_bytes(CHAT.read_bytes())
    page = _with(stage, file)
    file.unlink()
    page._data.again(str(file))
    stage.until(lambda: page.report is not None and page.report.state is FileState.GONE, "the loss")
    stage.settle()


def _with(stage: Stage, file: Path) -> DataPage:
    page = front(stage)
    page.add([str(file)])
    stage.until(lambda: page._path == str(file), "the file in the list")
    busy = (FileState.WAITING, FileState.COUNTING)
    stage.until(lambda: page.report is not None and page.report.state not in busy, "the counts")
    _read(stage, page)
    return page


def _read(stage: Stage, page: DataPage) -> None:
    if page.report is not None and page.report.count is not None and page.report.count.usable:
        stage.until(lambda: page.preview.view is not None, "the row")
    stage.settle()
