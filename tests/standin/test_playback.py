import gzip
from collections.abc import Iterator

import brotli
import pytest
import zstandard

from .archive import Archive, sha1
from .client import FIRST, SECOND, SITE, THIRD, Client, client_of, small_archive
from .playback import parse
from .server import StandIn
from .troubles import Kind, Trouble

PAGE = (
    b"<html><body>An invented market on a hill, told at some length: " + b"stalls and steps, " * 20 + b"</body></html>"
)
LIGHTHOUSE = SITE + "1/%E7%87%88-1/%E5%A1%94"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with client_of(StandIn(small_archive())) as client:
        yield client


def ask(original: str = SITE + "1", flag: str = "id_", *troubles: Trouble, **capture: object) -> tuple[StandIn, str]:
    """A stand-in with one capture, and the target that asks for it."""
    archive = Archive()
    archive.add(original, FIRST, **{"body": PAGE} | capture)  # type: ignore[arg-type]
    return StandIn(archive, troubles), f"/web/{FIRST}{flag}/{original}"


def test_a_capture(client: Client) -> None:
    got = client.get(f"/web/{FIRST}id_/{LIGHTHOUSE}")
    assert (got.status, got.body) == (200, b"<html><body>An invented lighthouse</body></html>")
    assert got.header("memento-datetime") == "Sat, 01 Aug 2020 00:00:00 GMT"
    assert (got.header("link") or "").startswith(f'<{LIGHTHOUSE}>; rel="original", ')
    assert got.header("x-archive-src")
    assert client.get(f"/web/{SECOND}id_/{LIGHTHOUSE}").header("memento-datetime") == "Mon, 12 Jul 2021 01:39:06 GMT"


def test_link_names_the_original_that_was_captured(client: Client) -> None:
    got = client.get(f"/web/{SECOND}id_/https://www.hkcnews.com/article/2")
    assert got.status == 200
    assert '<http://hkcnews.com:80/article/2>; rel="original"' in (got.header("link") or "")


def test_archived_headers_and_status() -> None:
    standin, target = ask(
        status=429, headers=[("Content-Type", "text/html; charset=big5"), ("Retry-After", "9"), ("X-Made-Up", "1")]
    )
    with client_of(standin) as client:
        got = client.get(target)
        assert (got.status, got.memento, got.header("content-type")) == (429, True, "text/html; charset=big5")
        assert (got.header("x-archive-orig-retry-after"), got.header("x-archive-orig-x-made-up")) == ("9", "1")
        assert got.header("retry-after") is None


def test_targets_are_taken_as_they_are() -> None:
    for slug in (
        "%EF%BF%BD%EF%BF%BD-1/%EF%BF%BD",
        "%25E6%25B8%25AF",
        "%E6%B8",
        "[a]|b?",
        "燈塔",
        "a?x=1&y=/../%2F..//",
        "%E7%87%88" * 330,
    ):
        original = f"https://www.hkcnews.com/article/1/{slug}"
        standin, target = ask(original)
        with client_of(standin) as client:
            got = client.get(target)
            assert (got.status, got.memento, sha1(got.body)) == (200, True, sha1(PAGE))
            assert standin.requests[0].target == target
            assert [request.original for request in standin.playback_requests(original)] == [original]


def test_what_was_never_captured(client: Client) -> None:
    for original in (LIGHTHOUSE.replace("%", "%25"), SITE + "1", "https://example.org/"):
        got = client.get(f"/web/{FIRST}id_/{original}")
        assert (got.status, got.memento) == (404, False)
        assert b"has not archived that URL" in got.body


def test_the_jump_to_the_closest_capture(client: Client) -> None:
    got = client.get(f"/web/20230101000000im_/{LIGHTHOUSE}")
    assert (got.status, got.memento, got.body) == (302, False, b"")
    assert got.header("x-archive-redirect-reason") == f"found capture at {THIRD}"
    location = got.header("location") or ""
    assert location.endswith(f"/web/{THIRD}im_/{LIGHTHOUSE}")
    assert location.startswith("http://127.0.0.1:")


def test_archived_redirects() -> None:
    for value, start, target, status in (
        ("", "http://127.0.0.1:", "https://hkcnews.com/article/1", 301),
        ("path", "/web/", "/article/1", 302),
        ("host", "//127.0.0.1:", "//hkcnews.com/article/1", 303),
    ):
        trouble = Trouble(Kind.LOCATION, value=value)
        standin, asked = ask(
            "https://hkcnews.com/article/1/x",
            "id_",
            trouble,
            body=b"moved",
            status=status,
            headers=[("Location", target)],
        )
        with client_of(standin) as client:
            got = client.get(asked)
            assert (got.status, got.memento, got.body) == (status, True, b"moved")
            location = got.header("location") or ""
            assert location.startswith(start)
            assert location.endswith(f"/web/{FIRST}id_/https://hkcnews.com/article/1")
            assert got.header("x-archive-orig-location") is None


def test_the_view_of_an_archived_redirect_is_a_page() -> None:
    standin, target = ask(flag="", body=b"", status=301, headers=[("Location", "/article/2")])
    with client_of(standin) as client:
        got = client.get(target)
        assert (got.status, got.memento) == (200, False)
        assert b"Got an HTTP 301 response at crawl time" in got.body
        assert b"https://www.hkcnews.com/article/2" in got.body


def test_the_view_has_a_toolbar_and_im_has_not(client: Client) -> None:
    stored = client.get(f"/web/{FIRST}id_/{LIGHTHOUSE}").body
    assert client.get(f"/web/{FIRST}im_/{LIGHTHOUSE}").body == stored
    assert b"WAYBACK TOOLBAR INSERT" in client.get(f"/web/{FIRST}/{LIGHTHOUSE}").body


def test_stored_encodings_are_sent_as_stored() -> None:
    for encoding, body in (("gzip", gzip.compress(PAGE)), ("br", brotli.compress(PAGE)), ("", gzip.compress(PAGE))):
        standin, target = ask(body=body, headers=[("Content-Encoding", encoding)] if encoding else [])
        with client_of(standin) as client:
            for accepted in ("", "identity", "gzip;q=0", "gzip"):
                got = client.get(target, Accept_Encoding=accepted)
                assert (got.body, got.header("content-encoding")) == (body, encoding or None)
            assert got.header("x-archive-orig-content-encoding") == (encoding or None)


def test_encodings_that_nobody_asked_for() -> None:
    decode = {b"\x1f\x8b": gzip.decompress, b"\x28\xb5": lambda body: zstandard.ZstdDecompressor().decompress(body)}
    for trouble, encodings in (
        (Trouble(Kind.DUAL_HEADER), ["", "gzip"]),
        (Trouble(Kind.UNANNOUNCED), []),
        (Trouble(Kind.REENCODED, value="br"), ["br"]),
        (Trouble(Kind.REENCODED, value="gzip"), ["gzip"]),
        (Trouble(Kind.REENCODED, value="zstd"), ["zstd"]),
    ):
        standin, target = ask(SITE + "1", "id_", trouble)
        with client_of(standin) as client:
            got = client.get(target)
            assert [value for name, value in got.headers if name == "content-encoding"] == encodings
            assert decode.get(got.body[:2], brotli.decompress)(got.body) == PAGE


def test_gzip_on_the_way_when_offered() -> None:
    standin, target = ask()
    with client_of(standin) as client:
        got = client.get(target, Accept_Encoding="gzip")
        assert (got.header("content-encoding"), gzip.decompress(got.body)) == ("gzip", PAGE)


def test_damaged_bytes() -> None:
    standin, target = ask(SITE + "1", "id_", Trouble(Kind.DAMAGED))
    with client_of(standin) as client:
        got = client.get(target)
        assert (got.status, got.memento, len(got.body)) == (200, True, len(PAGE))
        assert sha1(got.body) != sha1(PAGE)


def test_a_listed_capture_that_jumps_and_one_that_has_nowhere_to_jump() -> None:
    troubles = [Trouble(Kind.JUMP, timestamp=FIRST), Trouble(Kind.JUMP, original="http://hkcnews.com:80/article/2")]
    with client_of(StandIn(small_archive(), troubles)) as client:
        got = client.get(f"/web/{FIRST}id_/{LIGHTHOUSE}")
        assert (got.status, got.header("x-archive-redirect-reason")) == (302, f"found capture at {SECOND}")
        assert client.get(f"/web/{SECOND}id_/http://hkcnews.com:80/article/2").status == 404


def test_loops() -> None:
    archive = Archive()
    archive.add(
        "http://hkcnews.com/article/1",
        FIRST,
        b"",
        status=301,
        headers=[("Location", "https://hkcnews.com/article/1/a")],
    )
    archive.add(
        "https://hkcnews.com/article/1/a",
        FIRST,
        b"",
        status=301,
        headers=[("Location", "http://hkcnews.com/article/1")],
    )
    archive.add("https://hkcnews.com/article/2", FIRST, PAGE)
    with client_of(StandIn(archive, [Trouble(Kind.LOOP, pattern="article/2")])) as client:
        target = start = f"/web/{FIRST}id_/http://hkcnews.com/article/1"
        for _ in range(2):
            got = client.get(target)
            assert (got.status, got.memento) == (301, True)
            target = "/web/" + (got.header("location") or "").partition("/web/")[2]
        assert target == start
        own = f"/web/{FIRST}id_/https://hkcnews.com/article/2"
        assert (client.get(own).header("location") or "").endswith(own)


def test_an_archived_status_has_memento_datetime() -> None:
    standin, target = ask(SITE + "1", "id_", Trouble(Kind.ARCHIVED, status=500, times=1), Trouble(Kind.ARCHIVED))
    with client_of(standin) as client:
        assert [(got.status, got.memento) for got in (client.get(target), client.get(target))] == [
            (500, True),
            (429, True),
        ]


def test_the_twin_is_served() -> None:
    archive = Archive()
    archive.add("http://hkcnews.com/article/1", FIRST, b"redirect")
    archive.add("https://www.hkcnews.com/article/1", FIRST, b"article")
    with client_of(StandIn(archive, [Trouble(Kind.TWIN)])) as client:
        got = client.get(f"/web/{FIRST}id_/http://hkcnews.com/article/1")
        assert got.body == b"article"
        assert (got.header("link") or "").startswith("<https://www.hkcnews.com/article/1>")


def test_other_targets(client: Client) -> None:
    for target in ("/web/2021*/https://hkcnews.com/", "/web/202101010000000id_/x", "/web/2021id_/", "/save/https://x"):
        assert parse(target) is None
        assert client.get(target).status == 404
