import gzip
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .archive import FIELDS, Archive, Row
from .cdx import BadQuery, Edge, Listing, answer_page, pack_key, parse, read_key, unpack_key
from .client import FIRST, SECOND, SITE, THIRD, Client, client_of, small_archive
from .server import StandIn


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with client_of(StandIn(small_archive())) as client:
        yield client


def test_json_has_a_header_row_and_all_fields(client: Client) -> None:
    got = client.cdx("hkcnews.com/article/", matchType="prefix")
    lines = json.loads(got.body)
    assert (got.status, got.header("content-type"), tuple(lines[0]), len(lines)) == (200, "application/json", FIELDS, 5)
    assert lines[4][:3] == ["com,hkcnews)/article/2", SECOND, "http://hkcnews.com:80/article/2"]


QUERIES: list[tuple[str, dict[str, str | int], list[str]]] = [
    ("http://hkcnews.com/article/2", {}, [SECOND]),
    ("hkcnews.com/article/1/%E7%87%88-1/%E5%A1%94", {}, [FIRST, SECOND, THIRD]),
    ("hkcnews.com/article/1/燈-1/塔", {}, [FIRST, SECOND, THIRD]),
    ("hkcnews.com/article/1", {}, []),
    ("hkcnews.com/article/1", {"matchType": "prefix"}, [FIRST, SECOND, THIRD]),
    ("hkcnews.com/article/*", {}, [FIRST, SECOND, THIRD, SECOND]),
    ("hkcnews.com/x", {"matchType": "host"}, [FIRST, SECOND, THIRD, SECOND]),
    ("*.hkcnews.com", {}, [FIRST, SECOND, THIRD, SECOND]),
    ("com", {"matchType": "domain"}, [FIRST, SECOND, THIRD, SECOND]),
    ("example.org", {"matchType": "domain"}, []),
    ("hkcnews.com/*", {"from": "2021"}, [SECOND, THIRD, SECOND]),
    ("hkcnews.com/*", {"from": "20200802", "to": "2021"}, [SECOND, SECOND]),
    ("hkcnews.com/*", {"filter": "statuscode:200$"}, [FIRST, THIRD, SECOND]),
    ("hkcnews.com/*", {"filter": "!mimetype:text/.*"}, [SECOND]),
    ("hkcnews.com/*", {"limit": 2}, [FIRST, SECOND]),
    ("hkcnews.com/*", {"limit": -2}, [THIRD, SECOND]),
]


def test_queries(client: Client) -> None:
    found = [(url, parameters, [row[1] for row in client.rows(url, **parameters)[0]]) for url, parameters, _ in QUERIES]
    assert found == QUERIES


def test_nothing_found_is_an_empty_list(client: Client) -> None:
    assert json.loads(client.cdx("hkcnews.com/nothing").body) == []
    assert client.cdx("hkcnews.com/nothing", output="text").body == b""


def test_fields_and_text_with_a_key(client: Client) -> None:
    parameters: dict[str, str | int] = {"output": "text", "fl": "timestamp,urlkey", "limit": 1, "showResumeKey": "true"}
    last = client.cdx("hkcnews.com/article/2*", **parameters).body.decode()
    assert last == f"{SECOND} com,hkcnews)/article/2\n"
    lines = client.cdx("hkcnews.com/article/*", **parameters).body.decode().split("\n")
    assert (lines[1], unpack_key(lines[2])) == ("", lines[0].split()[1] + " " + FIRST)


def test_paging_to_the_end() -> None:
    for text_keys in (False, True):
        with client_of(StandIn(small_archive(), listing=Listing(max_rows=2, text_keys=text_keys))) as client:
            asked: dict[str, str | int] = {"matchType": "prefix", "limit": 3, "showResumeKey": "true"}
            first, key = client.rows("hkcnews.com/article/", **asked)
            second, end = client.rows("hkcnews.com/article/", **asked, resumeKey=key)
            assert [len(first), len(second), end] == [2, 2, ""]
            assert len({tuple(row) for row in first + second}) == 4
            assert ("+" in key) is text_keys


def test_without_a_limit_the_listing_stops_and_gives_no_key() -> None:
    with client_of(StandIn(small_archive(), listing=Listing(max_rows=2))) as client:
        rows, key = client.rows("hkcnews.com/article/", matchType="prefix", showResumeKey="true")
        assert (len(rows), key) == (2, "")


def test_a_key_from_a_listing_without_urlkey_leads_back_to_the_start(client: Client) -> None:
    asked: dict[str, str | int] = {
        "matchType": "prefix",
        "fl": "timestamp,original",
        "limit": 2,
        "showResumeKey": "true",
    }
    first, key = client.rows("hkcnews.com/article/", **asked)
    assert client.rows("hkcnews.com/article/", **asked, resumeKey=key)[0] == first


@pytest.mark.parametrize(
    ("edge", "listed"),
    [(Edge.WHOLE, ["a", "b", "c", "d"]), (Edge.LOST, ["a", "b", "d"]), (Edge.REPEATED, ["a", "b", "b", "c", "d"])],
)
def test_twins_at_the_edge_of_a_page(edge: Edge, listed: list[str]) -> None:
    archive = Archive()
    archive.list(
        *(Row("k", time, original, *[""] * 4) for time, original in [("1", "a"), ("2", "b"), ("2", "c"), ("3", "d")])
    )
    listing, key, found = Listing(edge=edge), "", []
    for _ in range(2):
        query = parse(f"url=x&matchType=prefix&limit={2 if not key else 9}&showResumeKey=true&resumeKey={key}")
        page = answer_page(_Everything(archive), query, listing)
        found += [row.original for row in page.rows if isinstance(row, Row)]
        key = page.key
    assert found == listed


class _Everything(Archive):
    """All rows, whatever is asked."""

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.list(*archive.rows)

    def select(self, asked: object) -> Iterator[Row]:
        return iter(self.rows)


def test_bad_queries() -> None:
    for query in (
        "",
        "url=",
        "url=x&page=2",
        "url=x&collapse=digest",
        "url=x&fl=offset",
        "url=x&limit=many",
        "url=x&matchType=range",
        "url=x&filter=statuscode",
        "url=x&filter=digest:(",
        "url=x&from=yesterday",
    ):
        with pytest.raises(BadQuery):
            parse(query)


def test_bad_queries_and_no_user_agent_are_400(client: Client) -> None:
    assert client.get("/cdx/search/cdx?url=x&page=2").status == 400
    assert client.cdx("hkcnews.com", resumeKey="nonsense").status == 400
    assert client.get("/cdx/search/cdx?url=hkcnews.com", User_Agent="").status == 400


def test_gzip_when_offered(client: Client) -> None:
    plain = client.cdx("hkcnews.com/*").body
    target = "/cdx/search/cdx?url=hkcnews.com/*&output=json"
    got = client.get(target, Accept_Encoding="br, gzip")
    assert (got.header("content-encoding"), gzip.decompress(got.body)) == ("gzip", plain)
    assert client.get(target, Accept_Encoding="gzip;q=0").body == plain


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("0123456789", min_size=1), st.integers(0, 9))
def test_keys_read_back(urlkey: str, timestamp: str, level: int) -> None:
    key = pack_key(f"{urlkey} {timestamp}", level)
    assert "=" not in key
    assert read_key(key, Edge.WHOLE) == (urlkey, timestamp)


@given(
    st.lists(st.tuples(st.sampled_from(["", "1", "1/%25", "1/%e7 %", "2?a+b"]), st.integers(1, 6)), max_size=30),
    st.integers(1, 5),
    st.booleans(),
)
def test_pages_together_are_the_listing(captures: list[tuple[str, int]], size: int, text_keys: bool) -> None:
    archive = Archive()
    for path, second in captures:
        archive.add(SITE + path, f"202001010000{second:02}", b"x")
    found: list[object] = []
    key, pages = "", 0
    while key or not pages:
        query = parse(
            f"url=hkcnews.com/article/*&limit={size}&showResumeKey=true&resumeKey="
            + key.replace("%", "%25").replace("+", "%2B")
        )
        page = answer_page(archive, query, Listing(text_keys=text_keys))
        found += page.rows
        key, pages = page.key, pages + 1
    assert found == list(archive.rows)
