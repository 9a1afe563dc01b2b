"""What other programs write wrongly or in their own way, and what is whole nevertheless: at every place of a file,
however it is packed."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.warc.captures import ArchivedCapture, Damage, resolve_revisits
from crawler.warc.files import find_files, read_archived, scan_file
from crawler.warc.record import WarcDamaged, read_http
from crawler.wayback.capture import Capture
from crawler.wayback.digest import DigestResult, compare_digest
from tests.warc.foreign import (
    PAGE,
    TS,
    URL,
    chunked,
    digested,
    held,
    http,
    identity,
    packed,
    page,
    pages,
    record,
    sha1,
    split,
    wacz,
)

COUNT = 4
PACKING: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "plain.warc": b"".join,
    "members.warc.gz": packed,
    "stream.warc.gz": lambda records: gzip.compress(b"".join(records)),
    "mixed.warc.gz": lambda records: packed(records[:2]) + gzip.compress(b"".join(records[2:])),
}


def files(folder: Path, odd: bytes) -> list[tuple[int, Path]]:
    """Files in which the third of the four records of `pages` is the odd one, in each place and each packing."""
    made = []
    for place in range(COUNT):
        records = pages(COUNT)
        del records[2]
        records.insert(place, odd)
        for name, pack in PACKING.items():
            path = folder / f"{place}-{name}"
            path.write_bytes(pack(records))
            made.append((place, path))
    return made


def bodies(path: Path) -> list[bytes]:
    """The payloads, all of which can be read."""
    return [read_archived(holding).payload for holding in held(path)]


# --- where a record ends
# -------------------------------------------------------------------------------------------------------

BODY = page(3)
CHARACTERS = len(http(BODY).decode()) - len(http(BODY))


def closed(payload: bytes, closing: bytes, *, wrong: int = 0, of: bytes | None = None) -> bytes:
    block = http(payload)
    fields = {"Content-Length": str(len(block) + wrong), **(digested(of) if of is not None else {})}
    return record(block, url=f"{URL}3", number=3, fields=fields).removesuffix(b"\r\n\r\n") + closing


@pytest.mark.parametrize(
    ("payload", "closing", "wrong", "digest"),
    [
        (BODY + b"\r\n", b"\r\n", 0, False),  # node-warc
        (BODY + b"\r\n", b"", 0, False),  # the extractor of WAT files counts the one line end that it writes
        (BODY + b"\n", b"", 0, False),
        (BODY, b"", 0, False),
        (BODY, b"\n\n", 0, False),
        (BODY, b"\n\r\n", 0, False),
        (BODY, b"\r\n\r\n\0", 0, False),  # StormCrawler
        (BODY, b"\0\r\n\r\n", 0, False),
        (BODY, b"\0\0\0", 0, False),
        (BODY, b"\r\n" * 40, 0, False),
        (BODY, b"\r\n\r\n", 1, False),  # wget 1.19.4
        (BODY, b"\r\n\r\n", -1, False),  # WARCreate
        (BODY, b"\r\n\r\n", 3, False),
        (BODY, b"\r\n\r\n", 4, False),
        (BODY, b"\r\n\r\n", -2, False),
        (BODY, b"\r\n\r\n\0", -1, False),
        (BODY, b"\r\n\r\n", CHARACTERS, False),
        (BODY, b"\r\n\r\n", 2, True),
        (BODY, b"\r\n\r\n", -20, True),
        (BODY, b"\r\n\r\n", 30, True),
        (BODY, b"\r\n\r\n", -len(BODY), True),
        (BODY, b"\r\n\r\n", 10_000, True),
        (BODY + b"\r\n\r\nWARC/1.0\r\nWARC-Type: quoted\r\nContent-Length: 1\r\n\r\nx\r\n\r\n", b"\r\n\r\n", 7, True),
        (BODY + b"\r\n", b"\r\n", 0, True),
        (b"", b"\r\n", 0, True),
    ],
)
def test_a_record_is_whole_where_the_next_head_or_the_end_or_a_digest_says_so(
    tmp_path: Path, payload: bytes, closing: bytes, wrong: int, digest: bool
) -> None:
    for place, path in files(tmp_path, closed(payload, closing, wrong=wrong, of=payload if digest else None)):
        expected = [page(1), page(2), page(4)]
        expected.insert(place, payload)
        assert bodies(path) == expected, path.name


def test_a_record_without_a_length_ends_where_the_next_begins(tmp_path: Path) -> None:
    for stated in ("", "unknown", "12 bytes"):
        odd = record(http(BODY), url=f"{URL}3", number=3, fields={"Content-Length": stated})
        for _, path in files(tmp_path, odd):
            assert BODY in bodies(path)


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b"W", b"\x1f\x8b\x08"]),
    st.integers(-70, 70),
)
@settings(max_examples=200, deadline=None)
def test_no_length_gives_other_bytes_than_the_digests(body: bytes, end: bytes, wrong: int) -> None:
    payload = body + end
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc"
        path.write_bytes(pages(1)[0] + closed(payload, b"\r\n\r\n", wrong=wrong, of=payload) + pages(4)[3])
        found, _ = split(path)
        assert {read_archived(one).payload for one in found} <= {page(1), payload, page(4)}
        assert len(found) == 3


# --- kinds of records
# ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["resource", "response"])
@pytest.mark.parametrize("digest", ["none", "payload", "both"])
def test_a_block_without_an_http_head_is_the_page_itself(tmp_path: Path, kind: str, digest: str) -> None:
    stated = f"sha1:{sha1(BODY)}"
    given = {
        "none": {},
        "payload": {"WARC-Payload-Digest": stated},
        "both": {"WARC-Payload-Digest": stated, "WARC-Block-Digest": stated},
    }
    odd = record(
        BODY, kind, url=f"{URL}3", number=3, fields={"Content-Type": "text/html; charset=utf-8", **given[digest]}
    )
    for place, path in files(tmp_path, odd):
        holding = held(path)[place]
        assert holding.capture.statuscode == "200"
        assert (holding.capture.mimetype, holding.capture.digest, holding.capture.timestamp) == (
            "text/html",
            sha1(BODY),
            TS,
        )
        got = read_archived(holding)
        assert (got.status, got.headers, got.payload) == (200, (("Content-Type", "text/html; charset=utf-8"),), BODY)


def test_a_resource_can_be_an_http_message_and_a_revisit_can_be_of_one(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    message = record(http(PAGE), "resource", number=1)
    plain = record(PAGE, "resource", url=f"{URL}2", number=2, fields={"Content-Type": "text/html"})
    again = record(
        b"",
        "revisit",
        url=f"{URL}2",
        number=3,
        fields={"WARC-Refers-To": identity(2), "WARC-Date": "2022-01-01T00:00:00Z"},
    )
    path.write_bytes(packed([message, plain, again]))
    found = [thing for thing in resolve_revisits(held(path)) if isinstance(thing, ArchivedCapture)]
    assert [read_archived(thing).payload for thing in found] == [PAGE] * 3
    assert [thing.capture.statuscode for thing in found] == ["200"] * 3


def test_a_download_of_a_playback_is_the_capture_that_it_plays_back(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(
        record(PAGE, "resource", url=f"https://web.archive.org/web/2020id_/{URL}", fields={"Content-Type": "text/html"})
    )
    (holding,) = held(path)
    assert (holding.capture.timestamp, holding.capture.original, holding.rewritten) == ("20200101000000", URL, False)
    assert read_archived(holding).payload == PAGE


# --- digests over another part
# -------------------------------------------------------------------------------------------------

HEADERS = ("Content-Type: text/html", "Content-Encoding: gzip", "Transfer-Encoding: chunked")
CODED = gzip.compress(BODY, mtime=0)
PARTS = {"payload": CODED, "block": http(chunked(CODED), HEADERS), "chunks": chunked(CODED), "decoded": BODY}


@pytest.mark.parametrize("payload", [*PARTS, "none"])
@pytest.mark.parametrize("block", [*PARTS, "none"])
def test_bytes_are_intact_whatever_part_the_digests_were_taken_of(tmp_path: Path, payload: str, block: str) -> None:
    fields = {"WARC-Payload-Digest": f"sha1:{sha1(PARTS[payload])}"} if payload != "none" else {}
    fields |= {"WARC-Block-Digest": f"sha1:{sha1(PARTS[block])}"} if block != "none" else {}
    for name in ("a.warc", "a.warc.gz"):
        path = tmp_path / name
        odd = record(PARTS["block"], fields=fields)
        path.write_bytes(packed([odd]) if name.endswith(".gz") else odd)
        (holding,) = held(path)
        assert read_archived(holding).payload == CODED
        digest = holding.links.digest or holding.capture.digest
        assert compare_digest(CODED, "gzip", digest).result in (DigestResult.MATCH, DigestResult.MATCH_DECODED)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("field", ["WARC-Payload-Digest", "WARC-Block-Digest"])
def test_bytes_that_no_digest_proves_are_damaged(tmp_path: Path, part: str, field: str) -> None:
    path = tmp_path / "a.warc"
    spoiled = (
        PARTS["block"].replace(b"200 OK", b"200 KO")
        if part == "block"
        else PARTS["block"][:-30] + b"?" + PARTS["block"][-29:]
    )
    path.write_bytes(record(spoiled, fields={field: f"sha1:{sha1(PARTS[part])}"}))
    (thing,) = scan_file(path)
    assert isinstance(thing, Damage)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed([record(spoiled, fields={field: f"sha1:{sha1(PARTS[part])}"})]))
    (thing,) = scan_file(path)
    assert isinstance(thing, ArchivedCapture)
    with pytest.raises(WarcDamaged):
        read_archived(thing)


# --- heads
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("HTTP/1.1 0 OK", 200),
        ("HTTP/1.1 0 Not Found", 404),
        ("HTTP/1.1 000", 200),
        ("HTTP/1.1 0 ", 200),
        ("http/1.1 200 ok", 200),
        ("Http/1.0 404 Not Found", 404),
        ("HTTP/1.1\t301  Moved", 301),
        ("HTTP/1.1  200", 200),
        ("HTTP 200 OK", 200),
        ("HTTP/2 200", 200),
        ("HTTP/3.0 200 \r", 200),
        ("\r\nHTTP/1.1 200 OK", 200),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", 200),
        ("HTTP/1.0 200 Connection established\r\nProxy: x\r\n\r\nHTTP/1.1 404 Not Found", 404),
        ("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", 200),
    ],
)
def test_odd_status_lines(tmp_path: Path, line: str, status: int) -> None:
    block = f"{line}\r\nContent-Type: text/html\r\nX-A: b\r\n\r\n".encode() + BODY
    for place, path in files(tmp_path, record(block, url=f"{URL}3", number=3, fields=digested(BODY))):
        holding = held(path)[place]
        assert holding.capture.statuscode == str(status)
        got = read_archived(holding)
        assert (got.status, got.headers, got.payload) == (status, (("Content-Type", "text/html"), ("X-A", "b")), BODY)


def test_a_status_line_without_headers_and_an_interim_response_alone() -> None:
    assert (read_http(b"HTTP/1.1 200 OK\r\n\r\nx").size, read_http(b"HTTP/1.1 200 OK").size) == (19, 15)
    assert read_http(b"HTTP/1.1 100 Continue\r\n\r\n").status == 100


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("fold", ["\r\n ", "\n\t", "\r\n    "])
def test_folded_fields(tmp_path: Path, end: str, fold: str) -> None:
    address, digest = f"{URL}3/slug", f"sha1:{sha1(BODY)}"
    lines = [
        "WARC/1.0",
        "WARC-Type: response",
        f"WARC-Record-ID:{fold}{identity(3)}",
        f"WARC-Target-URI:{fold}{address[:30]}{fold}{address[30:]}",
        f"WARC-Date:{fold}2021-01-02T03:04:05Z",
        f"Content-Type: application/http;{fold}msgtype=response",
        f"WARC-Payload-Digest:{fold}{digest[:20]}{fold}{digest[20:]}",
        f"Content-Length:{fold}{len(http(BODY))}",
    ]
    odd = end.join([*lines, "", ""]).encode() + http(BODY) + b"\r\n\r\n"
    for place, path in files(tmp_path, odd):
        holding = held(path)[place]
        assert holding.capture == Capture(
            timestamp=TS,
            original=address,
            mimetype="text/html",
            statuscode="200",
            digest=sha1(BODY),
            length=holding.capture.length,
        )
        assert read_archived(holding).payload == BODY


def test_spaces_in_an_address_stay_where_nothing_is_folded(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(record(http(), url="http://a.example/b c"))
    assert held(path)[0].capture.original == "http://a.example/b c"


# --- damage to what nobody asked for
# -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        record(b"no head at all", url="http://a.example/x"),
        record(http(BODY), url="http://a.example/x", fields={"Content-Length": "10"}),
        record(http(BODY), url="http://a.example/x", fields={"WARC-Date": "yesterday"}),
        record(b"no head", url="https://web.archive.org/web/2020id_/http://a.example/x"),
    ],
)
def test_damage_names_the_address_of_the_one_capture_that_is_lost(tmp_path: Path, odd: bytes) -> None:
    short = b"Content-Length: 10" in odd
    for place, path in files(tmp_path, odd):
        (damage,) = split(path)[1]
        assert damage.original == ("" if short else "http://a.example/x"), place


def test_a_cut_record_is_the_only_one_that_its_damage_can_be(tmp_path: Path) -> None:
    cut = record(http(BODY)[:-40], url="http://a.example/x", fields={"Content-Length": str(len(http(BODY)))})
    for _, path in files(tmp_path, cut):
        assert [damage.original for damage in split(path)[1]] == ["http://a.example/x"]


# --- WACZ in WACZ
# --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outer", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("inner", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["stream.warc.gz", "members.warc.gz", "plain.warc"])
def test_a_wacz_in_a_wacz(tmp_path: Path, outer: int, inner: int, name: str) -> None:
    small, middle, path = tmp_path / "small.wacz", tmp_path / "middle.wacz", tmp_path / "all.wacz"
    first, second, third, fourth = pages(COUNT)
    wacz(small, {name: PACKING[name]([first, second])}, compression=inner)
    wacz(middle, {"small.wacz": small.read_bytes(), "a.warc": third}, compression=inner)
    wacz(path, {"middle.wacz": middle.read_bytes(), "z.warc.gz": packed([fourth])}, compression=outer)
    assert find_files([path]) == [path]
    assert bodies(path) == [page(n) for n in range(1, COUNT + 1)]


def test_a_wacz_that_lies_in_too_many_others_or_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    wacz(path, {"a.warc": pages(1)[0]})
    for _ in range(6):
        inner = path.read_bytes()
        wacz(path, {"a.wacz": inner, "b.warc": pages(2)[1]})
    holdings, (damage,) = split(path)
    assert "too many" in damage.why
    assert {read_archived(holding).payload for holding in holdings} == {page(2)}
    wacz(path, {"a.wacz": b"no zip", "b.warc": pages(1)[0]})
    holdings, (damage,) = split(path)
    assert (len(holdings), "cannot be read" in damage.why) == (1, True)


def test_a_writer_is_trusted_until_another_ones_records_may_follow(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    odd = record(http(BODY), number=3, fields=digested(http(BODY)))
    info = record(b"software: x\r\n", "warcinfo", fields={"Content-Type": "application/warc-fields"})
    path.write_bytes(packed([*pages(60), info, odd]))
    *others, last = held(path)
    assert {holding.links.digest for holding in others} == {""}
    assert (last.links.digest, last.capture.digest, read_archived(last).payload) == (sha1(BODY), sha1(http(BODY)), BODY)
