"""Sums with small numbers: which are told, how they are asked, and prose about them."""

from __future__ import annotations

import random

TOP = 9
# ordered pairs that are added nowhere, so that it can be tried whether 2 + 7 is understood from 7 + 2
UNSEEN = frozenset({(2, 7), (4, 6), (5, 9), (8, 3), (9, 4), (7, 5), (3, 6), (6, 8)})
ADDED = [(a, b) for a in range(1, TOP + 1) for b in range(1, TOP + 1) if (a, b) not in UNSEEN]
TAKEN = [(a, b) for a in range(2, 11) for b in range(1, a)]

SAY_ADD = {"zh": "{a}加{b}等于{c}。", "en": "{a} plus {b} is {c}."}
SAY_SUB = {"zh": "{a}减{b}等于{c}。", "en": "{a} minus {b} is {c}."}
# {s} is the sum itself: frames are shared by plus and minus, so that only the sum can tell which it is
FRAMES = {
    "zh": (
        "{s}等于几？|{s}等于多少？|{s}是多少？|{s}是几？|算一算{s}。|你知道{s}等于几吗？|请算出{s}。|{s}得几？|{s}？|{s}呢？|{s}得多少？|请帮我算{s}。|"
        "要是{s}呢，等于几？|{s}的结果是什么？|{s}的得数是几？|我要算{s}。|{s}应该是几？|说出{s}的答案。|我不会算{s}。|{s}会是多少？|算算看，{s}。|"
        "{s}的答案是多少？|{s}到底是几？|试试{s}。|你算得出{s}吗？|{s}，等于？|有人问{s}是几。|快算{s}。|{s}，结果呢？|麻烦你算{s}。"
    ).split("|"),
    "en": (
        "What is {s}?|How much is {s}?|What does {s} make?|{s} is what?|Do you know what {s} is?|Tell me {s}.|Work out {s}.|{s}?|{s}, please.|"
        "Can you tell me what {s} is?|What comes out of {s}?|And {s}?|Could you do {s}?|What do you make of {s}?|Give me {s}.|I need {s}.|"
        "What number is {s}?|Which number is {s}?|Try {s}.|Say what {s} is.|How much would {s} be?|I want to know {s}.|Show me {s}.|"
        "Let us do {s}.|What might {s} be?|The answer to {s} is what?|From {s}, what do I get?|What do I get with {s}?|If it is {s}, what is it?|"
        "Please do {s}.|Count {s}.|{s} makes how much?|Can you do {s} for my brother?|Find {s}.|What would you say {s} is?|Is it hard to do {s}?"
    ).split("|"),
}
CORES: dict[str, dict[str, tuple[str, ...]]] = {
    "zh": {"add": ("{a}加{b}",) * 5 + ("{a}加上{b}", "{a}+{b}", "{a} + {b}", "{a} 加 {b}"), "sub": ("{a}减{b}",) * 5 + ("{a}减去{b}", "{a}-{b}", "{a} - {b}", "{a} 减 {b}")},
    "en": {"add": ("{a} plus {b}",) * 5 + ("{a} + {b}",), "sub": ("{a} minus {b}",) * 5 + ("{a} - {b}",)},
}
OTHERS: dict[str, dict[str, tuple[str, ...]]] = {
    "zh": {"add": ("把{a}和{b}加起来是多少？", "{a}与{b}的和是几？", "先有{a}，再加{b}，是多少？"), "sub": ("从{a}里减去{b}是多少？", "先有{a}，再减{b}，是多少？")},
    "en": {
        "add": ("Add {a} and {b}.", "What is the sum of {a} and {b}?", "Can you add {a} and {b}?", "What do {a} and {b} make together?"),
        "sub": ("Take {b} from {a}.", "Can you take {b} from {a}?"),
    },
}


def ask(r: random.Random, language: str, kind: str) -> str:
    """A template of a question, kind add or sub."""
    if r.random() < 0.1:
        return r.choice(OTHERS[language][kind])
    return r.choice(FRAMES[language]).format(s=r.choice(CORES[language][kind]))


THINGS_ZH = "个苹果 个梨 块石头 本书 支铅笔 块糖 个鸡蛋 颗星星 朵花 条鱼 张邮票 片叶子".split()
THINGS_EN = (
    "apples pears stones books pencils sweets eggs stars flowers fish stamps leaves coins shells".split()
)


def fill(template: str, a: int, b: int, c: int) -> str:
    """With the numbers in their places."""
    return template.format(a=a, b=b, c=c)


def prose_zh(r: random.Random, names: list[str]) -> str:
    """A little scene with a sum, or some lines of a table."""
    (one, two), thing = r.sample(names, 2), r.choice(THINGS_ZH)
    if r.random() < 0.45:
        a, b = r.choice(ADDED)
        scene = r.choice(
            [
                f"{one}有{a}{thing}，{two}又给了{b}{thing}。",
                f"桌上有{a}{thing}，{one}又放上{b}{thing}。",
                f"{one}早上找到{a}{thing}，下午又找到{b}{thing}。",
                f"篮子里有{a}{thing}，{two}往里加了{b}{thing}。",
                f"{one}带来{a}{thing}，{two}带来{b}{thing}。",
            ]
        )
        end = r.choice(
            [f"现在一共有{a + b}{thing}。", f"合起来是{a + b}{thing}。", f"{one}数了数，正好{a + b}{thing}。"]
        )
        return scene + fill(SAY_ADD["zh"], a, b, a + b) + end
    if r.random() < 0.5:
        a, b = r.choice(TAKEN)
        scene = r.choice(
            [
                f"{one}有{a}{thing}，送给{two}{b}{thing}。",
                f"桌上有{a}{thing}，{two}拿走了{b}{thing}。",
                f"{one}原来有{a}{thing}，路上丢了{b}{thing}。",
                f"盒子里有{a}{thing}，{one}用掉{b}{thing}。",
            ]
        )
        end = r.choice(
            [f"还剩{a - b}{thing}。", f"现在只有{a - b}{thing}了。", f"{two}看了看，还有{a - b}{thing}。"]
        )
        return scene + fill(SAY_SUB["zh"], a, b, a - b) + end
    return table(r, "zh")


def prose_en(r: random.Random, names: list[str]) -> str:
    """The same in English."""
    (one, two), thing = r.sample(names, 2), r.choice(THINGS_EN)
    if r.random() < 0.45:
        a, b = r.choice([(a, b) for a, b in ADDED if a > 1 and b > 1])
        scene = r.choice(
            [
                f"{one} has {a} {thing} and {two} gives {b} more.",
                f"There are {a} {thing} on the table, and {one} puts {b} more beside them.",
                f"In the morning {one} finds {a} {thing}, in the afternoon {b} more.",
                f"{two} puts {b} {thing} into a basket that already holds {a}.",
                f"{one} brings {a} {thing}, {two} brings {b}.",
            ]
        )
        end = r.choice(
            [
                f"Now there are {a + b} {thing}.",
                f"Together that makes {a + b} {thing}.",
                f"{one} counts them: {a + b} {thing}.",
            ]
        )
        return f"{scene} {fill(SAY_ADD['en'], a, b, a + b)} {end}"
    if r.random() < 0.5:
        a, b = r.choice([(a, b) for a, b in TAKEN if a - b > 1 and b > 1])
        scene = r.choice(
            [
                f"{one} has {a} {thing} and gives {b} of them to {two}.",
                f"There are {a} {thing} on the table, and {two} takes {b} away.",
                f"{one} had {a} {thing} and lost {b} on the way.",
                f"The box holds {a} {thing}, and {one} uses {b}.",
            ]
        )
        end = r.choice(
            [
                f"Now {a - b} {thing} are left.",
                f"Only {a - b} {thing} remain.",
                f"{two} still sees {a - b} {thing}.",
            ]
        )
        return f"{scene} {fill(SAY_SUB['en'], a, b, a - b)} {end}"
    return table(r, "en")


def table(r: random.Random, language: str) -> str:
    """Some lines that belong together: one number added to others, or a sum both ways round and undone."""
    lines = []
    if r.random() < 0.5:
        b, down = r.randint(1, TOP), r.random() < 0.35
        for a in r.sample(range(1, TOP + 1), r.randint(3, 5)):
            if down and a + b <= 10:
                lines.append(fill(SAY_SUB[language], a + b, b, a))
            elif (a, b) not in UNSEEN:
                lines.append(fill(SAY_ADD[language], a, b, a + b))
    else:
        a, b = r.choice(ADDED)
        lines.append(fill(SAY_ADD[language], a, b, a + b))
        if (b, a) not in UNSEEN and a != b:
            lines.append(fill(SAY_ADD[language], b, a, a + b))
        if a + b <= 10:
            lines += [fill(SAY_SUB[language], a + b, x, y) for x, y in r.sample([(a, b), (b, a)], 2)]
    return ("" if language == "zh" else " ").join(lines)
