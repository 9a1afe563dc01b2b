"""Who a blogger's block is about; and whom a page names as its blogger without having a block about him."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bs4 import Comment, Tag
from bs4.element import PageElement

from crawler.hkcnews.blogger import ROLE, is_author, listing, squeezed
from crawler.hkcnews.fields import find
from crawler.hkcnews.layout import BAR, BLOGGER_NAME, ROLES
from crawler.hkcnews.page import Page
from crawler.hkcnews.text import one_line
from crawler.hkcnews.twins import drop_narrow
from crawler.hkcnews.widget import is_labelled
from crawler.markdown import raw
from crawler.markdown.elements import HEADINGS, holds_block

_NAMING = frozenset({*HEADINGS, "strong", "b", "p", "div", "span", "a"})
_LONGEST_NAME = 80
_MOST_READ = 4_000_000
"""Characters, each as often as elements are around it; the longest page has a tenth of that."""
_SAYING = "h1, h2, h3, h4, h5, h6, p, div, span, a, strong, b, em, i, li, td, th, dt, dd, figcaption, label, small, font, img"
_BAR_BEHIND = re.compile(rf"s?(?:\s|<[^<>]{{0,200}}>|&(?:nbsp|#160);){{0,20}}(?:[{BAR}]|&(?:#124|vert|verbar);)")


def named_without_block(page: Page) -> str:
    """The blogger whom a page names with his role, for one that has no block about him; empty if it names none, or lists several."""
    if not _is_role_in(page.source):
        return ""
    author = find(page, "author").value
    named = [author] if ROLE.match(squeezed(author)) else []
    read = 0
    for node in page.select(_SAYING):
        if read > _MOST_READ:
            break
        text = (node.attributes.get("alt") or "") if node.tag == "img" else node.text()
        read += len(text)
        is_name = len(text) < 2 * _LONGEST_NAME and ROLE.match(squeezed(text)) and len(one_line(text)) < _LONGEST_NAME
        if is_name and not listing(page).holds(node) and (is_author(page, squeezed(text)) or not is_labelled(page, node)):
            named.append(one_line(text))
    whole = {squeezed(name) for name in named}
    several = len([name for name in whole if not any(name != other and name.startswith(other) for other in whole)]) > 1
    return min((name for name in named if not several or is_author(page, squeezed(name))), key=len, default="")


def _is_role_in(source: str) -> bool:
    """Whether a role with a bar behind it stands in a page's source: what nearly no page has need not be looked for in its tree."""
    for role in ROLES:
        at = source.find(role)
        while at >= 0:
            if _BAR_BEHIND.match(source, at + len(role)):
                return True
            at = source.find(role, at + 1)
    return False


def picture_of(block: Tag) -> Tag | None:
    """The blogger's picture: the first of the block."""
    return next((part for part in block.descendants if isinstance(part, Tag) and part.name == "img"), None)


def name_in(block: Tag, *, sure: bool) -> tuple[str, list[PageElement]]:
    """The blogger's name, empty if the block has none, and what says it beside his picture's description.

    `sure`: that it is a blogger's block is known, so that his name need not be of the form `博客 | 名`.
    """
    picture = picture_of(block)
    alt = one_line(str(picture.get("alt") or "")) if picture is not None else ""
    elements = [part for part in block.descendants if isinstance(part, Tag)]
    if alt and (sure or BLOGGER_NAME.match(alt)):
        same = next((element for element in elements if squeezed(element.get_text()) == squeezed(alt)), None)
        if same is not None:
            return one_line(same.get_text()), [same]
    saying = _saying(block, elements)
    if saying is not None:
        return one_line(saying.get_text()), [saying]
    if BLOGGER_NAME.match(alt):
        parts = {squeezed(part) for part in re.split(f"[{BAR}]", alt)}
        return alt, [element for element in elements if not element.find(True) and squeezed(element.get_text()) in parts]
    heading = next((element for element in elements if element.name in HEADINGS and one_line(element.get_text())), None) if sure else None
    return (one_line(heading.get_text()), [heading]) if heading is not None else (alt if sure else "", [])


def _saying(block: Tag, elements: Sequence[Tag]) -> PageElement | None:
    """What says `博客 | 名` and nothing else: an element, the smaller the better, or a text without one."""
    named = [element for element in elements if element.name in _NAMING and not holds_block(element) and _is_name(element.get_text())]
    named = [element for element in named if element.find("br") is None]
    leaf = next((element for element in named if not any(isinstance(part, Tag) for part in element.contents)), None)
    smallest = leaf or min(named, key=lambda element: len(element.get_text()), default=None)
    return smallest or next((text for text in block.find_all(string=True) if not isinstance(text, Comment) and _is_name(text)), None)


def _is_name(text: str) -> bool:
    return BLOGGER_NAME.match(text) is not None and len(one_line(text)) < _LONGEST_NAME


def drop_twins(block: Tag) -> None:
    """Take out of a block what is there once more for narrow windows, and its picture where that stands there again."""
    drop_narrow(block)
    pictures = block.find_all("img")
    for other in pictures[1:]:
        if raw.source(other) == raw.source(pictures[0]):
            other.extract()
