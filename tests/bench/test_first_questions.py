"""The judge of a first model takes every right answer and nothing else."""

from __future__ import annotations

import random

import pytest

from assets.sample import stories
from bench.first_questions import LANGUAGES, Question, draw, ten


def question(kind: str, language: str) -> Question:
    return next(q for q in ten() if (q.kind, q.language) == (kind, language))


def other_animal(language: str, animal: str) -> str:
    return next(other for other in stories.WORDS[language]["animal"] if other != animal)


def test_twenty_by_seed():
    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert len(draw(1)) == 20
    assert sum(q.language == "zh" for q in draw(1)) == 10


def test_right_answers_are_right_only_where_they_belong():
    questions = [q for q in ten() if q.kind != "story"]
    for mine in questions:
        for answer in mine.right:
            assert [q for q in questions if q.is_right(answer)] == [mine]


@pytest.mark.parametrize(
    ("kind", "language", "wrong"),
    [
        ("add", "en", ["6 plus 2 is 9.", "6 plus 2 is 8", "8", "2 plus 6 is 8.", "6 plus 2 is 8. 8", ""]),
        ("add", "zh", ["3加5等于7。", "3加5等于8", "8。", "3加5等于8。8。"]),
        (
            "fact",
            "en",
            ["Snow is blue.", "Snow is", "snow is white.", "Milk is white.", "Snow is white. Snow"],
        ),
        ("fact", "zh", ["日本的首都是巴黎。", "东京", "日本的首都是东京", "法国的首都是巴黎。"]),
        ("who", "en", ["I am Sprout,", "I am fine, thank you for asking."]),
        ("talk", "zh", ["我很好", "再见，下次再聊。"]),
    ],
)
def test_wrong_answers_are_wrong(kind: str, language: str, wrong: list[str]):
    assert not [answer for answer in wrong if question(kind, language).is_right(answer)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_stories(language: str):
    asked = question("story", language)
    joint, r = stories.JOIN[language], random.Random(7)
    for _ in range(200):
        story = stories.tell(r, language, asked.animal)
        assert asked.is_right(story)
        assert not asked.is_right(story[:-3])
        assert not asked.is_right(story + joint + story)
        assert not asked.is_right(story.replace(asked.animal, "猪" if language == "zh" else "pig"))
        assert not asked.is_right(
            joint.join([story, "3加5等于8。" if language == "zh" else "Snow is white."])
        )
        assert not asked.is_right(stories.tell(r, language, other_animal(language, asked.animal)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_story_keeps_to_its_hero_and_its_friend(language: str):
    asked = question("story", language)
    joint, r = stories.JOIN[language], random.Random(7)
    slots = stories.slots_for(r, language, asked.animal)
    other = next(friend for friend in stories.WORDS[language]["friend"] if friend != slots["friend"])
    first, second = (stories.PLOTS[language][number].short for number in (1, 2))
    lines = [stories.expand(sentence, r, slots) for sentence in (*first[:3], second[1])]
    assert asked.is_right(joint.join(lines))
    lines[3] = stories.expand(second[1], r, slots | {"animal": other_animal(language, asked.animal)})
    assert not asked.is_right(joint.join(lines))
    met = stories.PLOTS[language][0].short[2]
    lines = [stories.expand(sentence, r, slots) for sentence in (*first[:3], met)]
    assert asked.is_right(joint.join(lines))
    lines[3] = stories.expand(met, r, slots | {"friend": other})
    assert not asked.is_right(joint.join(lines))
