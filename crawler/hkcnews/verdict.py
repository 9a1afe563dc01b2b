"""What a capture's page is: the article that was asked for, or why it is not; and whether it was cut off."""

import re
from dataclasses import dataclass

from crawler.hkcnews.blogger import blogger_blocks
from crawler.hkcnews.fields import find_field, find_tags, info_line, is_sites, labelled
from crawler.hkcnews.layout import BYLINE, ERROR, FAREWELL, NOT_FOUND, PUBLISHED, ancestors, element_before
from crawler.hkcnews.page import END, Page, common_ancestor, is_within, metadata
from crawler.hkcnews.text import one_line
from crawler.hkcnews.urls import HOST, article_id
from crawler.utils.text import ExplainedEnum


class Verdict(ExplainedEnum):
    """All that a capture can turn out to be, and what that means, for people. Only ARTICLE is written; each other one
    leads to the next capture."""

    ARTICLE = "article", "the article"
    FAREWELL = "farewell", "the farewell page that answered every address after the closing"
    BLANK = "blank", "the article template without title and text"
    NOT_FOUND = "not_found", "the site's own not-found page"
    CUT_OFF = "cut_off", "cut off before the end of the article"
    NOT_HTML = "not_html", "not an HTML page"
    OTHER_ARTICLE = "other_article", "a page that names itself as another article"
    ARCHIVED_ERROR = "archived_error", "an error of the site, archived"
    UNDECODABLE = "undecodable", "bytes that cannot be decompressed"
    UNKNOWN_LAYOUT = "unknown_layout", "a page of a layout that is not known"
    UNFAITHFUL = "unfaithful", "an article whose recovery lost or added something"
    EXTRACTION_FAILED = "extraction_failed", "a page that took too long, too much memory, or broke the extraction"


MEANINGS = {verdict.value: verdict.meaning for verdict in Verdict if verdict is not Verdict.ARTICLE}
"""Why an article is missing, as the ledger has it, and in words."""
ANY_ARTICLE = frozenset({Verdict.FAREWELL, Verdict.BLANK, Verdict.NOT_FOUND, Verdict.NOT_HTML, Verdict.UNDECODABLE})
"""Verdicts that hold for the same bytes under any article's address."""

_OTHER_FORMATS = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"PK\x03\x04", b"\x1f\x8b")
_SNIFFED = 8192
_HTML = re.compile(rb"<\s*(?:!doctype|html|head|body|div|article|section|p|h1|meta|title)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it rests on, in words."""

    verdict: Verdict
    because: str = ""


def judge_answer(status: int, body: bytes) -> Judgement | None:
    """A verdict from the archived status and the bytes alone; None when the page has to be read."""
    if status in (404, 410):
        return Judgement(Verdict.NOT_FOUND, f"archived with status {status}")
    if status != 200:
        return Judgement(Verdict.ARCHIVED_ERROR, f"archived with status {status}")
    start = len(body) - len(body.lstrip()) if body[:1].isspace() else 0  # a page is long, and seldom begins with space
    if start == len(body):
        return Judgement(Verdict.BLANK, "no bytes")
    beginning = body[start : start + _SNIFFED].replace(b"\0", b"")  # in UTF-16 every other byte is one
    if beginning.startswith(_OTHER_FORMATS) or not _HTML.search(beginning):
        return Judgement(Verdict.NOT_HTML, f"begins with {body[:12]!r}")
    return None


def judge_page(page: Page, wanted: int) -> Judgement:
    """The verdict on a page that was captured under the address of article `wanted`."""
    title = find_field(page, "title").value
    if "".join(title.split()).startswith(FAREWELL) and not (page.substance and _is_stated(page, "date", "author")):
        return Judgement(Verdict.FAREWELL, f"titled “{title}”")
    if named := _named(page, wanted):
        return Judgement(Verdict.OTHER_ARTICLE, f"names itself article {named}")
    if instead := _instead(page, title):
        return instead
    if is_truncated(page):
        return Judgement(Verdict.CUT_OFF, "no end of the article nor of the document")
    if page.content is None:
        return Judgement(Verdict.UNKNOWN_LAYOUT, "no element that we know to hold the body")
    if not page.substance:
        return Judgement(Verdict.BLANK, "nothing in the element that holds the body")
    if not title:
        return Judgement(Verdict.BLANK, "no title anywhere on the page")
    if not _is_stated(page, "date", "author", "category"):
        tags, source = find_tags(page)
        if source.endswith("keywords") or all(map(is_sites, tags)):  # any page has keywords, and the site's name
            because = "neither date nor byline, category or tags: every article has some of these"
            return Judgement(Verdict.UNKNOWN_LAYOUT, because)
    return Judgement(Verdict.ARTICLE)


def _is_stated(page: Page, *fields: str) -> bool:
    """Whether the page has one of these fields; a date that cannot be right was meant to be one."""
    return any(find_field(page, name).value for name in fields) or _has_line(page)


def _has_line(page: Page) -> bool:
    """Whether a line of information says who or when; that of the template has only its labels."""
    return any(labelled(info_line(page), label) for label in (PUBLISHED, BYLINE))


def _named(page: Page, wanted: int) -> int | None:
    """The other article as which the page's canonical address or `og:url` names it."""
    links = (link.attributes for link in page.select("link"))
    canonical = next((link.get("href") for link in links if (link.get("rel") or "").lower() == "canonical"), None)
    for address in (canonical or "", metadata(page, "og:url")):
        whole = f"//{HOST}{address}" if address.startswith("/article/") else address
        named = article_id(f"https:{whole}" if whole.startswith("//") else whole)
        if named is not None:
            return None if named == wanted else named
    return None


def _instead(page: Page, title: str) -> Judgement | None:
    """The verdict on a page that says by its title that it is none of the site's articles; only one with the line of
    information may be called so and be an article."""
    heading = next((one_line(node.text()) for node in page.select("h1")), "")
    called = heading or title
    if page.substance and _has_line(page):
        return None
    if NOT_FOUND.search(called) and (heading or page.substance or page.content is None):
        return Judgement(Verdict.NOT_FOUND, f"titled “{called}”")
    return Judgement(Verdict.ARCHIVED_ERROR, f"titled “{called}”") if ERROR.search(called) else None


def is_truncated(page: Page) -> bool:
    """Whether the document ends inside the article: the end mark, set after the last byte, fell into what encloses
    title, body and blogger's block, or into an unfinished tag, comment or script."""
    if page.whole:
        return False
    mark = page.tree.css_first(f"#{END}")
    if mark is None or page.content is None:
        return True
    parts = [page.content, *page.rest, *page.select("h1")[:1], *blogger_blocks(page)]
    wrapper = common_ancestor(*parts)
    if wrapper is None or any(is_within(mark, part) for part in parts):
        return True
    if wrapper.tag not in ("html", "body"):
        return is_within(mark, wrapper)
    # nothing but the whole page encloses them: it may not break off right after one of them
    around = (node for node in ancestors(mark) if node.parent is not None and node.parent.mem_id == wrapper.mem_id)
    last = next(around, mark)
    before = element_before(mark) if last.mem_id == mark.mem_id else last
    return before is None or any(is_within(part, before) for part in parts)
