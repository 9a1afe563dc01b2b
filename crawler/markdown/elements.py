"""HTML elements by what they are in a text: blocks, containers, headings, frames."""

from __future__ import annotations

from collections.abc import Container

from bs4 import Tag
from bs4.element import PageElement

CONTAINERS = frozenset(
    (
        *("address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset"),
        *("figcaption", "footer", "form", "header", "hgroup", "html", "legend", "li", "main", "menu", "nav", "p", "section", "summary"),
        *("tbody", "td", "tfoot", "th", "thead", "tr", "[document]"),
    )
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
FRAMES = ("iframe", "video", "audio", "embed", "object")
BLOCKS = CONTAINERS.union(HEADINGS, FRAMES, ("hr", "pre", "table", "figure", "blockquote", "ul", "ol"))


def holds_block(node: Tag) -> bool:
    """Whether a block stands anywhere inside."""
    return holds(node, BLOCKS)


def holds(node: Tag, names: Container[str]) -> bool:
    """Whether an element with one of these names stands anywhere inside; BeautifulSoup's own search takes many times longer."""
    for child in node.contents:  # noqa: SIM110 - a loop takes half the time
        if isinstance(child, Tag) and (child.name in names or holds(child, names)):
            return True
    return False


def enclosing(node: PageElement, name: str) -> Tag | None:
    """The innermost element with this name around a node."""
    around = node.parent
    while around is not None and around.name != name:
        around = around.parent
    return around
