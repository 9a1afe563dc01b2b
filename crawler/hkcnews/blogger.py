"""The block about the blogger that follows 38% of the bodies: where a page has it, whatever its element; who it is
about; and whom a page names as its blogger without having a block about him."""

import re
from collections.abc import Sequence
from itertools import islice

from bs4 import Comment, Tag
from bs4.element import PageElement
from selectolax.lexbor import LexborNode

from crawler.hkcnews import layout
from crawler.hkcnews.fields import find_field
from crawler.hkcnews.layout import BLOGGER_NAME, ROLES, ancestors, squeezed
from crawler.hkcnews.page import Page, is_within, nearest, once, outermost
from crawler.hkcnews.text import one_line
from crawler.hkcnews.widget import is_at_home, is_labelled
from crawler.markdown import raw_html as raw
from crawler.markdown.elements import HEADINGS, elements_of, has_block

_ROLE = re.compile(rf"(?:{'|'.join(ROLES)})s?[{layout.BAR}](?=\S)".replace(" ", ""), re.IGNORECASE)
"""In a text without spaces."""
_BEFORE_BAR = tuple(f"{role}{plural}" for role in ROLES for plural in ("", "s"))
_AUTHORS = re.compile(rf"[、,，/&和與{layout.BAR}]")
_ADDRESSES = ("src", "data-src", "data-original", "data-lazy-src", "srcset", "data-srcset")
_ONLY_NAME = 30
_LONGEST_NAME = 80
_LONGEST_BIOGRAPHY = 3000
_MOST = 20
"""Pictures and headings that are looked at; a page with more avatars lists people."""
_MOST_READ = 4_000_000
"""Characters, each as often as elements are around it; the longest page has a tenth of that."""
_HEADINGS = "h2, h3, h4, h5, h6"
_NAMING = frozenset({*HEADINGS, "strong", "b", "p", "div", "span", "a"})
_SAYING = (
    "h1, h2, h3, h4, h5, h6, p, div, span, a, strong, b, em, i, li, td, th, dt, dd, figcaption, label, small, font, img"
)


@once
def by_layout(page: Page) -> list[LexborNode]:
    """The blocks that the layout names so."""
    for selector in page.layout.blogger:
        nodes = [node for node in page.select(selector) if node.parent is None or not _listing(page).holds(node.parent)]
        if nodes:
            return layout.distinct(outermost(nearest(page, nodes, aside=True, within=True, closest=True)))
    return []


@once
def _listing(page: Page) -> layout.Boilerplate:
    """What holds other articles, or leads to them; this one's author may stand in an aside or a foot, but not there."""
    return layout.Boilerplate(page.tree, (*page.layout.listing, "nav"))


@once
def blogger_blocks(page: Page) -> list[LexborNode]:
    """The elements with a blogger's picture, name and biography, in the page's order: those that the layout names so,
    else the smallest around a picture that say who it is and something of him; of several those of the article's
    authors, else those that stand together with it."""
    if named := by_layout(page):
        return named
    likely = [node for node in page.select("img") if _may_be(page, node)]
    pictures = nearest(page, likely, aside=True, within=True)[:_MOST]
    found: list[LexborNode] = []
    for picture in pictures:
        if not any(is_within(picture, block) for block in found):
            block = _around(page, picture, pictures)
            found += [block] if block is not None else []
    blocks = layout.distinct(
        [block for block in found if _is_author(page, block.text()) or not is_labelled(page, block)]
    )
    if len(blocks) < 2:
        return blocks
    if by_author := [block for block in blocks if _is_author(page, block.text())]:
        return by_author
    at_home = [block for block in blocks if is_at_home(page, block)]
    return [block for block in at_home if block.parent == at_home[0].parent]


def _may_be(page: Page, picture: LexborNode) -> bool:
    """Whether it may be the blogger's: by its address, or by the name in its description that stands beside it as well;
    and neither in a list, the line of information nor a figure of the body."""
    attributes = picture.attributes
    if not any(layout.AVATARS in (attributes[name] or "") for name in _ADDRESSES if name in attributes):
        alt = attributes.get("alt") or ""
        beside = islice(ancestors(picture), 1, 4) if BLOGGER_NAME.match(alt) else ()
        if not any(squeezed(around.text()).startswith(squeezed(alt)) for around in beside):
            return False
    if _listing(page).holds(picture):
        return False
    for around in ancestors(picture):
        if around.tag != "figure":
            is_in_text = "article-info" in (around.attributes.get("class") or "")
        else:
            is_in_text = page.content is not None and is_within(around, page.content)
        if is_in_text:
            return False
    return True


def _around(page: Page, picture: LexborNode, pictures: Sequence[LexborNode]) -> LexborNode | None:
    """The block around a blogger's picture; None if nothing that holds it is but a block."""
    attributes = picture.attributes
    bodies = [node for node in (page.content, *page.rest) if node is not None]
    others = [node for node in (*bodies, *page.select("h1")[:_MOST]) if not is_within(picture, node)]
    who = attributes.get("src"), attributes.get("alt")
    others += [other for other in pictures if (other.attributes.get("src"), other.attributes.get("alt")) != who]
    within: list[LexborNode] = []
    for around in islice(ancestors(picture), 1, None):
        is_body = around.tag in ("html", "body") or any(around.mem_id == node.mem_id for node in bodies)
        if is_body or any(is_within(other, around) for other in others):
            break
        within.append(around)
    alt = squeezed(attributes.get("alt") or "")
    outwards = iter(within)
    named = next((around for around in outwards if _names(around, alt)), None)
    if named is not None:
        wider = None if _says_more(named, alt) else next((node for node in outwards if _says_more(node, alt)), None)
        return wider if wider is not None and _is_biography(page, wider, named) else named
    if not within or page.aside.holds(picture) or any(node.tag in ("header", "figure") for node in within):
        return None
    few = len(_texts(within[0])) + 1  # no name stands with it: the first that says more than a name and a text
    return next((node for node in within if len(_texts(node)) > few), within[-1])


def _texts(node: LexborNode) -> list[str]:
    return [part for part in node.text(separator="\n", strip=True).split("\n") if part]


def _names(around: LexborNode, alt: str) -> bool:
    """Whether there is a text, and it has the name; where the description has the name and role, any text will do."""
    text = squeezed(around.text())
    return bool(text) and bool(_ROLE.search(text) or (len(alt) > 1 and alt in text) or _ROLE.match(alt))


def _says_more(around: LexborNode, alt: str) -> bool:
    """Whether it says something beside the name."""
    text = squeezed(around.text())
    is_name = _ROLE.match(text) and len(text) <= _ONLY_NAME
    if text == alt or (is_name and not _ROLE.match(alt) and not around.css_first("p")):
        return False
    parts = filter(None, map(squeezed, _texts(around)))
    return any(part not in alt and not (_ROLE.match(part) and len(part) <= _ONLY_NAME) for part in parts)


def _is_biography(page: Page, around: LexborNode, block: LexborNode) -> bool:
    """Whether what an element has beside a block with the name alone may be the biography."""
    text = around.text()
    if len(text) > _LONGEST_BIOGRAPHY or "©" in text or around.css_first(", ".join(page.layout.listing)) is not None:
        return False
    return all(is_within(heading, block) for heading in around.css(_HEADINGS))


def _is_author(page: Page, text: str) -> bool:
    """Whether the name behind a role is in the byline."""
    text = squeezed(text)
    names = [text[found.end() :] for found in _ROLE.finditer(text)]
    authors = _AUTHORS.split(squeezed(find_field(page, "author").value))
    return any(name.startswith(author) for name in names for author in authors if author)


def named_without_block(page: Page) -> str:
    """The blogger whom a page names with his role, for one that has no block about him; empty if it names none, or
    lists several."""
    author = find_field(page, "author").value
    said = "\n".join([author, page.text, *(node.attributes.get("alt") or "" for node in page.select("img"))])
    before = (part.rstrip() for bar in layout.BAR if bar in said for part in said.split(bar)[:-1])
    if not any(part.endswith(_BEFORE_BAR) for part in before):  # nearly no page: its tree need not be searched
        return ""
    named = [author] if _ROLE.match(squeezed(author)) else []
    read = 0
    for node in page.select(_SAYING):
        if read > _MOST_READ:
            break
        text = (node.attributes.get("alt") or "") if node.tag == "img" else node.text()
        read += len(text)
        if len(text) >= 2 * _LONGEST_NAME or not _ROLE.match(squeezed(text)) or len(one_line(text)) >= _LONGEST_NAME:
            continue
        if not _listing(page).holds(node) and (_is_author(page, text) or not is_labelled(page, node)):
            named.append(one_line(text))
    whole = {squeezed(name) for name in named}
    several = len([name for name in whole if not any(name != other and name.startswith(other) for other in whole)]) > 1
    return min((name for name in named if not several or _is_author(page, name)), key=len, default="")


def picture_of(block: Tag) -> Tag | None:
    """The blogger's picture: the first of the block."""
    return next((part for part in elements_of(block) if part.name == "img"), None)


def name_in(block: Tag, *, sure: bool) -> tuple[str, list[PageElement]]:
    """The blogger's name, empty if the block has none, and what says it beside his picture's description.

    `sure`: that it is a blogger's block is known, so that his name need not be of the form `博客 | 名`.
    """
    picture = picture_of(block)
    alt = one_line(str(picture.get("alt") or "")) if picture is not None else ""
    is_name = BLOGGER_NAME.match(alt) is not None
    elements = elements_of(block)
    same = (element for element in elements if squeezed(element.get_text()) == squeezed(alt))
    saying = (next(same, None) if alt and (sure or is_name) else None) or _saying(block, elements)
    if saying is not None:
        return one_line(saying.get_text()), [saying]
    if is_name:
        parts = {squeezed(part) for part in re.split(f"[{layout.BAR}]", alt)}
        leaves = (element for element in elements if not element.find(True))
        return alt, [element for element in leaves if squeezed(element.get_text()) in parts]
    if not sure:
        return "", []
    heading = next((element for element in elements if element.name in HEADINGS and one_line(element.get_text())), None)
    return (one_line(heading.get_text()), [heading]) if heading is not None else (alt, [])


def _saying(block: Tag, elements: Sequence[Tag]) -> PageElement | None:
    """What says `博客 | 名` and nothing else: an element, the smaller the better, or a text without one."""
    short = [node for node in elements if node.name in _NAMING and not has_block(node) and _is_name(node.get_text())]
    named = [node for node in short if node.find("br") is None]
    leaf = next((node for node in named if not any(isinstance(part, Tag) for part in node.contents)), None)
    smallest = leaf or min(named, key=lambda node: len(node.get_text()), default=None)
    if smallest is not None:
        return smallest
    texts = (text for text in block.find_all(string=True) if not isinstance(text, Comment))
    return next(filter(_is_name, texts), None)


def _is_name(text: str) -> bool:
    return BLOGGER_NAME.match(text) is not None and len(one_line(text)) < _LONGEST_NAME


def drop_twins(block: Tag) -> None:
    """Take out of a block what is there once more for narrow windows, and its picture where that stands there again."""
    layout.drop_narrow(block)
    pictures = [part for part in elements_of(block) if part.name == "img"]
    for other in pictures[1:]:
        if raw.source(other) == raw.source(pictures[0]):
            other.extract()
