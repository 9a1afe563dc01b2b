"""Reading one uncompressed WARC record: a capture whose length and digests have been checked."""

import json
from dataclasses import dataclass
from io import BytesIO

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser, StatusAndHeadersParserException

from crawler.archive.capture import read_moment
from crawler.archive.digest import payload_digest, usable

ORIGINAL_FIELD = "X-CDX-Original"
"""Extension field of a response record whose original is no URI as it stands: the exact string as ASCII JSON."""

TIMESTAMP_FIELD = "X-CDX-Timestamp"
"""Extension field of a response record whose timestamp WARC-Date cannot give back."""

_VERSIONS = ["WARC/1.1", "WARC/1.0"]


class WarcDamaged(Exception):
    """A record is torn, corrupt, or not where it should be; says which file and offset."""


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """A capture as stored: archived status and headers (rebuilt), and the payload's bytes."""

    original: str
    timestamp: str
    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes


def read_capture(record: bytes, where: str) -> StoredCapture | None:
    """A whole uncompressed record, verified; None when it is not a response."""
    stream = BytesIO(record)
    head = _head(stream, _VERSIONS, where)
    length = head.get_header("Content-Length") or ""
    block = stream.read()
    if not (length.isascii() and length.isdigit()) or block[int(length) :] != b"\r\n\r\n" or len(block) != int(length) + 4:
        raise WarcDamaged(f"{where}: Content-Length is {length or 'missing'}, the block has {max(len(block) - 4, 0)} bytes")
    block = block[:-4]
    _compare(head.get_header("WARC-Block-Digest"), block, f"{where}: block")
    if head.get_header("WARC-Type") != "response":
        return None
    inner = BytesIO(block)
    http = _head(inner, ["HTTP/1.1", "HTTP/1.0"], where)
    payload = inner.read()
    _compare(head.get_header("WARC-Payload-Digest"), payload, f"{where}: payload")
    code = http.get_statuscode()
    if not (code.isascii() and code.isdigit() and len(code) == 3):
        raise WarcDamaged(f"{where}: no HTTP status")
    return StoredCapture(_original(head, where), _timestamp(head, where), int(code), tuple(http.headers), payload)


def _head(stream: BytesIO, versions: list[str], where: str) -> StatusAndHeaders:
    try:
        return StatusAndHeadersParser(versions).parse(stream)
    except (StatusAndHeadersParserException, EOFError) as error:
        raise WarcDamaged(f"{where}: no {versions[0]} header: {error}") from error


def _compare(stated: str | None, data: bytes, what: str) -> None:
    wanted = usable(stated or "")
    if wanted is not None and wanted != payload_digest(data):
        raise WarcDamaged(f"{what} does not match its digest {stated}")


def _original(head: StatusAndHeaders, where: str) -> str:
    exact = head.get_header(ORIGINAL_FIELD)
    try:
        original = json.loads(exact) if exact else head.get_header("WARC-Target-URI")
    except ValueError:
        original = None
    if not isinstance(original, str) or not original:
        raise WarcDamaged(f"{where}: no target URI")
    return original


def _timestamp(head: StatusAndHeaders, where: str) -> str:
    exact = head.get_header(TIMESTAMP_FIELD) or "".join(char for char in head.get_header("WARC-Date") or "" if char in "0123456789")[:14]
    if read_moment(str(exact)) is None:
        raise WarcDamaged(f"{where}: no date")
    return str(exact)
