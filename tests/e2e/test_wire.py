"""What really goes over the wire: addresses byte for byte, codings nobody announced, who we say we are."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

import brotli
import pytest
import zstandard

from crawler import __version__
from crawler.ledger import State
from tests.e2e.crawling import Run, crawl
from tests.pages import address, article
from tests.standin import Archive, Endpoint, Kind, Logged, StandIn, Trouble

WHEN = "20210712013906"
MOJIBAKE = "%EF%BF%BD"
LONG = address(1, "/" + (MOJIBAKE * 400)[: 3003 - len(address(1)) - 1])
ADDRESSES = {
    1: LONG,
    2: f"http://www.hkcnews.com/article/2/{MOJIBAKE}-{MOJIBAKE}?-2/%e7%87%88",
    3: "https://hkcnews.com/article/3/%25E7%2587%2588-3/%25",
    4: "http://hkcnews.com:80/article/4/a[1]|b^c`{d}\"'",
    5: "https://www.hkcnews.com/article/5/x?",
    6: "https://www.hkcnews.com/article/6/cut%E7%8",
    7: "https://www.hkcnews.com/article/7//a/../b/./c;d=1;?fbclid=a+b%20c&&x==",
    8: "https://WWW.HKCNews.com/article/8/%7Euser~",
}
SENT = {**ADDRESSES, 9: "https://www.hkcnews.com/article/9/%E7%87%88%20%23"}
"""As it stands on the request line; the ninth is listed with characters that cannot stand there."""
LISTED = {**ADDRESSES, 9: "https://www.hkcnews.com/article/9/燈 #"}
CODED = {
    20: Trouble(Kind.UNANNOUNCED, original=address(20)),
    21: Trouble(Kind.DUAL_HEADER, original=address(21)),
    22: Trouble(Kind.REENCODED, original=address(22), value="br"),
    23: Trouble(Kind.REENCODED, original=address(23), value="zstd"),
    24: Trouble(Kind.REENCODED, original=address(24), value="gzip"),
}
STORED = {30: gzip.compress, 31: brotli.compress, 32: zstandard.compress}
"""Pages that the archive holds compressed, and sends so without a word."""


@dataclass(frozen=True)
class Wire:
    run: Run
    asked: list[Logged]

    def of(self, number: int) -> list[Logged]:
        return [
            r
            for r in self.asked
            if r.endpoint is Endpoint.PLAYBACK and f"/article/{number}" in r.target.partition("?")[0]
        ]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    archive = Archive()
    for number, original in LISTED.items():
        archive.add(original, WHEN, article(number))
    for number in CODED:
        archive.add(address(number), WHEN, article(number))
    for number, press in STORED.items():
        archive.add(address(number), WHEN, press(article(number)))
    archive.add(address(40), "20220101000000", b"<html>Too many requests</html>", status=429)
    archive.add(address(40), WHEN, article(40))
    output = tmp_path_factory.mktemp("wire")
    with StandIn(archive, CODED.values()) as standin:
        yield Wire(crawl(standin, output, CONTACT="mailto:desk@example.org"), standin.requests)


def test_an_address_is_asked_for_as_the_listing_spells_it(wire: Wire) -> None:
    assert wire.run.status == 0, wire.run.err
    assert len(LONG) == 3003
    for number, listed in LISTED.items():
        (request,) = [r for r in wire.asked if r.original == SENT[number]]
        assert request.target == f"/web/{WHEN}id_/{SENT[number]}"
        assert wire.run.article(number).state is State.RECOVERED
        assert wire.run.fields(number)["original_url"] == listed


def test_a_coding_is_taken_off_however_it_is_announced(wire: Wire) -> None:
    for number in (*CODED, *STORED):
        (request,) = wire.of(number)
        assert request.trouble == (CODED[number].kind if number in CODED else "")
        assert (wire.run.article(number).state, wire.run.article(number).faults) == (State.RECOVERED, ())
        assert f"第{number}日" in wire.run.file(number)


def test_an_archived_429_is_a_capture_and_no_limit(wire: Wire) -> None:
    assert [(r.timestamp, r.status) for r in wire.of(40)] == [(WHEN, 200)]
    assert "429" not in wire.run.err


def test_every_request_says_who_we_are_and_how_to_reach_us(wire: Wire) -> None:
    agents = {r.headers["user-agent"] for r in wire.asked}
    assert agents == {f"citizen-news-recovery/{__version__} (+mailto:desk@example.org)"}


def test_stored_bytes_are_asked_for_as_they_are_and_nothing_else_is_sent(wire: Wire) -> None:
    for request in wire.asked:
        assert request.method == "GET"
        assert request.headers["accept-encoding"] == ("identity" if request.endpoint is Endpoint.PLAYBACK else "gzip")
        assert not {"cookie", "referer", "authorization"} & set(request.headers)


def test_no_request_is_made_twice(wire: Wire) -> None:
    targets = [r.target for r in wire.asked]
    assert len(set(targets)) == len(targets)
