import gzip
import random
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from fastwarc import ArchiveIterator as FastIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from crawler.warc import files
from crawler.warc.captures import ArchivedCapture, Damage, resolve_revisits
from crawler.warc.files import end_of_last_record, read_archived, scan_file
from crawler.warc.record import WarcDamaged
from crawler.wayback.digest import payload_digest
from tests.warc.foreign import PAGE, URL, digested, held, http, packed, page, pages, record, split, wacz
from tests.warc.test_warc import create, put

COUNT = 8
PACKING: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "plain": b"".join,
    "members": packed,
    "stream": lambda records: gzip.compress(b"".join(records)),
    "zstd": lambda records: b"".join(zstandard.compress(each) for each in records),
}


def payloads(holdings: list[ArchivedCapture]) -> list[bytes]:
    return [read_archived(holding).payload for holding in holdings]


def members() -> list[bytes]:
    return [packed([each]) for each in pages(COUNT)]


def expect(path: Path, missing: set[int]) -> list[Damage]:
    """All pages but the missing are there, and reading them gives them byte for byte."""
    holdings, damages = split(path)
    assert payloads(holdings) == [page(n) for n in range(1, COUNT + 1) if n not in missing]
    return damages


@pytest.mark.parametrize("inside", [0, 3, 12, 60, -9, -5, -1])
def test_corrupt_bytes_inside_a_member(tmp_path: Path, inside: int) -> None:
    parts = members()
    broken = bytearray(parts[3])
    broken[inside] ^= 0xFF
    if inside in (0, 3) and gzip_survives(bytes(broken)):
        pytest.skip("gzip does not mind")
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join([*parts[:3], broken, *parts[4:]]))
    (damage,) = expect(path, {4})
    before = sum(map(len, parts[:3]))
    assert (damage.file, damage.offset) == (str(path), before)
    assert f"reading went on at byte {before + len(parts[3])}" in damage.why
    assert end_of_last_record(path) == path.stat().st_size


def gzip_survives(data: bytes) -> bool:
    try:
        gzip.decompress(data)
    except (OSError, EOFError):
        return False
    return True


def test_what_other_libraries_make_of_it(tmp_path: Path) -> None:
    """The reason for reading member by member: after damage warcio stops without a word, and FastWARC with an error."""
    noise = random.Random(1)
    bodies = [noise.randbytes(40_000) for _ in range(COUNT)]
    parts = [
        packed([record(http(body), url=f"{URL}{n}", number=n, fields=digested(body))]) for n, body in enumerate(bodies)
    ]
    broken = bytearray(parts[3])
    broken[35_000:35_050] = bytes(50)
    data = b"".join([*parts[:3], broken, *parts[4:]])
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    holdings, damages = split(path)
    assert (payloads(holdings), len(damages)) == ([*bodies[:3], *bodies[4:]], 1)
    assert sum(1 for _ in ArchiveIterator(BytesIO(data))) <= 4
    with pytest.raises(OSError, match="decompression error"):
        list(FastIterator(BytesIO(data)))


def test_a_cut_last_record_is_whole_to_other_libraries_only(tmp_path: Path) -> None:
    data = b"".join(members())
    data = data[: len(data) - 60]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    assert sum(1 for _ in ArchiveIterator(BytesIO(data))) == COUNT
    (damage,) = expect(path, {COUNT})
    assert "cut off" in damage.why
    assert end_of_last_record(path) == damage.offset == sum(map(len, members()[:-1]))


@pytest.mark.parametrize(
    "rubbish",
    [b"garbage", b"\x1f\x8b\x08", b"\x1f\x8b\x08" * 50, bytes(5000), gzip.compress(b"<html>no record</html>", mtime=0)],
)
@pytest.mark.parametrize("where", [0, 3, COUNT])
def test_garbage_between_members(tmp_path: Path, rubbish: bytes, where: int) -> None:
    parts = members()
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join([*parts[:where], rubbish, *parts[where:]]))
    damages = expect(path, set())
    assert damages[0].offset == sum(map(len, parts[:where]))
    assert len(damages) == 1


@pytest.mark.parametrize("left", [1, 10, 100, -1, -8, -9])
def test_a_member_cut_in_the_middle_followed_by_whole_ones(tmp_path: Path, left: int) -> None:
    parts = members()
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join([*parts[:3], parts[3][:left], *parts[4:]]))
    (damage,) = expect(path, {4})
    assert damage.offset == sum(map(len, parts[:3]))


def test_a_damaged_member_in_a_file_that_is_not_compressed(tmp_path: Path) -> None:
    parts = pages(COUNT)
    parts[2] = packed([parts[2]])
    parts[3] = packed([parts[3]])[:-20]
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(parts))
    (damage,) = expect(path, {4})
    assert damage.offset == sum(map(len, parts[:3]))


def test_nothing_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(members()[0][:-1])
    assert end_of_last_record(path) == 0
    path.write_bytes(b"")
    assert end_of_last_record(path) == 0


def test_our_own_file_cut_around_every_end_and_in_between(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with create(path) as writer:
        places = [put(writer), put(writer, payload=PAGE)]
    data = path.read_bytes()
    ends = [place.offset for place in places] + [place.offset + place.length for place in places] + [len(data)]
    torn = tmp_path / "torn.warc.gz"
    around = {length for end in ends for length in range(end - 6, end + 7) if 0 <= length < len(data)}
    for length in sorted({*range(0, len(data), 17), *around}):
        torn.write_bytes(data[:length])
        holdings, damages = split(torn)
        assert [holding.place.offset for holding in holdings] == [
            place.offset for place in places if place.offset + place.length <= length
        ]
        assert end_of_last_record(torn) == max((end for end in ends if end <= length), default=0)
        assert bool(damages) == (length not in (0, *ends))
        for holding in holdings:
            read_archived(holding)


# --- files that are not compressed
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "digested_of"),
    [(-20, None), (30, None), (10_000, None), (10**12, None), (-1, 5), (1, 5), (30, 5), (10**12, 4)],
)
def test_a_wrong_content_length(tmp_path: Path, wrong: int, digested_of: int | None) -> None:
    """Of more than some line ends, without a digest that proves the rest; see test_writers for what is whole
    nevertheless."""
    parts = pages(COUNT, digests=False)
    block = http(page(4))
    fields = {"Content-Length": str(len(block) + wrong), **(digested(page(digested_of)) if digested_of else {})}
    parts[3] = record(block, url=f"{URL}4", number=4, fields=fields)
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(parts))
    (damage,) = expect(path, {4})
    assert damage.offset == sum(map(len, parts[:3]))
    gz = tmp_path / "a.warc.gz"
    gz.write_bytes(packed(parts))
    (damage,) = expect(gz, {4})
    whole = tmp_path / "b.warc.gz"
    whole.write_bytes(gzip.compress(b"".join(parts)))
    if wrong < 10**12:  # behind so large a record a stream that cannot be sought in is not read on
        (damage,) = expect(whole, {4})
        assert damage.file == f"{whole}#0"


def test_garbage_and_damage_between_plain_records(tmp_path: Path) -> None:
    parts = pages(COUNT)
    flipped = bytearray(parts[5])
    flipped[-30] ^= 1  # in the payload: only the digest tells
    head = bytearray(parts[6])
    head[2] ^= 1
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join([*parts[:2], b"garbage\r\n", *parts[2:5], flipped, head, *parts[7:]]))
    damages = expect(path, {6, 7})
    assert len(damages) == 3
    assert "does not match its digest" in damages[1].why


def test_more_line_ends_than_needed_and_fewer(tmp_path: Path) -> None:
    parts = [
        each.removesuffix(b"\r\n\r\n") + end
        for each, end in zip(pages(4), (b"", b"\r\n", b"\n\n", b"\r\n\r\n\r\n\r\n"), strict=True)
    ]
    for name, data in (
        ("a.warc", b"".join(parts)),
        ("a.warc.gz", packed(parts)),
        ("b.warc.gz", gzip.compress(b"".join(parts))),
    ):
        (tmp_path / name).write_bytes(data)
        assert payloads(held(tmp_path / name)) == [page(n) for n in (1, 2, 3, 4)]


# --- one stream for the whole file
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digests", [True, False])
def test_a_damaged_stream_gives_only_what_its_digests_prove(tmp_path: Path, digests: bool) -> None:
    noise = random.Random(1)
    bodies = [bytes(noise.randrange(256) for _ in range(3000)) for _ in range(COUNT)]
    records = [
        record(http(body), url=f"{URL}{n}", number=n, fields=digested(body) if digests else None)
        for n, body in enumerate(bodies, 1)
    ]
    data = bytearray(gzip.compress(b"".join(records)))
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    holdings, damages = split(path)
    assert damages
    got = payloads(holdings)
    assert set(got) <= set(bodies)
    assert bool(got) == digests
    assert (got == bodies[: len(got)]) or digests


# --- limits
# --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "b.warc.gz", "a.warc.zst"])
def test_a_record_larger_than_the_limit_is_damage_and_costs_no_other(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = record(http(bytes(3_000_000)), url=f"{URL}4", number=4)
    parts = pages(COUNT)
    parts[3] = bomb
    path = tmp_path / name
    path.write_bytes(
        PACKING[{"a.warc": "plain", "a.warc.gz": "members", "b.warc.gz": "stream"}.get(name, "zstd")](parts)
    )
    big = next(holding for holding in held(path) if holding.capture.original.endswith("4"))
    monkeypatch.setattr(files, "MAX_RECORD", 1_000_000)
    things = list(scan_file(path))
    (damage,) = [thing for thing in things if isinstance(thing, Damage)]
    assert "more than 1000000" in damage.why
    assert len(things) == COUNT
    with pytest.raises(WarcDamaged, match="more than 1000000"):
        read_archived(big)


# --- WACZ
# ----------------------------------------------------------------------------------------------------------------------


def test_damage_in_a_wacz(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        wacz(path, {"a.warc.gz": b"".join(members())}, compression=compression)
        data = bytearray(path.read_bytes())
        for at in range(0, len(data) - 400, 211):
            data[at] ^= 0xFF
            path.write_bytes(data)
            data[at] ^= 0xFF
            holdings, damages = split(path)
            assert set(payloads(holdings)) <= {page(n) for n in range(1, COUNT + 1)}
            assert len(holdings) == COUNT or damages


# --- anything
# ------------------------------------------------------------------------------------------------------------------


def build(kind: str, folder: Path) -> Path:
    parts = pages(COUNT)
    if kind == "wacz":
        wacz(folder / "a.wacz", {"a.warc.gz": packed(parts)})
        return folder / "a.wacz"
    path = folder / {"plain": "a.warc", "members": "a.warc.gz", "stream": "b.warc.gz", "zstd": "a.warc.zst"}[kind]
    path.write_bytes(PACKING[kind](parts))
    return path


@given(st.sampled_from(["plain", "members", "stream", "zstd", "wacz"]), st.data())
def test_corruption_never_raises_nor_gives_wrong_bytes_nor_costs_what_is_whole(kind: str, data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        path = build(kind, Path(name))
        good = {holding.capture.digest: holding for holding in held(path)}
        raw = bytearray(path.read_bytes())
        size = len(raw)
        hits: list[int] = []
        most = (
            1 if kind in ("plain", "zstd") else 3
        )  # without checksums a second error can hide the first, in the digest's field
        for _ in range(data.draw(st.integers(0, most))):
            at = data.draw(st.integers(0, size - 1))
            raw[at] = data.draw(st.integers(0, 255))
            hits.append(at)
        cut = data.draw(st.integers(0, size) | st.just(size))
        path.write_bytes(raw[:cut])
        holdings, _ = split(path)
        for thing in resolve_revisits(holdings):
            assert isinstance(thing, ArchivedCapture)
            assert payload_digest(read_archived(thing).payload) in good
        if kind in ("plain", "members", "zstd"):
            found = {holding.capture.digest for holding in holdings}
            for digest, holding in good.items():
                end = holding.place.offset + holding.place.length
                if end <= cut and not any(holding.place.offset <= at < end for at in hits):
                    assert digest in found


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=300),
            st.integers(100, 999),
            st.sampled_from(["http://a.example/", "https://新.example/?q=a b"]),
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read(captures: list[tuple[bytes, int, str]]) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "a.warc.gz"
        with create(path) as writer:
            for payload, status, original in captures:
                put(writer, payload=payload, status=status, original=original)
        holdings = held(path)
        got = [read_archived(holding) for holding in holdings]
        assert [(each.payload, each.status, each.original) for each in got] == captures
        assert [holding.capture.digest for holding in holdings] == [
            payload_digest(payload) for payload, _, _ in captures
        ]
        assert end_of_last_record(path) == path.stat().st_size


@given(
    st.binary(max_size=300),
    st.sampled_from(["a.warc", "a.warc.gz", "a.warc.zst", "a.wacz", "a"]),
    st.sampled_from([b"", b"WARC/1.0\r\n"]),
)
def test_arbitrary_bytes_hold_nothing(rubbish: bytes, name: str, start: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        for content in (rubbish, start + rubbish, gzip.compress(start + rubbish)):
            path.write_bytes(content)
            assert not [thing for thing in scan_file(path) if isinstance(thing, ArchivedCapture)]
            assert end_of_last_record(path) == 0
