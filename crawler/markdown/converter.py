"""Markdown from a cleaned region of HTML: markdownify, with the conversions that Chinese news needs.

markdownify's own handling of white space cuts U+3000 and NBSP, adds spaces and breaks bold in Chinese text (its numbered
defects: DESIGN). Here a block's text is put together first, as browsers do (runs of ASCII white space are one space),
and only then are emphasis, line breaks and line starts settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from bs4 import Comment, Tag
from bs4.element import NavigableString, PageElement
from markdownify import MarkdownConverter

from crawler.markdown import raw
from crawler.markdown.emphasis import BREAK, EM, END_EM, END_STRONG, STRONG, resolve, wrap
from crawler.markdown.escape import attribute, destination, escape_heading, escape_line_starts, escape_text
from crawler.markdown.style import Style
from crawler.markdown.tables import is_plain, pipe_table

CONTAINERS = frozenset(
    (
        *("address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption"),
        *("footer", "form", "header", "html", "legend", "li", "main", "nav", "p", "section", "summary"),
        *("tbody", "td", "tfoot", "th", "thead", "tr", "[document]"),
    )
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
FRAMES = ("iframe", "video", "audio", "embed", "object")
BLOCKS = CONTAINERS.union(HEADINGS, FRAMES, ("hr", "pre", "table", "figure", "blockquote", "ul", "ol"))
_SPACES = re.compile(r"[ \t\r\n\f]+")
_SPACES_AT_BREAK = re.compile(f" *{BREAK} *")
_LINES = re.compile(r"^(?=.)", re.MULTILINE)
_KEPT_TAGS = ("sub", "sup", "del", "s", "ins", "kbd", "mark")


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
        return "\n\n".join(self.blocks(soup))

    def blocks(self, node: Tag) -> list[str]:
        """The blocks of a container; text that stands between blocks is a paragraph of its own."""
        found: list[str] = []
        line: list[str] = []
        for child in node.children:
            if isinstance(child, Tag) and (child.name in BLOCKS or _holds_block(child)):
                self._end_line(line, found)
                found += self.block(child)
            else:
                line.append(self.inline(child))
        self._end_line(line, found)
        return found

    def _end_line(self, line: list[str], found: list[str]) -> None:
        if paragraph := self.paragraph("".join(line)):
            found.append(paragraph)
        line.clear()

    def block(self, node: Tag) -> list[str]:
        """A block element as Markdown blocks, without newlines around them; empty ones give nothing."""
        name = node.name
        if name not in BLOCKS or name in CONTAINERS:
            return self.blocks(node)
        convert = "frame" if name in FRAMES else "hN" if name in HEADINGS else name
        text = str(getattr(self, f"convert_{convert}")(node))
        return [text] if text else []

    def paragraph(self, inline: str) -> str:
        """A block's text from its inline text: line breaks as two spaces and a newline, nothing begins a block by accident."""
        first, *others = self.settled(inline).split(BREAK)
        text = first
        for previous, line in pairwise([first, *others]):
            text += ("  \n" if previous else "<br>\n") + line
        return escape_line_starts(text) if _visible(text) else ""

    def one_line(self, inline: str) -> str:
        """The same for places that hold one line only: headings and cells."""
        return self.settled(inline).replace(BREAK, "<br>")

    def settled(self, inline: str) -> str:
        """Inline text with its emphasis chosen, spaces collapsed and nothing but text at both ends."""
        text = _SPACES_AT_BREAK.sub(BREAK, re.sub("  +", " ", inline)).strip(f" {BREAK}")
        return resolve(text)

    def inline(self, node: PageElement, in_link: bool = False) -> str:
        """Inline content: escaped text, links and pictures; emphasis and line breaks still as marks."""
        if isinstance(node, NavigableString):
            if isinstance(node, Comment):
                return ""
            continues = node.next_sibling is not None or (isinstance(node.parent, Tag) and node.parent.name not in BLOCKS)
            return escape_text(_SPACES.sub(" ", str(node)), in_link=in_link, continues=continues)
        if not isinstance(node, Tag):
            return ""
        name = node.name
        if name == "br":
            return BREAK
        if name == "img":
            return self.convert_img(node)
        if name == "code":
            return _code(_SPACES.sub(" ", node.get_text()))
        text = "".join(self.inline(child, in_link or name == "a") for child in node.children)
        if name in ("strong", "b"):
            return wrap(STRONG, END_STRONG, _without(text, STRONG, END_STRONG))
        if name in ("em", "i"):
            return wrap(EM, END_EM, _without(text, EM, END_EM))
        if name == "a":
            return self.convert_a(node, text)
        return f"<{name}>{text}</{name}>" if name in _KEPT_TAGS and text.strip() else text

    def convert_a(self, el: Tag, text: str, parent_tags: Any = ()) -> str:
        target = self.style.link(str(el.get("href") or ""))
        core = text.strip(f" {BREAK}")
        if not core or target is None:
            return text
        before, after = text[: text.index(core)], text[text.index(core) + len(core) :]
        return f"{before}[{core}]({destination(target)}){after}"

    def convert_img(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        src = raw.source(el)
        if not src:
            return ""
        alt = escape_text(_SPACES.sub(" ", str(el.get("alt") or "")), in_link=True)
        return f"![{alt}]({destination(self.style.image(src))})"

    def convert_hN(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        inline = "".join(self.inline(child) for child in el.children)
        text = escape_heading(self.one_line(inline))
        return f"{'#' * int(el.name[1])} {text}" if text else ""

    def convert_hr(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        return "---"

    def convert_frame(self, el: Tag) -> str:
        src = raw.source(el)
        if not src:
            return ""
        address = self.style.frame(src).translate({34: "%22", 62: "%3E", 60: "%3C", 32: "%20", 92: "%5C"})
        return '{{< video src="' + address + '" >}}'

    def convert_pre(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        code = el.get_text().strip("\n")
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
        return f"{fence}\n{code}\n{fence}" if code.strip() else ""

    def convert_blockquote(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        quoted = "\n\n".join(self.blocks(el))
        return "\n".join(f"> {line}" if line else ">" for line in quoted.split("\n")) if quoted else ""

    def convert_list(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        """Items one below the other, as markdownify: `*`, `+`, `-` by depth or numbers; further blocks indented."""
        depth = sum(1 for parent in el.parents if parent.name == "ul")
        number = int(str(el.get("start"))) if str(el.get("start") or "").isascii() and str(el.get("start") or "").isdigit() else 1
        items = []
        for blocks in self._items(el):
            bullet = f"{number}. " if el.name == "ol" else f"{self.bullets[depth % len(self.bullets)]} "
            indented = _LINES.sub(" " * len(bullet), _tight(blocks))
            items.append(bullet + indented[len(bullet) :])
            number += 1
        return "\n".join(items)

    convert_ul = convert_list
    convert_ol = convert_list

    def _items(self, el: Tag) -> Iterable[list[str]]:
        """The blocks of each item; what stands in a list outside of items belongs to the item before it."""
        items: list[list[str]] = []
        for child in el.children:
            if isinstance(child, Tag) and child.name == "li":
                items.append(self.blocks(child))
            elif isinstance(child, Tag) or str(child).strip():
                stray = self.block(child) if isinstance(child, Tag) else [self.paragraph(self.inline(child))]
                items[-1].extend(stray) if items else items.append(stray)
        return [blocks for blocks in items if blocks]

    def convert_table(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        if not is_plain(el):
            return raw.table(el, self.style)
        caption = el.find("caption")
        above = [self.one_line("".join(self.inline(child) for child in caption.children))] if isinstance(caption, Tag) else []
        return "\n\n".join([*filter(None, above), pipe_table(el, self._cell)])

    def _cell(self, cell: Tag) -> str:
        inner = cell.find(["p", "div"])
        inline = "".join(self.inline(child) for child in (inner if isinstance(inner, Tag) else cell).children)
        return self.one_line(inline).replace("|", "\\|")

    def convert_figure(self, el: Tag, text: str = "", parent_tags: Any = ()) -> str:
        """FORMAT's figure; one without a picture is only a container."""
        pictures = [img for img in el.find_all("img") if raw.source(img)]
        if not pictures or el.find(["table", "figure", *FRAMES]):
            return "\n\n".join(self.blocks(el))
        lines = ["<figure>"]
        for img in pictures:
            tag = f'<img src="{attribute(self.style.image(raw.source(img)))}" alt="{attribute(str(img.get("alt") or ""))}">'
            link = self.style.link(str(img.parent.get("href") or "")) if img.parent and img.parent.name == "a" else None
            lines.append(f'<a href="{attribute(link)}">{tag}</a>' if link else tag)
        caption = raw.caption(el, self.style)
        return "\n".join([*lines, *([f"<figcaption>{caption}</figcaption>"] if caption else []), "</figure>"])


def _code(text: str) -> str:
    """A code span: in more backticks than any run inside."""
    if not text.strip():
        return text
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _without(text: str, *marks: str) -> str:
    for mark in marks:
        text = text.replace(mark, "")
    return text


def _visible(text: str) -> str:
    return re.sub(r"[\s\u200b\ufeff]|<br>", "", text)


def _holds_block(node: Tag) -> bool:
    return any(isinstance(child, Tag) and (child.name in BLOCKS or _holds_block(child)) for child in node.children)


def _tight(blocks: list[str]) -> str:
    """An item's blocks: a list right after its text follows without a blank line."""
    text = blocks[0]
    for previous, block in pairwise(blocks):
        is_list = bool(re.match(r"(?:[*+-]|\d+\.) ", block)) and not re.match(r"(?:[*+-]|\d+\.) ", previous)
        text += ("\n" if is_list else "\n\n") + block
    return text
