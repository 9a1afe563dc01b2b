"""What bytes are, whatever their address or headers say: an image of a known type, whole, or a named reason why not."""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from crawler.utils.text import ExplainedEnum


class UnfitImage(Exception):
    """The file ends too early, or its parts do not fit together; says where."""


Size = tuple[int, int] | None
"""Width and height in pixels, where that is told."""

_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BOX = 8


def _unpacked(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error:
        raise UnfitImage(f"ends at byte {len(data)}, inside of a part") from None


def _reaches(data: bytes, end: int) -> None:
    if end > len(data):
        raise UnfitImage(f"{len(data)} bytes of {end}")


def jpeg(data: bytes) -> Size:
    """Goes through the segments to the picture's data, behind which the end mark must stand; more may follow."""
    at, code, size = 2, 0, None
    while code != 0xDA:
        mark, code = _unpacked(">BB", data, at)
        if mark != 0xFF:
            raise UnfitImage(f"no segment at byte {at}")
        if code == 0xFF:  # filling
            at += 1
        elif code in _NO_LENGTH:
            at += 2
        elif code == 0xD9:
            raise UnfitImage("ends before its picture")
        else:
            (length,) = _unpacked(">H", data, at + 2)
            if code in _FRAMES:
                height, width = _unpacked(">HH", data, at + 5)
                size = (width, height)
            at += 2 + length
    if data.find(b"\xff\xd9", at) < 0:
        raise UnfitImage(f"no end mark in {len(data)} bytes")
    return size


def png(data: bytes) -> Size:
    """Goes through the chunks to the last one."""
    width, height = _unpacked(">II", data, 16)
    at, name = 8, 0
    while name != 0x49454E44:  # IEND
        length, name = _unpacked(">II", data, at)
        at += 12 + length
        if at > len(data):
            raise UnfitImage(f"ends at byte {len(data)}, inside of a chunk that ends at {at}")
    return width, height


def gif(data: bytes) -> Size:
    """Goes through the blocks to the trailer."""
    width, height, packed = _unpacked("<HHB", data, 6)
    at = 13 + _colours(packed)
    while (kind := _unpacked("B", data, at)[0]) != 0x3B:
        if kind == 0x2C:
            (packed,) = _unpacked("B", data, at + 9)
            at += 11 + _colours(packed)
        elif kind == 0x21:
            at += 2
        else:
            raise UnfitImage(f"no block at byte {at}")
        while length := _unpacked("B", data, at)[0]:
            at += 1 + length
        at += 1
    return width, height


def _colours(packed: int) -> int:
    """Bytes of the table of colours that a packed field announces."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def webp(data: bytes) -> Size:
    """Its container says how long it is."""
    (length,) = _unpacked("<I", data, 4)
    _reaches(data, 8 + length)
    return None


def bmp(data: bytes) -> Size:
    """Its header says how long it is, and where the pixels begin."""
    length, _, pixels, _, width, height = _unpacked("<IIIIii", data, 2)
    _reaches(data, max(length, pixels + 1))
    return width, abs(height)


def tiff(data: bytes) -> Size:
    """Its directory must be in it; where the pixels end only a reader of the whole format could tell."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = _unpacked(f"{order}I", data, 4)
    (entries,) = _unpacked(f"{order}H", data, at)
    _reaches(data, at + 2 + 12 * entries)
    return None


def icon(data: bytes) -> Size:
    """Every picture in its directory must be in it."""
    (count,) = _unpacked("<H", data, 4)
    for number in range(count):
        length, at = _unpacked("<II", data, 14 + 16 * number)
        _reaches(data, at + length)
    return None


def avif(data: bytes) -> Size:
    """Goes through the boxes; a last one without a length runs to the end."""
    at = 0
    while at < len(data):
        (length,) = _unpacked(">I", data, at)
        if length == 1:
            (length,) = _unpacked(">Q", data, at + _BOX)
        if length == 0:
            return None
        if length < _BOX:
            raise UnfitImage(f"no box at byte {at}")
        at += length
        _reaches(data, at)
    return None


class ImageFault(ExplainedEnum):
    """Why there is no image, and what that means: what bytes can be, then what an archive can have instead."""

    BLANK = "blank", "no bytes, or nothing in them"
    HTML = "html_page", "an HTML page in its place"
    NOT_IMAGE = "not_an_image", "bytes of no type of image that is known"
    CUT = "cut_off", "cut off before its end"
    ONE_PIXEL = "one_pixel", "a single pixel, as holds the place of a picture or counts visits"
    SCRIPT = "svg_with_script", "an SVG with a script in it"
    NOT_ARCHIVED = "not_archived", "the archive has no capture of it"
    EXCLUDED = "excluded", "its site is excluded from the archive"
    NOT_FOUND = "not_found", "the site did not have it any more when it was captured"
    ARCHIVED_ERROR = "archived_error", "an error of its site, archived"
    REDIRECTS = "redirects", "redirects that lead in a circle, or too far"
    TOO_LARGE = "too_large", "more bytes than DOWNLOAD_MAXSIZE"


@dataclass(frozen=True, slots=True)
class Content:
    """The media type, or the flaw; `because` says more of a flaw. Of a cut image the type is known too."""

    type: str = ""
    flaw: ImageFault | None = None
    because: str = ""


_BINARY: tuple[tuple[re.Pattern[bytes], str, Callable[[bytes], Size]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", png),
    (re.compile(rb"GIF8[79]a"), "image/gif", gif),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", webp),
    (re.compile(rb"BM.{12}", re.DOTALL), "image/bmp", bmp),
    (re.compile(rb"II\*\x00|MM\x00\*"), "image/tiff", tiff),
    (re.compile(rb"\x00\x00\x01\x00[^\x00]"), "image/vnd.microsoft.icon", icon),
    (re.compile(rb"....ftyp(?:avif|avis|mif1)", re.DOTALL), "image/avif", avif),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|script|meta|h1|p|div)\b", re.IGNORECASE)
_SVG_TYPE = "image/svg+xml"
_SVG = re.compile(
    r"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*<(?:\w+:)?svg[\s>/]", re.IGNORECASE | re.DOTALL
)
_SVG_END = re.compile(r"(?:</(?:\w+:)?svg\s*>|/>)(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL)
_ACTIVE = re.compile(
    r"<\s*(?:[\w.-]+:)?(?:script|foreignobject|iframe|handler)\b|[\s\"'/]on[a-z]+\s*=|<!entity", re.IGNORECASE
)
_ACTIVE_ADDRESS = re.compile(r"(?:javascript|vbscript):|data:text/html", re.IGNORECASE)
_SPACES = re.compile(r"[\x00-\x20]+")
_SNIFFED = 1024


def read_content(data: bytes) -> Content:
    """Tell what `data` (without content coding) is; never raises.

    An image of one pixel is a flaw: no figure and no avatar is one, but what counts visits and what holds the place of
    a picture is. SVG is text that a browser runs scripts in when it is opened by itself; it cannot be cleaned without
    changing its bytes, so one with scripts is not put among the files (the store keeps it).
    """
    if not data.strip(b"\0 \t\r\n"):
        return Content(flaw=ImageFault.BLANK, because="no bytes" if not data else f"{len(data)} bytes of nothing")
    for beginning, kind, read in _BINARY:
        if beginning.match(data):
            try:
                size = read(data)
            except UnfitImage as error:
                return Content(kind, ImageFault.CUT, str(error))
            return Content(kind, ImageFault.ONE_PIXEL, "1 by 1") if size == (1, 1) else Content(kind)
    return _text(data)


def _text(data: bytes) -> Content:
    begins = f"begins with {data[:12]!r}"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if text and "\0" not in text and _SVG.match(text):
        if _SVG_END.search(text) is None:
            return Content(_SVG_TYPE, ImageFault.CUT, "no end of the element svg")
        plain = html.unescape(text)
        if _ACTIVE.search(plain) or _ACTIVE_ADDRESS.search(_SPACES.sub("", plain)):
            return Content(_SVG_TYPE, ImageFault.SCRIPT, "it holds a script")
        return Content(_SVG_TYPE)
    if _HTML.search(data[:_SNIFFED].replace(b"\0", b"")):
        return Content(flaw=ImageFault.HTML, because=begins)
    return Content(flaw=ImageFault.NOT_IMAGE, because=begins)
