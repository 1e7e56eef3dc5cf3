"""Prose that is no story: diaries, letters, notices, recipes, places, work, weather, and why things are so."""

from __future__ import annotations

import random

from assets.sample import talk
from assets.sample.grammar import capital, expand

MORE = {
    "zh": "小华 小丽 小强 小杰 外婆 老周 陈师傅 王阿姨 爷爷 邻居 表哥".split(),
    "en": ["Peter", "Emma", "Paul", "Nora", "Aunt Rose", "Old Ned", "my uncle", "my sister", "our neighbour"],
}
WORDS: dict[str, dict[str, list[str]]] = {
    "zh": {
        "spot": "河边 操场 图书馆 菜市场 车站 公园 海边 山上 老街 果园 码头 竹林".split(),
        "sky": "下着小雨 起了薄雾 刮着大风 阳光很好 刚下过雪 云压得很低 热得像蒸笼 凉快极了".split(),
        "beast": "一只橘猫 两只麻雀 一条黄狗 一群白鹅 一只刺猬 一头老牛 几只蜻蜓 一只松鼠 一匹小马".split(),
        "item": "旧雨伞 怀表 地图 灯笼 风筝 布鞋 口琴 相册 水壶 木船 围巾 铁盒子".split(),
        "dish": "面条 饺子 豆腐汤 炒鸡蛋 红薯 小米粥 烤饼 蒸鱼 凉拌黄瓜 炖萝卜".split(),
        "day": "星期一 星期二 星期三 星期四 星期五 星期六 星期天".split(),
        "hour": "六点 七点 八点 九点 十点 下午两点 下午三点 下午四点".split(),
        "season": "春天 夏天 秋天 冬天".split(),
        "job": "木匠 医生 老师 渔夫 农民 司机 裁缝 邮递员 面包师 铁匠".split(),
        "feel": "高兴 安心 好奇 着急 惊讶 踏实".split(),
        "plant": "桂花 荷花 菊花 梅花 向日葵 牵牛花 月季".split(),
    },
    "en": {
        "spot": [
            "the river",
            "the school yard",
            "the library",
            "the market",
            "the station",
            "the park",
            "the beach",
            "the hill",
            "the old street",
            "the orchard",
            "the harbour",
            "the wood",
        ],
        "sky": [
            "it rained a little",
            "there was some fog",
            "the wind blew hard",
            "the sun was out",
            "snow had fallen",
            "the clouds hung low",
            "it was very hot",
            "the air was cool",
        ],
        "beast": [
            "a grey cat",
            "two sparrows",
            "a yellow dog",
            "some white geese",
            "a hedgehog",
            "an old cow",
            "a few dragonflies",
            "a squirrel",
            "a young horse",
        ],
        "item": [
            "umbrella",
            "watch",
            "map",
            "lantern",
            "kite",
            "scarf",
            "flute",
            "album",
            "bottle",
            "wooden boat",
            "tin box",
            "pair of boots",
        ],
        "dish": [
            "noodles",
            "dumplings",
            "bean soup",
            "fried eggs",
            "baked potatoes",
            "rice porridge",
            "flat bread",
            "steamed fish",
            "apple cake",
            "carrot stew",
        ],
        "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        "hour": ["six", "seven", "eight", "nine", "ten", "eleven", "two", "three", "four"],
        "season": ["spring", "summer", "autumn", "winter"],
        "job": [
            "carpenter",
            "doctor",
            "teacher",
            "fisherman",
            "farmer",
            "driver",
            "tailor",
            "postman",
            "baker",
            "smith",
        ],
        "feel": ["glad", "calm", "curious", "hurried", "surprised", "content"],
        "plant": ["roses", "lilies", "daisies", "tulips", "sunflowers", "violets", "poppies"],
    },
}
# a genre is a list of sentences; one that begins with ? is left out now and then
ZH: dict[str, tuple[str, ...]] = {
    "diary": (
        "{day}，{sky}。",
        "[今天|这天早上|放学以后]和{name}去了{spot}，[走了很远的路|坐了半个小时的车|一路说着话]。",
        "?路上遇到{beast}，[它一点也不怕人|它看了我们一眼就走了|我们停下来看了很久]。",
        "{name}[带了|忘了带|弄丢了|修好了]{item}，[大家都笑了|谁也没有说什么|我觉得很有意思]。",
        "?中午[吃了|分着吃了|买了]{dish}，[味道刚刚好|有点咸|热气直冒]。",
        "[回家的时候天已经暗了|回来的路上月亮很圆|傍晚起了风]，[鞋子湿透了|口袋里装满了小石头|远处有人在唱歌]。",
        "?[今天很{feel}|睡觉前想了想，心里很{feel}|明天还想再去一次]。",
    ),
    "letter": (
        "{name}：[你好|见字如面|好久不见]。",
        "[我已经到了|我现在住在|昨天我路过]{spot}，这里{sky}。",
        "[这里的人很和气|邻居是一位{job}|窗外种着{plant}]，[每天{hour}就起床|晚上很安静|早上能听见鸟叫]。",
        "?我给你[买了|留了|找到了]{item}，[下次带给你|过几天寄给你|希望你喜欢]。",
        "?你[上次说的事|问的那本书|种的{plant}]怎么样了？",
        "[天气变凉了|路上小心|别太累了]，[记得多穿衣服|早点休息|有空写信给我]。",
        "[祝你一切都好|盼着见到你|问大家好]。{name2}",
    ),
    "notice": (
        "[通知|请注意|告诉大家一件事]：{day}{hour}，在{spot}[集合|见面|开始]。",
        "我们要一起[打扫卫生|种{plant}|看露天电影|修补围墙|学做{dish}|放风筝]。",
        "请带上[手套|水壶|小板凳|雨衣|{item}]，[不要迟到|可以带朋友来|小孩要有大人陪]。",
        "?如果[下大雨|刮大风|路不好走]，就改到[下个星期|第二天|{day}]。",
        "[有问题请找|报名请找|想知道更多就问]{name}。",
    ),
    "recipe": (
        "[怎样做{dish}|{dish}的做法|{name}教大家做{dish}]：",
        "先准备[材料|两个碗|一口锅]，把[菜洗干净|水烧开|火调小]。",
        "[然后|接着|等水开了]放[一点盐|两勺油|葱和姜|一小把米]，[慢慢搅一搅|盖上锅盖等五分钟|翻两次面]。",
        "?[火不要太大|不要着急|别忘了尝一尝]，[不然会糊|这样才香|味道就在这一步]。",
        "[最后盛出来|好了以后装进盘子|关火再等一会儿]，[趁热吃最好|放凉了也好吃|可以分给{name2}一半]。",
    ),
    "place": (
        "{spot}[很大|不大，可是很热闹|是个安静的地方|离这里不远]。",
        "[{season}的时候|一到{season}|每年{season}]，那里[开满了{plant}|能看见{beast}|人最多|{sky}]。",
        "?[老人们|孩子们|一位{job}|{name}一家]常去那里[散步|下棋|卖{dish}|钓鱼|看书]。",
        "[据说|听{name}说|大家都知道]，很久以前那里[只有一条小路|是一片荒地|住着一位{job}]。",
        "?[要是你路过|有空的话|下次来]，[可以坐一坐|记得看看那里的{plant}|别忘了尝尝那里的{dish}]。",
    ),
    "work": (
        "{name}是[一位|一个|村里的]{job}，每天{hour}[出门|开工|起床]。",
        "[工作虽然累|他的手很巧|不管刮风下雨]，[他从不抱怨|大家都喜欢他|活儿总是做得很细]。",
        "?有人问他为什么这么{feel}，他说：“[做喜欢的事就不累|慢慢做总会做好|这是我爸爸教我的]。”",
        "[中午他吃自己带的{dish}|休息的时候他吹口琴|下班以后他去{spot}走走]，[一边听收音机|一边想事情|有时候和{name2}一起]。",
        "?他最宝贝的东西是[一个{item}|师傅留下的{item}|一本旧书]，[用了十几年|谁也不让碰|已经很旧了]。",
    ),
    "weather": (
        "今天{spot}{sky}，[气温比昨天低|和昨天差不多|适合出门|出门要小心]。",
        "[明天|后天|{day}]会[转晴|下雨|更冷|暖和一些]，[请带好雨伞|可以晒被子|早晚要多穿衣服]。",
        "?[{job}们|种地的人|孩子们]听了都很{feel}。",
        "天气就是这样，[一天一个样|说变就变|要慢慢习惯]。",
    ),
    "chatting": (
        "{name}[问|小声问|笑着问]{name2}：“[你看见我的{item}了吗|今天去{spot}吗|晚饭吃什么|你在想什么]？”",
        "{name2}[想了想|摇摇头|放下手里的东西]，说：“[在桌子下面|等雨停了再说|吃{dish}吧|我在想{season}的事]。”",
        "?“[好吧|太好了|真的吗]，”{name}说，“[那我们走吧|我来帮忙|我还以为丢了呢]。”",
        "[两个人都笑了|说完就出了门|屋里又安静下来]，外面{sky}。",
    ),
    "why": (
        "[有人问|{name}问|孩子问]：[为什么{season}会来|影子是怎么来的|为什么要睡觉|为什么要排队|冰为什么会化|为什么要记日记]？",
        "{name2}[说|想了一会儿说|这样回答]：[因为地球一直在转|因为光照不到那里|因为身体要休息|因为这样对大家都公平|因为天气变暖了|因为日子过得太快]。",
        "[道理不难|其实很简单|这件事说来话长]，[难的是去想|多看几次就懂了|自己试一试就知道]。",
        "?{name}[点点头|听得很{feel}|又问了一个问题]。",
    ),
    "compare": (
        "{name}喜欢{spot}，{name2}喜欢[待在家里|{season}的{plant}|做{dish}]。",
        "一个[爱说话|起得早|走得快]，一个[爱安静|起得晚|走得慢]，[可是他们是好朋友|却很少吵架|住在同一条街上]。",
        "?有一次为了{item}，他们[争了半天|商量了一晚上|写了三封信]。",
        "[后来谁也不提了|最后抛硬币决定|还是{job}给他们出了主意]，[大家都很{feel}|这样也很好]。",
    ),
}
EN: dict[str, tuple[str, ...]] = {
    "diary": (
        "{day}, and {sky}.",
        "[Today|This morning|After school] I went to {spot} with {name}, and [we walked a long way|we took the bus|we talked all the time].",
        "?On the way we met {beast}; [it was not afraid of us|it looked up and went away|we stood and watched for a while].",
        "{name} had [brought|forgotten|lost|mended] the {item}, and [everyone laughed|nobody said a word|I found that funny].",
        "?At noon we [ate|shared|bought] {dish}, [just as I like it|a little too salty|still hot].",
        "[It was dark when we came home|The moon was out on the way back|In the evening a wind came up], and [my shoes were wet|my pockets were full of stones|someone far away was singing].",
        "?[I was {feel} today|Before I slept I felt {feel}|Tomorrow I want to go there again].",
    ),
    "letter": (
        "Dear {name}, [how have you kept|it has been a long time|I hope this finds you well].",
        "[I have come to|I now live near|Yesterday I passed] {spot}, and {sky}.",
        "[The people here are kind|My neighbour is a {job}|There are {plant} below my window], and [we get up at {hour}|the nights are quiet|in the morning I hear the birds].",
        "?I [bought|kept|found] you a good {item}; [I will bring it|it comes by post|I hope that you like it].",
        "?What became of [the plan you spoke of|the book you read|your {plant}]?",
        "[It is getting cold|Take care on the road|Do not work too much], and [wear something warm|sleep enough|write when you can].",
        "[All the best|Until we meet|Greetings to everyone], {name2}.",
    ),
    "notice": (
        "[Notice|Please note|A word to all]: on {day} at {hour} we [meet|come together|begin] at {spot}.",
        "We are going to [clean up|plant {plant}|watch a film outside|mend the wall|learn to make {dish}|fly kites].",
        "Please bring [gloves|water|a small chair|a raincoat|your {item}] and [be on time|bring a friend|keep an eye on the children].",
        "?If [it rains hard|the wind is too strong|the road is closed], we meet [a week later|the day after|on {day}].",
        "[Questions go to|To join, speak to|More is known by] {name}.",
    ),
    "recipe": (
        "[How to make {dish}|A way to cook {dish}|{name} shows how to make {dish}]:",
        "First take [what you need|two bowls|a large pot] and [wash everything|bring water to the boil|keep the fire low].",
        "[Then|After that|When the water boils] add [a little salt|two spoons of oil|some onion|a handful of rice] and [stir slowly|cover it for five minutes|turn it twice].",
        "?[The fire must not be too hot|Take your time|Do not forget to taste], [or it will burn|for this makes it good|that is the secret].",
        "[Put it on a plate|Take it from the fire|Let it rest] and [eat it while it is hot|know that it is good cold too|give half of it to {name2}].",
    ),
    "place": (
        "{spot} is [large|not large, but full of life|a quiet place|not far from here].",
        "[In {season}|When {season} comes|Every {season}] you can [see {plant} everywhere|meet {beast} there|hardly find a seat|hear the wind].",
        "?[Old people|Children|A {job}|The family of {name}] often [walk|play chess|sell {dish}|fish|read] there.",
        "[They say|{name} told me|Everyone knows] that long ago there was [only a small path|nothing but grass|the house of a {job}].",
        "?[When you pass by|If you have time|Next time you come], [sit down for a while|look at the {plant}|try the {dish}].",
    ),
    "work": (
        "{name} is a {job} and [leaves the house|begins work|gets up] at {hour} every day.",
        "[The work is hard|Those hands are clever|In wind and rain], but [there is never a complaint|everyone likes to come|it is always done with care].",
        '?Asked why one can be so {feel}, the {job} says, "[What you like does not tire you|Step by step it gets done|I learned it from my father]."',
        "[Lunch is {dish} from home|In the break there is music|After work there is a walk to {spot}], [with the radio on|with time to think|now and then with {name2}].",
        "?The dearest thing of all is [an old {item}|a {item} from the first master|a worn book], [used for many years|which nobody may touch|though it is falling apart].",
    ),
    "weather": (
        "Today at {spot} {sky}, and it is [colder than yesterday|much like yesterday|a good day to go out|better to take care].",
        "[Tomorrow|The day after|On {day}] it will be [clear|wet|colder|warmer], so [take an umbrella|dry your clothes outside|wear a coat in the evening].",
        "?[Every {job}|Every farmer|The children] heard it and felt {feel}.",
        "That is how it goes: [each day is different|it changes quickly|one gets used to it].",
    ),
    "chatting": (
        '"[Have you seen my {item}|Shall we go to {spot}|What is for dinner|What are you thinking of]?" {name} [asked|asked softly|asked with a smile].',
        '{name2} [thought about it|looked up|put everything down] and said, "[It is under the table|Let us wait for the rain to stop|We are having {dish}|I am thinking of {season}]."',
        '?"[All right|Very good|Really]," said {name}, "[then let us go|I will help you|I thought it was lost]."',
        "[They both laughed|Then they left the house|It was quiet again], and outside {sky}.",
    ),
    "why": (
        "[Someone asked|{name} asked|A child asked]: [why does {season} come|where do shadows come from|why do we sleep|why do we stand in line|why does ice melt|why do people write diaries]?",
        "{name2} [said|thought and said|gave this answer]: [because the earth never stands still|because the light cannot get there|because the body needs a rest|because it is fair to everyone|because it is warm|because the days go by so fast].",
        "[It is not hard|It is quite simple|It is a long story], [but one has to think of it|look twice and you see it|try it yourself and you will know].",
        "?{name} [nodded|felt {feel}|had another question].",
    ),
    "compare": (
        "{name} likes {spot}, {name2} likes [to stay at home|{plant} in {season}|to cook {dish}].",
        "One [talks a lot|gets up early|walks fast], the other [is quiet|sleeps long|walks slowly], [but they are good friends|and yet they hardly ever fight|and they live in one street].",
        "?Once, because of a {item}, they [argued for hours|talked all night|wrote three letters].",
        "[Later nobody spoke of it|In the end a coin decided|A {job} had an idea], and [all were {feel}|that was good too].",
    ),
}
GENRES = {"zh": ZH, "en": EN}


def slots_for(r: random.Random, language: str) -> dict[str, str]:
    """One word for each slot, two different people."""
    slots = {name: r.choice(choices) for name, choices in WORDS[language].items()}
    slots["name"], slots["name2"] = talk.name(r, language), r.choice(MORE[language])
    if r.random() < 0.5:
        slots["name"], slots["name2"] = slots["name2"], slots["name"]
    return slots


def write(r: random.Random, language: str) -> str:
    """One text of a genre by chance; half of the time one word changes on the way, as in life."""
    genre, slots = r.choice(list(GENRES[language].values())), slots_for(r, language)
    lines = []
    for sentence in genre:
        if sentence.startswith("?") and r.random() < 0.4:
            continue
        for name in ("sky", "feel", "item", "dish"):
            if r.random() < 0.3:
                slots[name] = r.choice(WORDS[language][name])
        lines.append(capital(expand(sentence.lstrip("?"), r, slots)))
    return ("" if language == "zh" else " ").join(lines)
