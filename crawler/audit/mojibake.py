"""Chinese text in UTF-8 that was read in another character set, found by reading it back."""

from __future__ import annotations

import codecs
import re

from crawler.audit.chinese import CHINESE

_CHINESE = re.compile(f"[{CHINESE}]")
_ONE_BYTE = (
    *("latin-1", "cp1252", "cp1251", "ptcp154", "kz1048", "koi8_u", "mac_roman", "cp437", "cp850", "cp866", "cp1250", "cp1253", "cp1254"),
    *("cp1255", "cp1256", "cp1257", "cp1258", "iso8859_2", "iso8859_5", "iso8859_7", "iso8859_15", "mac_cyrillic"),
)
_MORE_BYTES = ("gb18030", "big5hkscs", "cp932", "cp949", "euc_jp")
_RUN = re.compile("[\u0080-\u06ff\u2010-\u2122\u2200-\u25ff\ufb01\ufb02]{6,}")
"""What two Chinese characters or more become: three characters each, none of them Chinese."""
_LONGEST = 300
_FEWEST = 2
_BYTES = "citizen-news-bytes"


def _byte_itself(error: UnicodeError) -> tuple[bytes, int]:
    """Control characters stand for bytes that a character set leaves free; whatever else does not fit is damage."""
    assert isinstance(error, UnicodeEncodeError)
    code = ord(error.object[error.start])
    return (bytes([code]) if code < 256 else b"?"), error.start + 1


codecs.register_error(_BYTES, _byte_itself)


def reread(text: str) -> str:
    """What a text in mojibake says, as far as it can be read; empty when it is none."""
    for run in _RUN.finditer(text):
        piece = run[0][:_LONGEST]
        for charset in _ONE_BYTE:
            read = piece.encode(charset, _BYTES).decode("utf-8", "replace")
            chinese = len(_CHINESE.findall(read))
            if chinese >= _FEWEST and 3 * chinese * 5 >= len(piece) * 3:  # a part may be damaged
                return read
    return ""


def reread_whole(text: str) -> str:
    """The same for a short text, which is also tried in the character sets of two bytes: their mojibake is Chinese characters."""
    if found := reread(text):
        return found
    whole = text.strip("?\ufffd 　")[:_LONGEST]
    if whole.isascii():
        return ""
    for charset in _MORE_BYTES:
        try:
            read = codecs.getincrementaldecoder("utf-8")().decode(whole.encode(charset))  # the end may be missing
        except UnicodeError:
            continue
        if len(_CHINESE.findall(read)) >= _FEWEST and _CHINESE.sub("", read).isascii():
            return read
    return ""
