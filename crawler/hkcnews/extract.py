"""From the bytes of a capture to an article: the one way that the crawl, the offline extraction and `inspect` share."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bs4 import Tag

from crawler.article import Article, Blogger
from crawler.hkcnews.check import Visible, differences, visible
from crawler.hkcnews.fields import SOURCES, find, find_tags
from crawler.hkcnews.layout import BLOGGER_NAME
from crawler.hkcnews.note import detached_note, take_note
from crawler.hkcnews.page import Page, blogger_block, is_within, read_page
from crawler.hkcnews.pictures import pictures
from crawler.hkcnews.region import parse, prepare, tidy
from crawler.hkcnews.text import decode_page, one_line
from crawler.hkcnews.verdict import Judgement, Verdict, judge_answer, judge_page
from crawler.markdown import raw
from crawler.markdown.converter import Converter
from crawler.markdown.style import References, Style

_CONVERTER = Converter()
_HERE = "data-recovery-blogger"
_NAMING = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "strong", "b", "p", "div", "span", "a"})


@dataclass(frozen=True, slots=True)
class Recovered:
    """What one capture gave: a judgement and, when it is an article, the article. `differences` is what the check found,
    `references` what the style collected."""

    judgement: Judgement
    article: Article | None = None
    differences: tuple[str, ...] = ()
    references: References | None = None

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict


def recover(body: bytes, content_type: str, status: int, wanted: int, timestamp: str, original: str, style: Style) -> Recovered:
    """Judge a capture and extract its article.

    `body` is decoded (no transport coding), `content_type` and `status` as archived, `wanted` the article's id,
    `timestamp` and `original` the capture really served. Never raises for what a page contains.
    """
    if early := judge_answer(status, body):
        return Recovered(early)
    decoded = decode_page(body, content_type)
    page = read_page(decoded.text, decoded.utf8)
    judgement = judge_page(page, wanted)
    if judgement.verdict is not Verdict.ARTICLE:
        return Recovered(judgement)
    faults = [f"{decoded.replaced} bytes are not {decoded.encoding}"] if decoded.replaced else []
    if not page.whole:
        faults.append("the document ends before its end tag, after the article")
    if page.degraded:
        faults.append("no element that we know holds the body: taken from around the line with the date")
    article, found = extract(page, wanted, timestamp, original, style, tuple(faults))
    if not article.body:
        return Recovered(Judgement(Verdict.BLANK, "no body beside the subscription note and the blogger's block"))
    return Recovered(judgement, article, found, style.references)


def extract(
    page: Page, wanted: int, timestamp: str, original: str, style: Style, faults: tuple[str, ...] = ()
) -> tuple[Article, tuple[str, ...]]:
    """The article on a page that was judged to be one, and what its check found (nothing, if nothing was lost or added)."""
    assert page.content is not None
    parts = _parts(page)
    images = pictures((parts.body, parts.note, parts.blogger), original)
    problems = list(parts.problems)
    found: list[str] = []
    body = _converted(parts.body, style, found, problems)
    note = _converted(parts.note, style, found, problems)
    blogger = _blogger(parts.blogger, style, found, problems)
    fields = {name: find(page, name) for name in SOURCES}
    tags, tag_source = find_tags(page)
    sources = {name: field.source for name, field in fields.items() if field.source} | ({"tags": tag_source} if tags else {})
    article = Article(
        id=wanted,
        timestamp=timestamp,
        original=original,
        **{name: field.value for name, field in fields.items()},
        tags=tags,
        body=body,
        note=note if style.keeps_note else "",
        blogger=blogger,
        sources=sources,
        faults=(*faults, *problems),
        images=images,
    )
    return article, tuple(found)


@dataclass(frozen=True, slots=True)
class _Parts:
    body: Tag
    note: Tag | None
    blogger: Tag | None
    problems: tuple[str, ...]


def _parts(page: Page) -> _Parts:
    """The page's body, subscription note and blogger's block as tidy trees of their own, wherever the page has them."""
    assert page.content is not None
    block = blogger_block(page)
    inside = block is not None and is_within(block, page.content)
    if block is not None and inside:
        block.attrs[_HERE] = ""
    body = parse(page.content.html or "")
    blogger: Tag | None = None
    if inside:
        held = next((part for part in body.descendants if isinstance(part, Tag) and _HERE in part.attrs), None)
        blogger = held.extract() if held is not None else None
    elif block is not None:
        blogger = parse(block.html or "")
    if page.degraded:
        _drop_fields(body)
    problems = tidy(body, page.layout)
    note = take_note(body)
    if note is None and (note := detached_note(page)) is not None:
        problems += tidy(note, page.layout)
    if blogger is not None:
        problems += tidy(blogger, page.layout)
    return _Parts(body, note, blogger, tuple(problems))


def _drop_fields(body: Tag) -> None:
    """On a page without a body element that we know: what is a field is not the body."""
    for element in body.select("h1, .group, .article-info, .tags"):
        element.decompose()


def _converted(part: Tag | None, style: Style, found: list[str], problems: list[str]) -> str:
    """A part as Markdown; what preparing and checking it bring up goes into the two lists."""
    if part is None:
        return ""
    problems += prepare(part)
    seen = visible(part)
    text = _CONVERTER.convert_region(part, style)
    found += differences(seen, text)
    return text


def _blogger(block: Tag | None, style: Style, found: list[str], problems: list[str]) -> Blogger | None:
    if block is None:
        return None
    picture = next((part for part in block.descendants if isinstance(part, Tag) and part.name == "img"), None)
    alt = one_line(str(picture.get("alt") or "")) if picture is not None else ""
    avatar = style.image(raw.source(picture)) if picture is not None and raw.source(picture) else ""
    if picture is not None:
        picture.decompose()
    name = alt if BLOGGER_NAME.match(alt) else ""
    heading = _heading(block, name)
    if heading is not None:
        name = one_line(heading.get_text())
        heading.decompose()
    name = name or alt
    if not name:
        return None
    return Blogger(name, avatar, _converted(block, style, found, problems))


def _heading(block: Tag, name: str) -> Tag | None:
    """The element with the blogger's name: the smallest whose text is the name, or the first heading."""
    squeezed = re.sub(r"\s", "", name)
    elements = [part for part in block.descendants if isinstance(part, Tag)]
    same = (element for element in elements if squeezed and re.sub(r"\s", "", element.get_text()) == squeezed)
    if (found := next(same, None)) is not None:
        return found
    for element in elements:
        if element.name not in _NAMING or any(isinstance(part, Tag) for part in element.contents):
            continue
        if BLOGGER_NAME.match(text := element.get_text()) and len(text) < 80:
            return element
    return None


__all__ = ["Recovered", "Visible", "extract", "recover"]
