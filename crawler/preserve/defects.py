"""Defects of an article's file: in its fields, in its text, and files that hold no article at all."""

import codecs
import hashlib
import re
from collections.abc import Callable
from datetime import date

from crawler.hkcnews.dates import FIRST_DAY, LAST_DAY
from crawler.hkcnews.fields import is_sites
from crawler.hkcnews.layout import FAREWELL, NOT_FOUND
from crawler.hkcnews.region import reveal
from crawler.hkcnews.urls import article_id, misspelling
from crawler.preserve.article_file import ArticleFile, archived_address
from crawler.preserve.findings import AuditKind, Finding, quoted
from crawler.wayback.playback import EXCLUDED, NOT_ARCHIVED, NOT_AUTHORISED, OFFLINE, says

Test = Callable[[ArticleFile], str | int]
"""Gives what a finding rests on, in words or as their number; nothing when there is none."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_PART = re.compile(
    r"[^?#]*(?:\.(?:svg|png|jpe?g|gif|webp|ico|bmp)"
    r"|/[\w.~@+-]+\.(?:js|mjs|css|map|json|xml|txt|woff2?|ttf|eot|mp[34]|pdf|php|webmanifest))(?=[?#]|\Z)",
    re.IGNORECASE | re.ASCII,
)
"""Pictures, and parts of pages, whose relative addresses fall below `/article/<id>/`; slugs with Chinese characters are
not among them."""
_WORST_SPELLING = 3


def absent(key: str) -> Test:
    """Whether a field is missing, or empty."""
    return lambda file: "" if file.fields.get(key, "").strip() else "the front matter has none"


def impossible_date(file: ArticleFile) -> str:
    value = file.fields.get("date", "").strip()
    if not value:
        return ""
    found = _DATE.fullmatch(value)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        day = None
    if day is None:
        return f"{quoted(value)} is not a date"
    return "" if FIRST_DAY <= day <= LAST_DAY else f"{day}: the site published from {FIRST_DAY} to {LAST_DAY}"


def no_address(file: ArticleFile) -> str:
    missing = [key for key in ("url", "original_url") if not file.fields.get(key, "").strip()]
    return f"no {' and no '.join(missing)}" if missing else ""


def other_article(file: ArticleFile) -> str:
    original, url = file.fields.get("original_url", ""), file.fields.get("url", "")
    for key, address in (("original_url", original), ("url", archived_address(url))):
        named = article_id(address.strip())
        if named is not None and file.article is not None and named != file.article:
            return f"{key} names article {named}"
    return ""


def foreign_address(file: ArticleFile) -> str:
    address = file.fields.get("original_url", "").strip()
    if not address:
        return ""
    if article_id(address) is None:
        return f"{quoted(address)} is no article's address"
    return f"{quoted(address[-60:])} is a picture or a part of a page" if _PART.match(address) else ""


def mojibake_address(file: ArticleFile) -> str:
    keys = ("url", "original_url")
    return " and ".join(key for key in keys if misspelling(file.fields.get(key, "")) == _WORST_SPELLING)


OF_FIELDS: tuple[tuple[AuditKind, Test], ...] = (
    (AuditKind.NO_TITLE, absent("title")),
    (AuditKind.NO_DATE, absent("date")),
    (AuditKind.IMPOSSIBLE_DATE, impossible_date),
    (AuditKind.NO_CATEGORY, absent("category")),
    (AuditKind.NO_ADDRESS, no_address),
    (AuditKind.OTHER_ARTICLE, other_article),
    (AuditKind.FOREIGN_ADDRESS, foreign_address),
    (AuditKind.MOJIBAKE_ADDRESS, mojibake_address),
)


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


def lost_email(file: ArticleFile) -> int:
    """Placeholders and links without the code from which the address could be decoded."""
    text = file.rest
    if "protect" not in text.lower():
        return 0
    placeholders = sum(not reveal(before or after) for before, after in _PLACEHOLDER.findall(text))
    return max(placeholders, len(_CODELESS.findall(text)))


def undecoded_email(file: ArticleFile) -> int:
    if "/cdn-cgi/" not in file.rest and "data-cfemail" not in file.rest:
        return 0
    return sum(bool(reveal(code)) for code in _CODE.findall(file.rest))


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


def control_characters(file: ArticleFile) -> str:
    found = sorted({ord(char) for text in (*file.fields.values(), file.rest) for char in _CONTROL.findall(text)})
    return ", ".join(f"U+{code:04X}" for code in found[:8])


def injected_spaces(file: ArticleFile) -> int:
    """Both sides at once, in Chinese text: one space can be meant, and between Chinese and Latin text two can."""
    body = file.body
    if " [" not in body and " *" not in body:
        return 0
    count = 0
    for before, linked, emphasised, after in _SPACED.findall(body):
        inside = (linked or emphasised).strip("*")
        sides = ((before, inside[:1]), (after, inside[-1:]))
        count += all(_CHINESE.match(edge) or (edge and _PUNCTUATION.match(outside)) for outside, edge in sides)
    return count


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


def reread_short(text: str) -> str:
    """The same for a short text as a whole, in the character sets of two bytes: their mojibake is Chinese
    characters."""
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
        value = file.fields.get(key, "")
        if read := reread(value) or reread_short(value):
            return f"{key}: {quoted(value[:40])} may be {quoted(read[:40])}"
    read = reread(file.body)
    return f"body: {quoted(read[:40])}" if read else ""


OF_TEXT: tuple[tuple[AuditKind, Test], ...] = (
    (AuditKind.MOJIBAKE, mojibake),
    (AuditKind.LOST_EMAIL, lost_email),
    (AuditKind.REPLACED_CHARACTERS, replaced_characters),
    (AuditKind.CUT_OFF, cut_off),
    (AuditKind.RELATIVE_LINKS, lambda file: len(_RELATIVE.findall(file.rest))),
    (AuditKind.UNDECODED_EMAIL, undecoded_email),
    (AuditKind.INJECTED_SPACES, injected_spaces),
    (AuditKind.STRAY_ASTERISKS, lambda file: len(_ASTERISKS.findall(file.rest)) if "****" in file.rest else 0),
    (AuditKind.CONTROL_CHARACTERS, control_characters),
)


_MEDIA = re.compile(r"<img\b|<i?frame\b|<video\b|<audio\b|<embed\b|<object\b|\{\{<|!\[")
_BEGINS_WITH_TEXT = re.compile("^[\u3400-\u9fff]", re.MULTILINE)
_UNSEEN = re.compile(  # tags, targets of links, frames and white space
    r"<[^<>]*>|\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|\{\{<[^<>]*>\}\}|[\s\u200b\u200e\u200f\u2060\ufeff]+"
)
_SEEN = re.compile(r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f\xa0]")
_CAPTURE = re.compile(
    r"(?:https?:)?//[^/\s()\"]+/(?:[^/\s()\"]+/)?\d{14}(?:[a-z]{2}_)?/|/(?:[^/\s()\"]+/)?\d{14}(?:[a-z]{2}_)?/(?=https?:)"
)
_SPACE = re.compile(r"\s+")
_DISTINCTIVE = 30
"""Characters: bodies of fewer, such as a caption that a column always has, are the same by chance; their titles must be
too."""


def fingerprint(title: str, body: str) -> bytes:
    """The same for bodies that are the same in text, pictures and videos but for the capture that they name; empty for
    bodies without text, such as a lone video: three articles may well show the same one."""
    text = _UNSEEN.sub("", body)
    if not _SEEN.search(text):
        return b""
    whole = _SPACE.sub("", _CAPTURE.sub("", body))
    if len(text) < _DISTINCTIVE:
        whole += f"\n{_SPACE.sub('', title)}"
    return hashlib.blake2b(whole.encode("utf-8"), digest_size=16).digest()


_OWN_TITLE = re.compile(
    r"\W*(?:internet archive|(?:internet archive )?wayback machine)\W*(?:error|not found|page not found)?\W*\Z",
    re.IGNORECASE,
)
_OUTAGE_TITLE = re.compile(
    r"\W*(?:internet archive\W+)?(?:temporarily offline|scheduled maintenance|down for maintenance)\W*\Z",
    re.IGNORECASE,
)
_ERROR = (
    r"bad gateway|gateway time-?out|service (?:temporarily )?unavailable|internal server error|web server is down|error"
    r"|forbidden|access denied|bad request|unauthori[sz]ed|too many requests|moved permanently|redirecting"
    r"|attention required!?.*|just a moment|(?:site )?under maintenance"
)
_ERROR_TITLE = re.compile(
    rf"(?:\W*(?:http\W+)?(?:error\W+)?(?:[345]\d\d\W+)?(?:{_ERROR})(?:\W+cloudflare)?\W*"
    r"|(?:error\W*)?[45]\d\d(?:\W+error)?\W*)\Z",
    re.IGNORECASE,
)
_PAGES: tuple[tuple[AuditKind, re.Pattern[str], tuple[str, ...]], ...] = (
    (AuditKind.OUTAGE_PAGE, _OUTAGE_TITLE, OFFLINE),
    (AuditKind.ARCHIVE_PAGE, _OWN_TITLE, EXCLUDED + NOT_ARCHIVED + NOT_AUTHORISED),
    (AuditKind.NOT_FOUND, NOT_FOUND, ()),
    (AuditKind.ERROR_PAGE, _ERROR_TITLE, ()),
)
"""Pages that are no articles, by their titles or by phrases in their texts."""
_LOOKED_AT = 3000
"""Characters of a body; the archive's own pages have fewer."""


def not_an_article(file: ArticleFile) -> Finding | None:
    """The one finding of a file without an article, None for a file with one.

    An article has a date and a category: none of the public backup's 888 non-articles has the latter. So what has both
    and a body is one, whatever it speaks of, and words of a body count only where both are missing. The site's last
    article has the farewell page's title, but unlike it somebody wrote it, on some day.
    """
    text, title = file.body, file.title
    # There is something to it with text, a picture or a video.
    substance = bool(_BEGINS_WITH_TEXT.search(text) or _MEDIA.search(text) or _SEEN.search(_UNSEEN.sub("", text)))
    date, category, author = (file.fields.get(key) for key in ("date", "category", "author"))
    if substance and date and category:
        return None
    body = file.rest[:_LOOKED_AT] if not (date or category) else ""
    is_signed = substance and (date or (author and not is_sites(author)))
    names = (_SPACE.sub("", name) for name in (title, body.lstrip("# \n")[:40]))
    if not is_signed and any(name.startswith(FAREWELL) for name in names):
        return Finding(AuditKind.FAREWELL, f"titled {quoted(title or FAREWELL)}")
    said = f"{title} {body}".replace("’", "'").lower() if body else ""
    for kind, titles, phrases in _PAGES:
        if titles.match(title):
            return Finding(kind, f"titled {quoted(title)}")
        if says(phrases, said):
            return Finding(kind, quoted(body.strip("\n#> ").partition("\n")[0]))
    if substance:
        return None
    return Finding(AuditKind.BLANK, f"nothing below the title {quoted(title)}" if title else "no title, nothing below")
