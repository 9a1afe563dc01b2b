"""Pictures and frames that a page has in `<noscript>`: what it shows to readers whose browser runs no script, as this
project is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bs4 import Tag
from bs4.element import PageElement

from crawler.markdown import raw_html as raw
from crawler.markdown.elements import FRAMES

_MEDIA = frozenset(("img", *FRAMES))
_TOGETHER = ("figure", "picture")
_TRACKERS = re.compile(
    r"//(?:[\w.-]+\.)?(?:facebook\.com/tr|doubleclick|google-analytics|googletagmanager|scorecardresearch|quantserve|chartbeat|comscore)",
    re.IGNORECASE,
)


def reveal_media(region: Tag, noscripts: Sequence[Tag]) -> None:
    """Give each picture and frame in these elements its place in the region: that of the placeholder beside it, or one
    of its own, with what is around it in there: a link, a figure with its caption. What the region shows already stays
    away, and what is there to count readers."""
    inside = {id(media) for noscript in noscripts for media in _media(noscript)}
    shown = {raw.source(media) for media in _media(region) if id(media) not in inside}
    for noscript in noscripts:
        near = [media for media in _near(noscript) if id(media) not in inside]
        for media in list(_media(noscript)):
            address = raw.source(media)
            counts = _TRACKERS.search(address) or any(
                str(media.get(side)) in ("0", "1") for side in ("width", "height")
            )
            if not address or address in shown or counts or _stands_in(media, address, near):
                continue
            outermost = media
            while outermost.parent is not None and outermost.parent is not noscript:
                outermost = outermost.parent
            if outermost.parent is noscript:
                noscript.insert_before(outermost.extract())


def _media(node: PageElement) -> Iterator[Tag]:
    if isinstance(node, Tag) and node.name in _MEDIA:
        yield node
    elif isinstance(node, Tag):
        for child in node.contents:
            yield from _media(child)


def _near(noscript: Tag) -> Iterator[Tag]:
    """The pictures and frames in the elements right beside it, and in the figure around it."""
    for siblings in (noscript.previous_siblings, noscript.next_siblings):
        beside = next((node for node in siblings if isinstance(node, Tag) or str(node).strip()), None)
        if beside is not None:
            yield from _media(beside)
    around = next((node for node in noscript.parents if node.name in _TOGETHER), None)
    if around is not None:
        yield from _media(around)


def _stands_in(media: Tag, address: str, near: Iterable[Tag]) -> bool:
    """Whether it is another's stand-in; a placeholder, which has no address, is given this one's."""
    for other in near:
        known = raw.source(other)
        if (other.name == "img") != (media.name == "img") or not (raw.stands_in(known) or raw.is_lazy(other)):
            continue
        if raw.stands_in(known):
            other["src"] = address
            if media.get("alt") and not other.get("alt"):
                other["alt"] = str(media["alt"])
        return True
    return False
