"""The check: nothing lost, nothing added between the page's region and the Markdown made of it.

Both are read as the same stream: visible text with runs of ASCII white space as one space, one newline between blocks
and at line breaks. Both are counted for pictures, frames, tables and links; and of both it is noted which words are
bold, italic, struck out, raised and so on, and which numbers the items of lists have. It does not look at how the
converter works, only at what went in and what came out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement

from crawler.markdown import raw_html as raw
from crawler.markdown.elements import (
    BLOCKS,
    BOLD,
    FRAMES,
    ITALIC,
    KINDS,
    counter,
    emphasis,
    has_block,
    item_numbers,
    nearest_ancestor,
    quotation_marks,
    shown_children,
)
from crawler.markdown.reader import MarkdownText, read_markdown
from crawler.markdown.style import attribute_value, is_followable

_MEANING = frozenset(("img", "table", "a", "pre", "hr", "ol", "q", *FRAMES, *KINDS))
"""Elements that are more than a block or a part of a text."""
_SPACES_IN_LINE = re.compile(r"[ \t\r\f]+")
_NO_WORDS = re.compile(r"[\W_]+")
_NO_SHAPES = re.compile(r"[\s\u200b\ufeff\[\]]+")
_CONTEXT = 20
_COUNTED = {
    "pictures": "pictures",
    "drawn": "pictures of data",
    "frames": "frames",
    "tables": "tables",
    "links": "links",
}


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader sees in a region: its text as the stream above, and how many of each thing; `drawn` are the
    pictures that have no address but data. `marked` is the text of each kind of emphasis, `numbers` those of the items
    in ordered lists, as in a `Reading`."""

    text: str
    pictures: int
    frames: int
    tables: int
    links: int
    drawn: int = 0
    marked: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()


def visible(region: Tag) -> Visible:
    """Read a prepared region of HTML; it is not changed."""
    walk = _Walk(region)
    parts, stack = walk.parts, walk.stack
    while stack:
        node = stack.pop()
        if isinstance(node, NavigableString):
            if not isinstance(node, Comment):
                text = node if walk.verbatim else node.replace("\n", " ")
                parts.append(text)
                if walk.kinds:
                    walk.mark(text)
        elif isinstance(node, Tag):
            name = node.name
            if name in BLOCKS:
                parts.append("\n")
                stack.append("\n")
            elif name == "br":
                parts.append("\n")
            if name in _MEANING or "style" in node.attrs:
                stack += reversed(list(walk.entered(node)))
            elif node.contents:
                stack += node.contents[::-1]
        elif isinstance(node, str):
            parts.append(node)
        elif not isinstance(node, PageElement):
            node()
    return walk.seen()


_Step = PageElement | str | Callable[[], None]


class _Walk:
    """A walk through a region in reading order: `stack` is what is still to come, with what is to be done where an
    element ends."""

    def __init__(self, region: Tag) -> None:
        self.stack: list[_Step] = [region]
        self.parts: list[str] = []
        self.verbatim = False
        self.kinds: tuple[str, ...] = ()
        self._marked: dict[str, list[str]] = {}
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._numbers: list[str] = []
        self._shown = 0

    def seen(self) -> Visible:
        marked = {kind: text for kind, texts in self._marked.items() if (text := _shapes(kind, texts))}
        return Visible(_stream("".join(self.parts)), **self._counts, marked=marked, numbers=tuple(self._numbers))

    def read(self, text: str) -> None:
        self.parts.append(text)
        self.mark(text)

    def mark(self, text: str) -> None:
        for kind in self.kinds:
            self._marked.setdefault(kind, []).append(text)

    def entered(self, node: Tag) -> Iterable[_Step]:
        """Note what an element is; gives what is in it, as far as it is read."""
        name = node.name
        if said := emphasis(node):
            self.stack.append(partial(setattr, self, "kinds", self.kinds))
            kept = [kind for kind in self.kinds if kind not in said]
            self.kinds = (*kept, *(kind for kind, becomes in said.items() if becomes))
        if name == "table":
            self._count("tables")
            return shown_children(node)
        if name == "ol":
            return self._items(node)
        if name in FRAMES:  # which hold nothing to read
            if raw.source(node):
                self._count("frames")
            return ()
        self._inside_text(node)
        return node.contents

    def _inside_text(self, node: Tag) -> None:
        name = node.name
        if name == "img" and (source := raw.source(node)):
            self.parts.append("\n")  # inside a text a picture begins a new line
            self._count("pictures")
            self._counts["drawn"] += attribute_value(source).lower().startswith("data:image/")
        elif name == "a":
            self._counts["links"] += _is_link(node)
        elif name == "hr":
            self._shown += 1
        elif name == "pre":
            self.stack.append(partial(setattr, self, "verbatim", self.verbatim))
            self.verbatim = not has_block(node)
        elif name == "q":
            opening, closing = quotation_marks(node)
            self.read(opening)
            self.stack.append(partial(self.read, closing))

    def _count(self, name: str) -> None:
        self._counts[name] += 1
        self._shown += 1

    def _items(self, node: Tag) -> Iterator[_Step]:
        numbers, kind = iter(item_numbers(node)), counter(node)
        for child in node.contents:
            if isinstance(child, Tag) and child.name == "li":
                yield partial(self._item_begun, child, f"{kind}{next(numbers)}")
            else:
                yield child

    def _item_begun(self, item: Tag, number: str) -> None:
        self._numbers.append(number)
        self.stack += [partial(self._item_ended, len(self.parts), self._shown), item]

    def _item_ended(self, begin: int, shown: int) -> None:
        """Of an item in which nothing is seen nobody misses the number."""
        if self._shown == shown and not "".join(self.parts[begin:]).strip():
            self._numbers.pop()


def _is_link(node: Tag) -> bool:
    if not is_followable(str(node.get("href") or "")) or nearest_ancestor(node, "a") is not None:
        return False
    return bool(node.get_text().strip(" \t\r\n\f")) or any(raw.source(img) for img in node.find_all("img"))


def _stream(text: str) -> str:
    """Lines without the spaces at their ends, and without those of white space only."""
    if "  " in text or "\t" in text or "\r" in text or "\f" in text:
        text = _SPACES_IN_LINE.sub(" ", text)
    return "\n".join([line.strip(" ") for line in text.split("\n") if line and not line.isspace()])


def _shapes(kind: str, texts: Iterable[str]) -> str:
    """The text of a kind of emphasis without white space and brackets, and where Markdown has marks for it without
    punctuation: marks may have to leave that out."""
    return (_NO_WORDS if kind in (BOLD, ITALIC) else _NO_SHAPES).sub("", "".join(texts))


def differences(seen: Visible, markdown: str) -> Iterator[str]:
    """Each way in which the Markdown is not what was seen, in words; nothing when it is faithful."""
    reading: MarkdownText = read_markdown(markdown)
    text = _stream(reading.text)
    if text != seen.text:
        yield _first_difference(seen.text, text)
    for name, words in _COUNTED.items():
        before, after = getattr(seen, name), getattr(reading, name)
        if before != after:
            yield f"{words}: {before} on the page, {after} in the file"
    for kind in dict.fromkeys((*seen.marked, *reading.marked)):
        shown, written = seen.marked.get(kind, ""), _shapes(kind, reading.marked.get(kind, ()))
        if shown != written:
            yield f"{kind}: {_first_difference(shown, written)}"
    if list(seen.numbers) != reading.numbers:
        yield f"numbers of items: {', '.join(seen.numbers)} on the page, {', '.join(reading.numbers)} in the file"


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
