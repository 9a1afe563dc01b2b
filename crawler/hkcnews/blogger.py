"""The block about the blogger that follows 38% of the bodies: where a page has it, whatever its element.

Who a blogger's block is about; and whom a page names as its blogger without having a block about him.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from bs4 import Comment, Tag
from bs4.element import PageElement
from selectolax.lexbor import LexborNode

from crawler.hkcnews.fields import find_field
from crawler.hkcnews.layout import AVATARS, BAR, BLOGGER_NAME, ROLES, Boilerplate, ancestors, distinct, drop_narrow
from crawler.hkcnews.page import Page, is_within, ranked
from crawler.hkcnews.selection import outermost
from crawler.hkcnews.text import one_line
from crawler.hkcnews.widget import is_at_home, is_labelled
from crawler.markdown import raw_html as raw
from crawler.markdown.elements import HEADINGS, elements_of, has_block

_SPACES = re.compile(r"\s+")
ROLE = re.compile(rf"(?:{'|'.join(ROLES)})s?[{BAR}](?=\S)".replace(" ", ""), re.IGNORECASE)
"""In a text without spaces."""
_AUTHORS = re.compile(rf"[、,，/&和與{BAR}]")
_ADDRESSES = ("src", "data-src", "data-original", "data-lazy-src", "srcset", "data-srcset")
_ONLY_NAME = 30
_LONGEST_BIOGRAPHY = 3000
_MOST = 20
"""Pictures and headings that are looked at; a page with more avatars lists people."""
_HEADINGS = "h2, h3, h4, h5, h6"


def blogger_blocks(page: Page) -> list[LexborNode]:
    """The elements with a blogger's picture, name and biography, in the page's order: those that the layout names so;
    else the smallest around a picture that say who it is and something of him."""
    if "bloggers" not in page.fields:
        page.fields["bloggers"] = by_layout(page) or _by_pictures(page)
    found: list[LexborNode] = page.fields["bloggers"]
    return found


def by_layout(page: Page) -> list[LexborNode]:
    """The blocks that the layout names so."""
    for selector in page.layout.blogger:
        nodes = [node for node in page.select(selector) if node.parent is None or not listing(page).holds(node.parent)]
        if nodes:
            return distinct(outermost(ranked(page, nodes, within=True, closest=True)))
    return []


def listing(page: Page) -> Boilerplate:
    """What holds other articles, or leads to them: who stands in it is not this one's author, as he may be in an aside
    or a foot."""
    if "listing" not in page.fields:
        page.fields["listing"] = Boilerplate(page.tree, (*page.layout.listing, "nav"))
    found: Boilerplate = page.fields["listing"]
    return found


def _by_pictures(page: Page) -> list[LexborNode]:
    pictures = ranked(page, [node for node in page.select("img") if _may_be(page, node)], within=True)[:_MOST]
    blocks: list[LexborNode] = []
    for picture in pictures:
        if not any(is_within(picture, block) for block in blocks):
            block = _around(page, picture, pictures)
            blocks += [block] if block is not None else []
    return _articles(
        page,
        distinct(
            [block for block in blocks if is_author(page, squeezed(block.text())) or not is_labelled(page, block)]
        ),
    )


def _may_be(page: Page, picture: LexborNode) -> bool:
    """Whether it may be the blogger's picture: by its address, or by the name in its description that stands beside it
    as well."""
    attributes = picture.attributes
    if not any(AVATARS in (attributes[name] or "") for name in _ADDRESSES if name in attributes):
        alt = attributes.get("alt") or ""
        beside = islice(ancestors(picture), 1, 4) if BLOGGER_NAME.match(alt) else ()
        if not any(squeezed(around.text()).startswith(squeezed(alt)) for around in beside):
            return False
    return not listing(page).holds(picture) and not _is_in_text(page, picture)


def _is_in_text(page: Page, picture: LexborNode) -> bool:
    """Whether it stands in the line of information, or in a figure of the body."""
    around = [
        node
        for node in ancestors(picture)
        if node.tag == "figure" or "article-info" in (node.attributes.get("class") or "")
    ]
    return any(node.tag != "figure" or (page.content is not None and is_within(node, page.content)) for node in around)


def _around(page: Page, picture: LexborNode, pictures: Sequence[LexborNode]) -> LexborNode | None:
    """The block around a blogger's picture; None if nothing that holds it is but a block."""
    others = [
        node
        for node in (page.content, *page.rest, *page.select("h1")[:_MOST])
        if node is not None and not is_within(picture, node)
    ]
    others += [other for other in pictures if _who(other) != _who(picture)]
    within = []
    for around in islice(ancestors(picture), 1, None):
        is_body = any(around.mem_id == node.mem_id for node in (page.content, *page.rest) if node is not None)
        if around.tag in ("html", "body") or is_body or any(is_within(other, around) for other in others):
            break
        within.append(around)
    alt = squeezed(picture.attributes.get("alt") or "")
    for number, around in enumerate(within):
        if _names(around, alt):
            wider = next((other for other in within[number + 1 :] if _says_more(other, alt)), None)
            return (
                around if _says_more(around, alt) or wider is None or not _is_biography(page, wider, around) else wider
            )
    return (
        _by_words(within)
        if not page.aside.holds(picture) and not any(node.tag in ("header", "figure") for node in within)
        else None
    )


def _who(picture: LexborNode) -> tuple[str | None, str | None]:
    return picture.attributes.get("src"), picture.attributes.get("alt")


def squeezed(text: str) -> str:
    """A text without any spaces."""
    return _SPACES.sub("", text)


def _names(around: LexborNode, alt: str) -> bool:
    """Whether there is a text, and it has the name; where the description has the name and role, any text will do."""
    text = squeezed(around.text())
    return bool(text) and bool(ROLE.search(text) or (len(alt) > 1 and alt in text) or ROLE.match(alt))


def _says_more(around: LexborNode, alt: str) -> bool:
    """Whether it says something beside the name."""
    text = squeezed(around.text())
    if text == alt or (
        ROLE.match(text) and len(text) <= _ONLY_NAME and not ROLE.match(alt) and not around.css_first("p")
    ):
        return False
    parts = [squeezed(part) for part in around.text(separator="\n", strip=True).split("\n")]
    return any(part and part not in alt and not (ROLE.match(part) and len(part) <= _ONLY_NAME) for part in parts)


def _is_biography(page: Page, around: LexborNode, block: LexborNode) -> bool:
    """Whether what an element has beside a block with the name alone may be the biography."""
    text = around.text()
    if len(text) > _LONGEST_BIOGRAPHY or "©" in text or around.css_first(", ".join(page.layout.listing)) is not None:
        return False
    return all(is_within(heading, block) for heading in around.css(_HEADINGS))


def _by_words(within: Sequence[LexborNode]) -> LexborNode | None:
    """The block around a picture with which no name stands: the widest that holds no more than two texts more than what
    is around it."""
    block = None
    for block in within:
        if _words(block) > _words(within[0]) + 1:
            break
    return block


def _words(node: LexborNode) -> int:
    return len([part for part in node.text(separator="\n", strip=True).split("\n") if part])


def _articles(page: Page, blocks: list[LexborNode]) -> list[LexborNode]:
    """Of several blocks those of the article: of its authors; else those that stand together with it, and if none does,
    it is a list."""
    if len(blocks) < 2:
        return blocks
    if by_author := [block for block in blocks if is_author(page, squeezed(block.text()))]:
        return by_author
    at_home = [block for block in blocks if is_at_home(page, block)]
    return [block for block in at_home if block.parent == at_home[0].parent]


def is_author(page: Page, text: str) -> bool:
    """Whether the name behind a role is in the byline."""
    author = squeezed(find_field(page, "author").value)
    names = (text[found.end() :] for found in ROLE.finditer(text))
    return bool(author) and any(name.startswith(part) for name in names for part in _AUTHORS.split(author) if part)


_NAMING = frozenset({*HEADINGS, "strong", "b", "p", "div", "span", "a"})
_LONGEST_NAME = 80
_MOST_READ = 4_000_000
"""Characters, each as often as elements are around it; the longest page has a tenth of that."""
_SAYING = (
    "h1, h2, h3, h4, h5, h6, p, div, span, a, strong, b, em, i, li, td, th, dt, dd, figcaption, label, small, font, img"
)
_BAR_BEHIND = re.compile(rf"s?\s*[{BAR}]")


def named_without_block(page: Page) -> str:
    """The blogger whom a page names with his role, for one that has no block about him; empty if it names none, or
    lists several."""
    described = (node.attributes.get("alt") or "" for node in page.select("img"))
    author = find_field(page, "author").value
    if not any(map(_is_role_in, (author, page.text, *described))):
        return ""
    named = [author] if ROLE.match(squeezed(author)) else []
    read = 0
    for node in page.select(_SAYING):
        if read > _MOST_READ:
            break
        text = (node.attributes.get("alt") or "") if node.tag == "img" else node.text()
        read += len(text)
        is_name = len(text) < 2 * _LONGEST_NAME and ROLE.match(squeezed(text)) and len(one_line(text)) < _LONGEST_NAME
        if (
            is_name
            and not listing(page).holds(node)
            and (is_author(page, squeezed(text)) or not is_labelled(page, node))
        ):
            named.append(one_line(text))
    whole = {squeezed(name) for name in named}
    several = len([name for name in whole if not any(name != other and name.startswith(other) for other in whole)]) > 1
    return min((name for name in named if not several or is_author(page, squeezed(name))), key=len, default="")


def _is_role_in(text: str) -> bool:
    """Whether a role with a bar behind it stands in a text: what nearly no page has need not be looked for in its
    tree."""
    return any(_BAR_BEHIND.match(behind) is not None for role in ROLES for behind in text.split(role)[1:])


def picture_of(block: Tag) -> Tag | None:
    """The blogger's picture: the first of the block."""
    return next((part for part in elements_of(block) if part.name == "img"), None)


def name_in(block: Tag, *, sure: bool) -> tuple[str, list[PageElement]]:
    """The blogger's name, empty if the block has none, and what says it beside his picture's description.

    `sure`: that it is a blogger's block is known, so that his name need not be of the form `博客 | 名`.
    """
    picture = picture_of(block)
    alt = one_line(str(picture.get("alt") or "")) if picture is not None else ""
    elements = elements_of(block)
    if alt and (sure or BLOGGER_NAME.match(alt)):
        same = next((element for element in elements if squeezed(element.get_text()) == squeezed(alt)), None)
        if same is not None:
            return one_line(same.get_text()), [same]
    saying = _saying(block, elements)
    if saying is not None:
        return one_line(saying.get_text()), [saying]
    if BLOGGER_NAME.match(alt):
        parts = {squeezed(part) for part in re.split(f"[{BAR}]", alt)}
        return alt, [
            element for element in elements if not element.find(True) and squeezed(element.get_text()) in parts
        ]
    heading = (
        next((element for element in elements if element.name in HEADINGS and one_line(element.get_text())), None)
        if sure
        else None
    )
    return (one_line(heading.get_text()), [heading]) if heading is not None else (alt if sure else "", [])


def _saying(block: Tag, elements: Sequence[Tag]) -> PageElement | None:
    """What says `博客 | 名` and nothing else: an element, the smaller the better, or a text without one."""
    named = [
        element
        for element in elements
        if element.name in _NAMING and not has_block(element) and _is_name(element.get_text())
    ]
    named = [element for element in named if element.find("br") is None]
    leaf = next((element for element in named if not any(isinstance(part, Tag) for part in element.contents)), None)
    smallest = leaf or min(named, key=lambda element: len(element.get_text()), default=None)
    return smallest or next(
        (text for text in block.find_all(string=True) if not isinstance(text, Comment) and _is_name(text)), None
    )


def _is_name(text: str) -> bool:
    return BLOGGER_NAME.match(text) is not None and len(one_line(text)) < _LONGEST_NAME


def drop_twins(block: Tag) -> None:
    """Take out of a block what is there once more for narrow windows, and its picture where that stands there again."""
    drop_narrow(block)
    pictures = [part for part in elements_of(block) if part.name == "img"]
    for other in pictures[1:]:
        if raw.source(other) == raw.source(pictures[0]):
            other.extract()
