"""Hints that an article's address and its image names give. For a person to look at; they never fill a field."""

from __future__ import annotations

import re
from urllib.parse import unquote

_SLUG = re.compile(r"/article/\d+/(?P<tags>[^/?#]*)-(?P<number>\d+)(?:/(?P<title>[^/?#]*))?")
_STAMP = re.compile(r"-(\d{4})(\d{2})(\d{2})\d{6}_[0-9a-f]{4}_")


def hints(original: str, body: str) -> list[tuple[str, str]]:
    """What the spelling of the address and the names of the images in the body suggest, as (what, value)."""
    found: list[tuple[str, str]] = []
    if slug := _SLUG.search(original):
        found += [("tags in the address", unquote(slug["tags"])), ("number in the address", slug["number"])]
        if slug["title"]:
            found.append(("title in the address", unquote(slug["title"])))
    days = dict.fromkeys("-".join(stamp.groups()) for stamp in _STAMP.finditer(unquote(body)))
    return found + [("date in an image's name", day) for day in days]
