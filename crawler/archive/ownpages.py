"""What an archive says in its own name: outage, exclusion and not-archived pages, known by their words, never by their status alone.

Wayback Machine pages as recorded 2020-2026; pywb's as version 2.10.0 serves them (measured 2026-11).
"""

import re
from contextlib import suppress

from crawler.archive.coding import CodingError, decode
from crawler.archive.headers import Headers, declared_coding, every

ERROR_HEADER = "x-archive-wayback-runtime-error"

_MAX_PAGE = 1024 * 1024
_TAG = re.compile(r"<[^<>]*>")
_SPACE = re.compile(r"\s+")

_OFFLINE = ("temporarily offline", "no server is available to handle this request")
_EXCLUDED = (
    "excluded from the wayback machine",
    "administrativeaccesscontrolexception",
    "blocked site error",
    "robotaccesscontrolexception",
    "displayed due to robots.txt",
    "blocked by robots.txt",
)
_NOT_ARCHIVED = (
    "has not archived that url",
    "hasn't archived that url",
    "resourcenotinarchiveexception",
    "could not be found in this collection",
)
_NOT_AUTHORISED = ("requires authorization",)


def words(headers: Headers, body: bytes) -> str:
    """The text of an archive's own answer in lower case, on one line: its error header, then its page without tags."""
    with suppress(CodingError):  # a page that does not decode has no words; its status still speaks
        body = decode(body, declared_coding(headers), _MAX_PAGE).body
    page = _TAG.sub(" ", body[:_MAX_PAGE].decode("utf-8", "replace"))
    return _SPACE.sub(" ", " ".join([*every(headers, ERROR_HEADER), page])).replace("’", "'").lower()


def says_offline(text: str) -> bool:
    return _any(_OFFLINE, text)


def says_excluded(text: str) -> bool:
    return _any(_EXCLUDED, text)


def says_not_archived(text: str) -> bool:
    return _any(_NOT_ARCHIVED, text)


def says_not_authorised(text: str) -> bool:
    return _any(_NOT_AUTHORISED, text)


def _any(phrases: tuple[str, ...], text: str) -> bool:
    return any(phrase in text for phrase in phrases)
