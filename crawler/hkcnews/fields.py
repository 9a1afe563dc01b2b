"""The fields of an article: title, date, byline, figures, category and tags, without what every page of the site says
of the site itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain

from selectolax.lexbor import LexborNode

from crawler.hkcnews.dates import DAY, Stated, latest_day, published, updated
from crawler.hkcnews.infoline import info_line, labelled, update_element, visible_text
from crawler.hkcnews.layout import BYLINE, PUBLISHED, UPDATED, wide_first
from crawler.hkcnews.page import Page, contents, metadata, nearest, ranked, structured_data
from crawler.hkcnews.text import one_line
from crawler.hkcnews.widget import is_at_home, own

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
    return (
        label if added != title and len(added) < _LONGEST_NAME and re.match(rf"\s*{_DIVIDERS}+\s*\S", added) else title
    )


def own_words(words: Iterable[str]) -> Iterator[str]:
    """Keywords without the site's names, which begin them on every page: a name that comes again is one of the
    article's."""
    names: set[str] = set()
    for word in map(str.strip, words):
        name = word.lower()
        if name in names or not is_sites(word):
            yield word
        names.add(name)


def words_of(content: str) -> list[str]:
    """The keywords in the content of a `<meta>`."""
    return content.split(next((mark for mark in _SEPARATED if mark in content), ","))


Source = tuple[str, Callable[[Page], str]]

INFO_LINE = "markup info line"
BESIDE = "markup beside the info line"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field's value (empty when no source has it), the source that gave it, what every source said, in order, and
    what of that cannot be right, as faults in words."""

    value: str
    source: str
    tried: tuple[tuple[str, str], ...]
    faults: tuple[str, ...] = ()


def find_field(page: Page, field: str) -> FieldValue:
    """Look a field up in its sources (see `SOURCES`; `tags` is not among them)."""
    if field not in page.fields:
        page.fields[field] = _find(page, field)
    found: FieldValue = page.fields[field]
    return found


def _find(page: Page, field: str) -> FieldValue:
    tried: list[tuple[str, str]] = []
    faults: dict[str, None] = {}
    for name, read in SOURCES[field]:
        stated = _stated(page, field, read(page))
        tried.append((name, stated.value))
        if stated.fault:
            faults[stated.fault] = None
        if stated.value:
            return FieldValue(stated.value, name, tuple(tried), tuple(faults))
    return FieldValue("", "", tuple(tried), tuple(faults))


def _stated(page: Page, field: str, said: str) -> Stated:
    """What a source says, as the field has it; a day or moment at which the site printed nothing is no value."""
    reader = _READERS.get(field)
    return Stated(said) if reader is None else reader(said, latest_day(page.captured))


def every_source(page: Page, field: str) -> list[tuple[str, str]]:
    """What each source of a field says, also those behind the winner; for people who look whether the selectors fit."""
    return [(name, _stated(page, field, read(page)).value) for name, read in SOURCES[field]]


def find_tags(page: Page) -> tuple[tuple[str, ...], str]:
    """The article's tags in the page's order, and the source that gave them."""
    for selector in _tag_selectors(page):
        tags = _distinct(visible_text(node) for node in _own_tags(page, selector))
        if tags:
            return tags, f"markup {selector}"
    listed = list(contents(page, "article:tag"))
    if tags := _distinct(own_words(listed)):
        return tags, "metadata article:tag"
    if tags := _distinct(own_words(words_of(_keywords(page)))):
        return tags, "metadata keywords"
    words = structured_data(page).get("keywords")
    listed = (
        words_of(words) if isinstance(words, str) else [str(word) for word in words] if isinstance(words, list) else []
    )
    tags = _distinct(own_words(listed))
    return tags, "structured data keywords" if tags else ""


def _tag_selectors(page: Page) -> Iterator[str]:
    first, *others = page.layout.tags
    yield first
    if page.select(", ".join(others)):
        yield from others


def _own_tags(page: Page, selector: str) -> list[LexborNode]:
    closest = nearest(page, selector, closest=True)
    words = partial(_words, page)
    return own(page, closest, words) or (
        ranked(page, own(page, nearest(page, selector), words), closest=True) if closest else []
    )


def _keywords(page: Page) -> str:
    return metadata(page, "keywords", "news_keywords")


def _words(page: Page) -> frozenset[str] | None:
    """The article's keywords in lower case; None if the page's head has none at all, not even the site's."""
    content = _keywords(page)
    return frozenset(word.lower() for word in own_words(words_of(content))) if content else None


def _distinct(texts: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (one_line(text) for text in texts))))  # type: ignore[attr-defined]


def _title(page: Page) -> str:
    """The title as the page shows it; the site's name is none."""
    for selector in page.layout.title:
        closest = wide_first(nearest(page, selector, closest=True))
        if title := next(filter(None, map(_shown_own, chain(closest, nearest(page, selector)))), ""):
            return title
    return ""


def _shown_own(node: LexborNode) -> str:
    return _own_text(visible_text(node))


def _category(page: Page) -> str:
    """The category nearest to the body; away from the article only where all that stands there is one."""
    for selector in page.layout.category:
        found = own(page, nearest(page, selector))
        texts = _distinct(map(_shown_own, found))
        if texts and (len(texts) == 1 or is_at_home(page, found[0])):
            return texts[0]
    return ""


def _update_beside(page: Page) -> str:
    """The moment in the element that says it, wherever it stands apart from the line of information."""
    node = update_element(page)
    return "" if node is None else one_line(node.text())


def _bare(page: Page, title: str) -> str:
    """A title from elsewhere than the article, without what stands around it there."""
    return one_line(without_author(without_site(title), find_field(page, "author").value))


def _metadata_title(page: Page) -> str:
    title = next(filter(None, (_bare(page, content) for content in contents(page, "og:title", "twitter:title"))), "")
    return without_addition(title, _document_title(page)) if title else ""


def _document_title(page: Page) -> str:
    node = page.tree.css_first("head > title") or page.tree.css_first("title")
    return _bare(page, one_line(node.text())) if node is not None else ""


def _author_object(page: Page) -> str:
    author = structured_data(page).get("author")
    if isinstance(author, list):
        author = author[0] if author else None
    name = author.get("name") if isinstance(author, dict) else author
    return _own_text(name)


def _metadata(page: Page, *names: str) -> str:
    """The first of these that says something of the article, and is no address."""
    said = (content for content in contents(page, *names) if not is_sites(content))
    return next((content for content in said if not content.startswith(("http:", "https:", "//"))), "")


def _structured(page: Page, key: str) -> str:
    return _own_text(structured_data(page).get(key))


def _own_text(value: object) -> str:
    text = one_line(value) if isinstance(value, str) else ""
    return "" if is_sites(text) else text


def _time_element(page: Page) -> str:
    said = (node.attributes.get("datetime") or "" for node in nearest(page, "time[datetime]"))
    return next(filter(DAY.search, said), "")


_READERS: Mapping[str, Callable[[str, date], Stated]] = {"date": published, "last_updated": updated}
SOURCES: Mapping[str, tuple[Source, ...]] = {
    "title": (
        ("markup h1", _title),
        ("metadata og:title", _metadata_title),
        ("structured data headline", lambda page: _bare(page, _structured(page, "headline"))),
        ("markup title", _document_title),
    ),
    "date": (
        (INFO_LINE, lambda page: labelled(info_line(page), PUBLISHED)),
        ("markup time", _time_element),
        ("metadata article:published_time", lambda page: metadata(page, "article:published_time", "datePublished")),
        ("structured data datePublished", lambda page: _structured(page, "datePublished")),
    ),
    "last_updated": ((INFO_LINE, lambda page: labelled(info_line(page), UPDATED)), (BESIDE, _update_beside)),
    "author": (
        (INFO_LINE, lambda page: labelled(info_line(page), BYLINE)),
        ("metadata author", lambda page: _metadata(page, "author", "article:author")),
        ("structured data author", _author_object),
    ),
    "category": (
        ("markup .group", _category),
        ("metadata article:section", lambda page: _metadata(page, "article:section")),
        ("structured data articleSection", lambda page: _structured(page, "articleSection")),
    ),
}
