"""Stories: an opening, a wish or a trouble, a friend, an end. The chat tells the short form, the prose a longer one."""

from __future__ import annotations

import random
from dataclasses import dataclass

from assets.sample.grammar import expand

WORDS: dict[str, dict[str, list[str]]] = {
    "zh": {
        "animal": "兔子 狐狸 熊 老鼠 猫 狗 青蛙 鸭子 松鼠 刺猬 鹿 猴子".split(),
        "friend": "乌龟 羊 鸟 猪 鸡 马 牛 鹅".split(),
        "place": "山脚下 小河边 森林里 池塘边 村子旁 大树下 花园里 麦田边".split(),
        "far": "山顶 湖心的小岛 森林的另一头 河对岸 老磨坊 海边".split(),
        "thing": "一把旧钥匙 一顶红帽子 一盏小灯 一只风筝 一个铃铛 一本图画书 一块蓝石头 一把小伞".split(),
        "food": "苹果 蜂蜜 面包 草莓 松果 玉米 蘑菇 南瓜".split(),
        "weather": "下着小雨 起了大雾 刮着大风 太阳暖洋洋的 下起了大雪 月亮很圆".split(),
    },
    "en": {
        "animal": "fox rabbit bear mouse cat dog frog duck squirrel hedgehog deer monkey".split(),
        "friend": "turtle goat bird pig hen horse goose cow".split(),
        "place": [
            "by the river",
            "in the forest",
            "near a pond",
            "under an old tree",
            "on a green hill",
            "in a garden",
            "beside the mill",
            "at the edge of a field",
        ],
        "far": [
            "the top of the hill",
            "the other side of the river",
            "the island in the lake",
            "the end of the forest",
            "the old mill",
            "the sea",
        ],
        "thing": [
            "an old key",
            "a red hat",
            "a small lamp",
            "a paper kite",
            "a silver bell",
            "a picture book",
            "a blue stone",
            "a little umbrella",
        ],
        "food": "apples honey bread berries nuts corn mushrooms pears".split(),
        "weather": [
            "it was raining",
            "the fog was thick",
            "the wind was strong",
            "the sun was warm",
            "the snow was deep",
            "the moon was round",
        ],
    },
}


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Sentences in their order.

    Attributes:
        short: always told.
        more: (after which sentence, sentence): told now and then in the longer form.
    """

    short: tuple[str, ...]
    more: tuple[tuple[int, str], ...]


OPEN_ZH = "[从前|很久以前|有一天]，{place}住着一只小{animal}。"
OPEN_EN = "[Once upon a time|Long ago|Once] there lived a little {animal} {place}."

PLOTS: dict[str, tuple[Plot, ...]] = {
    "zh": (
        Plot(
            short=(
                OPEN_ZH,
                "小{animal}很想去{far}看看，可是一个人不敢走。",
                "[这时|后来]，小{friend}走过来说：“我们一起去吧。”",
                "它们走了[整整一天|很久很久]，终于到了那里。",
                "从那以后，它们成了最好的朋友。",
            ),
            more=(
                (1, "它每天[站在门口|爬上石头|坐在窗前]，望着远处发呆。"),
                (2, "小{animal}高兴得[跳了起来|转了三个圈|说不出话]。"),
                (3, "路上{weather}，它们[挤在一起|唱着歌|手拉着手]，一点也不怕。"),
                (4, "回家的时候，[星星已经出来了|天已经黑了|它们还在说个不停]。"),
            ),
        ),
        Plot(
            short=(
                OPEN_ZH,
                "一天早上，小{animal}捡到了{thing}。",
                "它问遍了[邻居|朋友|村里的人]，才知道那是小{friend}丢的。",
                "小{animal}马上把它送了回去，主人高兴极了。",
                "[它们一起吃了|小{friend}请它吃了]{food}，天黑了才回家。",
            ),
            more=(
                (1, "那天{weather}，路上[一个人也没有|只有几片落叶|静悄悄的]。"),
                (2, "它想：[丢了东西的人一定很着急|这么好的东西，总有一个主人|我可不能自己留着]。"),
                (3, "小{friend}说：“[我找了它三天|这是奶奶给我的|我还以为再也见不到它了]。”"),
                (4, "小{animal}觉得，[还东西比得到东西更快乐|做对了事，心里很轻]。"),
            ),
        ),
        Plot(
            short=(
                OPEN_ZH,
                "冬天快到了，小{animal}还没有存够{food}。",
                "小{friend}看见了，就把自己的分给它一半。",
                "小{animal}说：“谢谢你，[明年我来帮你|我不会忘记的]。”",
                "那个冬天，它们谁也没有挨饿。",
            ),
            more=(
                (1, "风越来越冷，[树叶落光了|河水结冰了|草地也变黄了]。"),
                (1, "它翻遍了屋子，只找到[一小袋|三个|一点点]{food}。"),
                (3, "第二年春天，小{animal}果然[早早来帮忙|带来了种子|帮着修好了屋顶]。"),
                (4, "大家都说，[分着吃的东西最香|有朋友的冬天不冷]。"),
            ),
        ),
        Plot(
            short=(
                OPEN_ZH,
                "有一天{weather}，小{animal}在回家的路上迷了路。",
                "它[又冷又怕|急得直哭]，大声喊：“有人吗？”",
                "小{friend}听见了，提着灯跑来，带它回了家。",
                "小{animal}的妈妈给它们[煮了一锅热汤|烤了香香的面包]。",
            ),
            more=(
                (1, "四周[黑乎乎的|都是一样的树]，哪一条才是回家的路呢？"),
                (2, "喊了好几声，[只有风在回答|没有人答应|远处才亮起一点光]。"),
                (3, "小{friend}说：“[别怕，这条路我走过很多次|跟着我就好]。”"),
                (4, "从此，小{animal}出门总会[记住路边的大石头|告诉妈妈去哪里]。"),
            ),
        ),
        Plot(
            short=(
                OPEN_ZH,
                "小{animal}跑得很慢，大家都笑它。",
                "它不生气，每天早上都去{far}练习。",
                "到了比赛那天，小{animal}第一个[到了终点|跑完了全程]。",
                "小{friend}说：“[慢慢来，也能走得很远|你真了不起]。”",
            ),
            more=(
                (1, "小{friend}笑得最响，说它[像一块石头|一辈子也追不上]。"),
                (2, "[下雨天它也去|摔倒了，它就爬起来|累了，它就数一百下再跑]。"),
                (3, "大家[都看呆了|拍起手来|半天没说话]。"),
                (4, "小{animal}[笑了笑，请大家吃{food}|说，明天还要接着练]。"),
            ),
        ),
        Plot(
            short=(
                OPEN_ZH,
                "小{animal}种下了一颗种子，每天给它浇水。",
                "过了[很多天|一个月]，种子还是没有发芽。",
                "小{friend}说：“再等一等，春天就要来了。”",
                "果然，一场雨以后，种子开出了[一朵红花|一朵黄花|一朵白花]。",
            ),
            more=(
                (1, "种子是[爷爷送的|在{thing}旁边捡到的|从{far}带回来的]。"),
                (2, "小{animal}有点灰心，[坐在地上叹气|真想把它挖出来看看]。"),
                (3, "它们一起给种子[唱歌|讲故事|盖上草]。"),
                (4, "[整个{place}都闻到了香味|蜜蜂也飞来了]，小{animal}笑了。"),
            ),
        ),
        Plot(
            short=(
                OPEN_ZH,
                "小{animal}和小{friend}为了{thing}吵了一架。",
                "它们谁也不理谁，[玩什么都没意思|一整天都不开心]。",
                "晚上，小{animal}敲开门说：“对不起，给你吧。”",
                "朋友笑着说：“我们一起玩更好。”",
            ),
            more=(
                (1, "一个说[是我先看见的|这是我的]，一个说[我先拿到的|你上次也没给我]。"),
                (2, "窗外{weather}，屋里[安静得很|只听见钟在走]。"),
                (3, "小{friend}[愣了一下|脸红了|赶紧让它进屋]。"),
                (4, "第二天，它们带着{thing}去了{far}。"),
            ),
        ),
    ),
    "en": (
        Plot(
            short=(
                OPEN_EN,
                "The little {animal} wanted to see {far}, but was afraid to go alone.",
                '[Then|One day] a {friend} came and said, "Let us go together."',
                "They walked [all day|for a long time], and at last they were there.",
                "From that day on they were the best of friends.",
            ),
            more=(
                (
                    1,
                    "Every day it [sat by the window|climbed a stone|stood at the door] and looked into the distance.",
                ),
                (2, "The little {animal} was so glad that it [jumped|danced in a circle|could not speak]."),
                (
                    3,
                    "On the way {weather}, but they [kept close together|sang a song|told jokes] and were not afraid.",
                ),
                (4, "When they came home, [the stars were out|it was already dark|they were still talking]."),
            ),
        ),
        Plot(
            short=(
                OPEN_EN,
                "One morning the little {animal} found {thing}.",
                "It asked [all its friends|everyone it met], and learned that a {friend} had lost it.",
                "The little {animal} brought it back, and the owner was very happy.",
                "They ate {food} together and went home when it was dark.",
            ),
            more=(
                (
                    1,
                    "That day {weather}, and [nobody was on the road|the road was full of leaves|everything was quiet].",
                ),
                (
                    2,
                    "It thought: [someone must miss this|such a fine thing has an owner|I cannot keep it for myself].",
                ),
                (
                    3,
                    '"[I have looked for it for three days|It was a gift from my grandmother|I thought it was gone for ever]," said the {friend}.',
                ),
                (
                    4,
                    "The little {animal} felt that [giving back is better than finding|its heart was light].",
                ),
            ),
        ),
        Plot(
            short=(
                OPEN_EN,
                "Winter was coming, and the little {animal} did not have enough {food}.",
                "A {friend} saw this and shared half of its own.",
                '"Thank you," said the little {animal}, "[next year I will help you|I will not forget it]."',
                "That winter nobody had to be hungry.",
            ),
            more=(
                (1, "The wind grew cold, [the leaves fell|the river froze|the grass turned yellow]."),
                (1, "In the whole house there [was only a small bag|were only a few handfuls] of {food}."),
                (
                    3,
                    "And in spring the little {animal} really [came early to help|brought new seeds|helped to mend the roof].",
                ),
                (4, "Everyone said that [shared food tastes best|a winter with friends is not cold]."),
            ),
        ),
        Plot(
            short=(
                OPEN_EN,
                "One evening {weather}, and the little {animal} lost its way.",
                'It was [cold and afraid|close to tears] and called, "Is anybody there?"',
                "A {friend} heard it, came with a lamp and took it home.",
                "Its mother gave them [a bowl of hot soup|fresh warm bread].",
            ),
            more=(
                (1, "All the trees looked the same, and [there was no moon|no path could be seen]."),
                (2, "[Only the wind answered|Nobody answered|For a long time nothing moved]."),
                (3, '"[Do not be afraid, I know this way|Just follow me]," said the {friend}.'),
                (
                    4,
                    "Since then the little {animal} always [looks for the big stone by the road|says where it is going].",
                ),
            ),
        ),
        Plot(
            short=(
                OPEN_EN,
                "The little {animal} was slow, and everyone laughed at it.",
                "It was not angry, but went to {far} every morning to run.",
                "On the day of the race the little {animal} came in first.",
                '"[Slow steps go far|You did well]," said the {friend}.',
            ),
            more=(
                (1, "The {friend} laughed loudest and said that it was [like a stone|never going to win]."),
                (
                    2,
                    "[It ran in the rain too|When it fell, it got up again|When it was tired, it counted to a hundred and went on].",
                ),
                (3, "[Everyone clapped|Nobody said a word|They could not believe it]."),
                (
                    4,
                    "The little {animal} [smiled and gave {food} to everyone|said that it would run tomorrow too].",
                ),
            ),
        ),
        Plot(
            short=(
                OPEN_EN,
                "The little {animal} planted a seed and gave it water every day.",
                "[Many days|Four weeks] went by, but nothing grew.",
                '"Wait a little," said a {friend}, "spring is coming soon."',
                "And after the rain the seed became [a red flower|a yellow flower|a white flower].",
            ),
            more=(
                (1, "The seed was [a gift from its grandfather|found beside {thing}|brought from {far}]."),
                (2, "The little {animal} [sat down and sighed|wanted to dig it up again]."),
                (3, "They [sang to the seed|told it stories|covered it with grass]."),
                (
                    4,
                    "[The bees came to see it|One could smell it from far away], and the little {animal} smiled.",
                ),
            ),
        ),
        Plot(
            short=(
                OPEN_EN,
                "The little {animal} and a {friend} had a fight about {thing}.",
                "They did not speak, and [nothing was fun any more|the day was long and sad].",
                'In the evening the little {animal} knocked and said, "I am sorry, you can have it."',
                '"Let us play with it together," said its friend.',
            ),
            more=(
                (
                    1,
                    'One said, "[I saw it first|It is mine]," and the other said, "[I picked it up|You never share with me]."',
                ),
                (2, "Outside {weather}, and inside [it was very quiet|only the clock was heard]."),
                (3, "The {friend} [was surprised|turned red|quickly opened the door]."),
                (4, "The next day they took {thing} to {far}."),
            ),
        ),
    ),
}
JOIN = {"zh": "", "en": " "}

ASK: dict[str, tuple[str, ...]] = {
    "zh": (
        "给我讲个{animal}的故事。",
        "讲一个小{animal}的故事。",
        "讲个关于{animal}的故事吧。",
        "我想听{animal}的故事。",
        "你会讲{animal}的故事吗？",
        "说一个{animal}的故事。",
        "写一个{animal}的故事。",
        "有没有{animal}的故事？",
        "来个小{animal}的故事吧。",
        "请讲讲{animal}的故事。",
        "我要听小{animal}的故事。",
    ),
    "en": (
        "Tell me a story about a {animal}.",
        "Tell a story about a little {animal}.",
        "Write a story about a {animal}.",
        "A story about a {animal}, please.",
        "Do you know a story about a {animal}?",
        "Can you tell me a {animal} story?",
        "I would like a story about a {animal}.",
        "Give me a short story about a {animal}.",
        "Please tell me about a little {animal}.",
        "Let me have a story of a {animal}.",
        "Tell me a {animal} story.",
    ),
}
ASK_ANY = {
    "zh": ("讲个故事。", "给我讲个故事吧。", "我想听故事。", "讲个小故事。", "你会讲故事吗？"),
    "en": (
        "Tell me a story.",
        "Tell me a short story.",
        "I want to hear a story.",
        "Do you know a story?",
        "A story, please.",
    ),
}


def slots_for(r: random.Random, language: str, animal: str | None = None) -> dict[str, str]:
    """One word for each slot."""
    words = WORDS[language]
    slots = {name: r.choice(choices) for name, choices in words.items()}
    slots["animal"] = animal or slots["animal"]
    return slots


def tell(r: random.Random, language: str, animal: str | None = None, *, long: bool = False) -> str:
    """A story, about that animal if given."""
    plot, slots = r.choice(PLOTS[language]), slots_for(r, language, animal)
    lines: list[str] = []
    for number, sentence in enumerate(plot.short):
        lines.append(expand(sentence, r, slots))
        if long:
            lines += [
                expand(more, r, slots) for place, more in plot.more if place == number and r.random() < 0.6
            ]
    return JOIN[language].join(lines)


def sentences(language: str) -> list[str]:
    """Every sentence that a short story can be made of."""
    return sorted({sentence for plot in PLOTS[language] for sentence in plot.short})
