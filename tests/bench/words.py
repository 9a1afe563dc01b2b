"""Invented words, and how sentences are put together from them: Traditional Chinese that says nothing of anybody."""

from __future__ import annotations

from random import Random

PLACES = (
    "青螺灣",
    "石帆角",
    "鷺洲",
    "望潮里",
    "十二橋",
    "鹽田尾",
    "白礁島",
    "榕樹坪",
    "燕子渡",
    "風車村",
    "舊船塢",
    "月牙碼頭",
)
PEOPLE = (
    "守燈人",
    "渡輪船長",
    "補網工人",
    "島上老師",
    "郵差",
    "氣象員",
    "茶室東主",
    "木匠學徒",
    "年輕漁民",
    "退休領航員",
    "圖書館員",
)
NAMES = ("甄小帆", "駱望潮", "聞人舟", "葉知汐", "簡鷗", "倪遠浦", "司徒燈", "柳聽濤", "伍橋生", "鍾離岸")
TIMES = (
    "上周三",
    "今早退潮時",
    "入秋以來",
    "昨晚九時許",
    "去年冬天",
    "連續十二日",
    "燈節前夕",
    "會議之後",
    "午飯時分",
    "第一班船開出前",
)
ACTS = (
    "檢查了",
    "重新塗上",
    "記錄下",
    "拆去",
    "借出",
    "修好",
    "數過",
    "搬走",
    "公開了",
    "仔細比較過",
    "收集到",
    "試着復原",
)
THINGS = (
    "三十六盞航標燈",
    "生鏽的鐵錨",
    "一本潮汐日誌",
    "碼頭的石階",
    "舊渡輪的汽笛",
    "半幅海圖",
    "漁具倉的門牌",
    "燈塔的透鏡",
    "二百張船票",
)
CLAUSES = (
    "並把結果貼在佈告板上",
    "街坊都說從未見過這種顏色",
    "但仍有人擔心下一場颱風",
    "費用由互助會分三年攤付",
    "這與十年前的記錄相差無幾",
    "據說連貓也搬到了對岸",
    "委員會將於下月再作討論",
    "孩子們在岸邊看了一整個下午",
)
JOINTS = ("與此同時，", "另一方面，", "不過，", "其後，", "他又說，", "", "", "", "", "")
ENGLISH = (
    "harbour",
    "lantern",
    "the keeper",
    "quietly",
    "counted",
    "a tide",
    "of salt",
    "and",
    "beneath",
    "the old pier",
    "rope",
    "again",
)
RARE = ("𨋢", "𥚃", "🏮")
"""Characters beyond the BMP, which one article in a thousand has."""


def sentence(chance: Random) -> str:
    """Some thirty to fifty characters with their full stop."""
    pick = chance.choice
    core = f"{pick(JOINTS)}{pick(PLACES)}{pick(PEOPLE)}{pick(NAMES)}{pick(TIMES)}{pick(ACTS)}{pick(THINGS)}"
    return f"{core}，{pick(CLAUSES)}。" if chance.random() < 0.7 else f"{core}。"


def sentences(chance: Random, characters: int) -> str:
    """Sentences of at least so many characters in all."""
    found: list[str] = []
    length = 0
    while length < characters:
        found.append(sentence(chance))
        length += len(found[-1])
    return "".join(found)


def english(chance: Random, words: int) -> str:
    """A sentence of so many English words."""
    return " ".join(chance.choices(ENGLISH, k=words)).capitalize() + "."


def heading(chance: Random) -> str:
    """A title's length of text, without a full stop."""
    return f"{chance.choice(PLACES)}{chance.choice(THINGS)}　{chance.choice(NAMES)}：{chance.choice(CLAUSES)}"
