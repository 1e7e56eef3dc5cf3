"""The first model of a person who has nothing: train it as its door does, then ask it.

    python -m bench.first_model [--seeds 3] [--greedy] [--keep FOLDER] [--model FOLDER] [--json]

Runs `minimind pipeline --recipe first`, opens the chat's own worker on what comes out, asks the ten fixed
questions and, for each seed, twenty more from held-back templates, each in a conversation of its own,
with the chat's default way of speaking. The judge is bench/first_questions.py. Exit status 1: fewer than
ten, or fewer than sixteen of twenty for a seed.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.first_questions import Question, draw, ten

ENOUGH_OF_TWENTY = 16
# what studio/ui/chat/speech_panel.py begins with
TEMPERATURE, TOP_P, LONGEST = 0.4, 0.9, 512


class Chat:
    """The chat's worker process with one model."""

    def __init__(self, model: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "minimind", "chat-worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._say(do="load", id="load", path=str(model), device="auto")
        self._wait("loaded")

    def __enter__(self) -> Chat:
        """As it is."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, text: str, *, seed: int, greedy: bool = False) -> str:
        """The answer in a conversation that has nothing before it."""
        self._say(
            do="ask",
            id=text,
            messages=[{"role": "user", "content": text}],
            temperature=0.0 if greedy else TEMPERATURE,
            top_p=TOP_P,
            max_new_tokens=LONGEST,
            seed=seed,
        )
        return self._wait("finished")

    def _say(self, **request: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def _wait(self, event: str) -> str:
        """The text that came before that event."""
        assert self._process.stdout is not None
        text = ""
        for line in self._process.stdout:
            said = json.loads(line)
            if said["event"] == event:
                return text
            if said["event"] == "failed":
                raise RuntimeError(said["message"])
            text += said.get("text", "")
        raise RuntimeError("the chat worker ended")


def train(folder: Path) -> Path:
    """Carry out the recipe; the folder of its last run."""
    command = [sys.executable, "-m", "minimind", "pipeline", "--recipe", "first", "--out", str(folder)]
    # a cache of its own: a person who begins has none
    environment = os.environ | {"MINIMIND_CACHE": str(folder.parent / "cache")}
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
    return max(folder.parent.glob(f"{folder.name}-*-*"), key=lambda found: found.name)


def ask_all(
    chat: Chat, questions: Sequence[Question], *, seed: int, greedy: bool
) -> list[tuple[Question, str, bool]]:
    """(question, answer, whether it is right) of each."""
    answers = [chat.ask(question.ask, seed=seed, greedy=greedy) for question in questions]
    return [(q, answer, q.is_right(answer)) for q, answer in zip(questions, answers, strict=True)]


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Train unless a model is given, ask, judge."""
    began = time.monotonic()
    model = options.model or train(folder / "first")
    with Chat(model) as chat:
        fixed = ten()
        chat.ask(fixed[0].ask, seed=0, greedy=options.greedy)
        seconds = time.monotonic() - began
        asked = ask_all(chat, fixed, seed=0, greedy=options.greedy)
        drawn = {
            seed: ask_all(chat, draw(seed), seed=seed, greedy=options.greedy)
            for seed in range(1, options.seeds + 1)
        }
    kinds: dict[str, list[bool]] = collections.defaultdict(list)
    for found in drawn.values():
        for question, _answer, right in found:
            kinds[f"{question.kind} {question.language}"].append(right)
    return {
        "seconds_to_first_answer": None if options.model else seconds,
        "ten": [(q.ask, answer, right) for q, answer, right in asked],
        "ten_right": sum(right for *_, right in asked),
        "drawn_right": {seed: sum(right for *_, right in found) for seed, found in drawn.items()},
        "by_kind": {kind: f"{sum(found)}/{len(found)}" for kind, found in kinds.items()},
        "wrong": [(q.ask, answer) for found in drawn.values() for q, answer, right in found if not right],
    }


def show(found: dict[str, Any]) -> None:
    """As a person reads it."""
    for ask, answer, right in found["ten"]:
        print(f"{'right' if right else 'WRONG'}  {ask}\n       {answer}")
    for ask, answer in found["wrong"]:
        print(f"wrong of the drawn: {ask}\n       {answer}")
    print(f"ten questions          {found['ten_right']} right")
    for seed, right in found["drawn_right"].items():
        print(f"twenty of seed {seed}       {right} right")
    print(
        "by kind                " + ", ".join(f"{kind} {share}" for kind, share in found["by_kind"].items())
    )
    if found["seconds_to_first_answer"] is not None:
        print(f"start to first answer  {found['seconds_to_first_answer']:.0f} s")


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many times twenty questions")
    parser.add_argument("--greedy", action="store_true", help="always the likeliest token")
    parser.add_argument("--keep", type=Path, help="an empty or new folder for the runs")
    parser.add_argument("--model", type=Path, help="ask this model instead of training one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        found = measure(options, options.keep.absolute())
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(options, Path(folder))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        show(found)
    enough = min(found["drawn_right"].values(), default=20) >= ENOUGH_OF_TWENTY
    return 0 if found["ten_right"] == 10 and enough else 1


if __name__ == "__main__":
    sys.exit(main())
