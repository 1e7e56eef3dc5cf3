"""Short texts about one person whose name comes back in every sentence: who wants to go on must have listened."""

from __future__ import annotations

import random

from assets.sample import talk
from assets.sample.grammar import capital, expand
from assets.sample.prose import WORDS

LINES: dict[str, tuple[str, ...]] = {
    "zh": (
        "{name}[很早就起床了|今天起得很晚|还没有睡醒]。",
        "{name}[去了|走到|路过]{spot}。",
        "外面{sky}，{name}[不想出门|还是出了门|打着伞]。",
        "{name}[买了|做了|吃了一口]{dish}。",
        "[妈妈|爸爸|老师]叫{name}[回家|坐下|过来]。",
        "“{name}，[你在哪里|快来看|等等我]！”有人喊。",
        "门外有人问：“{name}在家吗？”",
        "{name}[有|丢了|找到了]{item}，[很{feel}|心里很{feel}]。",
        "我们都[认识|喜欢|在等]{name}。",
        "这{item}是{name}的。",
        "[邮递员|邻居|朋友]给{name}送来一封信。",
        "信上写着{name}的名字。",
        "“我叫{name}。”“很高兴认识你，{name}。”",
        "“你叫什么名字？”“{name}。”“你好，{name}。”",
        "[后来|晚上|第二天]，{name}[睡着了|笑了|回来了|唱起歌来]。",
        "{name}说：“[我不怕|我饿了|明天再来|真好看]。”",
        "没有人比{name}更[高|快|爱笑|安静]。",
        "大家都说{name}[很聪明|很和气|像个大人]。",
    ),
    "en": (
        "{name} [got up early|slept long today|is still asleep].",
        "{name} [went to|walked to|passed by] {spot}.",
        "Outside {sky}, and {name} [stayed at home|went out|took an umbrella].",
        "{name} [bought|made|tasted] {dish}.",
        "[The mother|The father|The teacher] called {name} [home|in|back].",
        "\"{name}, [where are you|come and see|wait for me]!\" someone called.",
        "Somebody asked at the door, \"Is {name} at home?\"",
        "{name} [has|lost|found] the {item} and [is|feels] {feel}.",
        "We all [know|like|wait for] {name}.",
        "The {item} belongs to {name}.",
        "[The postman|A neighbour|A friend] brought {name} a letter.",
        "The name on the letter was {name}.",
        "\"My name is {name}.\" \"Nice to meet you, {name}.\"",
        "\"What is your name?\" \"{name}.\" \"Hello, {name}.\"",
        "[Later|In the evening|The next day] {name} [fell asleep|laughed|came back|began to sing].",
        "{name} said, \"[I am not afraid|I am hungry|See you tomorrow|How nice].\"",
        "Nobody is as [tall|fast|merry|quiet] as {name}.",
        "They say that {name} [is clever|is kind|acts like a grown-up].",
    ),
}


def about(r: random.Random, language: str) -> str:
    """Four to eight sentences about one person."""
    slots = {name: r.choice(choices) for name, choices in WORDS[language].items()}
    slots["name"] = talk.name(r, language)
    lines = [capital(expand(line, r, slots)) for line in r.sample(LINES[language], r.randint(4, 8))]
    return ("" if language == "zh" else " ").join(lines)
