"""HTML elements by what they are in a text: blocks, containers, headings, frames."""

from __future__ import annotations

from bs4 import Tag

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
    return any(isinstance(child, Tag) and (child.name in BLOCKS or holds_block(child)) for child in node.children)
