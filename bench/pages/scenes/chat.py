"""The chat; the worker's part is spoken by a stand-in."""

from __future__ import annotations

from typing import Any

from bench.pages.stage import Stage
from bench.pages.stand_ins import StillChat
from bench.pages.worlds import ANSWERS, QUESTIONS, THOUGHT
from studio.ui.pages.chat_page import ChatPage

_STATS: dict[str, Any] = {
    "tokens": 38,
    "tokens_per_s": 151.0,
    "first_token_s": 0.04,
    "thought_s": None,
    "context_used": 213,
    "context": 2048,
    "dropped": 0,
    "reason": "end",
}


def front(stage: Stage) -> ChatPage:
    """As it opens."""
    page = stage.open("chat")
    assert isinstance(page, ChatPage)
    return page


def empty(stage: Stage) -> ChatPage:
    """A model that answers, and nothing said yet: example questions."""
    tuned = next(run for run in stage.runs.runs() if run.run_id == "tuned")
    page = stage.open("chat", checkpoint=str(tuned.folder))
    assert isinstance(page, ChatPage)
    stage.until(lambda: page._session.status == "ready", "the model")
    stage.until(lambda: page._session.conversations(), "the conversations")
    stage.settle()
    return page


def loading(stage: Stage) -> None:
    """The model is on its way."""
    StillChat.held = True
    try:
        front(stage)
    finally:
        StillChat.held = False


def conversation(stage: Stage) -> ChatPage:
    """The newest conversation."""
    page = empty(stage)
    page._open_chat(page._session.conversations()[0].chat_id)
    stage.settle()
    return page


def streaming(stage: Stage) -> None:
    """An answer on its way."""
    page, worker = _asked(stage)
    answer = ANSWERS[stage.language][1]
    worker.say(event="token", text=answer[: len(answer) // 2], channel="answer", tokens=17)
    _show(stage, page)


def thinking(stage: Stage) -> None:
    """It thinks before it answers."""
    page, worker = _asked(stage)
    worker.say(event="token", text=THOUGHT[stage.language], channel="thought", tokens=9)
    _show(stage, page)


def think_open(stage: Stage) -> None:
    """A thought unfolded."""
    page = conversation(stage)
    answer = page.transcript.answer(3)
    assert answer is not None
    answer.thought_button.click()
    stage.settle()


def base(stage: Stage) -> None:
    """A model that has only been pretrained, after it has gone on with a beginning."""
    pretrained = next(run for run in stage.runs.runs() if run.run_id == "pretrained")
    page = stage.open("chat", checkpoint=str(pretrained.folder))
    assert isinstance(page, ChatPage)
    stage.until(lambda: page._session.status == "ready", "the model")
    stage.settle()


def failed(stage: Stage) -> None:
    """A model that cannot be loaded."""
    StillChat.held = True
    try:
        page = front(stage)
        sentence = {"zh": "这个存档坏了。", "en": "This checkpoint is damaged."}[stage.language]
        _worker(page).say(event="failed", code="bad", message=sentence)
    finally:
        StillChat.held = False
    stage.settle()


def died(stage: Stage) -> None:
    """The worker has gone."""
    page = conversation(stage)
    _worker(page).die()
    stage.settle()


def full(stage: Stage) -> None:
    """The conversation is longer than what it can see."""
    page, worker = _asked(stage)
    worker.say(event="token", text=ANSWERS[stage.language][0], channel="answer", tokens=17)
    worker.say(event="finished", stats={**_STATS, "context_used": 2048, "dropped": 2})
    _show(stage, page)


def models(stage: Stage) -> None:
    """The list of models."""
    conversation(stage).model.click()
    stage.settle()


def _asked(stage: Stage) -> tuple[ChatPage, StillChat]:
    page = conversation(stage)
    page._send(QUESTIONS[stage.language][1])
    stage.settle()
    return page, _worker(page)


def _worker(page: ChatPage) -> StillChat:
    service = page._session._service
    assert isinstance(service, StillChat)
    return service


def _show(stage: Stage, page: ChatPage) -> None:
    page._show_writing()
    stage.settle()
