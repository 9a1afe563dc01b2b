"""Searching a page. What nearly every page is searched for is found in one go, since each search goes through the whole
page."""

from __future__ import annotations

import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.hkcnews.layout import LAYOUTS, ancestors, search

_WITHOUT_CLASS = ("img", "link", "meta")
"""Elements whose class says nothing of an article's parts."""
_CLASS = re.compile(r"\.[\w-]+")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TAGS = ".tags"
_PARTS = {
    selector
    for layout in LAYOUTS
    for selector in (layout.content[0], *layout.category, *layout.info, *layout.blogger, _TAGS)
    if _CLASS.fullmatch(selector)
}
"""What every page is searched for: its parts are called so."""


class Selection:
    """The nodes of a page by selector, each looked for once."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._found: dict[str, list[LexborNode]] = {}

    def of(self, selector: str) -> list[LexborNode]:
        """The nodes for a selector, in the page's order."""
        if selector not in self._found:
            if selector in _PARTS:
                self._search()
            elif selector.isalnum():  # the name of an element, for which a collection takes a third of the time
                self._found[selector] = self._tree.tags(selector)
            elif selector.startswith(f"{_TAGS} "):
                inner = selector.removeprefix(f"{_TAGS} ")
                around = outermost(self.of(_TAGS))
                self._found[selector] = [
                    node for one in around for node in search(one, inner) if node.mem_id != one.mem_id
                ]
            else:
                self._found[selector] = search(self._tree, selector)
        return self._found[selector]

    def _search(self) -> None:
        found: dict[str, list[LexborNode]] = {selector: [] for selector in _PARTS}
        seen: set[int] = set()
        for node in search(self._tree, ", ".join(_PARTS)):
            if node.mem_id in seen or node.tag in _WITHOUT_CLASS:  # given once for each selector that it matches
                continue
            seen.add(node.mem_id)
            for selector in {f".{name}" for name in _SPACES.split(node.attributes.get("class") or "")} & _PARTS:
                found[selector].append(node)
        self._found.update(found)


def outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Those that stand in none of the others."""
    if len(nodes) < 2:
        return nodes
    own = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(around.mem_id in own for around in islice(ancestors(node), 1, None))]
