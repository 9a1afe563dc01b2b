"""Whose tags and category: the article's, which stand with its title and body, or a widget's in a column or near the
foot of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby, pairwise

from selectolax.lexbor import LexborNode

from crawler.hkcnews.layout import ancestors, element_before
from crawler.hkcnews.page import Page, common_ancestor, is_within, nearest, once
from crawler.hkcnews.text import one_line

_CALLED = re.compile(
    r"side-?bar|widget|hot(?:test|[-_]?(?:tag|topic|word|key))|tag-?cloud|popular|trend|recommend|ranking",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"熱門|熱搜|熱話|最熱|流行|人氣|推薦|推介|更多|所有|全部|其他|最新|\b(?:Hot|Popular|Trending|Latest|Recommended|More|All|Top)\b",
    re.IGNORECASE,
)
_LABELS = frozenset(
    {"h2", "h3", "h4", "h5", "h6", "p", "div", "span", "strong", "b", "label", "header", "legend", "li"}
)
_LONGEST_LABEL = 16
_MOST_LISTS = 50
"""Lists that are looked at, the nearest to the body first; an article has one or two."""

Words = Callable[[], Collection[str] | None]
"""What metadata has of the same kind as the nodes, in lower case; None where it says nothing of the kind."""


def own(page: Page, nodes: Sequence[LexborNode], words: Words = lambda: None) -> list[LexborNode]:
    """Of nodes in the page's order those that are the article's and no widget's; a list is the one or the other as a
    whole."""
    if not nodes or page.content is None or page.degraded:
        return list(nodes)
    if _list_around(nodes[0]) == _list_around(nodes[-1]):  # and all between them
        lists = [list(nodes)]
    else:
        lists = [list(group) for _, group in groupby(nodes, _list_around)]
    return [node for group in lists[:_MOST_LISTS] if _is_own(page, page.content, group, words) for node in group]


def is_labelled(page: Page, node: LexborNode) -> bool:
    """Whether a label before the node, or before what it stands in, says that it is one of a list."""
    if page.content is None or is_within(node, page.content):
        return False
    _, branch = _branches(page.content, node)
    return any(map(_has_label, _up_to(node, branch)))


def is_at_home(page: Page, node: LexborNode) -> bool:
    """Whether the node stands in the innermost element around title and body; also where that is the whole page, or
    there is no title."""
    home = _home(page)
    return home is None or home.tag in ("html", "body") or is_within(node, home)


@once
def _home(page: Page) -> LexborNode | None:
    titles = nearest(page, "h1", closest=True)
    return common_ancestor(titles[0], page.content) if titles and page.content is not None else None


def _list_around(node: LexborNode) -> int:
    around = node.parent
    if around is not None and around.tag == "li":
        around = around.parent
    return around.mem_id if around is not None else 0


def _is_own(page: Page, content: LexborNode, group: Sequence[LexborNode], words: Words) -> bool:
    first = group[0]
    own_branch, branch = _branches(content, first)
    for around in _up_to(first, branch):
        attributes = around.attributes if around.mem_id != first.mem_id else {}
        if any(_CALLED.search(attributes.get(name) or "") for name in ("class", "id")) or _has_label(around):
            return False
    siblings = list(branch.parent.iter()) if branch.parent is not None else []
    places = [node.mem_id for node in siblings]
    start, end = places.index(own_branch.mem_id), places.index(branch.mem_id)
    between = [node for node in siblings[start + 1 : end + 1] if node.is_element_node]
    listing = ", ".join(page.layout.listing)
    if any(node.css_first(listing) is not None for node in between):  # what follows one is not the article's
        return False
    if is_at_home(page, first):
        return True
    said = words()
    return end <= start if said is None else any(one_line(node.text()).lower() in said for node in group)


def _branches(content: LexborNode, node: LexborNode) -> tuple[LexborNode, LexborNode]:
    """What holds the body, and what holds the node, right in the innermost element around both."""
    chain = {around.mem_id: below for below, around in pairwise(ancestors(content))}
    for below, around in pairwise(ancestors(node)):
        if around.mem_id in chain:
            return chain[around.mem_id], below
    return content, node


def _up_to(node: LexborNode, branch: LexborNode) -> Iterator[LexborNode]:
    for around in ancestors(node):
        yield around
        if around.mem_id == branch.mem_id:
            break


def _has_label(node: LexborNode) -> bool:
    """Whether the element right before it is a widget's label."""
    before = element_before(node)
    if before is None or before.tag not in _LABELS or before.css_first("a") is not None:
        return False
    text = one_line(before.text())
    return len(text) <= _LONGEST_LABEL and _LABEL.search(text) is not None
