from crawler.wayback.http import declared_coding, first_header, header_bytes, header_text, header_values
from tests.walking import walked

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
