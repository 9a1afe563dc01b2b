"""Tests of an audit on texts: what was lost from them, mojibake, and what is only untidy."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from crawler.hkcnews.region import reveal
from crawler.preserve.article_file import ArticleFile
from crawler.preserve.findings import AuditKind, quoted

Test = Callable[[ArticleFile], str]
"""Gives what a finding rests on, in words; empty when there is none."""

PUNCTUATION = "\u3001-\u303f\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""That of Chinese text; U+3000 is white space, not punctuation."""
CHINESE = (
    f"\u2e80-\u2fdf{PUNCTUATION}\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff10-\uff19\U00020000-\U0003ffff"
)
"""Characters and punctuation of Chinese text."""


_CODE_BEFORE = r"(?:email-protection#|data-cfemail=[\"'])([0-9a-f]{4,2000})[\"'][^<>]{0,300}>(?:<[^<>]{0,300}>)?"
_CODE_AFTER = r"\]\([^()\s#]{0,3000}/cdn-cgi/l/email-protection#([0-9a-f]{4,2000})\)"
_PLACEHOLDER = re.compile(
    rf"(?:{_CODE_BEFORE})?\\?\[\s?email(?:\s|&#(?:160|xa0);|&nbsp;){{1,3}}protected\s?\\?\](?:{_CODE_AFTER})?",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?:/cdn-cgi/l/email-protection#|data-cfemail=[\"'])([0-9a-f]{4,2000})", re.IGNORECASE)
_CODELESS = re.compile(r"/cdn-cgi/l/email-protection(?!#[0-9a-f]{4})", re.IGNORECASE)
_ADDRESSES = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|(?:src|href)=\"[^\"]*\"|https?://\S*")
_BLOCK_TAG = re.compile(r"^[ \t>*+-]*<(figure|table)\b", re.MULTILINE)
_UNFINISHED_TAG = re.compile(r"</?(?:(?:img|a|iframe)\s+[a-z]+=|(?:fig|tab|tbody)[a-z]*\Z)", re.IGNORECASE)
_LAST_LINE = 5000
_RELATIVE = re.compile(
    r"(?:\]\(<?|(?:href|src)=\")/(?:[\w-]+/)?\d{4,14}(?:[a-z]{2}_)?/(?=[a-z]+:|//)|\]\(/web/\d{4}", re.IGNORECASE
)
_ASTERISKS = re.compile(r"(?<![\\*])\*{4,}(?!\*)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ELEMENT = r"\[([^\[\]\n]{1,300})\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|(\*{1,3}[^*\s](?:[^*\n]{0,298}[^*\s])?\*{1,3})"
_SPACED = re.compile(rf"([{CHINESE}]) (?:{_ELEMENT}) (?=([{CHINESE}]))")
_CHINESE = re.compile(f"[{CHINESE}]")
_PUNCTUATION = re.compile(f"[{PUNCTUATION}]")


def lost_email(file: ArticleFile) -> str:
    """Placeholders and links without the code from which the address could be decoded."""
    text = file.rest
    if "protect" not in text.lower():
        return ""
    placeholders = sum(1 for before, after in _PLACEHOLDER.findall(text) if not reveal(before or after))
    return _counted(max(placeholders, len(_CODELESS.findall(text))))


def undecoded_email(file: ArticleFile) -> str:
    if "/cdn-cgi/" not in file.rest and "data-cfemail" not in file.rest:
        return ""
    return _counted(sum(1 for code in _CODE.findall(file.rest) if reveal(code)))


def replaced_characters(file: ArticleFile) -> str:
    for key in ("title", "author", "category"):
        if "\ufffd" in file.fields.get(key, ""):
            return f"{key}: {quoted(file.fields[key])}"
    if "\ufffd" not in file.rest:
        return ""
    replaced = _ADDRESSES.sub("", file.rest).count("\ufffd")
    return f"{replaced} in the body" if replaced else ""


def cut_off(file: ArticleFile) -> str:
    body = file.body
    if "<" in body:
        opened = [found[1] for found in _BLOCK_TAG.finditer(body)]
        for name in ("figure", "table"):
            if opened.count(name) > body.count(f"</{name}>"):
                return f"a <{name}> that is not closed"
        if body.rfind("{{<") > body.rfind(">}}"):
            return "a video that is not closed"
    end = body[-_LAST_LINE:].rpartition("\n")[2]
    link, tag = end.rfind("]("), end.rfind("<")
    if link >= 0 and not re.search(r"[\s)]", end[link:]):
        return "a link that is not closed"
    if tag >= 0 and end[tag - 1 : tag] != "\\" and ">" not in end[tag:] and _UNFINISHED_TAG.match(end, tag):
        return "a tag that is not closed"
    return ""


def relative_links(file: ArticleFile) -> str:
    return _counted(len(_RELATIVE.findall(file.rest)))


def stray_asterisks(file: ArticleFile) -> str:
    return _counted(len(_ASTERISKS.findall(file.rest))) if "****" in file.rest else ""


def control_characters(file: ArticleFile) -> str:
    found = sorted({ord(char) for text in (*file.fields.values(), file.rest) for char in _CONTROL.findall(text)})
    return ", ".join(f"U+{code:04X}" for code in found[:8])


def injected_spaces(file: ArticleFile) -> str:
    """Both sides at once, in Chinese text: one space can be meant, and between Chinese and Latin text two can."""
    body = file.body
    if " [" not in body and " *" not in body:
        return ""
    count = 0
    for before, linked, emphasised, after in _SPACED.findall(body):
        inside = (linked or emphasised).strip("*")
        count += bool(inside) and _no_gap(before, inside[0]) and _no_gap(after, inside[-1])
    return _counted(count)


def _no_gap(outside: str, inside: str) -> bool:
    return bool(_PUNCTUATION.match(outside) or _CHINESE.match(inside))


def _counted(number: int) -> str:
    return f"{number} of them" if number else ""


_ONE_BYTE = (
    *("latin-1", "cp1252", "cp1251", "ptcp154", "kz1048", "koi8_u", "mac_roman", "cp437", "cp850", "cp866", "cp1250"),
    *(f"cp{number}" for number in range(1253, 1259)),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_15", "mac_cyrillic"),
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
            if chinese >= _FEWEST and chinese * 5 >= len(piece):  # a part may be damaged
                return read
    return ""


def reread_whole(text: str) -> str:
    """The same for a short text, which is also tried in the character sets of two bytes: their mojibake is Chinese
    characters."""
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


def mojibake(file: ArticleFile) -> str:
    for key in ("title", "category", "author"):
        if read := reread_whole(file.fields.get(key, "")):
            return f"{key}: {quoted(file.fields[key][:40])} may be {quoted(read[:40])}"
    read = reread(file.body)
    return f"body: {quoted(read[:40])}" if read else ""


OF_TEXT: tuple[tuple[AuditKind, Test], ...] = (
    (AuditKind.MOJIBAKE, mojibake),
    (AuditKind.LOST_EMAIL, lost_email),
    (AuditKind.REPLACED_CHARACTERS, replaced_characters),
    (AuditKind.CUT_OFF, cut_off),
    (AuditKind.RELATIVE_LINKS, relative_links),
    (AuditKind.UNDECODED_EMAIL, undecoded_email),
    (AuditKind.INJECTED_SPACES, injected_spaces),
    (AuditKind.STRAY_ASTERISKS, stray_asterisks),
    (AuditKind.CONTROL_CHARACTERS, control_characters),
)
