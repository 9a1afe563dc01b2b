"""Links: built from what the ledger has, and never anything but the web."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.publish.addresses import calendar_address, is_web, readable_address, replay_address

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
