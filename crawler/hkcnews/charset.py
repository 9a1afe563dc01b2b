"""Character sets, whatever pages say of them: legacy ones as browsers read them, UTF-16 without a mark, and what was encoded twice."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

BIG5, GB, WESTERN = "big5hkscs", "gb18030", "cp1252"
LIKELY = (BIG5, GB, WESTERN)
"""What pages of a newspaper in Hong Kong may be in, beside UTF-8."""
TWICE = {False: (GB, BIG5), True: ("ptcp154", "cp1251", "kz1048")}
"""What UTF-8 is taken for by mistake, beside cp1252, and then encoded again: where that gives Cyrillic letters, and where not."""

_SAMPLE = 800
_AROUND = 40
_PIECE = re.compile(rb"[\x80-\xff][^<>\r\n]{0,200}")
_BEFORE = re.compile(rb"[<>\r\n]")
_HEAD = 2048
_WIDE = {"utf-32-le": (0, 1, 1, 1), "utf-32-be": (1, 1, 1, 0), "utf-16-le": (0, 1, 0, 1), "utf-16-be": (1, 0, 1, 0)}
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
"""Punctuation, signs and box drawing, which browsers read in Big5 as Microsoft has them (WHATWG, Encoding, index-big5)."""
_STRICT, _LENIENT = "browsers-strict", "browsers-replace"
_EURO = {BIG5: b"\xa3\xe1", GB: b"\x80"}


def decode(data: bytes, encoding: str, *, lenient: bool = False) -> str:
    """Text in an encoding as browsers read it; what is none of it is U+FFFD if `lenient`, else UnicodeError. Raises LookupError too."""
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


def wide(body: bytes) -> str:
    """UTF-16 or UTF-32 by where the zeros of its markup stand, the empty string where they do not."""
    head = body[: min(_HEAD, len(body) // 4 * 4)]
    if b"\0" not in head or len(head) < 16:
        return ""
    zeros = [head[at::4].count(0) * 4 / len(head) for at in range(4)]
    for name, pattern in _WIDE.items():
        if all(share > 0.3 if full else share < 0.1 for share, full in zip(zeros, pattern, strict=True)):
            return name
    return ""


def sample(body: bytes) -> bytes:
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
    """How little a text looks like one that people write: nearly 0 where it does, more than 0.2 for most that were decoded wrongly.

    Chinese characters that mostly stand right beside Latin letters are a quotation mark or an accent of Western text.
    """
    from charset_normalizer.md import mess_ratio  # noqa: PLC0415 - 50 ms that hardly any page needs

    chinese = _CHINESE.findall(text)
    mixed = len(chinese) > 0 and 2 * len(_MIXED.findall(text)) > len(chinese)
    return mess_ratio(text, maximum_threshold=2.0) + mixed


def undo(text: str, name: str, *, all_of_it: bool = True) -> str | None:
    """A text whose UTF-8 was taken for another character set and encoded again, as it was before; None if it is not that.

    Runs of characters that give UTF-8 again are put right, others left; more than a tenth of these, and the whole is no such text,
    unless `all_of_it` is waived by somebody who knows it is.
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
    """Whether the first run of characters that are not ASCII began as UTF-8 does that was taken for another character set."""
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


_WESTERN_BYTES = {ord(bytes((byte,)).decode(WESTERN)): byte for byte in range(0x80, 0xA0) if bytes((byte,)).decode(WESTERN, "ignore")}
_WESTERN_BYTES[0xFFFD] = 0xFF
