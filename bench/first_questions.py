"""The questions for a first model, twenty more by seed, and a judge that knows every right answer.

`first_questions.json` was fixed before the sample was written. Right answers are whole sentences; an
answer is right when it is one of them from the first character to the last. So half a sentence, a wrong
number, or a right word in the middle of nonsense is wrong. A story is right when it has an opening with the
animal that was asked for, each of its sentences is one that a story can be made of, and hero, friend, thing
and place stay the same from the first sentence to the last.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.sample import facts, stories, sums, talk
from assets.sample.grammar import capital, pattern

FIXED = json.loads(Path(__file__).with_name("first_questions.json").read_text("utf-8"))
LANGUAGES = ("zh", "en")
LEAST_SENTENCES = 3
# how many of the twenty questions are of which kind, in each language
DRAWN = {"who": 1, "add": 2, "sub": 1, "fact": 3, "talk": 1, "name": 1, "story": 1}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    Attributes:
        language: zh or en.
        kind: who, add, sub, fact, talk, name or story.
        ask: what is typed.
        right: every right answer; empty for stories.
        animal: the hero of a story, else "".
    """

    language: str
    kind: str
    ask: str
    right: tuple[str, ...]
    animal: str = ""

    def is_right(self, answer: str) -> bool:
        """Whether this is a right answer, whole and correct."""
        answer = answer.strip()
        if self.kind != "story":
            return answer in self.right
        return _is_story(answer, self.language, self.animal)


def _is_story(answer: str, language: str, animal: str) -> bool:
    told = _sentences(answer, language)
    slots: dict[str, set[str]] = {}
    for match in told:
        for name, filler in match.groupdict().items():
            slots.setdefault(name, set()).add(filler)
    agree = all(len(found - {None}) <= 1 for found in slots.values())
    return (
        len(told) >= LEAST_SENTENCES
        and agree
        and "place" in told[0].groupdict()
        and slots["animal"] == {animal}
        and len({match[0] for match in told}) == len(told)
    )


def _sentences(answer: str, language: str) -> list[re.Match[str]]:
    """The sentences of a story; none if anything in it is no sentence of a story."""
    found: list[re.Match[str]] = []
    at, gap = 0, stories.JOIN[language]
    while at < len(answer):
        at += len(gap) if found and answer.startswith(gap, at) else 0
        matches = (known.match(answer, at) for known in _story_sentences(language))
        match = next((match for match in matches if match), None)
        if match is None:
            return []
        found.append(match)
        at = match.end()
    return found


@functools.cache
def _story_sentences(language: str) -> tuple[re.Pattern[str], ...]:
    words = stories.WORDS[language]
    return tuple(re.compile(pattern(sentence, words)) for sentence in stories.sentences(language))


# -- the ten, and what is held back ------------------------------------------------------------


def ten() -> list[Question]:
    """The ten fixed questions."""
    return [_question(entry["lang"], entry["kind"], entry["ask"], entry) for entry in FIXED["ten"]]


def _question(language: str, kind: str, ask: str, facts_of_it: dict[str, Any]) -> Question:
    return Question(
        language=language,
        kind=kind,
        ask=ask,
        right=_right_answers(language, kind, facts_of_it),
        animal=facts_of_it.get("animal", ""),
    )


def _right_answers(language: str, kind: str, known: dict[str, Any]) -> tuple[str, ...]:
    if kind in ("add", "sub"):
        a, b = known["a"], known["b"]
        say, c = (sums.SAY_ADD, a + b) if kind == "add" else (sums.SAY_SUB, a - b)
        return (sums.fill(say[language], a, b, c),)
    if kind == "fact":
        side, x = facts.SIDES[language][known["relation"]], known["x"]
        return tuple(capital(say.format(x=x, y=side.known[x])) for say in side.say)
    if kind == "name":
        return (talk.MEET[language].format(name=known["name"]),)
    if kind == "story":
        return ()
    return tuple(talk.SIDES[language][known.get("intent", "who")][1])


def draw(seed: int) -> list[Question]:
    """Twenty questions from the templates that are held back, ten in each language."""
    r = random.Random(seed)
    return [
        _draw(r, language, kind)
        for language in LANGUAGES
        for kind, count in DRAWN.items()
        for _ in range(count)
    ]


def _draw(r: random.Random, language: str, kind: str) -> Question:
    return r.choice(list(_all_of(language, kind)))


def all_held_back() -> Iterator[Question]:
    """Every question that can be drawn."""
    for language in LANGUAGES:
        for kind in DRAWN:
            yield from _all_of(language, kind)


@functools.cache
def _all_of(language: str, kind: str) -> tuple[Question, ...]:
    held = FIXED["held_back"][language][kind]
    found: list[tuple[str, dict[str, Any]]] = []
    if kind == "who":
        found = [(ask, {}) for ask in held]
    elif kind == "talk":
        found = [(ask, {"intent": intent}) for intent, asks in held.items() for ask in asks]
    elif kind == "fact":
        found = [
            (ask.format(x=x), {"relation": relation, "x": x})
            for relation, asks in held.items()
            for ask in asks
            for x in facts.SIDES[language][relation].known
        ]
    else:
        for known in _fillings(language, kind):
            found += [(ask.format(**known), known) for ask in held]
    return tuple(_question(language, kind, ask, known) for ask, known in found)


def _fillings(language: str, kind: str) -> list[dict[str, Any]]:
    if kind == "add":
        # as many from pairs that the sample adds nowhere as from the others
        unseen = [{"a": a, "b": b} for a, b in FIXED["unseen_sums"]]
        seen = [{"a": a, "b": b} for a, b in sums.ADDED]
        return unseen * round(len(seen) / len(unseen) / 3) + seen
    if kind == "sub":
        return [{"a": a, "b": b} for a, b in sums.TAKEN]
    if kind == "name":
        return [{"name": name} for name in FIXED["unseen_names"][language]]
    return [{"animal": animal} for animal in stories.WORDS[language]["animal"]]
