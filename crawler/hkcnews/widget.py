"""Whose tags and category: the article's, which stand with its title and body, or a widget's in a column or a foot."""

import re
from collections.abc import Callable, Collection, Sequence
from itertools import groupby, islice, takewhile

from selectolax.lexbor import LexborNode

from crawler.hkcnews.layout import ancestors, element_before, search
from crawler.hkcnews.page import Page, around_body, common_ancestor, is_within, nearest, once
from crawler.hkcnews.text import one_line

_CALLED = re.compile(
    r"(?i)side-?bar|widget|hot(?:test|[-_]?(?:tag|topic|word|key))|tag-?cloud|popular|trend|recommend|ranking"
)
_LABEL = re.compile(
    r"(?i)熱門|熱搜|熱話|最熱|流行|人氣|推薦|推介|更多|所有|全部|其他|最新|\b(?:Hot|Popular|Trending|Latest|Recommended|More|All|Top)\b"
)
_LABELS = frozenset(
    {"h2", "h3", "h4", "h5", "h6", "p", "div", "span", "strong", "b", "label", "header", "legend", "li"}
)
_LONGEST_LABEL = 16
_MOST_LISTS = 50
"""Lists that are looked at, the nearest to the body first; an article has one or two."""

Words = Callable[[Page], Collection[str] | None]
"""What metadata has of the same kind as the nodes, in lower case; None where it says nothing of the kind."""


def own(page: Page, nodes: Sequence[LexborNode], words: Words = lambda _: None) -> list[LexborNode]:
    """Of nodes in the page's order the article's, not a widget's; a list is the one or the other as a whole."""
    if not nodes or page.content is None or page.degraded:
        return list(nodes)
    if _list_around(nodes[0]) == _list_around(nodes[-1]):  # and all between them
        lists = [list(nodes)]
    else:
        lists = [list(group) for _, group in groupby(nodes, _list_around)]
    return [node for group in lists[:_MOST_LISTS] if _is_own(page, group, words) for node in group]


def is_labelled(page: Page, node: LexborNode) -> bool:
    """Whether a label before the node, or before what it stands in, says that it is one of a list."""
    if page.content is None or is_within(node, page.content):
        return False
    return any(map(_has_label, _beside_body(page, node)))


def is_at_home(page: Page, node: LexborNode) -> bool:
    """Whether it stands in the innermost element around title and body; so does all, where that is the whole page."""
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


def _is_own(page: Page, group: Sequence[LexborNode], words: Words) -> bool:
    path = _beside_body(page, group[0])
    names = (node.attributes.get(name) or "" for node in path[1:] for name in ("class", "id"))
    if any(map(_CALLED.search, names)) or any(map(_has_label, path)):
        return False
    body, between = around_body(page), [path[-1]]
    while (before := element_before(between[-1])) is not None and before.mem_id not in body:
        between.append(before)
    is_behind, listing = before is not None, ", ".join(page.layout.listing)
    if is_behind and any(search(node, listing) for node in between):  # what follows one is not the article's
        return False
    if is_at_home(page, group[0]):
        return True
    said = words(page)
    return not is_behind if said is None else any(one_line(node.text()).lower() in said for node in group)


def _beside_body(page: Page, node: LexborNode) -> list[LexborNode]:
    """The node and what is around it, within the innermost element that holds the body too."""
    body = around_body(page)
    return [node, *takewhile(lambda around: around.mem_id not in body, islice(ancestors(node), 1, None))]


def _has_label(node: LexborNode) -> bool:
    """Whether the element right before it is a widget's label."""
    before = element_before(node)
    if before is None or before.tag not in _LABELS or search(before, "a"):
        return False
    text = one_line(before.text())
    return len(text) <= _LONGEST_LABEL and _LABEL.search(text) is not None
