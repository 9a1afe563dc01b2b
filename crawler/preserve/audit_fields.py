"""Tests of an audit on fields, and on files that hold no article at all."""

from __future__ import annotations

import hashlib
import re
from datetime import date

from crawler.hkcnews.dates import FIRST_DAY, LAST_DAY
from crawler.hkcnews.fields import is_sites
from crawler.hkcnews.layout import FAREWELL, NOT_FOUND
from crawler.hkcnews.urls import article_id, misspelling
from crawler.preserve.article_file import ArticleFile, archived_address
from crawler.preserve.audit_text import Test
from crawler.preserve.findings import AuditKind, Finding, quoted
from crawler.wayback.playback import EXCLUDED, NOT_ARCHIVED, NOT_AUTHORISED, OFFLINE, says

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_PICTURE = re.compile(r"[^?#]*\.(?:svg|png|jpe?g|gif|webp|ico|bmp)(?=[?#]|\Z)", re.IGNORECASE)
_PART = re.compile(
    r"[^?#]*/[\w.~@+-]+\.(?:js|mjs|css|map|json|xml|txt|woff2?|ttf|eot|mp[34]|pdf|php|webmanifest)(?=[?#]|\Z)",
    re.IGNORECASE | re.ASCII,
)
"""Parts of pages, whose relative addresses fall below `/article/<id>/`; slugs with Chinese characters are not among
them."""
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
    for key in ("original_url", "url"):
        address = file.fields.get(key, "")
        named = article_id((archived_address(address) if key == "url" else address).strip())
        if named is not None and file.article is not None and named != file.article:
            return f"{key} names article {named}"
    return ""


def foreign_address(file: ArticleFile) -> str:
    address = file.fields.get("original_url", "").strip()
    if not address:
        return ""
    if article_id(address) is None:
        return f"{quoted(address)} is no article's address"
    is_part = _PICTURE.match(address) or _PART.match(address)
    return f"{quoted(address[-60:])} is a picture or a part of a page" if is_part else ""


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
