"""The bundled sample: made by its generator, large and varied, and without what is asked afterwards."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from assets.sample import facts, generate, sums, talk
from bench.first_questions import FIXED, all_held_back, draw, ten

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "assets" / "sample"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [json.loads(line)["text"] for line in (SAMPLE / "pretrain.jsonl").read_bytes().splitlines()]


@pytest.fixture(scope="module")
def chats() -> list[list[dict[str, str]]]:
    return [json.loads(line)["conversations"] for line in (SAMPLE / "chat.jsonl").read_bytes().splitlines()]


@pytest.fixture(scope="module")
def everything(texts: list[str], chats: list[list[dict[str, str]]]) -> list[str]:
    return texts + [message["content"] for chat in chats for message in chat]


def windows(text: str) -> set[str]:
    """Every 8 characters of Chinese, every 5 words of English, whatever the case and the marks."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    found = {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
    if CHINESE.search(text):
        found |= {text[i : i + 8] for i in range(len(text) - 7)}
    return found


def test_the_generator_made_these_bytes():
    made = generate.files()
    assert {name: (SAMPLE / name).read_bytes() for name in made} == made
    assert generate.files(1) != made


def test_large_enough_and_half_of_it_chinese(texts: list[str], chats: list[list[dict[str, str]]]):
    sizes: Counter[bool] = Counter()
    for text in texts:
        sizes[bool(CHINESE.search(text))] += len(text.encode())
    assert sum(sizes.values()) >= 2_000_000
    assert 0.45 < sizes[True] / sum(sizes.values()) < 0.55
    assert len(chats) >= 5000
    assert sum(len(chat) > 2 for chat in chats) > 1000
    questions = [chat[0]["content"] for chat in chats]
    assert 0.4 < sum(bool(CHINESE.search(text)) for text in questions) / len(questions) < 0.6


def test_no_mere_repetition(texts: list[str], chats: list[list[dict[str, str]]]):
    assert len(set(texts)) == len(texts)
    assert len({json.dumps(chat) for chat in chats}) == len(chats)
    sentences = Counter(
        part for text in texts for part in re.split(r"(?<=[。！？\n])|(?<=[.!?]) ", text) if part.strip()
    )
    assert len(sentences) > 15_000
    assert max(sentences.values()) / sentences.total() < 0.01


def test_nothing_of_the_ten_questions_is_in_it(everything: list[str]):
    questions = ten()
    assert len(questions) == 10
    asked = {window: q.ask for q in questions for window in windows(q.ask)}
    assert len(asked) > 20
    found = {asked[window] for text in everything for window in windows(text) if window in asked}
    assert found == set()
    plain = [q.ask.lower().rstrip("?.？。") for q in questions]
    assert not [ask for text in everything for ask in plain if ask in text.lower()]


def test_no_held_back_question_is_in_it(everything: list[str]):
    known = "\n".join(everything).lower()
    held_back = {q.ask for q in all_held_back()}
    assert len(held_back) > 1000
    assert not [ask for ask in held_back if ask.lower().rstrip("?.!？。！") in known]
    assert all(q.ask in held_back for seed in range(1, 4) for q in draw(seed))


def test_unseen_pairs_are_added_nowhere(everything: list[str]):
    assert {(a, b) for a, b in FIXED["unseen_sums"]} == sums.UNSEEN
    said = re.compile(r"(?<!\d)(\d+) ?(?:加上?|plus|\+|and|与|和) ?(\d+)(?!\d)")
    added = {(int(a), int(b)) for text in everything for a, b in said.findall(text)}
    assert not added & sums.UNSEEN
    assert added >= set(sums.ADDED)


def test_unseen_names_introduce_themselves_nowhere(everything: list[str]):
    known = "\n".join(everything)
    for language, names in FIXED["unseen_names"].items():
        assert not set(names) & set(talk.NAMES[language])
        for template in (*talk.INTROS[language], talk.MEET[language]):
            assert not [name for name in names if template.format(name=name) in known]


def test_both_languages_know_the_same_relations():
    assert facts.ZH.keys() == facts.EN.keys() == FIXED["held_back"]["zh"]["fact"].keys()
    assert talk.ZH.keys() == talk.EN.keys()
