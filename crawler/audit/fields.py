"""Fields that are missing or cannot be right."""

from __future__ import annotations

import re
from datetime import date

from crawler.audit.backupfile import BackupFile
from crawler.audit.kinds import quoted
from crawler.audit.mojibake import reread, reread_whole
from crawler.hkcnews.dates import FIRST_DAY, LAST_DAY
from crawler.hkcnews.urls import article_id, misspelling

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_PICTURE = re.compile(r"[^?#]*\.(?:svg|png|jpe?g|gif|webp|ico|bmp)(?=[?#]|\Z)", re.IGNORECASE)
_PART = re.compile(
    r"[^?#]*/[\w.~@+-]+\.(?:js|mjs|css|map|json|xml|txt|woff2?|ttf|eot|mp[34]|pdf|php|webmanifest)(?=[?#]|\Z)", re.IGNORECASE | re.ASCII
)
"""Parts of pages, whose relative addresses fall below `/article/<id>/`; slugs with Chinese characters are not among them."""
_WORST_SPELLING = 3


def no_title(file: BackupFile) -> str:
    return "" if file.title else "the front matter has none"


def no_date(file: BackupFile) -> str:
    return "" if file.fields.get("date", "").strip() else "the front matter has none"


def impossible_date(file: BackupFile) -> str:
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


def no_category(file: BackupFile) -> str:
    return "" if file.fields.get("category", "").strip() else "the front matter has none"


def no_address(file: BackupFile) -> str:
    missing = [key for key in ("url", "original_url") if not file.fields.get(key, "").strip()]
    return f"no {' and no '.join(missing)}" if missing else ""


def other_article(file: BackupFile) -> str:
    for key, address in (("original_url", file.original), ("url", file.archived)):
        named = article_id(address.strip())
        if named is not None and file.article is not None and named != file.article:
            return f"{key} names article {named}"
    return ""


def foreign_address(file: BackupFile) -> str:
    address = file.original.strip()
    if not address:
        return ""
    if article_id(address) is None:
        return f"{quoted(address)} is no article's address"
    is_part = _PICTURE.match(address) or _PART.match(address)
    return f"{quoted(address[-60:])} is a picture or a part of a page" if is_part else ""


def mojibake(file: BackupFile) -> str:
    for key in ("title", "category", "author"):
        if read := reread_whole(file.fields.get(key, "")):
            return f"{key}: {quoted(file.fields[key][:40])} may be {quoted(read[:40])}"
    read = reread(file.body)
    return f"body: {quoted(read[:40])}" if read else ""


def mojibake_address(file: BackupFile) -> str:
    wrong = [
        key
        for key, value in (("url", file.fields.get("url", "")), ("original_url", file.original))
        if misspelling(value) == _WORST_SPELLING
    ]
    return " and ".join(wrong)
