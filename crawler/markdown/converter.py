"""Markdown from a cleaned region of HTML: markdownify, with the conversions that Chinese news needs.

markdownify's own handling of white space cuts U+3000 and NBSP, adds spaces and breaks bold in Chinese text (its
numbered defects: DESIGN). Here a block's text is put together first, as browsers do (runs of ASCII white space are one
space), and only then are emphasis, line breaks and line starts settled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby, pairwise
from typing import Any

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement
from markdownify import MarkdownConverter

from crawler.markdown import raw_html as raw
from crawler.markdown.blocks import code_block, code_span, is_plain, join_blocks, join_item, only_block, pipe_table
from crawler.markdown.elements import (
    BLOCKS,
    CONTAINERS,
    FRAMES,
    HEADINGS,
    KEPT_TAGS,
    KINDS,
    has_block,
    has_element,
    is_countable,
    item_numbers,
    nearest_ancestor,
)
from crawler.markdown.inline import (
    BREAK,
    EM,
    END_EM,
    END_STRONG,
    NOT_PLAIN,
    STRONG,
    attribute,
    destination,
    escape_heading,
    escape_line_starts,
    escape_part,
    escape_text,
    one_space,
    resolve_emphasis,
    settle_joints,
    surround,
)
from crawler.markdown.style import Style

_SEVERAL_SPACES = re.compile("  +")
_SPACES_AT_BREAK = re.compile(f" *{BREAK} *")
_LINES = re.compile(r"^(?=.)", re.MULTILINE)
_MORE_THAN_TEXT = frozenset({"a", "img", "br", *KINDS})
_MORE_THAN_PICTURES = frozenset(("table", "figure", "ul", "ol", "blockquote", "pre", "hr", *HEADINGS, *FRAMES))
_SHORTCODE = re.compile(r"\{\{[<%]")
_SHOWN_PICTURE = re.compile(r"(?!data:)|data:image/(?:gif|png|jpeg|webp);", re.IGNORECASE)

Line = Callable[[str], str]
"""Makes a block of the inline text of one line: a paragraph, a heading."""


class Converter(MarkdownConverter):
    """Converts a region with `convert_region`. One is enough for a process; `style` is set for each page."""

    style: Style

    bullets = "*+-"

    def __init__(self) -> None:
        super().__init__(heading_style="atx", bullets=self.bullets)

    def convert_region(self, region: Tag, style: Style) -> str:
        """The region's blocks as Markdown, separated by one blank line; the region is not changed."""
        self.style = style
        return str(self.convert_soup(region))

    def convert_soup(self, soup: Tag) -> str:
        return join_blocks(self.blocks(soup))

    def blocks(self, node: Tag, line: Line | None = None) -> list[str]:
        """The blocks of a container; text that stands between blocks is a paragraph of its own, or what `line`
        makes."""
        contents = node.contents
        if (
            line is None
            and len(contents) == 1
            and type(only := contents[0]) is NavigableString
            and NOT_PLAIN.search(only) is None
        ):
            text = self.paragraph(only)  # as nearly all are: nothing to gather and nothing to escape
            return [text] if text else []
        return self._blocks_of(contents, line)

    def _blocks_of(self, nodes: Iterable[PageElement], line: Line | None = None) -> list[str]:
        found: list[str] = []
        parts: list[str] = []
        self._gather(nodes, parts, found, line)
        self._end_line(parts, found, line)
        return found

    def _gather(self, nodes: Iterable[PageElement], parts: list[str], found: list[str], line: Line | None) -> None:
        for child in nodes:
            if not isinstance(child, Tag):
                parts.append(" " if type(child) is NavigableString and child == "\n" else self.inline(child))
            elif child.name in BLOCKS:
                if parts:
                    self._end_line(parts, found, line)
                found += self.block(child, line)
            elif child.contents and has_block(child):
                self._gather(child.contents, parts, found, line)
            else:
                parts.append(self.inline(child))

    def _end_line(self, parts: list[str], found: list[str], line: Line | None) -> None:
        inline = "".join(parts)
        parts.clear()
        if inline and not inline.isspace() and (text := (line or self.paragraph)(inline)):
            found.append(text)

    def block(self, node: Tag, line: Line | None = None) -> list[str]:
        """A block element as Markdown blocks, without newlines around them; empty ones give nothing."""
        name = node.name
        if name in CONTAINERS:
            return self.blocks(node, line)
        if name in HEADINGS:
            return self.blocks(node, lambda inline: self.heading(inline, int(name[1])))
        made: str | list[str] = getattr(self, f"convert_{'frame' if name in FRAMES else name}")(node)
        return made if isinstance(made, list) else [made] if made else []

    def paragraph(self, inline: str) -> str:
        """A block's text from its inline text: line breaks as two spaces and a newline, nothing begins a block by
        accident."""
        text = self.settled(inline)
        if BREAK in text:
            first, *others = text.split(BREAK)
            text = first
            for previous, line in pairwise([first, *others]):
                text += ("  \n" if previous else "<br>\n") + line
        return escape_line_starts(text) if _has_text(text) else ""

    def heading(self, inline: str, level: int) -> str:
        text = escape_heading(self.one_line(inline))
        return f"{'#' * level} {text}" if _has_text(text) else ""

    def one_line(self, inline: str) -> str:
        """The same for places that hold one line only: headings and cells."""
        return self.settled(inline).replace(BREAK, "<br>")

    def settled(self, inline: str) -> str:
        """Inline text with its emphasis chosen, spaces collapsed and nothing but text at both ends."""
        text = settle_joints(inline)
        if "  " in text:
            text = _SEVERAL_SPACES.sub(" ", text)
        if BREAK in text:
            text = _SPACES_AT_BREAK.sub(BREAK, text)
        return resolve_emphasis(text.strip(f" {BREAK}"))

    def inline(self, node: PageElement, in_link: bool = False) -> str:
        """Inline content: escaped text, links and pictures; emphasis and line breaks still as marks."""
        if isinstance(node, NavigableString):
            return "" if isinstance(node, Comment) else escape_part(one_space(node), in_link=in_link)
        if not isinstance(node, Tag):
            return ""
        name = node.name
        if name == "br":
            return BREAK
        if name == "img":
            return self.convert_img(node)
        if name == "code" and node.find(True) is None:
            return code_span(one_space(node.get_text()))
        within = in_link or name == "a"
        text = "".join([self.inline(child, within) for child in node.contents])
        if name in ("strong", "b"):
            return surround(STRONG, END_STRONG, _without(text, STRONG, END_STRONG))
        if name in ("em", "i"):
            return surround(EM, END_EM, _without(text, EM, END_EM))
        if name == "a" and not in_link:
            return self.convert_a(node, text)
        return surround(f"<{name}>", f"</{name}>", text) if name in KEPT_TAGS or name == "code" else text

    def convert_a(self, el: Tag, text: str, parent_tags: Any = ()) -> str:
        target = self.style.link(str(el.get("href") or ""))
        return text if target is None else surround("[", f"]({destination(target)})", text, f" {BREAK}")

    def convert_img(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        src = raw.source(el)
        if not src:
            return ""
        address, alt = self.style.image(src), one_space(raw.alt_text(el, self.style))
        if not _SHOWN_PICTURE.match(
            address
        ):  # readers take other data for no picture; alone on a line a tag would begin raw HTML
            return f'<span><img src="{attribute(address)}" alt="{attribute(alt)}"></span>'
        return f"![{escape_text(alt, in_link=True)}]({destination(address)})"

    def convert_hr(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        return (
            "___" if nearest_ancestor(el, "li") is not None else "---"
        )  # after a bullet hyphens would be one rule with it

    def convert_frame(self, el: Tag) -> str:
        return raw.frame(el, self.style)

    def convert_pre(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        if has_block(el):
            return self.blocks(el)
        code = el.get_text()
        if not code.strip() and not has_element(el, ("img",)):
            return ""
        if has_element(el, _MORE_THAN_TEXT) or _SHORTCODE.search(code):
            return raw.preformatted(el, self.style)
        return code_block(code.strip("\n"))

    def convert_blockquote(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        quoted = join_blocks(self.blocks(el))
        return "\n".join(f"> {line}" if line else ">" for line in quoted.split("\n")) if quoted else ""

    def convert_ul(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        """Items one below the other, as markdownify: `*`, `+`, `-` by depth; further blocks indented."""
        depth = sum(1 for parent in el.parents if parent.name == "ul")
        return "\n".join(_item(f"{self.bullets[depth % len(self.bullets)]} ", blocks) for blocks in self._items(el))

    def convert_ol(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        """The same with numbers. CommonMark counts on from the first, so where the page does not, another list
        begins."""
        items = self._numbered(el)
        if items and not is_countable(el):
            return raw.ordered(el, self.style)
        found: list[list[str]] = []
        previous: int | None = None
        for number, blocks in items:
            if number is None:
                found += [[block] for block in blocks]
                continue
            if previous is None or number != previous + 1:
                found.append([])
            found[-1].append(_item(f"{number}. ", blocks))
            previous = number
        return ["\n".join(lines) for lines in found]

    def _items(self, el: Tag) -> Iterable[list[str]]:
        """The blocks of each item; what stands in a list outside of items belongs to the item before it."""
        items: list[list[str]] = []
        for is_item, nodes in groupby(el.children, lambda child: isinstance(child, Tag) and child.name == "li"):
            if is_item:
                items += [self.blocks(item) for item in nodes if isinstance(item, Tag)]
            elif stray := self._blocks_of(nodes):
                items[-1].extend(stray) if items else items.append(stray)
        return [blocks for blocks in items if blocks]

    def _numbered(self, el: Tag) -> list[tuple[int | None, list[str]]]:
        """The blocks of each item in an ordered list with its number; what stands before the first has none."""
        found: list[tuple[int | None, list[str]]] = []
        numbers = iter(item_numbers(el))
        for is_item, nodes in groupby(el.children, lambda child: isinstance(child, Tag) and child.name == "li"):
            if is_item:
                items = [(next(numbers), self.blocks(item)) for item in nodes if isinstance(item, Tag)]
                found += [(number, blocks) for number, blocks in items if blocks]
            elif stray := self._blocks_of(nodes):
                found[-1][1].extend(stray) if found else found.append((None, stray))
        return found

    def convert_table(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        if not is_plain(el):
            return raw.table(el, self.style)
        above = [
            block
            for child in el.contents
            if isinstance(child, Tag) and child.name == "caption"
            for block in self.blocks(child)
        ]
        return [*above, pipe_table(el, self._cell)]

    def _cell(self, cell: Tag) -> str:
        inline = "".join(self.inline(child) for child in (only_block(cell) or cell).children)
        return self.one_line(inline).replace("|", "\\|")

    def convert_figure(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        """FORMAT's figure; one without a picture, or with more than pictures and text, is only a container."""
        if has_element(el, _MORE_THAN_PICTURES):
            return self.blocks(el)
        return raw.figure(el, self.style) or self.blocks(el)


def _item(mark: str, blocks: list[str]) -> str:
    return mark + _LINES.sub(" " * len(mark), join_item(blocks))[len(mark) :]


def _without(text: str, *marks: str) -> str:
    for mark in marks:
        text = text.replace(mark, "")
    return text


def _has_text(line: str) -> bool:
    """Whether there is more than white space and line breaks. Characters without width count: they are on the page,
    too."""
    return bool(line.replace("<br>", "").strip())
