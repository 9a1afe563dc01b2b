"""Reads the Markdown that this project writes back as plain text, and tells what an article says."""

import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from crawler.markdown.article import Article
from crawler.markdown.elements import BOLD, ITALIC, KINDS, integer

_DESTINATION = r"\((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*\))*\)"
_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    rf"|!(?P<picture>\[(?:\\.|[^\]\\])*\]{_DESTINATION})"
    rf"|\](?P<link>{_DESTINATION})"
    r"|\[|\]"
    r"|`(?P<ticks>`*)(?P<code>.+?)(?<!`)`(?P=ticks)(?!`)"
    r"|\*\**"
    r"|<(?:/?[A-Za-z][^<>]*|!----)>"
    r"|&(?P<entity>#\d+|#x[0-9A-Fa-f]+|\w+);"
)
"""Every alternative begins with a character itself: only so are the other characters passed over quickly."""
PREFIX = re.compile(r"(?: +|> ?|[*+-] |\d{1,9}[.)] )*")
_PREFIX_STARTS = " >*+-0123456789"
_BLOCK_STARTS = "<`|{#-_"
_STARTS = frozenset(_PREFIX_STARTS + _BLOCK_STARTS)
_MARKUP = re.compile(r"[\\\[\]`*<&]")
"""Without one of these no markup is in a text: most paragraphs have none, and `_INLINE` is slow to find nothing."""
_FRAME = re.compile(
    r'[{<](?:(?<=\{)\{< video src="[^"]*" >\}\}|(?<=<)https?://[^<>]*>|(?<=<)a class="video" href="[^"]*">[^<>]*</a>)',
    re.IGNORECASE,
)
"""A shortcode or, where the format has frames as links, a link that shows itself; those from the page never do, nor
have they a class."""
_HEADING = re.compile(r"#{1,6} ")
_CELLS = re.compile(r"(?<!\\)\|")
_DELIMITERS = re.compile(r"\|(?: --- \|)+")
_RULE = 2
"""The row of a table that only says where its cells are."""
FENCE = re.compile(r"`{3,}")
_GAPS = re.compile(r"\n[ \t]*\n\s*(?<=\n)")
_NUMBER = re.compile(r"(\d{1,9})[.)] ")
RAW = re.compile(r"<(figure|table|pre|ol)(?: [^<>]*)?>")
_BLOCK = re.compile(rf"\||#{{1,6}} |(?:{RAW.pattern})|(?:`{{3,}}|---|___|{_FRAME.pattern})?\Z", re.IGNORECASE)
"""How a line begins that is not of a paragraph."""
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|t[drh]|thead|tbody|tfoot|table|caption|li|ul|ol|blockquote|h[1-6r]|figure|figcaption|br|img|pre)\b[^<>]*>"
)
_TAG = re.compile(r"<[^<>]*>")
_TAG_APART = re.compile(rf"({_TAG.pattern})")
_MEANING_TAG = re.compile(rf"<(?:ol|{'|'.join(KINDS)})[ >]")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_VOID = frozenset({"br", "img", "hr", "iframe"})
_SHOWING = frozenset({"img", "hr", "iframe", "table"})


@dataclass(slots=True)
class MarkdownText:
    """The text of a piece of Markdown, blocks, pictures and line breaks as newlines, and counts of what is not text,
    `drawn` being the pictures that are data. `marked` is the text of each kind of emphasis (see `meaning`), in pieces;
    `numbers` are those of the items in ordered lists: `9`, or with the kind of numerals `a9`."""

    text: str = ""
    pictures: int = 0
    frames: int = 0
    tables: int = 0
    links: int = 0
    drawn: int = field(default=0, compare=False)
    marked: dict[str, list[str]] = field(default_factory=dict, compare=False)
    numbers: list[str] = field(default_factory=list, compare=False)

    def mark(self, kinds: Iterable[str], text: str) -> None:
        for kind in dict.fromkeys(kinds):
            self.marked.setdefault(kind, []).append(text)


def read_markdown(markdown: str) -> MarkdownText:
    """The plain text and the counts of a body as this project writes it."""
    reading = MarkdownText()
    parts: list[str] = []
    lines = iter(markdown.split("\n"))
    paragraph: list[str] = []
    row = 0
    for line in lines:
        if not line:
            row = 0
            parts += [_inline("\n".join(paragraph), reading) if paragraph else "", ""]
            paragraph.clear()
            continue
        if line[0] not in _STARTS:  # as nearly all are
            row = 0
            paragraph.append(line.rstrip(" "))
            continue
        indent = PREFIX.match(line).end() if line[0] in _PREFIX_STARTS else 0  # type: ignore[union-attr]
        text = line[indent:]
        items = line[:indent].strip(" >")
        if items:
            reading.numbers += _NUMBER.findall(f"{items} ")
        row = 0 if text[:1] != "|" else 1 if items else row + 1  # in a new item begins a new table
        if text[:1] not in _BLOCK_STARTS or not _BLOCK.match(text):
            paragraph.append(text.rstrip(" "))
            continue
        parts.append(_inline("\n".join(paragraph), reading))
        paragraph.clear()
        parts.append(_block(text, indent, row, lines, reading))
    parts.append(_inline("\n".join(paragraph), reading))
    reading.text = "\n".join(parts)
    return reading


def plain_text(markdown: str) -> str:
    """The words of a body alone: blocks apart by one empty line, line breaks as newlines, captions as blocks of their
    own; nothing of pictures, frames, links and emphasis."""
    return _GAPS.sub("\n\n", read_markdown(markdown).text).strip("\n")


def _block(text: str, indent: int, row: int, lines: Iterator[str], reading: MarkdownText) -> str:
    """A block that is not a paragraph, with those of the following lines that are its own. `row`: of a table."""
    if opening := RAW.match(text):
        return _raw(until_closed(text, opening[1], indent, lines), reading)
    if FENCE.fullmatch(text):
        return "\n".join(takewhile(lambda line: line != text, (line[indent:] for line in lines)))
    if text.startswith("|"):
        is_rule = row == _RULE and _DELIMITERS.fullmatch(text) is not None
        reading.tables += is_rule
        cells = [] if is_rule else _CELLS.split(text[1:-1])
        return "\n".join(_inline(cell.replace("\\|", "|").strip(" "), reading) for cell in cells)
    if _FRAME.fullmatch(text):
        reading.frames += 1
        return ""
    if found := _HEADING.match(text):
        return _inline(text[found.end() :], reading)
    return ""


def until_closed(text: str, tag: str, indent: int, lines: Iterator[str]) -> str:
    """A block of HTML that begins with this text of a line, whole; further lines without their indent."""
    block = text
    while (
        block.count(f"<{tag}>") + block.count(f"<{tag} ") > block.count(f"</{tag}>")
        and (line := next(lines, None)) is not None
    ):
        block += "\n" + line[indent:]
    return block


def _inline(text: str, reading: MarkdownText) -> str:
    if _MARKUP.search(text) is None:
        return text
    parts: list[str] = []
    brackets: list[int] = []
    kinds: list[str] = []
    last = 0
    for found in _INLINE.finditer(text):
        markup, plain = found[0], text[last : found.start()]
        last = found.end()
        if kinds:
            reading.mark(kinds, plain)
        parts.append(plain)
        if markup == "[":
            brackets.append(len(parts))
        elif markup == "]":
            if brackets:
                brackets.pop()
        elif brackets and found.lastgroup == "link":
            parts[brackets.pop()] = ""
            reading.links += 1
        elif markup[0] in "*<":
            _change(kinds, markup)
        plain = _plain(markup, found, reading)
        if kinds:
            reading.mark(kinds, plain)
        parts.append(plain)
    return "".join([*parts, text[last:]])


def _change(kinds: list[str], markup: str) -> None:
    """Note what emphasis begins or ends with asterisks or a tag."""
    if markup[0] == "*":
        for kind in (*((BOLD,) if len(markup) > 1 else ()), *((ITALIC,) if len(markup) % 2 else ())):
            kinds.remove(kind) if kind in kinds else kinds.append(kind)
    elif (kind := KINDS.get(markup.strip("</>"), "")) and markup[1] != "/":
        kinds.append(kind)
    elif kind in kinds:
        kinds.remove(kind)


def _plain(markup: str, found: re.Match[str], reading: MarkdownText) -> str:
    """What a piece of markup shows."""
    group = found.lastgroup
    if group == "escaped":
        return markup[1]
    if group == "code":
        inside = found["code"]
        return inside[1:-1] if inside[0] == inside[-1] == " " and inside.strip(" ") else inside
    if group == "entity":
        return html.unescape(markup)
    if group == "picture" or markup.startswith("<img "):
        reading.pictures += 1
        reading.drawn += _drawn(markup) > 0
        return "\n"
    return markup if markup in ("[", "]") else "\n" if markup == "<br>" else ""


def _drawn(text: str) -> int:
    """How many pictures of data there are."""
    lower = text.lower()
    return lower.count("](data:image/") + lower.count('<img src="data:image/')


def _raw(block: str, reading: MarkdownText) -> str:
    reading.tables += block.count("<table>")
    reading.pictures += block.count("<img ")
    reading.drawn += _drawn(block)
    block, frames = _FRAME.subn("<iframe>", block)
    reading.frames += frames
    reading.links += block.count("<a href=")
    if _MEANING_TAG.search(block):
        _read_meaning(block, reading)
    return html.unescape(_TAG.sub("", _BLOCK_TAG.sub("\n", block)))


@dataclass(slots=True)
class _Open:
    """An element of raw HTML that is open: of an ordered list its kind of numerals, next number and step; of its items
    that they count. `shown`: whether anything was seen in it."""

    name: str
    kind: str = ""
    number: int = 1
    step: int = 1
    counts: bool = False
    shown: bool = False


def _read_meaning(block: str, reading: MarkdownText) -> None:
    """Walk through raw HTML, however it is made, for what its elements make of the text."""
    kinds: list[str] = []
    around = [_Open("")]
    for piece in _TAG_APART.split(block):
        is_tag = piece.startswith("<")
        name = piece.strip("</>").partition(" ")[0] if is_tag else ""
        if name in _SHOWING if is_tag else piece.strip():
            for element in around:
                element.shown = True
        if not is_tag:
            reading.mark(kinds, html.unescape(piece))
            continue
        _change(kinds, piece)
        if piece[1:2] != "/":
            if name not in _VOID:
                around.append(_opened(name, piece, around[-1], reading))
        elif name and around[-1].name == name:
            closed = around.pop()
            if closed.counts and not closed.shown:
                reading.numbers.pop()


def _opened(name: str, tag: str, parent: _Open, reading: MarkdownText) -> _Open:
    values = dict(_ATTRIBUTE.findall(tag))
    if name == "ol":
        start = integer(values.get("start"))
        kind = values.get("type") or values.get("style", "").removeprefix("list-style-type:")
        return _Open(name, kind, 1 if start is None else start, -1 if " reversed" in tag else 1)
    if name != "li" or parent.name != "ol":
        return _Open(name)
    own = integer(values.get("value"))
    number = parent.number if own is None else own
    parent.number = number + parent.step
    reading.numbers.append(f"{parent.kind}{number}")
    return _Open(name, counts=True)


def readable_text(title: str, body: str) -> str:
    """Title and text as a reader sees them, a line for each block and line break, the title first. `body`: Markdown.

    White space counts as one space within a line and for nothing around it, since layouts differ in it. Captions are
    text. Addresses, pictures, frames and emphasis are not in it, nor are the subscription note and the blogger's block:
    addresses and the note are the capture's, and the site changed a blogger's block on all of his articles at once.
    """
    return titled_text(title, plain_text(body))


def titled_text(title: str, text: str) -> str:
    """What `readable_text` makes of a title and a plain text."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join((" ".join(title.split()), *filter(None, lines)))


def version_digest(article: Article) -> str:
    """The SHA-256 of what an article says, as UTF-8. The same in every format that files are written in."""
    return text_digest(readable_text(article.title, article.body))


def text_digest(text: str) -> str:
    """The SHA-256 of what `readable_text` gives."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
