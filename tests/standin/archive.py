"""What the stand-in holds: the rows of its listing and the stored bytes behind them."""

import base64
import bisect
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from warcio.archiveiterator import ArchiveIterator

from .surt import Scope, urlkey
from .troubles import Trouble, read_troubles

REVISIT = "warc/revisit"
FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")

Headers = tuple[tuple[str, str], ...]


class Row(NamedTuple):
    """One row of the listing, by the wire names of the CDX fields; all text, as on the wire."""

    urlkey: str
    timestamp: str
    original: str
    mimetype: str
    statuscode: str
    digest: str
    length: str


@dataclass(frozen=True, slots=True)
class Capture:
    """Stored bytes: what was answered for `original` at `timestamp` (14 digits); `body` as stored, still encoded."""

    original: str
    timestamp: str
    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Archive:
    """Rows and captures; `troubles` are those that belong to this archive whoever serves it."""

    def __init__(self, troubles: Iterable[Trouble] = ()) -> None:
        self.troubles: list[Trouble] = list(troubles)
        self._rows: list[Row] = []
        self._keys: list[str] = []
        self._captures: defaultdict[str, list[Capture]] = defaultdict(list)
        self.overlooked: set[str] = set()
        """Originals that only a query which names their article lists, as bulk listings of the real archive are said to
        miss some."""

    def add(
        self,
        original: str,
        timestamp: str,
        body: bytes | None = None,
        *,
        status: int = 200,
        mimetype: str = "text/html",
        headers: Iterable[tuple[str, str]] = (),
        digest: str | None = None,
        length: str | None = None,
        listed: bool = True,
    ) -> Row:
        """Add a capture and its row. No body: a revisit of the capture added last under that key (with that `digest`,
        if given).

        `digest` is the listed one, by default that of the body. `listed=False`: served, but in no listing.
        """
        key = urlkey(original)
        fields = tuple(headers)
        if body is None:
            first = next((c for c in reversed(self._captures[key]) if digest in (None, sha1(c.body))), None)
            if first is None:
                raise ValueError(f"nothing to revisit: {original}")
            mimetype, body, status, fields = REVISIT, first.body, first.status, first.headers
        elif not any(name.lower() == "content-type" for name, _ in fields):
            fields = (("Content-Type", mimetype), *fields)
        code = "-" if mimetype == REVISIT else str(status)
        row = Row(key, timestamp, original, mimetype, code, digest or sha1(body), length or str(len(body) // 3 + 300))
        self._captures[key].append(Capture(original, timestamp, status, fields, body))
        if listed:
            self.list(row)
        return row

    def list(self, *rows: Row) -> None:
        """Add rows to the listing, with or without a capture behind them; exact duplicates stay."""
        self._rows.extend(rows)
        self._keys = []

    def hold(self, capture: Capture) -> None:
        """Add a capture to what is served, without a row."""
        self._captures[urlkey(capture.original)].append(capture)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, sorted by key and time."""
        self._sort()
        return tuple(self._rows)

    def select(self, asked: Scope) -> Iterator[Row]:
        """The rows in a scope, sorted by key and time."""
        self._sort()
        if asked.exact:
            spans = [(bisect.bisect_left(self._keys, asked.exact), bisect.bisect_right(self._keys, asked.exact))]
        else:
            spans = [
                (bisect.bisect_left(self._keys, p), bisect.bisect_left(self._keys, p + "\U0010ffff"))
                for p in asked.prefixes
            ]
        for start, end in spans:
            yield from self._rows[start:end]

    def find(self, original: str, timestamp: str) -> Capture | None:
        """The capture of this key and second; of several (twins by scheme or host) the one spelled as asked, else the
        first."""
        same = self.twins(original, timestamp)
        return next((capture for capture in same if capture.original == original), same[0] if same else None)

    def twins(self, original: str, timestamp: str) -> tuple[Capture, ...]:
        """All captures of one key and second."""
        return tuple(capture for capture in self._captures.get(urlkey(original), ()) if capture.timestamp == timestamp)

    def closest(self, original: str, timestamp: str, *, but_not: str = "") -> Capture | None:
        """The capture of this key nearest in time, leaving out those of the second `but_not`."""
        rest = [capture for capture in self._captures.get(urlkey(original), ()) if capture.timestamp != but_not]
        wanted = moment(timestamp)
        return min(rest, key=lambda capture: abs(moment(capture.timestamp) - wanted), default=None)

    def history(self, original: str) -> tuple[Capture, ...]:
        """All captures of one key, oldest first."""
        return tuple(sorted(self._captures.get(urlkey(original), ()), key=lambda capture: capture.timestamp))

    def _sort(self) -> None:
        if len(self._keys) != len(self._rows):
            self._rows.sort(key=lambda row: (row.urlkey, row.timestamp))
            self._keys = [row.urlkey for row in self._rows]


def sha1(body: bytes) -> str:
    """The digest of a payload as the listing has it: SHA-1 in base32."""
    return base64.b32encode(hashlib.sha1(body).digest()).decode("ascii")


def moment(timestamp: str) -> datetime:
    """A timestamp of 1 to 14 digits as a time; a `00` month or day counts as the first, what does not exist as the
    start of its year."""
    text = timestamp.ljust(14, "0")[:14]
    year, month, day = max(1, int(text[:4])), max(1, int(text[4:6])), max(1, int(text[6:8]))
    try:
        start = datetime(year, month, day)  # noqa: DTZ001 - only differences are used
    except ValueError:
        start = datetime(year, 1, 1)  # noqa: DTZ001
    return start + timedelta(hours=int(text[8:10]), minutes=int(text[10:12]), seconds=int(text[12:14]))


def load_archive(folder: Path) -> Archive:
    """The archive in a folder: `cdx.json` (rows), `captures.warc.gz` (stored bytes), optionally `troubles.json`.

    A row without a record of its own replays the record with its digest, as revisits do; without one it is only listed.
    """
    script = folder / "troubles.json"
    archive = Archive(read_troubles(script) if script.exists() else ())
    records = _records(folder / "captures.warc.gz")
    by_digest = {sha1(capture.body): capture for capture in records.values()}
    listing: list[list[str]] = json.loads((folder / "cdx.json").read_text("utf-8"))
    if listing and tuple(listing[0]) != FIELDS:
        raise ValueError(f"cdx.json: the header row must be {' '.join(FIELDS)}")
    rows = [Row(*fields) for fields in listing[1:]]
    archive.list(*rows)
    for row in rows:
        capture = records.pop((row.original, row.timestamp), None) or by_digest.get(row.digest)
        if capture is not None:
            archive.hold(Capture(row.original, row.timestamp, capture.status, capture.headers, capture.body))
    for capture in records.values():
        archive.hold(capture)
    return archive


def _records(warc: Path) -> dict[tuple[str, str], Capture]:
    found: dict[tuple[str, str], Capture] = {}
    with warc.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            original = record.rec_headers.get_header("WARC-Target-URI")
            timestamp = "".join(filter(str.isdigit, record.rec_headers.get_header("WARC-Date")))[:14]
            status = int(record.http_headers.get_statuscode())
            headers = tuple((name, value) for name, value in record.http_headers.headers)
            # raw_stream: the bytes as stored; content_stream would undo the Content-Encoding.
            found[original, timestamp] = Capture(original, timestamp, status, headers, record.raw_stream.read())
    return found
