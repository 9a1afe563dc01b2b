import gzip

from crawler.warc.writer import http_headers, one_line, status_line
from tests.walking import walked

PAGE = b"<html>page</html>"
LENGTH = ("Content-Length", str(len(PAGE)))
Pairs = list[tuple[str, str]]


@walked(
    ("headers", "fields"),
    [
        ([], [LENGTH]),
        (
            [("Server", "archive"), ("Content-Type", "text/html"), ("Link", "<x>"), ("X-Archive-Orig-Server", "nginx")],
            [("Content-Type", "text/html"), ("Server", "nginx"), LENGTH],
        ),
        (
            [("content-type", "text/html"), ("x-archive-orig-content-type", "text/plain")],
            [("content-type", "text/plain"), LENGTH],
        ),
        (
            [("x-archive-orig-set-cookie", "a"), ("x-archive-orig-set-cookie", "b")],
            [("set-cookie", "a"), ("set-cookie", "b"), LENGTH],
        ),
        (
            [("x-archive-orig-content-length", "99"), ("x-archive-orig-transfer-encoding", "chunked")],
            [("x-archive-orig-content-length", "99"), ("x-archive-orig-transfer-encoding", "chunked"), LENGTH],
        ),
        ([("x-archive-orig-content-encoding", "gzip")], [("x-archive-orig-content-encoding", "gzip"), LENGTH]),
        (
            [
                ("x-archive-orig-x", "a\r\nSet-Cookie: b\x00"),
                ("x-archive-orig-bad name", "c"),
                ("x-archive-orig-", "d"),
            ],
            [("x", "a  Set-Cookie: b"), LENGTH],
        ),
        (
            [
                ("x-archive-orig-a", "新"),
                ("x-archive-orig-b", "新".encode().decode("latin-1")),
                ("x-archive-orig-c", "\xb7s\x7f\ud800"),
            ],
            [("a", "%E6%96%B0"), ("b", "%E6%96%B0"), ("c", "%C2%B7s ?"), LENGTH],
        ),
        ([("x-archive-orig-a", "\xb7s")], [("a", "%B7s"), LENGTH]),  # Big5 bytes
    ],
)
def test_fields(headers: Pairs, fields: Pairs) -> None:
    assert http_headers(headers, PAGE)[0] == tuple(fields)


def test_a_coding_that_is_still_on_the_payload_is_said() -> None:
    packed = gzip.compress(PAGE)
    got, _ = http_headers([("x-archive-orig-content-encoding", "gzip")], packed)
    assert got == (("content-encoding", "gzip"), ("Content-Length", str(len(packed))))
    cut, _ = http_headers([("x-archive-orig-content-encoding", "gzip")], packed[:-1])
    assert cut[0] == ("content-encoding", "gzip")


def test_location_is_the_target_given() -> None:
    got, _ = http_headers(
        [("Location", "/web/2021id_/http://b.example/"), ("x-archive-orig-location", "/old")],
        b"",
        "http://b.example/新 x",
    )
    assert got == (("Location", "http://b.example/%E6%96%B0%20x"), ("Content-Length", "0"))


def test_notes_name_what_was_changed() -> None:
    _, notes = http_headers([("x-archive-orig-content-length", "99")], PAGE, "http://b.example/")
    assert notes == [
        "header fields from x-archive-orig-*",
        "content-length set aside",
        "location from the archive's own",
    ]


@walked(("status", "line"), [(200, "200 OK"), (404, "404 Not Found"), (299, "299 Archived"), (999, "999 Archived")])
def test_status_line(status: int, line: str) -> None:
    assert status_line(status) == line


def test_one_line() -> None:
    assert one_line(" a\r\nb\x85c\u2028d 新 ") == "a  b c d 新"
