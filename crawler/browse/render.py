"""The Markdown of an article as HTML that can do no harm: rendered, then cleaned by a short list of what may stay."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt

_PLAIN = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "b", "i", "u", "s", "del", "ins"),
    *("sub", "sup", "small", "mark", "ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "div", "span", "cite", "q"),
    *("kbd", "strike", "ruby", "rb", "rt", "rtc", "rp"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
TAGS = frozenset({*_PLAIN, "a", "img"})
"""Every element that may be in what is shown."""
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
"""Their attributes, beside the `rel` that links get."""
_GONE = {"script", "style", "template", "noscript", "title", "textarea", "select", "xmp", "noembed", "noframes", "plaintext", "svg", "math"}
"""Elements whose content is no text either."""
_SCHEMES = {"http", "https", "mailto"}
_FRAME = re.compile(r'^(?P<before>[ >*+.)\d-]*)\{\{< video src="(?P<address>[^"]*)" >\}\}[ ]*$', re.MULTILINE)
_IFRAME = re.compile(r"<i?frame\b[^<>]*>", re.IGNORECASE)
_SRC = re.compile(r"\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_EMBEDDED = re.compile(r"/\d{4,14}(?:[a-z]{2}_)?/((?:https?:)?//.+)", re.IGNORECASE | re.DOTALL)
"""What an archive's address replays."""
_VIDEO = re.compile(r"(?:^|\.)(?:youtube(?:-nocookie)?\.com|youtu\.be|vimeo\.com|dailymotion\.com|facebook\.com)$", re.IGNORECASE)
_ANCHOR_OR_PICTURE = re.compile(r"<a\b[^>]*>|</a>|<img\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(src|alt)="([^"]*)"')


def to_html(body: str, *, local_image: Callable[[str], str | None], link: Callable[[str], str]) -> str:
    """A body as HTML whose every element and attribute is of `TAGS` and `ATTRIBUTES`, and well nested.

    `local_image` gives the address under which a picture is served here, None when it is not there: then its description stands in its
    place, linked, and nothing is asked of another host. `link` gives where a link leads, '' for nowhere. Embedded players become links.
    """
    rendered = _renderer().render(_FRAME.sub(_player, body))
    rendered = _IFRAME.sub(_frame, rendered)
    cleaned = nh3.clean(
        rendered,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        clean_content_tags=_GONE,
        url_schemes={*_SCHEMES, "data"},
        attribute_filter=lambda tag, name, value: _address(link(value)) if (tag, name) == ("a", "href") else value,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return "".join(_settled(cleaned, local_image, link))


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table")


def _address(address: str) -> str | None:
    """An address that may be linked to, or None: one of ours, a place in the page, or one on the web."""
    address = address.strip()
    if address.startswith("#") or (address.startswith("/") and not address.startswith(("//", "/\\"))):
        return address
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        return None
    return address if scheme in _SCHEMES else None


def _player(found: re.Match[str]) -> str:
    return found["before"] + _player_link(html.unescape(found["address"]))


def _frame(found: re.Match[str]) -> str:
    src = _SRC.search(found[0])
    return _player_link(html.unescape(src[1] or src[2] or src[3] or "")) if src else found[0]


def _player_link(address: str) -> str:
    inside = _EMBEDDED.search(address)
    shown, host = inside[1] if inside else address, ""
    with suppress(ValueError):
        host = urlsplit(f"https:{shown}" if shown.startswith("//") else shown).hostname or ""
    what = "▶ 影片 Video" if not host or _VIDEO.search(host) or "video" in shown else "嵌入內容 Embedded"
    said = f"{what}{f' ({host})' if host else ''}"
    return f'<a href="{html.escape(address)}">{html.escape(said)}</a>'


def _settled(cleaned: str, local_image: Callable[[str], str | None], link: Callable[[str], str]) -> Iterator[str]:
    """Links that lead nowhere as plain text; pictures that are here, and what stands for those that are not."""
    last = 0
    anchors: list[str] = []  # within a table's cell HTML has links in links
    for found in _ANCHOR_OR_PICTURE.finditer(cleaned):
        yield cleaned[last : found.start()]
        last = found.end()
        if found[0].startswith("<img"):
            yield _picture(found[0], local_image, link, linked="a" in anchors)
        elif found[0] == "</a>":
            yield f"</{anchors.pop()}>"
        else:
            anchors.append("a" if " href=" in found[0] and "a" not in anchors else "span")
            yield found[0] if anchors[-1] == "a" else "<span>"
    yield cleaned[last:]


def _picture(element: str, local_image: Callable[[str], str | None], link: Callable[[str], str], *, linked: bool) -> str:
    """A picture that is here, or its description and a link to it unless it stands in one."""
    given = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(element)}
    src, alt = given.get("src", ""), given.get("alt", "")
    here = local_image(src) if src else None
    if here is not None:
        return f'<img src="{html.escape(here)}" alt="{html.escape(alt)}" loading="lazy">'
    said = html.escape(f"圖片不在此處：{alt}" if alt else "圖片不在此處 Picture not here")
    address = _address(link(src)) if src and not linked and not src.lower().startswith("data:") else None
    return f'<a href="{html.escape(address)}" rel="noopener noreferrer">{said}</a>' if address else f"<span>{said}</span>"
