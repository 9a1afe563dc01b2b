"""Taking chunked transfer coding off a body that was stored as it came over the wire, and seeing what is left of it in a page."""

import re
from dataclasses import dataclass

from crawler.archive.headers import Headers, every

_LINE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?"
_SIZE = re.compile(_LINE + rb"\r?\n")
_CUT_SIZE = re.compile(rb"[0-9A-Fa-f]{0,15}[ \t]*(?:;[^\r\n]*)?\r?")
_ENDS = re.compile(rb"(?:\r?\n)+")
_END = re.compile(rb"\r\n|(?<!\r)\n|\r?\Z")
_TRAILERS = re.compile(rb"(?:[!#-'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*(?:\r?\n|\Z))*\s*")
_FIRST = re.compile(rb"\s*" + _LINE + rb"\r?\n\s*(?:[<{\[]|\x1f\x8b)")
_LAST = re.compile(rb"\n0+[ \t]*(?:\r?\n\s*)?\Z")
_INSIDE = re.compile(rb"\n" + _LINE + rb"\r\n")  # looked for much faster than with the \r before it
_TAIL = 64
_NUMBERS = b"0123456789abcdefABCDEF \t\r\n"


@dataclass(frozen=True, slots=True)
class Chunks:
    """What chunks hold, and whether they are there to the last one, which has the size 0."""

    body: bytes
    whole: bool


def transferred(headers: Headers, body: bytes) -> bytes:
    """The body without chunked coding. Where its header names that, which many writers keep and store it without, as far as it has come;
    without the header, which other writers drop, if all of it has the form to its end. Other bytes are returned as they are."""
    chunks = dechunked(body)
    if chunks is None:
        return body
    return chunks.body if chunks.whole or any("chunked" in value.lower() for value in every(headers, "transfer-encoding")) else body


def dechunked(body: bytes) -> Chunks | None:
    """What chunks hold, or None when these are none. Lines may end in LF alone, and empty lines stand around chunks."""
    blank = _ENDS.match(body)
    start = at = blank.end() if blank is not None else 0
    out = bytearray()
    while found := _SIZE.match(body, at):
        size = int(found[1], 16)
        if not size:
            return Chunks(bytes(out), _TRAILERS.fullmatch(body, found.end()) is not None)
        begin = _begin(body, found.end(), size)
        if begin is None:
            return None
        out += body[begin : begin + size]
        ends = _ENDS.match(body, begin + size)
        if ends is None:
            return Chunks(bytes(out), whole=False)
        at = ends.end()
    return Chunks(bytes(out), whole=False) if at > start and _CUT_SIZE.fullmatch(body, at) else None


def _begin(body: bytes, at: int, size: int) -> int | None:
    """Where a chunk's bytes begin, if a line ends behind them, or all: behind the line with their size, or an empty one after that."""
    empty = _END.match(body, at)
    begins = (at, empty.end()) if empty is not None else (at,)
    return next((begin for begin in begins if begin + size >= len(body) or _END.match(body, begin + size)), None)


def has_sizes(body: bytes) -> bool:
    """Whether sizes of chunks stand in a text: before its markup, as 0 at its end, or right for what lies between one and the next."""
    if _FIRST.match(body) or _LAST.search(body, max(len(body) - _TAIL, 0)):
        return True
    return b"\r" in body and any(_agrees(body, found) for found in _INSIDE.finditer(body))


def _agrees(body: bytes, found: re.Match[bytes]) -> bool:
    start, end = found.end(), found.end() + int(found[1], 16)
    if not body.startswith(b"\r", found.start() - 1) or not (
        end == len(body) or (body.startswith(b"\r\n", end) and _SIZE.match(body, end + 2))
    ):
        return False
    return bool(body[start:end].translate(None, _NUMBERS))  # else it may be a column of numbers
