import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.wayback.archive import as_wayback
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import FIELDS, CdxError, CdxPage, CdxQuery, CdxTrouble, parse_lines
from tests.walking import walked

# As pywb 2.10.0 writes them: an object a line, its own names, more fields than are wanted, no status with a revisit.
LINE = (
    b'{"urlkey": "example,site)/article/11/%e7%87%88/x", "timestamp": "20210712012000", "url":'
    b' "https://www.site.example/article/11/%E7%87%88/x", "mime": "text/html", "status": "200", "digest":'
    b' "SKEXOMLRQHXLNI5JKF6JE5N5QGWXI6EV", "length": "452", "offset": "0", "filename": "t.warc.gz", "source":'
    b' "web/indexes/index.cdxj", "source-coll": "web", "access": "allow"}'
)
REVISIT = (
    b'{"urlkey": "example,site)/article/11/%e7%87%88/x", "timestamp": "20210912012000", "url":'
    b' "https://www.site.example/article/11/%E7%87%88/x", "mime": "warc/revisit", "digest":'
    b' "SKEXOMLRQHXLNI5JKF6JE5N5QGWXI6EV", "length": "470", "offset": "6841", "filename": "t.warc.gz", "source":'
    b' "web/indexes/index.cdxj", "source-coll": "web", "access": "allow"}'
)
CAPTURE = Capture(
    urlkey="example,site)/article/11/%e7%87%88/x",
    timestamp="20210712012000",
    original="https://www.site.example/article/11/%E7%87%88/x",
    mimetype="text/html",
    statuscode="200",
    digest="SKEXOMLRQHXLNI5JKF6JE5N5QGWXI6EV",
    length="452",
)
REVISITED = Capture(
    urlkey=CAPTURE.urlkey,
    timestamp="20210912012000",
    original=CAPTURE.original,
    mimetype="warc/revisit",
    statuscode="-",
    digest=CAPTURE.digest,
    length="470",
)
BARE = {"timestamp": "20210712012000", "url": "http://a.example/"}


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def array(*rows: list[Any]) -> bytes:
    return json.dumps([list(FIELDS), *rows]).encode()


VALUES = [getattr(CAPTURE, name) for name in FIELDS]


@walked("collection", ["http://127.0.0.1:8080/web", "http://127.0.0.1:8080/web/"])
@walked("match_type", ["prefix", "exact"])
def test_a_listing_is_asked_for_whole_without_what_pywb_does_not_know(collection: str, match_type: str) -> None:
    url = CdxQuery("site.example/article/新&1", match_type, 7).request_url(collection, paged=False)
    asked = f"url=site.example%2Farticle%2F%E6%96%B0%261&matchType={match_type}&output=json"
    assert url == f"http://127.0.0.1:8080/web/cdx?{asked}"
    since = CdxQuery("site.example/article/新&1", match_type, 7, "20220101120000").request_url(collection, paged=False)
    assert since == f"{url}&from=20220101120000"


GOOD: dict[str, tuple[bytes, CdxPage]] = {
    "nothing": (b"", CdxPage()),
    "white space": (b"\r\n \n", CdxPage()),
    "a capture and its revisit": (LINE + b"\n" + REVISIT + b"\n", CdxPage((CAPTURE, REVISITED))),
    "no newline at the end": (LINE + b"\n" + REVISIT, CdxPage((CAPTURE, REVISITED))),
    "CRLF and empty lines": (LINE + b"\r\n\r\n" + REVISIT + b"\r\n", CdxPage((CAPTURE, REVISITED))),
    "byte order mark": (b"\xef\xbb\xbf" + LINE + b"\n", CdxPage((CAPTURE,))),
    "duplicates": (LINE + b"\n" + REVISIT + b"\n" + LINE + b"\n", CdxPage((CAPTURE, REVISITED), duplicates=1)),
    "the Wayback Machine's names": (lines(dict(zip(FIELDS, VALUES, strict=True))), CdxPage((CAPTURE,))),
    "numbers": (
        lines({**BARE, "status": 404, "length": 12}),
        CdxPage((Capture(timestamp="20210712012000", original="http://a.example/", statuscode="404", length="12"),)),
    ),
    "little known": (
        lines(BARE),
        CdxPage((Capture(timestamp="20210712012000", original="http://a.example/", statuscode="-"),)),
    ),
    "nulls": (
        lines({**BARE, "original": None, "mime": None, "status": None, "length": 0.5}),
        CdxPage((Capture(timestamp="20210712012000", original="http://a.example/", statuscode="-"),)),
    ),
    "digest with its algorithm": (lines({**json.loads(LINE), "digest": "sha1:" + CAPTURE.digest}), CdxPage((CAPTURE,))),
    "separators of lines in a value": (
        lines({**BARE, "url": "http://a.example/\x85\u2028\u2029x"}),
        CdxPage((Capture(timestamp="20210712012000", original="http://a.example/\x85\u2028\u2029x", statuscode="-"),)),
    ),
    "array, empty": (b"[]", CdxPage()),
    "array": (array(VALUES, VALUES), CdxPage((CAPTURE,), duplicates=1)),
}


@walked("name", GOOD)
def test_listings_that_count(name: str) -> None:
    body, wanted = GOOD[name]
    assert parse_lines(body) == wanted


@walked(
    "row",
    [
        {"timestamp": "soon"},
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": ["20210712012000"]},
        {"url": ""},
        {"url": " "},
        {"url": None},
        {"url": "http://a.example/\ud800"},
        {"digest": "\udcff"},
    ],
)
def test_rows_that_are_no_capture_cost_only_themselves(row: dict[str, Any]) -> None:
    body = LINE + b"\n" + json.dumps({**BARE, **row}).encode() + b"\n" + REVISIT + b"\n"
    page = parse_lines(body)
    assert (page.captures, len(page.rejected)) == ((CAPTURE, REVISITED), 1)


def test_bytes_that_are_no_text_cost_their_row() -> None:
    page = parse_lines(LINE + b"\n" + LINE.replace(b"%E7", b"\xe7") + b"\n")
    assert (page.captures, len(page.rejected)) == ((CAPTURE,), 1)


BAD: dict[str, tuple[bytes, CdxTrouble]] = {
    "HTML": (b"<!DOCTYPE html>\n<title>Pywb Error</title>", CdxTrouble.HTML),
    "HTML after rows": (LINE + b"\n<html>504 Gateway Time-out</html>", CdxTrouble.HTML),
    "text": (b"com,example)/ 20210712012000 http://example.com/ text/html 200 - 1", CdxTrouble.NOT_JSON),
    "CDXJ": (b'com,example)/ 20210712012000 {"url": "http://example.com/"}\n', CdxTrouble.NOT_JSON),
    "cut in its last line": (LINE + b"\n" + REVISIT[:-9], CdxTrouble.CUT),
    "damaged in the middle": (LINE + b"\n" + LINE[:40] + b"\n" + REVISIT + b"\n", CdxTrouble.CUT),
    "two objects run together": (LINE + REVISIT + b"\n", CdxTrouble.CUT),
    "pywb's error": (b'{"message": "Internal Error: invalid literal"}', CdxTrouble.MISSING_FIELD),
    "an error after rows": (LINE + b'\n{"message": "Connection refused"}\n', CdxTrouble.MISSING_FIELD),
    "fields that were not known": (b"{}\n{}\n", CdxTrouble.MISSING_FIELD),
    "no address": (b'{"urlkey": "com,example)/", "timestamp": "20210712012000"}\n', CdxTrouble.MISSING_FIELD),
    "a number": (LINE + b"\n7\n", CdxTrouble.NOT_A_ROW),
    "null": (b"null", CdxTrouble.NOT_A_ROW),
    "an array among the lines": (LINE + b'\n["20210712012000"]\n', CdxTrouble.NOT_A_ROW),
    "nested": (b'{"a":' * 100_000, CdxTrouble.NOT_A_ROW),
    "array, cut": (array(VALUES)[:-3], CdxTrouble.CUT),
    "array without a header": (json.dumps([VALUES]).encode(), CdxTrouble.NO_HEADER),
    "array with a key": (array(VALUES, [], ["key"]), CdxTrouble.UNASKED_KEY),
}


@walked("name", BAD)
def test_listings_that_do_not_count(name: str) -> None:
    body, kind = BAD[name]
    with pytest.raises(CdxError) as caught:
        parse_lines(body)
    assert caught.value.kind is kind
    assert str(caught.value).removeprefix(f"{kind}: ")


def test_cut_anywhere_but_between_lines_never_counts() -> None:
    whole = LINE + b"\n" + REVISIT + b"\n"
    between = {0, len(LINE), len(LINE) + 1, len(whole) - 1}
    for length in range(len(whole)):
        if length in between:
            assert len(parse_lines(whole[:length]).captures) == (length > 0) + (length > len(LINE) + 1)
        else:
            with pytest.raises(CdxError):
                parse_lines(whole[:length])


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
rows = st.dictionaries(
    st.sampled_from(["timestamp", "url", "original", "mime", "status", "digest", "length", "urlkey"]), values
)


@given(st.lists(rows | values, max_size=4), st.integers(0, 400))
def test_any_lines_are_a_page_or_do_not_count(given_rows: list[Any], cut: int) -> None:
    body = b"\n".join(json.dumps(row).encode() for row in given_rows)
    for shown in (body, body[:cut], gzip.compress(body)):
        try:
            page = parse_lines(shown)
        except CdxError:
            continue
        assert page.resume_key is None
        assert all(capture.moment is not None and capture.original.strip() for capture in page.captures)


MEMENTO = ("Memento-Datetime", "Mon, 12 Jul 2021 01:20:00 GMT")
CODED = ("X-Archive-Orig-Content-Encoding", "gzip")


@walked(
    ("headers", "wanted"),
    [
        ([MEMENTO, ("Content-Encoding", "gzip")], [MEMENTO, ("Content-Encoding", "gzip"), CODED]),
        ([MEMENTO, CODED], [MEMENTO, CODED]),
        ([MEMENTO, ("Content-Encoding", "gzip"), CODED], [MEMENTO, ("Content-Encoding", "gzip"), CODED]),
        ([MEMENTO, ("Content-Encoding", "")], [MEMENTO, ("Content-Encoding", "")]),
        ([("Content-Encoding", "gzip")], [("Content-Encoding", "gzip")]),
    ],
)
def test_a_coding_that_pywb_left_on_the_bytes_is_an_archived_one(
    headers: list[tuple[str, str]], wanted: list[tuple[str, str]]
) -> None:
    assert list(as_wayback(headers)) == wanted
