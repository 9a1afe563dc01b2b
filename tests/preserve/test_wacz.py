"""A WACZ: what is in it, that its digests are true, and that its index and pages lead to what is there."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from warcio.warcwriter import WARCWriter

from crawler.preserve import wacz as module
from crawler.preserve.wacz import CdxjIndex, WaczSummary, indexed_pages, write_wacz
from crawler.warc.files import read_record
from crawler.warc.writer import CaptureOrigin, RecordLocation, WarcWriter
from crawler.wayback.digest import DigestCheck, DigestResult
from crawler.wayback.playback import Answer, Reply
from tests.pages import address, article

NOW = datetime(2026, 11, 22, 10, 30, 4, tzinfo=UTC)
WHEN = "20210712013906"


def warc(path: Path, *captures: tuple[str, str, int, bytes]) -> list[RecordLocation]:
    """A file of the store: address, timestamp, status and bytes of each capture."""
    path.parent.mkdir(exist_ok=True)
    content = (("Content-Type", "text/html; charset=utf-8"),)
    made = WarcWriter(path, software="test/1", clock=lambda: NOW, new_uuid=uuid.uuid4, sync=False)
    with closing(made) as writer:
        return [
            writer.append(
                Reply(
                    original,
                    timestamp,
                    status,
                    content,
                    payload,
                    answer=Answer.CAPTURE,
                    location=(timestamp, address(1)) if status == 301 else None,
                ),
                DigestCheck(DigestResult.UNKNOWN, payload),
                CaptureOrigin("http://archive.test/x"),
            )
            for original, timestamp, status, payload in captures
        ]


def nothing(_: CdxjIndex) -> tuple[()]:
    return ()


def pack(*paths: Path, pages: Any = nothing, created: datetime = NOW) -> tuple[bytes, WaczSummary]:
    out = BytesIO()
    sized = [(path, path.stat().st_size) for path in paths]
    packed = write_wacz(out, sized, pages, title="A title: 燈塔", software="test/1", created=created)
    return out.getvalue(), packed


def opened(wacz: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(wacz))


def lines(wacz: bytes) -> list[dict[str, Any]]:
    """The page list, its header first."""
    return [json.loads(line) for line in opened(wacz).read("pages/pages.jsonl").decode().splitlines()]


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "warc" / name for name in ("a-20261122T1.warc.gz", "A-20261122t1.warc.gz")]
    for number, path in enumerate(paths, 1):
        warc(path, (address(number, "/燈塔"), WHEN, 200, article(number)), (address(number), WHEN, 301, b""))
    return paths


def test_what_is_in_it_and_how(two: list[Path]) -> None:
    wacz, packed = pack(*two)
    assert pack(*two) == (wacz, packed)
    archive = opened(wacz)
    assert archive.testzip() is None
    assert archive.namelist() == [
        *(f"archive/{path.name}" for path in two),
        *(
            "indexes/index.cdx.gz",
            "indexes/index.idx",
            "pages/pages.jsonl",
            "datapackage.json",
            "datapackage-digest.json",
        ),
    ]
    for path in two:
        assert archive.read(f"archive/{path.name}") == path.read_bytes()
    for info in archive.infolist():
        assert (info.compress_type == zipfile.ZIP_STORED) == info.filename.endswith(".gz")
        assert info.date_time == (2026, 11, 22, 10, 30, 4)
    assert packed == WaczSummary(captures=4, pages=0, damages=())


def test_the_package_describes_every_file_by_a_true_digest(two: list[Path]) -> None:
    wacz, _ = pack(*two, created=NOW.astimezone(timezone(timedelta(hours=8))))
    archive = opened(wacz)
    package = json.loads(archive.read("datapackage.json"))
    resources = package.pop("resources")
    assert package == {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": "A title: 燈塔",
        "software": "test/1",
        "created": "2026-11-22T10:30:04Z",
    }
    assert [resource["path"] for resource in resources] == archive.namelist()[:-2]
    assert [resource["name"] for resource in resources] == [
        *("a-20261122t1.warc.gz", "2-a-20261122t1.warc.gz", "index.cdx.gz", "index.idx", "pages.jsonl")
    ]
    for resource in resources:
        data = archive.read(resource["path"])
        assert (resource["bytes"], resource["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    digest = hashlib.sha256(archive.read("datapackage.json")).hexdigest()
    assert json.loads(archive.read("datapackage-digest.json")) == {
        "path": "datapackage.json",
        "hash": f"sha256:{digest}",
    }


def test_the_index_leads_to_every_capture(two: list[Path], tmp_path: Path) -> None:
    wacz, _ = pack(*two)
    opened(wacz).extractall(tmp_path / "out")
    text = gzip.decompress((tmp_path / "out/indexes/index.cdx.gz").read_bytes()).decode()
    assert text.splitlines() == sorted(text.splitlines())
    found = set()
    for line in text.splitlines():
        row = json.loads(line.split(" ", 2)[2])
        stored = read_record(tmp_path / "out/archive" / row["filename"], int(row["offset"]), int(row["length"]))
        assert str(stored.status) == row["status"]
        found.add((stored.original, stored.status, stored.payload))
    assert found == {
        (address(number, slug), status, payload)
        for number in (1, 2)
        for slug, status, payload in (("/燈塔", 200, article(number)), ("", 301, b""))
    }


def test_only_what_was_there_at_the_beginning_goes_in(two: list[Path]) -> None:
    path = two[0]
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"a run writes on")
    out = BytesIO()
    packed = write_wacz(out, [(path, size)], nothing, title="t", software="s", created=NOW)
    assert packed.damages == ()
    assert opened(out.getvalue()).read(f"archive/{path.name}") == path.read_bytes()[:size]


def test_a_file_that_has_become_shorter_is_an_error(two: list[Path]) -> None:
    with pytest.raises(OSError, match="shorter"):
        write_wacz(BytesIO(), [(two[0], two[0].stat().st_size + 1)], nothing, title="t", software="s", created=NOW)


def test_damage_is_told_and_costs_only_itself(two: list[Path]) -> None:
    data = bytearray(two[1].read_bytes())
    data[-20] ^= 0xFF
    two[1].write_bytes(data)
    wacz, packed = pack(*two)
    assert opened(wacz).read(f"archive/{two[1].name}") == data
    assert packed.captures == 4
    (damage,) = packed.damages
    assert (damage.file, damage.end) == (two[1].name, len(data))


def test_a_store_without_a_ledger_has_its_articles_as_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    warc(
        path,
        (address(2, "/燈"), WHEN, 200, article(2)),
        (address(2, "/燈"), "20220101000000", 200, article(2)),
        (address(1), WHEN, 301, b""),
        (address(3), WHEN, 404, b"no"),
        ("https://www.hkcnews.com/", WHEN, 200, b"home"),
    )
    wacz, packed = pack(path, pages=indexed_pages)
    assert packed.pages == 2
    url = address(2, "/%E7%87%88")
    assert lines(wacz) == [
        {"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": False},
        {"id": "2-20210712013906", "url": url, "ts": "2021-07-12T01:39:06Z", "title": url},
        {"id": "2-20220101000000", "url": url, "ts": "2022-01-01T00:00:00Z", "title": url},
    ]


def test_a_year_before_zip_knows_any_is_no_trouble(two: list[Path]) -> None:
    wacz, _ = pack(*two, created=datetime(1970, 1, 1, tzinfo=UTC))
    assert json.loads(opened(wacz).read("datapackage.json"))["created"] == "1970-01-01T00:00:00Z"


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    """From 4 MB on all buffers are full."""
    noise = random.Random(1).randbytes(250_000)
    peaks = []
    for count in (16, 40):
        path = tmp_path / f"{count}.warc.gz"
        warc(path, *((address(number), WHEN, 200, noise) for number in range(1, count + 1)))
        with (tmp_path / "out").open("wb") as out:
            tracemalloc.start()
            write_wacz(out, [(path, path.stat().st_size)], indexed_pages, title="t", software="s", created=NOW)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1 + 100_000


# The index


@pytest.fixture
def index() -> Iterator[CdxjIndex]:
    with closing(CdxjIndex()) as made:
        yield made


@pytest.fixture
def three(tmp_path: Path) -> tuple[Path, list[RecordLocation]]:
    """A file with three captures, and where they are."""
    path = tmp_path / "a.warc.gz"
    return path, warc(path, *((address(number), WHEN, 200, b"%d" % number) for number in (1, 2, 3)))


def test_captures_are_indexed_and_nothing_else(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    captures = [
        (address(2, "/燈"), WHEN, 200, b"two"),
        (address(1), "20200801000000", 200, b"one"),
        ("http://hkcnews.com:80/article/1", "20190801000000", 301, b""),
    ]
    places = warc(path, *captures)
    assert list(index.add(path, path.stat().st_size)) == []
    rows = list(index.rows())
    assert [(row["urlkey"], row["timestamp"], row["status"], row["mime"]) for row in rows] == [
        ("com,hkcnews)/article/1", "20190801000000", "301", "text/html"),
        ("com,hkcnews)/article/1", "20200801000000", "200", "text/html"),
        ("com,hkcnews)/article/2/%e7%87%88", WHEN, "200", "text/html"),
    ]
    at = [(int(row["offset"]), int(row["length"])) for row in rows]
    assert at == [(place.offset, place.length) for place in reversed(places)]
    assert [read_record(path, *place).payload for place in at] == [b"", b"one", b"two"]
    assert {row["filename"] for row in rows} == {"a.warc.gz"}
    offset = places[0].offset
    wanted = [("a.warc.gz", offset), ("a.warc.gz", offset + 1), ("b.warc.gz", offset)]
    assert [index.has(*one) for one in wanted] == [True, False, False]
    assert len(index) == 3


def test_revisits_are_indexed_as_such(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        digest = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
        record = writer.create_revisit_record(address(1), digest, address(1), "2020-01-02T03:04:05Z")
        record.rec_headers.replace_header("WARC-Date", "2021-07-12T01:39:06Z")
        writer.write_record(record)
    assert list(index.add(path, path.stat().st_size)) == []
    (row,) = index.rows()
    assert (row["mime"], row["timestamp"], row["digest"]) == ("warc/revisit", WHEN, digest)


def _flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda record: record[:at] + bytes([record[at] ^ 0xFF]) + record[at + 1 :]


def _forged(record: bytes) -> bytes:
    return gzip.compress(gzip.decompress(record).replace(b"\r\n\r\n2\r\n", b"\r\n\r\nX\r\n"))


def _undated(record: bytes) -> bytes:
    lines = gzip.decompress(record).split(b"\r\n")
    return gzip.compress(b"\r\n".join(line for line in lines if not line.startswith(b"WARC-Date")))


@pytest.mark.parametrize(
    ("harm", "why"),
    [(_flipped(0), ""), (_flipped(12), ""), (_flipped(40), ""), (_forged, "digest"), (_undated, "cannot be indexed")],
)
def test_a_harmed_record_is_named_and_costs_itself_only(
    three: tuple[Path, list[RecordLocation]], index: CdxjIndex, harm: Callable[[bytes], bytes], why: str
) -> None:
    path, (first, second, third) = three
    data = path.read_bytes()
    end = second.offset + second.length
    harmed = data[: second.offset] + harm(data[second.offset : end])
    path.write_bytes(harmed + data[end:])
    (damage,) = index.add(path, path.stat().st_size)
    assert (damage.file, damage.start, damage.end) == ("a.warc.gz", second.offset, len(harmed))
    assert why in damage.why
    assert str(damage) == f"a.warc.gz, bytes {damage.start} to {damage.end}: {damage.why}"
    left = {address(1): first.offset, address(3): third.offset + len(harmed) - end}
    assert {row["url"]: int(row["offset"]) for row in index.rows()} == left


@pytest.mark.parametrize("missing", [1, 50])
def test_a_torn_end_is_named(three: tuple[Path, list[RecordLocation]], index: CdxjIndex, missing: int) -> None:
    path, (first, second, third) = three
    size = third.offset + third.length - missing
    (damage,) = index.add(path, size)
    assert (damage.start, damage.end) == (third.offset, size)
    assert [int(row["offset"]) for row in index.rows()] == [first.offset, second.offset]


def test_records_compressed_together_have_no_place_of_their_own(tmp_path: Path, index: CdxjIndex) -> None:
    path = tmp_path / "a.warc.gz"
    warc(path, (address(1), WHEN, 200, b"1"))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))
    damages = list(index.add(path, path.stat().st_size))
    assert len(damages) == 3
    assert all("compressed together" in damage.why for damage in damages)
    assert len(index) == 0


@pytest.mark.parametrize(("count", "blocks"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_blocks_are_where_the_secondary_index_says(
    tmp_path: Path, index: CdxjIndex, monkeypatch: pytest.MonkeyPatch, count: int, blocks: int
) -> None:
    monkeypatch.setattr(module, "BLOCK_LINES", 4)
    path = tmp_path / "a.warc.gz"
    warc(path, *((address(number), WHEN, 200, b"x") for number in range(count)))
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
