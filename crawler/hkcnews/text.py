"""From the bytes of a page to its text: character set, and the characters that no text may hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

_JUNK = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_JUNK_BYTES = bytes((*range(9), 11, 12, *range(14, 32), 127))
_JUNK_SEQUENCES = (re.compile(rb"\xc2[\x80-\x9f]"), re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])"))
"""The same, and form feeds, in UTF-8: bytes are looked through much faster than a text."""
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANKS = " \u3000\u00a0"
_NOTHING = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u1680\u205f\u3164\ufeff\uffa0"
_RUNS_OF_NOTHING = ((0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF9, 0xFFFB))
_UNSEEN = _BLANKS + _NOTHING + "".join(chr(code) for first, last in _RUNS_OF_NOTHING for code in range(first, last + 1))
"""Characters that show nothing: spaces, joiners, marks of direction, selectors of variants, fillers."""
_DETECTED = ("big5hkscs", "gb18030")
_WESTERN = frozenset({"cp1252", "ascii", "iso8859-1", "latin-1"})
"""Declared by servers that do not know what they serve; no Chinese page is in one of them, and they fit any bytes."""
_ON_PAGES = re.compile(r"utf-?(?:8|16|32)|big5|gb|cp|windows|iso|latin|ascii|euc|shift|hz|johab|koi8|mac|tis", re.IGNORECASE)
"""Python knows more: codecs for identifiers and for its own source, which a page can name but not mean."""
_FEW = 10
"""Of so many characters beyond ASCII one may be damaged: bytes of another character set would be damage nearly throughout."""


@dataclass(frozen=True, slots=True)
class PageText:
    """`text` as decoded with `encoding`; `replaced` counts the bytes that are not of that encoding (U+FFFD in the text).
    `utf8` is the same text as bytes, where they are at hand."""

    text: str
    encoding: str
    replaced: int = 0
    utf8: bytes | None = None


def decode_page(body: bytes, content_type: str = "") -> PageText:
    """Decode a page. UTF-8 wins where it fits: nothing else looks like it, and detectors mistake a page with one
    damaged character for Kazakh (FACTS section 2: `зңҫиӘӘ`). Then what the page declares, then what is common in
    Hong Kong; at last UTF-8 with marks in place of what does not fit."""
    marked, mark = read_bom(body)
    if marked and mark is not None:
        return _decoded(body[len(mark) :], marked)
    if (clean_page := _clean_utf8(body)) is not None:
        return clean_page
    declared = [
        name for name in (http_content_type_encoding(content_type), html_body_declared_encoding(body)) if name and _ON_PAGES.match(name)
    ]
    for name in ("utf-8", *(name for name in declared if name not in _WESTERN)):
        page = _decoded(body, name)
        if _fits(page):
            return page
    for name in (*_DETECTED, *declared):
        page = _decoded(body, name)
        if not page.replaced:
            return page
    return _decoded(body, "utf-8")


def _clean_utf8(body: bytes) -> PageText | None:
    """The page, if it is UTF-8 throughout with nothing to clean away, as nearly all are."""
    if len(body.translate(None, _JUNK_BYTES)) != len(body) or any(junk.search(body) for junk in _JUNK_SEQUENCES):
        return None
    try:
        return PageText(body.decode("utf-8"), "utf-8", utf8=body)
    except UnicodeError:
        return None


def _fits(page: PageText) -> bool:
    return not page.replaced or page.replaced * _FEW <= sum(char > "\x7f" for char in page.text)


def _decoded(body: bytes, encoding: str) -> PageText:
    try:
        return PageText(clean(body.decode(encoding)), encoding)
    except (UnicodeError, LookupError):
        pass
    try:
        text = body.decode(encoding, "replace")
    except (UnicodeError, LookupError):
        return PageText("", encoding, replaced=len(body))
    return PageText(clean(text), encoding, replaced=text.count("\ufffd"))


def clean(text: str) -> str:
    """Take out what is never text: control characters, lone surrogates, noncharacters. White space stays as it is, but a form
    feed, which HTML takes for white space and YAML refuses, is a space."""
    return _JUNK.sub("", text.replace("\f", " ")) if _JUNK.search(text) or "\f" in text else text


def one_line(text: str) -> str:
    """A field's text: cleaned, runs of ASCII white space as one space, none at the ends; U+3000 and NBSP stay inside, and what
    has no width stays anywhere. Empty when there is nothing to see."""
    line = _SPACES.sub(" ", clean(text)).strip(_BLANKS)
    return line if line.strip(_UNSEEN) else ""
