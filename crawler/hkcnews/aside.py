"""Where a node stands on a page: what is around it, and whether that is a listing, navigation or the foot of the page."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.hkcnews.layout import simple


class Aside:
    """What a layout leaves aside on a page or in an element, by simple selectors. Few nodes are asked about, so these are looked
    at with what is around them; the whole is searched only when one looks like it."""

    def __init__(self, whole: LexborHTMLParser | LexborNode, selectors: tuple[str, ...]) -> None:
        self._whole = whole
        self._top = whole.mem_id if isinstance(whole, LexborNode) else 0
        self._selectors = selectors
        self._simple = simple(selectors)
        self._held: dict[int, bool] = {}
        self._nodes: frozenset[int] | None = None

    def holds(self, node: LexborNode) -> bool:
        """Whether the node is left aside, or stands in what is."""
        on_the_way: list[int] = []
        held: bool | None = None
        for around in ancestors(node):
            place = around.mem_id
            if (held := self._held.get(place)) is not None:
                break
            on_the_way.append(place)
            if self._looks_like_it(around) and place in self._all():
                held = True
                break
            if place == self._top:  # nothing around it is searched
                break
        self._held.update(dict.fromkeys(on_the_way, bool(held)))
        return bool(held)

    def _looks_like_it(self, node: LexborNode) -> bool:
        """Whether it may match: in capital letters, too, which match in pages without a doctype only."""
        if not node.is_element_node:
            return False
        tags, classes, attributes = self._simple
        own = node.attributes
        if node.tag in tags or not attributes.isdisjoint(own):
            return True
        return bool(own) and not classes.isdisjoint((own.get("class") or "").lower().split())

    def _all(self) -> frozenset[int]:
        if self._nodes is None:
            self._nodes = ids(self._whole, ", ".join(self._selectors))
        return self._nodes


def ids(whole: LexborHTMLParser | LexborNode, selector: str) -> frozenset[int]:
    """The identities of the nodes that match, for asking what stands inside them."""
    return frozenset([node.mem_id for node in whole.css(selector)])


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """The node and all around it, innermost first."""
    current: LexborNode | None = node
    while current is not None:
        yield current
        current = current.parent


def inside(node: LexborNode, containers: frozenset[int]) -> bool:
    """Whether the node is one of these, or stands in one of them."""
    return any(ancestor.mem_id in containers for ancestor in ancestors(node))
