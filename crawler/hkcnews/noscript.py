"""Pictures and frames that a page has in `<noscript>`: what it shows to readers whose browser runs no script, as this
project is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bs4 import Tag
from bs4.element import NavigableString, PageElement

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
    of its own. What the region shows already stays away."""
    inside = {id(media) for noscript in noscripts for media in _media(noscript)}
    shown = {raw.source(media) for media in _media(region) if id(media) not in inside}
    for noscript in noscripts:
        near = [media for media in _near(noscript) if id(media) not in inside]
        for media in list(_media(noscript)):
            address = raw.source(media)
            if (
                address
                and address not in shown
                and not _tracks(media, address)
                and not _stands_in(media, address, near)
            ):
                _put_before(noscript, media)


def _media(node: PageElement) -> Iterator[Tag]:
    if isinstance(node, Tag) and node.name in _MEDIA:
        yield node
    elif isinstance(node, Tag):
        for child in node.contents:
            yield from _media(child)


def _near(noscript: Tag) -> Iterator[Tag]:
    """The pictures and frames in the elements right beside it, and in the figure around it."""
    beside = (_beside(noscript.previous_siblings), _beside(noscript.next_siblings))
    around = next((node for node in noscript.parents if node.name in _TOGETHER), None)
    for node in filter(None, (*beside, around)):
        yield from _media(node)


def _beside(siblings: Iterable[PageElement]) -> Tag | None:
    for node in siblings:
        if isinstance(node, Tag):
            return node
        if isinstance(node, NavigableString) and node.strip():
            break
    return None


def _tracks(media: Tag, address: str) -> bool:
    """Whether it is there to count readers, and nothing to be seen."""
    return _TRACKERS.search(address) is not None or any(
        str(media.get(side)) in ("0", "1") for side in ("width", "height")
    )


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


def _put_before(noscript: Tag, media: Tag) -> None:
    """Set it before the element, with what is around it in there: a link, a figure with its caption."""
    outermost = media
    while outermost.parent is not None and outermost.parent is not noscript:
        outermost = outermost.parent
    if outermost.parent is noscript:
        noscript.insert_before(outermost.extract())
