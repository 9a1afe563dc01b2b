"""One door: what is asked of a Wayback Machine and of a pywb, and what their answers mean. Pages and headers as pywb
2.10.0 serves them."""

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.writer import http_headers
from crawler.wayback.archive import WebArchive, pywb_archive, wayback_archive
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxAnswer, CdxQuery
from crawler.wayback.digest import DigestResult, compare_digest, payload_digest
from crawler.wayback.http import declared_coding
from crawler.wayback.playback import Answer, Reply
from tests.walking import walked

MACHINE = wayback_archive("https://web.archive.org/", "https://web.archive.org/web/")
MIRROR = wayback_archive("http://127.0.0.1:8080", "https://mirror.example/web")
LOCAL = pywb_archive("http://127.0.0.1:8080/web/")
BEHIND = pywb_archive("http://127.0.0.1:8080/wayback", "https://archive.example/wayback/")
QUERY = CdxQuery("site.example/article/", "prefix", 5)
TS = "20210712012000"
URL = "https://www.site.example/article/11/%E7%87%88%E5%A1%94-11/x"
WANTED = Capture(timestamp=TS, original=URL)
Pairs = list[tuple[str, str]]


_WEB, _OWN = "https://web.archive.org/web", "http://127.0.0.1:8080"


@walked(
    ("site", "name", "address", "public", "replay", "paged"),
    [
        (MACHINE, "wayback", "https://web.archive.org", _WEB, _WEB, True),
        (MIRROR, "wayback", _OWN, "https://mirror.example/web", f"{_OWN}/web", True),
        (LOCAL, f"pywb+{_OWN}/web", f"{_OWN}/web", f"{_OWN}/web", f"{_OWN}/web", False),
        (
            *(BEHIND, "pywb+https://archive.example/wayback", f"{_OWN}/wayback"),
            *("https://archive.example/wayback", f"{_OWN}/wayback", False),
        ),
    ],
)
def test_where_archives_are(site: WebArchive, name: str, address: str, public: str, replay: str, paged: bool) -> None:
    assert (site.name, site.address, site.public, site.replay, site.paged) == (name, address, public, replay, paged)


# --- listing
# -------------------------------------------------------------------------------------------------------------------

ROWS = b'[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],["k","20210712012000","%b","text/html","200","D","9"]%b]'  # noqa: E501
LINE = (
    b'{"urlkey": "k", "timestamp": "20210712012000", "url": "%b", "mime": "text/html", "status": "200", "digest": "D",'
    b' "length": "9"}\n'
)
LISTED = Capture(urlkey="k", timestamp=TS, original=URL, mimetype="text/html", statuscode="200", digest="D", length="9")


def test_each_is_asked_in_its_dialect() -> None:
    asked = urlsplit(MIRROR.listing_url(QUERY, "key"))
    assert asked.geturl().startswith("http://127.0.0.1:8080/cdx/search/cdx?")
    assert parse_qs(asked.query)["resumeKey"] == ["key"]
    assert (
        BEHIND.listing_url(QUERY)
        == "http://127.0.0.1:8080/wayback/cdx?url=site.example%2Farticle%2F&matchType=prefix&output=json"
    )


def test_a_pywb_is_never_asked_by_another_archives_key() -> None:
    with pytest.raises(ValueError, match="no resume keys"):
        BEHIND.listing_url(QUERY, "key")


def test_each_is_read_in_its_dialect() -> None:
    lines, rows, keyed = LINE % URL.encode(), ROWS % (URL.encode(), b""), ROWS % (URL.encode(), b',[],["key"]')
    for site, body, key in [(MACHINE, rows, None), (MACHINE, keyed, "key"), (LOCAL, lines, None), (LOCAL, rows, None)]:
        for headers, sent in [({}, body), ({"Content-Encoding": "gzip"}, gzip.compress(body))]:
            reply = site.read_listing(200, headers, sent)
            assert reply.answer is CdxAnswer.PAGE
            assert reply.page is not None
            assert (reply.page.captures, reply.page.resume_key) == ((LISTED,), key)
    assert MACHINE.read_listing(200, {}, lines).answer is CdxAnswer.SERVER_TROUBLE
    assert LOCAL.read_listing(200, {}, keyed).answer is CdxAnswer.SERVER_TROUBLE


def test_an_empty_answer_of_pywb_lists_nothing() -> None:
    reply = LOCAL.read_listing(200, {"Content-Type": "text/x-ndjson"}, b"")
    assert reply.page is not None
    assert reply.page.captures == ()


@walked(
    ("status", "body", "answer", "detail"),
    [
        (400, b'{"message": "Invalid match_type: nonsense"}', CdxAnswer.BAD_REQUEST, "Invalid match_type"),
        (404, b'{"message": "No such collection"}', CdxAnswer.SERVER_TROUBLE, "No such collection"),
        (404, b"<title>URL Not Found</title>", CdxAnswer.SERVER_TROUBLE, "url not found"),
        (500, b'{"message": "Internal Error"}', CdxAnswer.SERVER_TROUBLE, "Internal Error"),
        (200, b'{"message": "Internal Error"}', CdxAnswer.SERVER_TROUBLE, "Internal Error"),
        (200, b"<html>Just a moment</html>", CdxAnswer.SERVER_TROUBLE, "html"),
        (200, LINE % b"http://a.example/" + LINE[:30], CdxAnswer.SERVER_TROUBLE, "cut"),
        (403, b"Forbidden", CdxAnswer.REFUSED, "forbidden"),
        (429, b"", CdxAnswer.RATE_LIMITED, "429"),
        (502, LINE % b"http://a.example/", CdxAnswer.SERVER_TROUBLE, "502"),
    ],
)
def test_answers_of_pywbs_index_that_do_not_count(status: int, body: bytes, answer: CdxAnswer, detail: str) -> None:
    reply = LOCAL.read_listing(status, {}, body)
    assert (reply.answer, reply.page) == (answer, None)
    assert detail.lower() in reply.detail.lower()


# --- addresses
# -----------------------------------------------------------------------------------------------------------------


def test_playback_urls() -> None:
    assert MIRROR.playback_url(TS, URL) == f"http://127.0.0.1:8080/web/{TS}id_/{URL}"
    assert BEHIND.playback_url(TS, URL, "im_") == f"http://127.0.0.1:8080/wayback/{TS}im_/{URL}"


@pytest.mark.parametrize("site", [MACHINE, MIRROR, LOCAL, BEHIND])
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), min_size=1))
def test_what_is_asked_for_is_read_back(site: WebArchive, original: str) -> None:
    assert site.parse_playback_url(site.playback_url(TS, original)) == (TS, "id_", original)


@walked(
    ("site", "address", "inside"),
    [
        (MACHINE, "https://web.archive.org/web", True),
        (MIRROR, "https://web.archive.org/web", True),
        (MIRROR, "https://mirror.example/web", True),
        (MIRROR, "/web", True),
        (MIRROR, "https://archive.example/web", False),
        (BEHIND, "https://archive.example/wayback", True),
        (BEHIND, "http://127.0.0.1:8080/wayback", True),
        (BEHIND, "/wayback", True),
        (BEHIND, "https://archive.example/other", False),
        (BEHIND, "https://web.archive.org/web", False),
    ],
)
def test_which_addresses_are_inside(site: WebArchive, address: str, inside: bool) -> None:
    assert site.parse_playback_url(f"{address}/{TS}id_/{URL}") == ((TS, "id_", URL) if inside else None)


# --- playback
# ------------------------------------------------------------------------------------------------------------------

MEMENTO = ("Memento-Datetime", "Mon, 12 Jul 2021 01:20:00 GMT")
PAGE = b"<!DOCTYPE html><html><head><title>one</title></head><body><h1>one</h1></body></html>"


def served(timestamp: str = TS, original: str = URL, moment: str = MEMENTO[1], **more: str) -> Pairs:
    """The header fields of a capture, in pywb's order."""
    base = LOCAL.replay
    link = (
        f'<{original}>; rel="original", <{base}/{original}>; rel="timegate", <{base}/timemap/link/{original}>;'
        f' rel="timemap"; type="application/link-format", <{base}/{timestamp}mp_/{original}>; rel="memento";'
        f' datetime="{moment}"; collection="web"'
    )
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("X-Archive-Orig-Server", "nginx"),
        ("X-Powered-By", "Demo/1"),
        *((name.replace("_", "-"), value) for name, value in more.items()),
        ("Memento-Datetime", moment),
        ("Link", link),
        ("Content-Location", f"{base}/{timestamp}id_/{original}"),
        ("Transfer-Encoding", "chunked"),
    ]


def read(
    status: int, headers: Pairs, body: bytes = PAGE, *, site: WebArchive = LOCAL, requested: Capture = WANTED
) -> Reply:
    return site.read_reply(requested, status, headers, body)


@walked("status", [200, 404, 429, 451, 503])
def test_a_capture_is_told_by_its_memento_header_whatever_its_status(status: int) -> None:
    reply = read(status, served())
    assert (reply.answer, reply.status, reply.timestamp, reply.original, reply.payload) == (
        Answer.CAPTURE,
        status,
        TS,
        URL,
        PAGE,
    )


def test_the_nearest_capture_served_at_once_is_told_by_its_time() -> None:
    reply = read(200, served("20210812012000", moment="Thu, 12 Aug 2021 01:20:00 GMT"))
    assert (reply.answer, reply.timestamp, reply.original, reply.location) == (
        Answer.CAPTURE,
        "20210812012000",
        URL,
        None,
    )


def test_a_capture_under_another_spelling_is_told_by_its_link() -> None:
    reply = read(200, served(original="http://site.example:80/article/11/"))
    assert (reply.timestamp, reply.original) == (TS, "http://site.example:80/article/11/")


def test_a_redirect_to_the_exact_capture() -> None:
    headers = [
        ("Location", f"{LOCAL.replay}/20210812012000id_/{URL}"),
        ("Content-Length", "0"),
        ("Link", f'<{URL}>; rel="original"'),
    ]
    reply = read(307, headers, b"")
    assert (reply.answer, reply.location) == (Answer.CLOSEST_CAPTURE, ("20210812012000", URL))


def test_a_redirect_that_names_the_public_address() -> None:
    headers = [("Location", f"http://archive.example/wayback/20210812012000id_/{URL}")]
    assert read(307, headers, b"", site=BEHIND).location == ("20210812012000", URL)
    assert read(307, headers, b"", site=LOCAL).answer is Answer.UNKNOWN_PAGE


@walked(
    ("location", "target"),
    [
        ("https://www.site.example/article/14/new", "https://www.site.example/article/14/new"),
        ("/article/14/new", "https://www.site.example/article/14/new"),
        ("//site.example/x", "https://site.example/x"),
        ("https://web.archive.org/web/2020/http://a.example/", "https://web.archive.org/web/2020/http://a.example/"),
    ],
)
def test_an_archived_redirect_keeps_its_target_as_archived(location: str, target: str) -> None:
    reply = read(301, served(Location=location), b"")
    assert (reply.answer, reply.location) == (Answer.ARCHIVED_REDIRECT, (TS, target))


def own(title: str, words: str) -> bytes:
    """A page of pywb's own."""
    return f"""<!DOCTYPE html>
<html lang="en">
    <head>
        <title>{title}</title>
    </head>
    <body>
                <header>
   </header>

        <section>
        <div class="container">
    <div class="col-12">
        <h4>{title}</h4>
    </div>
    <p>
        {words}    </p>
</div>
        </section>
    </body>
</html>""".encode()


MISSING = own("URL Not Found", f"The url <b>{URL}</b> could not be found in this collection.")
BLOCKED = own("Pywb Error", f"Access Blocked to {URL}")
LOST = own("Pywb Error", "Error Details: t.warc.gz: Archive File Not Found")
ELSEWHERE = own("Pywb Error", "Collection not found: <b>none</b>")


@walked(
    ("status", "body", "answer"),
    [
        (404, MISSING, Answer.NOT_ARCHIVED),
        (451, BLOCKED, Answer.EXCLUDED),
        (451, b"", Answer.EXCLUDED),
        (503, LOST, Answer.SERVER_ERROR),
        (404, ELSEWHERE, Answer.UNKNOWN_PAGE),
        (404, b"nginx", Answer.UNKNOWN_PAGE),
        (401, b"", Answer.REFUSED),
        (403, b"Forbidden", Answer.REFUSED),
        (429, MISSING, Answer.RATE_LIMITED),
        (200, PAGE, Answer.UNKNOWN_PAGE),
    ],
)
def test_what_pywb_says_in_its_own_name(status: int, body: bytes, answer: Answer) -> None:
    reply = read(status, [("Content-Type", "text/html")], body)
    assert (reply.answer, reply.timestamp, reply.original, reply.location) == (answer, TS, URL, None)


def test_a_451_of_a_wayback_machine_refuses_the_client() -> None:
    assert read(451, [], BLOCKED, site=MACHINE).answer is Answer.REFUSED


STORED = gzip.compress(PAGE, mtime=0)


def test_asked_for_codings_pywb_hands_out_what_the_digest_counts() -> None:
    assert MACHINE.accept_encoding == "identity"
    assert {name.strip() for name in LOCAL.accept_encoding.split(",")} == {"gzip", "deflate", "br", "zstd"}
    reply = read(200, served(Content_Encoding="gzip"), STORED)
    found = compare_digest(reply.payload, declared_coding(reply.headers), payload_digest(STORED), headers=reply.headers)
    assert (found.result, found.payload) == (DigestResult.MATCH, STORED)
    assert ("Content-Encoding", "gzip") in http_headers(reply.headers, found.payload)[0]


def test_a_coding_that_something_before_pywb_put_on_is_not_kept() -> None:
    reply = read(200, served(Content_Encoding="gzip"), STORED)
    found = compare_digest(reply.payload, declared_coding(reply.headers), payload_digest(PAGE), headers=reply.headers)
    assert (found.result, found.payload) == (DigestResult.MATCH_DECODED, PAGE)
    assert "Content-Encoding" not in dict(http_headers(reply.headers, found.payload)[0])


def test_a_coding_that_pywb_took_off_explains_the_digest() -> None:
    reply = read(200, served(X_Archive_Orig_Content_Encoding="gzip"))
    found = compare_digest(reply.payload, declared_coding(reply.headers), payload_digest(STORED), headers=reply.headers)
    assert (found.result, found.reason.value) == (DigestResult.MISMATCH, "archived encoded")


pairs = st.lists(
    st.tuples(
        st.sampled_from(["Memento-Datetime", "Location", "Link", "Content-Encoding"]), st.text() | st.just(MEMENTO[1])
    ),
    max_size=5,
)


@given(
    st.sampled_from([MIRROR, BEHIND]), st.integers(100, 999) | st.sampled_from([200, 302, 404, 451]), pairs, st.binary()
)
def test_reading_never_raises(site: WebArchive, status: int, headers: Pairs, body: bytes) -> None:
    reply = site.read_reply(WANTED, status, headers, body)
    assert (reply.location is not None) == (reply.answer in (Answer.ARCHIVED_REDIRECT, Answer.CLOSEST_CAPTURE))
    listed = site.read_listing(status, dict(headers), body)
    assert (listed.page is not None) == (listed.answer is CdxAnswer.PAGE)
