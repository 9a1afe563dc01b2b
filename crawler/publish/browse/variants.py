"""The ways in which a word may be written, simplified or traditional, by OpenCC's tables."""

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise, product
from math import prod

from opencc import OpenCC

_HAN = (range(0x3400, 0xA000), range(0x20000, 0x2F800), range(0x30000, 0x32400))
"""What Unicode has of Chinese characters, without those that NFKC makes others of."""
_WAYS = ("t2s", "s2hk", "s2t", "s2tw", "t2hk")
MOST = 48
"""Spellings of one phrase that are looked for character by character; of a longer one, what OpenCC makes of it as a
whole."""
_PHRASE = re.compile(r'"([^"]+)"')


def widened(match: str) -> str:
    """An FTS5 expression of quoted phrases with each in all its spellings; the same where there is only one."""
    return _PHRASE.sub(lambda found: _alternatives(found[1]), match)


def otherwise_spelt(match: str) -> str:
    """What finds, together with the expression itself, all that `widened` finds: of one phrase the other spellings, ''
    where there are none."""
    wide = widened(match)
    if wide == match:
        return ""
    return " OR ".join(f'"{one}"' for one in spellings(match[1:-1])[1:]) if _PHRASE.fullmatch(match) else wide


def _alternatives(phrase: str) -> str:
    ways = [f'"{one}"' for one in spellings(phrase)]
    return ways[0] if len(ways) == 1 else f"({' OR '.join(ways)})"


def spellings(phrase: str) -> list[str]:
    """A phrase, its tokens divided by spaces, in every spelling that means the same; as it is, it comes first."""
    tokens = phrase.split(" ")
    forms = [variants(token) for token in tokens]
    if prod(map(len, forms)) <= MOST:
        return [" ".join(one) for one in product(*forms)]
    text = "".join(tokens)
    found = [" ".join(_divided(_converter(way).convert(text), tokens)) for way in _WAYS]
    return list(dict.fromkeys([phrase, *filter(None, found)]))


def _divided(text: str, tokens: list[str]) -> list[str]:
    """A converted text in tokens as long as they were; empty where it has become longer or shorter."""
    if len(text) != sum(map(len, tokens)):
        return []
    places = [0]
    for token in tokens:
        places.append(places[-1] + len(token))
    return [text[start:end] for start, end in pairwise(places)]


def variants(character: str) -> list[str]:
    """A character and the others that are the same character: `发` is `發` and `髮`, `裡` is `裏` and `里`."""
    return [character, *(one for one in families().get(character, "") if one != character)]


@cache
def families() -> dict[str, str]:
    """For each character that has others beside it, all of them, always in one order."""
    characters = [chr(number) for numbers in _HAN for number in numbers]
    plain = _converter("t2s").convert(_converter("t2hk").convert("\n".join(characters))).split("\n")
    families: dict[str, list[str]] = defaultdict(list)
    for character, simple in zip(characters, plain, strict=True):
        families[simple].append(character)
    return {one: "".join(family) for family in families.values() if len(family) > 1 for one in family}


@cache
def _converter(way: str) -> OpenCC:
    return OpenCC(way)
