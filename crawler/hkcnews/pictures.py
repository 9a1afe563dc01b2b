"""The addresses of an article's pictures as the site had them: those of its body, its note and its blogger's block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bs4 import Tag

from crawler.markdown import raw
from crawler.markdown.original import absolute

_WEB = re.compile(r"https?://[^/?#]", re.IGNORECASE)


def pictures(parts: Iterable[Tag | None], original: str) -> tuple[str, ...]:
    """The absolute address of every picture in these elements, in order and each once; `original` is the page's own address."""
    found = (picture_address(raw.source(node), original) for part in parts if part is not None for node in _images(part))
    return tuple(dict.fromkeys(address for address in found if address))


def _images(part: Tag) -> Iterator[Tag]:
    stack = [part]
    while stack:
        element = stack.pop()
        if element.name == "img":
            yield element
        stack += [child for child in reversed(element.contents) if isinstance(child, Tag)]


def picture_address(src: str, original: str) -> str:
    """Where a picture was, absolute and spelled as the page has it (Chinese raw, `%20` where it stands), without a fragment; empty when
    it is nowhere, as with `data:`. `src` as in the page, `original` the page's own address."""
    if not src:
        return ""
    try:
        address = absolute(src, original, "").partition("#")[0]
    except ValueError:  # no address at all, by urllib's judgement
        return ""
    return address if _WEB.match(address) else ""
