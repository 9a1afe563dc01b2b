"""From the address of an embedded player to the page that a person can open."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

_PATHS = (
    (
        re.compile(r"(?:.*\.)?youtube(?:-nocookie)?\.com"),
        re.compile(r"/(?:embed|v)/(?!videoseries)([\w-]+)"),
        "https://www.youtube.com/watch?v={}",
    ),
    (re.compile(r"player\.vimeo\.com"), re.compile(r"/video/(\d+)"), "https://vimeo.com/{}"),
    (re.compile(r"(?:.*\.)?dailymotion\.com"), re.compile(r"/embed/video/(\w+)"), "https://www.dailymotion.com/video/{}"),
)
"""Hosts, the paths of their players, and the page of what is played."""
_FACEBOOK = re.compile(r"(?:.*\.)?facebook\.com")


def watchable(address: str) -> str:
    """`https://www.youtube.com/embed/x` as `https://www.youtube.com/watch?v=x`, a Facebook plugin as what it shows; others as they are."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return address
    for hosts, paths, page in _PATHS:
        if hosts.fullmatch(host) and (found := paths.match(parts.path)):
            return page.format(found[1])
    if _FACEBOOK.fullmatch(host) and parts.path.startswith("/plugins/"):
        shown = parse_qs(parts.query).get("href", [""])[0]
        return shown if shown.startswith(("https://", "http://")) else address
    return address
