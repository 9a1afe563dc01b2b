"""Whether a document breaks off inside the article."""

from __future__ import annotations

from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from crawler.hkcnews.aside import ancestors
from crawler.hkcnews.blogger import blogger_blocks
from crawler.hkcnews.page import END, Page, common_ancestor, is_within


def was_cut(page: Page) -> bool:
    """Whether the document ends inside the article: the end mark, set after the last byte, fell into what encloses title,
    body and blogger's block, or into an unfinished tag, comment or script."""
    if page.whole:
        return False
    mark = page.tree.css_first(f"#{END}")
    if mark is None:
        return True
    if page.content is None:
        return True
    parts = [page.content, *page.rest, *page.select("h1")[:1], *blogger_blocks(page)]
    wrapper = common_ancestor(*parts)
    if wrapper is None or any(is_within(mark, part) for part in parts):
        return True
    if wrapper.tag not in ("html", "body"):
        return is_within(mark, wrapper)
    return _follows_directly(mark, wrapper, parts)


def _follows_directly(mark: LexborNode, around: LexborNode, parts: Iterable[LexborNode]) -> bool:
    """For parts that nothing but the whole page encloses: whether the page breaks off right after one of them."""
    last = next((node for node in ancestors(mark) if node.parent is not None and node.parent.mem_id == around.mem_id), mark)
    before = mark.prev if last.mem_id == mark.mem_id else last
    while before is not None and not before.is_element_node:
        before = before.prev
    return before is None or any(is_within(part, before) for part in parts)
