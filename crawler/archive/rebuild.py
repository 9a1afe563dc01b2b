"""The HTTP header block of a capture, rebuilt from the headers of the playback answer that brought it."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from crawler.archive.coding import Coding, CodingError, decode
from crawler.archive.headers import Headers, first, raw
from crawler.archive.playback import escape

PREFIX = "x-archive-orig-"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BODY_FIELDS = frozenset({"content-length", "transfer-encoding", "content-encoding"})


@dataclass(frozen=True, slots=True)
class HttpHeaders:
    """Header fields, all printable ASCII, and a note for each that is not the archived one."""

    fields: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def http_headers(headers: Headers, payload: bytes, location: str | None = None) -> HttpHeaders:
    """The archived header fields, in their order, made to fit the payload that is stored.

    Archived fields come back with their prefix taken off; Content-Type and Location are passed through by the archive without one,
    Location rewritten, so that the caller gives its target. What describes the transfer of the body (length, chunks, a coding that
    is not on the stored bytes any more) keeps its prefix, since a reader of the WARC would act on it.
    """
    notes = ["header fields from x-archive-orig-*"]
    archived = [(name[len(PREFIX) :], name, value) for name, value in headers if name.lower().startswith(PREFIX)]
    names = {name.lower() for name, _, _ in archived}
    fields: list[tuple[str, str]] = []
    if "content-type" not in names and (kind := first(headers, "content-type")):
        fields.append(("Content-Type", kind))
    coded = _is_coded(payload, [value for name, _, value in archived if name.lower() == "content-encoding"])
    for name, prefixed, value in archived:
        lower = name.lower()
        if lower == "location" and location is not None:
            continue
        if lower in _BODY_FIELDS and not (lower == "content-encoding" and coded):
            fields.append((prefixed, value))
            notes.append(f"{lower} set aside")
        else:
            fields.append((name, value))
    if location is not None:
        fields.append(("Location", escape(location)))
        notes.append("location from the archive's own")
    fields.append(("Content-Length", str(len(payload))))
    return HttpHeaders(tuple((name, _ascii(value)) for name, value in fields if _NAME.fullmatch(name)), tuple(notes))


def status_line(status: int) -> str:
    """Status and reason phrase; the archived phrase is not known, the standard one stands for it."""
    try:
        return f"{status:03d} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status:03d} Archived"


def one_line(value: str) -> str:
    """Text without anything that could end a line or hide in it."""
    return _CONTROL.sub(" ", value).strip()


def _ascii(value: str) -> str:
    """A header value as printable ASCII: controls become spaces, other bytes are percent-encoded as they were sent."""
    return "".join(" " if byte < 0x20 or byte == 0x7F else chr(byte) if byte < 0x7F else f"%{byte:02X}" for byte in raw(value)).strip()


def _is_coded(payload: bytes, codings: list[str]) -> bool:
    if not codings:
        return False
    try:
        return any(coding != Coding.CHUNKED for coding in decode(payload, ", ".join(codings)).codings)
    except CodingError:
        return True
