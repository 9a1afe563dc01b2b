"""The addresses of an article's pictures as the site had them: those of its body, its note and its blogger's block."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin

from bs4 import Tag

from crawler.markdown import raw

_ARCHIVED = re.compile(r"(?:(?:https?:)?//[^/]+)?/web/\d{1,14}(?:[a-z]{2}_)?/(?=(?:https?:)?//)", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DEFAULT_PORT = re.compile(r"(?<=//)([^/?#:]+):(?:80|443)(?=[/?#]|\Z)")
_INVISIBLE = re.compile(r"[\t\r\n]")
_AT_ENDS = "".join(map(chr, range(33)))


def pictures(parts: Iterable[Tag | None], original: str) -> tuple[str, ...]:
    """The absolute address of every picture in these elements, in order and each once; `original` is the page's own address."""
    found = (raw.source(node) for part in parts if part is not None for node in _images(part))
    return tuple(dict.fromkeys(address for src in found if (address := picture_address(src, original)) is not None))


def _images(part: Tag) -> Iterable[Tag]:
    return (node for node in part.descendants if isinstance(node, Tag) and node.name == "img")


def picture_address(src: str, original: str) -> str | None:
    """Where a picture was, absolute and spelled as the page has it (Chinese raw, `%20` where it stands); None when it is nowhere, as
    with `data:`. `src` as in the page, `original` the page's own address."""
    src = _INVISIBLE.sub("", src).strip(_AT_ENDS).partition("#")[0]
    src = _ARCHIVED.sub("", src)
    if not src:
        return None
    if src.startswith("//"):
        src = f"https:{src}"
    elif not _SCHEME.match(src):
        try:
            src = urljoin(_DEFAULT_PORT.sub(r"\1", original), src)
        except ValueError:
            return None
    return src if re.match(r"https?://[^/?#]", src, re.IGNORECASE) else None
