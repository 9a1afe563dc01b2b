import gzip
import hashlib
import pickle
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
import zstandard

from crawler.warc.captures import ArchivedCapture, Damage, resolve_revisits
from crawler.warc.files import read_archived, scan_file
from crawler.warc.record import WarcDamaged
from crawler.warc.writer import RecordLocation
from crawler.wayback.capture import REVISIT, Capture
from tests.warc.foreign import (
    DATE,
    PAGE,
    TS,
    URL,
    by_warcio,
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
    stored,
    wacz,
)
from tests.warc.test_warc import FROM, create, put

WARC_FIELDS = {"Content-Type": "application/warc-fields"}


def put_file(path: Path, records: list[bytes]) -> Path:
    path.write_bytes(packed(records) if path.name.endswith(".gz") else b"".join(records))
    return path


def test_our_own_store(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        places = [put(writer), put(writer, original="http://site.example/新", timestamp="20210000000000")]
    first, second = held(path)
    assert first.place == replace(places[0], file=str(path))
    assert second.place == replace(places[1], file=str(path))
    assert (second.capture.timestamp, second.capture.original) == ("20210000000000", "http://site.example/新")
    assert first.about["fetchedFrom"] == FROM.fetched_from
    assert first.about["digestResult"] == "match"
    assert first.about["cdxDigest"] == first.capture.digest
    assert read_archived(first).status == 200
    assert read_archived(second).original == "http://site.example/新"


def test_a_holding_can_be_handed_to_another_process(tmp_path: Path) -> None:
    (holding,) = held(put_file(tmp_path / "a.warc.gz", pages(1)))
    assert pickle.loads(pickle.dumps(holding)) == holding


@pytest.mark.parametrize("compressed", [True, False])
def test_warcio(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / ("a.warc.gz" if compressed else "a.warc")
    by_warcio(path, 3, compressed=compressed)
    holdings = held(path)
    expected = Capture(timestamp=TS, original=f"{URL}1", mimetype="text/html", statuscode="200", digest=sha1(page(1)))
    assert replace(holdings[0].capture, length="") == expected
    assert [read_archived(holding).payload for holding in holdings] == [page(1), page(2), page(3)]
    assert all(holding.capture.length == str(holding.place.length) for holding in holdings)
    data = path.read_bytes()
    for holding in holdings:
        raw = data[holding.place.offset : holding.place.offset + holding.place.length]
        assert (gzip.decompress(raw) if compressed else raw).startswith(b"WARC/1.1\r\n")


def wget(number: int) -> list[bytes]:
    url = f"<{URL}{number}>"
    request = record(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "request", number=2 * number, version="1.0", url=url)
    block = http(chunked(page(number)), ("Content-Type: text/html", "Transfer-Encoding: chunked"))
    concurrent = {"WARC-Concurrent-To": identity(2 * number), "WARC-IP-Address": "192.0.2.1"}
    return [request, record(block, number=2 * number + 1, fields=concurrent, version="1.0", url=url)]


def test_wget(tmp_path: Path) -> None:
    path = put_file(tmp_path / "a.warc.gz", [*wget(1), *wget(2)])
    passed: Counter[str] = Counter()
    first, second = [thing for thing in scan_file(path, passed) if isinstance(thing, ArchivedCapture)]
    assert (first.capture.original, first.capture.digest) == (f"{URL}1", sha1(page(1)))
    assert read_archived(second).payload == page(2)
    assert passed == {"request record": 2}


def heritrix(tmp_path: Path) -> Path:
    one = record(http(), version="1.0", number=1, fields=digested(PAGE, **{"WARC-IP-Address": "192.0.2.1"}))
    about = record(
        b"via: http://a.example/\r\nhopsFromSeed: L\r\n",
        "metadata",
        version="1.0",
        number=2,
        fields={**WARC_FIELDS, "WARC-Concurrent-To": identity(1)},
    )
    again = record(
        http(b"", ("Content-Type: text/html", "X-Again: yes")),
        "revisit",
        version="1.0",
        number=3,
        fields=digested(
            PAGE,
            **{
                "WARC-Date": "2021-05-05T05:05:05Z",
                "WARC-Profile": "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest",
                "WARC-Refers-To": identity(1),
                "WARC-Truncated": "length",
            },
        ),
    )
    cut = record(http(PAGE[:50]), url=f"{URL}9", number=4, fields=digested(PAGE[:50], **{"WARC-Truncated": "length"}))
    dns = record(
        b"20210102030405\nsite.example.\t1\tIN\tA\t192.0.2.1\n",
        url="dns:site.example",
        fields={"Content-Type": "text/dns"},
    )
    return put_file(tmp_path / "h.warc.gz", [one, about, again, cut, dns])


def test_heritrix(tmp_path: Path) -> None:
    first, again, cut = held(heritrix(tmp_path))
    assert first.about == {"via": "http://a.example/", "hopsFromSeed": "L"}
    assert again.capture.mimetype == REVISIT
    assert (again.payload, again.capture.statuscode) == (None, "200")
    assert (cut.truncated, read_archived(cut).payload) == ("length", PAGE[:50])
    with pytest.raises(WarcDamaged, match=r"h\.warc\.gz at byte \d+"):
        read_archived(again)
    resolved = [thing for thing in resolve_revisits([again, cut, first]) if isinstance(thing, ArchivedCapture)]
    assert [thing.capture.timestamp for thing in resolved] == [TS, TS, "20210505050505"]
    revisit = resolved[2]
    assert (revisit.payload, revisit.capture.mimetype) == (first.place, "text/html")
    got = read_archived(revisit)
    assert (got.timestamp, got.status, got.payload) == ("20210505050505", 200, PAGE)
    assert ("X-Again", "yes") in got.headers


def test_a_holding_made_anew_from_its_public_fields_reads_the_same(tmp_path: Path) -> None:
    for thing in resolve_revisits(held(heritrix(tmp_path))):
        assert isinstance(thing, ArchivedCapture)
        bare = ArchivedCapture(thing.capture, thing.place, thing.payload, thing.rewritten, thing.about)
        assert read_archived(bare) == read_archived(thing)


# --- how files are packed
# ------------------------------------------------------------------------------------------------------


def test_one_gzip_stream_for_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"".join(pages(5))))
    holdings = held(path)
    assert [holding.place.file for holding in holdings] == [f"{path}#0"] * 5
    assert [read_archived(holding).payload for holding in reversed(holdings)] == [page(n) for n in (5, 4, 3, 2, 1)]
    whole = b"".join(pages(5))
    assert all(whole[holding.place.offset :].startswith(b"WARC/1.1") for holding in holdings)


def test_members_of_one_and_of_several_records_mixed(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    one, two, three, four = pages(4)
    path.write_bytes(packed([one]) + gzip.compress(two + three) + packed([four]))
    holdings = held(path)
    size = len(packed([one]))
    assert [holding.place.file for holding in holdings] == [str(path), f"{path}#{size}", f"{path}#{size}", str(path)]
    assert [read_archived(holding).payload for holding in holdings] == [page(n) for n in (1, 2, 3, 4)]


def test_a_changed_file_is_not_read_from_what_was_unpacked_before(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"".join(pages(2))))
    holdings = held(path)
    read_archived(holdings[0])
    path.write_bytes(gzip.compress(b"".join(pages(3)[1:])))
    with pytest.raises(WarcDamaged):
        read_archived(holdings[0])


def test_a_number_sign_in_a_name_is_only_that(tmp_path: Path) -> None:
    path = put_file(tmp_path / "a.warc.gz#0", packed_as_list())
    assert [read_archived(holding).payload for holding in held(path)] == [page(1), page(2)]


def packed_as_list() -> list[bytes]:
    return [packed(pages(2))]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["data.warc.gz", "data.warc"])
def test_wacz(tmp_path: Path, compression: int, name: str) -> None:
    path = tmp_path / "a.wacz"
    data = packed(pages(3)) if name.endswith(".gz") else b"".join(pages(3))
    wacz(path, {name: data, f"b-{name}": data}, compression=compression)
    holdings = held(path)
    assert len(holdings) == 6
    assert [read_archived(holding).payload for holding in holdings] == [page(1), page(2), page(3)] * 2
    file = path.read_bytes()
    for holding in holdings:
        if compression == zipfile.ZIP_STORED:
            assert holding.place.file == str(path)
            assert file[holding.place.offset :].startswith((b"WARC", b"\x1f\x8b"))
        else:
            assert holding.place.file.startswith(f"{path}#")


def test_a_gzip_stream_inside_a_deflated_one(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    wacz(path, {"data.warc.gz": gzip.compress(b"".join(pages(3)))}, compression=zipfile.ZIP_DEFLATED)
    assert [got.payload for got in stored(path)] == [page(1), page(2), page(3)]


@pytest.mark.parametrize("pack_dictionary", [True, False])
def test_zstd_with_a_dictionary(tmp_path: Path, pack_dictionary: bool) -> None:
    samples: list[bytes | bytearray | memoryview] = [
        record(http(page(n)), url=f"{URL}{n}", number=n) for n in range(400)
    ]
    dictionary = zstandard.train_dictionary(4096, samples)
    raw = zstandard.compress(dictionary.as_bytes()) if pack_dictionary else dictionary.as_bytes()
    path = tmp_path / "a.warc.zst"
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    frames = b"".join(packer.compress(each) for each in pages(3))
    path.write_bytes(b"\x5d\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw + frames)
    assert [got.payload for got in stored(path)] == [page(1), page(2), page(3)]


def test_zstd_without_one(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.zst"
    path.write_bytes(b"".join(zstandard.compress(each) for each in pages(3)))
    assert [got.payload for got in stored(path)] == [page(1), page(2), page(3)]


# --- what writers do differently
# -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(PAGE, mtime=0)), ("br", brotli.compress(PAGE)), ("zstd", zstandard.compress(PAGE))],
)
@pytest.mark.parametrize("over", ["as sent", "without chunks", "decoded", "nothing"])
def test_content_codings_stay_and_digests_may_be_over_any_form(
    tmp_path: Path, coding: str, body: bytes, over: str
) -> None:
    headers = ("Content-Type: text/html", f"Content-Encoding: {coding}", "Transfer-Encoding: chunked")
    sent = chunked(body)
    stated = {"as sent": sent, "without chunks": body, "decoded": PAGE}.get(over)
    block = record(http(sent, headers), fields=digested(stated) if stated else None)
    for name in ("a.warc.gz", "a.warc"):  # guarded by a checksum, and not
        (holding,) = held(put_file(tmp_path / name, [block]))
        assert read_archived(holding).payload == body
        assert holding.capture.digest == sha1(stated or body)


@pytest.mark.parametrize(
    ("stated", "sent", "known"),
    [(PAGE, PAGE, True), (PAGE, chunked(PAGE), True), (chunked(PAGE), chunked(PAGE), False), (None, PAGE, False)],
    ids=["as sent", "without chunks", "with chunks", "nothing"],
)
def test_the_digest_that_was_compared_is_handed_on_where_it_is_the_payloads(
    tmp_path: Path, stated: bytes | None, sent: bytes, known: bool
) -> None:
    block = record(http(sent, ("Transfer-Encoding: chunked",)), fields=digested(stated) if stated else None)
    for name in ("a.warc.gz", "a.warc"):
        (got,) = stored(put_file(tmp_path / name, [block]))
        assert (got.payload, got.digest) == (PAGE, sha1(PAGE) if known else "")


@pytest.mark.parametrize(
    ("name", "payload", "damaged"), [("a.warc.gz", True, False), ("a.warc.gz", False, True), ("a.warc", True, True)]
)
def test_a_wrong_digest_of_the_block_counts_unless_the_payloads_and_a_checksum_are_right(
    tmp_path: Path, name: str, payload: bool, damaged: bool
) -> None:
    path = tmp_path / name
    fields = {"WARC-Block-Digest": f"sha1:{sha1(b'another block')}", **(digested(PAGE) if payload else {})}
    put_file(path, [record(http(), fields=fields)])
    (thing,) = scan_file(path)
    if isinstance(thing, ArchivedCapture) and not damaged:
        assert read_archived(thing).payload == PAGE
    elif isinstance(thing, ArchivedCapture):
        with pytest.raises(WarcDamaged, match="block does not match"):
            read_archived(thing)
    assert damaged or isinstance(thing, ArchivedCapture)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512", "md5", "SHA-256"])
@pytest.mark.parametrize("base", [16, 32])
@pytest.mark.parametrize("right", [True, False])
def test_digests_of_every_kind(tmp_path: Path, algorithm: str, base: int, right: bool) -> None:
    raw = hashlib.new(algorithm.lower().replace("-", ""), PAGE if right else b"x").digest()
    value = raw.hex() if base == 16 else __import__("base64").b32encode(raw).decode()
    (holding,) = held(
        put_file(tmp_path / "a.warc.gz", [record(http(), fields={"WARC-Payload-Digest": f"{algorithm}:{value}"})])
    )
    if right:
        assert holding.capture.digest == sha1(PAGE)
        assert read_archived(holding).payload == PAGE
    else:
        with pytest.raises(WarcDamaged, match="payload does not match its digest"):
            read_archived(holding)


@pytest.mark.parametrize(
    ("block", "status", "headers"),
    [
        (b"HTTP/1.1 200\r\nA: b\r\n c\r\nno colon\r\n\r\nP", 200, (("A", "b c"),)),
        (b"HTTP/1.1 200 OK\nA: b\nC: d\n\nP", 200, (("A", "b"), ("C", "d"))),
        (b"HTTP/1.1 302 Found\r\nLocation: /\xe6\x96\xb0\xff\r\n\r\nP", 302, (("Location", "/æ\x96°ÿ"),)),
        (b"HTTP/2 200\r\nA: " + b"x" * 40_000 + b"\r\n\r\nP", 200, (("A", "x" * 40_000),)),
        (b"HTTP/1.1 404 Not Found\r\n\r\nP", 404, ()),
    ],
)
def test_odd_http_heads(tmp_path: Path, block: bytes, status: int, headers: tuple[tuple[str, str], ...]) -> None:
    (got,) = stored(put_file(tmp_path / "a.warc.gz", [record(block)]))
    assert (got.status, got.headers, got.payload) == (status, headers, b"P")


def test_an_empty_response_without_an_empty_line(tmp_path: Path) -> None:
    (got,) = stored(put_file(tmp_path / "a.warc.gz", [record(b"HTTP/1.1 204 No Content\r\nA: b\r\n")]))
    assert (got.status, got.headers, got.payload) == (204, (("A", "b"),), b"")


@pytest.mark.parametrize(
    "block", [b"<html>HTTP/0.9</html>", b"", b"HTTP/1.1 abc\r\n\r\nP", b"HTTP/1.1 2000 OK\r\n\r\nP"]
)
def test_a_response_without_an_http_head_is_damage(tmp_path: Path, block: bytes) -> None:
    holdings, (damage,) = split(put_file(tmp_path / "a.warc.gz", [record(block), *pages(1)]))
    assert [read_archived(holding).payload for holding in holdings] == [page(1)]
    assert damage.offset == 0
    assert "no HTTP" in damage.why


@pytest.mark.parametrize(
    "change",
    [{"drop": ["WARC-Target-URI"]}, {"drop": ["WARC-Date"]}, {"fields": {"WARC-Date": "yesterday"}}, {"url": ""}],
)
def test_a_capture_without_address_or_date_is_damage(tmp_path: Path, change: dict[str, list[str]]) -> None:
    holdings, damages = split(put_file(tmp_path / "a.warc.gz", [record(http(), **change)]))  # type: ignore[arg-type]
    assert (holdings, len(damages)) == ([], 1)


def test_dates_finer_and_coarser_than_seconds(tmp_path: Path) -> None:
    dates = ["2021-01-02T03:04:05.678901Z", "2021-01", "2021-01-02"]
    path = put_file(tmp_path / "a.warc.gz", [record(http(), fields={"WARC-Date": date}) for date in dates])
    assert [holding.capture.timestamp for holding in held(path)] == [TS, "20210101000000", "20210102000000"]


# --- records of a playback
# -----------------------------------------------------------------------------------------------------

MEMENTO = (
    "Memento-Datetime: Sat, 02 Jan 2021 03:04:05 GMT",
    "x-archive-orig-server: nginx",
    "Content-Type: text/html; charset=utf-8",
)


def replayed(
    flag: str = "id_", timestamp: str = TS, headers: tuple[str, ...] = MEMENTO, status: str = "200 OK"
) -> bytes:
    return record(
        http(PAGE, headers, status), url=f"https://web.archive.org/web/{timestamp}{flag}/{URL}", fields=digested(PAGE)
    )


def test_a_stored_playback_is_the_capture_it_plays_back(tmp_path: Path) -> None:
    (holding,) = held(put_file(tmp_path / "a.warc.gz", [replayed()]))
    assert (holding.capture.timestamp, holding.capture.original, holding.rewritten) == (TS, URL, False)
    assert holding.capture.digest == sha1(PAGE)
    got = read_archived(holding)
    assert (got.original, got.timestamp, got.status, got.payload) == (URL, TS, 200, PAGE)
    assert ("server", "nginx") in got.headers
    assert not [name for name, _ in got.headers if name.lower().startswith(("memento", "x-archive-orig"))]


def test_what_was_asked_for_loosely_is_what_was_served(tmp_path: Path) -> None:
    (holding,) = held(put_file(tmp_path / "a.warc.gz", [replayed(timestamp="2020")]))
    assert holding.capture.timestamp == TS
    assert read_archived(holding).timestamp == TS


def test_an_archived_redirect(tmp_path: Path) -> None:
    headers = (*MEMENTO, f"Location: https://web.archive.org/web/{TS}id_/http://www.site.example/article/2")
    (holding,) = held(put_file(tmp_path / "a.warc.gz", [replayed(headers=headers, status="301 Moved Permanently")]))
    assert holding.capture.statuscode == "301"
    assert ("Location", "http://www.site.example/article/2") in read_archived(holding).headers


@pytest.mark.parametrize("flag", ["", "if_"])
def test_a_rewritten_view(tmp_path: Path, flag: str) -> None:
    (holding,) = held(put_file(tmp_path / "a.warc.gz", [replayed(flag)]))
    assert (holding.rewritten, holding.capture.digest, holding.capture.original) == (True, "", URL)
    assert read_archived(holding).payload == PAGE


def test_an_image_is_never_rewritten(tmp_path: Path) -> None:
    (holding,) = held(
        put_file(tmp_path / "a.warc.gz", [replayed("", headers=(*MEMENTO[:2], "Content-Type: image/jpeg"))])
    )
    assert (holding.rewritten, holding.capture.mimetype) == (False, "image/jpeg")


@pytest.mark.parametrize("status", ["404 Not Found", "429 Too Many Requests", "200 OK", "503 Service Unavailable"])
def test_the_archives_own_pages_are_no_captures(tmp_path: Path, status: str) -> None:
    path = put_file(tmp_path / "a.warc.gz", [replayed(headers=("Content-Type: text/html",), status=status)])
    passed: Counter[str] = Counter()
    assert list(scan_file(path, passed)) == []
    assert passed == {"page of an archive's own": 1}


def test_an_archived_429_is_a_capture(tmp_path: Path) -> None:
    (holding,) = held(put_file(tmp_path / "a.warc.gz", [replayed(status="429 Too Many Requests")]))
    assert holding.capture.statuscode == "429"


def test_a_place_where_something_else_is(tmp_path: Path) -> None:
    path = put_file(tmp_path / "a.warc.gz", pages(2))
    first, second = held(path)
    for place in (
        second.place,
        RecordLocation(str(path), first.place.offset, first.place.length - 1),
        RecordLocation(str(path), first.place.offset + 1, first.place.length),
        RecordLocation(str(path), 0, first.place.length + second.place.length),
        RecordLocation(str(path), 10**9, 5),
    ):
        with pytest.raises(WarcDamaged, match=r"a\.warc\.gz at byte"):
            read_archived(replace(first, place=place))
    with pytest.raises(FileNotFoundError):
        read_archived(replace(first, place=replace(first.place, file=str(tmp_path / "absent.warc.gz"))))


def test_kinds_that_are_no_captures_are_told(tmp_path: Path) -> None:
    kinds = [
        record(b"software: x\r\n", "warcinfo", fields=WARC_FIELDS),
        record(b"plain text", "conversion", fields={"Content-Type": "text/plain"}),
        record(b"<html>", "resource", url="urn:thumbnail:http://a.example/", fields={"Content-Type": "text/html"}),
        record(b"the rest of it", "continuation", drop=["Content-Type"]),
        record(b"x", "something-new"),
    ]
    passed: Counter[str] = Counter()
    assert list(scan_file(put_file(tmp_path / "a.warc.gz", kinds), passed)) == []
    assert list(passed.items()) == [
        ("warcinfo record", 1),
        ("conversion record", 1),
        ("resource record of another protocol", 1),
        ("continuation record", 1),
        ("something-new record", 1),
    ]


def test_a_file_without_records(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"")
    assert list(scan_file(path)) == []
    path.write_bytes(b"nothing of the kind")
    (damage,) = scan_file(path)
    assert isinstance(damage, Damage)
    assert damage.offset == 0
    assert "the rest of the file cannot be read" in damage.why
    assert DATE not in str(damage)
