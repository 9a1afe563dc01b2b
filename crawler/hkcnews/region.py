"""The region of a page that holds the body, made ready for conversion with BeautifulSoup: only content is left in
it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.hkcnews.embeds import LOST, may_be_embed, settle
from crawler.hkcnews.layout import Layout, simple
from crawler.hkcnews.nesting import push_into_blocks, put_in_order, quote, spell_out_styles
from crawler.hkcnews.text import clean
from crawler.hkcnews.tree_builder import build_tree
from crawler.markdown import raw_html as raw
from crawler.markdown.elements import BLOCKS, FRAMES, HEADINGS, KINDS, elements_of, has_block, says_emphasis

DEEPEST = 100
"""Elements nested deeper than this carry no meaning; conversion is recursive and Python's stack is not endless."""

_CONTROL_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|11|1[4-9]|2\d|3[01]|127)|[xX]0*(?:[0-8bBeEfF]|1[0-9a-fA-F]|7[fF]))(?:;|(?![0-9a-fA-F]))"
)
"""References to control characters, which would come to be after the page was cleaned of them."""
_PROTECTED = re.compile(r"/cdn-cgi/l/email-protection(?:#([0-9a-fA-F]+))?")
_PLACEHOLDER = re.compile(r"\[email.protected\]")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_EMPHASIS = frozenset((*KINDS, "a"))
_SETTLED = _EMPHASIS | {"table", "q"}
_MEANT = frozenset(
    {
        *_EMPHASIS,
        *HEADINGS,
        *FRAMES,
        *("table", "thead", "tbody", "tfoot", "tr", "ul", "ol", "li", "td", "th", "p", "pre", "code", "blockquote"),
        *("figure", "figcaption", "caption", "q"),
    }
)
_VOID = frozenset({"img", "br", "hr", "embed", "source"})
_BOUNDARY = "<div></div>"


def parse(html: str) -> Tag:
    """The first element of a piece of HTML that a tolerant parser has already put in order."""
    markup = clean(html)
    if "&#" in markup:
        markup = _CONTROL_REFERENCE.sub("", markup)
    if (root := build_tree(markup)) is not None:  # without a soup around it, which takes as long again
        return root
    # Only what stands in frames and their like has this unescaped; html.parser raises at marked sections unknown to it.
    soup = BeautifulSoup(markup.replace("<![", "&lt;!["), "html.parser")
    return next((element for element in soup.contents if isinstance(element, Tag)), soup)


def clean_region(region: Tag, layout: Layout) -> list[str]:
    """Take everything out of the region that is not content, and what is nested beyond reason; gives the faults
    found."""
    depth, faults = drop(region, layout)
    return faults + flatten(region) if depth > DEEPEST else faults


def shows_unscripted(region: Tag, layout: Layout) -> bool:
    """Whether there is something to see in a region that shows nothing until its scripts have run: what these would
    show, or that it is lost."""
    faults = clean_region(region, layout)
    return any(fault.startswith(LOST) for fault in faults) or any(map(raw.source, region.find_all(["img", *FRAMES])))


def prepare_region(region: Tag) -> list[str]:
    """Settle in a tidy region what depends on the site, what is meant without being said in elements, and what Markdown
    cannot nest; gives the faults found."""
    nodes = elements_of(region)
    having = [node for node in nodes if node.attrs]
    protected = [node for node in having if "data-cfemail" in node.attrs or _PROTECTED.search(str(node.get("href")))]
    styled = [node for node in having if "style" in node.attrs and says_emphasis(str(node.attrs["style"]))]
    named = [node for node in nodes if node.name in _SETTLED]
    emphasis = [node for node in named if node.name in _EMPHASIS]
    faults = reveal_addresses(region, protected) if protected else []
    put_in_order(node for node in named if node.name == "table")
    quote(node for node in named if node.name == "q")
    emphasis += spell_out_styles(styled)
    if any(map(has_block, emphasis)):
        for element in emphasis:
            push_into_blocks(element)
    return faults


def drop(region: Tag, layout: Layout) -> tuple[int, list[str]]:
    """Remove scripts, advertisements, share widgets and what is hidden, and set what scripts would have shown; gives
    how deep the elements left are nested, and the faults found."""
    tags, classes, attributes = simple(layout.dropped)
    stack = [(region, 0)]
    dropped: list[Tag] = []
    candidates: list[Tag] = []
    deepest = 0
    while stack:
        element, depth = stack.pop()
        deepest = depth if depth > deepest else deepest
        for child in element.contents:
            if isinstance(child, Tag):
                if child.name in tags or (child.attrs and _is_hidden(child.attrs, classes, attributes)):
                    dropped.append(child)
                else:
                    stack.append((child, depth + 1))
                    if may_be_embed(child):
                        candidates.append(child)
    return deepest, settle(region, dropped, candidates) if dropped or candidates else []


def _is_hidden(own: Mapping[str, Any], classes: frozenset[str], attributes: frozenset[str]) -> bool:
    if not attributes.isdisjoint(own) or ("style" in own and _HIDDEN_STYLE.search(str(own["style"]))):
        return True
    return "class" in own and not classes.isdisjoint(own["class"])


def flatten(region: Tag) -> list[str]:
    """Where elements are nested too deep, build the region anew without those that mean nothing, and without any beyond
    `DEEPEST`; texts, pictures and frames all stay. Takes time in proportion to the region. Gives the fault, if there
    was any."""
    level = [region]
    for _ in range(DEEPEST + 1):
        level = [child for element in level for child in element.contents if isinstance(child, Tag)]
    if not level:
        return []
    flat = parse(f"<div>{''.join(_flat(region))}</div>")
    region.clear()
    for child in list(flat.contents):
        region.append(child)
    return [f"nested deeper than {DEEPEST} elements: structure simplified"]


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
            keep = name in _VOID or (
                name in _MEANT and len(is_open) < DEEPEST and not (name in _EMPHASIS and name in is_open)
            )
            around = _BOUNDARY if name in BLOCKS and not keep else ""
            attributes = (
                (key, " ".join(value) if isinstance(value, list) else value) for key, value in node.attrs.items()
            )
            written = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes)
            yield f"<{name}{written}>" if keep else around
            if keep and name not in _VOID:
                is_open.append(name)
                stack.append(f"</{name}>")
            elif name not in _VOID:
                stack.append(around)
            stack += reversed(node.contents)


def reveal_addresses(region: Tag, protected: Iterable[Tag]) -> list[str]:
    """Put back the e-mail addresses that Cloudflare's protection hid; gives a fault for each that cannot be read."""
    faults: list[str] = []
    for element in protected:
        inside = _PROTECTED.search(str(element.get("href") or ""))
        code = str(element.get("data-cfemail") or (inside and inside[1]) or "")
        if not code:
            continue
        address = reveal(code)
        if not address:
            faults.append(f"a protected e-mail address cannot be decoded: {code[:40]}")
            continue
        text = element.get_text()
        hidden = _PLACEHOLDER.search(text)
        if element.name == "a" and text.strip() and not hidden and not element.has_attr("data-cfemail"):
            element["href"] = f"mailto:{address}"
        else:
            before, after = (text[: hidden.start()], text[hidden.end() :]) if hidden else ("", "")
            element.replace_with(NavigableString(before + address + after))
    for link in region.find_all("a", href=_PROTECTED):
        link.unwrap()
    return faults


def reveal(code: str) -> str:
    """The text behind a `data-cfemail` code: hexadecimal, each byte XORed with the first. Empty if it is not one."""
    try:
        key, *data = bytes.fromhex(code)
        return clean(bytes(byte ^ key for byte in data).decode("utf-8"))
    except ValueError:
        return ""
