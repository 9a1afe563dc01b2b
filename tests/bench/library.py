"""A tree of invented articles to be read and searched: as many and as long as the site's, of words as frequent as words
are in any language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from crawler.markdown.document import relative_path
from tests.bench.generate import PUBLIC

WORDS = 40_000
TAGS = 20_000
BYLINES = 514
SECTIONS = {"眾聞": 28163, "眾說": 17671, "眾觀": 1788, "tri-angles": 589, "眾數": 300, "眾坊": 300, "我們": 60}
DAYS = 1829
FIRST_DAY = date(2016, 12, 30)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Things of which the n-th is drawn as often as 1 / (n + `flat`) says: Zipf's law, as Mandelbrot has it."""

    things: Sequence[str]
    sums: Sequence[float]

    @classmethod
    def of(cls, things: Sequence[str], flat: float) -> Drawn:
        return cls(things, list(accumulate(1 / (rank + flat) for rank in range(1, len(things) + 1))))

    def draw(self, chance: Random, number: int) -> list[str]:
        return chance.choices(self.things, cum_weights=self.sums, k=number)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the articles are made of, the most frequent first."""

    words: Drawn
    tags: Drawn
    bylines: Drawn

    @classmethod
    def of(cls, seed: int) -> Vocabulary:
        chance = Random(f"vocabulary {seed}")
        # The characters of Big5's first plane: those of which Traditional Chinese is written.
        pairs = ((high, low) for high in range(0xA4, 0xC6) for low in (*range(0x40, 0x7F), *range(0xA1, 0xFF)))
        common = [bytes(pair).decode("big5") for pair in pairs]
        chance.shuffle(common)
        characters = Drawn.of(common, 150)

        def words(number: int, lengths: Sequence[int]) -> list[str]:
            return ["".join(characters.draw(chance, chance.choice(lengths))) for _ in range(number)]

        return cls(
            Drawn.of(list(dict.fromkeys([*words(60, (1, 1, 2)), *words(WORDS, (1, 2, 2, 2, 2, 2, 2, 3))])), 2.7),
            Drawn.of(words(TAGS, (2, 3, 4)), 20),
            Drawn.of(words(BYLINES, (2, 3, 3)), 5),
        )


def write_library(folder: Path, articles: int, seed: int = 0) -> Vocabulary:
    """Write so many articles' files below `folder`; the same seed, the same bytes."""
    vocabulary = Vocabulary.of(seed)
    for number in range(1, articles + 1):
        path = folder / "articles" / relative_path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(article(number, vocabulary, seed), "utf-8")
    return vocabulary


def article(number: int, vocabulary: Vocabulary, seed: int = 0) -> str:
    """The file of an article, in the seed's format."""
    chance = Random(f"{seed}/{number}")
    day = FIRST_DAY + timedelta(chance.randrange(DAYS))
    words = vocabulary.words
    title = "".join(words.draw(chance, 9))
    (section,) = chance.choices([*SECTIONS], [*SECTIONS.values()])
    (byline,) = vocabulary.bylines.draw(chance, 1)
    tags = dict.fromkeys(vocabulary.tags.draw(chance, chance.randrange(9)))
    original = f"https://www.hkcnews.com/article/{number}/{number}"
    capture = f"{PUBLIC}/web/{day:%Y%m%d}120000"
    length = min(max(int(chance.lognormvariate(6.2, 0.7)), 40), 4000)
    drawn = iter(words.draw(chance, length))
    head = {"title": title, "date": f"{day}", "author": byline, "category": section}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in head.items()]
    lines += ["tags:", *(f"  - {tag}" for tag in tags)] if tags else []
    lines += [f'url: "{capture}/{original}"', f'original_url: "{original}"', "---", "", f"# {title}", ""]
    while paragraph := [word for word, _ in zip(drawn, range(chance.randint(30, 90)), strict=False)]:
        marks = "".join(word + chance.choice(("", "", "", "", "", "，", "，", "。")) for word in paragraph)
        lines += [f"{marks.rstrip('，。')}。", ""]
        if chance.random() < 0.2:
            picture = f"https://www.hkcnews.com/news_新聞/{day:%Y/%m}/{number}-{day:%Y%m%d}120000_large.jpg"
            lines += ["<figure>", f'<img src="{capture}im_/{picture}" alt="">', "<figcaption>", "</figcaption>"]
            lines += ["</figure>", ""]
    return "\n".join(["---", *lines])
