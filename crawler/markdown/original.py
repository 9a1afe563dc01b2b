"""Addresses as the site had them: absolute, and without the archive around them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin

from crawler.markdown.style import SCHEME, plain, site_of

_NO_HOST = r"(?!(?:html?|php|aspx?|jsp|js|css|json|xml|txt|pdf|docx?|xlsx?|pptx?|zip|jpe?g|png|gif|webp|svg|mp[34])(?![\w-]))"
_HOST_ONLY = re.compile(rf"(?:[\w-]+\.)+{_NO_HOST}[A-Za-z]{{2,}}(?::\d+)?(?=[/?#]|\Z)")
"""`cinema.example.org/soon`, also `www.example.org:8080`; names of files are none."""
_WHEN = r"(?:\d{1,14}\*?|\*)(?:[a-z]{2}_)?"
_WHAT = r"/*(?:https?:/|(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?/)"
_SLASHES = re.compile(r"\A(https?):/+", re.IGNORECASE)


@lru_cache(maxsize=16)
def _archived(replay: str) -> re.Pattern[str]:
    """Where an address into the archive begins to be one of something else: behind `/web/` on any host or none, with or without a
    time, and behind `replay`."""
    host, slash, path = replay.partition("://")[2].partition("/")
    own = rf"(?:(?:https?:)?//{re.escape(host)})?{re.escape(slash + path)}" if path else r"(?!)"
    return re.compile(rf"(?:(?:(?:https?:)?//[^/?#]+)?/web|{own})/(?:{_WHEN}/(?={_WHAT})|(?=https?:/))", re.IGNORECASE)


def without_archive(address: str, replay: str) -> str:
    """What an address in an archive is a capture of, however often it is one; any other address as it is.

    `replay`: the public address under which the page's own archive replays captures.
    """
    pattern = _archived(replay)
    while found := pattern.match(address):
        address = with_scheme(address[found.end() :].lstrip("/"))
    return _SLASHES.sub(r"\1://", address)


def absolute(address: str, original: str, replay: str) -> str:
    """An address on the page `original` as a browser would read it there, outside of any archive."""
    address = without_archive(plain(address), replay)
    if SCHEME.match(address):
        return address
    if address.startswith("//"):
        return f"https:{address}"
    return site_of(original) + address if address.startswith("/") else urljoin(original, address)


def with_scheme(href: str) -> str:
    """A link without a scheme that begins with the name of a host leads there: that is what its author meant, not a file of the site."""
    return f"http://{href}" if _HOST_ONLY.match(href) else href
