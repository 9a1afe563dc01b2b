"""The fields of an article: title, dates, byline, category and tags, without what every page says of the site itself;
and the line of information, with byline and dates: where it is, what stands behind its labels and beside it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain, islice

from selectolax.lexbor import LexborNode

from crawler.hkcnews import layout
from crawler.hkcnews.dates import DAY, MOMENT, Stated, latest_day, published, updated
from crawler.hkcnews.layout import BAR, BYLINE, PUBLISHED, UPDATED, UPDATED_WORDS, ancestors, search, wide_first
from crawler.hkcnews.page import Page, contents, metadata, nearest, once, outermost, structured_data
from crawler.hkcnews.region import clean_region, parse, prepare_region
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
_NAME_BEHIND = re.compile(rf"\s*{_DIVIDERS}+\s*\S")
_LONGEST_NAME = 40
_SEPARATED = (",", "，", "、")
_KEYWORD_NAMES = ("keywords", "news_keywords")

_SAYING = "div, p, span, time, li, small, b, strong, em, i"
_MOST_LABELS = 50
_CLOSE_BY = 4
_LONGEST_LINE = 300
_BARS = f"{BAR} ·•\u3000\u00a0"
_BAR = re.compile(f"[{BAR}]")
_NOT_PLAIN = f"[data-cfemail], a[href*=email-protection], script, style, .hidden, [hidden], {layout.NARROW_ONES}"
_BETWEEN = "\u2063"
_BETWEEN_FIGURES = re.compile(rf"(?<=\d){_BETWEEN}+(?=\d)")
_LONGEST_UPDATE = 60
"""Characters of an element that says when the article was last updated, and nothing else."""

INFO_LINE = "markup info line"
BESIDE = "markup beside the info line"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field's value (empty when no source has it), the source that gave it, and as faults what cannot be right."""

    value: str
    source: str
    faults: tuple[str, ...] = ()


@once
def find_field(page: Page, field: str) -> FieldValue:
    """Look a field up in its sources (see `SOURCES`; `tags` is not among them)."""
    faults: dict[str, None] = {}
    for source, value, fault in every_source(page, field):
        if fault:
            faults[fault] = None
        if value:
            return FieldValue(value, source, tuple(faults))
    return FieldValue("", "", tuple(faults))


def every_source(page: Page, field: str) -> Iterator[tuple[str, str, str]]:
    """What each source of a field says, as the field has it, and the fault if that cannot be right, in their order."""
    reader = _READERS.get(field)
    for source, read in SOURCES[field]:
        said = read(page)
        yield source, *((said, "") if reader is None else reader(said, latest_day(page.captured)))


def find_tags(page: Page) -> tuple[tuple[str, ...], str]:
    """The article's tags in the page's order, and the source that gave them."""
    for source, texts in _tag_sources(page):
        if tags := _distinct(texts):
            return tags, source
    return (), ""


def _tag_sources(page: Page) -> Iterator[tuple[str, Iterable[str]]]:
    first, *others = page.layout.tags
    yield f"markup {first}", _marked_tags(page, first)
    for selector in others if page.select(", ".join(others)) else ():
        yield f"markup {selector}", _marked_tags(page, selector)
    yield "metadata article:tag", own_words(contents(page, "article:tag"))
    yield "metadata keywords", own_words(metadata(page, *_KEYWORD_NAMES))
    words = structured_data(page).get("keywords")
    yield "structured data keywords", own_words(words if isinstance(words, str | list) else ())


def _marked_tags(page: Page, selector: str) -> Iterator[str]:
    tags = own(page, nearest(page, selector, closest=True), _keywords)
    return map(visible_text, tags or nearest(page, own(page, nearest(page, selector), _keywords), closest=True))


def _keywords(page: Page) -> frozenset[str] | None:
    """The article's keywords in lower case; None if the page's head has none at all, not even the site's."""
    content = metadata(page, *_KEYWORD_NAMES)
    return frozenset(word.lower() for word in own_words(content)) if content else None


def own_words(words: str | Iterable[object]) -> Iterator[str]:
    """Keywords, of a `<meta>` or in a list, without the site's names, which begin them on every page: a name that comes
    again is one of the article's."""
    if isinstance(words, str):
        words = words.split(next((mark for mark in _SEPARATED if mark in words), ","))
    names: set[str] = set()
    for word in (str(word).strip() for word in words):
        name = word.lower()
        if name in names or not is_sites(word):
            yield word
        names.add(name)


def is_sites(text: str) -> bool:
    """Whether a text is the site's own name, in any of its forms, and nothing else; or only what divides names."""
    return _ONLY_SITE.fullmatch(text) is not None


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(one_line, texts))))


def _own_text(value: object) -> str:
    text = one_line(value) if isinstance(value, str) else ""
    return "" if is_sites(text) else text


def _shown(node: LexborNode) -> str:
    return _own_text(visible_text(node))


def visible_text(node: LexborNode, between: str = "") -> str:
    """The text of a field's element in one line, as a reader sees it: addresses that were protected revealed, nothing
    that is hidden; `between` stands between the texts of different elements."""
    child = node.child
    is_text = child is None or (child.next is None and child.tag == "-text")
    if is_text or not search(node, _NOT_PLAIN):
        return one_line(node.text(separator=between))
    region = parse(node.html or "")
    clean_region(region, layout.CITIZEN_NEWS)
    prepare_region(region)
    layout.drop_narrow(region)
    return one_line(region.get_text(between))


@once
def info_line(page: Page) -> str:
    """The line with byline and dates, as text; figures of different elements, such as a day and a time, are different
    ones."""
    for selector in page.layout.info:
        nodes = wide_first(outermost(nearest(page, selector, closest=True)))
        lines = (_BETWEEN_FIGURES.sub(" ", visible_text(node, _BETWEEN)).replace(_BETWEEN, "") for node in nodes)
        if line := " | ".join(dict.fromkeys(filter(None, lines))):
            return line
    labels = (node for node in page.select(_SAYING) if PUBLISHED.search(node.text(deep=False)))
    return next(filter(None, map(_line_around, nearest(page, islice(labels, _MOST_LABELS)))), "")


def _line_around(label: LexborNode) -> str:
    """The text around the label of the date: with the date, and with the byline if that stands close by."""
    line = ""
    for around in islice(ancestors(label), _CLOSE_BY):
        text = visible_text(around)
        if len(text) > _LONGEST_LINE or (line and BYLINE.search(line)):
            break
        if DAY.search(labelled(text, PUBLISHED)):
            line = text
    return line


def labelled(line: str, label: re.Pattern[str]) -> str:
    """What follows a label in the info line, up to the label of another part; bars inside a byline stay, a date ends at
    one. Of several the first with anything behind it."""
    labels = _labels(line)
    others = [PUBLISHED, UPDATED] if label is BYLINE else [BYLINE, PUBLISHED, UPDATED]
    for _, start in labels[label][:_MOST_LABELS]:
        ends = [begin for other in others for begin, _ in labels[other] if begin >= start]
        value = line[start : min(ends, default=len(line))]
        if found := one_line((value if label is BYLINE else _BAR.split(value, maxsplit=1)[0]).strip(_BARS)):
            return found
    return ""


def unlabelled_day(line: str) -> str:
    """The part of an info line with what looks like a day, where no label that we know says which; empty if there is
    none."""
    if labelled(line, PUBLISHED):
        return ""
    end = min((begin for begin, _ in _labels(line)[UPDATED]), default=len(line))
    return next((part.strip(_BARS) for part in _BAR.split(line[:end]) if DAY.search(part)), "")


@lru_cache(maxsize=8)
def _labels(line: str) -> dict[re.Pattern[str], list[tuple[int, int]]]:
    """Where each label stands in a line: every field asks for all of them. `Date` in `Last Update Date` is not the day
    of publication."""
    spans = {label: [found.span() for found in label.finditer(line)] for label in (BYLINE, PUBLISHED, UPDATED)}
    spans[PUBLISHED] = [
        span for span in spans[PUBLISHED] if not any(begin < span[0] < end for begin, end in spans[UPDATED])
    ]
    return spans


@once
def update_element(page: Page) -> LexborNode | None:
    """The element that says when the article was last updated, and nothing else; in the body too, where it is no part
    of the text."""
    text = page.text
    if not any(word in text for word in UPDATED_WORDS):
        return None
    labels = (node for node in page.select(_SAYING) if any(word in node.text(deep=False) for word in UPDATED_WORDS))
    for label in nearest(page, islice(labels, _MOST_LABELS), within=True):
        for around in islice(ancestors(label), _CLOSE_BY):
            line = one_line(around.text())
            said = UPDATED.match(line) if len(line) <= _LONGEST_UPDATE else None
            if said is not None and MOMENT.fullmatch(line[said.end() :].strip(_BARS)):
                return around
    return None


def _title(page: Page) -> str:
    """The title as the page shows it; the site's name is none."""
    for selector in page.layout.title:
        closest = wide_first(nearest(page, selector, closest=True))
        if title := next(filter(None, map(_shown, chain(closest, nearest(page, selector)))), ""):
            return title
    return ""


def _metadata_title(page: Page) -> str:
    """The title in metadata; as the page's label has it, where it is that and a name behind it."""
    title = next(filter(None, (_bare(page, content) for content in contents(page, "og:title", "twitter:title"))), "")
    label = _document_title(page) if title else ""
    added = title.removeprefix(label)
    return label if added != title and len(added) < _LONGEST_NAME and _NAME_BEHIND.match(added) else title


def _document_title(page: Page) -> str:
    node = page.tree.css_first("head > title") or page.tree.css_first("title")
    return _bare(page, one_line(node.text())) if node is not None else ""


def _bare(page: Page, title: str) -> str:
    """A title in the head of the page without the site's name before or behind it, and the author's behind it."""
    before = ""
    while before != title and len(title) < _LONGEST:
        before = title
        for part in (_IN_FRONT, _BEHIND, _BRACKETED):
            title = part.sub("", title, count=1).strip()
    author = find_field(page, "author").value
    if is_sites(title):
        return ""
    if author and title.endswith(author) and len(title) < _LONGEST:
        title = re.sub(rf"\s*{_DIVIDERS}+\s*(?:[\w ]{{1,16}}[|｜]\s*)?{re.escape(author)}$", "", title)
    return one_line(title)


def _category(page: Page) -> str:
    """The category nearest to the body; away from the article only where all that stands there is one."""
    for selector in page.layout.category:
        found = own(page, nearest(page, selector))
        texts = _distinct(map(_shown, found))
        if texts and (len(texts) == 1 or is_at_home(page, found[0])):
            return texts[0]
    return ""


def _update_beside(page: Page) -> str:
    node = update_element(page)
    return "" if node is None else one_line(node.text())


def _time_element(page: Page) -> str:
    said = (node.attributes.get("datetime") or "" for node in nearest(page, "time[datetime]"))
    return next(filter(DAY.search, said), "")


def _metadata(page: Page, *names: str) -> str:
    """The first of these that says something of the article, and is no address."""
    said = (content for content in contents(page, *names) if not is_sites(content))
    return next((content for content in said if not content.startswith(("http:", "https:", "//"))), "")


def _structured(page: Page, key: str) -> str:
    return _own_text(structured_data(page).get(key))


def _author_object(page: Page) -> str:
    author = structured_data(page).get("author")
    if isinstance(author, list):
        author = author[0] if author else None
    return _own_text(author.get("name") if isinstance(author, dict) else author)


_READERS: Mapping[str, Callable[[str, date], Stated]] = {"date": published, "last_updated": updated}
SOURCES: Mapping[str, tuple[tuple[str, Callable[[Page], str]], ...]] = {
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
