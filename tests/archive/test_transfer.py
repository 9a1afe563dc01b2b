import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive.transfer import transferred
from tests.archive.foreign import chunked

CHUNKED = [("Transfer-Encoding", "chunked")]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_chunks_are_taken_off(payload: bytes, size: int) -> None:
    assert transferred(CHUNKED, chunked(payload, size)) == payload
    assert transferred([], chunked(payload, size)) == chunked(payload, size)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_cut_body_gives_what_has_come(payload: bytes, data: st.DataObject) -> None:
    whole = chunked(payload, 20)
    cut = data.draw(st.integers(5, len(whole)))
    got = transferred(CHUNKED, whole[:cut])
    assert payload.startswith(got)
    assert len(got) >= min(len(payload), (cut - 4) * 20 // 26 - 20)


@pytest.mark.parametrize(
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
    assert transferred(CHUNKED, body) == payload
