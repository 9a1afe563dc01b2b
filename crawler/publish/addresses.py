"""Addresses that pages link to, and how they are shown."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from crawler.hkcnews.urls import HIGHEST_ID, HOST, article_id
from crawler.wayback.playback import escape, playback_url

_TIMESTAMP = re.compile(r"\d{4,14}", re.ASCII)
_DATE = re.compile(r"(\d+)-(\d+)-(\d+)", re.ASCII)
_DEEPEST = 4
"""Times that an address may be percent-encoded: a site's share link has an archive's address that has the site's."""
SITE = re.compile(r"(?<![\w.-])(?:www\.)?hkcnews\.com\.?(?::\d*)?/+article/", re.IGNORECASE)
HERE = re.compile(
    r"(?:https?://(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?/|(?:(?:[^\s:@/.]*|\.\.?)/)*)"
    r"article[/_](\d{1,9})(?:\.md)?(?:[/?#]\S*)?",
    re.IGNORECASE | re.ASCII,
)
"""An address of these pages, a file of the tree, or the end of an address."""


def is_web(address: str) -> bool:
    """Whether this is an address that a browser opens from the web, and nothing else."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isprintable() and " " not in address


def replay_address(replay: str, timestamp: str, original: str) -> str:
    """Where an archive shows a capture; empty when that cannot be said, because `replay` is no address of the web's."""
    address = playback_url(replay, timestamp, original, "") if _TIMESTAMP.fullmatch(timestamp) else ""
    return address if is_web(address) else ""


def calendar_address(public_url: str | None, article: int) -> str:
    """Where the Wayback Machine, or an archive like it, lists all captures of an article under any address; empty
    without one."""
    address = f"{(public_url or '').rstrip('/')}/web/*/{escape(f'https://www.{HOST}/article/{article}')}*"
    return address if is_web(address) else ""


def readable_time(timestamp: str) -> str:
    """`20210712012000` as `2021-07-12 01:20`, `2021-07-12T01:20:00Z` likewise; the archive's times are UTC."""
    digits = "".join(each for each in timestamp if each.isascii() and each.isdigit())
    if len(digits) < 12:
        return timestamp
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]} {digits[8:10]}:{digits[10:12]}"


def readable_address(address: str) -> str:
    """An address with its Chinese written out, to be read, not followed; as it is where that would be unreadable."""
    try:
        written = unquote(address, errors="strict")
    except UnicodeDecodeError:
        return address
    return written if written.isprintable() and " " not in written else address


def article_named(text: str) -> int | None:
    """The id of the article that a reader's words, or a path, name: the site's address in any spelling, alone, in an
    archive's or another site's address, or in a sentence; an address of these pages; a file of the tree. None where
    there is nothing of the kind."""
    text = unicodedata.normalize("NFKC", text)
    for _ in range(_DEEPEST):
        for found in SITE.finditer(text):
            number = article_id(f"https://{text[found.start() :]}")
            if number is not None:
                return number
        text = unquote(text)
    here = HERE.fullmatch(text.strip())
    return int(here[1]) if here and 0 < int(here[1]) <= HIGHEST_ID else None


def number_named(text: str) -> int | None:
    """The id that a reader typed, by itself (`174`, `#174`)."""
    number = text.strip().removeprefix("#")
    return int(number) if number.isascii() and number.isdigit() and 0 < int(number[:6]) <= HIGHEST_ID else None


def day(date: str | None) -> str:
    """A date as it is written in Chinese; '' for none, and what is no date as it is."""
    found = _DATE.fullmatch(date or "")
    return "{}年{}月{}日".format(*map(int, found.groups())) if found else date or ""
