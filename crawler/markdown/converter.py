"""Markdown from a cleaned region of HTML: markdownify, with the conversions that Chinese news needs.

markdownify's own handling of white space cuts U+3000 and NBSP, adds spaces and breaks bold in Chinese text (its
numbered defects: DESIGN). Here a block's text is put together first, as browsers do (runs of ASCII white space are one
space), and only then are emphasis, line breaks and line starts settled.
"""

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement
from markdownify import MarkdownConverter

from crawler.markdown import raw_html as raw
from crawler.markdown.blocks import code_block, code_span, join_blocks, join_item, only_block, pipe_table, plain_rows
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
    STRONG,
    attribute,
    destination,
    escape_heading,
    escape_line_starts,
    escape_part,
    escape_text,
    is_plain,
    one_space,
    resolve_emphasis,
    settle_joints,
    surround,
)
from crawler.markdown.style import Style

_SEVERAL_SPACES = re.compile("  +")
_LINES = re.compile(r"^(?=.)", re.MULTILINE)
_EMPHASIS = dict.fromkeys(("strong", "b"), (STRONG, END_STRONG)) | dict.fromkeys(("em", "i"), (EM, END_EM))
_MORE_THAN_TEXT = frozenset({"a", "img", "br", *KINDS})
_MORE_THAN_PICTURES = frozenset(("table", "figure", "ul", "ol", "blockquote", "pre", "hr", *HEADINGS, *FRAMES))
_SHORTCODE = re.compile(r"\{\{[<%]")
_MORE_THAN_EMPHASIS = re.compile(r"(?<!\\)(?:</?[A-Za-z]|!\[)")
"""Beside these Hugo's Markdown (goldmark) leaves asterisks that should be emphasis: it sees a letter where a shortcode
stands, and closes nothing around a picture in a link."""
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
        return join_blocks(self.blocks(soup.contents))

    def blocks(self, nodes: Iterable[PageElement], line: Line | None = None) -> list[str]:
        """The blocks that nodes are; text that stands between blocks is a paragraph of its own, or what `line`
        makes."""
        found: list[str] = []
        parts: list[str] = []
        self._gather(nodes, parts, found, line)
        self._end_line(parts, found, line)
        return found

    def _gather(self, nodes: Iterable[PageElement], parts: list[str], found: list[str], line: Line | None) -> None:
        for child in nodes:
            if not isinstance(child, Tag):
                if parts or str(child) != "\n":  # with which a line does not begin
                    parts.append(self.inline(child))
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
        name, contents = node.name, node.contents
        if name in CONTAINERS:
            only = contents[0] if line is None and len(contents) == 1 else None
            if type(only) is not NavigableString or not is_plain(only):
                return self.blocks(contents, line)
            text = self.paragraph(only)  # as nearly all are: nothing to gather and nothing to escape
            return [text] if text else []
        if name in HEADINGS:
            return self.blocks(contents, lambda inline: self.heading(inline, int(name[1])))
        made: str | list[str] = getattr(self, f"convert_{'frame' if name in FRAMES else name}")(node)
        return made if isinstance(made, list) else [made] if made else []

    def paragraph(self, inline: str) -> str:
        """A block's text from its inline text: line breaks as two spaces and a newline, nothing begins a block by
        accident."""
        text = self.settled(inline)
        if BREAK in text:
            *lines, last = text.split(BREAK)
            text = "".join([f"{line}  \n" if line else "<br>\n" for line in lines]) + last
        return escape_line_starts(text) if _has_text(text) else ""

    def heading(self, inline: str, level: int) -> str:
        text = escape_heading(self.one_line(inline))
        return f"{'#' * level} {text}" if _has_text(text) else ""

    def one_line(self, inline: str) -> str:
        """The same for places that hold one line only: headings and cells."""
        return self.settled(inline, one_line=True).replace(BREAK, "<br>")

    def settled(self, inline: str, *, one_line: bool = False) -> str:
        """Inline text with its emphasis chosen, spaces collapsed and nothing but text at both ends."""
        text = settle_joints(inline)
        if "  " in text:
            text = _SEVERAL_SPACES.sub(" ", text)
        if BREAK in text:
            text = BREAK.join([part.strip(" ") for part in text.split(BREAK)])
        text = text.strip(f" {BREAK}")
        resolved = resolve_emphasis(text)
        if (
            self.style.one_markup
            and resolved != text
            and ((one_line and BREAK in text) or _MORE_THAN_EMPHASIS.search(resolved))
        ):
            return resolve_emphasis(text, as_elements=True)
        return resolved

    def inline(self, node: PageElement, in_link: bool = False) -> str:
        """Inline content: escaped text, links and pictures; emphasis and line breaks still as marks."""
        if not isinstance(node, Tag):
            is_text = isinstance(node, NavigableString) and not isinstance(node, Comment)
            return escape_part(one_space(str(node)), in_link=in_link) if is_text else ""
        name = node.name
        if name == "br":
            return BREAK
        if name == "img":
            return self.convert_img(node)
        if name == "code" and node.find(True) is None:
            return code_span(one_space(node.get_text()))
        within = in_link or name == "a"
        text = "".join([self.inline(child, within) for child in node.contents])
        if marks := _EMPHASIS.get(name):
            begin, end = marks
            return surround(begin, end, text.replace(begin, "").replace(end, ""))
        if name == "a" and not in_link:
            return self.convert_a(node, text)
        return surround(f"<{name}>", f"</{name}>", text) if name in KEPT_TAGS or name == "code" else text

    def convert_a(self, el: Tag, text: str, parent_tags: Any = ()) -> str:
        target = self.style.link(str(el.attrs.get("href") or ""))
        return text if target is None else surround("[", f"]({destination(target)})", text, f" {BREAK}")

    def convert_img(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        src = raw.source(el)
        if not src:
            return ""
        address, alt = self.style.image(src), one_space(raw.alt_text(el, self.style))
        if not _SHOWN_PICTURE.match(address):
            # readers take other data for no picture; alone on a line a tag would begin raw HTML
            return f'<span><img src="{attribute(address)}" alt="{attribute(alt)}"></span>'
        return f"![{escape_text(alt, in_link=True)}]({destination(address)})"

    def convert_hr(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        # after a bullet hyphens would be one rule with it
        return "---" if nearest_ancestor(el, "li") is None else "___"

    def convert_frame(self, el: Tag) -> str:
        return raw.frame(el, self.style)

    def convert_pre(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        if has_block(el):
            return self.blocks(el.contents)
        code = el.get_text()
        if not code.strip() and not has_element(el, ("img",)):
            return ""
        if has_element(el, _MORE_THAN_TEXT) or _SHORTCODE.search(code):
            return raw.preformatted(el, self.style)
        return code_block(code.strip("\n"))

    def convert_blockquote(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        quoted = join_blocks(self.blocks(el.contents))
        return "\n".join(f"> {line}" if line else ">" for line in quoted.split("\n")) if quoted else ""

    def convert_ul(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        """Items one below the other, as markdownify: `*`, `+`, `-` by depth; further blocks indented."""
        depth = sum(1 for parent in el.parents if parent.name == "ul")
        return "\n".join(_item(f"{self.bullets[depth % len(self.bullets)]} ", blocks) for _, blocks in self._items(el))

    def convert_ol(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        """The same with numbers. CommonMark counts on from the first, so where the page does not, another list
        begins."""
        items = self._items(el)
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

    def _items(self, el: Tag) -> list[tuple[int | None, list[str]]]:
        """The blocks of each item that has some, with its number. What stands in a list outside of items belongs to the
        item before it, in an ordered one to the last that shows something; before the first it has no number."""
        found: list[tuple[int | None, list[str]]] = []
        numbers = iter(item_numbers(el))
        for is_item, nodes in groupby(el.contents, lambda child: isinstance(child, Tag) and child.name == "li"):
            if is_item:
                items = [(next(numbers), self.blocks(item.contents)) for item in nodes if isinstance(item, Tag)]
                found += [(number, blocks) for number, blocks in items if blocks or el.name == "ul"]
            elif stray := self.blocks(nodes):
                found[-1][1].extend(stray) if found else found.append((None, stray))
        return [(number, blocks) for number, blocks in found if blocks]

    def convert_table(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        rows = plain_rows(el)
        if not rows:
            return raw.table(el, self.style)
        captions = [child for child in el.contents if isinstance(child, Tag) and child.name == "caption"]
        above = [block for caption in captions for block in self.blocks(caption.contents)]
        return [*above, pipe_table(rows, self._cell)]

    def _cell(self, cell: Tag) -> str:
        inline = "".join([self.inline(child) for child in (only_block(cell) or cell).contents])
        return self.one_line(inline).replace("|", "\\|")

    def convert_figure(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str | list[str]:
        """FORMAT's figure; one without a picture, or with more than pictures and text, is only a container."""
        is_container = has_element(el, _MORE_THAN_PICTURES)
        return (not is_container and raw.figure(el, self.style)) or self.blocks(el.contents)


def _item(mark: str, blocks: Iterable[str]) -> str:
    return mark + _LINES.sub(" " * len(mark), join_item(blocks))[len(mark) :]


def _has_text(line: str) -> bool:
    """Whether there is more than white space and line breaks. Characters without width count: they are on the page,
    too."""
    return bool(line.replace("<br>", "").strip())
