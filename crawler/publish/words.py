"""What pages say, in Chinese and in English: one table, `words.toml`, and how both languages stand in a page."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from pathlib import Path

from crawler.publish.addresses import day

_WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
FAULTS: Mapping[str, str] = _WORDS.pop("said of articles")
"""What modules say of articles, with `{name}` for what they put in, and the same in Chinese."""
TABLE: Mapping[str, str] = _WORDS
"""English, and the same in Chinese. `{name}` is put in; numbers are `{n}`, and `{s}` makes a word in English plural."""
_VALUE = re.compile(r"\\\{(\w+)\\\}")
_PATTERNS = [
    (re.compile(_VALUE.sub(r"(?P<\1>.+)", re.escape(english)), re.DOTALL), chinese)
    for english, chinese in FAULTS.items()
]
LANGUAGES = {"zh": ("zh-Hant-HK", "中文"), "en": ("en", "English")}
"""By the names that they have here: the tag of a language in HTML, and its own name."""


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The same in both languages; `zh` is empty for what is a name or a number. A template shows both; the style sheet
    leaves one of them. The elements are of our own, so that no article has them in its text."""

    en: str
    zh: str = ""

    def __html__(self) -> str:
        return _both(self.en, self.zh)


@lru_cache(maxsize=1000)
def _both(english: str, chinese: str) -> str:
    if chinese in ("", english):
        return escape(english)
    return f'<in-zh lang="zh-Hant-HK">{escape(chinese)}</in-zh><in-en lang="en">{escape(english)}</in-en>'


_PHRASES = {english: Bilingual(english, chinese) for english, chinese in TABLE.items()}

Value = str | float | Bilingual | None
"""What is put into a phrase, or stands in a table; None is not known."""


def say(english: str, /, **values: Value) -> Bilingual:
    """A phrase of the table with its values. Raises KeyError for one that is not in it."""
    if not values:
        return _PHRASES[english]
    chinese = TABLE[english]
    plural = "" if values.get("n") == 1 else "s"
    return Bilingual(
        english.format(s=plural, **{name: written(value).en for name, value in values.items()}),
        chinese.format(**{name: written(value).zh for name, value in values.items()}),
    )


def known(english: str) -> Bilingual:
    """What may be in the table, or else is a name."""
    return Bilingual(english, TABLE.get(english, ""))


def joined(several: Iterable[Bilingual]) -> Bilingual:
    """One after the other."""
    parts = [*several]
    chinese = "；".join(part.zh or part.en for part in parts)
    return Bilingual("; ".join(part.en for part in parts), chinese if any(part.zh for part in parts) else "")


def fault_words(fault: str) -> Bilingual:
    """A fault in both languages; one that is not in the table as it is."""
    for pattern, chinese in _PATTERNS:
        if found := pattern.fullmatch(fault):
            values = found.groupdict()
            why = values.get("why", "")
            return Bilingual(fault, chinese.format(**{**values, "why": TABLE.get(why, why)}))
    return Bilingual(fault)


def written(value: Value) -> Bilingual:
    """A value in both languages, whatever it is."""
    if isinstance(value, Bilingual):
        return Bilingual(value.en, value.zh or value.en)
    text = number(value) if isinstance(value, int | float) else value or ""
    return Bilingual(text, text)


def number(value: float) -> str:
    """`1,234`, `7.5`."""
    return f"{value:,.1f}".removesuffix(".0")


@lru_cache(maxsize=5000)
def day_words(text: str | None) -> Bilingual:
    """`2019-06-09` as both languages write it; '' for none, and what is no date as it is."""
    try:
        given = date.fromisoformat(text or "")
    except ValueError:
        return Bilingual(text or "")
    return Bilingual(f"{given.day} {given:%B %Y}", day(text))


def month_words(month: str, *, year: bool = True) -> Bilingual:
    """`2019-07` with its year, or without."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        return Bilingual(month)
    if year:
        return Bilingual(f"{first:%B %Y}", f"{first.year}年{first.month}月")
    return Bilingual(f"{first:%b}", f"{first.month}月")
