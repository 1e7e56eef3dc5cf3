"""Write the sample corpus: short texts and conversations in Chinese and English, made up here.

    python assets/sample/generate.py          writes pretrain.jsonl and chat.jsonl beside this file

Everything is put together from sentences written for this purpose, so it may be used for anything. It is what
a newcomer trains a first model on, and what the tests read where no larger data is at hand. The same seed
gives the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

SEED = 20261124
TEXTS, TALKS = 200, 120

PLACES_ZH = "河边 山脚下 村口 湖心的小岛 老城的巷子 海边的渔村 学校后面的操场 车站旁的小花园 雪地里 竹林".split()
WEATHER_ZH = "下着小雨 起了薄雾 刮着大风 阳光很好 刚下过雪 云压得很低 月亮很圆 闷得像要打雷".split()
ANIMALS_ZH = "一只橘猫 两只麻雀 一条黄狗 一群白鹅 一只刺猬 一头老牛 几只蜻蜓 一只松鼠".split()
NAMES_ZH = "小林 阿青 老周 晓雯 石头 外婆 大伟 梅子 陈师傅 小雨".split()
THINGS_ZH = "一把旧雨伞 一只怀表 半块月饼 一张地图 一盏灯笼 一封没写完的信 一个风筝 一双布鞋".split()
LESSONS_ZH = [
    "原来慢一点也没有关系。",
    "有些东西丢了还会回来，有些不会。",
    "帮别人的时候，自己也不冷了。",
    "问一声，往往比猜一天有用。",
    "走过的路，第二次就不那么黑。",
    "一个人做不完的事，两个人可以慢慢做。",
]
DISHES_ZH = {
    "番茄炒蛋": ("番茄两个、鸡蛋三个、葱一根", "先炒蛋，盛出来；再把番茄炒出汁，倒回鸡蛋，撒上葱花"),
    "葱油面": ("面条一把、小葱一大把、酱油三勺", "小火把葱熬到焦黄，加酱油和一点糖，淋在煮好的面上"),
    "土豆炖牛肉": ("牛肉一斤、土豆三个、八角两粒", "牛肉焯水后慢炖一小时，再放土豆炖到软"),
    "凉拌黄瓜": ("黄瓜两根、蒜三瓣、醋两勺", "黄瓜拍碎，拌上蒜末、醋、盐和几滴香油"),
    "小米粥": ("小米半杯、水六杯", "水开后放小米，转小火煮半小时，不时搅一搅"),
    "蒸鱼": ("鲈鱼一条、姜几片、葱两根", "水开后上锅蒸八分钟，倒掉汤汁，铺上葱丝，浇热油和豉油"),
    "豆腐汤": ("豆腐一块、青菜一把、虾皮一撮", "水开下豆腐和虾皮，煮五分钟，最后放青菜和盐"),
}
FACTS_ZH = [
    ("为什么天是蓝的", "阳光里有各种颜色的光。蓝光的波长短，容易被空气里的分子散射到四面八方，所以抬头看到的天是蓝的。"),
    ("月亮为什么有圆缺", "月亮自己不发光，我们看到的是它被太阳照亮的一面。它绕着地球转，亮的一面朝向我们的部分时多时少，于是有了圆缺。"),
    ("冰为什么浮在水上", "水结冰时体积变大，同样重的冰比水占的地方多，密度比水小，所以会浮起来。"),
    ("铁为什么会生锈", "铁遇到水和氧气会慢慢变成红褐色的氧化物，这就是锈。刷漆或涂油能把水和空气隔开。"),
    ("植物怎样喝水", "根从土里吸水，水沿着茎里细细的管子往上走，最后从叶子上的小孔散到空气里，叶子一散水，又拉着下面的水往上升。"),
    ("回声是怎么来的", "声音碰到山崖或墙壁会弹回来。距离足够远时，弹回来的声音晚一点才到耳朵，就成了回声。"),
    ("为什么冬天白天短", "地球是斜着身子绕太阳转的。冬天时北半球背向太阳，太阳在天上走的路短，白天也就短了。"),
    ("磁铁为什么能指南北", "地球本身像一块大磁铁。小磁针可以自由转动时，会顺着地球的磁场停下来，一头指北，一头指南。"),
    ("彩虹为什么是弯的", "雨后空气里有许多小水珠，阳光在水珠里折一折、弹一弹，按颜色分开。能进我们眼睛的方向正好围成一个圆弧。"),
    ("蜜蜂怎样告诉同伴花在哪里", "找到花的蜜蜂回巢后会跳一种八字形的舞。舞的方向说明花在太阳的哪一边，跳得快慢说明有多远。"),
    ("什么是语言模型", "语言模型读过很多文字，学会了猜下一个词。一次猜一个，接起来就成了句子。它猜得好，是因为见过许多相似的上下文。"),
    ("为什么要存档", "训练一个模型要花很多时间，中间可能停电，也可能想换一种设置。把权重写进文件，就能从那一步接着练。"),
]
PLACES_EN = ["by the river", "at the edge of town", "on the night train", "in the old library", "near the lighthouse"]
PLACES_EN += ["in a garden behind the station", "under the stone bridge", "on a farm in the hills"]
WEATHER_EN = ["It was raining softly", "The fog had not lifted", "The wind was strong", "The sun was out at last"]
WEATHER_EN += ["Snow covered everything", "The moon was full", "Thunder rolled far away"]
NAMES_EN = ["Mara", "Tom", "Old Peter", "Lin", "Aunt Rosa", "Jonas", "the baker", "Nina"]
THINGS_EN = ["a broken kite", "a brass key", "a letter without a name", "an empty jar", "a map with one corner torn off"]
THINGS_EN += ["a small blue stone", "a pair of red boots", "a clock that ran backwards"]
LESSONS_EN = [
    "Going slowly had been the quickest way after all.",
    "Some doors only open when you knock.",
    "From that day on they shared the work and the bread.",
    "It was not the thing itself that mattered, but who had kept it.",
    "Nobody believed the story, and that was fine.",
    "The next morning the path did not look so dark.",
]
FACTS_EN = [
    ("Why is the sky blue?", "Sunlight holds every colour. Blue light has a short wavelength and is scattered by air in all directions, so the whole sky looks blue."),
    ("Why does ice float?", "Water grows when it freezes. The same weight takes up more room, so ice is less dense than water and floats on it."),
    ("What is a shadow?", "Light travels in straight lines. Where something stands in its way, less light arrives behind it, and we call that darker place a shadow."),
    ("How do seeds know when to grow?", "A seed waits for water, warmth and air. When all three are there, it takes up water, swells, and sends a root down and a shoot up."),
    ("Why do we have seasons?", "The Earth is tilted. For half of the year the north leans towards the sun and has long warm days, for the other half it leans away."),
    ("What is a language model?", "It is a program that has read a great deal of text and learned to guess the next word. Guess after guess becomes a sentence."),
    ("Why does bread rise?", "Yeast eats the sugar in the dough and gives off gas. The gas makes bubbles, the bubbles make the dough grow, and the heat of the oven keeps them there."),
    ("How does a compass work?", "The Earth is a large magnet. A small needle that can turn freely lines up with it, so one end points north."),
    ("Why do leaves fall?", "In autumn there is little light and water is hard to get. The tree takes back what it can from its leaves and lets them go."),
    ("What is an echo?", "Sound comes back from a wall or a cliff. When the way is long enough, it arrives so late that we hear it as a second sound."),
]
CAPITALS = {
    "法国": ("巴黎", "France", "Paris"),
    "日本": ("东京", "Japan", "Tokyo"),
    "意大利": ("罗马", "Italy", "Rome"),
    "埃及": ("开罗", "Egypt", "Cairo"),
    "加拿大": ("渥太华", "Canada", "Ottawa"),
    "智利": ("圣地亚哥", "Chile", "Santiago"),
    "肯尼亚": ("内罗毕", "Kenya", "Nairobi"),
    "挪威": ("奥斯陆", "Norway", "Oslo"),
}
WORDS = {"苹果": "apple", "河流": "river", "朋友": "friend", "图书馆": "library", "春天": "spring", "勇气": "courage"}
WORDS |= {"星星": "star", "面包": "bread", "雨伞": "umbrella", "火车": "train", "老师": "teacher", "夜晚": "night"}
Message = dict[str, str]


def diary_zh(r: random.Random) -> str:
    place, weather, animal = r.choice(PLACES_ZH), r.choice(WEATHER_ZH), r.choice(ANIMALS_ZH)
    name = r.choice(NAMES_ZH)
    middle = r.choice(
        [
            f"我们停下来看了很久，{name}说它每天都来。",
            f"它一点也不怕人，{name}分给它一小块馒头。",
            f"{name}说不要出声，于是我们只是站着。",
        ]
    )
    return (
        f"今天和{name}去了{place}，{weather}。路上遇到{animal}，{middle}"
        f"回来的时候天已经暗了，{r.choice(['鞋子湿透了', '口袋里装满了小石头', '远处有人在唱歌'])}。{r.choice(LESSONS_ZH)}"
    )


def story_zh(r: random.Random) -> str:
    one, two = r.sample(NAMES_ZH, 2)
    thing, place = r.choice(THINGS_ZH), r.choice(PLACES_ZH)
    days = r.choice(["三天", "一个星期", "整整一个冬天", "两个月"])
    return (
        f"{one}在{place}捡到{thing}。问遍了附近的人，没有谁说是自己的。过了{days}，{two}找上门来，"
        f"说那是{r.choice(['爷爷留下的', '小时候和人交换的', '搬家那天弄丢的'])}。{one}把东西还给了{two}，"
        f"{two}{r.choice(['请他吃了一碗面', '教他吹口琴', '送给他一袋新米', '什么也没说，只是笑了笑'])}。{r.choice(LESSONS_ZH)}"
    )


def recipe_zh(r: random.Random) -> str:
    name = r.choice(list(DISHES_ZH))
    parts, steps = DISHES_ZH[name]
    end = r.choice(["趁热吃最香。", "放凉了也好吃。", "剩下的第二天可以拌饭。", "火候到了，味道就到了。"])
    return f"{name}的做法。\n材料：{parts}。\n步骤：{steps}。\n{r.choice(NAMES_ZH)}的经验：{end}"


def fact_zh(r: random.Random) -> str:
    question, answer = r.choice(FACTS_ZH)
    opening = r.choice(["{}？", "有个孩子问：{}？", "常有人问，{}。", "今天的小问题：{}？"])
    return opening.format(question) + answer + r.choice(["", "下次看到的时候，可以想一想。", "道理并不难，难的是想到去问。"])


def notice_zh(r: random.Random) -> str:
    day, hour = r.choice("一二三四五六日"), r.randint(8, 19)
    return (
        f"通知：本周{day}{hour}点，在{r.choice(PLACES_ZH)}集合，一起{r.choice(['打扫卫生', '种树', '看露天电影', '修补围墙'])}。"
        f"记得带上{r.choice(['手套', '水壶', '小板凳', '雨衣'])}。如果{r.choice(WEATHER_ZH)}，就改到下个星期。联系人：{r.choice(NAMES_ZH)}。"
    )


def story_en(r: random.Random) -> str:
    one, two = r.sample(NAMES_EN, 2)
    return (
        f"{r.choice(WEATHER_EN)} when {one} found {r.choice(THINGS_EN)} {r.choice(PLACES_EN)}. "
        f"Nobody knew whose it was. {r.choice(['After a week', 'On the third day', 'Long after the summer'])} "
        f"{two} came and {r.choice(['asked for it', 'told where it came from', 'wanted to buy it'])}. "
        f"{r.choice(['They drank tea and talked until dark.', 'They laughed.', 'They said little.'])} {r.choice(LESSONS_EN)}"
    )


def fact_en(r: random.Random) -> str:
    question, answer = r.choice(FACTS_EN)
    return f"{question} {answer}" + r.choice(["", " Look for it next time you are outside.", " It is simple once you see it."])


def numbers_en(r: random.Random) -> str:
    a, b = r.randint(2, 60), r.randint(2, 60)
    what = r.choice(["apples", "stones", "books", "coins"])
    one, two = r.sample(NAMES_EN, 2)
    return (
        f"{one[0].upper() + one[1:]} has {a} {what} and {two} has {b}. Together they have {a + b}. "
        f"If {two} gives all of them away, {a} are left. The difference between them is {abs(a - b)}."
    )


def talk(r: random.Random) -> list[Message]:
    """One conversation: one to three exchanges, now and then with a system prompt."""
    kinds: list[Callable[[random.Random], tuple[str, str]]] = [
        ask_fact_zh,
        ask_fact_en,
        ask_capital,
        ask_sum,
        ask_word,
        ask_recipe,
        ask_name,
        ask_story,
    ]
    messages: list[Message] = []
    if r.random() < 0.2:
        system = r.choice(["回答尽量简短。", "你是一个耐心的老师。", "Answer in the language of the question.", "你喜欢用例子说明。"])
        messages.append({"role": "system", "content": system})
    for kind in r.sample(kinds, r.choice([1, 1, 1, 2, 2, 3])):
        question, answer = kind(r)
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return messages


def ask_fact_zh(r: random.Random) -> tuple[str, str]:
    question, answer = r.choice(FACTS_ZH)
    return r.choice(["{}？", "想问问，{}？", "能不能讲讲，{}？"]).format(question), answer


def ask_fact_en(r: random.Random) -> tuple[str, str]:
    question, answer = r.choice(FACTS_EN)
    return r.choice(["{}", "I have a question. {}", "Tell me: {}"]).format(question), answer


def ask_capital(r: random.Random) -> tuple[str, str]:
    country = r.choice(list(CAPITALS))
    city, country_en, city_en = CAPITALS[country]
    if r.random() < 0.5:
        return f"{country}的首都是哪里？", f"{country}的首都是{city}。"
    return f"What is the capital of {country_en}?", f"The capital of {country_en} is {city_en}."


def ask_sum(r: random.Random) -> tuple[str, str]:
    a, b = r.randint(1, 99), r.randint(1, 99)
    if r.random() < 0.5:
        return f"{a} 加 {b} 等于多少？", f"{a} + {b} = {a + b}。"
    a, b = max(a, b), min(a, b)
    return f"What is {a} minus {b}?", f"{a} - {b} = {a - b}."


def ask_word(r: random.Random) -> tuple[str, str]:
    word = r.choice(list(WORDS))
    if r.random() < 0.5:
        return f"“{word}”用英语怎么说？", f"“{word}”的英语是 {WORDS[word]}。"
    return f"What does {WORDS[word]} mean in Chinese?", f"{WORDS[word]} 的意思是“{word}”。"


def ask_recipe(r: random.Random) -> tuple[str, str]:
    name = r.choice(list(DISHES_ZH))
    parts, steps = DISHES_ZH[name]
    return f"{name}怎么做？", f"准备{parts}。做法：{steps}。"


def ask_name(r: random.Random) -> tuple[str, str]:
    question = r.choice(["你是谁？", "你叫什么名字？", "介绍一下你自己。", "Who are you?"])
    if question.isascii():
        return question, "I am a small language model that somebody trained at home."
    return question, "我是一个在家里训练出来的小语言模型，懂得不多，但愿意回答。"


def ask_story(r: random.Random) -> tuple[str, str]:
    if r.random() < 0.6:
        return r.choice(["讲一个小故事吧。", "给我讲个短故事。", "写一个关于捡到东西的故事。"]), story_zh(r)
    return r.choice(["Tell me a short story.", "Write a story in a few sentences."]), story_en(r)


def distinct(make: Callable[[], str], count: int) -> list[str]:
    """`count` different lines; those already there are made anew."""
    lines: dict[str, None] = {}
    while len(lines) < count:
        lines.setdefault(make())
    return list(lines)


def main() -> None:
    """Write both files."""
    r = random.Random(SEED)
    makers = [diary_zh, story_zh, recipe_zh, fact_zh, notice_zh, story_en, fact_en, numbers_en]
    texts = distinct(lambda: json.dumps({"text": r.choice(makers)(r)}, ensure_ascii=False), TEXTS)
    talks = distinct(lambda: json.dumps({"conversations": talk(r)}, ensure_ascii=False), TALKS)
    for name, lines in (("pretrain.jsonl", texts), ("chat.jsonl", talks)):
        (Path(__file__).parent / name).write_bytes(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
