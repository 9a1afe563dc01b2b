"""Listing against the stand-in's index: every trouble it can have, and going on after a break."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.ledger import Ledger
from crawler.recovery.listing import Listing, ListingEnd, ListingRequest, prefixes
from crawler.wayback.archive import WebArchive, pywb_archive, wayback_archive
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage, read_reply
from tests.pages import address, article
from tests.standin import Archive, Endpoint, Kind, Limits, Logged, Trouble
from tests.standin import Listing as Server
from tests.standin.answer import Delivery
from tests.standin.desk import Desk
from tests.standin.police import Police
from tests.standin.troubles import Script
from tests.standin.wire import Request

WAITS = (2.0, 5.0, 15.0)
ROWS = 3
MACHINE = wayback_archive("http://here", "http://here/web")
COLLECTION = pywb_archive("http://there/coll")
NAME = '["wayback", "hkcnews.com/article/", "prefix", 3]'


@dataclass
class Index:
    """The stand-in's index without a socket; `asked` is each question as it was sent, `waited` the wait before it."""

    archive: Archive
    troubles: Sequence[Trouble] = ()
    server: Server = field(default_factory=Server)
    asked: list[dict[str, str]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._desk = Desk(self.archive, Script(self.troubles), Police(Limits()), self.server)

    def answer(self, listing: Listing, question: ListingRequest) -> None:
        """Ask as the spider does."""
        url = MACHINE.listing_url(question.query, question.resume_key)
        target = url.removeprefix(MACHINE.address)
        self.asked.append({name: values[0] for name, values in parse_qs(urlsplit(url).query).items()})
        self.waited.append(question.after)
        headers = {"user-agent": "test"}
        logged = Logged(len(self.asked), 0.0, Endpoint.CDX, "GET", target, 1, headers)
        sent = self._desk.answer(Request("GET", target, headers, keep_alive=True), logged, 0.0)
        if sent.delivery is Delivery.WHOLE:
            listing.answered(MACHINE.read_listing(sent.status, dict(sent.headers), sent.body))
        else:
            listing.failed("cut off")

    def run(self, listing: Listing, most: int | None = None) -> Listing:
        """Ask until the listing ends, or `most` questions, as if killed then."""
        while (most is None or len(self.asked) < most) and (question := listing.next_question()) is not None:
            self.answer(listing, question)
        return listing


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example") as opened:
        yield opened


def small_archive(ids: Collection[int] = range(10, 20)) -> Archive:
    """One capture of each article."""
    archive = Archive()
    for number in ids:
        archive.add(address(number), "20210712000000", article(number))
    return archive


def new(ledger: Ledger, ids: Collection[int] | None = None, site: WebArchive = MACHINE) -> Listing:
    return Listing(ledger, ids, ROWS, site.name, WAITS)


def listed(ledger: Ledger) -> list[int]:
    return [row.id for row in ledger.articles()]


def test_the_whole_site_is_one_unfiltered_prefix_query_page_by_page(ledger: Ledger) -> None:
    index = Index(small_archive())
    listing = index.run(new(ledger))
    assert listing.end is ListingEnd.WHOLE
    assert (len(index.asked), listing.rows, listing.new) == (4, 10, 10)
    assert listed(ledger) == list(range(10, 20))
    first, *others = index.asked
    fields = "urlkey,timestamp,original,mimetype,statuscode,digest,length"
    assert first == {
        "url": "hkcnews.com/article/",
        "matchType": "prefix",
        "output": "json",
        "fl": fields,
        "limit": "3",
        "showResumeKey": "true",
    }
    assert all(question == {**first, "resumeKey": question["resumeKey"]} for question in others)
    assert index.waited == [0.0] * 4


ON_THE_SECOND_PAGE = {
    "html with status 200": Trouble(Kind.HTML, first=2),
    "json cut off": Trouble(Kind.CUT_JSON, first=2),
    "body cut off": Trouble(Kind.CUT, Endpoint.CDX, first=2),
    "outage page with 200": Trouble(Kind.OUTAGE, Endpoint.CDX, status=200, first=2),
    "502": Trouble(Kind.ERROR, Endpoint.CDX, status=502, first=2),
    "the key sent comes back": Trouble(Kind.REPEAT_KEY, first=2),
}


@pytest.mark.parametrize("trouble", ON_THE_SECOND_PAGE.values(), ids=ON_THE_SECOND_PAGE)
def test_a_page_that_does_not_count_is_asked_for_again_and_if_it_stays_so_by_the_next_run(
    tmp_path: Path, trouble: Trouble
) -> None:
    with Ledger(tmp_path / "once.sqlite") as ledger:
        once = Index(small_archive(), [replace(trouble, times=1)])
        listing = once.run(new(ledger))
        assert (listing.end, listed(ledger)) == (ListingEnd.WHOLE, list(range(10, 20)))
        assert (listing.rows, listing.new) == (10, 10)
        assert once.asked[2] == once.asked[1]
        assert once.waited == [0.0, 0.0, 2.0, 0.0, 0.0]
    with Ledger(tmp_path / "always.sqlite") as ledger:
        always = Index(small_archive(), [trouble])
        listing = always.run(new(ledger))
        assert listing.end is ListingEnd.INCOMPLETE
        assert listing.trouble
        assert always.waited == [0.0, 0.0, *WAITS]
        assert listed(ledger) == list(range(10, 10 + ROWS))
        again = Index(small_archive())
        assert again.run(new(ledger)).end is ListingEnd.WHOLE
        assert again.asked[0] == always.asked[1]
        assert listed(ledger) == list(range(10, 20))


def test_waits_start_anew_after_a_page_that_counts(ledger: Ledger) -> None:
    index = Index(small_archive(), [Trouble(Kind.HTML, first=1, times=2), Trouble(Kind.CUT_JSON, first=4, times=1)])
    index.run(new(ledger))
    assert index.waited == [0.0, 2.0, 5.0, 0.0, 2.0, 0.0, 0.0]


@pytest.mark.parametrize("pages", [1, 3])
def test_a_listing_that_was_killed_goes_on_after_its_last_whole_page(ledger: Ledger, pages: int) -> None:
    archive = small_archive()
    killed = Index(archive)
    killed.run(new(ledger), most=pages)
    assert ledger.listed_whole(NAME[:-1]) is None
    resumed = Index(archive)
    listing = resumed.run(new(ledger))
    assert listing.end is ListingEnd.WHOLE
    assert len(killed.asked) + len(resumed.asked) == 4
    assert "resumeKey" in resumed.asked[0]
    assert listed(ledger) == list(range(10, 20))
    assert ledger.listed_whole(NAME[:-1]) is not None


def test_after_a_whole_listing_the_next_one_begins_anew_and_finds_what_came_since(ledger: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(new(ledger))
    archive.add(address(14, "/a"), "20211231000000", article(14))
    index = Index(archive)
    assert index.run(new(ledger)).new == 1
    assert "resumeKey" not in index.asked[0]
    assert len(ledger.captures(14)) == 2


def test_a_stale_key_begins_the_listing_anew_once(ledger: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(new(ledger), most=2)
    listing_id, key = ledger.open_listing(NAME)
    assert key is not None
    ledger.add_page(listing_id, "s", [], 0, CdxPage(resume_key="stale"))
    index = Index(archive)
    listing = index.run(new(ledger))
    assert (listing.end, listed(ledger)) == (ListingEnd.WHOLE, list(range(10, 20)))
    assert index.asked[0]["resumeKey"] == "stale"
    assert "resumeKey" not in index.asked[1]


def test_a_question_that_is_refused_without_a_key_is_not_asked_for_ever(ledger: Ledger) -> None:
    listing = new(ledger)
    asked = 0
    while listing.next_question() is not None:
        asked += 1
        listing.answered(read_reply(400, {}, b"Bad Request"))
    assert (listing.end, asked) == (ListingEnd.INCOMPLETE, 1 + len(WAITS))


def test_an_empty_page_with_a_key_is_gone_on_from(ledger: Ledger) -> None:
    index = Index(
        small_archive(), [Trouble(Kind.EMPTY_PAGE, first=1, times=1), Trouble(Kind.EMPTY_PAGE, first=3, times=1)]
    )
    listing = index.run(new(ledger))
    assert (listing.end, listed(ledger)) == (ListingEnd.WHOLE, list(range(10, 20)))
    assert (len(index.asked), listing.rows, listing.new) == (6, 10, 10)


def test_empty_pages_for_ever_are_a_circle(ledger: Ledger) -> None:
    listing = Index(small_archive(), [Trouble(Kind.EMPTY_PAGE)]).run(new(ledger))
    assert listing.end is ListingEnd.INCOMPLETE
    assert "circle" in listing.trouble


def test_a_key_that_leads_back_is_followed_once_and_then_is_a_circle(ledger: Ledger) -> None:
    once = Index(small_archive(), [Trouble(Kind.REPEAT_KEY, value="cycle", first=3, times=1)])
    assert once.run(new(ledger)).end is ListingEnd.WHOLE
    assert listed(ledger) == list(range(10, 20))
    always = Index(small_archive(), [Trouble(Kind.REPEAT_KEY, value="cycle", first=3)])
    listing = always.run(new(ledger))
    assert listing.end is ListingEnd.INCOMPLETE
    assert "circle" in listing.trouble
    assert len(always.asked) == 4 + len(WAITS)


def test_no_capture_at_all_is_a_whole_listing(ledger: Ledger) -> None:
    listing = Index(Archive()).run(new(ledger))
    assert (listing.end, listing.rows) == (ListingEnd.WHOLE, 0)


def test_repeated_rows_and_garbage_cost_only_themselves(ledger: Ledger) -> None:
    troubles = [Trouble(Kind.DUPLICATES, first=2, times=1), Trouble(Kind.GARBAGE, first=3, times=1)]
    listing = Index(small_archive(), troubles).run(new(ledger))
    assert (listing.end, listed(ledger)) == (ListingEnd.WHOLE, list(range(10, 20)))
    assert listing.new == 10
    totals = ledger.listing_totals()
    assert totals["duplicates"] == 1
    assert totals["rejected"] == 8
    assert totals["ignored"] == 2


def test_rows_that_are_no_articles_are_ignored_and_counted(ledger: Ledger) -> None:
    archive = small_archive([10])
    for junk in ("", "abc", "123456789", "12x/slug", "../news", "%E7%87%88"):
        archive.add(f"https://www.hkcnews.com/article/{junk}", "20210101000000", b"<html></html>")
    archive.add("http://hkcnews.com:80/article/10/%EF%BF%BD-10054/x?fbclid=1", "20210101000000", article(10))
    index = Index(archive)
    assert index.run(new(ledger)).end is ListingEnd.WHOLE
    assert listed(ledger) == [10]
    assert len(ledger.captures(10)) == 2
    assert ledger.listing_totals()["ignored"] == 6


def test_a_site_whose_bulk_queries_need_authorization(ledger: Ledger) -> None:
    index = Index(small_archive(), [Trouble(Kind.AUTHORIZATION)])
    listing = index.run(new(ledger))
    assert listing.end is ListingEnd.NOT_AUTHORISED
    assert "requires authorization" in listing.trouble
    assert len(index.asked) == 1


def test_ids_are_then_asked_for_one_by_one_by_their_exact_address(ledger: Ledger) -> None:
    index = Index(small_archive(), [Trouble(Kind.AUTHORIZATION)])
    listing = index.run(new(ledger, {11, 15, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009}))
    assert (listing.end, listing.exact_only) == (ListingEnd.WHOLE, True)
    assert listed(ledger) == [11, 15]
    asked = [(question["url"], question["matchType"]) for question in index.asked]
    exact = [f"hkcnews.com/article/{number}" for number in (11, 15, *range(4000, 4010))]
    assert asked == [("hkcnews.com/article/11", "prefix"), *((address, "exact") for address in exact)]


def test_a_blocked_site_is_refused_even_for_ids(ledger: Ledger) -> None:
    for ids in (None, {11}):
        index = Index(small_archive(), [Trouble(Kind.BLOCKED)])
        listing = index.run(new(ledger, ids))
        assert listing.end is ListingEnd.REFUSED
        assert "blocked site" in listing.trouble
        assert len(index.asked) == 1


def test_a_plain_403_is_a_refusal(ledger: Ledger) -> None:
    listing = new(ledger)
    assert listing.next_question() is not None
    listing.answered(read_reply(403, {}, b"Forbidden"))
    assert (listing.end, listing.next_question()) == (ListingEnd.REFUSED, None)


def test_ids_that_were_not_asked_for_are_ignored(ledger: Ledger) -> None:
    index = Index(small_archive([1, 10, 11, 12, 100, 12345]))
    listing = index.run(new(ledger, {1, 12}))
    assert listing.end is ListingEnd.WHOLE
    assert listed(ledger) == [1, 12]
    assert [question["url"] for question in index.asked if "resumeKey" not in question] == ["hkcnews.com/article/1"]


def test_no_ids_are_no_questions(ledger: Ledger) -> None:
    listing = new(ledger, set())
    assert (listing.end, listing.next_question()) == (ListingEnd.WHOLE, None)


# A pywb answers whole, in lines


def lines(captures: Sequence[Capture]) -> bytes:
    """An index as pywb writes it."""
    rows = (
        {"urlkey": c.urlkey, "timestamp": c.timestamp, "url": c.original, "mime": "text/html", "status": "200"}
        for c in captures
    )
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def ask(listing: Listing, *bodies: bytes) -> list[str]:
    """Answer question after question of a pywb's listing; gives the addresses asked for."""
    asked = []
    for body in bodies:
        question = listing.next_question()
        assert question is not None
        asked.append(COLLECTION.listing_url(question.query, question.resume_key))
        listing.answered(COLLECTION.read_listing(200, {"Content-Type": "text/x-ndjson"}, body))
    return asked


def held(*ids: int) -> list[Capture]:
    return [Capture(urlkey="k", timestamp="20210712000000", original=address(number)) for number in ids]


def test_a_pywb_is_asked_once_and_answers_whole(ledger: Ledger) -> None:
    listing = new(ledger, site=COLLECTION)
    asked = ask(listing, lines([*held(*range(10, 20)), *held(10)]))
    assert asked == ["http://there/coll/cdx?url=hkcnews.com%2Farticle%2F&matchType=prefix&output=json"]
    assert (listing.end, listing.rows, listing.new) == (ListingEnd.WHOLE, 10, 10)
    assert listed(ledger) == list(range(10, 20))
    assert {row.source for row in ledger.captures(10)} == {COLLECTION.name}
    assert ledger.listing_totals()["duplicates"] == 1


def test_an_answer_of_a_pywb_that_was_cut_is_asked_for_again(ledger: Ledger) -> None:
    listing = new(ledger, site=COLLECTION)
    whole = lines(held(10, 11))
    first, second = ask(listing, whole[:-5], whole)
    assert first == second
    assert (listing.end, listed(ledger)) == (ListingEnd.WHOLE, [10, 11])


def test_a_pywb_that_holds_nothing_is_listed_whole(ledger: Ledger) -> None:
    listing = new(ledger, {10, 200}, COLLECTION)
    assert len(ask(listing, b"", b"")) == 2
    assert (listing.end, listed(ledger)) == (ListingEnd.WHOLE, [])


def test_each_archive_goes_on_from_its_own_place(ledger: Ledger) -> None:
    Index(small_archive()).run(new(ledger), most=2)
    other = new(ledger, site=COLLECTION)
    ask(other, lines(held(30)))
    assert other.end is ListingEnd.WHOLE
    rest = Index(small_archive())
    assert rest.run(new(ledger)).end is ListingEnd.WHOLE
    assert "resumeKey" in rest.asked[0]
    assert listed(ledger) == [*range(10, 20), 30]


def test_prefixes() -> None:
    wanted: dict[tuple[int, ...], list[str]] = {
        (33951,): ["33951"],
        (*range(4000, 4010),): ["400"],
        (*range(4000, 4011),): ["400", "4010"],
        (*range(40000, 40100),): ["400"],
        (*range(40000, 40101),): ["400", "40100"],
        (1, 15, 200): ["1", "200"],
        (*range(1, 10),): list("123456789"),
        (*range(10, 20),): ["1"],
    }
    assert {ids: prefixes(ids) for ids in wanted} == wanted


def _is_whole(prefix: str, ids: Collection[int]) -> bool:
    """Whether a prefix is an id, or stands for ten beginnings that are whole."""
    return int(prefix) in ids or (len(prefix) < 6 and all(_is_whole(f"{prefix}{digit}", ids) for digit in range(10)))


@given(
    st.sets(st.integers(1, 99_999), max_size=60).flatmap(
        lambda some: st.integers(0, 990).map(lambda tens: some | set(range(max(1, tens * 10), tens * 10 + 40)))
    )
)
def test_prefixes_list_every_id_with_never_more_than_one_question_an_id(ids: set[int]) -> None:
    found = prefixes(ids)
    assert len(found) <= len(ids)
    assert len(set(found)) == len(found)
    for number in ids:
        assert sum(str(number).startswith(prefix) for prefix in found) == 1
    assert all(_is_whole(prefix, ids) for prefix in found)


def test_many_scattered_ids_are_one_listing_of_everything_and_all_of_it_is_kept(ledger: Ledger) -> None:
    index = Index(small_archive([3, 1500, 40000]))
    listing = index.run(new(ledger, ids=set(range(1, 2000, 7))))
    assert listing.end is ListingEnd.WHOLE
    assert {question["url"] for question in index.asked} == {"hkcnews.com/article/"}
    assert listed(ledger) == [3, 1500, 40000]


# What came since the last whole listing


def since(ledger: Ledger, days: int = 30, ids: Collection[int] | None = None) -> Listing:
    return Listing(ledger, ids, ROWS, "wayback", WAITS, days)


@pytest.fixture
def dated(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger whose clock is set by `dated_at`."""
    with Ledger(
        tmp_path / "ledger.sqlite", "https://archive.example", lambda: datetime.fromisoformat(dated_at[0])
    ) as made:
        dated_at[0] = "2022-01-31T12:00:00+00:00"
        yield made


dated_at = [""]


def test_the_first_listing_is_whole_and_the_next_asks_from_when_it_was_begun_less_the_overlap(dated: Ledger) -> None:
    archive = small_archive()
    first = Index(archive)
    first.run(since(dated), most=1)
    assert "from" not in first.asked[0]
    dated_at[0] = "2022-02-03T00:00:00+00:00"
    first.run(since(dated))
    archive.add(address(99), "20220102000000", article(99))
    archive.add(address(98), "20220101115959", article(98))
    second = Index(archive)
    assert second.run(since(dated)).end is ListingEnd.WHOLE
    assert {asked["from"] for asked in second.asked} == {"20220101120000"}
    assert 99 in listed(dated)
    assert 98 not in listed(dated)


def test_what_came_since_counts_as_whole_for_the_one_after(dated: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(since(dated))
    dated_at[0] = "2022-03-02T12:00:00+00:00"
    Index(archive).run(since(dated))
    third = Index(archive)
    third.run(since(dated, days=1))
    assert [asked["from"] for asked in third.asked] == ["20220301120000"]


def test_one_that_was_interrupted_goes_on_as_it_was(dated: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(since(dated))
    for number in range(30, 38):
        archive.add(address(number), "20220201000000", article(number))
    broken = Index(archive)
    broken.run(since(dated), most=1)
    dated_at[0] = "2022-05-01T00:00:00+00:00"
    resumed = Index(archive)
    assert resumed.run(since(dated)).end is ListingEnd.WHOLE
    assert "resumeKey" in resumed.asked[0]
    assert {asked["from"] for asked in broken.asked + resumed.asked} == {"20220101120000"}
    assert set(range(30, 38)) <= set(listed(dated))


def test_one_that_was_interrupted_before_another_was_whole_is_left(dated: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(since(dated))
    for number in range(30, 38):
        archive.add(address(number), "20220201000000", article(number))
    Index(archive).run(since(dated), most=1)
    dated_at[0] = "2022-05-01T00:00:00+00:00"
    Index(archive).run(new(dated))
    after = Index(archive)
    after.run(since(dated))
    assert [(asked["from"], "resumeKey" in asked) for asked in after.asked] == [("20220401000000", False)]


def test_a_whole_listing_that_was_interrupted_is_not_mistaken_for_one(dated: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(since(dated), most=2)
    resumed = Index(archive)
    resumed.run(since(dated))
    assert "resumeKey" in resumed.asked[0]
    assert all("from" not in asked for asked in resumed.asked)
    assert listed(dated) == list(range(10, 20))


def test_a_listing_of_all_stands_for_a_part_of_it_and_not_the_other_way_round(dated: Ledger) -> None:
    archive = small_archive()
    part = Index(archive)
    part.run(since(dated, ids=[12]))
    whole = Index(archive)
    whole.run(since(dated))
    again = Index(archive)
    again.run(since(dated, ids=[13]))
    assert ["from" in index.asked[0] for index in (part, whole, again)] == [False, False, True]


def test_without_an_overlap_everything_is_listed_each_time(dated: Ledger) -> None:
    archive = small_archive()
    for _ in range(2):
        index = Index(archive)
        index.run(since(dated, days=0))
        assert all("from" not in asked for asked in index.asked)


def test_totals_are_those_of_the_last_whole_listing(dated: Ledger) -> None:
    archive = small_archive()
    Index(archive).run(since(dated))
    before = dated.listing_totals()
    archive.add(address(99), "20220201000000", article(99))
    Index(archive).run(since(dated))
    assert dated.listing_totals() == before
