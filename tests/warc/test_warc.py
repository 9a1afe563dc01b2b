import errno
import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from crawler.warc.files import read_record
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import CaptureOrigin, RecordLocation, WarcWriter
from crawler.wayback.capture import StoredCapture
from crawler.wayback.digest import DigestCheck, DigestResult, payload_digest
from crawler.wayback.playback import Answer, Reply
from tests.stored import stored_records

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
TS = "20210102030405"
URL = "https://www.site.example/article/1/%E6%96%B0-1/x"
PAGE = b"<html><h1>The kiosk on the pier has a new roof</h1></html>\r\n\r\nWARC/1.1\r\n"
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("X-Archive-Orig-Server", "nginx"),
    ("Memento-Datetime", "Sat, 02 Jan 2021 03:04:05 GMT"),
]
REBUILT = (("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx"), ("Content-Length", str(len(PAGE))))
FROM = CaptureOrigin(f"https://web.archive.org/web/{TS}id_/{URL}")


def uuids() -> Callable[[], UUID]:
    numbers = iter(range(1, 1_000_000))
    return lambda: UUID(int=next(numbers))


def create(path: Path, *, sync: bool = False) -> closing[WarcWriter]:
    return closing(WarcWriter(path, software="recovery/1.0", clock=lambda: NOW, new_uuid=uuids(), sync=sync))


def put(
    writer: WarcWriter,
    payload: bytes = PAGE,
    location: str | None = None,
    digest: str = payload_digest(PAGE),
    **changes: Any,
) -> RecordLocation:
    fields: dict[str, Any] = {"original": URL, "timestamp": TS, "status": 200, "headers": HEADERS} | changes
    leads = (TS, location) if location else None
    reply = Reply(payload=gzip.compress(payload), answer=Answer.CAPTURE, location=leads, **fields)
    return writer.append(reply, DigestCheck(DigestResult.MATCH, payload, ("gzip",), digest=digest), FROM)


STORED = StoredCapture(URL, TS, 200, REBUILT, PAGE)


def get(folder: Path, place: RecordLocation) -> StoredCapture:
    return read_record(folder / place.file, place.offset, place.length)


@pytest.mark.parametrize("sync", [True, False])
def test_write_and_read(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path, sync=sync) as writer:
        first = put(writer)
        assert get(tmp_path, first) == STORED  # there before the file is closed
        second = put(writer, payload=b"", status=404)
    assert first.file == second.file == "a.warc.gz"
    assert [place for place, _ in stored_records(path)] == [first, second]
    assert next(stored_records(path))[1] == STORED
    assert get(tmp_path, second) == StoredCapture(URL, TS, 404, (*REBUILT[:2], ("Content-Length", "0")), b"")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        with create(tmp_path / folder / "a.warc.gz") as writer:
            put(writer)
    assert (tmp_path / "one" / "a.warc.gz").read_bytes() == (tmp_path / "two" / "a.warc.gz").read_bytes()


def test_synced_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    path = tmp_path / "a.warc.gz"
    with create(path, sync=True) as writer:
        sizes.clear()
        place = put(writer)
        assert sizes == [path.stat().st_size]
        assert sizes[0] > place.offset + place.length
    sizes.clear()
    with create(tmp_path / "b.warc.gz", sync=False) as writer:
        put(writer)
    assert sizes == []


def test_another_reader_finds_valid_records(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        place = put(writer, status=301, location="http://b.example/新")
    with path.open("rb") as file:
        records = []
        reader = ArchiveIterator(file, check_digests="raise")
        for record in reader:
            body = record.raw_stream.read()
            records.append((record.rec_type, record.rec_headers, record.http_headers, body, reader.get_record_offset()))
    info, response, metadata = records
    assert [kind for kind, *_ in records] == ["warcinfo", "response", "metadata"]
    assert {headers.protocol for _, headers, *_ in records} == {"WARC/1.1"}
    assert info[1]["WARC-Filename"] == "a.warc.gz"
    assert b"software: recovery/1.0\r\n" in info[3]
    assert response[1]["WARC-Target-URI"] == metadata[1]["WARC-Target-URI"] == URL
    assert response[1]["WARC-Date"] == "2021-01-02T03:04:05Z"
    assert response[1]["WARC-Payload-Digest"] == "sha1:" + payload_digest(PAGE)
    assert response[1]["Content-Type"] == "application/http; msgtype=response"
    assert response[1]["WARC-Warcinfo-ID"] == metadata[1]["WARC-Warcinfo-ID"] == info[1]["WARC-Record-ID"]
    assert (response[2].protocol, response[2].statusline) == ("HTTP/1.1", "301 Moved Permanently")
    assert response[2]["Location"] == "http://b.example/%E6%96%B0"
    assert response[2]["Memento-Datetime"] is None
    assert (response[3], response[4]) == (PAGE, place.offset)
    assert metadata[1]["WARC-Concurrent-To"] == response[1]["WARC-Record-ID"]
    assert metadata[1]["Content-Type"] == "application/warc-fields"
    assert metadata[1]["WARC-Date"] == "2026-06-01T12:00:00Z"
    assert metadata[3].decode().splitlines() == [
        f"fetchedFrom: {FROM.fetched_from}",
        "fetchedAt: 2026-06-01T12:00:00Z",
        f"cdxDigest: {payload_digest(PAGE)}",
        "digestResult: match",
        "contentCodingTakenOff: gzip",
        "rebuilt: header fields from x-archive-orig-*; location from the archive's own",
    ]


def test_one_gzip_member_per_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        places = [put(writer), put(writer)]
    data = path.read_bytes()
    for place in places:
        assert gzip.decompress(data[place.offset : place.offset + place.length]).startswith(b"WARC/1.1\r\n")
        assert data[place.offset + place.length :].startswith(b"\x1f\x8b")


@pytest.mark.parametrize(
    "original",
    [
        "http://site.example/a b",
        "http://site.example/#x",
        "http://site.example/新聞",
        "http://site.example/\r\nWARC-Type: resource\r\n\r\n",
        "http://site.example/\ud800",
        "<http://site.example/>",
        "http://site.example:80/%EF%BF%BD/%25E6?",
        "HTTP://site.example/",
        "mailto:a@b.example",
        "http://data:image/png;base64,x",
        "x" * 5000,
    ],
)
def test_odd_originals(tmp_path: Path, original: str) -> None:
    with create(tmp_path / "a.warc.gz") as writer:
        place = put(writer, original=original)
    assert get(tmp_path, place) == replace(STORED, original=original)


@pytest.mark.parametrize("timestamp", ["20000800241623", "20210000000000", "2021"])
def test_odd_timestamps(tmp_path: Path, timestamp: str) -> None:
    with create(tmp_path / "a.warc.gz") as writer:
        place = put(writer, timestamp=timestamp)
    assert get(tmp_path, place) == replace(STORED, timestamp=timestamp)


@pytest.mark.parametrize("changes", [{"timestamp": "hopeless"}, {"status": 99}, {"status": 1000}])
def test_what_is_no_capture_is_refused_and_harms_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        size = path.stat().st_size
        with pytest.raises(ValueError, match="no such capture"):
            put(writer, **changes)
        assert path.stat().st_size == size


def test_provenance_cannot_break_its_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        put(writer, digest="-\r\n\r\nWARC/1.1\ud800")
        place = put(writer)
    assert [found for found, _ in stored_records(path)][1] == place


text = st.text(max_size=30)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["x-archive-orig-", "X-Archive-Orig-content-encoding", "content-type"])
            | text.map("x-archive-orig-".__add__),
            text,
        )
    ),
    st.binary(max_size=300),
    text.filter(bool),
    st.integers(100, 999),
)
def test_round_trip(headers: list[tuple[str, str]], payload: bytes, original: str, status: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc.gz"
        with create(path) as writer:
            place = put(writer, headers=headers, payload=payload, original=original, status=status)
        got = get(Path(folder), place)
        assert list(stored_records(path)) == [(place, got)]
    assert (got.original, got.timestamp, got.status, got.payload) == (original, TS, status, payload)
    assert dict(got.headers)["Content-Length"] == str(len(payload))
    assert all(" " <= char <= "~" for pair in got.headers for char in "".join(pair))


# --- damage
# --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, list[RecordLocation]]:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        places = [put(writer), put(writer, payload=PAGE * 2)]
    return path, places


def drain(records: Iterator[tuple[RecordLocation, StoredCapture]]) -> tuple[list[StoredCapture], bool]:
    """What was read, and whether the end was reached without a complaint."""
    found = []
    try:
        for _, capture in records:
            found.append(capture)
    except WarcDamaged:
        return found, False
    return found, True


def test_cut_around_every_end_and_in_between(small: tuple[Path, list[RecordLocation]], tmp_path: Path) -> None:
    path, places = small
    data = path.read_bytes()
    whole = [capture for _, capture in stored_records(path)]
    torn = tmp_path / "torn.warc.gz"
    silent = []
    ends = {0, *(place.offset for place in places), *(place.offset + place.length for place in places)}
    around = {length for end in ends for length in range(end - 6, end + 7) if 0 <= length < len(data)}
    for length in sorted({*range(0, len(data), 17), *around}):
        torn.write_bytes(data[:length])
        inside = [number for number, place in enumerate(places) if place.offset + place.length <= length]
        found, clean = drain(stored_records(torn))
        assert found == [whole[number] for number in inside]
        if clean:
            silent.append(length)
        for number, place in enumerate(places):
            if number in inside:
                assert read_record(torn, place.offset, place.length) == whole[number]
            else:
                with pytest.raises(WarcDamaged, match=r"torn.warc.gz at byte \d+"):
                    read_record(torn, place.offset, place.length)
    # Only between records is a cut no damage: nothing, after warcinfo, after each response, after the first metadata.
    assert len(silent) == 5
    assert ends == set(silent)


def test_every_flipped_byte_is_noticed(small: tuple[Path, list[RecordLocation]], tmp_path: Path) -> None:
    path, (place, _) = small
    data = bytearray(path.read_bytes())
    good = read_record(path, place.offset, place.length)
    bad = tmp_path / "bad.warc.gz"
    missed = 0
    for at in range(place.offset, place.offset + place.length):
        data[at] ^= 0xFF
        bad.write_bytes(data)
        data[at] ^= 0xFF
        try:
            assert read_record(bad, place.offset, place.length) == good
            missed += 1
        except WarcDamaged:
            pass
    assert missed <= 6  # the gzip header's time, flags of the packer and system say nothing of the content


def test_a_place_that_is_none(small: tuple[Path, list[RecordLocation]]) -> None:
    path, (first, second) = small
    for offset, length in [
        (first.offset + 1, first.length),
        (first.offset, first.length - 1),
        (first.offset, first.length + 1),
        (0, first.offset),  # the warcinfo record
        (first.offset + first.length, second.offset - first.offset - first.length),  # a metadata record
        (first.offset, second.offset - first.offset),
        (10**9, 10),
        (0, 0),
    ]:
        with pytest.raises(WarcDamaged):
            read_record(path, offset, length)
    with pytest.raises(FileNotFoundError):
        read_record(path.with_name("absent"), 0, 1)


RECORD = (
    b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2021-01-02T03:04:05Z\r\nWARC-Target-URI: http://a.example/\r\n"
    b"Content-Length: 26\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nP\r\n\r\n"
)


def test_a_record_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.warc.gz"
    path.write_bytes(gzip.compress(RECORD))
    ((place, capture),) = stored_records(path)
    assert (place.offset, place.length) == (0, path.stat().st_size)
    assert capture == StoredCapture("http://a.example/", TS, 200, (("A", "b"),), b"P")


@pytest.mark.parametrize(("stated", "known"), [(f"sha1:{payload_digest(b'P')}", payload_digest(b"P")), (None, "")])
def test_the_digest_that_was_compared_is_handed_on(tmp_path: Path, stated: str | None, known: str) -> None:
    path = tmp_path / "other.warc.gz"
    field = b"WARC-Payload-Digest: %s\r\n" % stated.encode() if stated else b""
    path.write_bytes(gzip.compress(RECORD.replace(b"WARC-Date", field + b"WARC-Date")))
    assert read_record(path, 0, path.stat().st_size).digest == known


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"WARC/1.1", b"HELLO"),
        (b"WARC-Target-URI: http://a.example/\r\n", b""),
        (b"WARC-Date: 2021-01-02T03:04:05Z\r\n", b""),
        (b"HTTP/1.1 200", b"HTTP/1.1 2xx"),
        (b"WARC-Date", b"WARC-Payload-Digest: sha1:" + b"A" * 32 + b"\r\nWARC-Date"),
        (b"WARC-Date", b"WARC-Block-Digest: sha1:" + b"A" * 32 + b"\r\nWARC-Date"),
        (b"WARC-Date", b"X-CDX-Original: nonsense\r\nWARC-Date"),
        (b"WARC-Date", b"X-CDX-Timestamp: nonsense\r\nWARC-Date"),
        (RECORD, b""),
        (RECORD, b"\r\n"),
    ],
)
def test_records_that_lie(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert old in RECORD
    path = tmp_path / "other.warc.gz"
    path.write_bytes(gzip.compress(RECORD.replace(old, new)))
    with pytest.raises(WarcDamaged, match=r"other.warc.gz at byte 0"):
        read_record(path, 0, path.stat().st_size)


@given(st.binary(max_size=200))
def test_arbitrary_records_raise_only_warc_damaged(block: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc.gz"
        for content in (
            block,
            gzip.compress(block),
            gzip.compress(b"WARC/1.1\r\n" + block),
            gzip.compress(RECORD[:100] + block),
        ):
            path.write_bytes(content)
            drain(stored_records(path))
            with pytest.raises(WarcDamaged):
                read_record(path, 0, len(content))


# --- files that cannot be written
# ----------------------------------------------------------------------------------------------


def test_an_existing_file_is_never_touched(small: tuple[Path, list[RecordLocation]]) -> None:
    path, _ = small
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        create(path)
    assert path.read_bytes() == before


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        create(tmp_path / "absent" / "a.warc.gz")


class FullDisk(FileIO):
    """A file that takes `room` bytes and then has no more, a few at a time."""

    room = 10**9

    def write(self, data: Any) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = super().write(bytes(data)[: min(self.room, 100)])
        self.room -= taken
        return taken


def test_a_full_disk_leaves_whole_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.warc.gz"
    file = FullDisk(path, "xb")
    monkeypatch.setattr(Path, "open", lambda *_, **__: file)
    with create(path, sync=True) as writer:
        monkeypatch.undo()
        first = put(writer)
        size = path.stat().st_size
        file.room = 333
        with pytest.raises(OSError, match="No space left"):
            put(writer)
        assert path.stat().st_size == size
        file.room = 10**9
        second = put(writer)
    assert second.offset == size
    assert [place for place, _ in stored_records(path)] == [first, second]


def test_no_file_is_left_when_it_cannot_be_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        create(tmp_path / "a.warc.gz", sync=True)
    assert list(tmp_path.iterdir()) == []
