"""Reads the Markdown that this project writes back as plain text: for the check, and for whoever wants the words only.

Not a Markdown parser: it knows the writer's own dialect, in which everything literal is escaped. The tests hold it
against a real renderer.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

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
_PREFIX = re.compile(r"(?: +|> ?|[*+-] |\d{1,9}[.)] )*")
_PREFIX_STARTS = " >*+-0123456789"
_BLOCK_STARTS = "<`|{#-_"
_MARKUP = re.compile(r"[\\\[\]`*<&]")
"""Without one of these no markup is in a text: most paragraphs have none, and `_INLINE` is slow to find nothing."""
_FRAME = re.compile(r'\{\{< video src="[^"]*" >\}\}|<https?://[^<>]*>|<a class="video" href="[^"]*">[^<>]*</a>', re.IGNORECASE)
"""A shortcode or, where the format has frames as links, a link that shows itself; those from the page never do, nor have they a class."""
_HEADING = re.compile(r"#{1,6} ")
_CELLS = re.compile(r"(?<!\\)\|")
_DELIMITERS = re.compile(r"\|(?: --- \|)+")
_RULE = 2
"""The row of a table that only says where its cells are."""
_FENCE = re.compile(r"`{3,}")
_GAPS = re.compile(r"\n[ \t]*\n\s*(?<=\n)")
_RAW = re.compile(r"<(figure|table|pre)>")
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|t[drh]|thead|tbody|tfoot|table|caption|li|ul|ol|blockquote|h[1-6r]|figure|figcaption|br|img|pre)\b[^<>]*>"
)


@dataclass(slots=True)
class Reading:
    """The text of a piece of Markdown, blocks, pictures and line breaks as newlines, and counts of what is not text."""

    text: str = ""
    pictures: int = 0
    frames: int = 0
    tables: int = 0
    links: int = 0


def read_markdown(markdown: str) -> Reading:
    """The plain text and the counts of a body as this project writes it."""
    reading = Reading()
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
        indent = _PREFIX.match(line).end() if line[:1] in _PREFIX_STARTS else 0  # type: ignore[union-attr]
        text = line[indent:]
        row = 0 if text[:1] != "|" else 1 if line[:indent].strip(" >") else row + 1  # in a new item begins a new table
        block = _block(text, indent, row, lines, reading) if text[:1] in _BLOCK_STARTS else None
        if block is None:
            paragraph.append(text.rstrip(" "))
            continue
        parts += [_inline("\n".join(paragraph), reading), block]
        paragraph.clear()
    parts.append(_inline("\n".join(paragraph), reading))
    reading.text = "\n".join(parts)
    return reading


def plain_text(markdown: str) -> str:
    """The words of a body alone: blocks apart by one empty line, line breaks as newlines, captions as blocks of their own; nothing of
    pictures, frames, links and emphasis."""
    return _GAPS.sub("\n\n", read_markdown(markdown).text).strip("\n")


def _block(text: str, indent: int, row: int, lines: Iterator[str], reading: Reading) -> str | None:
    """A block that is not a paragraph, with those of the following lines that are its own; None if it is one. `row`: of a table."""
    if opening := _RAW.match(text):
        return _raw(_until_closed(text, opening[1], indent, lines), reading)
    if _FENCE.fullmatch(text):
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
    return "" if text in ("", "---", "___") else None


def _until_closed(text: str, tag: str, indent: int, lines: Iterator[str]) -> str:
    block = text
    while block.count(f"<{tag}>") > block.count(f"</{tag}>") and (line := next(lines, None)) is not None:
        block += "\n" + line[indent:]
    return block


def _inline(text: str, reading: Reading) -> str:
    if _MARKUP.search(text) is None:
        return text
    parts: list[str] = []
    brackets: list[int] = []
    last = 0
    for found in _INLINE.finditer(text):
        parts.append(text[last : found.start()])
        last = found.end()
        if found[0] == "[":
            brackets.append(len(parts))
        elif found[0] == "]":
            if brackets:
                brackets.pop()
        elif found["link"] and brackets:
            parts[brackets.pop()] = ""
            reading.links += 1
        parts.append(_plain(found, reading))
    return "".join([*parts, text[last:]])


def _plain(found: re.Match[str], reading: Reading) -> str:
    if found["escaped"]:
        return found["escaped"]
    if inside := found["code"]:
        return inside[1:-1] if inside[0] == inside[-1] == " " and inside.strip(" ") else inside
    markup = found[0]
    if found["entity"]:
        return html.unescape(markup)
    is_picture = bool(found["picture"]) or markup.startswith("<img ")
    reading.pictures += is_picture
    return markup if markup in ("[", "]") else "\n" if is_picture or markup == "<br>" else ""


def _raw(block: str, reading: Reading) -> str:
    reading.frames += len(_FRAME.findall(block))
    block = _FRAME.sub("\n", block)
    reading.tables += block.count("<table>")
    reading.pictures += block.count("<img ")
    reading.links += block.count("<a href=")
    return html.unescape(re.sub(r"<[^<>]*>", "", _BLOCK_TAG.sub("\n", block)))
