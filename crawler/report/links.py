"""Addresses in the archive, built here from what the ledger has; no address of a page becomes a link by itself."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.archive.playback import escape, playback_url
from crawler.hkcnews.urls import HOST

_TIMESTAMP = re.compile(r"\d{4,14}", re.ASCII)


def is_web(address: str) -> bool:
    """Whether this is an address that a browser opens from the web, and nothing else."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isascii() and address.isprintable() and " " not in address


def replay(base: str, timestamp: str, original: str) -> str:
    """Where an archive shows a capture; empty when that cannot be said, because `base` is no address of the web's."""
    if not is_web(base) or not _TIMESTAMP.fullmatch(timestamp):
        return ""
    address = playback_url(base, timestamp, original, "")
    return address if is_web(address) else ""


def calendar(public_url: str | None, article: int) -> str:
    """Where the Wayback Machine, or an archive like it, lists all captures of an article under any address; empty without one."""
    address = f"{(public_url or '').rstrip('/')}/web/*/{escape(f'https://www.{HOST}/article/{article}')}*"
    return address if is_web(address) else ""
