"""Writes the WARC of an archive folder."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from .archive import moment

Stored = tuple[str, str, int, list[tuple[str, str]], bytes]


def write_warc(path: Path, stored: Iterable[Stored]) -> None:
    """Write `response` records: original URL, timestamp (14 digits), status, archived headers, payload as stored."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for original, timestamp, status, headers, payload in stored:
            date = {"WARC-Date": moment(timestamp).strftime("%Y-%m-%dT%H:%M:%SZ")}
            head = StatusAndHeaders(f"{status} OK", headers, protocol="HTTP/1.1")
            # The length given, warcio needs no temporary file, which it would leave to the garbage collector.
            record = writer.create_warc_record(
                original, "response", BytesIO(payload), len(payload), http_headers=head, warc_headers_dict=date
            )
            writer.write_record(record)
