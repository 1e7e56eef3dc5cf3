"""The wizard, step by step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.pages.stage import Stage
from minimind.assets import SAMPLE
from studio.planning.route import Step
from studio.ui.wizard.wizard_page import WizardPage

_PLAN: dict[str, Any] = {"method": "pretrain", "preset": "mini", "budget": {"epochs": 2}}
_ENOUGH_BYTES = 20_000_000
_FEW_ROWS = 1_000
TEXT, CHAT = SAMPLE / "pretrain.jsonl", SAMPLE / "chat.jsonl"


def at(
    step: str, *, data: bool = True, all_settings: bool = False, **choices: Any
) -> Callable[[Stage], WizardPage]:
    """A plan on the bundled sample, at one step."""

    def reach(stage: Stage) -> WizardPage:
        files = {"data": [str(TEXT)]} if data else {}
        page = _begin(stage, {**_PLAN, **files, **choices})
        if all_settings:
            page._toggle_detail()
        page.go_to(Step(step))
        stage.settle()
        return page

    return reach


def wrong_data(stage: Stage) -> None:
    """Files that cannot be used: rows of another kind, and one that is not there."""
    wrong = stage.projects / "rows-of-another-kind.jsonl"
    wrong.write_text('{"prompt": "hello"}\n{"prompt": "again"}\n', "utf-8")
    files = [str(TEXT), str(wrong), str(stage.projects / "not-there.jsonl")]
    page = _begin(stage, {**_PLAN, "data": files})
    page.go_to(Step.DATA)
    stage.settle()


def wrong_setting(stage: Stage) -> None:
    """A learning rate that cannot be meant."""
    page = _begin(stage, {**_PLAN, "data": [str(TEXT)], "settings": {"lr": 3.0}})
    page.go_to(Step.SETTINGS, "lr")
    stage.settle()


def ready(stage: Stage) -> None:
    """Nothing to say against it."""
    book = _long_text(stage.projects / "stories.jsonl")
    page = _begin(stage, {**_PLAN, "preset": "tiny", "data": [str(book)], "budget": {"epochs": 2}})
    page.go_to(Step.REVIEW)
    stage.settle()


def warning(stage: Stage) -> None:
    """Too little data to learn much from; it may start all the same."""
    diary = stage.projects / "diary.jsonl"
    diary.write_text("".join(TEXT.read_text("utf-8").splitlines(keepends=True)[:_FEW_ROWS]), "utf-8")
    page = _begin(stage, {**_PLAN, "data": [str(diary)]})
    page.go_to(Step.REVIEW)
    stage.settle()


def error(stage: Stage) -> None:
    """Something is missing."""
    at("review", data=False)(stage)


def tuning(stage: Stage) -> None:
    """Chat tuning from a checkpoint of an own run."""
    page = _begin(stage, {"method": "sft", "checkpoint": "pretrained", "data": [str(CHAT)]})
    page.go_to(Step.REVIEW)
    stage.settle()


def _begin(stage: Stage, choices: dict[str, Any]) -> WizardPage:
    page = stage.open("wizard", **choices)
    assert isinstance(page, WizardPage)
    paths = page.plan.choices.files
    stage.until(
        lambda: all(path in page.plan.files and not page.plan.files[path].is_reading for path in paths),
        "the data to be read",
    )
    return page


def _long_text(path: Path) -> Path:
    """The sample often enough for a model of half a million parameters."""
    text = TEXT.read_text("utf-8")
    path.write_text(text * -(-_ENOUGH_BYTES // TEXT.stat().st_size), "utf-8")
    return path
