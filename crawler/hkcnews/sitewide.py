"""What every page of the site says of the site itself: it names no article, and fills no field of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_SITE = r"(?:眾新聞|众新闻|Citizen\s?News|(?:https?://)?(?:www\.)?hkcnews(?:\.com)?)(?:\s?(?:HK|Hong Kong|香港))?"
_DIVIDERS = r"[|｜￨│¦\-‐‑–—―－·•・_»›«‹~]"
_ONLY_SITE = re.compile(rf"[\W_]*(?:{_SITE}[\W_]*)+|(?:{_DIVIDERS}|\s)+", re.IGNORECASE)
_IN_FRONT = re.compile(rf"^(?:{_SITE}\s*)+(?:{_DIVIDERS}|[:：])+\s*", re.IGNORECASE)
_BEHIND = re.compile(rf"\s*{_DIVIDERS}+\s*(?:{_SITE}\s*)+$", re.IGNORECASE)
_BRACKETED = re.compile(rf"\s*[(（\[【]\s*(?:{_SITE}\s*)+[)）\]】]$", re.IGNORECASE)
_LONGEST = 1000
"""Characters; nothing is taken off a title of more, which is none."""
_LONGEST_NAME = 40
_SEPARATED = (",", "，", "、")


def is_sites(text: str) -> bool:
    """Whether a text is the site's own name, in any of its forms, and nothing else; or only what divides names."""
    return _ONLY_SITE.fullmatch(text) is not None


def without_site(title: str) -> str:
    """A title without the site's name, which stands before it or behind it on the page's label and in metadata."""
    before = ""
    while before != title and len(title) < _LONGEST:
        before = title
        for part in (_IN_FRONT, _BEHIND, _BRACKETED):
            title = part.sub("", title, count=1).strip()
    return "" if is_sites(title) else title


def without_author(title: str, author: str) -> str:
    """A title without the author's name, which may stand behind it in metadata."""
    if not author or not title.endswith(author) or len(title) >= _LONGEST:
        return title
    return re.sub(rf"\s*{_DIVIDERS}+\s*(?:[\w ]{{1,16}}[|｜]\s*)?{re.escape(author)}$", "", title)


def without_addition(title: str, label: str) -> str:
    """A title of metadata as the page's label has it, where it is that and a name behind it."""
    added = title.removeprefix(label) if label else title
    return label if added != title and len(added) < _LONGEST_NAME and re.match(rf"\s*{_DIVIDERS}+\s*\S", added) else title


def own_words(words: Iterable[str]) -> Iterator[str]:
    """Keywords without the site's names, which begin them on every page: a name that comes again is one of the article's."""
    names: set[str] = set()
    for word in map(str.strip, words):
        name = word.lower()
        if name in names or not is_sites(word):
            yield word
        names.add(name)


def words_of(content: str) -> list[str]:
    """The keywords in the content of a `<meta>`."""
    return content.split(next((mark for mark in _SEPARATED if mark in content), ","))
