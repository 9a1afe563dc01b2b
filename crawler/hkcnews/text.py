"""From the bytes of a page to its text: character sets, declared, detected or wrong, and the characters that no text
may hold."""

import codecs
import re
from dataclasses import dataclass, replace

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

_BIG5, _GB, _WESTERN = "big5hkscs", "gb18030", "cp1252"
_LIKELY = (_BIG5, _GB, _WESTERN)
"""What pages of a newspaper in Hong Kong may be in, beside UTF-8."""
_TWICE = {False: (_GB, _BIG5), True: ("ptcp154", "cp1251", "kz1048")}
"""What UTF-8 is taken for by mistake, beside cp1252, and then encoded again: where that gives Cyrillic letters, and
where not."""
_ON_PAGES = re.compile(
    r"utf-?(?:8|16|32)|big5|gb|cp|windows|iso|latin|ascii|euc|shift|hz|johab|koi8|mac|tis", re.IGNORECASE
)
"""Python knows more: codecs for identifiers and for its own source, which a page can name but not mean."""
_WIDE = ("utf-16", "utf-32", "utf_16", "utf_32")
_UNKNOWING = frozenset({_WESTERN, "ascii", "iso8859-1", "latin-1"})
"""Declared by servers that do not know what they serve; no Chinese page is in one of them, and they fit any bytes."""
_FEW = 10
"""Of so many characters beyond ASCII one may be damaged: bytes of another character set would be damage nearly
throughout."""
_AS_GOOD = 0.1
"""A text in the right character set is less messy than in another by more than this, from eight characters on (measured
on clips of real articles in Big5 and GB 18030)."""

_JUNK = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_JUNK_BYTES = bytes((*range(9), 11, 12, *range(14, 32), 127))
_JUNK_SEQUENCES = (
    (b"\xc2", bytes(range(0x80, 0xA0)), re.compile(rb"\xc2[\x80-\x9f]")),
    (b"\xef", b"\xb7\xbf", re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])")),
)
"""The same, and form feeds, in UTF-8: bytes are looked through much faster than a text, for a first byte fastest."""
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANKS = " \u3000\u00a0"
_NOTHING = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u1680\u205f\u3164\ufeff\uffa0"
_RANGES = ((0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF9, 0xFFFB))
_UNSEEN = _BLANKS + _NOTHING + "".join(chr(code) for first, last in _RANGES for code in range(first, last + 1))
"""Characters that show nothing: spaces, joiners, marks of direction, selectors of variants, fillers."""

_SAMPLE, _AROUND, _HEAD = 800, 40, 2048
_PIECE = re.compile(rb"[\x80-\xff][^<>\r\n]{0,200}")
_BEFORE = re.compile(rb"[<>\r\n]")
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
_CYRILLIC = re.compile("[\u0400-\u052f]")
_UTF8 = re.compile(rb"[\xe2-\xef][\x80-\xbf]{2}")
_PLAUSIBLE = re.compile(
    "[\u00a0-\u00ff\u2000-\u22ff\u2460-\u27bf\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_TWICE_UTF8 = re.compile(rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]")
"""In any text whose UTF-8 was taken for cp1252 and encoded again: the first byte of a character, and a second."""
_MARKS_AS_GBK = "\u951f\u65a4\u62f7"
"""Two times U+FFFD in UTF-8, read as GBK."""
_ADDRESSES = re.compile(r"\]\([^()\s]*|https?://[^\s<>)]*")


def _as_browsers() -> dict[int, str]:
    """Punctuation, signs and box drawing, which browsers read in Big5 as Microsoft has them (WHATWG, Encoding,
    index-big5), for Python's own of the same bytes."""
    table = {}
    for lead in (0xA1, 0xA2, 0xF9):
        for pair in (bytes((lead, trail)) for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF))):
            right, wrong = pair.decode("cp950", "ignore"), pair.decode(_BIG5, "ignore")
            if len(right) == len(wrong) == 1 and right != wrong and wrong.encode(_BIG5) == pair:
                table[ord(wrong)] = right
    return table


_BIG5_AS_BROWSERS = _as_browsers()
_EURO = {_BIG5: b"\xa3\xe1", _GB: b"\x80"}
_WESTERN_BYTES = {
    ord(character): byte for byte in range(0x80, 0xA0) if (character := bytes((byte,)).decode(_WESTERN, "ignore"))
} | {0xFFFD: 0xFF}


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


_STRICT, _LENIENT = "browsers-strict", "browsers-replace"
codecs.register_error(_STRICT, _mended)
codecs.register_error(_LENIENT, _replaced)


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
        replaced = f"{self.replaced} bytes are not {self.encoding}" if self.replaced else ""
        return tuple(filter(None, (self.fault, replaced)))


def decode_page(body: bytes, content_type: str = "") -> PageText:
    """Decode a page. UTF-8 wins where it fits: nothing else looks like it, and detectors mistake a page with one
    damaged character for Kazakh (FACTS section 2: `зңҫиӘӘ`). Then what the page declares, if it looks like a text so;
    then what is common in Hong Kong and looks most like one, which is a guess; at last UTF-8 with marks in place of
    what does not fit."""
    marked, mark = read_bom(body)
    if marked and mark is not None:
        return _decoded(body[len(mark) :], marked)
    if (clean_page := _clean_utf8(body)) is not None:
        return _undone(clean_page, clean_page.text) if b"\xc3" in body and _TWICE_UTF8.search(body) else clean_page
    if name := _wide_encoding(body):
        return _decoded(body, name)
    if _fits(page := _decoded(body, "utf-8")):
        return _undone(page, body.decode("utf-8", "replace"))
    return _legacy(body, content_type)


def decode_again(page: PageText, heading: str) -> PageText | None:
    """The page's text, if its heading shows that its UTF-8 was taken for another character set and encoded again; else
    None."""
    run = _RUN.search(heading)
    if run is None:
        return None
    for name in _TWICE[_CYRILLIC.search(heading) is not None]:
        began = _UTF8.match(_encoded(run[0], name) or b"")
        if began and _undo(heading, name) and (text := _undo(page.text, name, all_of_it=False)):
            return _twice(text, name)
    return None


def _clean_utf8(body: bytes) -> PageText | None:
    """The page, if it is UTF-8 throughout with nothing to clean away, as nearly all are."""
    if any(byte in body for byte in _JUNK_BYTES):
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeError:
        return None
    for first, seconds, junk in _JUNK_SEQUENCES:
        place = body.find(first)
        while place >= 0:
            if body[place + 1] in seconds and junk.match(body, place):
                return None
            place = body.find(first, place + 1)
    return PageText(text, "utf-8", utf8=body)


def _wide_encoding(body: bytes) -> str:
    """UTF-16 or UTF-32 by where the zeros of its markup stand, the empty string where they do not."""
    head = body[: min(_HEAD, len(body) // 4 * 4)]
    if b"\0" not in head or len(head) < 16:
        return ""
    zeros = [head[at::4].count(0) * 4 / len(head) for at in range(4)]
    for name, pattern in _ZERO_BYTES.items():
        if all(share > 0.3 if full else share < 0.1 for share, full in zip(zeros, pattern, strict=True)):
            return name
    return ""


def _legacy(body: bytes, content_type: str) -> PageText:
    """A page that is not UTF-8: in the character set that it names, unless some of its text is less messy in
    another."""
    names = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    declared = [
        _BIG5 if name.startswith(("big5", "cp950")) else name
        for name in names
        if name and _ON_PAGES.match(name) and not name.startswith(_WIDE)
    ]
    named = next((name for name in declared if name not in _UNKNOWING), "")
    sample = _text_sample(body)
    mess = {
        name: _messiness(some.text)
        for name in dict.fromkeys(filter(None, (named, *_LIKELY)))
        if _fits(some := _decoded(sample, name))
    }
    if named in mess and mess[named] <= min(mess.values()) + _AS_GOOD:
        mess[named] = -1.0
    for name in sorted(mess, key=lambda name: mess[name]):
        if _fits(page := _decoded(body, name)):
            if name == named or (name == _WESTERN and declared and not named):
                return page
            says = f"the page says that it is {named}" if named else "the page does not say what it is"
            return replace(page, fault=f"its character set is a guess: read as {name}, {says}")
    return _decoded(body, "utf-8")


def _decoded(body: bytes, encoding: str) -> PageText:
    """A page in an encoding as browsers read it; with nothing in it, if that is none or decodes to no text."""
    for errors in (_STRICT, _LENIENT) if encoding in _EURO else ("strict", "replace"):
        try:
            text = body.decode(encoding, errors)
        except (UnicodeError, LookupError):
            continue
        if encoding == _BIG5:
            text = text.translate(_BIG5_AS_BROWSERS)
        return PageText(clean(text), encoding, text.count("\ufffd") if errors in (_LENIENT, "replace") else 0)
    return PageText("", encoding, replaced=len(body))


def _fits(page: PageText) -> bool:
    return not page.replaced or page.replaced * _FEW <= len(page.text) - len(page.text.encode("ascii", "ignore"))


def _text_sample(body: bytes) -> bytes:
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


def _messiness(text: str) -> float:
    """How little a text looks like one that people write: nearly 0 where it does, more than 0.2 for most that were
    decoded wrongly.

    Chinese characters that mostly stand right beside Latin letters are a quotation mark or an accent of Western text.
    """
    from charset_normalizer.md import mess_ratio  # noqa: PLC0415 - 50 ms that hardly any page needs

    chinese = _CHINESE.findall(text)
    mixed = len(chinese) > 0 and 2 * len(_MIXED.findall(text)) > len(chinese)
    return mess_ratio(text, maximum_threshold=2.0) + mixed


def _undone(page: PageText, raw: str) -> PageText:
    text = _undo(raw, _WESTERN)
    return _twice(text, _WESTERN) if text is not None else page


def _twice(text: str, name: str) -> PageText:
    fault = f"its text was encoded twice, the second time as if it were {name}: that is undone"
    return PageText(clean(text), "utf-8", text.count("\ufffd"), fault=fault)


def _undo(text: str, name: str, *, all_of_it: bool = True) -> str | None:
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


def _encoded(run: str, name: str) -> bytes | None:
    """The bytes that a run of characters was read from, None if the character set has not all of them."""
    try:
        if name == _WESTERN:
            return run.translate(_WESTERN_BYTES).encode("latin-1")
        return run.replace("\ufffd", "").encode(name)
    except UnicodeEncodeError:
        return None


def clean(text: str) -> str:
    """Take out what is never text: control characters, lone surrogates, noncharacters. White space stays as it is, but
    a form feed, which HTML takes for white space and YAML refuses, is a space."""
    return _JUNK.sub("", text.replace("\f", " ")) if _JUNK.search(text) or "\f" in text else text


def lost_characters(*texts: str) -> int:
    """How many marks of characters that a program could not read stand in texts, addresses aside; also where the marks
    themselves were read wrongly."""
    plain = [_ADDRESSES.sub("", text) for text in texts if "\ufffd" in text or _MARKS_AS_GBK in text]
    return sum(text.count("\ufffd") + text.count(_MARKS_AS_GBK) for text in plain)


def one_line(text: str) -> str:
    """A field's text: cleaned, runs of ASCII white space as one space, none at the ends; U+3000 and NBSP stay inside,
    and what has no width stays anywhere. Empty when there is nothing to see."""
    if not text.isprintable() or "  " in text:  # else there is nothing to clean, and no white space but single spaces
        text = _SPACES.sub(" ", clean(text))
    line = text.strip(_BLANKS)
    return line if line.strip(_UNSEEN) else ""
