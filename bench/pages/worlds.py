"""Projects folders to look at: nothing trained yet, some runs that have ended, and one that is at work."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.pages.real_run import RealRuns
from bench.pages.states import Copy, copy_pipeline, copy_run
from minimind.files import replace_json
from minimind.run_state import RunState
from studio.jobs.queue import Queue, QueueItem

EMPTY, CALM, BUSY = "empty", "calm", "busy"
WORLDS = (EMPTY, CALM, BUSY)
PROJECT = {"zh": "第一个模型", "en": "First model"}
HOUR, DAY = 3600.0, 86400.0
S = RunState


def _named(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


NAMES = {
    "pretrained": _named("第一次预训练", "First pretraining"),
    "tuned": _named("学会聊天", "Learns to chat"),
    "stopped": _named("小说语料 A", "Novels A"),
    "failed": _named("学习率加倍", "Twice the rate"),
    "non-finite": _named("学习率 0.05", "Rate 0.05"),
    "lost": _named("夜里跑的", "Overnight"),
    "trashed": _named("试一下", "A try"),
    "running": _named("MiniMind2 预训练", "MiniMind2 pretraining"),
    "running-cpu": _named("处理器上的一次", "On the processor"),
    "starting": _named("对话微调 B", "Chat tuning B"),
    "paused": _named("长一点的预训练", "A longer pretraining"),
    "stopping": _named("短句微调", "Short answers"),
    "queued": _named("对话微调 C", "Chat tuning C"),
    "pipeline": _named("我的第一个模型", "My first model"),
    "pipeline-done": _named("另一个模型", "Another model"),
}

# run id → (source, how it stands); the newest first
_ENDED: dict[str, tuple[str, dict[str, Any]]] = {
    "tuned": ("tuned", {"state": S.FINISHED, "ago_s": HOUR}),
    "failed": ("pretrained", {"state": S.FAILED, "share": 0.7, "ago_s": 2 * HOUR, "card": True,
                              "error": "out_of_memory"}),
    "pretrained": ("pretrained", {"state": S.FINISHED, "ago_s": 3 * HOUR, "notes": (("star", True),)}),
    "lost": ("pretrained", {"state": S.LOST, "share": 0.55, "ago_s": 9 * HOUR}),
    "non-finite": ("pretrained", {"state": S.FAILED, "share": 0.35, "ago_s": DAY, "error": "non_finite"}),
    "stopped": ("pretrained", {"state": S.STOPPED, "share": 0.62, "ago_s": 2 * DAY}),
    "trashed": ("pretrained", {"state": S.STOPPED, "share": 0.1, "ago_s": 3 * DAY,
                               "notes": (("trashed", True),)}),
}  # fmt: skip
_AT_WORK: dict[str, tuple[str, dict[str, Any]]] = {
    "running": ("pretrained", {"state": S.RUNNING, "share": 0.62, "card": True}),
    "running-cpu": ("pretrained", {"state": S.RUNNING, "share": 0.4}),
    "starting": ("tuned", {"state": S.STARTING, "phase": ("prepare", 31e4, 1e6, "bytes")}),
    "paused": ("pretrained", {"state": S.PAUSED, "share": 0.5, "ago_s": 240.0}),
    "stopping": ("tuned", {"state": S.STOPPING, "share": 0.8, "card": True,
                           "phase": ("save", 0, 1, "checkpoints")}),
    "queued": ("tuned", {"state": S.QUEUED}),
}  # fmt: skip
_TAGS = {"pretrained": ("base", "zh"), "stopped": ("novels",)}

QUESTIONS = {
    "zh": ("你是谁？", "日本的首都是哪里？", "怎样煮小米粥？"),
    "en": ("Who are you?", "How do seeds know when to grow?", "What is the capital of Japan?"),
}
ANSWERS = {
    "zh": (
        "我是在这台电脑上训练出来的小模型，会聊一些简单的话题。",
        "日本的首都是东京。",
        "三步：\n\n1. 水开后放**小米**\n2. 转小火煮半小时\n3. 不时搅一搅\n\n```python\nprint('好了')\n```",
    ),
    "en": (
        "I am a small model that was trained on this computer. I can talk about simple things.",
        "A seed waits for **water**, warmth and air.\n\n1. It takes up water\n2. It swells\n"
        "3. A root goes down, a shoot up\n\n```python\nprint('grown')\n```",
        "The capital of Japan is Tokyo.",
    ),
}
THOUGHT = {"zh": "他问的是首都，我想到东京。", "en": "This asks for a capital, and Tokyo comes to mind."}


class Worlds:
    """Makes each world once, and gives copies away: a scene may write into its own."""

    def __init__(self, folder: Path, runs: RealRuns) -> None:
        self._folder, self._runs = folder, runs

    def fresh(self, world: str, language: str, target: Path) -> None:
        """Fill a projects folder."""
        made = self._folder / f"{world}-{language}"
        if not made.exists():
            make_world(made, self._runs, world, language)
        # whoever writes into a run's folder replaces files; conversations are appended to
        shutil.copytree(made, target, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    if f"{os.sep}runs{os.sep}" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def make_world(folder: Path, runs: RealRuns, world: str, language: str) -> None:
    """Fill a projects folder.

    Args:
        folder: made here.
        world: one of WORLDS; language: of what a person would have written.
    """
    project = folder / PROJECT[language]
    (project / "runs").mkdir(parents=True)
    if world == EMPTY:
        return
    chosen = dict(_ENDED) if world == CALM else {**_AT_WORK, **_ENDED}
    for run_id, (source, values) in chosen.items():
        notes = {"tags": list(_TAGS[run_id])} if run_id in _TAGS else {}
        notes |= dict(values.get("notes", ()))
        how = Copy(name=NAMES[run_id][language], **{**values, "notes": tuple(notes.items())})
        folder_of = {"pretrained": runs.pretrained, "tuned": runs.tuned}[source]
        copy_run(folder_of, project / "runs" / run_id, how)
    name = "pipeline" if world == BUSY else "pipeline-done"
    second = Copy(name=NAMES[name][language], state=S.FINISHED, ago_s=5 * HOUR)
    if world == BUSY:
        second = Copy(name=NAMES[name][language], state=S.RUNNING, share=0.5)
    first = Copy(name="", state=S.FINISHED, ago_s=second.ago_s + 300)
    copy_pipeline(runs, project / "runs" / name, first, second)
    if world == BUSY:
        item = QueueItem(folder=f"{project.name}/runs/queued", added=time.time() - 60)
        replace_json(Queue(folder).path, {"v": 1, "rev": 1, "items": [asdict(item)]})
    _write_chats(project, language)


def _write_chats(project: Path, language: str) -> None:
    (project / "chats").mkdir()
    step = next((project / "runs" / "tuned" / "checkpoints").glob("step-*"))
    label = NAMES["tuned"][language]
    for at in range(len(QUESTIONS[language])):
        t = time.time() - at * DAY - 600
        turns = [_turn(language, at, t, label=label, thinks=at == 1)]
        if at == 0:
            # the newest one is the one that pictures show
            turns.append(_turn(language, 1, t + 9, label=label, thinks=True))
        lines: list[dict[str, Any]] = [
            {"v": 1, "kind": "chat", "t": t, "title": ""},
            {"kind": "model", "path": str(step), "label": label},
            *(message for turn in turns for message in turn),
        ]
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n"
        (project / "chats" / f"chat-{at + 1}.jsonl").write_text(text, "utf-8")


def _turn(language: str, at: int, t: float, *, label: str, thinks: bool) -> list[dict[str, Any]]:
    stats = {"tokens": 38, "tokens_per_s": 151.0, "first_token_s": 0.04, "reason": "end"}
    stats |= {"context_used": 213, "context": 2048} | ({"thought_s": 0.9} if thinks else {})
    return [
        {"kind": "message", "role": "user", "content": QUESTIONS[language][at], "t": t},
        {
            "kind": "message",
            "role": "assistant",
            "content": ANSWERS[language][at],
            "thought": THOUGHT[language] if thinks else "",
            "t": t + 2,
            "stats": stats,
            "model": label,
        },
    ]
