"""A parsed page: where its parts are. Reads with Lexbor (fast, and it repairs as browsers do); nothing is changed
here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from itertools import islice
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.hkcnews.layout import (
    CITIZEN_NEWS,
    LAYOUTS,
    PUBLISHED,
    Boilerplate,
    Layout,
    ancestors,
    is_twin,
    search,
    wide_first,
)
from crawler.hkcnews.region import parse, shows_unscripted
from crawler.hkcnews.text import one_line

END = "end-of-capture"
"""The id of the element that is set after the last byte of a document without an end."""
_MARK = f'<i id="{END}"></i>'
_WHOLE = re.compile(
    r"</html\s*>(?:\s|<!--(?:(?!-->).)*-->|<script\b(?:(?!</script).)*</script\s*>)*\Z", re.IGNORECASE | re.DOTALL
)
_UNFINISHED_TAG = re.compile(r"<[^<>]*\Z")
_CLOSING = "--></script></style></title></textarea></noscript>"
_TAIL = 20_000
_GOING_ON = frozenset(
    {"p", "h2", "h3", "h4", "h5", "h6", "figure", "ul", "ol", "blockquote", "table", "iframe", "hr", "pre"}
)
_ABOUT_ARTICLES = frozenset({"headline", "articleBody", "datePublished"})
_OF_THE_SITE = ("WebSite", "Organization", "NewsMediaOrganization")
"""Types of JSON-LD objects that are the same on every page."""
_SHOWING = frozenset({"img", "iframe", "video", "audio", "embed", "object"})
_WITHOUT_CLASS = ("img", "link", "meta")
"""Elements whose class says nothing of an article's parts."""
_CLASS = re.compile(r"\.[\w-]+")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TAGS = ".tags"
_PARTS = {
    selector
    for layout in LAYOUTS
    for selector in (layout.content[0], *layout.category, *layout.info, *layout.blogger, _TAGS)
    if _CLASS.fullmatch(selector)
}
"""What every page is searched for: its parts are called so."""


class Selection:
    """The nodes of a page by selector, each looked for once; what nearly every page is searched for in one go, since
    each search goes through the whole page."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._found: dict[str, list[LexborNode]] = {}

    def of(self, selector: str) -> list[LexborNode]:
        """The nodes for a selector, in the page's order."""
        if selector not in self._found:
            if selector in _PARTS:
                self._search()
            elif selector.startswith(f"{_TAGS} "):
                inner = selector.removeprefix(f"{_TAGS} ")
                around = outermost(self.of(_TAGS))
                self._found[selector] = [
                    node for one in around for node in search(one, inner) if node.mem_id != one.mem_id
                ]
            else:
                self._found[selector] = search(self._tree, selector)
        return self._found[selector]

    def _search(self) -> None:
        found: dict[str, list[LexborNode]] = {selector: [] for selector in _PARTS}
        seen: set[int] = set()
        for node in search(self._tree, ", ".join(_PARTS)):
            if node.mem_id in seen or node.tag in _WITHOUT_CLASS:  # given once for each selector that it matches
                continue
            seen.add(node.mem_id)
            for selector in {f".{name}" for name in _SPACES.split(node.attributes.get("class") or "")} & _PARTS:
                found[selector].append(node)
        self._found.update(found)


def outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Those that stand in none of the others."""
    if len(nodes) < 2:
        return nodes
    own = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(around.mem_id in own for around in islice(ancestors(node), 1, None))]


_Arguments = ParamSpec("_Arguments")
_Found = TypeVar("_Found")


def once(look: Callable[Concatenate[Page, _Arguments], _Found]) -> Callable[Concatenate[Page, _Arguments], _Found]:
    """A function that looks for something on a page, so that it is looked for once."""

    @wraps(look)
    def find(page: Page, /, *given: _Arguments.args, **named: _Arguments.kwargs) -> _Found:
        key = (look, *given, *named.items())
        if key not in page.found:
            page.found[key] = look(page, *given, **named)
        return cast(_Found, page.found[key])

    return find


@dataclass(frozen=True, slots=True)
class Page:
    """`content` is the element with the body; None when no layout that we know is on the page. `rest` are elements
    after it in which the body goes on; `astray`: because a stray end tag closed it. `source` is the page's text,
    `substance` whether a reader sees anything in the body, `captured` the capture's timestamp, where it is known.
    `found` keeps what was looked for already."""

    tree: LexborHTMLParser
    selection: Selection
    layout: Layout
    content: LexborNode | None
    whole: bool
    source: str
    aside: Boilerplate
    degraded: bool = False
    substance: bool = False
    rest: tuple[LexborNode, ...] = ()
    astray: bool = False
    captured: str = ""
    found: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    def select(self, selector: str) -> list[LexborNode]:
        """The nodes on the page for a selector."""
        return self.selection.of(selector)

    @property
    @once
    def text(self) -> str:
        """All texts on the page in a row: a fifth of its source, to look for words that nearly no page has."""
        return self.tree.root.text() if self.tree.root is not None else ""


def read_page(text: str, utf8: bytes | None = None, captured: str = "") -> Page:
    """Parse a page and find the element that holds the article's body. `utf8` is the text as bytes, where they are at
    hand, `captured` the capture's timestamp."""
    start = max(0, len(text) - _TAIL)
    end = text.rfind("</html", start)
    whole = (end >= 0 and _WHOLE.match(text, end) is not None) or _WHOLE.search(text, start) is not None
    tree = LexborHTMLParser(utf8 or text) if whole else _marked(text)
    selection = Selection(tree)
    for layout in LAYOUTS:
        aside = Boilerplate(tree, layout.aside)
        contents, substance = _contents(selection, layout, aside)
        if contents:
            rest = _siblings_of(contents)
            astray = _behind_stray_end(contents[0], text, aside) if substance and not rest else ()
            found = (False, substance, rest or astray, bool(astray), captured)
            return Page(tree, selection, layout, contents[0], whole, text, aside, *found)
    aside = Boilerplate(tree, CITIZEN_NEWS.aside)
    around = _around_the_info_line(tree, aside)
    found = (around is not None, around is not None and has_substance(around, CITIZEN_NEWS), (), False, captured)
    return Page(tree, selection, CITIZEN_NEWS, around, whole, text, aside, *found)


def _marked(text: str) -> LexborHTMLParser:
    """Parse a document without an end, with the end mark where it breaks off."""
    text = _UNFINISHED_TAG.sub("", text)
    tree = LexborHTMLParser(text + _MARK)
    return tree if tree.css_first(f"#{END}") is not None else LexborHTMLParser(text + _CLOSING + _MARK)


def _contents(selection: Selection, layout: Layout, aside: Boilerplate) -> tuple[list[LexborNode], bool]:
    """The elements with the body by the first selector that finds any with something in it, the one nearest to the
    title first; one element with nothing in it, if there is no other. And whether there is anything in them."""
    empty: list[LexborNode] = []
    for selector in layout.content:
        nodes = [node for node in selection.of(selector) if not aside.holds(node)]
        if full := [node for node in nodes if has_substance(node, layout)]:
            return (full if len(full) == 1 else _nearest_to_title(selection, outermost(full))), True
        empty = empty or nodes[:1]
    return empty, False


def _nearest_to_title(selection: Selection, nodes: list[LexborNode]) -> list[LexborNode]:
    shared = {around.mem_id for title in selection.of("h1")[:1] for around in ancestors(title)}
    return sorted(
        wide_first(nodes), key=lambda node: sum(around.mem_id in shared for around in ancestors(node)), reverse=True
    )


def _siblings_of(contents: list[LexborNode]) -> tuple[LexborNode, ...]:
    """The other elements with a body beside the first: its continuation, unless it is the same once more."""
    first, *others = contents
    place = first.parent.mem_id if first.parent is not None else 0
    beside = [node for node in others if node.parent is not None and node.parent.mem_id == place]
    return tuple(node for node in beside if not is_twin(node, first))


def _behind_stray_end(content: LexborNode, text: str, aside: Boilerplate) -> tuple[LexborNode, ...]:
    """The paragraphs, pictures and the like right after the body's element, on a page with more ends of divisions than
    beginnings."""
    found: list[LexborNode] = []
    node = content.next
    while node is not None and (not node.is_element_node or (node.tag in _GOING_ON and not aside.holds(node))):
        found += [node] if node.is_element_node else []
        node = node.next
    return tuple(found) if found and text.count("</div") > text.count("<div") else ()


def has_substance(node: LexborNode, layout: Layout) -> bool:
    """Whether a reader would see anything in it: text, a picture or a frame, in what is not left out as no content."""
    dropped = Boilerplate(node, layout.dropped)
    for part in node.traverse(include_text=True):
        shows = part.tag in _SHOWING or (part.tag == "-text" and bool(one_line(part.text())))
        if shows and not dropped.holds(part):
            return True
    return shows_unscripted(parse(node.html or ""), layout)


def _around_the_info_line(tree: LexborHTMLParser, aside: Boilerplate) -> LexborNode | None:
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


def nearest(
    page: Page,
    wanted: str | Iterable[LexborNode],
    *,
    within: bool = False,
    closest: bool = False,
    aside: bool = False,
) -> list[LexborNode]:
    """The nodes for a selector, or some found already, those closest to the body first (by the depth of what encloses
    both), then as on the page.

    Listings, navigation and the foot of the page are left out unless `aside`, and so is what stands inside the body
    unless `within`, or where the body could only be taken together with all around it. With `closest` only those at the
    smallest distance.
    """
    candidates = page.select(wanted) if isinstance(wanted, str) else wanted
    nodes = [node for node in candidates if aside or not page.aside.holds(node)]
    if page.content is None or not nodes:
        return nodes
    distances = around_body(page)
    found = []
    for node in nodes:
        shared = next((distances[a.mem_id] for a in ancestors(node) if a.mem_id in distances), len(distances))
        if shared or within or page.degraded:
            found.append((shared, node))
    found.sort(key=lambda pair: pair[0])
    return [node for distance, node in found if not closest or distance == found[0][0]]


@once
def around_body(page: Page) -> dict[int, int]:
    """The identities of the body's element and of all around it, each with its distance from the body."""
    around = ancestors(page.content) if page.content is not None else ()
    return {node.mem_id: distance for distance, node in enumerate(around)}


def contents(page: Page, *names: str) -> Iterator[str]:
    """What the `<meta>` with one of these names or properties hold, name by name; those with nothing in them are passed
    over."""
    for name in names:
        for node in page.select("meta"):
            own = node.attributes
            is_meant = name in (own.get("property"), own.get("name"), own.get("itemprop"))
            if is_meant and (content := one_line(own.get("content") or "")):
                yield content


def metadata(page: Page, *names: str) -> str:
    """The content of the first of them."""
    return next(contents(page, *names), "")


@once
def structured_data(page: Page) -> dict[str, Any]:
    """The page's JSON-LD object about the article, or what may be about it; empty when there is none that parses."""
    found: list[dict[str, Any]] = []
    for node in page.select('script[type="application/ld+json"]') if "ld+json" in page.source else ():
        try:
            data = json.loads(node.text())
        except (ValueError, RecursionError):
            continue
        about = (item for item in _objects(data) if isinstance(item, dict) and not _ABOUT_ARTICLES.isdisjoint(item))
        found += [item for item in about if item.get("@type") not in _OF_THE_SITE]
    return next((item for item in found if "Article" in str(item.get("@type"))), found[0] if found else {})


def _objects(data: Any) -> Iterator[Any]:
    """What a piece of JSON-LD is about: one object, several, or a graph of them."""
    for item in data if isinstance(data, list) else [data]:
        yield item
        if isinstance(item, dict) and isinstance(item.get("@graph"), list):
            yield from item["@graph"]
