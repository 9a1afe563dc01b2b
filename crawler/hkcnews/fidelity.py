"""The check: nothing lost, nothing added between the page's region and the Markdown made of it.

Both are read as the same stream: visible text with runs of ASCII white space as one space, one newline between blocks
and at line breaks. Both are counted for pictures, frames, tables and links; and of both it is noted which words are
bold, italic, struck out, raised and so on, and which numbers the items of lists have. It does not look at how the
converter works, only at what went in and what came out.
"""

import re
from collections.abc import Iterable, Iterator

from bs4 import Comment, Tag
from bs4.element import PageElement

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


def visible(region: Tag) -> MarkdownText:
    """What a reader sees in a prepared region of HTML, as its Markdown has to read; the region is not changed."""
    walk = _Walk()
    walk.element(region)
    walk.seen.text = _stream("".join(walk.parts))
    return walk.seen


class _Walk:
    """A walk through a region in reading order."""

    def __init__(self) -> None:
        self.seen = MarkdownText()
        self.parts: list[str] = []
        self._verbatim = False
        self._kinds: tuple[str, ...] = ()
        self._shown = 0

    def element(self, node: Tag) -> None:
        name = node.name
        is_block = name in BLOCKS
        if is_block or name == "br":
            self.parts.append("\n")
        if name in _MEANING or "style" in node.attrs:
            kinds = self._kinds
            if said := emphasis(node):
                unsaid = [kind for kind in kinds if kind not in said]
                self._kinds = (*unsaid, *(kind for kind, becomes in said.items() if becomes))
            self._meaning(node)
            self._kinds = kinds
        else:
            self._inside(node.contents)
        if is_block:
            self.parts.append("\n")

    def _inside(self, nodes: Iterable[PageElement]) -> None:
        for node in nodes:
            if isinstance(node, Tag):
                self.element(node)
            elif isinstance(node, str) and not isinstance(node, Comment):
                self._read(node if self._verbatim else node.replace("\n", " "))

    def _read(self, text: str) -> None:
        self.parts.append(text)
        if self._kinds:
            self.seen.mark(self._kinds, text)

    def _meaning(self, node: Tag) -> None:
        """Note what an element is, and read what is in it."""
        name, seen = node.name, self.seen
        if name == "table":
            seen.tables += 1
            self._shown += 1
            self._inside(shown_children(node))
        elif name == "ol":
            self._items(node)
        elif name in FRAMES:  # which hold nothing to read
            if raw.source(node):
                seen.frames += 1
                self._shown += 1
        elif name == "pre":
            outside = self._verbatim
            self._verbatim = not has_block(node)
            self._inside(node.contents)
            self._verbatim = outside
        elif name == "q":
            opening, closing = quotation_marks(node)
            self._read(opening)
            self._inside(node.contents)
            self._read(closing)
        else:
            if name == "img" and (source := raw.source(node)):
                self.parts.append("\n")  # inside a text a picture begins a new line
                seen.pictures += 1
                seen.drawn += attribute_value(source).lower().startswith("data:image/")
                self._shown += 1
            elif name == "a":
                seen.links += _is_link(node)
            elif name == "hr":
                self._shown += 1
            self._inside(node.contents)

    def _items(self, node: Tag) -> None:
        numbers, kind = iter(item_numbers(node)), counter(node)
        for child in node.contents:
            if not isinstance(child, Tag) or child.name != "li":
                self._inside((child,))
                continue
            begin, shown = len(self.parts), self._shown
            self.seen.numbers.append(f"{kind}{next(numbers)}")
            self.element(child)
            if self._shown == shown and not "".join(self.parts[begin:]).strip():
                self.seen.numbers.pop()  # of an item in which nothing is seen nobody misses the number


def _is_link(node: Tag) -> bool:
    if not is_followable(str(node.get("href") or "")) or nearest_ancestor(node, "a") is not None:
        return False
    return bool(node.get_text().strip(" \t\r\n\f")) or any(raw.source(img) for img in node.find_all("img"))


def _stream(text: str) -> str:
    """Lines without the spaces at their ends, and without those of white space only."""
    for space in "\t\r\f":
        text = text.replace(space, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return "\n".join([line.strip(" ") for line in text.split("\n") if line and not line.isspace()])


def _shapes(kind: str, texts: Iterable[str]) -> str:
    """The text of a kind of emphasis without white space and brackets, and where Markdown has marks for it without
    punctuation: marks may have to leave that out."""
    return (_NO_WORDS if kind in (BOLD, ITALIC) else _NO_SHAPES).sub("", "".join(texts))


def differences(seen: MarkdownText, markdown: str) -> Iterator[str]:
    """Each way in which the Markdown is not what was seen, in words; nothing when it is faithful."""
    reading = read_markdown(markdown)
    text = _stream(reading.text)
    if text != seen.text:
        yield _first_difference(seen.text, text)
    for name, words in _COUNTED.items():
        before, after = getattr(seen, name), getattr(reading, name)
        if before != after:
            yield f"{words}: {before} on the page, {after} in the file"
    for kind in dict.fromkeys((*seen.marked, *reading.marked)):
        shown, written = (_shapes(kind, marked.get(kind, ())) for marked in (seen.marked, reading.marked))
        if shown != written:
            yield f"{kind}: {_first_difference(shown, written)}"
    if seen.numbers != reading.numbers:
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
