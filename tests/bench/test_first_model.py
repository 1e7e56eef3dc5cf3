"""A shorter and smaller first model, trained for real, knows more than chance would give it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.first_questions import Question, draw
from minimind.assets import SAMPLE
from minimind.chat.engine import Sampling, open_engine
from minimind.cli import main

SETTINGS = {"seq_len": 128, "tokens_per_step": 1024, "eval_every": 0, "save_every": 0, "sample_every": 0}
SHORT = {
    "name": "short",
    "model": "tiny",
    "data_dir": str(SAMPLE),
    "stages": [
        {
            "method": "pretrain",
            "data": ["pretrain.jsonl"],
            "settings": SETTINGS | {"lr": 1e-2},
            "budget": {"steps": 150},
        },
        {
            "method": "sft",
            "data": ["chat.jsonl"],
            "settings": SETTINGS | {"lr": 6e-3},
            "budget": {"steps": 450},
        },
    ],
}


def answers_of(model: Path, questions: list[Question]) -> list[str]:
    engine = open_engine(str(model), device="cpu")
    sampling = Sampling(max_new_tokens=24, temperature=0.0)
    answers = []
    for question in questions:
        ids = engine.chat_prompt([{"role": "user", "content": question.ask}], think=False)
        decoder = engine.decoder()
        parts = [decoder.push(token) for token in engine.stream(ids, sampling, lambda: False)]
        answers.append("".join(parts) + decoder.finish())
    engine.close()
    return answers


@pytest.mark.timeout(280)
def test_a_short_training_beats_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Chance is what the same answers are worth when each is given to every other question."""
    recipe = tmp_path / "short.json"
    recipe.write_text(json.dumps(SHORT), "utf-8")
    assert main(["pipeline", str(recipe), "--out", str(tmp_path / "run"), "--json"]) == 0
    (model,) = tmp_path.glob("run-2-*")
    questions = [q for seed in range(1, 7) for q in draw(seed) if q.kind not in ("story", "name")]
    answers = answers_of(model, questions)
    right = sum(q.is_right(answer) for q, answer in zip(questions, answers, strict=True)) / len(questions)
    by_chance = [
        q.is_right(answer)
        for number, q in enumerate(questions)
        for other, answer in enumerate(answers)
        if other != number
    ]
    chance = sum(by_chance) / len(by_chance)
    print(f"{right:.0%} right, by chance {chance:.1%}")
    assert right > 3 * chance + 0.1
