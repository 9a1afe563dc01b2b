"""The store: what was fetched comes back byte for byte, and nothing torn is taken for whole."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.archive.digest import check
from crawler.archive.holdings import Holding
from crawler.archive.warc import Place
from crawler.archive.warcrecord import WarcDamaged
from crawler.store import Origin, Store
from tests.pages import address, article
from tests.recovering import SECOND, capture, memento, redirect

NOW = datetime(2026, 11, 22, 10, 30, 5, tzinfo=UTC)


def new(tmp_path: Path) -> Store:
    return Store(tmp_path / "warc", now=lambda: NOW)


def add(store: Store, number: int, body: bytes | None = None) -> Place:
    of = capture(number)
    reply = memento(of, body, x_archive_orig_server="lighthouse", Content_Encoding="")
    return store.add(reply, check(reply.body, None, "" if body is not None else of.digest), Origin("http://archive.test/x", of.digest))


def test_captures_come_back_from_their_places_byte_for_byte(tmp_path: Path) -> None:
    store = new(tmp_path)
    bodies = {5: article(5), 6: b"", 7: bytes(range(256)) * 40, 8: gzip.compress(article(8))}
    places = {number: add(store, number, body) for number, body in bodies.items()}
    for number, place in places.items():
        stored = store.read(place)
        assert (stored.payload, stored.status, stored.timestamp, stored.original) == (bodies[number], 200, SECOND, address(number))
        assert ("server", "lighthouse") in [(name.lower(), value) for name, value in stored.headers]
    store.close()
    assert new(tmp_path).read(places[7]).payload == bodies[7]


def test_what_is_told_is_on_the_disk_before_the_store_is_closed(tmp_path: Path) -> None:
    store = new(tmp_path)
    place = add(store, 5)
    (path,) = (tmp_path / "warc").iterdir()
    assert path.stat().st_size >= place.offset + place.length
    assert new(tmp_path).read(place).payload == article(5)
    store.close()


def test_a_run_has_one_file_of_its_own_and_none_without_captures(tmp_path: Path) -> None:
    idle = new(tmp_path)
    idle.close()
    assert not (tmp_path / "warc").exists()
    names = []
    for _ in range(2):
        store = new(tmp_path)
        names.append(add(store, 5).file)
        assert add(store, 6).file == names[-1]
        store.close()
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "warc").iterdir()}
    assert new(tmp_path).files() == sizes
    assert sorted(sizes) == sorted(names)
    assert len(sizes) == 2
    assert all(name.startswith("hkcnews-20261122T103005-") and name.endswith(".warc.gz") for name in sizes)


def test_all_captures_of_a_file_are_listed_with_their_places(tmp_path: Path) -> None:
    store = new(tmp_path)
    places = [add(store, number) for number in (5, 6)]
    store.close()
    held = [thing for thing in store.records(places[0].file) if isinstance(thing, Holding)]
    assert [(thing.place.offset, thing.place.length, thing.capture.original) for thing in held] == [
        (place.offset, place.length, address(number)) for place, number in zip(places, (5, 6), strict=True)
    ]


def test_any_reader_of_warc_files_reads_them(tmp_path: Path) -> None:
    store = new(tmp_path)
    add(store, 5)
    there = capture(5, slug="/%E7%87%88")
    moved = redirect(capture(5), there)
    store.add(moved, check(moved.body, None, "-"), Origin("http://archive.test/y"))
    store.close()
    (path,) = (tmp_path / "warc").iterdir()
    with path.open("rb") as stream:
        records = [
            (
                record.rec_type,
                record.rec_headers.get_header("WARC-Target-URI"),
                record.http_headers and record.http_headers.get_header("Location"),
            )
            for record in ArchiveIterator(stream, check_digests="raise")
            if record.content_stream().read() is not None
        ]
    assert records == [
        ("warcinfo", None, None),
        ("response", address(5), None),
        ("metadata", address(5), None),
        ("response", address(5), address(5, "/%E7%87%88")),
        ("metadata", address(5), None),
    ]


def test_a_torn_or_missing_record_is_an_error(tmp_path: Path) -> None:
    store = new(tmp_path)
    first, last = add(store, 5), add(store, 6)
    store.close()
    (path,) = (tmp_path / "warc").iterdir()
    path.write_bytes(path.read_bytes()[: last.offset + last.length // 2])
    assert store.read(first).payload == article(5)
    with pytest.raises(WarcDamaged):
        store.read(last)
    with pytest.raises(WarcDamaged):
        store.read(Place(first.file, first.offset + 1, first.length))
    with pytest.raises(FileNotFoundError):
        store.read(Place("gone.warc.gz", 0, 10))


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "warc").write_text("a file stands here", "utf-8")
    with pytest.raises(OSError, match="warc"):
        add(new(tmp_path), 5)
