"""A parsed page: where its parts are. Reads with Lexbor (fast, and it repairs as browsers do); nothing is changed here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.hkcnews.aside import Aside, ancestors, ids, inside
from crawler.hkcnews.layout import BLOGGER_NAME, CITIZEN_NEWS, LAYOUTS, PUBLISHED, Layout
from crawler.hkcnews.text import one_line

END = "end-of-capture"
"""The id of the element that is set after the last byte of a document without an end."""
_MARK = f'<i id="{END}"></i>'
_WHOLE = re.compile(r"</html\s*>(?:\s|<!--(?:(?!-->).)*-->|<script\b(?:(?!</script).)*</script\s*>)*\Z", re.IGNORECASE | re.DOTALL)
_UNFINISHED_TAG = re.compile(r"<[^<>]*\Z")
_SPACES = re.compile(r"\s+")
_CLOSING = "--></script></style></title></textarea></noscript>"
_TAIL = 20_000
_TOGETHER = ("h1", "link", "meta")
"""Elements that every page is searched for; one search finds them all."""
_SHOWING = frozenset({"img", "iframe", "video", "audio", "embed", "object"})


@dataclass(frozen=True, slots=True)
class Page:
    """`content` is the element with the body; None when no layout that we know is on the page. `substance` is whether a reader
    sees anything in it. `selected`, `texts`, `fields` and `depths` keep what was looked for already."""

    tree: LexborHTMLParser
    layout: Layout
    content: LexborNode | None
    whole: bool
    aside: Aside
    degraded: bool = False
    substance: bool = False
    selected: dict[str, list[LexborNode]] = field(default_factory=dict, repr=False)
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    depths: dict[int, int] = field(default_factory=dict, repr=False)

    def select(self, selector: str) -> list[LexborNode]:
        """The nodes on the page for a selector, looked for once: each search goes through the whole page."""
        if selector not in self.selected:
            if selector in _TOGETHER:
                found = self.tree.css(", ".join(_TOGETHER))
                self.selected.update({name: [node for node in found if node.tag == name] for name in _TOGETHER})
            else:
                self.selected[selector] = self.tree.css(selector)
        return self.selected[selector]


def read_page(text: str, utf8: bytes | None = None) -> Page:
    """Parse a page and find the element that holds the article's body. `utf8` is the text as bytes, where they are at hand."""
    whole = _is_whole(text)
    tree = LexborHTMLParser(utf8 or text) if whole else _marked(text)
    for layout in LAYOUTS:
        aside = Aside(tree, layout.aside)
        content, substance = _content(tree, layout, aside)
        if content is not None:
            return Page(tree, layout, content, whole, aside, substance=substance)
    aside = Aside(tree, CITIZEN_NEWS.aside)
    around = _around_the_info_line(tree, aside)
    substance = around is not None and has_substance(around, CITIZEN_NEWS)
    return Page(tree, CITIZEN_NEWS, around, whole, aside, degraded=around is not None, substance=substance)


def _is_whole(text: str) -> bool:
    start = max(0, len(text) - _TAIL)
    end = text.rfind("</html", start)
    return (end >= 0 and _WHOLE.match(text, end) is not None) or _WHOLE.search(text, start) is not None


def _marked(text: str) -> LexborHTMLParser:
    """Parse a document without an end, with the end mark where it breaks off."""
    text = _UNFINISHED_TAG.sub("", text)
    tree = LexborHTMLParser(text + _MARK)
    return tree if tree.css_first(f"#{END}") is not None else LexborHTMLParser(text + _CLOSING + _MARK)


def _content(tree: LexborHTMLParser, layout: Layout, aside: Aside) -> tuple[LexborNode | None, bool]:
    """The element with the body, and whether there is anything in it."""
    empty = None
    for selector in layout.content:
        for node in tree.css(selector):
            if aside.holds(node):
                continue
            if has_substance(node, layout):
                return node, True
            empty = empty or node
    return empty, False


def has_substance(node: LexborNode, layout: Layout) -> bool:
    """Whether a reader would see anything in it: text, a picture or a frame, in what is not left out as no content."""
    dropped = Aside(node, layout.dropped)
    for part in node.traverse(include_text=True):
        shows = part.tag in _SHOWING or (part.tag == "-text" and bool(one_line(part.text())))
        if shows and not dropped.holds(part):
            return True
    return False


def _around_the_info_line(tree: LexborHTMLParser, aside: Aside) -> LexborNode | None:
    """For a page without any content element that we know: the element around the title and the line with the date."""
    title = tree.css_first("h1")
    if title is None or not one_line(title.text()):
        return None
    for node in tree.css("div, p, span, time, li"):
        if not aside.holds(node) and PUBLISHED.search(node.text(deep=False)):
            around = common_ancestor(title, node)
            if around is not None and around.tag not in ("html", "body"):
                return around
    return None


def common_ancestor(*nodes: LexborNode) -> LexborNode | None:
    """The innermost element around all the nodes."""
    chains = [{ancestor.mem_id for ancestor in ancestors(node)} for node in nodes[1:]]
    for ancestor in ancestors(nodes[0]):
        if all(ancestor.mem_id in chain for chain in chains):
            return ancestor
    return None


def is_within(node: LexborNode, container: LexborNode) -> bool:
    """Whether `container` is the node itself or around it."""
    return any(ancestor.mem_id == container.mem_id for ancestor in ancestors(node))


def nearest(page: Page, selector: str, *, within: bool = False, closest: bool = False) -> list[LexborNode]:
    """The nodes for a selector, those closest to the body first (by the depth of what encloses both), then as on the page.

    Listings, navigation and the foot of the page are left out, and so is what stands inside the body unless `within`, or
    where the body could only be taken together with all around it.
    With `closest` only those at the smallest distance.
    """
    return by_distance(page, page.select(selector), within=within, closest=closest)


def by_distance(page: Page, candidates: Iterable[LexborNode], *, within: bool = False, closest: bool = False) -> list[LexborNode]:
    """The same for nodes that are already found."""
    content = page.content
    nodes = [node for node in candidates if not page.aside.holds(node)]
    if content is None or not nodes:
        return nodes
    depth = page.depths
    if not depth:
        depth.update((ancestor.mem_id, -i) for i, ancestor in enumerate(ancestors(content)))
    found = []
    for node in nodes:
        shared = next((depth[a.mem_id] for a in ancestors(node) if a.mem_id in depth), -len(depth))
        if shared or within or page.degraded:
            found.append((-shared, node))
    found.sort(key=lambda pair: pair[0])
    return [node for distance, node in found if not closest or distance == found[0][0]]


def avatar(page: Page) -> LexborNode | None:
    """The picture of the blogger whose block stands in or after the body."""
    elsewhere: frozenset[int] | None = None
    for selector in page.layout.avatar:
        for node in nearest(page, selector, within=True):
            if elsewhere is None:
                elsewhere = ids(page.tree, ".article-info, header, figure")
            if not inside(node, elsewhere) and (selector != page.layout.avatar[-1] or _is_named(node)):
                return node
    return None


def _is_named(picture: LexborNode) -> bool:
    """Whether what describes the picture is a blogger's name that stands beside it as well: other pictures hold bars, too."""
    name = _SPACES.sub("", picture.attributes.get("alt") or "")
    beside = islice(ancestors(picture), 1, 4)
    return bool(BLOGGER_NAME.match(name)) and any(_SPACES.sub("", around.text()).startswith(name) for around in beside)


def blogger_block(page: Page) -> LexborNode | None:
    """The element with the blogger's picture, name and biography: the widest around the picture that holds nothing else."""
    for selector in page.layout.blogger:
        for node in nearest(page, selector, within=True):
            return node
    picture, content = avatar(page), page.content
    if picture is None or content is None:
        return None
    others = [node for node in (content, *page.select("h1")) if not is_within(picture, node)]
    block = picture
    for around in ancestors(picture):
        if around.tag in ("html", "body") or around.mem_id == content.mem_id or any(is_within(other, around) for other in others):
            break
        block = around
        if _words(around) > _words(picture.parent or picture) + 1:
            break
    return block if block.mem_id != picture.mem_id else None


def _words(node: LexborNode) -> int:
    return len([part for part in node.text(separator="\n", strip=True).split("\n") if part])


def metadata(page: Page, *names: str) -> str:
    """The content of the first `<meta>` with one of these names or properties that has any."""
    for name in names:
        for node in page.select("meta"):
            attributes = node.attributes
            if name not in (attributes.get("property"), attributes.get("name"), attributes.get("itemprop")):
                continue
            if content := one_line(attributes.get("content") or ""):
                return content
    return ""


def structured_data(page: Page) -> dict[str, Any]:
    """The page's JSON-LD object about the article; empty when there is none that parses."""
    for node in page.tree.css('script[type="application/ld+json"]'):
        try:
            data = json.loads(node.text())
        except (ValueError, RecursionError):
            continue
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict) and ("headline" in item or "articleBody" in item or "datePublished" in item):
                return item
    return {}
