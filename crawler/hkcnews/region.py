"""The region of a page that holds the body, made ready for conversion with BeautifulSoup: only content is left in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from crawler.hkcnews.layout import NOTE, NOTE_BLOCKS, Layout
from crawler.hkcnews.text import clean
from crawler.markdown.converter import BLOCKS

DEEPEST = 100
"""Elements nested deeper than this carry no meaning; conversion is recursive and Python's stack is not endless."""

_CLASS = re.compile(r"^\.([\w-]+)$")
_TAG = re.compile(r"^[a-z]+$")
_PROTECTED = re.compile(r"/cdn-cgi/l/email-protection(?:#([0-9a-fA-F]+))?")
_PLACEHOLDER = re.compile(r"\[email.protected\]")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_EMPHASIS = ("strong", "b", "em", "i", "a")


def parse(html: str) -> Tag:
    """The first element of a piece of HTML that a tolerant parser has already put in order."""
    soup = BeautifulSoup(clean(html), "html.parser")
    element = soup.find(True)
    return element if isinstance(element, Tag) else soup


def prepare(region: Tag, layout: Layout) -> list[str]:
    """Take everything out of the region that is not content and settle what depends on the site; gives the faults found."""
    faults = flatten(region)
    drop(region, layout)
    faults += reveal_addresses(region)
    for element in list(region.find_all(_EMPHASIS)):
        _push_into_blocks(element)
    return faults


def drop(region: Tag, layout: Layout) -> None:
    """Remove scripts, advertisements, share widgets and what is hidden."""
    tags = {selector for selector in layout.dropped if _TAG.match(selector)}
    classes = {found[1] for selector in layout.dropped if (found := _CLASS.match(selector))}
    for element in list(region.find_all(True)):
        if element.decomposed or element is region:
            continue
        hidden = element.has_attr("hidden") or _HIDDEN_STYLE.search(str(element.get("style") or ""))
        if element.name in tags or hidden or classes.intersection(element.get_attribute_list("class")):
            element.decompose()


def flatten(region: Tag) -> list[str]:
    """Unwrap what is nested too deep; its text stays. Gives the fault, if there was any."""
    deep = [element for element, depth in _with_depth(region) if depth > DEEPEST]
    for element in reversed(deep):
        element.unwrap()
    return [f"nested deeper than {DEEPEST} elements: structure simplified"] if deep else []


def _with_depth(region: Tag) -> Iterator[tuple[Tag, int]]:
    stack = [(region, 0)]
    while stack:
        element, depth = stack.pop()
        yield element, depth
        stack += [(child, depth + 1) for child in element.children if isinstance(child, Tag)]


def reveal_addresses(region: Tag) -> list[str]:
    """Put back the e-mail addresses that Cloudflare's protection hid; gives a fault for each that cannot be read."""
    faults = []
    for element in region.find_all(True):
        if element.decomposed or not isinstance(element, Tag):
            continue
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
    """Emphasis or a link around whole blocks: Markdown has it inside each block."""
    if element.decomposed or not any(child.name in BLOCKS for child in element.find_all(True)):
        return
    for holder in [element, *element.find_all(True)]:
        if holder is not element and holder.name not in BLOCKS:
            continue
        if holder.name in ("table", "thead", "tbody", "tr", "ul", "ol", "dl"):
            continue
        _wrap_runs(holder, element)
    element.unwrap()


def _wrap_runs(holder: Tag, like: Tag) -> None:
    run: list[object] = []
    for child in [*holder.children, None]:
        is_block = isinstance(child, Tag) and (child.name in BLOCKS or any(t.name in BLOCKS for t in child.find_all(True)))
        if child is not None and not is_block:
            run.append(child)
            continue
        if any(isinstance(item, Tag) or str(item).strip() for item in run):
            wrapper = BeautifulSoup("", "html.parser").new_tag(like.name, attrs={name: str(value) for name, value in like.attrs.items()})
            run[0].insert_before(wrapper)  # type: ignore[attr-defined]
            for item in run:
                wrapper.append(item.extract())  # type: ignore[attr-defined]
        run.clear()


def take_note(region: Tag, layout: Layout) -> Tag | None:
    """Cut the subscription note out of the region and give it as an element of its own, without its rule; None if there is
    none. It is known by its first words and by its place: nothing but a few blocks follow it."""
    starts = [block for block in region.find_all(["p", "div"]) if block.get_text().strip().startswith(NOTE)]
    if not starts:
        return None
    start = starts[-1]
    holder = start.parent
    while holder is not None and holder is not region and holder.parent is not None and holder.get_text().strip().startswith(NOTE):
        start, holder = holder, holder.parent
    following = [sibling for sibling in start.next_siblings if isinstance(sibling, Tag) or str(sibling).strip()]
    if len(following) >= NOTE_BLOCKS or (holder is not region and _text_after(holder, region)):
        return None
    note = BeautifulSoup("<div></div>", "html.parser").div
    assert note is not None
    inner = start.find(True)
    before = next((sibling for sibling in start.previous_siblings if isinstance(sibling, Tag) or str(sibling).strip()), None)
    for rule in (inner, before):
        if isinstance(rule, Tag) and rule.name == "hr":
            rule.extract()
            break
    for part in [start, *list(start.next_siblings)]:
        note.append(part.extract())
    return note


def _text_after(holder: Tag | None, region: Tag) -> str:
    text = ""
    while holder is not None and holder is not region:
        text += "".join(sibling.get_text() if isinstance(sibling, Tag) else str(sibling) for sibling in holder.next_siblings)
        holder = holder.parent
    return text.strip()
