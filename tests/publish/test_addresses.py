"""Links: built from what the ledger has, and never anything but the web."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.publish.addresses import (
    article_named,
    calendar_address,
    is_web,
    number_named,
    readable_address,
    replay_address,
)

BASE = "https://web.archive.org/web"


def test_a_capture_is_replayed_where_its_archive_does_that() -> None:
    when = "20210712013906"
    replayed = {
        (BASE, when, "https://www.hkcnews.com/article/1/x"): f"{BASE}/{when}/https://www.hkcnews.com/article/1/x",
        (
            BASE,
            when,
            "https://www.hkcnews.com/article/1/眾",
        ): f"{BASE}/{when}/https://www.hkcnews.com/article/1/%E7%9C%BE",
        (BASE, when, 'http://x/"><script>'): f'{BASE}/{when}/http://x/"><script>',
        (BASE, when, "http://x/a b\n"): f"{BASE}/{when}/http://x/a%20b%0A",
        (BASE, "now", "http://x/"): "",
    }
    elsewhere = ("javascript:alert(1)//", "data:text/html,x", "//web.archive.org/web", "", "http://[")
    replayed |= {(base, when, "http://x/"): "" for base in elsewhere}
    assert {one: replay_address(*one) for one in replayed} == replayed


def test_the_calendar_is_of_all_spellings_of_an_articles_address() -> None:
    assert (
        calendar_address("https://web.archive.org/", 33951)
        == "https://web.archive.org/web/*/https://www.hkcnews.com/article/33951*"
    )
    assert calendar_address(None, 33951) == calendar_address("javascript:alert(1)", 33951) == ""


@given(
    base=st.text(max_size=20) | st.just(BASE),
    timestamp=st.text(max_size=15) | st.just("20210712013906"),
    original=st.text(max_size=40),
)
def test_nothing_but_the_web_is_ever_linked(base: str, timestamp: str, original: str) -> None:
    address = replay_address(base, timestamp, original)
    assert address == "" or (is_web(address) and address.startswith(("http://", "https://", "HTTP")))


def test_an_address_is_shown_with_its_chinese_where_that_can_be_read() -> None:
    shown = {"https://a.example/%E7%9C%BE": "https://a.example/眾"}
    shown |= {other: other for other in ("https://a.example/%FF", "https://a.example/%20x", "https://a.example/%00")}
    assert {address: readable_address(address) for address in shown} == shown


NAMED = """
https://www.hkcnews.com/article/174/x
HTTP://HKCNEWS.COM:80//article/174?fbclid=1
hkcnews.com/article/174
//www.hkcnews.com/article/174/%EF%BF%BD-%25E6%2
https://web.archive.org/web/20210801000000id_/https://www.hkcnews.com/article/174/%E7%87%88
web.archive.org/web/2021*/hkcnews.com/article/174*
https://archive.example/2021/http://www.hkcnews.com:80/article/174
/web/20210801000000/https:/www.hkcnews.com/article/174/
https://social.example/l?u=https%3A%2F%2Fwww.hkcnews.com%2Farticle%2F174%2F%25E6&h=1
看這篇：https://www.hkcnews.com/article/174。
[燈塔](https://www.hkcnews.com/article/174/a)
ｈｔｔｐｓ://www.hkcnews.com/article/１７４
/article/174
article/174/slug
http://127.0.0.1:8001/article/174#text
articles/1-1000/article_174.md
"""
UNNAMED = """
174
article 174
https://www.hkcnews.com/aboutus
https://www.hkcnews.com/article/20...
https://www.hkcnews.com/article/1234567
https://not-hkcnews.com/article/174
https://hkcnews.com.example/article/174
https://other.example/article/174
particle/174
"""


def test_a_readers_address_names_its_article_in_every_spelling() -> None:
    wanted = {**dict.fromkeys(NAMED.split("\n")[1:-1], 174), **dict.fromkeys(UNNAMED.split("\n"), None)}
    assert {text: article_named(text) for text in wanted} == wanted
    numbers = {"174": 174, " #174 ": 174, "0": None, "1234567": None, "17x": None, "": None, "²": None, '"174"': None}
    assert {text: number_named(text) for text in numbers} == numbers


@given(st.text(alphabet="https:/.@%25hkcnews.comarticle174_ 港", max_size=60))
def test_only_an_id_is_ever_named(text: str) -> None:
    number = article_named(f"hkcnews.com/article/{text}")
    assert number is None or 0 < number <= 99_999
