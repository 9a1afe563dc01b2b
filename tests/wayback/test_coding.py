import gzip
import json
import time
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.wayback.http import MAX_LAYERS, CodingError, decode, decode_what_came, decoded_layers, looks_like_text
from tests.walking import walked
from tests.warc.foreign import chunked

PAGE = (
    "<!DOCTYPE html><html><body><h1>海旁長椅重新上漆</h1>"
    + "".join(f"<p>第{n}張長椅。</p>" for n in range(300))
    + "</body></html>"
).encode()
DATA = json.dumps({"items": ["<p>燈塔</p>"] * 50}, ensure_ascii=False).encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def zstd_stream(data: bytes) -> bytes:
    """A frame as streaming servers send it: without the size of its content."""
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return packer.compress(data) + packer.flush()


CODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", lambda data: gzip.compress(data, mtime=0)),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "zstd": ("zstd", zstandard.ZstdCompressor().compress),
    "zstd stream": ("zstd", zstd_stream),
    "brotli": ("br", brotli.compress),
}


@walked("name", CODERS)
@walked("page", [PAGE, DATA], ids=["html", "json"])
@walked("header", ["right", "", None, "wrong"])
def test_header_right_empty_absent_or_wrong(name: str, page: bytes, header: str | None) -> None:
    coding, coder = CODERS[name]
    declared = {"right": coding, "wrong": "gzip" if coding != "gzip" else "br"}.get(header or "", header)
    got = decode(coder(page), declared)
    assert (got.body, got.codings) == (page, (coding,))


@walked("declared", ["gzip", "br", "deflate", "zstd", "x-gzip, br", "nonsense", "", None])
@walked("body", [PAGE, DATA, b"", b"<", b";", "撰文".encode("big5"), "\ufeff字".encode("utf-16"), b"x^" * 40])
def test_plain_text_is_left_alone(body: bytes, declared: str | None) -> None:
    assert decode(body, declared).body == body


def test_markup_with_stray_controls_is_text() -> None:
    assert looks_like_text(PAGE[:300] + b"\x00\x08" + PAGE[300:])
    assert decode(PAGE[:300] + b"\x00\x08" + PAGE[300:], "br").body.count(b"\x08") == 1


BINARY = {
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a",
    "webp": b"RIFF\x00\x00\x00\x00WEBP",
    "ico": b"\x00\x00\x01\x00\x01\x00",
    "pdf": b"%PDF-1.4\n%\xe2\xe3",
    "zip": b"PK\x03\x04\x14\x00",
    "woff2": b"wOF2\x00\x01",
    "mp4": b"\x00\x00\x00\x18ftypmp42",
    "avif": b"\x00\x00\x00\x1cftypavif",
    "unknown": b"\x01\x02\x03\x04",
}


@walked("name", BINARY)
@walked("declared", [None, "", "gzip"])
def test_binary_is_not_mangled(name: str, declared: str | None) -> None:
    body = BINARY[name] + bytes(range(256)) * 8
    assert decode(body, declared).body == body


@walked("name", [name for name in BINARY if name != "unknown"])
def test_known_binary_is_not_mangled_by_any_header(name: str) -> None:
    body = BINARY[name] + bytes(range(256)) * 8
    assert decode(body, "br, deflate, zstd").body == body


def test_an_image_inside_gzip() -> None:
    body = BINARY["jpeg"] + bytes(range(256))
    assert decode(gzip.compress(body), "br").body == body


def test_brotli_that_is_no_text_is_not_taken_off_unannounced() -> None:
    packed = brotli.compress(bytes(range(256)) * 50)
    assert decode(packed, None).body == packed
    assert decode(packed, "br").body == bytes(range(256)) * 50


def test_brotli_trial_takes_the_whole_input_or_nothing() -> None:
    packed = brotli.compress(PAGE)
    assert decode(packed + b"\x00", None).body == packed + b"\x00"
    assert decode(packed[:-1], None).body == packed[:-1]


def test_several_members_and_padding() -> None:
    assert decode(gzip.compress(PAGE[:99]) + gzip.compress(PAGE[99:]) + b"\0" * 9, "gzip").body == PAGE
    assert decode(zstd_stream(PAGE[:99]) + zstd_stream(PAGE[99:]), None).body == PAGE


@walked("outer", CODERS)
@walked("inner", CODERS)
def test_nested(outer: str, inner: str) -> None:
    """The inner one is found by magic or trial where text is inside; the outer one is announced, as a server would."""
    (inner_name, pack_inner), (outer_name, pack_outer) = CODERS[inner], CODERS[outer]
    got = decode(pack_outer(pack_inner(PAGE)), f"{inner_name}, {outer_name}")
    assert (got.body, got.codings) == (PAGE, (outer_name, inner_name))


def test_layers_end_at_three() -> None:
    body = PAGE
    for _ in range(MAX_LAYERS + 1):
        body = gzip.compress(body)
    got = decode(body, None)
    assert got.codings == ("gzip",) * MAX_LAYERS
    assert gzip.decompress(got.body) == PAGE
    assert [len(step.codings) for step in decoded_layers(body, None)] == [0, 1, 2, 3]


@walked("name", CODERS)
def test_a_cut_body_never_passes_as_whole(name: str) -> None:
    coding, coder = CODERS[name]
    packed = coder(PAGE)
    for length in range(8, len(packed)):  # fewer bytes can be text as well
        with pytest.raises(CodingError, match=r"cut off|damaged|follow"):
            decode(packed[:length], coding)


def zstd_blocks(data: bytes) -> bytes:
    """As streaming servers send it: a block is all or nothing, and they end one every few kilobytes."""
    packer = zstandard.ZstdCompressor().compressobj()
    parts = [
        packer.compress(data[at : at + 500]) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        for at in range(0, len(data), 500)
    ]
    return b"".join(parts) + packer.flush()


@walked("name", [*(name for name in CODERS if "zstd" not in name), "zstd blocks"])
@walked("named", [True, False])
def test_of_a_cut_body_what_is_there_with_a_fault(name: str, named: bool) -> None:
    coding, coder = CODERS.get(name, ("zstd", zstd_blocks))
    packed = coder(PAGE)
    for length in range(len(packed) // 2, len(packed)):
        got = decode_what_came(packed[:length], coding if named else None)
        if name == "raw deflate" and got.body == PAGE:
            continue
        assert (got.codings, "cut off" in got.fault) == ((coding,), True), length
        assert PAGE.startswith(got.body)
        assert len(got.body) > 500
    assert decode_what_came(packed, coding).fault == ""


@walked(("inner", "outer"), [("gzip", "brotli"), ("brotli", "gzip"), ("zlib", "gzip")])
def test_of_a_cut_body_in_two_codings_too(inner: str, outer: str) -> None:
    packed = CODERS[outer][1](CODERS[inner][1](PAGE))
    got = decode_what_came(packed[:-20], f"{CODERS[inner][0]}, {CODERS[outer][0]}")
    assert (got.codings, "cut off" in got.fault) == ((CODERS[outer][0], CODERS[inner][0]), True)
    assert PAGE.startswith(got.body)
    assert got.body


@walked("name", ["gzip", "zlib", "brotli"])
def test_damage_in_the_middle_gives_nothing(name: str) -> None:
    coding, coder = CODERS[name]
    packed = coder(PAGE)
    with pytest.raises(CodingError):
        decode_what_came(packed[: len(packed) // 2] + b"\xff" * 30 + packed[len(packed) // 2 + 30 :], coding)


@walked("name", [*CODERS, "plain"])
def test_chunks_around_a_coding_and_inside_it(name: str) -> None:
    coding, coder = CODERS.get(name, ("", lambda data: data))
    for body in (chunked(coder(PAGE)), coder(chunked(PAGE))):
        got = decode_what_came(body, coding)
        assert (got.body, got.fault) == (PAGE, "")
        assert "chunked" in got.codings
    if "zstd" not in name:
        cut = decode_what_came(chunked(coder(PAGE))[:-20], coding)
        assert PAGE.startswith(cut.body)
        assert "cut off" in cut.fault
    broken = chunked(PAGE, 100)[:50] + chunked(PAGE, 100)[60:]
    assert decode_what_came(broken, None).fault == "sizes of chunks from its transfer are left in it"


@walked("name", ["gzip", "zstd"])
def test_a_damaged_body(name: str) -> None:
    packed = bytearray(CODERS[name][1](PAGE))
    packed[12:40] = bytes(28)
    with pytest.raises(CodingError):
        decode(bytes(packed), None)


@walked("name", CODERS)
def test_bombs_end_at_the_limit(name: str) -> None:
    coding, coder = CODERS[name]
    bomb = coder(b"<p>" + b"0" * 5_000_000)
    with pytest.raises(CodingError, match="larger than 1000000 bytes"):
        decode(bomb, coding, max_bytes=1_000_000)


def test_a_flood_of_tiny_members_ends() -> None:
    start = time.monotonic()
    for tiny in (gzip.compress(b""), zstandard.ZstdCompressor().compress(b"")):
        with pytest.raises(CodingError, match="members"):
            decode(tiny * 500_000, None)
    assert time.monotonic() - start < 30


@walked("name", CODERS)
def test_exactly_the_limit_is_permitted(name: str) -> None:
    coding, coder = CODERS[name]
    assert decode(coder(PAGE), coding, max_bytes=len(PAGE)).body == PAGE


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="".join(map(chr, [*range(32), 127])))),
    st.sampled_from(sorted(CODERS)),
    st.sampled_from(sorted(CODERS)),
)
def test_round_trip(text: str, inner: str, outer: str) -> None:
    body = b"<p>" + text.encode() + b"</p>"
    assert decode(CODERS[inner][1](body), CODERS[inner][0]).body == body
    declared = f"{CODERS[inner][0]}, {CODERS[outer][0]}"
    assert decode(CODERS[outer][1](CODERS[inner][1](body)), declared).body == body


@given(
    st.binary()
    | st.builds(
        lambda magic, rest: magic + rest,
        st.sampled_from([b"\x1f\x8b\x08\0", b"(\xb5/\xfd", b"\x78\x9c", b"\x0b\x01\x80"]),
        st.binary(),
    )
)
@example(b"\x1f\x8b")
@example(b"\x78")
def test_arbitrary_bytes_raise_only_coding_errors(body: bytes) -> None:
    for declared in (None, "gzip", "br", "deflate", "zstd", "br, gzip"):
        try:
            got = decode(body, declared, max_bytes=100_000)
        except CodingError:
            continue
        assert got.codings or got.body == body
