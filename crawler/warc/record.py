"""One WARC record: its fields, the HTTP message in it, and whether its bytes are those of its digests."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from itertools import islice
from types import MappingProxyType

from fastwarc.warc import HeaderMap, WarcRecord

from crawler.utils.timestamps import read_moment, timestamp_of
from crawler.wayback.digest import cdx_sha1, matches_digest, parse_digest
from crawler.wayback.http import CodingError, declared_coding, decoded_layers, without_chunks

ORIGINAL_FIELD = "X-CDX-Original"
"""Extension field of a response record whose original is no URI as it stands: the exact string as ASCII JSON."""

TIMESTAMP_FIELD = "X-CDX-Timestamp"
"""Extension field of a response record whose timestamp WARC-Date cannot give back."""

MAX_HEAD = 32 * 1024
"""Bytes that the fields of a record may take, FastWARC's own limit."""

_MAX_HTTP_HEAD = 1024 * 1024
HEAD_END = re.compile(rb"\n\r?\n")  # without the first line's \r, with which it would be looked for much longer
_BARE_NEWLINE = re.compile(rb"(?<!\r)\n")
_VERSION = re.compile(rb"WARC/(?:0\.1[78]|1\.[0-9])")
_NO_DIGITS = re.compile(r"[^0-9]+")
_FOLD = re.compile(rb"\n[ \t]")
_TOKENS = ("-uri", "-id", "-digest", "-date", "-to")
"""Fields, by the ends of their names, whose values hold no white space: where such a line was folded there was none."""
_STATUS_LINE = re.compile(
    rb"\s*(HTTP(?:/[0-9]+(?:\.[0-9]+)?)?[ \t]+([0-9]{3}(?![0-9])|-?[0-9]{1,2}(?!\S))[ \t]*([^\n]*)(?:\n|\Z))",
    re.IGNORECASE,
)
_PROXYS_OWN = b"connection established"
_CODES = {status.phrase.lower().encode(): status.value for status in HTTPStatus}
# What FastWARC needs around an HTTP head to lift its limit of 32 KiB.
_STATUS = b"HTTP/1.1 200 OK\r\n"
_SHELL = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n"


class WarcDamaged(Exception):
    """A record is torn, corrupt, or not where it should be; says which file and offset."""


class Malformed(Exception):
    """What is wrong with a record, in words; whoever knows file and offset makes a WarcDamaged of it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of a record: names in lower case, first values. In bytes `size`, and the block's `length` or -1."""

    version: str
    fields: Mapping[str, str]
    size: int
    length: int

    def get(self, name: str) -> str:
        """The value of a field by its name in lower case, or the empty string."""
        return self.fields.get(name, "")

    @property
    def kind(self) -> str:
        return self.get("warc-type").lower()


@dataclass(frozen=True, slots=True)
class Http:
    """The head of an HTTP response, values as Latin-1; `size`: bytes before the body, 0 where that is all."""

    status: int
    headers: tuple[tuple[str, str], ...]
    size: int


def read_head(data: bytes) -> Head:
    """The fields at the beginning of `data`. Raises Malformed when it does not begin with a whole WARC head."""
    version = _VERSION.match(data)
    if version is None:
        raise Malformed("no WARC head")
    end = HEAD_END.search(data, 0, MAX_HEAD)
    if end is None:
        raise Malformed("the WARC head does not end")
    folded = _FOLD.search(data, 0, end.end()) is not None
    lines = HeaderMap()
    try:
        lines.parse(BytesIO(_crlf(data[: end.end()])))
    except OSError as error:
        raise Malformed(f"no WARC head: {error}") from error
    fields: dict[str, str] = {}
    for name, value in lines.items_bytes():
        lower, text = _text(name).lower(), _text(value)
        if folded:
            text = "".join(text.split()) if lower.endswith(_TOKENS) else text.strip()
        fields.setdefault(lower, text)
    length = fields.get("content-length", "")
    stated = length.isascii() and length.isdigit() and len(length) < 19
    if not fields.get("warc-type"):
        raise Malformed("no WARC-Type")
    return Head(version[0].decode(), MappingProxyType(fields), end.end(), int(length) if stated else -1)


def message_of(head: Head, block: bytes) -> Http:
    """What a record holds as an HTTP response: without an HTTP head, as `resource` records have their content, one of
    status 200 and the record's own Content-Type. Raises Malformed."""
    if is_http(head, block):
        return read_http(block)
    kind = head.get("content-type")
    return Http(200, (("Content-Type", kind),) if kind else (), 0)


def is_http(head: Head, block: bytes) -> bool:
    """Whether a block is said to be an HTTP message, or begins as one where nothing is said."""
    kind = head.get("content-type").lower()
    if kind.startswith("application/http") or (not kind and (head.kind == "revisit" or block.startswith(b"HTTP/"))):
        return True
    return _STATUS_LINE.match(block) is not None


def read_http(block: bytes) -> Http:
    """The HTTP response head at the beginning of a block, behind others before it: "continue", or a proxy's own.

    A status that is none, as 0, is that of its phrase, else 200: what came is left to be judged. Raises Malformed.
    """
    start = 0
    while True:
        found = _STATUS_LINE.match(block, start)
        if found is None:
            raise Malformed("no HTTP status" if block[:5].upper() == b"HTTP/" else "no HTTP head")
        end = HEAD_END.search(block, found.end(1) - 1, start + _MAX_HTTP_HEAD)
        size = end.end() if end else len(block)
        phrase, status = found[3].strip().lower(), int(found[2])
        before = 100 <= status < 200 or (status == 200 and phrase.endswith(_PROXYS_OWN))
        if not before or _STATUS_LINE.match(block, size) is None:
            break
        start = size
    if status < 100:
        status = _CODES.get(phrase, 200)
    lines = _STATUS + _crlf(block[found.end(1) : min(size, start + _MAX_HTTP_HEAD)])
    if end is None:  # a response without a body may lack the empty line
        lines = lines.rstrip(b"\r\n") + b"\r\n\r\n"
    try:
        record = WarcRecord.from_bytes(_SHELL % len(lines) + lines)
        record.parse_http(max_header_len=2 * _MAX_HTTP_HEAD, strict_mode=False)
        pairs = record.http_headers.items_bytes()
    except (OSError, ValueError) as error:
        raise Malformed(f"no HTTP head: {error}") from error
    return Http(status, tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs), size)


def original_of(head: Head) -> str:
    """What was captured, as its CDX row spelt it where that is known; else the target. Raises Malformed."""
    exact = head.get(ORIGINAL_FIELD.lower())
    try:
        original = json.loads(exact) if exact else target_of(head)
    except ValueError:
        original = None
    if not isinstance(original, str) or not original:
        raise Malformed("no target URI")
    return original


def target_of(head: Head, name: str = "warc-target-uri") -> str:
    """A field that holds an address; in WARC 1.0, not in 1.1, it may have angle brackets, which wget sets."""
    value = head.get(name)
    bracketed = head.version != "WARC/1.1" and value.startswith("<") and value.endswith(">")
    return value[1:-1] if bracketed else value


def timestamp_from(head: Head) -> str:
    """The 14 digits of the moment of capture, or what stands in a CDX row for them."""
    exact = head.get(TIMESTAMP_FIELD.lower())
    moment = read_moment(exact or digits_of(head.get("warc-date")))
    if moment is None:
        raise Malformed("no date")
    return exact or timestamp_of(moment)


def digits_of(date: str) -> str:
    """The first 14 digits of a WARC date, fewer where it is less exact."""
    return _NO_DIGITS.sub("", date)[:14]


def _crlf(head: bytes) -> bytes:
    return _BARE_NEWLINE.sub(b"\r\n", head) if head.count(b"\n") != head.count(b"\r\n") else head


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


_PAYLOAD, _BLOCK = "warc-payload-digest", "warc-block-digest"


def digests_of(head: Head) -> list[str]:
    """The digests that can be compared and that a record states of bytes of its own, as a revisit's payload is not."""
    names = (_BLOCK,) if head.kind == "revisit" else (_PAYLOAD, _BLOCK)
    return [stated for name in names if parse_digest(stated := head.get(name))]


def matches_a_digest(head: Head, block: bytes) -> bool:
    """Whether a digest that the record states is that of this block, or of what it has as payload."""
    digests = digests_of(head)
    if any(matches_digest(stated, (block,)) for stated in digests):
        return True
    try:
        http = message_of(head, block)
    except Malformed:
        return False
    return any(matches_digest(stated, _forms(http, block)) for stated in digests)


def compare_payload(head: Head, http: Http, block: bytes, body: bytes) -> str:
    """Compare the payload of a block, `body` as `body_of` gives it, with the digest that a record, or a revisit of it,
    states; gives that in the form of CDX rows where it is the body's SHA-1. Raises Malformed where no digest proves the
    bytes."""
    stated = head.get(_PAYLOAD)
    if found := cdx_sha1(body, stated):
        return found
    proven = matches_digest(stated, _forms(http, block)) or matches_digest(stated, (block,))
    if not proven and not matches_a_digest(head, block):
        raise Malformed(f"payload does not match its digest {stated}")
    return ""


def compare_block(head: Head, http: Http | None, block: bytes) -> None:
    """Compare a block with its digest, which may be the payload's, as that may be the block's. Raises Malformed."""
    stated, other = head.get(_BLOCK), head.get(_PAYLOAD)
    if matches_digest(stated, (block,)) or (parse_digest(other) and matches_digest(other, (block,))):
        return
    if http is None or not matches_digest(stated, _forms(http, block)):
        raise Malformed(f"block does not match its digest {stated}")


def body_of(http: Http, block: bytes) -> bytes:
    """The payload without chunks."""
    return without_chunks(http.headers, block[http.size :])


def _forms(http: Http, block: bytes) -> Iterator[bytes]:
    """What writers take the digest of a payload over: as it came, without chunks, without content codings."""
    raw = block[http.size :]
    yield raw
    body = without_chunks(http.headers, raw)
    if body is not raw:
        yield body
    with suppress(CodingError):
        for decoded in islice(decoded_layers(body, declared_coding(http.headers)), 1, None):
            yield decoded.body
