"""What the sample knows: relations with their entities and the ways to ask and to tell, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Side:
    """One language of a relation: {x} is the entity, {y} what is true of it.

    Attributes:
        known: entity → value.
        ask: questions.
        say: whole answers; the chat uses these and no others.
        tell: further sentences for prose.
    """

    known: dict[str, str]
    ask: tuple[str, ...]
    say: tuple[str, ...]
    tell: tuple[str, ...] = ()


def _pairs(text: str) -> dict[str, str]:
    return dict(part.strip().split("=") for part in text.split(",") if part.strip())


ZH: dict[str, Side] = {
    "colour": Side(
        known=_pairs(
            "天空=蓝色,大海=蓝色,草地=绿色,树叶=绿色,黄瓜=绿色,雪=白色,牛奶=白色,盐=白色,煤=黑色,乌鸦=黑色,"
            "香蕉=黄色,柠檬=黄色,玉米=黄色,草莓=红色,樱桃=红色,番茄=红色,茄子=紫色,葡萄=紫色,橙子=橙色,胡萝卜=橙色"
        ),
        ask=(
            "{x}是什么颜色？",
            "{x}是什么颜色的？",
            "{x}的颜色是什么？",
            "你知道{x}的颜色吗？",
            "说说{x}是什么颜色。",
            "{x}是哪种颜色的？",
            "{x}有着什么样的颜色？",
        ),
        say=("{x}是{y}的。",),
        tell=("谁都知道，{x}是{y}的。", "孩子用{y}的笔画{x}。", "{x}的颜色是{y}。"),
    ),
    "taste": Side(
        known=_pairs(
            "糖=甜,蜂蜜=甜,西瓜=甜,蛋糕=甜,柠檬汁=酸,醋=酸,青梅=酸,海水=咸,酱油=咸,咸鱼=咸,辣椒=辣,生姜=辣,咖啡=苦,苦瓜=苦,中药=苦"
        ),
        ask=(
            "{x}是什么味道？",
            "{x}是什么味道的？",
            "{x}的味道怎么样？",
            "你知道{x}是什么味道吗？",
            "说说{x}的味道。",
            "{x}吃起来是什么味道？",
            "{x}有着什么样的味道？",
        ),
        say=("{x}是{y}的。",),
        tell=("{x}的味道是{y}的。", "尝一口{x}，舌头会说：{y}。", "大家都说{x}很{y}。"),
    ),
    "sound": Side(
        known=_pairs(
            "猫=喵喵,狗=汪汪,牛=哞哞,羊=咩咩,鸭子=嘎嘎,青蛙=呱呱,小鸡=叽叽,猪=哼哼,蜜蜂=嗡嗡,老鼠=吱吱,布谷鸟=布谷布谷"
        ),
        ask=(
            "{x}怎么叫？",
            "{x}是怎么叫的？",
            "{x}的叫声是什么样的？",
            "你知道{x}怎么叫吗？",
            "学一学{x}的叫声。",
            "{x}会发出什么声音？",
        ),
        say=("{x}会{y}叫。",),
        tell=("听，{y}，那是{x}在叫。", "{x}一高兴就{y}地叫。", "远处传来{y}的声音，原来是{x}。"),
    ),
    "legs": Side(
        known=_pairs(
            "猫=四,狗=四,马=四,牛=四,羊=四,兔子=四,青蛙=四,鸟=两,鸡=两,鸭子=两,蜘蛛=八,蚂蚁=六,蜜蜂=六,蝴蝶=六"
        ),
        ask=(
            "{x}有几条腿？",
            "{x}有多少条腿？",
            "{x}一共有几条腿？",
            "你知道{x}有几条腿吗？",
            "数一数{x}有几条腿。",
            "{x}长了几条腿？",
        ),
        say=("{x}有{y}条腿。",),
        tell=("我数过了，{x}有{y}条腿。", "{x}用{y}条腿走路。", "图上的{x}长着{y}条腿。"),
    ),
    "home": Side(
        known=_pairs(
            "鱼=水里,鲸鱼=大海里,鸟=窝里,熊=森林里,狐狸=森林里,骆驼=沙漠里,企鹅=冰上,猴子=树上,松鼠=树上,青蛙=池塘里,"
            "蜜蜂=蜂巢里,鼹鼠=地下,蚂蚁=地下,牛=农场里,羊=草原上"
        ),
        ask=(
            "{x}住在哪里？",
            "{x}的家在哪里？",
            "{x}生活在什么地方？",
            "你知道{x}住在哪里吗？",
            "说说{x}住在什么地方。",
            "哪里能找到{x}？",
        ),
        say=("{x}住在{y}。",),
        tell=("{x}的家在{y}。", "{x}喜欢待在{y}。", "想看{x}，要去{y}找。"),
    ),
    "capital": Side(
        known=_pairs(
            "中国=北京,日本=东京,法国=巴黎,英国=伦敦,德国=柏林,意大利=罗马,西班牙=马德里,俄罗斯=莫斯科,埃及=开罗,希腊=雅典,韩国=首尔,泰国=曼谷"
        ),
        ask=(
            "{x}的首都是哪里？",
            "{x}的首都是哪座城市？",
            "哪座城市是{x}的首都？",
            "{x}的首都叫什么？",
            "你知道{x}的首都吗？",
            "说说{x}的首都。",
        ),
        say=("{x}的首都是{y}。",),
        tell=("{y}是{x}的首都。", "去{x}旅行的人，多半会先到首都{y}。", "地图上，{x}的首都写着{y}。"),
    ),
    "food": Side(
        known=_pairs(
            "猫=鱼,狗=骨头,兔子=胡萝卜,熊猫=竹子,猴子=香蕉,牛=草,羊=草,马=干草,熊=蜂蜜,松鼠=松果,鸡=玉米,老鼠=奶酪,蚕=桑叶"
        ),
        ask=(
            "{x}吃什么？",
            "{x}喜欢吃什么？",
            "{x}爱吃什么东西？",
            "你知道{x}吃什么吗？",
            "说说{x}吃什么。",
            "该拿什么喂{x}？",
        ),
        say=("{x}喜欢吃{y}。",),
        tell=("{x}最爱吃的是{y}。", "有人拿来{y}，{x}马上跑了过来。", "给{x}一点{y}，它就高兴了。"),
    ),
    "opposite": Side(
        known=_pairs(
            "大=小,小=大,高=低,低=高,长=短,短=长,快=慢,慢=快,冷=热,热=冷,新=旧,旧=新,多=少,少=多,黑=白,白=黑,轻=重,重=轻,左=右,右=左"
        ),
        ask=(
            "“{x}”的反义词是什么？",
            "“{x}”的反义词是哪个？",
            "和“{x}”相反的是什么？",
            "你知道“{x}”的反义词吗？",
            "说出“{x}”的反义词。",
            "“{x}”反过来是什么？",
        ),
        say=("“{x}”的反义词是“{y}”。",),
        tell=("不{x}就是{y}吗？这两个字意思正好相反。", "“{x}”和“{y}”是一对反义词。"),
    ),
    "after": Side(
        known=_pairs(
            "星期一=星期二,星期二=星期三,星期三=星期四,星期四=星期五,星期五=星期六,星期六=星期日,春天=夏天,夏天=秋天,秋天=冬天,冬天=春天,"
            "早上=中午,中午=下午,下午=晚上"
        ),
        ask=(
            "{x}之后是什么？",
            "{x}过后是什么？",
            "{x}后面是什么？",
            "你知道{x}之后是什么吗？",
            "{x}过完是什么？",
            "接在{x}后面的是什么？",
        ),
        say=("{x}之后是{y}。",),
        tell=("{x}过去了，{y}就来了。", "先是{x}，再是{y}。", "{y}在{x}的后面。"),
    ),
    "use": Side(
        known=_pairs(
            "剪刀=剪纸,雨伞=挡雨,铅笔=写字,锅=做饭,钟=看时间,杯子=喝水,床=睡觉,钥匙=开门,针=缝衣服,扫帚=扫地,灯=照亮,船=过河,毛巾=擦脸,梳子=梳头"
        ),
        ask=(
            "{x}有什么用？",
            "{x}是做什么用的？",
            "{x}用来做什么？",
            "你知道{x}有什么用吗？",
            "说说{x}的用处。",
            "为什么要有{x}？",
        ),
        say=("{x}是用来{y}的。",),
        tell=("要{y}的时候，就会用到{x}。", "有了{x}，{y}就容易了。", "妈妈用{x}{y}。"),
    ),
}

EN: dict[str, Side] = {
    "colour": Side(
        known=_pairs(
            "the sky=blue,the sea=blue,grass=green,a leaf=green,a cucumber=green,snow=white,milk=white,salt=white,coal=black,a crow=black,"
            "a banana=yellow,a lemon=yellow,corn=yellow,a strawberry=red,a cherry=red,a tomato=red,an eggplant=purple,a plum=purple,"
            "an orange=orange,a carrot=orange"
        ),
        ask=(
            "What colour is {x}?",
            "What is the colour of {x}?",
            "Which colour is {x}?",
            "Do you know the colour of {x}?",
            "What colour does {x} have?",
            "Tell me what colour {x} is.",
            "Name the colour of {x}.",
        ),
        say=("{x} is {y}.",),
        tell=(
            "Everyone can see that {x} is {y}.",
            "The children painted {x} in {y}.",
            "The colour of {x} is {y}.",
        ),
    ),
    "taste": Side(
        known=_pairs(
            "sugar=sweet,honey=sweet,a melon=sweet,cake=sweet,lemon juice=sour,vinegar=sour,a green apple=sour,sea water=salty,"
            "soy sauce=salty,salt=salty,chili=hot,ginger=hot,coffee=bitter,dark tea=bitter,medicine=bitter"
        ),
        ask=(
            "What does {x} taste like?",
            "How does {x} taste?",
            "What taste does {x} have?",
            "Do you know how {x} tastes?",
            "Tell me how {x} tastes.",
            "Is {x} sweet or sour or something else?",
        ),
        say=("{x} tastes {y}.",),
        tell=(
            "The taste of {x} is {y}.",
            "Try {x} and your tongue will say {y}.",
            "Everyone says that {x} tastes {y}.",
        ),
    ),
    "sound": Side(
        known=_pairs(
            "a cat=meow,a dog=woof,a cow=moo,a sheep=baa,a duck=quack,a frog=croak,a chick=peep,a pig=oink,a bee=buzz,a mouse=squeak,"
            "a cuckoo=cuckoo"
        ),
        ask=(
            "What does {x} say?",
            "What sound does {x} make?",
            "Which sound does {x} make?",
            "Do you know what {x} says?",
            "Tell me what {x} says.",
            "How does {x} sound?",
        ),
        say=("{x} says {y}.",),
        tell=("Listen, {y}: that is {x}.", "When it is happy, {x} says {y}.", "The sound of {x} is {y}."),
    ),
    "legs": Side(
        known=_pairs(
            "a cat=four,a dog=four,a horse=four,a cow=four,a sheep=four,a rabbit=four,a frog=four,a bird=two,a hen=two,a duck=two,"
            "a spider=eight,an ant=six,a bee=six,a butterfly=six"
        ),
        ask=(
            "How many legs does {x} have?",
            "How many legs has {x}?",
            "How many legs are there on {x}?",
            "Do you know how many legs {x} has?",
            "Tell me how many legs {x} has.",
            "Count the legs of {x}.",
        ),
        say=("{x} has {y} legs.",),
        tell=(
            "I counted, and {x} has {y} legs.",
            "With its {y} legs {x} can go a long way.",
            "In the picture {x} has {y} legs.",
        ),
    ),
    "home": Side(
        known=_pairs(
            "a fish=in the water,a whale=in the sea,a bird=in a nest,a bear=in the forest,a fox=in the forest,a camel=in the desert,"
            "a penguin=on the ice,a monkey=in the trees,a squirrel=in the trees,a frog=in a pond,a bee=in a hive,a mole=under the ground,"
            "an ant=under the ground,a cow=on a farm,a sheep=in the fields"
        ),
        ask=(
            "Where does {x} live?",
            "Where is the home of {x}?",
            "Where can I find {x}?",
            "Do you know where {x} lives?",
            "Tell me where {x} lives.",
            "What is the home of {x}?",
        ),
        say=("{x} lives {y}.",),
        tell=("The home of {x} is {y}.", "You can find {x} {y}.", "If you look {y}, you may see {x}."),
    ),
    "capital": Side(
        known=_pairs(
            "China=Beijing,Japan=Tokyo,France=Paris,England=London,Germany=Berlin,Italy=Rome,Spain=Madrid,Russia=Moscow,Egypt=Cairo,"
            "Greece=Athens,Korea=Seoul,Thailand=Bangkok"
        ),
        ask=(
            "What is the capital of {x}?",
            "Which city is the capital of {x}?",
            "What is the capital city of {x}?",
            "Do you know the capital of {x}?",
            "Tell me the capital of {x}.",
            "Name the capital of {x}.",
        ),
        say=("The capital of {x} is {y}.",),
        tell=(
            "{y} is the capital of {x}.",
            "Most people who visit {x} see {y}, the capital, first.",
            "On the map the capital of {x} is marked: {y}.",
        ),
    ),
    "food": Side(
        known=_pairs(
            "a cat=fish,a dog=bones,a rabbit=carrots,a panda=bamboo,a monkey=bananas,a cow=grass,a sheep=grass,a horse=hay,a bear=honey,"
            "a squirrel=nuts,a hen=corn,a mouse=cheese,a bird=seeds"
        ),
        ask=(
            "What does {x} eat?",
            "What does {x} like to eat?",
            "What is the food of {x}?",
            "Do you know what {x} eats?",
            "Tell me what {x} eats.",
            "What can I give {x} to eat?",
        ),
        say=("{x} likes to eat {y}.",),
        tell=(
            "The favourite food of {x} is {y}.",
            "Bring {y}, and {x} will come at once.",
            "Give {x} some {y} and it is happy.",
        ),
    ),
    "opposite": Side(
        known=_pairs(
            "big=small,small=big,high=low,low=high,long=short,short=long,fast=slow,slow=fast,hot=cold,cold=hot,new=old,old=new,wet=dry,dry=wet,"
            "light=heavy,heavy=light,left=right,right=left,open=closed,closed=open"
        ),
        ask=(
            "What is the opposite of {x}?",
            "What is the opposite word of {x}?",
            "Do you know the opposite of {x}?",
            "Tell me the opposite of {x}.",
            "Name the opposite of {x}.",
            "Give me the opposite of {x}.",
        ),
        say=("The opposite of {x} is {y}.",),
        tell=("What is not {x} may be {y}; these two are opposites.", "The words {x} and {y} are opposites."),
    ),
    "after": Side(
        known=_pairs(
            "Monday=Tuesday,Tuesday=Wednesday,Wednesday=Thursday,Thursday=Friday,Friday=Saturday,Saturday=Sunday,spring=summer,summer=autumn,"
            "autumn=winter,winter=spring,morning=noon,noon=afternoon,afternoon=evening"
        ),
        ask=(
            "What comes after {x}?",
            "What follows {x}?",
            "What is next after {x}?",
            "Do you know what comes after {x}?",
            "Tell me what comes after {x}.",
            "After {x}, what comes next?",
        ),
        say=("After {x} comes {y}.",),
        tell=("First comes {x}, then {y}.", "When {x} is gone, {y} is here.", "{y} comes right after {x}."),
    ),
    "use": Side(
        known=_pairs(
            "a pair of scissors=cutting paper,an umbrella=keeping off the rain,a pencil=writing,a pot=cooking,a clock=telling the time,"
            "a cup=drinking,a bed=sleeping,a key=opening a door,a needle=sewing,a broom=sweeping the floor,a lamp=making light,"
            "a boat=crossing the river,a towel=drying the face,a comb=combing the hair"
        ),
        ask=(
            "What is {x} for?",
            "What is {x} used for?",
            "What is the use of {x}?",
            "Do you know what {x} is for?",
            "Tell me what {x} is for.",
            "Why do we need {x}?",
        ),
        say=("{x} is for {y}.",),
        tell=(
            "We use {x} for {y}.",
            "For {y} you need {x}.",
            "There is {x} on the table; it is good for {y}.",
        ),
    ),
}
SIDES = {"zh": ZH, "en": EN}
