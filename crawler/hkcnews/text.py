"""From the bytes of a page to its text: character set, and the characters that no text may hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from crawler.hkcnews import charset

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
_WESTERN = frozenset({charset.WESTERN, "ascii", "iso8859-1", "latin-1"})
"""Declared by servers that do not know what they serve; no Chinese page is in one of them, and they fit any bytes."""
_ON_PAGES = re.compile(r"utf-?(?:8|16|32)|big5|gb|cp|windows|iso|latin|ascii|euc|shift|hz|johab|koi8|mac|tis", re.IGNORECASE)
"""Python knows more: codecs for identifiers and for its own source, which a page can name but not mean."""
_WIDE = ("utf-16", "utf-32", "utf_16", "utf_32")
_MARKS_AS_GBK = "\u951f\u65a4\u62f7"
"""Two times U+FFFD in UTF-8, read as GBK."""
_ADDRESSES = re.compile(r"\]\([^()\s]*|https?://[^\s<>)]*")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_FEW = 10
"""Of so many characters beyond ASCII one may be damaged: bytes of another character set would be damage nearly throughout."""
_AS_GOOD = 0.1
"""A text in the right character set is less messy than in another by more than this, from eight characters on (measured on clips of real
articles in Big5 and GB 18030)."""


@dataclass(frozen=True, slots=True)
class PageText:
    """`text` as decoded with `encoding`; `replaced` counts the bytes that are not of that encoding (U+FFFD in the text).
    `utf8` is the same text as bytes, where they are at hand. `fault`: why the text may be wrong, where its encoding is a guess."""

    text: str
    encoding: str
    replaced: int = 0
    utf8: bytes | None = None
    fault: str = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the text, in words."""
        return tuple(filter(None, (self.fault, f"{self.replaced} bytes are not {self.encoding}" if self.replaced else "")))


def decode_page(body: bytes, content_type: str = "") -> PageText:
    """Decode a page. UTF-8 wins where it fits: nothing else looks like it, and detectors mistake a page with one
    damaged character for Kazakh (FACTS section 2: `зңҫиӘӘ`). Then what the page declares, if it looks like a text so; then what is common
    in Hong Kong and looks most like one, which is a guess; at last UTF-8 with marks in place of what does not fit."""
    marked, mark = read_bom(body)
    if marked and mark is not None:
        return _decoded(body[len(mark) :], marked)
    if (clean_page := _clean_utf8(body)) is not None:
        return _undone(clean_page, clean_page.text) if b"\xc3" in body else clean_page
    if wide := charset.wide(body):
        return _decoded(body, wide)
    if _fits(page := _decoded(body, "utf-8")):
        return _undone(page, body.decode("utf-8", "replace"))
    return _legacy(body, [name for name in _declared(body, content_type) if not name.startswith(_WIDE)])


def decode_again(page: PageText, heading: str) -> PageText | None:
    """The page's text, if its heading shows that its UTF-8 was taken for another character set and encoded again; else None."""
    for name in charset.TWICE[bool(_CYRILLIC.search(heading))]:
        if (
            charset.could_be_twice(heading, name)
            and charset.undo(heading, name)
            and (text := charset.undo(page.text, name, all_of_it=False))
        ):
            return _twice(text, name)
    return None


def _declared(body: bytes, content_type: str) -> list[str]:
    names = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    return [charset.BIG5 if name.startswith(("big5", "cp950")) else name for name in names if name and _ON_PAGES.match(name)]


def _legacy(body: bytes, declared: list[str]) -> PageText:
    """A page that is not UTF-8: in the character set that it names, unless some of its text is less messy in another."""
    named = next((name for name in declared if name not in _WESTERN), "")
    sample = charset.sample(body)
    mess = {
        name: charset.messiness(some.text)
        for name in dict.fromkeys(filter(None, (named, *charset.LIKELY)))
        if _fits(some := _decoded(sample, name))
    }
    if named in mess and mess[named] <= min(mess.values()) + _AS_GOOD:
        mess[named] = -1.0
    for name in sorted(mess, key=lambda name: mess[name]):
        if _fits(page := _decoded(body, name)):
            if name == named or (name == charset.WESTERN and declared and not named):
                return page
            says = f"the page says that it is {named}" if named else "the page does not say what it is"
            return replace(page, fault=f"its character set is a guess: read as {name}, {says}")
    return _decoded(body, "utf-8")


def _undone(page: PageText, raw: str) -> PageText:
    text = charset.undo(raw, charset.WESTERN)
    return _twice(text, charset.WESTERN) if text is not None else page


def _twice(text: str, name: str) -> PageText:
    fault = f"its text was encoded twice, the second time as if it were {name}: that is undone"
    return PageText(clean(text), "utf-8", text.count("\ufffd"), fault=fault)


def _clean_utf8(body: bytes) -> PageText | None:
    """The page, if it is UTF-8 throughout with nothing to clean away, as nearly all are."""
    if len(body.translate(None, _JUNK_BYTES)) != len(body) or any(junk.search(body) for junk in _JUNK_SEQUENCES):
        return None
    try:
        return PageText(body.decode("utf-8"), "utf-8", utf8=body)
    except UnicodeError:
        return None


def _fits(page: PageText) -> bool:
    return not page.replaced or page.replaced * _FEW <= len(page.text) - len(page.text.encode("ascii", "ignore"))


def _decoded(body: bytes, encoding: str) -> PageText:
    try:
        return PageText(clean(charset.decode(body, encoding)), encoding)
    except (UnicodeError, LookupError):
        pass
    try:
        text = charset.decode(body, encoding, lenient=True)
    except (UnicodeError, LookupError):
        return PageText("", encoding, replaced=len(body))
    return PageText(clean(text), encoding, replaced=text.count("\ufffd"))


def clean(text: str) -> str:
    """Take out what is never text: control characters, lone surrogates, noncharacters. White space stays as it is, but a form
    feed, which HTML takes for white space and YAML refuses, is a space."""
    return _JUNK.sub("", text.replace("\f", " ")) if _JUNK.search(text) or "\f" in text else text


def lost_characters(*texts: str) -> int:
    """How many marks of characters that a program could not read stand in texts, addresses aside; also where the marks themselves were
    read wrongly."""
    marked = [text for text in texts if "\ufffd" in text or _MARKS_AS_GBK in text]
    return sum(plain.count("\ufffd") + plain.count(_MARKS_AS_GBK) for plain in (_ADDRESSES.sub("", text) for text in marked))


def one_line(text: str) -> str:
    """A field's text: cleaned, runs of ASCII white space as one space, none at the ends; U+3000 and NBSP stay inside, and what
    has no width stays anywhere. Empty when there is nothing to see."""
    line = _SPACES.sub(" ", clean(text)).strip(_BLANKS)
    return line if line.strip(_UNSEEN) else ""
