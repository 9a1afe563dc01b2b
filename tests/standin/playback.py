"""The playback endpoint: which capture answers a target, and how the archive dresses it."""

import gzip
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from urllib.parse import urljoin

import brotli
import zstandard

from .answer import Answer, missing, page
from .archive import Archive, Capture, Headers, moment
from .surt import escape
from .troubles import Kind, Trouble

_TARGET = re.compile(r"/web/(\d{1,14})([a-z]{2}_)?/(.+)", re.DOTALL)
_TOOLBAR = b'<!-- BEGIN WAYBACK TOOLBAR INSERT --><div id="wm-ipp-base"></div><!-- END WAYBACK TOOLBAR INSERT -->'
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Target:
    """A playback target: timestamp of 1 to 14 digits, flag (`id_`, `im_`, ... or empty), and the original as sent,
    undecoded."""

    timestamp: str
    flag: str
    original: str


def parse(target: str) -> Target | None:
    """The parts of a raw request target, None when it is not one of playback."""
    match = _TARGET.fullmatch(target)
    return Target(match[1], match[2] or "", match[3]) if match else None


def replay(archive: Archive, asked: Target, base: str, trouble: Trouble | None) -> Answer:
    """What the archive answers: the capture, the jump to the closest one, or its own 404. `base`: scheme and host of
    the archive."""
    capture = archive.find(asked.original, asked.timestamp)
    kind = trouble.kind if trouble else None
    if capture is None or kind is Kind.JUMP:
        closest = archive.closest(asked.original, asked.timestamp, but_not=asked.timestamp)
        return jump(asked, closest, base) if closest else missing(asked.original)
    if kind is Kind.TWIN:
        others = [twin for twin in archive.twins(asked.original, asked.timestamp) if twin.original != capture.original]
        capture = others[0] if others else capture
    if asked.flag == "" and 300 <= capture.status < 400 and capture.header("Location"):
        return _redirect_page(asked, capture)
    return _memento(archive, asked, capture, base, trouble)


def jump(asked: Target, capture: Capture, base: str) -> Answer:
    """The archive's own 302 to another time; it has no `Memento-Datetime` and no body."""
    headers = (
        ("Content-Type", "text/plain"),
        ("X-Archive-Redirect-Reason", f"found capture at {capture.timestamp}"),
        ("Location", f"{base}/web/{capture.timestamp}{asked.flag}/{escape(capture.original)}"),
    )
    return Answer(302, headers)


def _memento(archive: Archive, asked: Target, capture: Capture, base: str, trouble: Trouble | None) -> Answer:
    status, body = capture.status, capture.body
    location = capture.header("Location")
    if trouble and trouble.kind is Kind.ARCHIVED:
        status = trouble.status or 429
    if trouble and trouble.kind is Kind.LOOP:
        status, location = 302, capture.original
    if trouble and trouble.kind is Kind.DAMAGED:
        body = damaged(body)
    body, encodings = _encoded(body, capture.header("Content-Encoding"), trouble)
    if asked.flag == "" and "html" in capture.header("Content-Type") and not encodings and not body.startswith(_GZIP):
        body = _with_toolbar(body)
    headers: Headers = (
        ("Content-Type", capture.header("Content-Type") or "application/octet-stream"),
        *(("Content-Encoding", encoding) for encoding in encodings),
        *(
            (f"x-archive-orig-{name.lower()}", value)
            for name, value in capture.headers
            if name.lower() not in ("content-type", "location")
        ),
        ("Memento-Datetime", _http_date(capture.timestamp)),
        ("Link", _link(archive, capture, base)),
        ("x-archive-src", "standin-0001/captures.warc.gz"),
    )
    if location and 300 <= status < 400:
        headers += (("Location", _location(asked, capture, location, base, trouble)),)
    return Answer(status, headers, body)


def damaged(body: bytes) -> bytes:
    """As many bytes as before, with some in the middle of the page changed, so that no decoding gives the digest."""
    middle = len(body) // 2
    return (
        body[:middle] + bytes(byte ^ 0x01 for byte in body[middle : middle + 64]) + body[middle + 64 :]
        if body
        else b"\n"
    )


def _encoded(body: bytes, stored: str, trouble: Trouble | None) -> tuple[bytes, tuple[str, ...]]:
    """The bytes to send and the values of the Content-Encoding headers, one for each header."""
    if trouble and trouble.kind in (Kind.DUAL_HEADER, Kind.UNANNOUNCED):
        zipped = body if body.startswith(_GZIP) else gzip.compress(body, mtime=0)
        return zipped, ("", "gzip") if trouble.kind is Kind.DUAL_HEADER else ()
    if trouble and trouble.kind is Kind.REENCODED and not stored:
        return _compress(body, trouble.value), (trouble.value,)
    return body, (stored,) if stored else ()


def _compress(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        packed: bytes = brotli.compress(body)
        return packed
    return zstandard.ZstdCompressor().compress(body) if encoding == "zstd" else gzip.compress(body, mtime=0)


def _location(asked: Target, capture: Capture, location: str, base: str, trouble: Trouble | None) -> str:
    path = f"/web/{capture.timestamp}{asked.flag}/{escape(urljoin(capture.original, location))}"
    form = trouble.value if trouble and trouble.kind is Kind.LOCATION else ""
    if form == "path":
        return path
    return (base.partition(":")[2] if form == "host" else base) + path


def _link(archive: Archive, capture: Capture, base: str) -> str:
    history = archive.history(capture.original)
    original = escape(capture.original)
    parts = [
        f'<{original}>; rel="original"',
        f'<{base}/web/timemap/link/{original}>; rel="timemap"; type="application/link-format"',
        f'<{base}/web/{original}>; rel="timegate"',
    ]
    # Always addresses of the view, whatever the flag asked for.
    for rel, other in (("first", history[0]), ("memento", capture), ("last", history[-1])):
        date = _http_date(other.timestamp)
        parts.append(f'<{base}/web/{other.timestamp}/{escape(other.original)}>; rel="{rel}"; datetime="{date}"')
    return ", ".join(parts)


def _http_date(timestamp: str) -> str:
    return format_datetime(moment(timestamp).replace(tzinfo=UTC), usegmt=True)


def _with_toolbar(body: bytes) -> bytes:
    start = re.search(rb"<body[^>]*>", body, re.IGNORECASE)
    at = start.end() if start else 0
    return body[:at] + _TOOLBAR + body[at:]


def _redirect_page(asked: Target, capture: Capture) -> Answer:
    """The view of an archived redirect: a page with status 200 and no `Memento-Datetime`."""
    target = f"/web/{capture.timestamp}/{escape(urljoin(capture.original, capture.header('Location')))}"
    return page(
        200,
        "Internet Archive Wayback Machine",
        f'<p>Got an HTTP {capture.status} response at crawl time</p>\n<a href="{target}">Impatient?</a>',
        ("x-archive-src", "standin-0001/captures.warc.gz"),
    )
