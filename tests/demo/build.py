"""Builds the demo's archive (WARC, listing, truth) from its article sources, and the pages of the fixtures that stand
in the same chrome.

`python -m tests.demo.build` writes them, `--check` says whether the committed ones are up to date.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import re
import struct
import sys
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import brotli
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.demo.fixtures import PAGES, fixture_files
from tests.demo.lists import LISTS, Listed, list_page
from tests.demo.pages import article_page, blank_page, farewell_page, not_found_page
from tests.demo.pictures import PICTURES, Picture
from tests.demo.scenes import draw
from tests.demo.sources import Content, Encoding, Source, StoredCapture, address, read_sources

ARCHIVE = Path(__file__).parent / "archive"
WARC_NAME, CDX_NAME, TRUTH_NAME = "captures.warc.gz", "cdx.json", "truth.jsonl"
CDX_FIELDS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]

_HTML = "text/html"
_PAGE_HEADERS = (("Content-Type", "text/html; charset=utf-8"),)
_RELATED = 4  # teasers under an article
_IMAGE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01\x02\x03\x04" * 60 + b"\xff\xd9"
# Rows that a prefix query brings along and that are no articles.
_NOISE = (
    ("20200801000000", "https://www.hkcnews.com/article/"),
    ("20200801000102", "https://www.hkcnews.com/article/../news"),
    ("20200801000204", "https://www.hkcnews.com/article/abc"),
    ("20200801000306", "http://www.hkcnews.com/article/%E6%B8%A1%E8%BC%AA"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of the listing with its payload as the archive holds it."""

    timestamp: str
    original: str
    payload: bytes
    mimetype: str = _HTML
    status: str = "200"
    headers: tuple[tuple[str, str], ...] = _PAGE_HEADERS
    revisit: bool = False

    @property
    def urlkey(self) -> str:
        return (
            "com,hkcnews)"
            + re.sub(r"^https?://(?:www\.)?hkcnews\.com(?::80)?", "", self.original).removesuffix("?").lower()
        )

    @property
    def digest(self) -> str:
        return base64.b32encode(hashlib.sha1(self.payload).digest()).decode()


def gzip_stored(data: bytes) -> bytes:
    """Gzip without compression, written out by hand: the same bytes (and so the same digest) whatever zlib is
    installed."""
    chunks = [data[at : at + 0xFFFF] for at in range(0, len(data), 0xFFFF)] or [b""]
    blocks = [
        struct.pack("<BHH", number == len(chunks) - 1, len(chunk), len(chunk) ^ 0xFFFF) + chunk
        for number, chunk in enumerate(chunks)
    ]
    return (
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
        + b"".join(blocks)
        + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    )


def _cut(page: bytes) -> bytes:
    """The page up to the middle of its body."""
    start, end = page.index(b'class="article-content"'), page.index(b'class="share-list"')
    return page[: (start + end) // 2]


def _related(source: Source, sources: Sequence[Source]) -> list[Source]:
    place = sources.index(source)
    return [sources[(place + step) % len(sources)] for step in range(1, min(_RELATED, len(sources) - 1) + 1)]


def _page(source: Source, capture: StoredCapture, sources: Sequence[Source]) -> bytes:
    match capture.content:
        case Content.FAREWELL:
            text = farewell_page()
        case Content.BLANK:
            text = blank_page()
        case Content.NOT_FOUND:
            text = not_found_page()
        case Content.OTHER:
            other = next(candidate for candidate in sources if candidate.id == capture.of)
            text = article_page(other, _related(other, sources), at=capture.timestamp)
        case _:
            earlier = capture.content is Content.EARLIER
            text = article_page(source, _related(source, sources), at=capture.timestamp, earlier=earlier)
    page = text.encode()
    return _cut(page) if capture.content is Content.TRUNCATED else page


def _stored(source: Source, capture: StoredCapture, sources: Sequence[Source]) -> Stored:
    where = (capture.timestamp, capture.original)
    if capture.content is Content.REDIRECT:
        return Stored(*where, b"", status="302", headers=(("Content-Type", _HTML), ("Location", capture.to)))
    if capture.content is Content.IMAGE:
        return Stored(*where, _IMAGE, mimetype="image/jpeg", headers=(("Content-Type", "image/jpeg"),))
    payload = _page(source, capture, sources)
    headers: tuple[tuple[str, str], ...] = _PAGE_HEADERS
    if capture.encoding in (Encoding.GZIP, Encoding.GZIP_UNANNOUNCED):
        payload = gzip_stored(payload)
    elif capture.encoding is Encoding.BROTLI:
        payload = brotli.compress(payload)
    if capture.encoding in (Encoding.GZIP, Encoding.BROTLI):
        headers = (*headers, ("Content-Encoding", capture.encoding.value))
    status = "404" if capture.content is Content.NOT_FOUND else "200"
    return Stored(*where, payload, status=status, headers=headers, revisit=capture.content is Content.REVISIT)


def _picture(picture: Picture) -> Stored:
    where = (picture.timestamp, picture.original)
    if picture.to:
        return Stored(
            *where, b"", status=picture.status, headers=(("Content-Type", _HTML), ("Location", address(picture.to)))
        )
    if not picture.scene:
        return Stored(*where, farewell_page().encode())
    return Stored(*where, draw(picture.scene), mimetype="image/png", headers=(("Content-Type", "image/png"),))


def _list(listed: Listed, sources: Sequence[Source]) -> Stored:
    kind = "application/json" if listed.is_json else _HTML
    payload = list_page(listed, sources).encode()
    return Stored(
        listed.timestamp, listed.original, payload, mimetype=kind, headers=(("Content-Type", f"{kind}; charset=utf-8"),)
    )


def stored_captures(sources: Sequence[Source]) -> list[Stored]:
    """Every row of the listing, in its order: by urlkey, then timestamp."""
    noise = [
        Stored(timestamp, original, b"<html><head><title></title></head><body></body></html>")
        for timestamp, original in _NOISE
    ]
    rows = [_stored(source, capture, sources) for source in sources for capture in source.captures]
    rows += [_picture(picture) for picture in PICTURES]
    rows += [_list(listed, sources) for listed in LISTS]
    return sorted(noise + rows, key=lambda row: (row.urlkey, row.timestamp, row.original))


def write_warc(rows: Sequence[Stored]) -> tuple[bytes, list[int]]:
    """The WARC/1.1 file, one gzip member a record, and the length of each member.

    A row listed as `warc/revisit` is a response record too: the file holds what a replay would answer.
    """
    target = BytesIO()
    writer = WARCWriter(target, gzip=True, warc_version="1.1")
    lengths = []
    for row in rows:
        stamp = re.sub(r"(....)(..)(..)(..)(..)(..)", r"\1-\2-\3T\4:\5:\6Z", row.timestamp)
        record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{row.timestamp}/{row.original}")
        record = writer.create_warc_record(
            row.original,
            "response",
            payload=BytesIO(row.payload),
            length=len(row.payload),
            http_headers=StatusAndHeaders(
                "200 OK" if row.status == "200" else f"{row.status} X", list(row.headers), protocol="HTTP/1.1"
            ),
            warc_headers_dict={"WARC-Date": stamp, "WARC-Record-ID": f"<urn:uuid:{record_id}>"},
        )
        start = target.tell()
        writer.write_record(record)
        lengths.append(target.tell() - start)
    return target.getvalue(), lengths


def listing(rows: Sequence[Stored], lengths: Sequence[int]) -> list[list[str]]:
    """The rows as the CDX server gives them with `output=json`, the header first."""
    table = [CDX_FIELDS]
    for row, length in zip(rows, lengths, strict=True):
        kind, status = ("warc/revisit", "-") if row.revisit else (row.mimetype, row.status)
        table.append([row.urlkey, row.timestamp, row.original, kind, status, row.digest, str(length)])
    return table


def truth_line(source: Source) -> dict[str, object]:
    """What a recovery must find; `good` is newest first."""
    good = [[capture.timestamp, capture.original] for capture in source.captures if capture.good]
    return {
        "id": source.id,
        "case": source.case,
        "status": "ok" if good else "unrecoverable",
        "reason": source.reason,
        "title": source.title,
        "date": source.date,
        "last_updated": source.last_updated,
        "author": source.author,
        "category": source.category,
        "tags": list(source.tags),
        "good": sorted(good, reverse=True),
    }


def build(sources: Sequence[Source]) -> dict[str, bytes]:
    """The three files by name."""
    rows = stored_captures(sources)
    warc, lengths = write_warc(rows)
    table = ",\n".join(json.dumps(row, ensure_ascii=False) for row in listing(rows, lengths))
    truth = "".join(json.dumps(truth_line(source), ensure_ascii=False) + "\n" for source in sources)
    return {WARC_NAME: warc, CDX_NAME: f"[\n{table}\n]\n".encode(), TRUTH_NAME: truth.encode()}


def _comparable(name: str, data: bytes) -> object:
    """The content without what depends on the zlib that wrote it: the compression and the lengths of the members."""
    if name == WARC_NAME:
        return gzip.decompress(data)
    if name == CDX_NAME:
        return [row[:-1] for row in json.loads(data)]
    return data.decode().splitlines()


def outdated(archive: Path = ARCHIVE) -> list[str]:
    """The committed files that the sources would now give otherwise, by name."""
    fresh = {archive / name: data for name, data in build(read_sources()).items()} | dict(fixture_files())
    return [
        str(path.relative_to(archive if path.is_relative_to(archive) else PAGES))
        for path, data in fresh.items()
        if not path.exists() or _comparable(path.name, path.read_bytes()) != _comparable(path.name, data)
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Writes or checks the archive; the exit status is 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the committed files are up to date")
    if parser.parse_args(argv).check:
        differing = outdated()
        print(f"out of date: {', '.join(differing)}" if differing else "the demo archive is up to date")
        return 1 if differing else 0
    ARCHIVE.mkdir(exist_ok=True)
    for name, data in build(read_sources()).items():
        (ARCHIVE / name).write_bytes(data)
        print(f"{name}: {len(data):,} bytes")
    for path, data in fixture_files():
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
