from hypothesis import given
from hypothesis import strategies as st

from crawler.wayback.http import (
    declared_coding,
    first_header,
    has_sizes,
    header_bytes,
    header_text,
    header_values,
    without_chunks,
)
from tests.walking import walked
from tests.warc.foreign import chunked

PAIRS = [("Content-Encoding", ""), ("content-encoding", " gzip "), ("Link", "a"), ("LINK", "b")]


def test_names_in_any_case_and_repeated() -> None:
    assert header_values(PAIRS, "link") == ["a", "b"]
    assert header_values(PAIRS, "absent") == []
    assert first_header(PAIRS, "CONTENT-encoding") == "gzip"
    assert first_header(PAIRS, "absent") is None


@walked(
    ("pairs", "wanted"),
    [
        (PAIRS, "gzip"),
        ([], None),
        ([("content-encoding", "")], None),
        ([("Content-Encoding", "br"), ("Content-Encoding", "gzip")], "br, gzip"),
    ],
)
def test_declared_coding(pairs: list[tuple[str, str]], wanted: str | None) -> None:
    assert declared_coding(pairs) == wanted


@walked(
    ("value", "text"),
    [("/新聞".encode().decode("latin-1"), "/新聞"), ("/新聞", "/新聞"), ("caf\xe9", "caf\xe9"), ("plain", "plain")],
)
def test_bytes_that_are_utf8_are_read_as_such(value: str, text: str) -> None:
    assert header_text(value) == text


def test_raw_never_fails() -> None:
    assert header_bytes("caf\xe9") == b"caf\xe9"
    assert header_bytes("\ud800新") == "?新".encode()


CHUNKED = [("Transfer-Encoding", "chunked")]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_chunks_are_taken_off(payload: bytes, size: int) -> None:
    assert without_chunks(CHUNKED, chunked(payload, size)) == payload
    assert without_chunks([], chunked(payload, size)) == payload


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_cut_body_gives_what_has_come(payload: bytes, data: st.DataObject) -> None:
    whole = chunked(payload, 20)
    cut = data.draw(st.integers(5, len(whole)))
    got = without_chunks(CHUNKED, whole[:cut])
    assert without_chunks([], whole[:cut]) in (payload, whole[:cut])
    assert payload.startswith(got)
    assert len(got) >= min(len(payload), (cut - 4) * 20 // 26 - 20)


@walked(
    ("body", "payload"),
    [
        (b"<html>the header is a leftover</html>", b"<html>the header is a leftover</html>"),
        (b"", b""),
        (b"0\r\n\r\n", b""),
        (b"3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"abc"),
        (b"00000A \r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"3\r\nabcdef\r\n0\r\n\r\n", b"3\r\nabcdef\r\n0\r\n\r\n"),
        (b"3\r\nabc\r\nxyz\r\n", b"3\r\nabc\r\nxyz\r\n"),
    ],
)
def test_what_is_no_chunk_stays(body: bytes, payload: bytes) -> None:
    assert without_chunks(CHUNKED, body) == payload


TEXT = "<html><body><p>渡輪碼頭的報攤，今日休息。</p>\r\n<p>64 是號碼，c8 也是。</p></body></html>".encode()


def written(
    body: bytes,
    size: int,
    *,
    line: bytes = b"\r\n",
    before: bytes = b"",
    behind: bytes = b"",
    last: bytes = b"0\r\n\r\n",
) -> bytes:
    """Chunks as other programs leave them."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return before + b"".join(b"%X" % len(part) + line + part + line + behind for part in parts) + last


@walked("size", [7, 40, 1000])
@walked("headers", [CHUNKED, []])
@walked(
    ("line", "before", "behind", "last"),
    [
        (b"\n", b"", b"", b"0\n\n"),
        (b"\n", b"", b"", b"0\n"),
        (b"\r\n", b"\r\n", b"", b"0\r\n\r\n"),
        (b"\r\n", b"", b"\r\n", b"0\r\n\r\n"),
        (b"\r\n\r\n", b"", b"", b"0\r\n\r\n"),
        (b" \r\n", b"", b"", b"0 \r\n\r\n"),
        (b";x=y\r\n", b"", b"", b"000\r\nTrailer: x\r\n\r\n"),
        (b"\r\n", b"", b"", b"0\r\n\r\n\r\n"),
    ],
)
def test_chunks_are_taken_off_as_other_programs_leave_them(
    headers: list[tuple[str, str]], size: int, line: bytes, before: bytes, behind: bytes, last: bytes
) -> None:
    parts = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
    body = before + b"".join(b"%X" % len(part) + line + part + b"\r\n" + behind for part in parts) + last
    assert without_chunks(headers, body) == TEXT
    assert not has_sizes(TEXT)


WHOLE = chunked(TEXT, 30)


@walked(
    "body",
    [
        WHOLE.replace(b"\r\n", b"\n"),  # line ends of the text too: no size is right any more
        WHOLE[:40] + WHOLE[43:],
        WHOLE[4:],
        WHOLE[: -len(b"0\r\n\r\n")][4:],
        b"64\r\n" + TEXT,
        TEXT + b"\r\n0\r\n\r\n",
        TEXT + b"\n0",
        WHOLE.decode().encode("utf-16-le").decode("utf-16-le").encode("big5hkscs"),
    ],
)
def test_sizes_that_are_left_are_seen(body: bytes) -> None:
    assert has_sizes(body)


@walked(
    "body",
    [
        TEXT,
        b"",
        b"0",
        b"<p>\r\n64\r\n</p>",
        b"<pre>\r\n1\r\n2\r\n3\r\n</pre>",
        b"\r\n\r\n<html>\r\n10\r\n20\r\n30\r\n</html>\r\n",
        b"abc\ndef\n",
        b"\r\n12" * 30,
    ],
)
def test_numbers_on_lines_of_their_own_are_no_sizes(body: bytes) -> None:
    assert not has_sizes(body)
