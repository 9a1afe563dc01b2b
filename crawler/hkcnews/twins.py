"""The same thing twice, for wide and for narrow windows: by Bootstrap's classes, of which the site's pages are made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from bs4 import Tag
from selectolax.lexbor import LexborNode

from crawler.hkcnews.aside import ancestors

_NARROW = re.compile(r"(?:^|\s)(?:visible-(?:xs|sm)(?:-\w+)?|hidden-(?:md|lg)|d-(?:sm|md|lg)-none)(?=\s|$)")
_WIDE = re.compile(r"(?:^|\s)(?:hidden-(?:xs|sm)|visible-(?:md|lg)(?:-\w+)?|d-none)(?=\s|$)")
NARROW_ONES = "[class*=visible-xs], [class*=visible-sm], .hidden-md, .hidden-lg, .d-sm-none, .d-md-none, .d-lg-none"
"""What `drop_narrow` may drop, as a selector."""
_AROUND = 3


def is_narrow(node: LexborNode) -> bool:
    """Whether it is shown in narrow windows only: it itself or one of the two elements around it."""
    return any(_NARROW.search(around.attributes.get("class") or "") for around in islice(ancestors(node), _AROUND))


def wide_first(nodes: Iterable[LexborNode]) -> list[LexborNode]:
    """The nodes in their order, those for narrow windows last: what they say may be shortened."""
    found = list(nodes)
    return sorted(found, key=is_narrow) if len(found) > 1 else found


def distinct(nodes: list[LexborNode]) -> list[LexborNode]:
    """The nodes in their order without those that say the same as another one, for wide windows where there is one."""
    if len(nodes) < 2:
        return nodes
    kept = {"".join(node.text().split()) or node.html: node.mem_id for node in reversed(wide_first(nodes))}
    return [node for node in nodes if node.mem_id in kept.values()]


def is_twin(node: LexborNode, first: LexborNode) -> bool:
    """Whether a node says the same as the first of its kind once more, or says it for narrow windows."""
    text = "".join(node.text().split())
    return (text == "".join(first.text().split()) if text else node.html == first.html) or (is_narrow(node) and not is_narrow(first))


def drop_narrow(region: Tag) -> None:
    """Take out what is for narrow windows, if there is something for wide ones."""
    marked = [(part, " ".join(part.get_attribute_list("class"))) for part in region.find_all(class_=True)]
    if any(_WIDE.search(classes) for _, classes in marked):
        for part, classes in marked:
            if _NARROW.search(classes) and not part.decomposed:
                part.decompose()
