"""The layouts of the site's pages: selectors, phrases, and what of a page is boilerplate."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from bs4 import Tag
from selectolax.lexbor import LexborCSSSelector, LexborHTMLParser, LexborNode

from crawler.markdown.elements import elements_of

_SEARCHER = LexborCSSSelector()  # type: ignore[no-untyped-call]
"""One for all pages: each page's own, which its `css` makes first, takes as long as two searches."""

_SIMPLE = re.compile(r"(?:([a-z]+)|\.([a-z0-9_-]+)|\[([a-z]+)\])\Z")


@dataclass(frozen=True, slots=True)
class Layout:
    """CSS selectors in order of trust, for one design; those of `listing`, `aside` and `dropped` are simple."""

    content: tuple[str, ...]
    title: tuple[str, ...]
    category: tuple[str, ...]
    info: tuple[str, ...]
    tags: tuple[str, ...]
    note: tuple[str, ...]
    blogger: tuple[str, ...]
    listing: tuple[str, ...]
    aside: tuple[str, ...]
    dropped: tuple[str, ...]


@cache
def simple(selectors: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The elements, the classes and the attributes that simple selectors (`p`, `.x`, `[y]`) name."""
    found = [_SIMPLE.match(selector) for selector in selectors]
    assert all(found), f"not simple: {selectors}"
    tags, classes, attributes = zip(*(match.groups() for match in found if match), strict=True)
    return frozenset(filter(None, tags)), frozenset(filter(None, classes)), frozenset(filter(None, attributes))


_LISTING = (".article-block", ".article-block-footer", ".related")
CITIZEN_NEWS = Layout(
    content=(".article-content", "[itemprop=articleBody]", ".article-body"),  # the first: A
    title=("h1",),  # A
    category=(".group", "[itemprop=articleSection]"),  # the first: A
    info=(".article-info",),  # A
    tags=(".tags a", "a.tag", "a[rel~=tag]", 'a[href*="/tag/"]', 'a[href*="/tags/"]', 'a[href*="?tag="]'),
    note=(".subscribe-note",),
    blogger=(".blogger-intro",),
    listing=_LISTING,
    aside=(*_LISTING, "nav", "footer", "aside"),
    dropped=(
        *("script", "style", "template", "noscript", "link", "meta", "svg", "canvas", "button", "input", "select"),
        *("textarea", ".hidden", "[hidden]", ".adsbygoogle", ".advertisement", ".ad-slot", ".google-auto-placed"),
        *(".share", ".share-buttons", ".social-share", ".sharing", ".addthis_toolbox"),
        *(".sharethis-inline-share-buttons", ".a2a_kit", ".fb-like", ".fb-share-button", ".fb-save", ".fb-comments"),
        *(".fb-send", ".fb-follow", ".fb-quote", ".twitter-share-button", ".line-it-button", ".wechat-share"),
    ),
)
LAYOUTS = (CITIZEN_NEWS,)
"""Newest first; the first whose content element is on the page reads it."""

FAREWELL = "眾新聞告別"
"""The title of the page that answered every address after the closing (537 files of the public backup)."""
_TITLED = r"(?i)^\s*(?:%s)"
NOT_FOUND = re.compile(_TITLED % r"404\b|找不到|頁面不存在|網頁不存在|Page Not Found|Not Found")
ERROR = re.compile(_TITLED % r"(?:403|429|50[0-4])\b|Just a moment|Attention Required|Access denied|Forbidden|Error\b")
"""Titles of pages by the site, or by the protection before it, that speak of an error; an article with its line of
information may be called so too."""

NOTE = "請加入成為眾新聞"
"""How the subscription note begins that closes the body of 84% of the articles."""
NOTE_BLOCKS = 4
"""A note of more blocks than this is an article about subscriptions."""
AVATARS = "/uploads/avatars/"
"""Where bloggers' pictures lie (A)."""
BAR = "|｜￨│∣¦"
"""What stands between the parts of a line: a bar of any width."""
ROLES = ("博客", "主筆", "Blogger", "Editorial Writer")
"""What a blogger's block calls him."""
BLOGGER_NAME = re.compile(rf"^\s*[\w\s]{{1,16}}[{BAR}]\s*\S")
"""`博客 | 名`, `主筆 | 名`: a role, a bar, a name."""

_LABEL = r"(?i)(?<![A-Za-z])(?:%s)\s*[:：]\s*"
_DATED = r"(?i)(?<![A-Za-z])(?:%s)\s*(?:[:：]\s*|(?=\d{1,4}[./．／年-]\d))"
BYLINE = re.compile(_LABEL % "撰文|作者|文字|By|Text|Author|Written by")
PUBLISHED = re.compile(
    _DATED % "發[佈布表](?:日期|時間|於)|[刊上][登載](?:日期|時間|於)|出版日期|(?<![\u4e00-\u9fff])日期|"
    "(?:Publish(?:ed|ing)?|Publication|Posted)(?: Date| Time| on| at)?|Date(?: Published| of Publication| Posted)?"
)
UPDATED = re.compile(
    _DATED % "最後更新|更新日期|更新時間|Last Updated?(?: Date| on)?|Last Modified|Updated?|Updated on"
)
"""Labels of the parts of `.article-info`; 撰文, 發佈日期, 最後更新, Author and Publish Date are attested."""
UPDATED_WORDS = ("最後更新", "更新日期", "更新時間", "Last Update", "Last Modified", "Updated")
"""What a page holds on which `UPDATED` stands; to look for them in a whole page takes next to nothing."""


class Boilerplate:
    """What a layout leaves aside on a page or in an element, by simple selectors. Few nodes are asked about, so these
    are looked at with what is around them; the whole is searched only when one looks like it."""

    def __init__(self, whole: LexborHTMLParser | LexborNode, selectors: tuple[str, ...]) -> None:
        self._whole, self._selectors = whole, selectors
        self._top = whole.mem_id if isinstance(whole, LexborNode) else 0  # nothing around it is searched
        self._simple = simple(selectors)
        self._answers: dict[int, bool] = {}
        self._found: frozenset[int] | None = None

    def holds(self, node: LexborNode) -> bool:
        """Whether the node is left aside, or stands in what is."""
        on_the_way: list[int] = []
        answer = False
        for around in ancestors(node):
            place = around.mem_id
            if place in self._answers:
                answer = self._answers[place]
                break
            on_the_way.append(place)
            answer = self._is_found(around)
            if answer or place == self._top:
                break
        self._answers.update(dict.fromkeys(on_the_way, answer))
        return answer

    def _is_found(self, node: LexborNode) -> bool:
        """Whether a selector finds it; what looks like it in capital letters only in a page without a doctype."""
        if not node.is_element_node:
            return False
        tags, classes, attributes = self._simple
        own = node.attributes
        if node.tag not in tags and (
            not own or (attributes.isdisjoint(own) and classes.isdisjoint((own.get("class") or "").lower().split()))
        ):
            return False
        if self._found is None:
            self._found = frozenset(found.mem_id for found in search(self._whole, ", ".join(self._selectors)))
        return node.mem_id in self._found


def search(whole: LexborHTMLParser | LexborNode, selector: str) -> list[LexborNode]:
    """The nodes for a selector on a page or in an element, in the page's order."""
    node = whole if isinstance(whole, LexborNode) else whole.root
    return _SEARCHER.find(selector, node) if node is not None else []


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """The node and all around it, innermost first."""
    current: LexborNode | None = node
    while current is not None:
        yield current
        current = current.parent


def element_before(node: LexborNode) -> LexborNode | None:
    """The element right before a node, whatever text stands between."""
    before = node.prev
    while before is not None and not before.is_element_node:
        before = before.prev
    return before


def squeezed(text: str) -> str:
    """A text without any white space."""
    return "".join(text.split())


_NARROW = re.compile(r"(?:^|\s)(?:visible-(?:xs|sm)(?:-\w+)?|hidden-(?:md|lg)|d-(?:sm|md|lg)-none)(?=\s|$)")
_WIDE = re.compile(r"(?:^|\s)(?:hidden-(?:xs|sm)|visible-(?:md|lg)(?:-\w+)?|d-none)(?=\s|$)")
NARROW_ONES = "[class*=visible-xs], [class*=visible-sm], .hidden-md, .hidden-lg, .d-sm-none, .d-md-none, .d-lg-none"
"""What `drop_narrow` may drop, as a selector."""
_AROUND = 3


def _is_narrow(node: LexborNode) -> bool:
    """Whether it is shown in narrow windows only: it itself or one of the two elements around it."""
    return any(_NARROW.search(around.attributes.get("class") or "") for around in islice(ancestors(node), _AROUND))


def wide_first(nodes: Iterable[LexborNode]) -> list[LexborNode]:
    """The nodes in their order, those for narrow windows last: what they say may be shortened."""
    found = list(nodes)
    return sorted(found, key=_is_narrow) if len(found) > 1 else found


def distinct(nodes: list[LexborNode]) -> list[LexborNode]:
    """The nodes in their order without those that say the same as another one, for wide windows where there is one."""
    if len(nodes) < 2:
        return nodes
    chosen = {_said(node): node.mem_id for node in reversed(wide_first(nodes))}
    return [node for node in nodes if node.mem_id in chosen.values()]


def is_twin(node: LexborNode, first: LexborNode) -> bool:
    """Whether a node says the same as the first of its kind once more, or says it for narrow windows."""
    return _said(node) == _said(first) or (_is_narrow(node) and not _is_narrow(first))


def _said(node: LexborNode) -> str:
    return squeezed(node.text()) or node.html or ""


def drop_narrow(region: Tag) -> None:
    """Take out what is for narrow windows, if there is something for wide ones."""
    named = [part for part in elements_of(region) if "class" in part.attrs]
    marked = [(part, " ".join(part.get_attribute_list("class"))) for part in named]
    if any(_WIDE.search(classes) for _, classes in marked):
        for part, classes in marked:
            if _NARROW.search(classes) and not part.decomposed:
                part.decompose()
