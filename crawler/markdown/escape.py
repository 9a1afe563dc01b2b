"""Text that stays text: what Markdown, HTML or Hugo would take for markup gets a backslash."""

from __future__ import annotations

import html
import re

_INLINE = re.compile(
    r"[\\*_`]"  # code, emphasis; `_` and `*` always, as markdownify does
    r"|<(?=[A-Za-z/!?])|&(?=#?\w{1,32};)"  # HTML
    r"|\](?=[\[(:])|!(?=\[)|~(?=~)|(?<=~)~"  # links, images, struck text
    r"|(?<=\{)\{(?=[<%])"  # Hugo shortcodes
)
_BRACKETS = re.compile(r"[\[\]]")
_LINE_START = re.compile(
    r"^(?:(#{1,6}(?=[ \t]|$)|[-+](?=[ \t]|$)|>|=+[ ]*$|-{2,}[ ]*$|[|:-][-:| ]*$)|(\d{1,9})([.)](?=[ \t]|$)))", re.MULTILINE
)
_CLOSING_HASHES = re.compile(r"(#+)$")
_DESTINATION = re.compile(r"[\x00-\x20<>\\\x7f]")


def escape_text(text: str, *, in_link: bool = False, continues: bool = False) -> str:
    """A run of text inside a paragraph. Inside a link's text brackets are escaped too; `continues` when markup follows
    the text in its paragraph, which could make a link or a picture of what it ends with."""
    text = _INLINE.sub(r"\\\g<0>", text)
    if continues and text.endswith(("]", "!")):
        text = f"{text[:-1]}\\{text[-1]}"
    return _BRACKETS.sub(lambda m: m[0] if text[m.start() - 1 : m.start()] == "\\" else "\\" + m[0], text) if in_link else text


def escape_line_starts(paragraph: str) -> str:
    """Keep the first characters of each line of a paragraph from beginning a heading, list, quote, rule or table."""
    return _LINE_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", paragraph)


def escape_heading(text: str) -> str:
    """A heading's text: hash signs at its end would be taken for its closing sequence."""
    return _CLOSING_HASHES.sub(r"\\\1", text)


def destination(url: str) -> str:
    """A URL as the target of a link or image: one working target in CommonMark, characters otherwise as they are."""
    url = _DESTINATION.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), url)
    if not _balanced(url):
        url = url.replace("(", "\\(").replace(")", "\\)")
    return re.sub(r"&(?=#?\w{1,32};)", "&amp;", url)


def _balanced(url: str) -> bool:
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if depth < 0 or depth > 30:  # CommonMark asks parsers for at least 32 levels
            return False
    return depth == 0


def escape_html(text: str) -> str:
    """Text inside raw HTML: also safe from Hugo's shortcodes."""
    return html.escape(text, quote=False).replace("{{%", "{&#123;%")


def attribute(value: str) -> str:
    """An attribute's value inside raw HTML, for use between double quotes, on one line."""
    return html.escape(re.sub(r"[\r\n\t]+", " ", value), quote=True).replace("&#x27;", "'").replace("{{", "{&#123;")
