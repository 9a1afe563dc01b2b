"""The check: nothing lost, nothing added between the page's region and the Markdown made of it.

Both are read as the same stream: visible text with runs of ASCII white space as one space, one newline between blocks
and at line breaks; and both are counted for pictures, frames, tables and links. It does not look at how the converter
works, only at what went in and what came out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.markdown import raw
from crawler.markdown.elements import BLOCKS, FRAMES, enclosing, holds_block
from crawler.markdown.escape import one_space
from crawler.markdown.reader import Reading, read_markdown
from crawler.markdown.style import leads_somewhere

_COUNTED = frozenset(("img", "table", "a", *FRAMES))
_SPACES_IN_LINE = re.compile(r"[ \t\r\f]+")
_CONTEXT = 20


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader sees in a region: its text as the stream above, and how many of each thing."""

    text: str
    pictures: int
    frames: int
    tables: int
    links: int


def visible(region: Tag) -> Visible:
    """Read a prepared region of HTML; it is not changed."""
    parts: list[str] = []
    counts = {"pictures": 0, "frames": 0, "tables": 0, "links": 0}
    verbatim = False
    stack: list[PageElement | str] = [region]
    while stack:
        node = stack.pop()
        if isinstance(node, NavigableString):
            if not isinstance(node, Comment):
                parts.append(node if verbatim else " " if node == "\n" else one_space(node))
        elif isinstance(node, Tag):
            name = node.name
            if name in BLOCKS or name == "br":
                parts.append("\n")
            if name == "pre":
                verbatim = not holds_block(node)
            elif name in _COUNTED:
                _count(node, counts, parts)
            if name not in FRAMES:  # which hold nothing to read
                if name in BLOCKS:
                    stack.append(name)
                stack += reversed(node.contents)
        else:  # the end of a block
            parts.append("\n")
            verbatim = verbatim and node != "pre"
    return Visible(_stream("".join(parts)), **counts)


def _count(node: Tag, counts: dict[str, int], parts: list[str]) -> None:
    """Count a thing that is not text; a picture, which is one inside a text, begins a new line there."""
    name = node.name
    if name == "img":
        if raw.source(node):
            parts.append("\n")
            counts["pictures"] += 1
    elif name == "table":
        counts["tables"] += 1
    elif name == "a":
        counts["links"] += _is_link(node)
    else:
        counts["frames"] += bool(raw.source(node))


def _is_link(node: Tag) -> bool:
    if not leads_somewhere(str(node.get("href") or "")) or enclosing(node, "a") is not None:
        return False
    return bool(node.get_text().strip(" \t\r\n\f")) or any(raw.source(img) for img in node.find_all("img"))


def _stream(text: str) -> str:
    """Lines without the spaces at their ends, and without those of white space only."""
    if "  " in text or "\t" in text or "\r" in text or "\f" in text:
        text = _SPACES_IN_LINE.sub(" ", text)
    return "\n".join([line.strip(" ") for line in text.split("\n") if line and not line.isspace()])


def differences(seen: Visible, markdown: str) -> Iterator[str]:
    """Each way in which the Markdown is not what was seen, in words; nothing when it is faithful."""
    reading: Reading = read_markdown(markdown)
    text = _stream(reading.text)
    if text != seen.text:
        yield _first_difference(seen.text, text)
    for name in ("pictures", "frames", "tables", "links"):
        before, after = getattr(seen, name), getattr(reading, name)
        if before != after:
            yield f"{name}: {before} on the page, {after} in the file"


def _first_difference(page: str, file: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(page, file, strict=False)) if a != b), min(len(page), len(file)))
    squeezed_page, squeezed_file = re.sub(r"\s", "", page), re.sub(r"\s", "", file)
    if squeezed_page == squeezed_file:
        kind = "spacing differs"
    elif len(squeezed_file) < len(squeezed_page):
        kind = "text lost"
    else:
        kind = "text added" if len(squeezed_file) > len(squeezed_page) else "text differs"
    start = max(0, at - _CONTEXT)
    return f"{kind}: page has {page[start : at + _CONTEXT]!r}, file has {file[start : at + _CONTEXT]!r}"
