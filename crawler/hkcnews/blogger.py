"""The block about the blogger that follows 38% of the bodies: where a page has it, whatever its element."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from selectolax.lexbor import LexborNode

from crawler.hkcnews.aside import Aside, ancestors
from crawler.hkcnews.fields import find
from crawler.hkcnews.layout import AVATARS, BAR, BLOGGER_NAME, ROLES
from crawler.hkcnews.page import Page, is_within, ranked
from crawler.hkcnews.selection import outermost
from crawler.hkcnews.twins import distinct
from crawler.hkcnews.widget import is_at_home, is_labelled

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
    """The elements with a blogger's picture, name and biography, in the page's order: those that the layout names so; else the smallest
    around a picture that say who it is and something of him."""
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


def listing(page: Page) -> Aside:
    """What holds other articles, or leads to them: who stands in it is not this one's author, as he may be in an aside or a foot."""
    if "listing" not in page.fields:
        page.fields["listing"] = Aside(page.tree, (*page.layout.listing, "nav"))
    found: Aside = page.fields["listing"]
    return found


def _by_pictures(page: Page) -> list[LexborNode]:
    pictures = ranked(page, [node for node in page.select("img") if _may_be(page, node)], within=True)[:_MOST]
    blocks: list[LexborNode] = []
    for picture in pictures:
        if not any(is_within(picture, block) for block in blocks):
            block = _around(page, picture, pictures)
            blocks += [block] if block is not None else []
    return _articles(page, distinct([block for block in blocks if is_author(page, squeezed(block.text())) or not is_labelled(page, block)]))


def _may_be(page: Page, picture: LexborNode) -> bool:
    """Whether it may be the blogger's picture: by its address, or by the name in its description that stands beside it as well."""
    attributes = picture.attributes
    if not any(AVATARS in (attributes[name] or "") for name in _ADDRESSES if name in attributes):
        alt = attributes.get("alt") or ""
        beside = islice(ancestors(picture), 1, 4) if BLOGGER_NAME.match(alt) else ()
        if not any(squeezed(around.text()).startswith(squeezed(alt)) for around in beside):
            return False
    return not listing(page).holds(picture) and not _is_in_text(page, picture)


def _is_in_text(page: Page, picture: LexborNode) -> bool:
    """Whether it stands in the line of information, or in a figure of the body."""
    around = [node for node in ancestors(picture) if node.tag == "figure" or "article-info" in (node.attributes.get("class") or "")]
    return any(node.tag != "figure" or (page.content is not None and is_within(node, page.content)) for node in around)


def _around(page: Page, picture: LexborNode, pictures: Sequence[LexborNode]) -> LexborNode | None:
    """The block around a blogger's picture; None if nothing that holds it is but a block."""
    others = [node for node in (page.content, *page.rest, *page.select("h1")[:_MOST]) if node is not None and not is_within(picture, node)]
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
            return around if _says_more(around, alt) or wider is None or not _is_biography(page, wider, around) else wider
    return _by_words(within) if not page.aside.holds(picture) and not any(node.tag in ("header", "figure") for node in within) else None


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
    if text == alt or (ROLE.match(text) and len(text) <= _ONLY_NAME and not ROLE.match(alt) and not around.css_first("p")):
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
    """The block around a picture with which no name stands: the widest that holds no more than two texts more than what is around it."""
    block = None
    for block in within:
        if _words(block) > _words(within[0]) + 1:
            break
    return block


def _words(node: LexborNode) -> int:
    return len([part for part in node.text(separator="\n", strip=True).split("\n") if part])


def _articles(page: Page, blocks: list[LexborNode]) -> list[LexborNode]:
    """Of several blocks those of the article: of its authors; else those that stand together with it, and if none does, it is a list."""
    if len(blocks) < 2:
        return blocks
    if by_author := [block for block in blocks if is_author(page, squeezed(block.text()))]:
        return by_author
    at_home = [block for block in blocks if is_at_home(page, block)]
    return [block for block in at_home if block.parent == at_home[0].parent]


def is_author(page: Page, text: str) -> bool:
    """Whether the name behind a role is in the byline."""
    author = squeezed(find(page, "author").value)
    names = (text[found.end() :] for found in ROLE.finditer(text))
    return bool(author) and any(name.startswith(part) for name in names for part in _AUTHORS.split(author) if part)
