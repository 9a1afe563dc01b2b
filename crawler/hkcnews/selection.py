"""Searching a page. What nearly every page is searched for is found in one go, since each search goes through the whole
page."""

from __future__ import annotations

import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.hkcnews.layout import LAYOUTS, ancestors

_ELEMENTS = frozenset({"h1", "link", "meta", "img"})
_WITHOUT_CLASS = ("link", "meta", "img")
"""Elements whose class says nothing of an article's parts."""
_CLASS = re.compile(r"\.([\w-]+)\Z")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TAGS = "tags"
_CLASSES = frozenset(
    found[1]
    for layout in LAYOUTS
    for selectors in (layout.content, layout.category, layout.info, layout.blogger, layout.note)
    for selector in selectors
    if (found := _CLASS.match(selector))
) | {_TAGS}
_TOGETHER = (*sorted(_ELEMENTS), *(f".{name}" for name in sorted(_CLASSES)))
_IN_TAGS = f".{_TAGS} "


class Selection:
    """The nodes of a page by selector, each looked for once."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._found: dict[str, list[LexborNode]] = {}

    def of(self, selector: str) -> list[LexborNode]:
        """The nodes for a selector, in the page's order."""
        if selector not in self._found:
            if selector in _TOGETHER:
                self._search()
            elif selector.startswith(_IN_TAGS):
                inner = selector.removeprefix(_IN_TAGS)
                around = outermost(self.of(_IN_TAGS.strip()))
                self._found[selector] = [node for one in around for node in one.css(inner) if node.mem_id != one.mem_id]
            else:
                self._found[selector] = self._tree.css(selector)
        return self._found[selector]

    def _search(self) -> None:
        found: dict[str, list[LexborNode]] = {selector: [] for selector in _TOGETHER}
        seen: set[int] = set()
        for node in self._tree.css(", ".join(_TOGETHER)):
            place, tag = node.mem_id, node.tag or ""
            if place in seen:  # a node is given once for each selector that it matches
                continue
            seen.add(place)
            if tag in found:
                found[tag].append(node)
            if tag not in _WITHOUT_CLASS and (names := node.attributes.get("class")):
                for name in _CLASSES.intersection(_SPACES.split(names)):
                    found[f".{name}"].append(node)
        self._found.update(found)


def outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Those that stand in none of the others."""
    if len(nodes) < 2:
        return nodes
    own = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(around.mem_id in own for around in islice(ancestors(node), 1, None))]
