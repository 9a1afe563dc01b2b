"""The store: what was fetched comes back byte for byte, and nothing torn is taken for whole."""

from __future__ import annotations

import gzip
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.recovery.store import Store
from crawler.warc.captures import ArchivedCapture, Damage
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import CaptureOrigin, RecordLocation
from crawler.wayback.digest import compare_digest
from tests.pages import address, article
from tests.recovering import SECOND, capture, memento, redirect

NOW = datetime(2026, 11, 22, 10, 30, 5, tzinfo=UTC)


def new(tmp_path: Path) -> Store:
    return Store(tmp_path / "warc", now=lambda: NOW)


def add(store: Store, number: int, body: bytes | None = None) -> RecordLocation:
    of = capture(number)
    reply = memento(of, body, x_archive_orig_server="lighthouse", Content_Encoding="")
    return store.add(
        reply,
        compare_digest(reply.payload, None, "" if body is not None else of.digest),
        CaptureOrigin("http://archive.test/x"),
    )


def test_captures_come_back_from_their_places_byte_for_byte(tmp_path: Path) -> None:
    store = new(tmp_path)
    bodies = {5: article(5), 6: b"", 7: bytes(range(256)) * 40, 8: gzip.compress(article(8))}
    places = {number: add(store, number, body) for number, body in bodies.items()}
    for number, place in places.items():
        stored = store.read(place)
        assert (stored.payload, stored.status, stored.timestamp, stored.original) == (
            bodies[number],
            200,
            SECOND,
            address(number),
        )
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
    held = [thing for thing in store.records(places[0].file) if isinstance(thing, ArchivedCapture)]
    assert [(thing.place.offset, thing.place.length, thing.capture.original) for thing in held] == [
        (place.offset, place.length, address(number)) for place, number in zip(places, (5, 6), strict=True)
    ]


def test_any_reader_of_warc_files_reads_them(tmp_path: Path) -> None:
    store = new(tmp_path)
    add(store, 5)
    there = capture(5, slug="/%E7%87%88")
    moved = redirect(capture(5), there)
    store.add(moved, compare_digest(moved.payload, None, "-"), CaptureOrigin("http://archive.test/y"))
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
        store.read(RecordLocation(first.file, first.offset + 1, first.length))
    with pytest.raises(FileNotFoundError):
        store.read(RecordLocation("gone.warc.gz", 0, 10))


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "warc").write_text("a file stands here", "utf-8")
    with pytest.raises(OSError, match="warc"):
        add(new(tmp_path), 5)


def test_a_file_gets_its_name_when_it_is_finished_or_full(tmp_path: Path) -> None:
    store = Store(tmp_path / "warc", now=lambda: NOW, full=2000)
    names = []
    for number in range(5, 12):
        names.append(add(store, number).file)
        here = sorted(path.name for path in (tmp_path / "warc").iterdir())
        assert sum(name.endswith(".open") for name in here) <= 1
    assert len(set(names)) > 2
    assert store.read(add(store, 12)).payload == article(12)
    store.close()
    assert sorted(path.name for path in (tmp_path / "warc").iterdir()) == sorted({*names, *store.made})
    assert not list((tmp_path / "warc").glob("*.open"))


def killed(tmp_path: Path, *numbers: int) -> tuple[Path, list[RecordLocation]]:
    """What a run leaves that is killed after it has stored these articles: a folder, and where they are in its only
    file."""
    store = new(tmp_path / "run")
    places = [add(store, number) for number in numbers]
    shutil.copytree(tmp_path / "run" / "warc", tmp_path / "warc")
    store.close()
    return next((tmp_path / "warc").iterdir()), places


@pytest.mark.parametrize("cut", [1, 300])
def test_what_a_killed_run_left_is_cut_back_to_its_last_whole_record(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, cut: int
) -> None:
    path, places = killed(tmp_path, 5, 6, 7)
    path.write_bytes(path.read_bytes()[: places[2].offset + places[2].length - cut])
    mended = new(tmp_path)
    mended.mend()
    (finished,) = (tmp_path / "warc").iterdir()
    assert finished.name == places[0].file
    assert "last record is torn" in caplog.text
    held = [thing for thing in mended.records(finished.name) if isinstance(thing, ArchivedCapture)]
    assert [thing.capture.original for thing in held] == [address(5), address(6)]
    assert not [thing for thing in mended.records(finished.name) if isinstance(thing, Damage)]
    caplog.clear()
    new(tmp_path).mend()
    assert caplog.text == ""


def test_a_whole_file_that_was_left_open_is_only_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, (place,) = killed(tmp_path, 5)
    data = path.read_bytes()
    new(tmp_path).mend()
    assert (tmp_path / "warc" / place.file).read_bytes() == data
    assert caplog.text == ""


def test_a_file_without_a_whole_record_goes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, _ = killed(tmp_path, 5)
    path.write_bytes(path.read_bytes()[:50])
    new(tmp_path).mend()
    assert not list((tmp_path / "warc").iterdir())
    assert "no whole record" in caplog.text


def test_what_does_not_match_is_kept_as_it_came_and_said_so(tmp_path: Path) -> None:
    """Coded on the way, cut before that: the archive's index has another digest, the site once said a greater
    length."""
    of, body = capture(5), gzip.compress(article(5))
    reply = memento(of, body, x_archive_orig_content_length="99999999")
    store = new(tmp_path)
    place = store.add(
        reply,
        compare_digest(body, "gzip", "A" * 32, headers=reply.headers),
        CaptureOrigin("http://archive.test/x", "wayback"),
    )
    assert store.read(place).payload == body
    store.close()
    with (tmp_path / "warc" / place.file).open("rb") as stream:
        response, metadata = [
            (record.rec_headers, record.content_stream().read())
            for record in ArchiveIterator(stream)
            if record.rec_type != "warcinfo"
        ]
    assert response[0].get_header("WARC-Truncated") == "unspecified"
    assert b"digestResult: mismatch" in metadata[1]
    assert b"source: wayback" in metadata[1]
    assert b"contentCodingTakenOff" not in metadata[1]


def test_another_capture_in_its_place_is_an_error(tmp_path: Path) -> None:
    store = new(tmp_path)
    place = add(store, 5)
    assert store.read(place, (SECOND, address(5))).payload == article(5)
    with pytest.raises(WarcDamaged, match=f"{SECOND} {address(5)} is there, not {SECOND} {address(6)}"):
        store.read(place, (SECOND, address(6)))
    store.close()
