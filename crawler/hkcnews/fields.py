"""The fields of an article: for each an ordered list of sources on the page, the first that gives something wins.

Addresses and image names never fill a field: in 28% of the articles the date in the image's name is another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from selectolax.lexbor import LexborNode

from crawler.hkcnews.aside import ancestors
from crawler.hkcnews.dates import MOMENT, read_date, read_moment
from crawler.hkcnews.layout import BYLINE, CITIZEN_NEWS, PUBLISHED, SITE_NAMES, UPDATED, UPDATED_WORDS
from crawler.hkcnews.page import Page, by_distance, metadata, nearest, outermost, structured_data
from crawler.hkcnews.region import parse, prepare, tidy
from crawler.hkcnews.text import one_line

Source = tuple[str, Callable[[Page], str]]

BESIDE = "markup beside the info line"
_SAYING = "div, p, span, time, li, small, b, strong, em, i"
_MOST_LABELS = 50
_CLOSE_BY = 4
_LONGEST_LINE = 300
_BARS = " |｜·•\u3000\u00a0"
_BAR = re.compile(r"[|｜]")
_NOT_PLAIN = "[data-cfemail], a[href*=email-protection], script, style, .hidden, [hidden]"
_LONGEST_UPDATE = 60
"""Characters of an element that says when the article was last updated, and nothing else."""


@dataclass(frozen=True, slots=True)
class Found:
    """A field's value (empty when no source has it), the source that gave it, and what every source said, in order."""

    value: str
    source: str
    tried: tuple[tuple[str, str], ...]


def find(page: Page, field: str) -> Found:
    """Look a field up in its sources (see `SOURCES`; `tags` is not among them)."""
    if field not in page.fields:
        page.fields[field] = _find(page, field)
    found: Found = page.fields[field]
    return found


def _find(page: Page, field: str) -> Found:
    tried: list[tuple[str, str]] = []
    for name, read in SOURCES[field]:
        value = read(page)
        tried.append((name, value))
        if value:
            return Found(value, name, tuple(tried))
    return Found("", "", tuple(tried))


def every_source(page: Page, field: str) -> list[tuple[str, str]]:
    """What each source of a field says, also those behind the winner; for people who look whether the selectors fit."""
    return [(name, read(page)) for name, read in SOURCES[field]]


def shown(node: LexborNode) -> str:
    """The text of a field's element in one line, as a reader sees it: addresses that were protected revealed, nothing that is hidden."""
    child = node.child
    is_text = child is None or (child.next is None and child.tag == "-text")
    if is_text or node.css_first(_NOT_PLAIN) is None:
        return one_line(node.text())
    region = parse(node.html or "")
    tidy(region, CITIZEN_NEWS)
    prepare(region)
    return one_line(region.get_text())


def find_tags(page: Page) -> tuple[tuple[str, ...], str]:
    """The article's tags in the page's order, and the source that gave them."""
    for selector in page.layout.tags:
        tags = _distinct(shown(node) for node in nearest(page, selector, closest=True))
        if tags:
            return tags, f"markup {selector}"
    listed = [one_line(node.attributes.get("content") or "") for node in page.tree.css('meta[property="article:tag"]')]
    if tags := _distinct(listed):
        return tags, "metadata article:tag"
    if tags := _distinct(metadata(page, "keywords", "news_keywords").split(",")):
        return tags, "metadata keywords"
    words = structured_data(page).get("keywords")
    tags = _distinct(words.split(",") if isinstance(words, str) else [str(word) for word in words] if isinstance(words, list) else [])
    return tags, "structured data keywords" if tags else ""


def _distinct(texts: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (one_line(text) for text in texts))))  # type: ignore[attr-defined]


def info_line(page: Page) -> str:
    """The line with byline and dates, as text."""
    if "info line" not in page.texts:
        page.texts["info line"] = _info_line(page)
    return page.texts["info line"]


def _info_line(page: Page) -> str:
    for selector in page.layout.info:
        lines = [shown(node) for node in outermost(nearest(page, selector, closest=True))]
        if line := " | ".join(filter(None, lines)):
            return line
    labels = (node for node in page.select(_SAYING) if PUBLISHED.search(node.text(deep=False)))
    return next(filter(None, map(_line_around, by_distance(page, islice(labels, _MOST_LABELS)))), "")


def _line_around(label: LexborNode) -> str:
    """The text around the label of the date: with the date, and with the byline if that stands close by."""
    line = ""
    for around in islice(ancestors(label), _CLOSE_BY):
        text = shown(around)
        if len(text) > _LONGEST_LINE or (line and BYLINE.search(line)):
            break
        if read_date(labelled(text, PUBLISHED)):
            line = text
    return line


def labelled(line: str, label: re.Pattern[str]) -> str:
    """What follows a label in the info line, up to the label of another part; bars inside a byline stay, a date ends at one."""
    labels = _labels(line)
    if not labels[label]:
        return ""
    _, start = labels[label][0]
    others = [PUBLISHED, UPDATED] if label is BYLINE else [BYLINE, PUBLISHED, UPDATED]
    ends = [begin for other in others for begin, _ in labels[other] if begin >= start]
    value = line[start : min(ends, default=len(line))]
    return (value if label is BYLINE else _BAR.split(value, maxsplit=1)[0]).strip(_BARS)


@lru_cache(maxsize=8)
def _labels(line: str) -> dict[re.Pattern[str], list[tuple[int, int]]]:
    """Where each label stands in a line: every field asks for all of them."""
    return {label: [found.span() for found in label.finditer(line)] for label in (BYLINE, PUBLISHED, UPDATED)}


def _first_shown(page: Page, selectors: tuple[str, ...]) -> str:
    return next((text for selector in selectors for node in nearest(page, selector) if (text := shown(node))), "")


def _update_beside(page: Page) -> str:
    """The moment in the element that says it, wherever it stands apart from the line of information."""
    node = update_element(page)
    return "" if node is None else read_moment(node.text())


def update_element(page: Page) -> LexborNode | None:
    """The element that says when the article was last updated, and nothing else; in the body too, where it is no part of the text."""
    if not any(word in page.source for word in UPDATED_WORDS):
        return None
    labels = (node for node in page.select(_SAYING) if any(word in node.text(deep=False) for word in UPDATED_WORDS))
    near = by_distance(page, islice(labels, _MOST_LABELS), within=True)
    return next((around for label in near for around in islice(ancestors(label), _CLOSE_BY) if _says_update(around)), None)


def _says_update(node: LexborNode) -> bool:
    text = one_line(node.text())
    label = UPDATED.match(text) if len(text) <= _LONGEST_UPDATE else None
    return label is not None and MOMENT.fullmatch(text[label.end() :].strip(_BARS)) is not None


def _document_title(page: Page) -> str:
    node = page.tree.css_first("head > title") or page.tree.css_first("title")
    return SITE_NAMES.sub("", one_line(node.text())) if node is not None else ""


def _author_object(page: Page) -> str:
    author = structured_data(page).get("author")
    if isinstance(author, list):
        author = author[0] if author else None
    name = author.get("name") if isinstance(author, dict) else author
    return one_line(name) if isinstance(name, str) else ""


def _author_metadata(page: Page) -> str:
    author = metadata(page, "author", "article:author")
    return "" if author.startswith(("http:", "https:", "//")) else author


def _structured(page: Page, key: str) -> str:
    value = structured_data(page).get(key)
    return one_line(value) if isinstance(value, str) else ""


def _time_element(page: Page) -> str:
    return next((read_date(node.attributes.get("datetime") or "") for node in nearest(page, "time[datetime]")), "")


SOURCES: Mapping[str, tuple[Source, ...]] = {
    "title": (
        ("markup h1", lambda page: _first_shown(page, page.layout.title)),
        ("metadata og:title", lambda page: SITE_NAMES.sub("", metadata(page, "og:title", "twitter:title"))),
        ("structured data headline", lambda page: _structured(page, "headline")),
        ("markup title", _document_title),
    ),
    "date": (
        ("markup info line", lambda page: read_date(labelled(info_line(page), PUBLISHED))),
        ("markup time", _time_element),
        ("metadata article:published_time", lambda page: read_date(metadata(page, "article:published_time", "datePublished"))),
        ("structured data datePublished", lambda page: read_date(_structured(page, "datePublished"))),
    ),
    "last_updated": (
        ("markup info line", lambda page: read_moment(labelled(info_line(page), UPDATED))),
        (BESIDE, _update_beside),
    ),
    "author": (
        ("markup info line", lambda page: labelled(info_line(page), BYLINE)),
        ("metadata author", _author_metadata),
        ("structured data author", _author_object),
    ),
    "category": (
        ("markup .group", lambda page: _first_shown(page, page.layout.category)),
        ("metadata article:section", lambda page: metadata(page, "article:section")),
        ("structured data articleSection", lambda page: _structured(page, "articleSection")),
    ),
}
