import gzip
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.wayback.capture import Capture
from crawler.wayback.cdx import FIELDS, CdxAnswer, CdxError, CdxPage, CdxQuery, CdxTrouble, parse_page, read_reply
from tests.walking import walked

HEADER = list(FIELDS)
URL = "https://site.example/article/1/%EF%BF%BD%25E6-1/|[x]?"
ROW = ["example,site)/article/1", "20210102030405", URL, "text/html", "200", "A" * 32, "123"]
OTHER = [*ROW[:1], "20210102030406", *ROW[2:]]


def page(*rows: Any) -> bytes:
    return json.dumps(rows).encode()


def capture(row: list[str]) -> Capture:
    return Capture(**dict(zip(FIELDS, row, strict=True)))


# --- the request
# ---------------------------------------------------------------------------------------------------------------


@walked("base", ["http://archive.example", "http://archive.example/"])
def test_request_url_encodes_once(base: str) -> None:
    query = CdxQuery("site.example/article/新聞 %E6&x=1", limit=7)
    key = "com%2Cexample%29%2F+2001041400593%3A"
    parts = urlsplit(query.request_url(base, key))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://archive.example/cdx/search/cdx"
    assert parse_qsl(parts.query, strict_parsing=True) == [
        ("url", query.url),
        ("matchType", "prefix"),
        ("output", "json"),
        ("fl", "urlkey,timestamp,original,mimetype,statuscode,digest,length"),
        ("limit", "7"),
        ("showResumeKey", "true"),
        ("resumeKey", key),
    ]
    assert parts.query.isascii()


def test_a_key_changes_nothing_else() -> None:
    query = CdxQuery("site.example/", match_type="host")
    assert query.request_url("http://a.example", "k") == query.request_url("http://a.example") + "&resumeKey=k"


def test_a_query_for_what_came_since_says_so_on_every_page() -> None:
    whole, since = CdxQuery("site.example/"), CdxQuery("site.example/", since="20220101120000")
    assert since.request_url("http://a.example") == whole.request_url("http://a.example") + "&from=20220101120000"
    assert since.request_url("http://a.example", "k") == since.request_url("http://a.example") + "&resumeKey=k"


# --- pages that count
# ----------------------------------------------------------------------------------------------------------

GOOD: dict[str, tuple[bytes, CdxPage]] = {
    "nothing": (b"[]", CdxPage()),
    "header only": (page(HEADER), CdxPage()),
    "last page": (page(HEADER, ROW, OTHER), CdxPage((capture(ROW), capture(OTHER)))),
    "byte order mark": (b"\xef\xbb\xbf" + page(HEADER, ROW), CdxPage((capture(ROW),))),
    "key": (page(HEADER, ROW, [], ["eJx_-"]), CdxPage((capture(ROW),), "eJx_-")),
    "old key": (page(HEADER, ROW, [], ["a%29%2F+2001%3A"]), CdxPage((capture(ROW),), "a%29%2F+2001%3A")),
    "no rows and a key": (page(HEADER, [], ["k"]), CdxPage(resume_key="k")),
    "no header and a key": (page([], ["k"]), CdxPage(resume_key="k")),
    "duplicates": (page(HEADER, ROW, ROW, OTHER, ROW), CdxPage((capture(ROW), capture(OTHER)), duplicates=2)),
    "other order, extra field": (page(["extra", *reversed(HEADER)], [None, *reversed(ROW)]), CdxPage((capture(ROW),))),
    "00 day": (
        page(HEADER, [*ROW[:1], "20000800241623", *ROW[2:]]),
        CdxPage((capture([*ROW[:1], "20000800241623", *ROW[2:]]),)),
    ),
}


@walked("name", GOOD)
def test_good_pages(name: str) -> None:
    body, wanted = GOOD[name]
    assert parse_page(body) == wanted


@walked(
    "bad",
    [
        "text",
        None,
        5,
        {},
        [],
        ROW[:-1],
        [*ROW, "more"],
        [*ROW[:-1], None],
        [*ROW[:-1], 123],
        [*ROW[:-1], [[]]],
        [ROW[0], "hopeless", *ROW[2:]],
        [ROW[0], "20219930000000", *ROW[2:]],
        [*ROW[:2], "", *ROW[3:]],
        [*ROW[:2], " ", *ROW[3:]],
        [*ROW[:2], "http://x.example/\ud800", *ROW[3:]],
        ["x" * 1000],
    ],
)
def test_a_garbage_row_costs_only_itself(bad: Any) -> None:
    got = parse_page(page(HEADER, ROW, bad, OTHER, OTHER, [], ["k"]))
    assert (got.captures, got.resume_key, got.duplicates) == ((capture(ROW), capture(OTHER)), "k", 1)
    assert len(got.rejected) == 1
    assert 0 < len(got.rejected[0]) <= 201


def test_bytes_that_are_not_utf8_cost_only_their_row() -> None:
    body = page(HEADER, ROW, OTHER).replace(b"20210102030406", b"20210102030406\xff")
    got = parse_page(body)
    assert got.captures == (capture(ROW),)
    assert len(got.rejected) == 1


BAD: dict[str, tuple[bytes, CdxTrouble]] = {
    "no byte": (b"", CdxTrouble.CUT),
    "white space": (b" \n", CdxTrouble.CUT),
    "html": (b"<html><h1>503 Service Unavailable</h1></html>", CdxTrouble.HTML),
    "cut": (page(HEADER, ROW)[:-1], CdxTrouble.CUT),
    "two arrays": (page(HEADER) + page(ROW), CdxTrouble.CUT),
    "text": (b"org,example)/ 2021", CdxTrouble.NOT_JSON),
    "page count": (b"-", CdxTrouble.NOT_JSON),
    "object": (b'{"error": 1}', CdxTrouble.NOT_AN_ARRAY),
    "number": (b"17", CdxTrouble.NOT_AN_ARRAY),
    "null": (b"null", CdxTrouble.NOT_AN_ARRAY),
    "nesting": (b"[" * 200_000 + b"]" * 200_000, CdxTrouble.NOT_AN_ARRAY),
    "endless number": (b"[" + b"1" * 5000 + b"]", CdxTrouble.CUT),
    "no header": (page(ROW, OTHER), CdxTrouble.NO_HEADER),
    "header is no list": (page("urlkey", ROW), CdxTrouble.NO_HEADER),
    "no digest": (page(HEADER[:5] + HEADER[6:], ROW[:5] + ROW[6:]), CdxTrouble.MISSING_FIELD),
    "marker alone": (page(HEADER, ROW, []), CdxTrouble.BAD_KEY),
    "marker and nothing else": (page([]), CdxTrouble.BAD_KEY),
    "marker and a row": (page(HEADER, [], ROW), CdxTrouble.BAD_KEY),
    "marker and a number": (page(HEADER, ROW, [], 5), CdxTrouble.BAD_KEY),
    "empty key": (page(HEADER, ROW, [], [""]), CdxTrouble.BAD_KEY),
    "key is no string": (page(HEADER, ROW, [], [7]), CdxTrouble.BAD_KEY),
}


@walked("name", BAD)
def test_pages_that_do_not_count(name: str) -> None:
    body, kind = BAD[name]
    with pytest.raises(CdxError) as caught:
        parse_page(body)
    assert caught.value.kind is kind
    assert str(caught.value).removeprefix(f"{kind}: ")


def test_every_trouble_has_a_case() -> None:
    of_lines = {CdxTrouble.UNASKED_KEY, CdxTrouble.NOT_A_ROW}  # see test_pywb
    assert {kind for _, kind in BAD.values()} | of_lines == set(CdxTrouble)


@walked("name", ["last page", "key", "duplicates"])
def test_cut_anywhere_never_counts(name: str) -> None:
    body = GOOD[name][0]
    for length in range(1, len(body)):
        with pytest.raises(CdxError):
            parse_page(body[:length])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=20,
)
ROWS = st.lists(
    JSON | st.lists(st.text(max_size=9), min_size=7, max_size=7) | st.sampled_from([HEADER, ROW, OTHER, [], ["key"]]),
    max_size=8,
)


@given(st.binary() | ROWS.map(lambda rows: json.dumps(rows).encode()))
@example(b"\xff\xfe[\x00]\x00")
@example(b"[NaN]")
def test_arbitrary_bytes_raise_only_cdx_errors(body: bytes) -> None:
    try:
        got = parse_page(body)
    except CdxError:
        return
    assert all(item.moment is not None and item.original for item in got.captures)


text = st.text(st.characters(codec="utf-8"), max_size=20)
row_values = st.tuples(
    text, st.just("20210102030405") | st.just("2021"), text.filter(lambda s: bool(s.strip())), text, text, text, text
)


@given(st.lists(row_values, max_size=6), st.none() | text.filter(bool), st.permutations(FIELDS), st.booleans())
def test_a_page_reads_back(rows: list[tuple[str, ...]], key: str | None, order: list[str], ascii_only: bool) -> None:
    shuffled = [[row[FIELDS.index(name)] for name in order] for row in rows]
    body = json.dumps([order, *shuffled, *([[], [key]] if key else [])], ensure_ascii=ascii_only).encode()
    got = parse_page(body)
    assert got.captures == tuple(dict.fromkeys(capture(list(row)) for row in rows))
    assert got.duplicates == len(rows) - len(got.captures)
    assert got.resume_key == key
    assert got.rejected == ()


# --- whole answers
# -------------------------------------------------------------------------------------------------------------

OFFLINE = (
    b"<html><title>Internet Archive: Temporarily Offline</title><p>Internet Archive services are temporarily\n"
    b" offline.</p>"
)
BLOCKED = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"

ANSWERS: dict[str, tuple[int, dict[str, str], bytes, CdxAnswer]] = {
    "page": (200, {}, page(HEADER, ROW), CdxAnswer.PAGE),
    "gzip page": (200, {"content-encoding": "gzip"}, gzip.compress(page(HEADER, ROW)), CdxAnswer.PAGE),
    "gzip page, not declared": (200, {}, gzip.compress(page(HEADER, ROW)), CdxAnswer.PAGE),
    "declared gzip, plain": (200, {"Content-Encoding": "gzip"}, page(HEADER, ROW), CdxAnswer.PAGE),
    "limit": (429, {}, b"<h1>429 Too Many Requests</h1>", CdxAnswer.RATE_LIMITED),
    "limit with an outage page": (429, {}, OFFLINE, CdxAnswer.RATE_LIMITED),
    "bulk": (403, {}, b"This type of CDX query requires authorization.", CdxAnswer.NOT_AUTHORISED),
    "excluded, header": (403, {"X-Archive-Wayback-Runtime-Error": BLOCKED}, b"", CdxAnswer.EXCLUDED),
    "excluded, body": (403, {}, BLOCKED.encode(), CdxAnswer.EXCLUDED),
    "excluded, robots": (403, {}, b"org.archive.wayback.exception.RobotAccessControlException: no", CdxAnswer.EXCLUDED),
    "excluded with 200": (200, {}, BLOCKED.encode(), CdxAnswer.EXCLUDED),
    "refused 403": (403, {}, b"Forbidden", CdxAnswer.REFUSED),
    "refused 401": (401, {}, b"", CdxAnswer.REFUSED),
    "refused 451": (451, {}, b"", CdxAnswer.REFUSED),
    "bad request": (400, {}, b"<html>Bad Request</html>", CdxAnswer.BAD_REQUEST),
    "outage 503": (503, {}, OFFLINE, CdxAnswer.SERVER_TROUBLE),
    "outage 200": (200, {}, OFFLINE, CdxAnswer.SERVER_TROUBLE),
    "outage 403": (403, {}, OFFLINE, CdxAnswer.SERVER_TROUBLE),
    "gateway": (504, {}, b"", CdxAnswer.SERVER_TROUBLE),
    "cut page": (200, {}, page(HEADER, ROW)[:-5], CdxAnswer.SERVER_TROUBLE),
    "cut gzip": (200, {"Content-Encoding": "gzip"}, gzip.compress(page(HEADER, ROW))[:-5], CdxAnswer.SERVER_TROUBLE),
    "moved": (302, {"Location": "/"}, b"", CdxAnswer.SERVER_TROUBLE),
    "not found": (404, {}, b"", CdxAnswer.SERVER_TROUBLE),
}


@walked("name", ANSWERS)
def test_answers(name: str) -> None:
    status, headers, body, wanted = ANSWERS[name]
    reply = read_reply(status, headers, body)
    assert reply.answer is wanted
    if wanted is CdxAnswer.PAGE:
        assert reply.page == CdxPage((capture(ROW),))
    else:
        assert reply.page is None
        assert reply.detail


def test_every_answer_has_a_case() -> None:
    assert {wanted for *_, wanted in ANSWERS.values()} == set(CdxAnswer)


@given(
    st.integers(100, 999) | st.just(200),
    st.dictionaries(st.sampled_from(["Content-Encoding", "content-encoding"]), text),
    st.binary(),
)
def test_reading_a_reply_never_raises(status: int, headers: dict[str, str], body: bytes) -> None:
    reply = read_reply(status, headers, body)
    assert (reply.page is not None) == (reply.answer is CdxAnswer.PAGE)
