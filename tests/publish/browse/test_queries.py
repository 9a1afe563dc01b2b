"""Addresses of lists, marking of what was found, pages of long lists."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.markdown.reader import plain_text
from crawler.publish.browse import catalogue, search
from crawler.publish.browse.catalogue import Facet
from crawler.publish.browse.render import Links, Pictures, excerpt, finder, lines_of, marked
from crawler.publish.browse.rows import match_of
from crawler.publish.browse.search import (
    MOST_KEPT,
    MOST_VALUES,
    PAGE_ROWS,
    ListQuery,
    QueryCache,
    Search,
    Sort,
    address,
    parse_list_query,
)
from crawler.recovery.image_files import image_file
from tests.publish.browse.tree import PICTURE, REPLAY, Draft, build_archive, change, write_tree

ORIGINAL = "https://www.hkcnews.com/article/7/x"
URL = f"{REPLAY}/20210801000000/{ORIGINAL}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Fifty articles, each by another author."""
    drafts = [
        Draft(n, f"第{n}篇", "潮水", f"20{10 + n % 10}-01-{1 + n % 28:02}", f"作者{n}", "社會", ("海", f"標籤{n}"))
        for n in range(1, 51)
    ]
    path = build_archive(write_tree(tmp_path_factory.mktemp("queries"), drafts))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        yield db


def test_pages_give_each_article_once_in_order(database: sqlite3.Connection) -> None:
    pages = [Search(database, ListQuery(page=page)).find() for page in (1, 2, 3)]
    rows = [row for page in pages for row in page.rows]
    assert [len(page.rows) for page in pages] == [PAGE_ROWS, PAGE_ROWS, 10]
    assert [(page.total, page.page, page.pages) for page in pages] == [(50, number, 3) for number in (1, 2, 3)]
    assert rows == sorted(rows, key=lambda row: (row["date"], row["id"]), reverse=True)
    assert len({row["id"] for row in rows}) == 50


def test_a_page_beyond_the_last_is_the_last(database: sqlite3.Connection) -> None:
    assert Search(database, ListQuery(page=77)).find().page == 3


def test_pages_of_a_search_give_each_article_once(database: sqlite3.Connection) -> None:
    for sort in Sort:
        found = [
            row["id"]
            for page in (1, 2, 3)
            for row in Search(database, ListQuery("潮水", match_of("潮水"), {}, sort, page)).find().rows
        ]
        assert sorted(found) == list(range(1, 51))


def test_a_chosen_value_is_offered_also_when_it_is_a_rare_one(database: sqlite3.Connection) -> None:
    values = Search(database, ListQuery(chosen={Facet.AUTHOR: "作者50"})).facets()
    assert [(each.value, each.count) for each in values[Facet.AUTHOR] if each.chosen] == [("作者50", 1)]
    assert len(values[Facet.AUTHOR]) == MOST_VALUES[Facet.AUTHOR] + 1
    assert [(each.value, each.count) for each in values[Facet.YEAR]] == [("2010", 1)]
    assert {each.value: each.count for each in values[Facet.TAG]} == {"海": 1, "標籤50": 1}


@pytest.mark.parametrize(("common", "few"), [(1, 0), (3, 0), (6, 0), (100, 0), (100, 100)])
def test_the_most_frequent_values_have_their_true_numbers_however_they_are_counted(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, common: int, few: int
) -> None:
    monkeypatch.setattr(catalogue, "COMMON", common)
    monkeypatch.setattr(catalogue, "FEW", few)
    known = catalogue.Catalogue.of(database)
    for articles in (known.all, known.all // 7, known.having(Facet.AUTHOR, "作者7"), 0):
        listed = {*known.listed(articles)}
        for facet in Facet:
            each = zip(known.ids, known.values[facet], strict=True)
            true = Counter(value for number, has in each if number in listed for value in has)
            for most in (1, 4, 60):
                counts = known.counts(facet, articles, most)
                assert counts.items() <= true.items()
                assert sorted(counts.values())[-most:] == sorted(true.values())[-most:]


def test_a_value_that_nobody_has_counts_nothing(database: sqlite3.Connection) -> None:
    wanted = ListQuery(chosen={Facet.TAG: "沒有"})
    assert Search(database, wanted).find().total == 0
    assert [(each.value, each.count) for each in Search(database, wanted).facets()[Facet.TAG] if each.chosen] == [
        ("沒有", 0)
    ]


def test_addresses_of_lists_lead_back_to_them() -> None:
    lists: list[tuple[dict[str, str], str]] = [
        ({}, "/"),
        ({"q": "  香港  人 "}, "/search?q=%E9%A6%99%E6%B8%AF+%E4%BA%BA"),
        ({"q": "港", "sort": "newest", "page": "3"}, "/search?q=%E6%B8%AF&sort=newest&page=3"),
        ({"sort": "newest"}, "/"),
        ({"page": "0"}, "/"),
        ({"page": "２"}, "/"),
        ({"year": "2019", "tag": "a&b=c"}, "/search?year=2019&tag=a%26b%3Dc"),
        ({"year": "19x9"}, "/"),
        ({"year": "unknown"}, "/search?year=unknown"),
        ({"q": "x" * 300}, "/search?q=" + "x" * 200),
    ]
    wanted = [parse_list_query(arguments) for arguments, _ in lists]
    assert [address(one, page=one.page) for one in wanted] == [expected for _, expected in lists]


def test_what_was_found_is_marked() -> None:
    cases: list[tuple[str, str, list[str]]] = [
        ("香港", "在香港，香港人", ["香港", "香港"]),
        ("香港", "在香-港", ["香-港"]),
        ("art", "art, Art, article, smart", ["art", "Art"]),
        ("港 art", "港art", ["港", "art"]),
        ('"a b"', "a  b ab", ["a  b"]),
        ("C++", "C and c++", ["C", "c"]),
        ("(*.)", "(*.)", []),
    ]
    for words, text, expected in cases:
        pieces = marked(text, finder(match_of(words)))
        assert [piece for piece, hit in pieces if hit] == expected
        assert "".join(piece for piece, _ in pieces) == text


@given(words=st.text(max_size=20), text=st.text(max_size=200))
def test_marking_loses_nothing(words: str, text: str) -> None:
    find = finder(match_of(words))
    assert "".join(piece for piece, _ in marked(text, find)) == text
    excerpt(lines_of(plain_text(text)), find)


def test_an_excerpt_is_around_what_was_found() -> None:
    pieces = excerpt("前" * 500 + "香港" + "後" * 500, finder(match_of("香港")))
    text = "".join(piece for piece, _ in pieces)
    assert ("香港", True) in pieces
    assert text.startswith("…")
    assert text.endswith("…")
    assert 80 < len(text) < 130
    assert excerpt("沒有", finder(match_of("香港"))) == []


def test_markdown_is_shown_as_words() -> None:
    body = '## 早上\n\n見[這裏](https://a.example/x)，**重要**\\*。\n\n{{< video src="z" >}}\n\n---\n\n1 < 2'
    lines = lines_of(plain_text(body))
    assert lines == "早上\n見這裏，重要*。\n1 < 2"
    assert excerpt(lines, finder(match_of("重要"))) == [
        ("早上見這裏，", False),
        ("重要", True),
        ("*。1 < 2", False),
    ]


def test_links_lead_to_what_is_here() -> None:
    leads = {
        "/web/20210801000000/https://www.hkcnews.com/article/101/y": "/article/101",
        "https://archive.example/web/20200101000000/http://hkcnews.com/article/101": "/article/101",
        "https://www.hkcnews.com/article/101/z#here": "/article/101",
        "../1-1000/article_101.md#here": "/article/101#here",
        "article_101.md": "/article/101",
        "/web/20210801000000/https://www.hkcnews.com/article/102/y": "https://archive.example/web/20210801000000/https://www.hkcnews.com/article/102/y",
        "/web/20210801000000/https://www.hkcnews.com/aboutus": "https://archive.example/web/20210801000000/https://www.hkcnews.com/aboutus",
        "https://a.example/x": "https://a.example/x",
        "//a.example/x": "https://a.example/x",
        "other": "https://www.hkcnews.com/article/7/other",
        "mailto:a@b.example": "mailto:a@b.example",
        "#names": "#names",
    }
    links = Links(URL, ORIGINAL, lambda number: number == 101)
    assert {href: links.address(href) for href in leads} == leads


def test_pictures_are_found_however_the_file_names_them(tmp_path: Path) -> None:
    pictures = Pictures(write_tree(tmp_path, []))
    names = (
        f"{REPLAY}/20210801000000im_/{PICTURE}",
        f"{REPLAY}/20200101000000im_/{PICTURE.replace('https://www.', 'http://')}",
        f"/web/20210801000000im_/{PICTURE}",
        f"../../{image_file(PICTURE)}",
        PICTURE,
        PICTURE.removeprefix("https://www.hkcnews.com"),
    )
    assert {src: unquote(pictures.address(src, URL, ORIGINAL) or "") for src in names} == dict.fromkeys(
        names, f"/{image_file(PICTURE)}"
    )
    others = (
        "data:image/png;base64,AAAA",
        "../../images/../articles/x",
        "https://a.example/none.png",
        "about:invalid",
        "",
        "../../images/",
    )
    assert {src: pictures.address(src, URL, ORIGINAL) for src in others} == dict.fromkeys(others)


def test_words_that_most_articles_have_are_listed_newest_first(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ListQuery("潮水", match_of("潮水"), sort=Sort.RELEVANCE)
    ranked = Search(database, wanted).find()
    assert not ranked.common
    monkeypatch.setattr(search, "MOST_RANKED", 10)
    found = Search(database, wanted).find()
    assert found.common
    assert list(found.rows) == sorted(found.rows, key=lambda row: (row["date"], row["id"]), reverse=True)


def test_a_search_keeps_nobody_from_writing(tmp_path: Path) -> None:
    path = build_archive(write_tree(tmp_path))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        Search(db, ListQuery("香港", match_of("香港"))).find()
        change(path, "UPDATE article SET summary = 'x' WHERE id = 101")
        assert "x" in [row["summary"] for row in Search(db, ListQuery("香港", match_of("香港"))).find().rows]


def test_a_result_is_cached_until_another_connection_writes(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    cache = QueryCache()
    with closing(sqlite3.connect(tmp_path / "a.db")) as mine, closing(sqlite3.connect(tmp_path / "a.db")) as other:
        assert [cache.get(mine, "x", make) for _ in range(3)] == [1, 1, 1]
        assert cache.get(mine, "y", make) == 2
        other.execute("CREATE TABLE t (a)")
        assert cache.get(mine, "x", make) == 3
        assert [cache.get(other, "x", make), cache.get(mine, "x", make)] == [3, 3]
        for number in range(2 * MOST_KEPT):
            cache.get(mine, number, make)
        assert len(cache._kept) <= MOST_KEPT
