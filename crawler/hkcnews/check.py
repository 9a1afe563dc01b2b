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
from bs4.element import NavigableString

from crawler.markdown import raw
from crawler.markdown.elements import BLOCKS, FRAMES, holds_block
from crawler.markdown.reader import Reading, read_markdown
from crawler.markdown.style import leads_somewhere

_SPACES = re.compile(r"[ \t\r\n\f]+")
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
    for event in _walk(region):
        if isinstance(event, NavigableString):
            parts.append(event if verbatim else _SPACES.sub(" ", event))
            continue
        name = event.name
        if name == "pre":
            verbatim = isinstance(event, Tag) and not holds_block(event)
        if name in BLOCKS or name == "br" or (isinstance(event, Tag) and name == "img" and raw.source(event)):
            parts.append("\n")
        if isinstance(event, Tag):
            _count(event, counts)
    return Visible(_stream("".join(parts)), **counts)


@dataclass(frozen=True, slots=True)
class _End:
    name: str


def _walk(region: Tag) -> Iterator[NavigableString | Tag | _End]:
    """Texts and tags in reading order; a block comes twice, before and after what it holds. Frames hold nothing to read."""
    stack: list[object] = [region]
    while stack:
        node = stack.pop()
        if isinstance(node, NavigableString):
            if not isinstance(node, Comment):
                yield node
        elif isinstance(node, Tag):
            yield node
            if node.name in FRAMES:
                continue
            if node.name in BLOCKS:
                stack.append(_End(node.name))
            stack += reversed(node.contents)
        elif isinstance(node, _End):
            yield node


def _count(node: Tag, counts: dict[str, int]) -> None:
    if node.name == "img":
        counts["pictures"] += bool(raw.source(node))
    elif node.name in FRAMES:
        counts["frames"] += bool(raw.source(node))
    elif node.name == "table":
        counts["tables"] += 1
    elif node.name == "a":
        counts["links"] += _is_link(node)


def _is_link(node: Tag) -> bool:
    shows = bool(node.get_text().strip(" \t\r\n\f")) or any(raw.source(img) for img in node.find_all("img"))
    return shows and leads_somewhere(str(node.get("href") or "")) and node.find_parent("a") is None


def _stream(text: str) -> str:
    """Lines without the spaces at their ends, and without those of white space only."""
    lines = (line.strip(" ") for line in _SPACES_IN_LINE.sub(" ", text).split("\n"))
    return "\n".join(line for line in lines if line.strip())


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
