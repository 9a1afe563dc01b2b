"""Taking chunked transfer coding off a body that was stored as it came over the wire."""

import re

from crawler.archive.headers import Headers, every

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_CUT_SIZE = re.compile(rb"[0-9A-Fa-f]{0,15}[ \t]*(?:;[^\r\n]*)?\r?")


def transferred(headers: Headers, body: bytes) -> bytes:
    """The body without the chunked coding that its header names, if it is there; many writers keep the header and store it without.

    A cut body gives what has come of it. Bytes that do not follow the coding to their end are returned as they are.
    """
    if not any("chunked" in value.lower() for value in every(headers, "transfer-encoding")):
        return body
    out = dechunked(body)
    return body if out is None else out


def dechunked(body: bytes) -> bytes | None:
    """What chunks hold, or None when these are none."""
    out = bytearray()
    at = 0
    while found := _SIZE.match(body, at):
        at = found.end() + int(found[1], 16)
        if at == found.end():  # the last; trailers may follow
            return bytes(out)
        out += body[found.end() : at]
        if at >= len(body) or body[at:] == b"\r":
            return bytes(out)
        if not body.startswith(b"\r\n", at):
            return None
        at += 2
    return bytes(out) if at and _CUT_SIZE.fullmatch(body, at) else None
