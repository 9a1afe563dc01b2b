import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from .archive import sha1
from .cdx import Listing, unpack_key
from .client import FIRST, SECOND, SITE, THIRD, Client, Got, client_of, small_archive
from .police import Limits
from .server import StandIn
from .troubles import Asked, Endpoint, Kind, Script, Trouble, read_troubles

LIGHTHOUSE = f"/web/{FIRST}id_/{SITE}1/%E7%87%88-1/%E5%A1%94"
FERRY = f"/web/{SECOND}id_/http://hkcnews.com:80/article/2"
BULK: dict[str, str | int] = {"matchType": "prefix", "limit": 2, "showResumeKey": "true"}


def met(script: Script, count: int, url: str = "u", timestamp: str = "", step: float = 1.0) -> str:
    """Which of `count` playback requests are met: `x`, else `.`."""
    asked = Asked(Endpoint.PLAYBACK, (url,), timestamp)
    return "".join("x" if script.pick(asked, step * number) else "." for number in range(count))


def test_which_requests_are_met() -> None:
    cases = [
        (Trouble(Kind.OUTAGE), "xxxxxx"),
        (Trouble(Kind.OUTAGE, times=2), "xx...."),
        (Trouble(Kind.OUTAGE, first=3, times=2), "..xx.."),
        (Trouble(Kind.OUTAGE, after=2, until=5), "..xxx."),
        (Trouble(Kind.OUTAGE, on=Endpoint.CDX), "......"),
        (Trouble(Kind.OUTAGE, original="u"), "xxxxxx"),
        (Trouble(Kind.OUTAGE, original="other"), "......"),
        (Trouble(Kind.OUTAGE, pattern="^U|v"), "......"),
        (Trouble(Kind.OUTAGE, timestamp=FIRST), "......"),
        (Trouble(Kind.HTML), "......"),
        (Trouble(Kind.OUTAGE, share=0), "......"),
    ]
    assert [(trouble, met(Script([trouble]), 6)) for trouble, _ in cases] == cases


def test_each_counts_every_url_and_timestamp_by_itself() -> None:
    script = Script([Trouble(Kind.CUT, times=1, each=True)])
    assert [met(script, 2, "u"), met(script, 2, "v"), met(script, 2, "u", FIRST), met(script, 2, "u")] == [
        "x.",
        "x.",
        "x.",
        "..",
    ]


def test_the_first_trouble_acts_and_all_count() -> None:
    script = Script([Trouble(Kind.OUTAGE, times=1), Trouble(Kind.CUT, times=2)])
    picked = [script.pick(Asked(Endpoint.PLAYBACK, ("u",)), 0) for _ in range(3)]
    assert [trouble.kind if trouble else None for trouble in picked] == [Kind.OUTAGE, Kind.CUT, None]


def test_a_share_is_drawn_from_the_seed() -> None:
    drawn = [met(Script([Trouble(Kind.RESET, share=0.2)], seed), 1000) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 150 < drawn[0].count("x") < 250


def test_quiet_ends_a_limit_and_reset_begins_again() -> None:
    script = Script([Trouble(Kind.LIMIT, quiet=5)])
    asked = Asked(Endpoint.PLAYBACK, ("u",))
    assert [script.pick(asked, now) is not None for now in (0, 4, 8, 13, 14)] == [True, True, True, False, False]
    script.reset()
    assert met(script, 1) == "x"


def test_mistakes_in_a_file_are_named(tmp_path: Path) -> None:
    for text, message in (
        ("{}", "a list"),
        ('[{"times": 1}]', "trouble 1: an object with a kind"),
        ('[{"kind": "cut"}, {"kind": "flood"}]', "trouble 2: 'flood'"),
        ('[{"kind": "cut", "tmies": 1}]', "unknown tmies"),
        ('[{"kind": "cut", "times": "1"}]', "number is wanted for times"),
        ('[{"kind": "cut", "on": "image"}]', "'image'"),
        ('[{"kind": "cut_json", "on": "playback"}]', "only for cdx"),
        ('[{"kind": "cut", "pattern": "("}]', "trouble 1"),
    ):
        (tmp_path / "troubles.json").write_text(text, "utf-8")
        with pytest.raises(ValueError, match=message):
            read_troubles(tmp_path / "troubles.json")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"kind": "slow", "on": "cdx", "times": 2, "seconds": 0.5}]', "utf-8")
    assert read_troubles(tmp_path / "t.json") == [Trouble(Kind.SLOW, Endpoint.CDX, times=2, seconds=0.5)]


def played(trouble: Trouble, target: str) -> tuple[Got, Got]:
    """The answer with a trouble that meets the first request only, and the answer after it."""
    with client_of(StandIn(small_archive(), [trouble])) as client:
        return client.get(target), client.get(target)


def test_the_archive_speaks_instead() -> None:
    spoken: list[tuple[Trouble, int, bytes]] = [
        (Trouble(Kind.OUTAGE), 503, b"Temporarily Offline"),
        (Trouble(Kind.OUTAGE, status=200), 200, b"Temporarily Offline"),
        (Trouble(Kind.OUTAGE, status=429), 429, b"Temporarily Offline"),
        (Trouble(Kind.ERROR), 503, b"<h1>503"),
        (Trouble(Kind.ERROR, status=500), 500, b"<h1>500"),
        (Trouble(Kind.SLOW, status=504, seconds=0.01), 504, b"<h1>504"),
        (Trouble(Kind.LIMIT), 429, b"429"),
    ]
    script = [replace(trouble, first=number, times=1) for number, (trouble, _, _) in enumerate(spoken, 1)]
    for target in (LIGHTHOUSE, "/cdx/search/cdx?url=hkcnews.com/*&output=json"):
        with client_of(StandIn(small_archive(), script)) as client:
            for _, status, text in spoken:
                got = client.get(target)
                assert (got.status, got.memento, text in got.body) == (status, False, True)
            afterwards = client.get(target)
            assert (afterwards.status, b"hkcnews" in afterwards.body or afterwards.memento) == (200, True)


def test_retry_after_none_seconds_and_date() -> None:
    troubles = [Trouble(Kind.LIMIT, first=n, times=1, value=value) for n, value in enumerate(["", "7", "date:7"], 1)]
    with client_of(StandIn(small_archive(), troubles)) as client:
        values = [client.get(FERRY).header("retry-after") for _ in range(3)]
    assert values[:2] == [None, "7"]
    assert (values[2] or "").endswith(" GMT")


def test_playback_pages() -> None:
    for trouble, status, text in (
        (Trouble(Kind.EXCLUDED, times=1), 200, b"excluded from the Wayback Machine"),
        (Trouble(Kind.EXCLUDED, times=1, status=403), 403, b"excluded from the Wayback Machine"),
        (Trouble(Kind.MISSING, times=1), 404, b"has not archived that URL"),
        (Trouble(Kind.REDIRECT, times=1, value="http://elsewhere.example/"), 302, b""),
    ):
        spoken, afterwards = played(trouble, FERRY)
        assert (spoken.status, spoken.memento, spoken.header("location")) == (status, False, trouble.value or None)
        assert text in spoken.body
        assert afterwards.memento


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.CUT, http.client.IncompleteRead),
        (Kind.CUT_CHUNKED, http.client.IncompleteRead),
        (Kind.RESET, ConnectionError),
    ],
)
def test_broken_connections(kind: Kind, error: type[Exception]) -> None:
    for target in (FERRY, "/cdx/search/cdx?url=hkcnews.com/*"):
        with client_of(standin := StandIn(small_archive(), [Trouble(kind, times=1)])) as client:
            with pytest.raises(error):
                client.get(target)
            client.close()
            assert client.get(target).status == 200
            assert [(r.status, r.trouble, r.connection) for r in standin.requests] == [
                (0 if kind is Kind.RESET else 200, kind, 1),
                (200, "", 2),
            ]


def test_slow_then_cached() -> None:
    with client_of(standin := StandIn(small_archive(), [Trouble(Kind.SLOW, times=1, seconds=0.1)])) as client:
        began = time.monotonic()
        assert client.get(FERRY).memento
        assert time.monotonic() - began >= 0.1
        assert client.get(FERRY).memento
        assert [request.trouble for request in standin.requests] == [Kind.SLOW, ""]


def test_held_until_released() -> None:
    with client_of(standin := StandIn(small_archive(), [Trouble(Kind.HELD)])) as client, ThreadPoolExecutor() as pool:
        others = [Client(standin) for _ in range(2)]
        answers = [pool.submit(other.get, FERRY) for other in others]
        while len(standin.requests) < 2:
            time.sleep(0.01)
        assert not any(answer.done() for answer in answers)
        standin.release()
        assert [answer.result().memento for answer in answers] == [True, True]
        assert client.get(FERRY).memento, "none is held from now on"
        for other in others:
            other.close()


def test_stopping_does_not_wait_for_a_slow_answer() -> None:
    with client_of(StandIn(small_archive(), [Trouble(Kind.SLOW, seconds=1e6)])) as client:
        client._connection.request("GET", FERRY)


@pytest.mark.parametrize(
    ("kind", "exact", "bulk", "text"),
    [
        (Kind.AUTHORIZATION, 200, 403, b"requires authorization."),
        (Kind.BLOCKED, 403, 403, b"Blocked Site"),
        (Kind.HTML, 200, 200, b"<html>"),
    ],
)
def test_refused_listings(kind: Kind, exact: int, bulk: int, text: bytes) -> None:
    with client_of(StandIn(small_archive(), [Trouble(kind)])) as client:
        assert client.cdx("hkcnews.com/article/2").status == exact
        for got in [client.cdx("hkcnews.com", matchType=m) for m in ("prefix", "host", "domain")] + [
            client.cdx("hkcnews.com/*")
        ]:
            assert got.status == bulk
            assert text in got.body
            assert (got.header("x-archive-wayback-runtime-error") is not None) is (kind is Kind.BLOCKED)


def test_json_cut_in_the_middle() -> None:
    cut, whole = played(Trouble(Kind.CUT_JSON, times=1), "/cdx/search/cdx?url=hkcnews.com/*&output=json")
    assert whole.body.startswith(cut.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut.body)


def listing_with(*troubles: Trouble, pages: int, size: int = 2) -> list[tuple[list[object], str]]:
    """The pages of the listing of all articles, following the keys."""
    with client_of(StandIn(small_archive(), troubles, listing=Listing(max_rows=size))) as client:
        return follow(client, pages)


def follow(client: Client, pages: int) -> list[tuple[list[object], str]]:
    found: list[tuple[list[object], str]] = []
    for _ in range(pages):
        key = {"resumeKey": found[-1][1]} if found else {}
        found.append(client.rows("hkcnews.com/article/", **BULK | key))
    return found


def test_repeated_key() -> None:
    pages = listing_with(Trouble(Kind.REPEAT_KEY), pages=3)
    assert pages[0][1] == pages[1][1] == pages[2][1] != ""
    assert pages[1] == pages[2]


def test_cyclic_keys() -> None:
    pages = listing_with(Trouble(Kind.REPEAT_KEY, value="cycle", first=2), pages=4, size=1)
    assert [len(rows) for rows, _ in pages] == [1, 1, 1, 1]
    assert pages[1] == pages[2] == pages[3]


def test_an_empty_page_with_a_key_goes_on() -> None:
    pages = listing_with(Trouble(Kind.EMPTY_PAGE, first=1, times=2), pages=4)
    assert [len(rows) for rows, _ in pages] == [0, 0, 2, 2]
    assert len({key for _, key in pages}) == 4
    pages = listing_with(Trouble(Kind.EMPTY_PAGE, first=2, times=1), pages=3)
    assert [len(rows) for rows, _ in pages] == [2, 0, 2]
    assert unpack_key(pages[0][1]) == unpack_key(pages[1][1])


def test_duplicates_across_pages() -> None:
    pages = listing_with(Trouble(Kind.DUPLICATES, value="1"), pages=2)
    (first, _), (second, _) = pages
    assert [len(first), len(second)] == [3, 4]
    assert second[0] == first[1] == first[2]
    assert len({tuple(map(str, [row])) for row in first + second}) == 4


def test_garbage_rows_among_the_good_ones() -> None:
    pages = listing_with(Trouble(Kind.GARBAGE), pages=2)
    good = [row for rows, _ in listing_with(pages=2) for row in rows]
    rows = [row for rows, _ in pages for row in rows]
    assert [row for row in rows if row in good] == good
    assert any(not isinstance(row, list) or len(row) != 7 for row in rows)
    assert any("20200000241623" in row for row in rows if isinstance(row, list))


def test_a_wrong_digest_in_the_listing() -> None:
    archive = small_archive()
    trouble = Trouble(Kind.WRONG_DIGEST, original=archive.rows[0].original, timestamp=THIRD)
    with client_of(StandIn(archive, [trouble])) as client:
        rows, _ = client.rows("hkcnews.com/article/*")
        assert [row[5] == held.digest for row, held in zip(rows, archive.rows, strict=True)] == [
            True,
            True,
            False,
            True,
        ]
        assert sha1(client.get(f"/web/{THIRD}id_/{archive.rows[2].original}").body) == archive.rows[2].digest


def test_a_listing_interrupted_goes_on_where_it_was() -> None:
    with client_of(StandIn(small_archive(), [Trouble(Kind.ERROR, on=Endpoint.CDX, first=2, times=1)])) as client:
        first, key = client.rows("hkcnews.com/article/", **BULK)
        assert client.cdx("hkcnews.com/article/", **BULK | {"resumeKey": key}).status == 503
        second, end = client.rows("hkcnews.com/article/", **BULK | {"resumeKey": key})
        assert (len(first + second), end) == (4, "")


def test_a_scripted_429_is_a_warning_too() -> None:
    now = [0.0]
    standin = StandIn(small_archive(), [Trouble(Kind.LIMIT)], limits=Limits(grace=5, ban=60), clock=lambda: now[0])
    with client_of(standin) as client:
        for now[0] in (0.0, 2.0, 4.0):
            assert client.get(FERRY).status == 429
        now[0] = 5.5
        with pytest.raises(ConnectionError):
            client.get(FERRY)
        assert standin.requests[-1].trouble == "banned"
