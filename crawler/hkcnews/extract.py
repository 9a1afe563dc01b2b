"""From the bytes of a capture to an article: the one way that the crawl, the offline extraction and `inspect` share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from bs4 import Tag

from crawler.hkcnews.blogger import drop_twins, name_in, picture_of
from crawler.hkcnews.embeds import LOST
from crawler.hkcnews.fidelity import differences, visible
from crawler.hkcnews.fields import SOURCES, find_field, find_tags, info_line, unlabelled_day
from crawler.hkcnews.page import Page, read_page
from crawler.hkcnews.parts import split_article
from crawler.hkcnews.region import prepare_region
from crawler.hkcnews.text import decode_again, decode_page, lost_characters, one_line
from crawler.hkcnews.tree_builder import dismantle
from crawler.hkcnews.verdict import Judgement, Verdict, judge_answer, judge_page
from crawler.markdown import raw_html as raw
from crawler.markdown.article import Article, Blogger
from crawler.markdown.converter import Converter
from crawler.markdown.elements import elements_of
from crawler.markdown.inline import autolink
from crawler.markdown.style import References, Style, absolute

_WEB = re.compile(r"https?://[^/?#]", re.IGNORECASE)


def image_urls(parts: Iterable[Tag], original: str) -> tuple[str, ...]:
    """The absolute address of every picture in these elements of the page `original`, in order and each once."""
    images = (node for part in parts for node in elements_of(part) if node.name == "img")
    found = (image_url(raw.source(image), original) for image in images)
    return tuple(dict.fromkeys(filter(None, found)))


def image_url(src: str, original: str) -> str:
    """Where a picture was, absolute and spelled as the page has it (Chinese raw, `%20` where it stands), without a
    fragment; empty when it is nowhere, as with `data:`. `src` as in the page, `original` the page's own address."""
    if not src:
        return ""
    try:
        address = absolute(src, original, "").partition("#")[0]
    except ValueError:  # no address at all, by urllib's judgement
        return ""
    return address if _WEB.match(address) else ""


_CONVERTER = Converter()


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one capture gave: a judgement and, when it is an article, the article. `differences` is what the check
    found, `references` what the style collected."""

    judgement: Judgement
    article: Article | None = None
    differences: tuple[str, ...] = ()
    references: References | None = None

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict

    def with_fault(self, fault: str) -> Self:
        """The same from bytes that have a fault: one of the article's, or else part of why there is none."""
        if self.article is not None:
            return replace(self, article=replace(self.article, faults=(*self.article.faults, fault)))
        because = "; ".join(filter(None, (self.judgement.because, fault)))
        return replace(self, judgement=Judgement(self.verdict, because))


def extract_capture(
    body: bytes, content_type: str, status: int, wanted: int, timestamp: str, original: str, style: Style
) -> Extraction:
    """Judge a capture and extract its article.

    `body` is decoded (no transport coding), `content_type` and `status` as archived, `wanted` the article's id,
    `timestamp` and `original` the capture really served. Never raises for what a page contains.
    """
    if early := judge_answer(status, body):
        return Extraction(early)
    decoded = decode_page(body, content_type)
    page = read_page(decoded.text, decoded.utf8, timestamp)
    if (again := decode_again(decoded, "".join(node.text() for node in page.select("h1")[:1]))) is not None:
        decoded = again
        page = read_page(decoded.text, decoded.utf8, timestamp)
    judgement = judge_page(page, wanted)
    if judgement.verdict is not Verdict.ARTICLE:
        return Extraction(judgement)
    faults = list(decoded.faults)
    if not page.whole:
        faults.append("the document ends before its end tag, after the article")
    if page.degraded:
        faults.append("no element that we know holds the body: taken from around the line with the date")
    article, found = extract_article(page, wanted, timestamp, original, style, faults)
    if not decoded.replaced and (lost := lost_characters(article.title, article.author, *article.tags, article.body)):
        article = replace(article, faults=(*article.faults, f"{lost} characters were lost before the capture was made"))
    if not article.body and any(fault.startswith(LOST) for fault in article.faults):
        capture = f"{style.replay}/{timestamp}/{original}"  # where it can be seen, if anywhere
        article = replace(article, body=autolink(capture))
    if not article.body:
        return Extraction(Judgement(Verdict.BLANK, "no body beside the subscription note and the blogger's block"))
    return Extraction(judgement, article, found, style.references)


def extract_article(
    page: Page, wanted: int, timestamp: str, original: str, style: Style, faults: Iterable[str] = ()
) -> tuple[Article, tuple[str, ...]]:
    """The article on a page that was judged to be one, and what its check found (nothing, if nothing was lost or
    added). `faults`: of the page."""
    parts = split_article(page)
    regions = [part for part in (parts.body, parts.note, *(block for block, _ in parts.bloggers)) if part is not None]
    images = image_urls(regions, original)
    problems = list(parts.problems)
    found: list[str] = []
    body = _converted(parts.body, style, found, problems)
    note = _converted(parts.note, style, found, problems) if parts.note is not None else ""
    bloggers = [_blogger(block, sure, style, found, problems) for block, sure in parts.bloggers]
    for region in regions:
        dismantle(region)
    fields = {name: find_field(page, name) for name in SOURCES}
    tags, tag_source = find_tags(page)
    sources = {name: field.source for name, field in fields.items() if field.source}
    stated = [fault for field in fields.values() for fault in field.faults]
    if not fields["date"].value and (day := unlabelled_day(info_line(page))):
        stated.append(f"“{day}” in the line of information has no label that is known: not taken for the date")
    article = Article(
        id=wanted,
        timestamp=timestamp,
        original=original,
        **{name: field.value for name, field in fields.items()},
        tags=tags,
        body=body,
        note=note if style.keeps_note else "",
        bloggers=tuple(filter(None, bloggers)),
        sources=sources | ({"tags": tag_source} if tags else {}),
        faults=(*faults, *stated, *problems),
        images=images,
    )
    return article, tuple(found)


def _converted(part: Tag, style: Style, found: list[str], problems: list[str]) -> str:
    """A part as Markdown; what preparing and checking it bring up goes into the two lists."""
    problems += prepare_region(part)
    seen = visible(part)
    text = _CONVERTER.convert_region(part, style)
    found += differences(seen, text)
    return text


def _blogger(block: Tag, sure: bool, style: Style, found: list[str], problems: list[str]) -> Blogger | None:
    """A block as the format has it; None without a name, which is a problem if it says anything."""
    drop_twins(block)
    name, saying = name_in(block, sure=sure)
    picture = picture_of(block)
    if not name:
        problems += ["a block about a blogger without a name is left out"] if one_line(block.get_text()) else []
        return None
    address = raw.source(picture) if picture is not None else ""
    for part in filter(None, (*saying, picture)):
        part.extract()
    return Blogger(name, style.image(address) if address else "", _converted(block, style, found, problems))
