"""What stays HTML in the Markdown: captions of figures, and tables that pipes cannot carry."""

from __future__ import annotations

import re

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.markdown.escape import attribute, escape_html
from crawler.markdown.style import Style

_INLINE = frozenset({"a", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "code", "br"})
_TABLE = _INLINE.union(
    ("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "p", "ul", "ol", "li", "blockquote", "img", "figure", "figcaption"),
    ("h1", "h2", "h3", "h4", "h5", "h6"),
)
_VOID = frozenset({"br", "img"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-href")


def source(node: Tag) -> str:
    """The address of a picture or frame; of lazily loaded ones the real one, not the placeholder's."""
    src = str(node.get("src") or node.get("data") or "").strip()
    lazy = next((str(node.get(name)).strip() for name in _LAZY if node.get(name)), "")
    if lazy and (not src or src.startswith(("data:", "about:"))):
        return lazy
    if not src:
        inner = node.find(["source", "embed"], src=True)
        return str(inner["src"]).strip() if isinstance(inner, Tag) else ""
    return "" if src.startswith("about:") else src


def caption(figure: Tag, style: Style) -> str:
    """The text of a figure that is not a picture, as HTML on one line; its links and emphasis stay HTML."""
    found = figure.find("figcaption")
    parts = [_html(child, style, _INLINE) for child in (found if isinstance(found, Tag) else figure).children]
    if isinstance(found, Tag):
        parts += ["" if child is found else _html(child, style, _INLINE) for child in figure.children]
    text = _SPACES.sub(" ", "".join(parts)).strip(" ")
    return re.sub(r"^(?:<br>| )+|(?:<br>| )+$", "", text)


def table(node: Tag, style: Style) -> str:
    """A table as HTML without blank lines (one would end it as an HTML block)."""
    return re.sub(r"\s*\n\s*", "\n", _html(node, style, _TABLE)).strip()


def _html(node: PageElement, style: Style, kept: frozenset[str]) -> str:
    if isinstance(node, NavigableString):
        return "" if isinstance(node, Comment) else escape_html(_SPACES.sub(" ", str(node)))
    if not isinstance(node, Tag):
        return ""
    inner = "".join(_html(child, style, kept) for child in node.children)
    name = node.name
    if name == "iframe" and kept is _TABLE and source(node):
        return '{{< video src="' + attribute(style.frame(source(node))) + '" >}}'
    if name not in kept or (name == "img" and not source(node)):
        return inner
    attributes = _attributes(node, style)
    if name == "a" and not attributes:
        return inner
    line = "\n" if name in ("table", "tr", "thead", "tbody") else ""
    return f"<{name}{attributes}>{line}" if name in _VOID else f"<{name}{attributes}>{line}{inner}</{name}>{line}"


def _attributes(node: Tag, style: Style) -> str:
    if node.name == "a":
        target = style.link(str(node.get("href") or ""))
        return f' href="{attribute(target)}"' if target else ""
    if node.name == "img":
        return f' src="{attribute(style.image(source(node)))}" alt="{attribute(str(node.get("alt") or ""))}"'
    if node.name in ("td", "th"):
        spans = ((name, str(node.get(name) or "")) for name in ("rowspan", "colspan"))
        return "".join(f' {name}="{value}"' for name, value in spans if value.isascii() and value.isdigit() and value != "1")
    return ""
