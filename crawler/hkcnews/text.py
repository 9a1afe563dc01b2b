"""From the bytes of a page to its text: character sets, declared, detected or wrong, and the characters that no text
may hold."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

BIG5, GB, WESTERN = "big5hkscs", "gb18030", "cp1252"
LIKELY = (BIG5, GB, WESTERN)
"""What pages of a newspaper in Hong Kong may be in, beside UTF-8."""
TWICE = {False: (GB, BIG5), True: ("ptcp154", "cp1251", "kz1048")}
"""What UTF-8 is taken for by mistake, beside cp1252, and then encoded again: where that gives Cyrillic letters, and
where not."""

_SAMPLE = 800
_AROUND = 40
_PIECE = re.compile(rb"[\x80-\xff][^<>\r\n]{0,200}")
_BEFORE = re.compile(rb"[<>\r\n]")
_HEAD = 2048
_ZERO_BYTES = {
    "utf-32-le": (0, 1, 1, 1),
    "utf-32-be": (1, 1, 1, 0),
    "utf-16-le": (0, 1, 0, 1),
    "utf-16-be": (1, 0, 1, 0),
}
"""Where of four bytes the zeros of ASCII stand."""
_RUN = re.compile(r"[^\x00-\x7f]{2,}")
_CHINESE = re.compile("[\u2e80-\ud7ff\ue000-\uf8ff\U00020000-\U0003ffff]")
_MIXED = re.compile(f"(?<=[A-Za-z]){_CHINESE.pattern}|{_CHINESE.pattern}(?=[A-Za-z])")
_UTF8 = re.compile(rb"[\xe2-\xef][\x80-\xbf]{2}")
_PLAUSIBLE = re.compile(
    "[\u00a0-\u00ff\u2000-\u22ff\u2460-\u27bf\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)


def _differing(wanted: str, given: str, leads: Iterable[int]) -> dict[int, str]:
    """What one codec has instead of another codec's characters, for those that only two bytes of that one give."""
    table = {}
    for pair in (bytes((lead, trail)) for lead in leads for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF))):
        right, wrong = pair.decode(wanted, "ignore"), pair.decode(given, "ignore")
        if len(right) == len(wrong) == 1 and right != wrong and wrong.encode(given) == pair:
            table[ord(wrong)] = right
    return table


_AS_BROWSERS = {BIG5: _differing("cp950", BIG5, (0xA1, 0xA2, 0xF9))}
"""Punctuation, signs and box drawing, which browsers read in Big5 as Microsoft has them (WHATWG, Encoding,
index-big5)."""
_STRICT, _LENIENT = "browsers-strict", "browsers-replace"
_EURO = {BIG5: b"\xa3\xe1", GB: b"\x80"}


def decode(data: bytes, encoding: str, *, lenient: bool = False) -> str:
    """Text in an encoding as browsers read it; what is none of it is U+FFFD if `lenient`, else UnicodeError. Raises
    LookupError too."""
    if encoding not in _EURO:
        return data.decode(encoding, "replace" if lenient else "strict")
    text = data.decode(encoding, _LENIENT if lenient else _STRICT)
    table = _AS_BROWSERS.get(encoding)
    return text.translate(table) if table is not None else text


def _mended(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        euro = _EURO.get(error.encoding)
        if euro is not None and error.object.startswith(euro, error.start):
            return "€", error.start + len(euro)
    raise error


def _replaced(error: UnicodeError) -> tuple[str, int]:
    try:
        return _mended(error)
    except UnicodeDecodeError as left:
        return "\ufffd", left.end


codecs.register_error(_STRICT, _mended)
codecs.register_error(_LENIENT, _replaced)


def wide_encoding(body: bytes) -> str:
    """UTF-16 or UTF-32 by where the zeros of its markup stand, the empty string where they do not."""
    head = body[: min(_HEAD, len(body) // 4 * 4)]
    if b"\0" not in head or len(head) < 16:
        return ""
    zeros = [head[at::4].count(0) * 4 / len(head) for at in range(4)]
    for name, pattern in _ZERO_BYTES.items():
        if all(share > 0.3 if full else share < 0.1 for share, full in zip(zeros, pattern, strict=True)):
            return name
    return ""


def text_sample(body: bytes) -> bytes:
    """Some of a page's text that is not ASCII, and a little of what is around that, without tags."""
    pieces: list[bytes] = []
    size = end = 0
    for found in _PIECE.finditer(body):
        before = body[max(end, found.start() - _AROUND) : found.start()]
        pieces += (_BEFORE.split(before)[-1], found[0], b"\n")
        size += len(found[0])
        end = found.end()
        if size > _SAMPLE:
            break
    return b"".join(pieces)


def messiness(text: str) -> float:
    """How little a text looks like one that people write: nearly 0 where it does, more than 0.2 for most that were
    decoded wrongly.

    Chinese characters that mostly stand right beside Latin letters are a quotation mark or an accent of Western text.
    """
    from charset_normalizer.md import mess_ratio  # noqa: PLC0415 - 50 ms that hardly any page needs

    chinese = _CHINESE.findall(text)
    mixed = len(chinese) > 0 and 2 * len(_MIXED.findall(text)) > len(chinese)
    return mess_ratio(text, maximum_threshold=2.0) + mixed


def undo(text: str, name: str, *, all_of_it: bool = True) -> str | None:
    """A text whose UTF-8 was taken for another character set and encoded again, as it was before; None if it is not
    that.

    Runs of characters that give UTF-8 again are put right, others left; more than a tenth of these, and the whole is no
    such text, unless `all_of_it` is waived by somebody who knows it is.
    """
    counts = {True: 0, False: 0}

    def mended(run: re.Match[str]) -> str:
        raw = _encoded(run[0], name)
        if raw is None:
            return run[0]
        inner = raw.decode("utf-8", "replace")
        lost, plausible = inner.count("\ufffd"), len(_PLAUSIBLE.findall(inner))
        fits = plausible + lost == len(inner)
        right = fits and 2 * lost <= plausible
        if not right and fits and "\ufffd" in run[0]:  # most of it was lost before, which says nothing for or against
            return inner
        counts[right] += len(run[0])
        return inner if right else run[0]

    found = _RUN.sub(mended, text)
    return found if counts[True] and (counts[False] * 9 <= counts[True] or not all_of_it) else None


def could_be_twice(text: str, name: str) -> bool:
    """Whether the first run of characters that are not ASCII began as UTF-8 does that was taken for another character
    set."""
    run = _RUN.search(text)
    raw = _encoded(run[0], name) if run is not None else None
    return raw is not None and _UTF8.match(raw) is not None


def _encoded(run: str, name: str) -> bytes | None:
    """The bytes that a run of characters was read from, None if the character set has not all of them."""
    try:
        if name == WESTERN:
            return run.translate(_WESTERN_BYTES).encode("latin-1")
        return run.replace("\ufffd", "").encode(name)
    except UnicodeEncodeError:
        return None


_WESTERN_BYTES = {
    ord(bytes((byte,)).decode(WESTERN)): byte for byte in range(0x80, 0xA0) if bytes((byte,)).decode(WESTERN, "ignore")
}
_WESTERN_BYTES[0xFFFD] = 0xFF


_JUNK = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_JUNK_BYTES = bytes((*range(9), 11, 12, *range(14, 32), 127))
_JUNK_SEQUENCES = (re.compile(rb"\xc2[\x80-\x9f]"), re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])"))
"""The same, and form feeds, in UTF-8: bytes are looked through much faster than a text."""
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANKS = " \u3000\u00a0"
_NOTHING = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u1680\u205f\u3164\ufeff\uffa0"
_RUNS_OF_NOTHING = (
    (0x180B, 0x180F),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFFF9, 0xFFFB),
)
_UNSEEN = _BLANKS + _NOTHING + "".join(chr(code) for first, last in _RUNS_OF_NOTHING for code in range(first, last + 1))
"""Characters that show nothing: spaces, joiners, marks of direction, selectors of variants, fillers."""
_WESTERN = frozenset({WESTERN, "ascii", "iso8859-1", "latin-1"})
"""Declared by servers that do not know what they serve; no Chinese page is in one of them, and they fit any bytes."""
_ON_PAGES = re.compile(
    r"utf-?(?:8|16|32)|big5|gb|cp|windows|iso|latin|ascii|euc|shift|hz|johab|koi8|mac|tis", re.IGNORECASE
)
"""Python knows more: codecs for identifiers and for its own source, which a page can name but not mean."""
_WIDE = ("utf-16", "utf-32", "utf_16", "utf_32")
_MARKS_AS_GBK = "\u951f\u65a4\u62f7"
"""Two times U+FFFD in UTF-8, read as GBK."""
_ADDRESSES = re.compile(r"\]\([^()\s]*|https?://[^\s<>)]*")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_FEW = 10
"""Of so many characters beyond ASCII one may be damaged: bytes of another character set would be damage nearly
throughout."""
_AS_GOOD = 0.1
"""A text in the right character set is less messy than in another by more than this, from eight characters on (measured
on clips of real articles in Big5 and GB 18030)."""


@dataclass(frozen=True, slots=True)
class PageText:
    """`text` as decoded with `encoding`; `replaced` counts the bytes that are not of that encoding (U+FFFD in the
    text). `utf8` is the same text as bytes, where they are at hand. `fault`: why the text may be wrong, where its
    encoding is a guess."""

    text: str
    encoding: str
    replaced: int = 0
    utf8: bytes | None = None
    fault: str = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the text, in words."""
        return tuple(
            filter(None, (self.fault, f"{self.replaced} bytes are not {self.encoding}" if self.replaced else ""))
        )


def decode_page(body: bytes, content_type: str = "") -> PageText:
    """Decode a page. UTF-8 wins where it fits: nothing else looks like it, and detectors mistake a page with one
    damaged character for Kazakh (FACTS section 2: `зңҫиӘӘ`). Then what the page declares, if it looks like a text so;
    then what is common in Hong Kong and looks most like one, which is a guess; at last UTF-8 with marks in place of
    what does not fit."""
    marked, mark = read_bom(body)
    if marked and mark is not None:
        return _decoded(body[len(mark) :], marked)
    if (clean_page := _clean_utf8(body)) is not None:
        return _undone(clean_page, clean_page.text) if b"\xc3" in body else clean_page
    if name := wide_encoding(body):
        return _decoded(body, name)
    if _fits(page := _decoded(body, "utf-8")):
        return _undone(page, body.decode("utf-8", "replace"))
    return _legacy(body, [name for name in _declared(body, content_type) if not name.startswith(_WIDE)])


def decode_again(page: PageText, heading: str) -> PageText | None:
    """The page's text, if its heading shows that its UTF-8 was taken for another character set and encoded again; else
    None."""
    for name in TWICE[bool(_CYRILLIC.search(heading))]:
        if could_be_twice(heading, name) and undo(heading, name) and (text := undo(page.text, name, all_of_it=False)):
            return _twice(text, name)
    return None


def _declared(body: bytes, content_type: str) -> list[str]:
    names = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    return [BIG5 if name.startswith(("big5", "cp950")) else name for name in names if name and _ON_PAGES.match(name)]


def _legacy(body: bytes, declared: list[str]) -> PageText:
    """A page that is not UTF-8: in the character set that it names, unless some of its text is less messy in
    another."""
    named = next((name for name in declared if name not in _WESTERN), "")
    sample = text_sample(body)
    mess = {
        name: messiness(some.text)
        for name in dict.fromkeys(filter(None, (named, *LIKELY)))
        if _fits(some := _decoded(sample, name))
    }
    if named in mess and mess[named] <= min(mess.values()) + _AS_GOOD:
        mess[named] = -1.0
    for name in sorted(mess, key=lambda name: mess[name]):
        if _fits(page := _decoded(body, name)):
            if name == named or (name == WESTERN and declared and not named):
                return page
            says = f"the page says that it is {named}" if named else "the page does not say what it is"
            return replace(page, fault=f"its character set is a guess: read as {name}, {says}")
    return _decoded(body, "utf-8")


def _undone(page: PageText, raw: str) -> PageText:
    text = undo(raw, WESTERN)
    return _twice(text, WESTERN) if text is not None else page


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
        return PageText(clean(decode(body, encoding)), encoding)
    except (UnicodeError, LookupError):
        pass
    try:
        text = decode(body, encoding, lenient=True)
    except (UnicodeError, LookupError):
        return PageText("", encoding, replaced=len(body))
    return PageText(clean(text), encoding, replaced=text.count("\ufffd"))


def clean(text: str) -> str:
    """Take out what is never text: control characters, lone surrogates, noncharacters. White space stays as it is, but
    a form feed, which HTML takes for white space and YAML refuses, is a space."""
    return _JUNK.sub("", text.replace("\f", " ")) if _JUNK.search(text) or "\f" in text else text


def lost_characters(*texts: str) -> int:
    """How many marks of characters that a program could not read stand in texts, addresses aside; also where the marks
    themselves were read wrongly."""
    marked = [text for text in texts if "\ufffd" in text or _MARKS_AS_GBK in text]
    return sum(
        plain.count("\ufffd") + plain.count(_MARKS_AS_GBK) for plain in (_ADDRESSES.sub("", text) for text in marked)
    )


def one_line(text: str) -> str:
    """A field's text: cleaned, runs of ASCII white space as one space, none at the ends; U+3000 and NBSP stay inside,
    and what has no width stays anywhere. Empty when there is nothing to see."""
    if not text.isprintable() or "  " in text:  # else there is nothing to clean, and no white space but single spaces
        text = _SPACES.sub(" ", clean(text))
    line = text.strip(_BLANKS)
    return line if line.strip(_UNSEEN) else ""
