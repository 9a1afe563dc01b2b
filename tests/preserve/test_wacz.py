"""A WACZ: what is in it, that its digests are true, and that its index and pages lead to what is there."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import tracemalloc
import uuid
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from crawler.preserve.wacz import CdxjIndex, WaczSummary, indexed_pages, write_wacz
from crawler.warc.files import read_record
from crawler.warc.writer import CaptureOrigin, Provenance, RecordLocation, WarcWriter
from tests.pages import address, article

NOW = datetime(2026, 11, 22, 10, 30, 4, tzinfo=UTC)
WHEN = "20210712013906"


def warc(path: Path, *captures: tuple[str, str, int, bytes]) -> list[RecordLocation]:
    """A file of the store: address, timestamp, status and bytes of each capture."""
    path.parent.mkdir(exist_ok=True)
    about = Provenance(CaptureOrigin("http://archive.test/x"), NOW, "-", "unknown")
    with WarcWriter.create(path, software="test/1", clock=lambda: NOW, new_uuid=uuid.uuid4, sync=False) as writer:
        return [
            writer.append(
                original=o, timestamp=t, status=s, headers=(("Content-Type", "text/html"),), payload=p, provenance=about
            )
            for o, t, s, p in captures
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


def test_the_same_gives_the_same_bytes(two: list[Path]) -> None:
    assert pack(*two) == pack(*two)


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
