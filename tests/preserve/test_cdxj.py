"""The index: every record that is whole has its line, with the place where it really is."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from warcio.warcwriter import WARCWriter

from crawler.preserve import wacz as cdxj
from crawler.preserve.wacz import CdxjIndex
from crawler.warc.files import read_record
from crawler.warc.writer import CaptureOrigin, Provenance, RecordLocation, WarcWriter

NOW = datetime(2026, 11, 22, 10, 30, 5, tzinfo=UTC)
SITE = "https://www.hkcnews.com"


def store(path: Path, *captures: tuple[str, str, int, bytes], location: str | None = None) -> list[RecordLocation]:
    """A file of ours: address, timestamp, status and bytes of each capture."""
    about = Provenance(CaptureOrigin("http://archive.test/x"), NOW, "-", "unknown")
    with WarcWriter.create(path, software="test/1", clock=lambda: NOW, new_uuid=uuid.uuid4, sync=False) as writer:
        return [
            writer.append(
                original=original,
                timestamp=timestamp,
                status=status,
                headers=(("Content-Type", "text/html; charset=utf-8"),),
                payload=payload,
                provenance=about,
                location=location,
            )
            for original, timestamp, status, payload in captures
        ]


@pytest.fixture
def index() -> Iterator[CdxjIndex]:
    with CdxjIndex() as made:
        yield made


def test_captures_are_indexed_and_nothing_else(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    captures = [
        (f"{SITE}/article/2/燈", "20210712013906", 200, b"two"),
        (f"{SITE}/article/1", "20200801000000", 200, b"one"),
        ("http://hkcnews.com:80/article/1", "20190801000000", 301, b""),
    ]
    places = store(path, *captures, location=f"{SITE}/article/1")
    assert list(index.add(path, path.stat().st_size)) == []
    rows = list(index.rows())
    assert [(row["urlkey"], row["timestamp"], row["status"], row["mime"]) for row in rows] == [
        ("com,hkcnews)/article/1", "20190801000000", "301", "text/html"),
        ("com,hkcnews)/article/1", "20200801000000", "200", "text/html"),
        ("com,hkcnews)/article/2/%e7%87%88", "20210712013906", "200", "text/html"),
    ]
    assert [(int(row["offset"]), int(row["length"])) for row in rows] == [
        (p.offset, p.length) for p in reversed(places)
    ]
    assert [read_record(path, int(row["offset"]), int(row["length"])).payload for row in rows] == [b"", b"one", b"two"]
    assert {row["filename"] for row in rows} == {"a.warc.gz"}
    assert index.has("a.warc.gz", places[0].offset)
    assert not index.has("a.warc.gz", places[0].offset + 1)
    assert not index.has("b.warc.gz", places[0].offset)
    assert len(index) == 3


def test_revisits_are_indexed_as_such(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        digest = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
        record = writer.create_revisit_record(f"{SITE}/article/1", digest, f"{SITE}/article/1", "2020-01-02T03:04:05Z")
        record.rec_headers.replace_header("WARC-Date", "2021-07-12T01:39:06Z")
        writer.write_record(record)
    assert list(index.add(path, path.stat().st_size)) == []
    (row,) = index.rows()
    assert (row["mime"], row["timestamp"], row["digest"]) == ("warc/revisit", "20210712013906", digest)


def test_a_record_that_is_not_what_it_says_is_named_and_left_out(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    first, second, third = store(path, *((f"{SITE}/article/{n}", "20210712013906", 200, b"%d" % n) for n in (1, 2, 3)))
    data = path.read_bytes()
    record = gzip.decompress(data[second.offset : second.offset + second.length])
    forged = gzip.compress(record.replace(b"\r\n\r\n2\r\n", b"\r\n\r\nX\r\n"))
    path.write_bytes(data[: second.offset] + forged + data[second.offset + second.length :])
    (damage,) = index.add(path, path.stat().st_size)
    assert (damage.file, damage.start, damage.end) == ("a.warc.gz", second.offset, second.offset + len(forged))
    assert "digest" in damage.why
    assert str(damage) == f"a.warc.gz, bytes {damage.start} to {damage.end}: {damage.why}"
    assert [row["url"] for row in index.rows()] == [f"{SITE}/article/1", f"{SITE}/article/3"]
    assert index.has("a.warc.gz", first.offset)
    assert index.has("a.warc.gz", third.offset + len(forged) - second.length)


def test_a_record_that_lacks_what_a_line_needs_is_named(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    first, _ = store(path, *((f"{SITE}/article/{n}", "20210712013906", 200, b"%d" % n) for n in (1, 2)))
    data = path.read_bytes()
    record = gzip.decompress(data[first.offset : first.offset + first.length])
    without = b"\r\n".join(line for line in record.split(b"\r\n") if not line.startswith(b"WARC-Date"))
    path.write_bytes(data[: first.offset] + gzip.compress(without) + data[first.offset + first.length :])
    (damage,) = index.add(path, path.stat().st_size)
    assert damage.start == first.offset
    assert "cannot be indexed" in damage.why
    assert [row["url"] for row in index.rows()] == [f"{SITE}/article/2"]


@pytest.mark.parametrize("at", [0, 12, 40])
def test_a_harmed_record_costs_itself_only(tmp_path: Path, index: CdxjIndex, at: int) -> None:
    path = tmp_path / "a.warc.gz"
    first, second, third = store(path, *((f"{SITE}/article/{n}", "20210712013906", 200, b"%d" % n) for n in (1, 2, 3)))
    data = bytearray(path.read_bytes())
    data[second.offset + at] ^= 0xFF
    path.write_bytes(data)
    (damage,) = index.add(path, len(data))
    assert (damage.start, damage.end) == (second.offset, second.offset + second.length)
    assert [(row["url"], int(row["offset"])) for row in index.rows()] == [
        (f"{SITE}/article/1", first.offset),
        (f"{SITE}/article/3", third.offset),
    ]


@pytest.mark.parametrize("missing", [1, 50])
def test_a_torn_end_is_named(tmp_path: Path, index: CdxjIndex, missing: int) -> None:
    path = tmp_path / "a.warc.gz"
    first, second = store(path, *((f"{SITE}/article/{n}", "20210712013906", 200, b"%d" % n) for n in (1, 2)))
    (damage,) = index.add(path, second.offset + second.length - missing)
    assert (damage.start, damage.end) == (second.offset, second.offset + second.length - missing)
    assert [int(row["offset"]) for row in index.rows()] == [first.offset]


def test_records_compressed_together_have_no_place_of_their_own(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    store(path, (f"{SITE}/article/1", "20210712013906", 200, b"1"))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))
    damages = list(index.add(path, path.stat().st_size))
    assert len(damages) == 3
    assert all("compressed together" in damage.why for damage in damages)
    assert len(index) == 0


@pytest.mark.parametrize(("count", "blocks"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_blocks_are_where_the_secondary_index_says(
    tmp_path: Path, index: CdxjIndex, monkeypatch: pytest.MonkeyPatch, count: int, blocks: int
) -> None:
    monkeypatch.setattr(cdxj, "BLOCK_LINES", 4)
    path = tmp_path / "a.warc.gz"
    store(path, *((f"{SITE}/article/{n}", "20210712013906", 200, b"x") for n in range(count)))
    assert list(index.add(path, path.stat().st_size)) == []
    out = BytesIO()
    head, *entries = index.write(out, "index.cdx.gz").splitlines() or [""]
    assert len(entries) == blocks
    text, at = b"", 0
    for entry in entries:
        key, _, about = entry.partition(" {")
        place = json.loads("{" + about)
        assert place["offset"] == at
        at += place["length"]
        block = out.getvalue()[place["offset"] : at]
        assert place["digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"
        assert gzip.decompress(block).decode().startswith(f"{key} {{")
        text += gzip.decompress(block)
    assert at == len(out.getvalue())
    assert text.decode() == "".join(index.lines())
    if count:
        assert json.loads(head.removeprefix("!meta 0 ")) == {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
