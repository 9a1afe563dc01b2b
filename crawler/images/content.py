"""What bytes are, whatever their address or headers say: an image of a known type, whole, or a named reason why not."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from enum import StrEnum

from crawler.images.formats import Size, Unfit, avif, bmp, gif, icon, jpeg, png, tiff, webp


class Type(StrEnum):
    """The types that are kept, by their media types."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    SVG = "image/svg+xml"
    BMP = "image/bmp"
    TIFF = "image/tiff"
    ICON = "image/vnd.microsoft.icon"
    AVIF = "image/avif"


class Flaw(StrEnum):
    """Why bytes are not kept as an image."""

    BLANK = "blank"
    HTML = "html_page"
    NOT_IMAGE = "not_an_image"
    CUT = "cut_off"
    ONE_PIXEL = "one_pixel"
    SCRIPT = "svg_with_script"


@dataclass(frozen=True, slots=True)
class Content:
    """The type, or the flaw; `because` says more of a flaw. Of a cut image the type is known too."""

    type: Type | None = None
    flaw: Flaw | None = None
    because: str = ""


_BINARY = (
    (re.compile(rb"\xff\xd8\xff"), Type.JPEG, jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), Type.PNG, png),
    (re.compile(rb"GIF8[79]a"), Type.GIF, gif),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), Type.WEBP, webp),
    (re.compile(rb"BM.{12}", re.DOTALL), Type.BMP, bmp),
    (re.compile(rb"II\*\x00|MM\x00\*"), Type.TIFF, tiff),
    (re.compile(rb"\x00\x00\x01\x00[^\x00]"), Type.ICON, icon),
    (re.compile(rb"....ftyp(?:avif|avis|mif1)", re.DOTALL), Type.AVIF, avif),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|script|meta|h1|p|div)\b", re.IGNORECASE)
_SVG = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*<(?:\w+:)?svg[\s>/]", re.IGNORECASE | re.DOTALL)
_SVG_END = re.compile(r"(?:</(?:\w+:)?svg\s*>|/>)(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL)
_ACTIVE = re.compile(r"<\s*(?:[\w.-]+:)?(?:script|foreignobject|iframe|handler)\b|[\s\"'/]on[a-z]+\s*=|<!entity", re.IGNORECASE)
_ACTIVE_ADDRESS = re.compile(r"(?:javascript|vbscript):|data:text/html", re.IGNORECASE)
_SPACES = re.compile(r"[\x00-\x20]+")
_SNIFFED = 1024


def read_content(data: bytes) -> Content:
    """Tell what `data` (without content coding) is; never raises.

    An image of one pixel is a flaw: no figure and no avatar is one, but what counts visits and what holds the place of a picture is.
    SVG is text that a browser runs scripts in when it is opened by itself; it cannot be cleaned without changing its bytes, so one
    with scripts is not put among the files (the store keeps it).
    """
    if not data.strip(b"\0 \t\r\n"):
        return Content(flaw=Flaw.BLANK, because="no bytes" if not data else f"{len(data)} bytes of nothing")
    for beginning, kind, read in _BINARY:
        if beginning.match(data):
            try:
                size = read(data)
            except Unfit as error:
                return Content(kind, Flaw.CUT, str(error))
            return Content(kind, Flaw.ONE_PIXEL, "1 by 1") if size == Size(1, 1) else Content(kind)
    return _text(data)


def _text(data: bytes) -> Content:
    begins = f"begins with {data[:12]!r}"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if text and "\0" not in text and _SVG.match(text):
        if _SVG_END.search(text) is None:
            return Content(Type.SVG, Flaw.CUT, "no end of the element svg")
        plain = html.unescape(text)
        if _ACTIVE.search(plain) or _ACTIVE_ADDRESS.search(_SPACES.sub("", plain)):
            return Content(Type.SVG, Flaw.SCRIPT, "it holds a script")
        return Content(Type.SVG)
    if _HTML.search(data[:_SNIFFED].replace(b"\0", b"")):
        return Content(flaw=Flaw.HTML, because=begins)
    return Content(flaw=Flaw.NOT_IMAGE, because=begins)
