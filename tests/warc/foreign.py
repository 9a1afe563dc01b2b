"""Files of web archives as other programs write them, made on the spot."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.warc.captures import ArchivedCapture, Damage
from crawler.warc.files import read_archived, scan_file
from crawler.wayback.capture import StoredCapture

DATE = "2021-01-02T03:04:05Z"
TS = "20210102030405"
URL = "http://www.site.example/article/1"
PAGE = "<html><h1>渡輪碼頭的報攤</h1><p>The kiosk on the pier has a new roof.</p></html>".encode()


def sha1(data: bytes) -> str:
    return base64.b32encode(hashlib.sha1(data).digest()).decode()


def http(
    payload: bytes = PAGE, headers: Sequence[str] = ("Content-Type: text/html; charset=utf-8",), status: str = "200 OK"
) -> bytes:
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers, "")).encode("latin-1") + payload


def record(
    block: bytes,
    kind: str = "response",
    *,
    url: str = URL,
    version: str = "1.1",
    number: int = 1,
    fields: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
) -> bytes:
    """One uncompressed record; `fields` override, `drop` leaves out."""
    own = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012d}>",
        "WARC-Date": DATE,
        "WARC-Target-URI": url,
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(block)),
        **(fields or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in own.items() if name not in drop)
    return f"WARC/{version}\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def identity(number: int) -> str:
    return f"<urn:uuid:00000000-0000-0000-0000-{number:012d}>"


def digested(payload: bytes, **fields: str) -> dict[str, str]:
    return {"WARC-Payload-Digest": f"sha1:{sha1(payload)}", **fields}


def packed(records: Sequence[bytes]) -> bytes:
    """One gzip member a record."""
    return b"".join(gzip.compress(each, mtime=0) for each in records)


def page(number: int) -> bytes:
    return PAGE + f"<!-- {number} {hashlib.sha256(str(number).encode()).hexdigest()} -->".encode() * 3


def pages(count: int, *, digests: bool = True) -> list[bytes]:
    """Response records of different pages."""
    return [
        record(http(page(n)), url=f"{URL}{n}", number=n, fields=digested(page(n)) if digests else None)
        for n in range(1, count + 1)
    ]


def by_warcio(path: Path, count: int, *, compressed: bool = True, headers: Sequence[tuple[str, str]] = ()) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=compressed, warc_version="1.1")
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "x"}))
        for number in range(1, count + 1):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1")
            moment = datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC)
            response = writer.create_warc_record(
                f"{URL}{number}",
                "response",
                payload=BytesIO(page(number)),
                length=len(page(number)),
                http_headers=head,
                warc_headers_dict={"WARC-Date": moment.strftime("%Y-%m-%dT%H:%M:%SZ")},
            )
            writer.write_record(response)


def chunked(payload: bytes, size: int = 40) -> bytes:
    parts = [payload[at : at + size] for at in range(0, len(payload), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def wacz(path: Path, files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(f"archive/{name}", data)
        archive.writestr("indexes/index.cdx.gz", gzip.compress(b"!meta\n"))
        archive.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0"}\n')
        archive.writestr("datapackage.json", json.dumps({"profile": "data-package", "resources": []}))


def held(path: Path) -> list[ArchivedCapture]:
    """What a file without damage holds."""
    things = list(scan_file(path))
    assert not [thing for thing in things if isinstance(thing, Damage)]
    return [thing for thing in things if isinstance(thing, ArchivedCapture)]


def split(path: Path) -> tuple[list[ArchivedCapture], list[Damage]]:
    things = list(scan_file(path))
    return [thing for thing in things if isinstance(thing, ArchivedCapture)], [
        thing for thing in things if isinstance(thing, Damage)
    ]


def stored(path: Path) -> list[StoredCapture]:
    return [read_archived(holding) for holding in held(path)]
