"""Write the sample corpus: short texts and conversations in Chinese and English, made up here.

    python -m assets.sample.generate          writes pretrain.jsonl and chat.jsonl beside this file

Everything is put together from sentences written for this purpose, so it may be used for anything. It is what a
newcomer trains a first model on, and what the tests read where no larger data is at hand. The same seed gives the
same bytes. What a first model is asked afterwards lies in bench/first_questions.json and is not in here.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from assets.sample import facts, people, prose, stories, sums, talk
from assets.sample.grammar import capital

SEED = 20261124
# bytes of pretrain text and number of conversations, each language half
TEXT_BYTES, TALKS = 2_150_000, 12_000
LANGUAGES = ("zh", "en")
JOIN = {"zh": "", "en": " "}
Message = dict[str, str]
Exchange = tuple[str, str]

LEAD = {
    "zh": "请问， 告诉我， 小芽， 我问你， 考考你， 你好， 那么， 还有， 再问一个： 能不能告诉我， 麻烦说一下， 老师问： 我忘了， 想请教一下， 嗯， 帮我想想， 有个问题，".split(),
    "en": [
        "Please tell me: ",
        "Sprout, ",
        "A question: ",
        "Now, ",
        "Hello! ",
        "And ",
        "Well, ",
        "One more: ",
        "OK, ",
        "Can you tell me: ",
        "I forgot: ",
        "My teacher asks: ",
        "Excuse me, ",
        "Help me: ",
        "Let me think: ",
        "Hey, ",
        "So, ",
    ],
}
TAIL = {
    "zh": "你知道吗？ 谢谢。 快告诉我。 我想不起来了。 说来听听。".split(),
    "en": [" Do you know?", " Thanks.", " Please help me.", " I cannot remember.", " Tell me, please."],
}


# -- exchanges: a question and its answer ------------------------------------------------------


def ask_fact(r: random.Random, language: str) -> Exchange:
    """One entity of one relation."""
    side = r.choice(list(facts.SIDES[language].values()))
    x = r.choice(list(side.known))
    return r.choice(side.ask).format(x=x), capital(r.choice(side.say).format(x=x, y=side.known[x]))


def ask_sum(r: random.Random, language: str) -> Exchange:
    """Plus a little oftener than minus."""
    if r.random() < 0.6:
        a, b = r.choice(sums.ADDED)
        return sums.fill(sums.ask(r, language, "add"), a, b, a + b), sums.fill(sums.SAY_ADD[language], a, b, a + b)
    a, b = r.choice(sums.TAKEN)
    return sums.fill(sums.ask(r, language, "sub"), a, b, a - b), sums.fill(sums.SAY_SUB[language], a, b, a - b)


def small_talk(r: random.Random, language: str) -> Exchange:
    """What people say without wanting to know."""
    intent = r.choice(list(talk.SIDES[language]))
    says, answers = talk.SIDES[language][intent]
    said = r.choice(says)
    if intent in talk.FEELINGS and r.random() < 0.5:
        before, after = r.choice(talk.BEFORE[language]), r.choice(talk.AFTER[language])
        said = before + said.rstrip("。！.!") + after
    return said, r.choice(answers)


def who(r: random.Random, language: str) -> Exchange:
    """Who it is."""
    says, answers = talk.SIDES[language]["who"]
    return r.choice(says), r.choice(answers)


def introduce(r: random.Random, language: str, name: str | None = None) -> Exchange:
    """Somebody says a name."""
    name = name or talk.name(r, language)
    return r.choice(talk.INTROS[language]).format(name=name), talk.MEET[language].format(name=name)


def ask_story(r: random.Random, language: str) -> Exchange:
    """A story about an animal, or just any."""
    if r.random() < 0.1:
        return r.choice(stories.ASK_ANY[language]), stories.tell(r, language)
    animal = r.choice(stories.WORDS[language]["animal"])
    return r.choice(stories.ASK[language]).format(animal=animal), stories.tell(r, language, animal)


KINDS: list[tuple[Callable[[random.Random, str], Exchange], float]] = [
    (ask_fact, 0.33),
    (ask_sum, 0.24),
    (small_talk, 0.20),
    (who, 0.06),
    (introduce, 0.10),
    (ask_story, 0.08),
]


def exchange(r: random.Random, language: str) -> Exchange:
    """One question as people type it, sometimes with a lead or without its mark, and its answer."""
    kind = r.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0]
    question, answer = kind(r, language)
    if kind in (ask_fact, ask_sum, ask_story) and r.random() < 0.3:
        lead = r.choice(LEAD[language])
        inside = lead.endswith((", ", "And ")) and not question.startswith("I ")
        question = lead + (question[0].lower() + question[1:] if inside else question)
    if kind in (ask_fact, ask_sum) and r.random() < 0.12:
        question += r.choice(TAIL[language])
    if r.random() < 0.15:
        question = question.rstrip("？。！?.!")
    if language == "en" and r.random() < 0.1:
        question = question.lower()
    return question, answer


def conversation(r: random.Random) -> list[Message]:
    """One to three exchanges; now and then somebody's name is remembered, or the language changes."""
    language = r.choice(LANGUAGES)
    exchanges = [exchange(r, language) for _ in range(r.choices([1, 2, 3], [0.7, 0.2, 0.1])[0])]
    if r.random() < 0.04:
        name = talk.name(r, language)
        recall = (r.choice(talk.ASK_NAME[language]), talk.RECALL[language].format(name=name))
        exchanges = [introduce(r, language, name), *exchanges[1:], recall]
    elif r.random() < 0.05:
        exchanges.append(exchange(r, r.choice(LANGUAGES)))
    messages: list[Message] = []
    for question, answer in exchanges:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return messages


# -- texts -------------------------------------------------------------------------------------


def fact_text(r: random.Random, language: str) -> str:
    """Three to six sentences about one relation or one entity, questions among them."""
    side = r.choice(list(facts.SIDES[language].values()))
    lines = []
    for x in r.sample(list(side.known), r.randint(2, 4)):
        y = side.known[x]
        told = r.choice([*side.say * 3, *side.tell]).format(x=x, y=y)
        if r.random() < 0.45:
            lines.append(r.choice(side.ask).format(x=x))
            told = r.choice(side.say).format(x=x, y=y)
        lines.append(capital(told))
    return JOIN[language].join(lines)


def sum_text(r: random.Random, language: str) -> str:
    """A scene with a sum, or a piece of a table."""
    return (sums.prose_zh if language == "zh" else sums.prose_en)(r, [talk.name(r, language) for _ in range(2)])


def dialogue(r: random.Random, language: str) -> str:
    """What one says and another answers, one line each."""
    lines = [line for _ in range(r.randint(1, 3)) for line in exchange(r, language)]
    return "\n".join(lines)


TEXTS: list[tuple[Callable[[random.Random, str], str], float]] = [
    (lambda r, language: stories.tell(r, language, long=True), 0.17),
    (prose.write, 0.14),
    (people.about, 0.12),
    (fact_text, 0.19),
    (sum_text, 0.14),
    (dialogue, 0.28),
]


def text(r: random.Random, language: str) -> str:
    """One document."""
    return r.choices([make for make, _ in TEXTS], [weight for _, weight in TEXTS])[0](r, language)


# -- files -------------------------------------------------------------------------------------


def texts(r: random.Random, size: int = TEXT_BYTES) -> list[str]:
    """Different texts until each language has half of `size` bytes, mixed."""
    found: dict[str, None] = {}
    for language in LANGUAGES:
        used = 0
        while used < size / 2:
            made = text(r, language)
            if made not in found:
                found[made] = None
                used += len(made.encode())
    mixed = list(found)
    r.shuffle(mixed)
    return mixed


def talks(r: random.Random, count: int = TALKS) -> list[list[Message]]:
    """`count` different conversations."""
    found: dict[str, list[Message]] = {}
    while len(found) < count:
        made = conversation(r)
        found.setdefault(json.dumps(made, ensure_ascii=False), made)
    return list(found.values())


def files(seed: int = SEED) -> dict[str, bytes]:
    """Name → bytes of both files."""
    rows: dict[str, list[dict[str, object]]] = {
        "pretrain.jsonl": [{"text": made} for made in texts(random.Random(seed))],
        "chat.jsonl": [{"conversations": made} for made in talks(random.Random(seed + 1))],
    }
    return {
        name: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines).encode()
        for name, lines in rows.items()
    }


def main() -> None:
    """Write both files."""
    for name, content in files().items():
        (Path(__file__).parent / name).write_bytes(content)


if __name__ == "__main__":
    main()
