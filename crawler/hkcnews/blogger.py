"""The block about the blogger that follows 38% of the bodies: where a page has it, and whose name stands in it."""

from __future__ import annotations

import re
from itertools import islice

from bs4 import Tag
from selectolax.lexbor import LexborNode

from crawler.hkcnews.aside import ancestors, ids, inside
from crawler.hkcnews.layout import BLOGGER_NAME
from crawler.hkcnews.page import Page, is_within, nearest, ranked
from crawler.hkcnews.selection import outermost
from crawler.hkcnews.text import one_line
from crawler.markdown.elements import HEADINGS

_SPACES = re.compile(r"\s+")
_NAMING = frozenset({*HEADINGS, "strong", "b", "p", "div", "span", "a"})
_LONGEST_NAME = 80


def blogger_blocks(page: Page) -> list[LexborNode]:
    """The elements with a blogger's picture, name and biography, in the page's order: those that the layout names so; else the widest
    around the picture that holds nothing else."""
    if found := by_layout(page):
        return found
    picture, content = avatar(page), page.content
    if picture is None or content is None:
        return []
    others = [node for node in (content, *page.rest, *page.select("h1")) if not is_within(picture, node)]
    block = picture
    for around in ancestors(picture):
        if around.tag in ("html", "body") or around.mem_id == content.mem_id or any(is_within(other, around) for other in others):
            break
        block = around
        if _words(around) > _words(picture.parent or picture) + 1:
            break
    return [block] if block.mem_id != picture.mem_id else []


def by_layout(page: Page) -> list[LexborNode]:
    """The blocks that the layout names so. Unlike what else stands aside, they may be asides themselves."""
    for selector in page.layout.blogger:
        nodes = [node for node in page.select(selector) if node.parent is None or not page.aside.holds(node.parent)]
        if nodes:
            return outermost(ranked(page, nodes, within=True, closest=True))
    return []


def avatar(page: Page) -> LexborNode | None:
    """The picture of the blogger whose block stands in or after the body."""
    elsewhere: frozenset[int] | None = None
    for selector in page.layout.avatar:
        for node in nearest(page, selector, within=True):
            if elsewhere is None:
                elsewhere = ids(page.tree, ".article-info, header, figure")
            if not inside(node, elsewhere) and (selector != page.layout.avatar[-1] or _is_named(node)):
                return node
    return None


def _is_named(picture: LexborNode) -> bool:
    """Whether what describes the picture is a blogger's name that stands beside it as well: other pictures hold bars, too."""
    name = _squeezed(picture.attributes.get("alt") or "")
    beside = islice(ancestors(picture), 1, 4)
    return bool(BLOGGER_NAME.match(name)) and any(_squeezed(around.text()).startswith(name) for around in beside)


def _words(node: LexborNode) -> int:
    return len([part for part in node.text(separator="\n", strip=True).split("\n") if part])


def _squeezed(text: str) -> str:
    return _SPACES.sub("", text)


def picture_of(block: Tag) -> Tag | None:
    """The blogger's picture: the first of the block."""
    return next((part for part in block.descendants if isinstance(part, Tag) and part.name == "img"), None)


def name_in(block: Tag, *, sure: bool) -> tuple[str, Tag | None]:
    """The blogger's name, empty if the block has none, and the element with it, None where only the picture's description has it.

    `sure`: that it is a blogger's block is known, so that his name need not be of the form `博客 | 名`.
    """
    picture = picture_of(block)
    alt = one_line(str(picture.get("alt") or "")) if picture is not None else ""
    elements = [part for part in block.descendants if isinstance(part, Tag)]
    if alt and (sure or BLOGGER_NAME.match(alt)):
        same = next((element for element in elements if _squeezed(element.get_text()) == _squeezed(alt)), None)
        if same is not None:
            return one_line(same.get_text()), same
    for element in elements:
        if element.name in _NAMING and not any(isinstance(part, Tag) for part in element.contents):
            text = one_line(element.get_text())
            if BLOGGER_NAME.match(text) and len(text) < _LONGEST_NAME:
                return text, element
    if BLOGGER_NAME.match(alt):
        return alt, None
    heading = next((element for element in elements if element.name in HEADINGS and one_line(element.get_text())), None) if sure else None
    return (one_line(heading.get_text()), heading) if heading is not None else (alt if sure else "", None)
