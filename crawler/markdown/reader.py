"""Reads the Markdown that this project writes back as plain text: for the check, and for whoever wants the words only.

Not a Markdown parser: it knows the writer's own dialect, in which everything literal is escaped. The tests hold it
against a real renderer.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_DESTINATION = r"\((?:<[^<>\n]*>|(?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*\))*)\)"
_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    rf"|(?P<picture>!\[(?:\\.|[^\]\\])*\]{_DESTINATION})"
    rf"|(?P<link>\]{_DESTINATION})"
    r"|(?P<code>(?P<ticks>`+).+?(?P=ticks)(?!`))"
    r"|(?P<emphasis>\*+)"
    r"|(?P<tag></?[A-Za-z][^<>]*>)"
    r"|(?P<entity>&(?:#\d+|#x[0-9A-Fa-f]+|\w+);)"
)
_FRAME = re.compile(r"^(?:> ?|  +|[*+-] )*\{\{< video src=\"[^\"]*\" >\}\}$")
_SHORTCODE = re.compile(r"\{\{< video src=\"[^\"]*\" >\}\}")
_PREFIX = re.compile(r"^(?: *(?:> ?|[*+-] +|\d{1,9}[.)] +))*(?: *#{1,6} +| +)?")
_RULE = re.compile(r"^(?:[> ]|[*+-] )*---$")
_CELLS = re.compile(r"(?<!\\)\|")
_DELIMITERS = re.compile(r"^(?:[> ]|[*+-] )*\|(?: --- \|)+$")
_FENCE = re.compile(r"^[> ]*(?:[*+-] )?(`{3,})$")
_RAW_START = re.compile(r"^(?:[> ]|[*+-] |\d+\. )*<(figure|table)>")
_BLOCK_TAG = re.compile(r"</?(?:p|div|t[drh]|thead|tbody|tfoot|table|caption|li|ul|ol|blockquote|h[1-6]|figure|figcaption|br)\b[^<>]*>")


@dataclass(slots=True)
class Reading:
    """The text of a piece of Markdown, blocks and line breaks as newlines, and counts of what is not text."""

    text: str = ""
    pictures: int = 0
    frames: int = 0
    tables: int = 0
    links: int = 0


def read_markdown(markdown: str) -> Reading:
    """The plain text and the counts of a body as this project writes it."""
    reading = Reading()
    parts: list[str] = []
    raw_tag = fence = ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line.strip("> ") == fence else fence
            parts.append(line if fence else "")
        elif raw_tag or (opening := _RAW_START.match(line)):
            if not raw_tag and opening:
                raw_tag = opening[1]
                reading.tables += raw_tag == "table"
            parts.append(_raw(line, reading))
            raw_tag = "" if f"</{raw_tag}>" in line else raw_tag
        elif found := _FENCE.match(line):
            fence = found[1]
            parts.append("")
        else:
            parts.append(_line(line, reading))
    reading.text = "\n".join(parts)
    return reading


def _line(line: str, reading: Reading) -> str:
    if _FRAME.match(line):
        reading.frames += 1
        return ""
    if _RULE.match(line):
        return ""
    if _DELIMITERS.match(line):
        reading.tables += 1
        return ""
    text = _PREFIX.sub("", line, count=1)
    if text.startswith("| ") and text.endswith(" |"):
        return "\n".join(_inline(cell.strip(" "), reading) for cell in _CELLS.split(text[1:-1]))
    return _inline(text.rstrip(" "), reading)


def _inline(text: str, reading: Reading) -> str:
    def plain(found: re.Match[str]) -> str:
        if found["escaped"]:
            return found["escaped"]
        if found["code"]:
            return found["code"].strip("`")
        if found["entity"]:
            return html.unescape(found["entity"])
        reading.pictures += bool(found["picture"])
        reading.links += bool(found["link"])
        return "\n" if found["tag"] == "<br>" else ""

    return _INLINE.sub(plain, text)


def _raw(line: str, reading: Reading) -> str:
    reading.frames += len(_SHORTCODE.findall(line))
    line = _SHORTCODE.sub("", line)
    reading.pictures += line.count("<img ")
    reading.links += line.count("<a href=")
    text = re.sub(r"<[^<>]*>", "", _BLOCK_TAG.sub("\n", line))
    return html.unescape(re.sub(r"^[> ]+", "", text))
