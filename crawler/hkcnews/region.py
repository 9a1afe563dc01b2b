"""The region of a page that holds the body, made ready for conversion with BeautifulSoup: only content is left in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import escape

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.hkcnews.builder import RegionBuilder
from crawler.hkcnews.embeds import frame_player
from crawler.hkcnews.layout import Layout, simple
from crawler.hkcnews.text import clean
from crawler.markdown.elements import BLOCKS, FRAMES, HEADINGS, holds_block

DEEPEST = 100
"""Elements nested deeper than this carry no meaning; conversion is recursive and Python's stack is not endless."""

_CONTROL_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|11|1[4-9]|2\d|3[01]|127)|[xX]0*(?:[0-8bBeEfF]|1[0-9a-fA-F]|7[fF]))(?:;|(?![0-9a-fA-F]))")
"""References to control characters, which would come to be after the page was cleaned of them."""
_PROTECTED = re.compile(r"/cdn-cgi/l/email-protection(?:#([0-9a-fA-F]+))?")
_PLACEHOLDER = re.compile(r"\[email.protected\]")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_EMPHASIS = ("strong", "b", "em", "i", "a")
_MEANT = frozenset(
    {
        *_EMPHASIS,
        *HEADINGS,
        *FRAMES,
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "ul",
        "ol",
        "li",
        "td",
        "th",
        "p",
        "pre",
        "code",
        "blockquote",
        "figure",
        "figcaption",
        "caption",
    }
)
_VOID = frozenset({"img", "br", "hr", "embed", "source"})
_BOUNDARY = "<div></div>"


def parse(html: str) -> Tag:
    """The first element of a piece of HTML that a tolerant parser has already put in order."""
    soup = BeautifulSoup(_CONTROL_REFERENCE.sub("", clean(html)), builder=RegionBuilder())
    return next((element for element in soup.contents if isinstance(element, Tag)), soup)


def tidy(region: Tag, layout: Layout) -> list[str]:
    """Take everything out of the region that is not content, and what is nested beyond reason; gives the faults found."""
    return flatten(region) if drop(region, layout) > DEEPEST else []


def prepare(region: Tag) -> list[str]:
    """Settle in a tidy region what depends on the site and what Markdown cannot nest; gives the faults found."""
    protected, emphasis, players = _survey(region)
    for element in players:
        frame_player(element)
    faults = reveal_addresses(region, protected)
    if protected:
        _, emphasis, _ = _survey(region)
    if any(map(holds_block, emphasis)):
        for element in emphasis:
            _push_into_blocks(element)
    return faults


def _survey(region: Tag) -> tuple[list[Tag], list[Tag], list[Tag]]:
    """What may hide an e-mail address, the links and emphasis, and players that are no frames, in reading order."""
    protected: list[Tag] = []
    emphasis: list[Tag] = []
    players: list[Tag] = []
    stack = list(reversed(region.contents))
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            attributes = node.attrs
            if attributes and ("data-cfemail" in attributes or _PROTECTED.search(str(attributes.get("href") or ""))):
                protected.append(node)
            if attributes and (node.name == "oembed" or "data-href" in attributes):
                players.append(node)
            if node.name in _EMPHASIS:
                emphasis.append(node)
            if node.contents:
                stack += reversed(node.contents)
    return protected, emphasis, players


def drop(region: Tag, layout: Layout) -> int:
    """Remove scripts, advertisements, share widgets and what is hidden; gives how deep the elements left are nested."""
    tags, classes, attributes = simple(layout.dropped)
    stack = [(region, 0)]
    dropped: list[Tag] = []
    deepest = 0
    while stack:
        element, depth = stack.pop()
        deepest = depth if depth > deepest else deepest
        for child in element.contents:
            if isinstance(child, Tag):
                if child.name in tags or (child.attrs and _is_hidden(child, classes, attributes)):
                    dropped.append(child)
                else:
                    stack.append((child, depth + 1))
    for element in dropped:
        element.decompose()
    return deepest


def _is_hidden(element: Tag, classes: frozenset[str], attributes: frozenset[str]) -> bool:
    own = element.attrs
    if not attributes.isdisjoint(own) or ("style" in own and _HIDDEN_STYLE.search(str(own["style"]))):
        return True
    return "class" in own and not classes.isdisjoint(element.get_attribute_list("class"))


def flatten(region: Tag) -> list[str]:
    """Where elements are nested too deep, build the region anew without those that mean nothing, and without any beyond
    `DEEPEST`; texts, pictures and frames all stay. Takes time in proportion to the region. Gives the fault, if there was any."""
    if not any(depth > DEEPEST for depth in _depths(region)):
        return []
    flat = parse(f"<div>{''.join(_flat(region))}</div>")
    region.clear()
    for child in list(flat.children):
        region.append(child.extract())
    return [f"nested deeper than {DEEPEST} elements: structure simplified"]


def _depths(region: Tag) -> Iterator[int]:
    stack = [(region, 0)]
    while stack:
        element, depth = stack.pop()
        yield depth
        stack += [(child, depth + 1) for child in element.children if isinstance(child, Tag)]


def _flat(region: Tag) -> Iterator[str]:
    """The inside of the region as HTML with little nesting: of each element its tags, a mere boundary, or nothing."""
    stack: list[PageElement | str] = list(reversed(region.contents))
    is_open: list[str] = []
    while stack:
        node = stack.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            if node.startswith("</"):
                is_open.pop()
            yield node
        elif isinstance(node, NavigableString):
            yield "" if isinstance(node, Comment) else escape(node, quote=False)
        elif isinstance(node, Tag):
            name = node.name
            keep = name in _VOID or (name in _MEANT and len(is_open) < DEEPEST and not (name in _EMPHASIS and name in is_open))
            around = _BOUNDARY if name in BLOCKS and not keep else ""
            yield _opening(node) if keep else around
            if keep and name not in _VOID:
                is_open.append(name)
                stack.append(f"</{name}>")
            elif name not in _VOID:
                stack.append(around)
            stack += reversed(node.contents)


def _opening(node: Tag) -> str:
    written = [f"<{node.name}"]
    for name, value in node.attrs.items():
        written.append(f' {name}="{escape(" ".join(value) if isinstance(value, list) else str(value))}"')
    return "".join([*written, ">"])


def reveal_addresses(region: Tag, protected: Collection[Tag]) -> list[str]:
    """Put back the e-mail addresses that Cloudflare's protection hid; gives a fault for each that cannot be read."""
    faults: list[str] = []
    if not protected:
        return faults
    for element in protected:
        inside = _PROTECTED.search(str(element.get("href") or ""))
        code = str(element.get("data-cfemail") or "") or (inside[1] if inside and inside[1] else "")
        if not code:
            continue
        address = reveal(code)
        if not address:
            faults.append(f"a protected e-mail address cannot be decoded: {code[:40]}")
            continue
        text = element.get_text()
        if element.name == "a" and text.strip() and not _PLACEHOLDER.search(text) and not element.has_attr("data-cfemail"):
            element["href"] = f"mailto:{address}"
        else:
            before, after = _around_placeholder(text)
            element.replace_with(NavigableString(before + address + after))
    for link in region.find_all("a", href=_PROTECTED):
        link.unwrap()
    return faults


def _around_placeholder(text: str) -> tuple[str, str]:
    found = _PLACEHOLDER.search(text)
    return (text[: found.start()], text[found.end() :]) if found else ("", "")


def reveal(code: str) -> str:
    """The text behind a `data-cfemail` code: hexadecimal, each byte XORed with the first. Empty if it is not one."""
    try:
        key, *data = bytes.fromhex(code)
        return clean(bytes(byte ^ key for byte in data).decode("utf-8"))
    except ValueError:
        return ""


def _push_into_blocks(element: Tag) -> None:
    """Emphasis or a link around whole blocks: Markdown has emphasis inside each block, and a link, which is one, inside
    the first that shows anything."""
    if not holds_block(element):
        return
    for holder in [element, *element.find_all(True)]:
        if holder.name in FRAMES or not (holder is element or holder.name in BLOCKS or holds_block(holder)):
            continue
        if _wrap_runs(holder, element) and element.name == "a":
            break
    element.unwrap()


def _wrap_runs(holder: Tag, like: Tag) -> bool:
    """Wrap each run of inline nodes that shows anything, of a link only the first; gives whether there was any."""
    run: list[PageElement] = []
    found = False
    for child in [*holder.children, None]:
        is_block = isinstance(child, Tag) and (child.name in BLOCKS or holds_block(child))
        if child is not None and not is_block:
            run.append(child)
            continue
        if any(_shows(item) for item in run):
            wrapper = BeautifulSoup("", "html.parser").new_tag(like.name, attrs={name: str(value) for name, value in like.attrs.items()})
            run[0].insert_before(wrapper)
            for item in run:
                wrapper.append(item.extract())
            found = True
            if like.name == "a":
                break
        run.clear()
    return found


def _shows(node: PageElement) -> bool:
    if isinstance(node, Tag):
        return node.name == "img" or node.find("img") is not None or bool(node.get_text().strip())
    return not isinstance(node, Comment) and bool(str(node).strip())
