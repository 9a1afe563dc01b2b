"""The spellings of an article's address, and the addresses that are none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.hkcnews.urls import article_id, misspelling
from tests.walking import walked

ARTICLES = [
    "https://www.hkcnews.com/article/33951/甲-乙-33951/題目",
    "https://www.hkcnews.com/article/33951/%E7%94%B2-33951/%E9%A1%8C",
    "https://www.hkcnews.com/article/33951",
    "https://www.hkcnews.com/article/33951/",
    "https://www.hkcnews.com/article/33951/-",
    "https://www.hkcnews.com/article/33951/x-10054/y",
    "http://www.hkcnews.com/article/33951",
    "https://hkcnews.com/article/33951",
    "http://hkcnews.com:80/article/33951/-",
    "https://www.hkcnews.com:443/article/33951/-",
    "HTTPS://WWW.HKCNEWS.COM/article/33951",
    "https://Www.HkcNews.com/Article/33951",
    "https://www.hkcnews.com./article/33951",
    "https://user@www.hkcnews.com/article/33951",
    "https://www.hkcnews.com/article/33951?fbclid=IwAR0",
    "https://www.hkcnews.com/article/33951/x?a=1&b=/article/5",
    "https://www.hkcnews.com/article/33951?",
    "https://www.hkcnews.com/article/33951#top",
    "https://www.hkcnews.com/article/33951/%EF%BF%BD%EF%BF%BD",
    "https://www.hkcnews.com/article/33951/\ufffd",
    "https://www.hkcnews.com/article/33951/%25E7%2594%25B2",
    "https://www.hkcnews.com/article/33951/%E7%9",
    "https://www.hkcnews.com//article/33951/x",
    "https://www.hkcnews.com/article//33951/x",
    "https://www.hkcnews.com/article/33951?page=2",
    "https://www.hkcnews.com/article/33951/x-33952/y?page=12",
    *(
        f"https://www.hkcnews.com/article/33951{behind}"
        for behind in (
            *(
                "&fbclid=x",
                "&page=2",
                "&amp;fbclid=x",
                ";jsessionid=1",
                ",",
                "+",
                " ",
                " /",
                "\u00a0",
                "\u3000題目",
                "\u200b",
            ),
            *(
                "%20",
                "%20/",
                "%20/x-33952/y",
                "%09",
                "%0A",
                "%0D%0A/",
                "%C2%A0",
                "%E3%80%80",
                "%E2%80%8B",
                "%EF%BB%BF/",
            ),
            *(
                "%3Ffbclid=x",
                "%3ffbclid%3Dx",
                "%26fbclid=x",
                "%23top",
                "%2F",
                "%2Fx-33952%2Fy",
                "%253Ffbclid=x",
                "%25253Fpage=2",
            ),
            *(
                ")",
                "」",
                "）。",
                "%29",
                "%22",
                "%27",
                '"',
                ">",
                "%E3%80%82",
                "%EF%BC%89",
                "%EF%BC%9Ffbclid=x",
                "？page=2",
                "|題目",
            ),
        )
    ),
]

OTHERS = [
    "",
    "https://www.hkcnews.com/",
    "https://www.hkcnews.com/article",
    "https://www.hkcnews.com/article/",
    "https://www.hkcnews.com/article/abc",
    "https://www.hkcnews.com/article/-5",
    "https://www.hkcnews.com/article/0",
    "https://www.hkcnews.com/article/12abc",
    "https://www.hkcnews.com/article/12%00/x",
    "https://www.hkcnews.com/article/12%61",
    "https://www.hkcnews.com/article/12%33",
    "https://www.hkcnews.com/article/12%2533&a=1",
    "https://www.hkcnews.com/article/12...",
    "https://www.hkcnews.com/article/12…",
    "https://www.hkcnews.com/article/12%E2%80%A6",
    "https://www.hkcnews.com/article/12.jpg",
    "https://www.hkcnews.com/article/12-x",
    "https://www.hkcnews.com/article/12_x",
    "https://www.hkcnews.com/article/12%",
    "https://www.hkcnews.com/article/12%EF%BF%BD",
    "https://www.hkcnews.com/article/12%E7%94",
    "https://www.hkcnews.com/article/12號",
    "https://www.hkcnews.com/article/&12",
    "https://www.hkcnews.com/article/%2012",
    "https://www.hkcnews.com/article/12\n",
    "https://www.hkcnews.com/article/123456&a=1",
    "https://www.hkcnews.com/article/１２",
    "https://www.hkcnews.com/article/12345678901234567890",
    "https://www.hkcnews.com/article/123456",
    "https://www.hkcnews.com/article/%31%32",
    "https://www.hkcnews.com/articles/12",
    "https://www.hkcnews.com/x/article/12",
    "https://www.hkcnews.com/?u=https://www.hkcnews.com/article/5",
    "https://www.hkcnews.com/share?u=/article/5",
    "https://www.hkcnews.com/#/article/5",
    "https://share.example/?u=https://www.hkcnews.com/article/5",
    "https://web.archive.org/web/2020/https://www.hkcnews.com/article/5",
    "https://hkcnews.com.evil.org/article/5",
    "https://evilhkcnews.com/article/5",
    "https://en.hkcnews.com/article/5",
    "https://evil.org/hkcnews.com/article/5",
    "https://evil.org?hkcnews.com/article/5",
    "https://evil.org#@hkcnews.com/article/5",
    "ftp://hkcnews.com/article/5",
    "hkcnews.com/article/5",
    "/article/5",
    " https://hkcnews.com/article/5",
]


@walked("url", ARTICLES)
def test_every_spelling_is_the_same_article(url: str) -> None:
    assert article_id(url) == 33951


@walked("url", OTHERS)
def test_what_is_not_an_article(url: str) -> None:
    assert article_id(url) is None


@given(st.integers(1, 99_999), st.text(max_size=30))
def test_whatever_the_slug_the_number_is_the_article(number: int, slug: str) -> None:
    assert article_id(f"https://www.hkcnews.com/article/{number}/{slug}") == number


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    article_id(text)
    article_id(f"https://www.hkcnews.com/article/{text}")


@walked(
    ("url", "badness"),
    [
        ("https://www.hkcnews.com/article/5/%E7%94%B2", 0),
        ("https://www.hkcnews.com/article/5/甲", 0),
        ("https://www.hkcnews.com/article/5?fbclid=x", 1),
        ("http://www.hkcnews.com:80/article/5", 1),
        ("https://www.hkcnews.com/article/5/12:30", 0),
        ("https://www.hkcnews.com/article/5/Q&A", 0),
        ("https://www.hkcnews.com/article/5#top", 0),
        ("https://www.hkcnews.com/article/5&fbclid=x", 1),
        ("https://www.hkcnews.com/article/5%20/", 1),
        ("https://www.hkcnews.com/article/5%3Ffbclid=x", 1),
        ("https://www.hkcnews.com/article/5/%E7%94%B2&fbclid=x", 1),
        ("https://www.hkcnews.com/article/5/%25E7%2594%25B2", 2),
        ("https://www.hkcnews.com/article/5/%E7%9", 2),
        ("https://www.hkcnews.com/article/5/100%", 2),
        ("https://www.hkcnews.com/article/5/%EF%BF%BD", 3),
        ("https://www.hkcnews.com/article/5/%ef%bf%bd?a=1", 3),
        ("https://www.hkcnews.com/article/5/\ufffd", 3),
    ],
)
def test_how_badly_an_address_is_spelt(url: str, badness: int) -> None:
    assert misspelling(url) == badness
