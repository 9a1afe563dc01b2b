"""The pages of `browse`, asked in-process: what they say, the headers that hold every one of them, and what they
do not give."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.ledger import ArticleRow, Found, Ledger, State
from crawler.markdown.document import relative_path
from crawler.publish.browse.server import HEADERS, is_allowed_host
from crawler.recovery.image_files import image_file
from tests.e2e.processes import children_are_forked
from tests.pages import article
from tests.publish.browse.tree import (
    ARTICLES,
    HOSTILE,
    PICTURE,
    REPLAY,
    Draft,
    Reader,
    build_archive,
    change,
    figure,
    reading,
    write_tree,
)
from tests.publish.words import shown
from tests.recovering import FIRST, SECOND, Bench, capture

FORBIDDEN = {"script", "style", "iframe", "object", "embed", "base", "svg", "math", "frame", "applet", "video", "audio"}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with its archive.db, a hostile article among the others."""
    output = write_tree(tmp_path_factory.mktemp("browse"), [*ARTICLES, HOSTILE])
    database = build_archive(output)
    for timestamp, digest in (("20200801000000", "a" * 64), ("20210801000000", "b" * 64), ("20211001000000", "b" * 64)):
        change(
            database,
            "INSERT INTO version VALUES (101, ?, ?, ?, 'https://archive.example/web')",
            timestamp,
            ARTICLES[0].original,
            digest,
        )
    change(
        database,
        "UPDATE article SET verified = 0, faults = ?, digest = 'DIGEST' WHERE id = 101",
        '["cut after the <article>"]',
    )
    (output / "secret.txt").write_text("secret", "utf-8")
    (output / "images" / "page.png").write_text("<html><script>alert(1)</script></html>", "utf-8")
    (output / "images" / "out.png").symlink_to(output / "secret.txt")
    (output / "images" / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "utf-8"
    )
    return output


@pytest.fixture(scope="module")
def reader(output: Path) -> Iterator[Reader]:
    with reading(output) as reader:
        yield reader


class Page(HTMLParser):
    """What a page has in it: elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def each(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def harmless(text: str) -> Page:
    """A page without anything that could act or ask elsewhere."""
    page = Page(text)
    assert not FORBIDDEN & {tag for tag, _ in page.elements}
    for tag, attributes in page.elements:
        assert not [
            name
            for name in attributes
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "xlink:href")
        ], tag
    assert all(each["href"].startswith(("/static/", "/feed.atom")) for each in page.each("link"))
    assert all(each["action"] == "/search" for each in page.each("form"))
    assert all(each["src"].startswith("/images/") for each in page.each("img"))
    assert all(re.match(r"/|#|https?://|mailto:|\?([^:]*&)?lang=", each["href"]) for each in page.each("a"))
    assert not [each for each in page.each("meta") if "http-equiv" in each]
    return page


def numbers(text: str) -> list[int]:
    """The articles of a list, in its order."""
    return [int(number) for number in re.findall(r'<h2><a href="/article/(\d+)">', text)]


STATUSES = {
    "/": 200,
    "/search": 200,
    "/search?q=x&page=99999999999&year=abcd&sort=odd&page=-1": 200,
    "/about": 200,
    "/search.csv?q=x&from=2021": 200,
    "/search.json?tag=none": 200,
    "/search.xml": 404,
    "/article/101": 200,
    "/article/666": 200,
    "/article/5": 404,
    "/article/999999999999": 404,
    "/article/x": 404,
    "/static/style.css": 200,
    "/static/icon.svg": 200,
    "/static/other.css": 404,
    "/static/../pages.py": 404,
    "/archive/article.json": 200,
    "/archive/article/101.json": 200,
    "/archive/article/5.json": 404,
    "/archive/tag.json?_facet=name": 200,
    "/archive/article.json?_where=1": 403,
    "/archive/article.json?_sort=nothing": 400,
    "/archive": 404,
    "/archive.json": 404,
    "/archive.db": 404,
    "/archive/article": 404,
    "/archive/search.json": 404,
    "/archive/meta.json": 404,
    "/archive?sql=select+1": 404,
    "/_internal.json": 404,
    "/-/metadata.json": 404,
    "/-/plugins.json": 404,
    "/-/static/app.css": 404,
    "/-/allow-debug": 404,
    "/no%2Fsuch%20page": 404,
    "//elsewhere.example/": 404,
    "/article/5/slug": 302,
    "/article/999999999999/x": 404,
    "/web/20210801000000/https://elsewhere.example/article/5": 404,
    "/about/": 404,
}


def test_every_answer_has_its_status_and_the_headers(reader: Reader) -> None:
    held = {name: value for name, value in HEADERS.items() if name != "cache-control"}
    answers = {path: reader.get(path) for path in STATUSES}
    assert {path: answer.status for path, answer in answers.items()} == STATUSES
    for path, answer in answers.items():
        assert {name: answer.headers.get(name) for name in held} == held, path
        assert "set-cookie" not in answer.headers, path
        if answer.headers["content-type"].startswith("text/html"):
            harmless(answer.text)


def test_only_reading_is_possible(reader: Reader) -> None:
    for method in ("POST", "OPTIONS"):
        answer = reader.get("/archive/article.json", method=method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_a_request_for_another_host_is_refused(reader: Reader) -> None:
    for host in ("evil.example", "", None):
        answer = reader.get("/article/101", host=host)
        assert answer.status == 400
        assert "選舉" not in answer.text
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_hosts() -> None:
    hosts = {
        ("127.0.0.1:8001", "127.0.0.1"): True,
        ("localhost", "127.0.0.1"): True,
        ("LOCALHOST:1", "::1"): True,
        ("[::1]:8001", "127.0.0.1"): True,
        ("127.8.9.1:80", "127.0.0.1"): True,
        ("archive.lan:8001", "archive.lan"): True,
        ("ARCHIVE.lan", "archive.lan"): True,
        ("10.0.0.5:8001", "10.0.0.5"): True,
        ("10.0.0.6:8001", "10.0.0.5"): False,
        ("10.0.0.6:8001", "0.0.0.0"): True,
        ("[fe80::1]:8001", "::"): True,
        ("evil.example", "0.0.0.0"): False,
        ("archive.lan:8001x", "archive.lan"): False,
        ("archive.lan:1:2", "archive.lan"): False,
        (":8001", "127.0.0.1"): False,
        **{
            (host, "127.0.0.1"): False
            for host in (
                "evil.example",
                "evil.example:8001",
                "127.0.0.1.evil.example",
                "localhost.evil.example:8001",
                "",
            )
        },
        **{(host, "127.0.0.1"): False for host in ("[::1", "x@127.0.0.1", "10.0.0.5")},
    }
    assert {one: is_allowed_host(*one) for one in hosts} == hosts


def test_the_list_is_newest_first_with_the_undated_last(reader: Reader) -> None:
    answer = reader.get("/")
    assert numbers(answer.text) == [103, 666, 102, 101, 104]
    assert "5 篇文章" in answer.text
    assert "日期不詳" in answer.text


def test_a_search_finds_exactly(reader: Reader) -> None:
    found = {
        "香港": {101, 102},
        "碼頭 香港": {101, 102},
        '"碼頭仍然"': {101},
        "LIGHTHOUSE": {104},
        "陳小明": {101, 103},
        "港香": set(),
        "。": set(),
    }
    for words, expected in found.items():
        answer = reader.get("/search", q=words)
        assert set(numbers(answer.text)) == expected
        assert f"{len(expected)} 篇文章" in answer.text
        assert answer.text.count('type="search" value="') == 1


def test_what_was_found_is_marked(reader: Reader) -> None:
    assert "選舉押後一年，<mark>香港</mark>的碼頭" in reader.get("/search", q="香港").text
    assert "立法會<mark>選舉</mark>押後</a>" in reader.get("/search", q="選舉").text


def test_words_and_facets_combine(reader: Reader) -> None:
    assert sorted(numbers(reader.get("/search", q="港", author="陳小明").text)) == [101, 103]
    assert numbers(reader.get("/search", q="港", author="陳小明", year="2021").text) == [103]
    assert numbers(reader.get("/search", author="陳小明", category="政治", tag="海港", year="2020").text) == [101]
    assert numbers(reader.get("/search", author="陳小明", category="政治", tag="燈塔").text) == []
    assert numbers(reader.get("/search", year="unknown").text) == [104]


def test_each_facet_leads_to_as_many_articles_as_it_says(reader: Reader) -> None:
    side = reader.get("/search", q="港").text.partition("<aside")[2]
    found = re.findall(
        r'<a href="([^"]+)"[^>]*><span class="value">([^<]+)</span> <span class="count">(\d+)</span>', side
    )
    assert len(found) >= 6
    for address, label, count in found:
        answer = reader.get(address.replace("&amp;", "&"))
        assert f"「港」：{count} 篇文章" in answer.text, label


def test_a_chosen_value_can_be_cleared(reader: Reader) -> None:
    page = Page(reader.get("/search", q="港", year="2021").text)
    assert {"href": f"/search?q={quote('港')}", "class": "chip"} in page.each("a")


ADDRESSES = {
    "/article/101/社會-102/%E6%A8%99%EF%BF%BD?page=2": 101,
    "/article/101/": 101,
    "/web/20210801000000/https://www.hkcnews.com/article/101/x": 101,
    "/web/2021id_/http://hkcnews.com:80/article/101": 101,
    "/https://www.hkcnews.com/article/5": 5,
    "/search?q=101": 101,
    "/search?q=%23101": 101,
    "/search?q=https%3A%2F%2Fweb.archive.org%2Fweb%2F2021%2Fhttps%3A%2F%2Fwww.hkcnews.com%2Farticle%2F5%2F%25E6": 5,
    "/search?year=2021&q=hkcnews.com/article/101": 101,
}


def test_ids_and_old_addresses_lead_to_the_article(reader: Reader) -> None:
    answers = {path: reader.get(quote(path, "/?&=%:*")) for path in ADDRESSES}
    assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(ADDRESSES, 302)
    assert {path: answer.headers["location"] for path, answer in answers.items()} == {
        path: f"/article/{number}" for path, number in ADDRESSES.items()
    }
    for words in ('"101"', "5", "2021", "99999999"):  # numbers that are words, or ids that nobody knows
        assert reader.get("/search", q=words).status == 200
    assert reader.get("/search", q="101", year="2020").status == 200


def test_newest_first_is_an_order_of_a_search_too(reader: Reader) -> None:
    assert numbers(reader.get("/search", q="港", sort="newest").text) == [103, 102, 101]


def test_a_list_is_ordered_and_bounded_by_date(reader: Reader) -> None:
    lists = {
        "q=港&sort=oldest": [101, 102, 103],
        "sort=oldest": [101, 102, 666, 103, 104],
        "from=2021-07&to=2021-07": [666, 102],
        "from=2021-07-12&to=2021-07-12&q=碼頭": [102],
        "to=2020": [101],
        "from=2021-07-13": [103],
        "from=2022&to=2020": [],
        "from=yesterday": [103, 666, 102, 101, 104],
    }
    pages = {asked: reader.get(f"/search?{quote(asked, '&=')}").text for asked in lists}
    assert {asked: numbers(page) for asked, page in pages.items()} == lists
    page = Page(pages["from=2021-07&to=2021-07"])
    assert {"href": "/", "class": "chip"} in page.each("a")
    assert {"type": "hidden", "name": "from", "value": "2021-07"} in page.each("input")  # what is searched for next


def test_words_are_found_simplified_and_traditional_what_was_typed_first(tmp_path: Path) -> None:
    drafts = [
        Draft(1, "里", "台灣的頭髮裡", "2021-01-01"),
        Draft(2, "甲", "臺灣的鐵軌", "2021-01-02"),
        Draft(3, "乙", "从台湾的头发里发展", "2021-01-03"),
    ]
    build_archive(write_tree(tmp_path, drafts, pictures=False))
    found = {
        "台灣": (1, {2, 3}),
        "台湾": (3, {1, 2}),
        "臺灣": (2, {1, 3}),
        "头发": (3, {1}),
        "鐵軌": (2, set()),
        "台灣 铁轨": (2, set()),
        "发展": (3, set()),
        "從臺灣的頭髮里發展": (3, set()),
    }
    with reading(tmp_path) as asked:
        lists = {words: numbers(asked.get("/search", q=words).text) for words in found}
        assert {words: (first, set(others)) for words, (first, *others) in lists.items()} == found
        assert "<mark>臺灣</mark>" in asked.get("/search", q="台湾").text
        exact = {words: numbers(asked.get("/search", q=words, exact="1").text) for words in ("台湾", "臺灣", "铁轨")}
        assert exact == {"台湾": [3], "臺灣": [2], "铁轨": []}
        assert "checked" in asked.get("/search", q="台湾", exact="1").text


def test_sections_and_tags_are_words_too(reader: Reader) -> None:
    found = {"灯塔": {102, 103}, "政治": {101}, "選舉": {101, 102}, "海港": {101, 102, 103}, "海港燈塔": set()}
    assert {words: set(numbers(reader.get("/search", q=words).text)) for words in found} == found
    assert "#<mark>海港</mark>" in reader.get("/search", q="海港").text


def test_a_whole_list_is_a_file(tmp_path: Path) -> None:
    drafts = [Draft(number, "潮水", "港", tags=("海", "潮")) for number in range(1, 30)]
    odd = Draft(30, '=1+1,"x"\n', "港", "", "+陳", "", ())
    build_archive(write_tree(tmp_path, [*drafts, odd], pictures=False))
    with reading(tmp_path) as asked:
        page = Page(asked.get("/search", q="港", sort="oldest").text)
        links = [each["href"] for each in page.each("a") if "/search." in each["href"]]
        csv_file, json_file = (asked.get(link.replace("&amp;", "&")) for link in links)
    assert csv_file.headers["content-disposition"] == 'attachment; filename="citizen-news.csv"'
    rows = list(csv.DictReader(io.StringIO(csv_file.body.decode("utf-8-sig"))))
    loaded = json.loads(json_file.text)
    assert [int(row["id"]) for row in rows] == [each["id"] for each in loaded["articles"]] == [*range(1, 31)]
    assert (rows[0]["tags"], rows[-1]["author"], rows[-1]["date"]) == ("海; 潮", "'+陳", "")
    assert rows[-1]["title"].startswith("'=1+1")
    assert (loaded["asked"], loaded["total"]) == ({"q": "港", "sort": "oldest"}, 30)
    assert loaded["articles"][0]["tags"] == ["海", "潮"]
    assert loaded["articles"][-1]["date"] is None


def test_an_article_has_its_text_its_picture_and_where_it_is_from(reader: Reader) -> None:
    text = reader.get("/article/102").text
    page = harmless(text)
    assert [each["src"] for each in page.each("img")] == [f"/{quote(str(image_file(PICTURE)))}"]
    assert text.count("碼頭的貓</h1>") == 1
    assert "<figcaption>燈塔的夜" in text
    links = {each["href"]: each for each in page.each("a")}
    assert "/article/101" in links  # a link to the archive's copy of an article that is here
    assert "/article/666" in links  # a neighbour
    archived = links[f"https://archive.example/web/20210801000000/{ARTICLES[1].original}"]
    assert {"noopener", "noreferrer"} <= set(archived["rel"].split())
    assert "2021-08-01 00:00" in text
    assert f"/search?tag={quote('海港')}" in links


def test_faults_and_versions_are_named(reader: Reader) -> None:
    text = reader.get("/article/101").text
    assert "cut after the &lt;article&gt;" in text
    assert "✗" in text
    assert "DIGEST" in text
    for timestamp, words in (("20200801000000", "版本 1"), ("20210801000000", "版本 2"), ("20211001000000", "版本 2")):
        row = (
            text.partition('class="versions"')[2]
            .partition(f'href="https://archive.example/web/{timestamp}/{ARTICLES[0].original}"')[2]
            .partition("</tr>")[0]
        )
        assert words in row


def test_neighbours_are_by_date(reader: Reader) -> None:
    def beside(number: int) -> list[tuple[str, str]]:
        part = reader.get(f"/article/{number}").text.partition('class="neighbours"')[2].partition("</nav>")[0]
        return re.findall(r'rel="(prev|next)" href="/article/(\d+)"', part)

    assert beside(102) == [("prev", "101"), ("next", "666")]
    assert beside(103) == [("prev", "666")]
    assert beside(101) == [("prev", "104"), ("next", "102")]
    assert beside(104) == [("next", "101")]


def test_a_hostile_article_is_harmless_wherever_it_is_shown(reader: Reader) -> None:
    text = reader.get("/article/666").text
    page = harmless(text)
    assert "毒文字" in text
    assert "&lt;script&gt;alert(&#39;title&#39;)&lt;/script&gt;" in text
    assert page.each("img") == []
    for path in ("/", "/about", f"/search?q={quote('毒')}", f"/search?q={quote('粗')}"):
        harmless(reader.get(path).text)


def test_nothing_but_pictures_of_the_tree_is_given(reader: Reader) -> None:
    paths = (
        "/images/../secret.txt",
        "/images/..%2fsecret.txt",
        "/images/%2e%2e/secret.txt",
        "/images/..%5csecret.txt",
        "/images//etc/passwd",
        "/images/%2fetc%2fpasswd",
        "/images/",
        "/images/..",
        "/images/.",
        "/images/out.png",
        "/images/page.png",
        "/images/drawing.svg",
        "/images/no%00.png",
        "/images/" + "x" * 5000,
        "/images/%ff%fe",
    )
    answers = {path: reader.get(path) for path in paths}
    assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(paths, 404)
    assert [path for path, answer in answers.items() if b"secret" in answer.body] == []


def test_a_picture_is_given_as_what_its_bytes_are(reader: Reader, output: Path) -> None:
    answer = reader.get(f"/{quote(str(image_file(PICTURE)))}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert answer.body == (output / str(image_file(PICTURE))).read_bytes()
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_tables_are_there_as_json(reader: Reader) -> None:
    loaded = json.loads(reader.get("/archive/article.json?_shape=array&_col=id&_col=title&id=101").text)
    assert loaded == [{"id": 101, "title": "立法會選舉押後"}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.one_of(st.text(max_size=40), st.text(alphabet="\"'*()^:-+AND OR NOT NEAR{}/港香<>&;\\\0", max_size=30)),
    year=st.one_of(st.just(""), st.text(max_size=5)),
    tag=st.one_of(st.just(""), st.text(max_size=8)),
    page=st.text(alphabet="0123456789-.e²", max_size=6),
)
def test_any_query_gets_a_page(reader: Reader, words: str, year: str, tag: str, page: str) -> None:
    answer = reader.get("/search", q=words, year=year, tag=tag, page=page)
    assert answer.status == 200
    harmless(answer.text)


def test_an_empty_tree_says_so(tmp_path: Path) -> None:
    build_archive(write_tree(tmp_path, [], pictures=False))
    with reading(tmp_path) as reader:
        for path in ("/", "/about", "/search?q=x"):
            answer = reader.get(path)
            assert answer.status == 200
            assert "0 篇文章" in answer.text or path == "/about"
        assert "存檔是空的" in reader.get("/").text


def test_what_is_added_while_it_serves_is_shown(tmp_path: Path) -> None:
    build_archive(write_tree(tmp_path, ARTICLES[:1]))
    with reading(tmp_path) as reader:
        assert numbers(reader.get("/").text) == [101]
        build_archive(write_tree(tmp_path, ARTICLES[:2]))
        assert numbers(reader.get("/").text) == [102, 101]


ODD = [
    Draft(201, "甲", "字。", author="陳小明　李四", tags=("海\u00a0港", "\u200b燈塔 ", "長" * 300)),
    Draft(202, "乙", "字。", author=" 前後有空 ", category="眾\u3000聞", tags=("a  b", "\U00031350")),
]


def test_every_value_leads_to_as_many_articles_as_it_says(tmp_path: Path) -> None:
    output = write_tree(tmp_path, ODD)
    build_archive(output)
    with reading(output) as asked:
        front = asked.get("/").text
        offered = re.findall(r'<li><a href="(/search\?[^"]*)".*?class="count">([\d,]+)<', front)
        assert len(offered) > 10
        for address, count in offered:
            assert len(numbers(asked.get(html.unescape(address)).text)) == int(count), address
        for number in (201, 202):
            for attributes in Page(asked.get(f"/article/{number}").text).each("a"):
                if attributes["href"].startswith("/search?"):
                    assert numbers(asked.get(attributes["href"]).text) == [number], attributes


NOTE = "\n\n\n---\n\n\n請加入成為眾新聞的月費訂戶。\n\n訂閱辦法見網頁。\n\n---\n\n**博客 | 一悠**\n\n在海邊寫作。"


def test_the_note_is_not_searched_and_what_speaks_of_it_is(tmp_path: Path) -> None:
    quoting = "他說：「請加入成為眾新聞的月費訂戶」，台下鯨魚樂隊奏樂。"
    output = write_tree(
        tmp_path,
        [Draft(301, "甲", f"燈塔。{NOTE}"), Draft(302, "乙", f"{quoting}\n\n之後散會。\n\n三。\n\n四。\n\n五。")],
    )
    build_archive(output)
    with reading(output) as asked:
        found = {
            word: numbers(asked.get("/search", q=word).text)
            for word in ("訂閱辦法", "月費訂戶", "鯨魚", "海邊", "燈塔")
        }
        assert found == {"訂閱辦法": [], "月費訂戶": [302], "鯨魚": [302], "海邊": [], "燈塔": [301]}
        assert "月費訂戶" not in asked.get("/search", q="燈塔").text


def test_the_note_is_folded_away_and_the_blogger_stands_apart(tmp_path: Path) -> None:
    output = write_tree(tmp_path, [Draft(301, "甲", f"燈塔。{NOTE}"), Draft(302, "乙", "燈塔。\n\n---\n\n後記。")])
    build_archive(output)
    with reading(output) as asked:
        text = asked.get("/article/301").text
        folded = text.partition('<details class="note">')[2].partition("</details>")[0]
        assert "月費訂戶" in folded
        assert "訂閱辦法" in folded
        blogger = text.partition('<aside class="text blogger"')[2].partition("</aside>")[0]
        assert "在海邊寫作" in blogger
        assert "燈塔" not in folded + blogger
        other = asked.get("/article/302").text
        assert "<hr>" in other
        assert 'class="note"' not in other


def test_an_article_published_under_several_ids_names_the_others(tmp_path: Path) -> None:
    body = "潮水每天來兩次。"
    drafts = [Draft(401, "潮汐", body), Draft(402, "潮汐", f"{body}{NOTE}", "2021-07-13"), Draft(403, "潮汐表", body)]
    output = write_tree(tmp_path, [*drafts, *(Draft(number, "漫畫", figure(caption="")) for number in (404, 405))])
    build_archive(output)
    with reading(output) as asked:
        others = {
            number: re.findall(
                r'href="/article/([0-9]+)"',
                asked.get(f"/article/{number}").text.partition("同文另見")[2].partition("</dd>")[0],
            )
            for number in range(401, 406)
        }
    assert others == {401: ["402"], 402: ["401"], 403: [], 404: [], 405: []}


def test_an_article_that_is_known_to_be_missing_has_a_page(tmp_path: Path) -> None:
    write_tree(tmp_path, [Draft(4, "四", "字。"), Draft(8, "八", "字。")], pictures=False)
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as ledger:
        ledger.add_source("wayback", REPLAY)
        for number in (4, 5, 8):
            row = ledger.add_capture(number, capture(number, SECOND), "wayback", Found.LISTED)
            assert row is not None
            ledger.note(row.id, verdict="farewell")
            file = f"articles/{relative_path(number)}"
            ledger.adopt([number], "")
            state = State.UNRECOVERABLE if number == 5 else State.RECOVERED
            ledger.settle(
                ArticleRow(number, state, reason="farewell" if number == 5 else "", capture=row.id, file=file), 1
            )
        ledger.adopt([6], "<b>elsewhere</b>")
    build_archive(tmp_path)
    with reading(tmp_path) as asked:
        answers = {number: asked.get(f"/article/{number}") for number in (5, 6, 7)}
        assert [answer.status for answer in answers.values()] == [200, 200, 404]
        text = answers[5].text
        links = {each["href"] for each in harmless(text).each("a")}
        assert "停運後取代所有網址的告別頁" in text
        assert "the farewell page that answered every address" in text
        assert f"{REPLAY}/{SECOND}/{capture(5).original}" in links
        assert "https://archive.example/web/*/https://www.hkcnews.com/article/5*" in links
        assert {"/article/4", "/article/8"} <= links
        harmless(answers[6].text)
        assert "沒有已知的快照" in answers[6].text
        assert asked.get("/search", q="5").headers["location"] == "/article/5"


def test_a_citation_is_shown_and_downloaded_in_each_format(reader: Reader) -> None:
    text = reader.get("/article/101").text
    assert "陳小明：〈立法會選舉押後〉，《眾新聞》，2020年7月31日" in text
    links = [each["href"] for each in Page(text).each("a") if "download" in each]
    assert links == [f"/article/101/cite.{ending}" for ending in ("txt", "bib", "ris", "json")]
    for link, begin in zip(links, ("陳小明：", "@online{hkcnews-101,", "TY  - ELEC\r\n", "[\n"), strict=True):
        answer = reader.get(link)
        assert answer.text.startswith(begin)
        assert "立法會選舉押後" in answer.text
        assert answer.headers["content-disposition"].endswith(f'filename="hkcnews-101.{link.rpartition(".")[2]}"')
    assert [reader.get(f"/article/{path}").status for path in ("101/cite.exe", "5/cite.bib")] == [404, 404]


def test_versions_are_shown_side_by_side_where_there_are_several(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    late, early, only = capture(5, SECOND, digest="A" * 32), capture(5, FIRST, digest="B" * 32), capture(6)
    pages = {late: article(5, "潮水<b>新</b>聞來了兩次。"), early: article(5, "潮水舊聞來了兩次。"), only: article(6)}
    bench.holds(pages).run()
    bench.ledger.close()
    build_archive(write_tree(tmp_path, ARTICLES[:1], pictures=False))
    with reading(tmp_path) as asked, children_are_forked():
        text = asked.get("/article/5/versions").text
        harmless(text)
        assert "潮水<del>舊</del>聞來了兩次。" in text
        assert "潮水<ins>新</ins>聞來了兩次。" in text
        assert "潮水<ins>舊</ins>聞" in asked.get("/article/5/versions", old="2", new="1").text
        assert "兩邊相同" in asked.get("/article/5/versions", old="1", new="1").text
        assert (
            asked.get("/article/5/versions", old="99", new="x").text.partition("<main")[2] == text.partition("<main")[2]
        )
        assert [asked.get(f"/article/{number}/versions").status for number in (6, 7)] == [404, 404]


def test_a_byline_has_a_page(reader: Reader) -> None:
    assert "/author?name=" + quote("陳小明") in {each["href"] for each in Page(reader.get("/authors").text).each("a")}
    text = reader.get("/author", name="陳小明").text
    links = [each["href"] for each in harmless(text).each("a")]
    assert [link for link in links if link.startswith("/article/")] == ["/article/103", "/article/101"]
    author = quote("陳小明")
    assert {f"/search?author={author}", f"/search?author={author}&year=2020"} <= set(links)
    hostile = reader.get("/author", name=HOSTILE.author).text
    assert "/article/666" in {each["href"] for each in harmless(hostile).each("a")}
    harmless(reader.get("/authors").text)
    assert [reader.get("/author", name=name).status for name in ("", "無人", "\x00", "陳小明 ")] == [404] * 4


def test_a_bylines_page_has_the_bloggers_own_words(tmp_path: Path) -> None:
    build_archive(write_tree(tmp_path, [Draft(301, "甲", f"燈塔。{NOTE}")], pictures=False))
    with reading(tmp_path) as asked:
        assert "在海邊寫作" in asked.get("/author", name="編輯部").text


def test_what_was_recovered_last_is_a_feed(reader: Reader, output: Path) -> None:
    change(output / "archive.db", "UPDATE article SET settled = '2030-01-01T00:00:00Z' WHERE id = 104")
    change(output / "archive.db", "UPDATE article SET title = title || char(1, 65535) WHERE id = 103")
    answer = reader.get("/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    atom = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.fromstring(answer.text)
    entries = {each.findtext(f"{atom}id"): each for each in root.iter(f"{atom}entry")}
    assert next(iter(entries)) == "https://www.hkcnews.com/article/104"
    assert len(entries) == 5
    assert root.findtext(f"{atom}updated") == "2030-01-01T00:00:00Z"
    for name, entry in entries.items():
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.findtext(f"{atom}updated") or "")
        link = entry.find(f"{atom}link")
        assert link is not None
        assert link.get("href") == f"http://127.0.0.1:8001/article/{str(name).rpartition('/')[2]}"
    hostile = entries["https://www.hkcnews.com/article/666"]
    assert hostile.findtext(f"{atom}title") == HOSTILE.title
    assert hostile.findtext(f"{atom}author/{atom}name") == HOSTILE.author
    assert entries["https://www.hkcnews.com/article/103"].findtext(f"{atom}title") == "燈塔重開"


def histogram(text: str, label: str) -> list[tuple[str, str, str]]:
    """The bars of a histogram: address, number, name."""
    part = shown(text).partition(f'<nav class="histogram" aria-labelledby="by-{label}">')[2].partition("</nav>")[0]
    bar = r'<a href="([^"]+)".*?class="count">([\d,]+)</span>.*?class="value">([^<]+)<'
    return [(html.unescape(address), count, name) for address, count, name in re.findall(bar, part)]


def test_years_and_months_are_histograms_to_go_by(reader: Reader) -> None:
    years = histogram(reader.get("/").text, "years")
    assert [(count, name) for _, count, name in years] == [("1", "日期不詳"), ("1", "2020"), ("3", "2021")]
    for address, count, _ in years:
        assert len(numbers(reader.get(address).text)) == int(count)
    assert histogram(reader.get("/search", q="香港").text, "years")[-1][1:] == ("1", "2021")
    months = histogram(reader.get("/search?year=2021").text, "months")
    assert [each[1:] for each in months] == [("2", "7月"), ("1", "8月")]
    text = reader.get(months[0][0]).text
    links = [each["href"] for each in harmless(text).each("a")]
    assert [link for link in links if link.startswith("/article/")] == ["/article/102", "/article/666"]
    assert {"/month/2020-07", "/month/2021-08"} <= set(links)
    assert [reader.get(f"/month/{name}").status for name in ("2021-09", "2021-7", "2021-13")] == [404] * 3


def test_a_reader_chooses_a_language_and_it_is_remembered(reader: Reader) -> None:
    def language(text: str) -> str:
        return "en" if '<html lang="zh-Hant-HK" data-language="en">' in text else "zh"

    asked = reader.get("/search?q=%E6%B8%AF&lang=en&sort=oldest")
    assert asked.headers["set-cookie"] == "language=en; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax"
    assert "<title>港 — Citizen News archive</title>" in asked.text
    switch = [html.unescape(each["href"]) for each in harmless(asked.text).each("a") if "hreflang" in each]
    assert switch == [f"?q={quote('港')}&sort=oldest&lang={code}" for code in ("zh", "en")]
    given = {
        "": "zh",
        "language=en": "en",
        "language=zh": "zh",
        "a/b=c; {x}=1; language=en; z=language=zh": "en",  # what others keep, which cannot all be read
        "xlanguage=en": "zh",
        "language=fr": "zh",
    }
    assert {cookie: language(reader.get("/about", cookie=cookie).text) for cookie in given} == given
    back = reader.get("/nothing?lang=zh", cookie="language=en")
    assert (back.status, language(back.text), "language=zh" in back.headers["set-cookie"]) == (404, "zh", True)
    assert "set-cookie" not in reader.get("/?lang=<x>").headers


def test_an_english_text_says_so(tmp_path: Path) -> None:
    output = write_tree(
        tmp_path,
        [
            Draft(401, "Lighthouse", "The lighthouse of 香港 was lit again last night."),
            Draft(402, "燈塔", "Hi 燈塔亮了。"),
        ],
    )
    build_archive(output)
    with reading(output) as asked:
        assert '<div class="text" lang="en-HK">' in asked.get("/article/401").text
        assert '<div class="text">' in asked.get("/article/402").text
