import gzip
import random
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.streams import (
    CorruptStream,
    Unpacker,
    bytes_source,
    dictionary_of,
    file_of,
    nested_name,
    open_source,
    read_at,
)
from tests.walking import walked


def unpack(data: bytes, offset: int = 0) -> tuple[bytes, int | None]:
    """What can be had, and where the stream ends, None when it is broken."""
    unpacker = Unpacker(bytes_source("x", data), offset)
    out = bytearray()
    try:
        while part := unpacker.more():
            out += part
    except CorruptStream:
        with pytest.raises(CorruptStream):
            unpacker.more()
        return bytes(out), None
    return bytes(out), unpacker.end


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@given(
    st.binary(max_size=500), st.binary(max_size=20), st.sampled_from([gzip.compress, zstandard.compress, raw_deflate])
)
def test_one_stream_and_its_end(data: bytes, rest: bytes, pack: object) -> None:
    packed: bytes = pack(data)  # type: ignore[operator]
    assert unpack(b"before" + packed + rest, 6) == (data, 6 + len(packed))


def test_a_large_stream_comes_in_pieces() -> None:
    data = bytes(5_000_000)
    unpacker = Unpacker(bytes_source("x", gzip.compress(data)), 0)
    sizes = []
    while part := unpacker.more():
        sizes.append(len(part))
    assert sum(sizes) == len(data)
    assert max(sizes) <= 1024 * 1024


@given(st.integers(0, 2**32), st.data())
def test_of_a_damaged_stream_everything_before_the_damage_is_given(seed: int, data: st.DataObject) -> None:
    chance = random.Random(seed)
    content = b"".join(
        chance.choice([b"WARC/1.0\r\n", b"abc", chance.randbytes(60)]) for _ in range(chance.randrange(600))
    )
    packed = bytearray(gzip.compress(content, mtime=0))
    at = data.draw(st.integers(10, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    expected, stream = b"", zlib.decompressobj(31)
    try:
        for byte in packed:
            expected += stream.decompress(bytes([byte]))
    except zlib.error:
        pass
    got, end = unpack(bytes(packed))
    assert got == expected
    assert end == (len(packed) if stream.eof else None)


@given(st.binary(min_size=1, max_size=2000), st.sampled_from([gzip.compress, zstandard.compress]), st.data())
def test_a_cut_stream_is_never_taken_for_whole(content: bytes, pack: object, data: st.DataObject) -> None:
    packed: bytes = pack(content)  # type: ignore[operator]
    got, end = unpack(packed[: data.draw(st.integers(4, len(packed) - 1))])
    assert end is None
    assert content.startswith(got)


def test_names_of_what_is_packed(tmp_path: Path) -> None:
    inner = b"before" + gzip.compress(b"the innermost")
    path = tmp_path / "a#1"
    path.write_bytes(b"xyz" + gzip.compress(inner))
    name = nested_name(nested_name(str(path), 3), 6)
    assert name == f"{path}#3#6"
    assert read_at(name, 4, 100) == b"innermost"
    assert read_at(nested_name(str(path), 3), 2, 3) == b"for"
    assert read_at(str(path), 1, 2) == b"yz"
    assert file_of(name) == str(path)
    with pytest.raises(FileNotFoundError):
        read_at(f"{tmp_path}/absent#5", 0, 1)


def test_more_spools_than_are_kept(tmp_path: Path) -> None:
    names = []
    for number in range(10):
        path = tmp_path / str(number)
        path.write_bytes(gzip.compress(b"content %d" % number))
        names.append(nested_name(str(path), 0))
    for _ in range(2):
        assert [read_at(name, 8, 5) for name in names] == [b"%d" % number for number in range(10)]


def test_a_range_ends_where_it_should(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with open_source(path, 2, 6) as part:
        assert (part.start, part.end, part.read(4, 10), part.read(6, 1)) == (2, 6, b"45", b"")


@walked("packed", [b"\x28\xb5\x2f\xfd and no more", zstandard.compress(b"x" * 99)[:-3]])
def test_a_dictionary_that_cannot_be_read(packed: bytes) -> None:
    with pytest.raises(CorruptStream, match="dictionary is damaged"):
        dictionary_of(bytes_source("x", b"\x5d\x2a\x4d\x18" + len(packed).to_bytes(4, "little") + packed))
    with pytest.raises(CorruptStream, match="has 4294967295 bytes"):
        dictionary_of(bytes_source("x", b"\x5d\x2a\x4d\x18\xff\xff\xff\xff"))
