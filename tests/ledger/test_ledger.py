"""The ledger: listings page by page, captures, what is settled, what is due again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.ledger import ArticleRow, Found, Ledger, State
from crawler.ledger.ledger import VersionRow
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage
from tests.pages import address

A, B, C = "A" * 32, "B" * 32, "C" * 32
FIRST, SECOND, THIRD = "20190301000000", "20200801000000", "20210712013906"
MOMENT = "2026-11-22T10:00:00Z"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(
        tmp_path / "ledger.sqlite", "https://archive.example", now=lambda: datetime(2026, 11, 22, 10, tzinfo=UTC)
    ) as opened:
        yield opened


def capture(number: int, timestamp: str = "20210712000000", digest: str = A, slug: str = "") -> Capture:
    return Capture(
        urlkey="k",
        timestamp=timestamp,
        original=address(number, slug),
        mimetype="text/html",
        statuscode="200",
        digest=digest,
        length="9",
    )


def list_all(ledger: Ledger, *captures: tuple[int, Capture], key: str | None = None) -> int:
    listing, _ = ledger.open_listing("all")
    return ledger.add_page(listing, "http://here", captures, 0, CdxPage(resume_key=key))


# Listings


def test_a_listing_goes_on_after_its_last_whole_page_until_it_is_whole(ledger: Ledger) -> None:
    listing, key = ledger.open_listing("all")
    assert key is None
    assert (
        ledger.add_page(
            listing,
            "s",
            [(1, capture(1)), (1, capture(1, slug="/x"))],
            3,
            CdxPage(resume_key="k1", rejected=("no capture",) * 2, duplicates=1),
        )
        == 2
    )
    assert ledger.open_listing("all") == (listing, "k1")
    assert ledger.open_listing("other") != (listing, "k1")
    assert ledger.listed_whole("all") is None
    assert ledger.add_page(listing, "s", [(1, capture(1)), (2, capture(2))], 0, CdxPage()) == 1
    assert ledger.listed_whole("all") == MOMENT
    assert ledger.listing_keys(listing) == {"k1"}
    assert ledger.open_listing("all")[1] is None
    assert ledger.open_listing("all")[0] != listing


def test_totals_are_those_of_the_newest_listing_of_each_query(ledger: Ledger) -> None:
    for _ in range(2):
        listing, _ = ledger.open_listing("all")
        ledger.add_page(listing, "s", [(1, capture(1))], 3, CdxPage(rejected=("no capture",) * 2, duplicates=1))
    other, _ = ledger.open_listing("other")
    ledger.add_page(other, "s", [], 10, CdxPage())
    assert ledger.listing_totals() == {"rows": 14, "ignored": 13, "rejected": 2, "duplicates": 1}


def test_an_abandoned_listing_is_neither_whole_nor_gone_on_with(ledger: Ledger) -> None:
    listing, _ = ledger.open_listing("all")
    ledger.add_page(listing, "s", [(1, capture(1))], 0, CdxPage(resume_key="k1"))
    ledger.drop_listing(listing)
    assert ledger.listed_whole("all") is None
    assert ledger.open_listing("all")[1] is None
    assert [row.capture for row in ledger.captures(1)] == [capture(1)]


def test_a_page_is_journaled_whole_or_not_at_all(ledger: Ledger) -> None:
    listing, _ = ledger.open_listing("all")
    ledger.add_page(listing, "s", [(1, capture(1))], 0, CdxPage(resume_key="k1"))
    with pytest.raises(sqlite3.Error):  # at the last statement, after the captures were written
        ledger.add_page(listing, "s", [(2, capture(2))], 0, CdxPage(duplicates=object()))  # type: ignore[arg-type]
    assert ledger.open_listing("all") == (listing, "k1")
    assert ledger.due() == [1]


# Captures


def test_a_capture_keeps_what_the_archive_said_and_what_was_learnt(ledger: Ledger) -> None:
    list_all(ledger, (7, capture(7)))
    (row,) = ledger.captures(7)
    assert (row.capture, row.source, row.verdict, row.warc, row.status) == (capture(7), "http://here", "", "", 0)
    ledger.note(
        row.id,
        answer="capture",
        status=200,
        digest_result="match",
        verdict="article",
        because="so",
        served_timestamp="20210712000000",
        served_original=address(7),
        coding="br",
        warc="x.warc.gz",
        warc_offset=5,
        warc_length=9,
    )
    (row,) = ledger.captures(7)
    assert (row.answer, row.status, row.digest_result, row.verdict, row.because) == (
        "capture",
        200,
        "match",
        "article",
        "so",
    )
    assert (row.served_timestamp, row.served_original, row.coding) == ("20210712000000", address(7), "br")
    assert (row.warc, row.warc_offset, row.warc_length) == ("x.warc.gz", 5, 9)


def test_a_capture_found_on_the_way_is_added_once(ledger: Ledger) -> None:
    list_all(ledger, (7, capture(7)))
    found = Capture(timestamp="20200101000000", original=address(7))
    added = ledger.add_capture(7, found, "http://here", Found.JUMP)
    assert added is not None
    assert added == ledger.captures(7)[1]
    assert ledger.add_capture(7, found, "http://here", Found.JUMP) is None
    assert ledger.add_capture(7, capture(7), "http://here", Found.JUMP) is None


def test_a_digest_under_several_articles_is_shared_unless_it_is_none(ledger: Ledger) -> None:
    for slug, digest in (("", A), ("/none", "-"), ("/empty", "")):
        list_all(ledger, *[(number, capture(number, digest=digest, slug=slug)) for number in (1, 2, 3)])
    list_all(ledger, (1, capture(1, digest=B, slug="/x")))
    assert ledger.shared_digests(3) == {A}
    assert ledger.shared_digests(4) == set()


def test_only_verdicts_on_the_very_bytes_of_a_digest_are_carried(ledger: Ledger) -> None:
    learnt: dict[str, dict[str, str | int]] = {
        "A": {"verdict": "farewell", "digest_result": "match"},
        "B": {"verdict": "farewell", "digest_result": "match", "status": 200},
        "C": {"verdict": "farewell", "digest_result": "match after decoding"},
        "D": {"verdict": "not_found", "digest_result": "match", "status": 404},
        "E": {"verdict": "farewell", "digest_result": "mismatch"},
        "F": {"verdict": "cut_off", "digest_result": "match"},
        "G": {"verdict": "farewell", "digest_result": "match", "served_original": address(1, "/other")},
    }
    for number, (letter, told) in enumerate(learnt.items(), 1):
        list_all(ledger, (number, capture(number, digest=letter * 32)))
        served: dict[str, str | int] = {
            "served_timestamp": "20210712000000",
            "served_original": address(number),
            "because": "titled so",
        }
        ledger.note(ledger.captures(number)[0].id, **{**served, **told})
    carried = ledger.digest_verdicts(["farewell", "blank", "not_found"])
    assert carried == {letter * 32: ("farewell", "titled so") for letter in "ABC"}


# Articles


def test_settling_and_what_is_due(ledger: Ledger) -> None:
    list_all(ledger, *[(number, capture(number)) for number in (4, 1, 3, 2)])
    assert ledger.due() == [1, 2, 3, 4]
    ledger.settle(
        ArticleRow(1, State.RECOVERED, capture=1, file="articles/a.md", sha256="f", faults=("“x”",)), 1, {"title": "h1"}
    )
    ledger.settle(ArticleRow(2, State.UNRECOVERABLE, reason="farewell"), 1)
    ledger.settle(ArticleRow(3, State.WAITING, reason="timeout"), 1)
    assert ledger.due() == [4, 3], "what waits comes last"
    assert ledger.due({4, 1}) == [4]
    assert ledger.counts() == {
        State.LISTED: 1,
        State.WAITING: 1,
        State.RECOVERED: 1,
        State.UNRECOVERABLE: 1,
        State.ADOPTED: 0,
    }
    row = ledger.article(1)
    assert row is not None
    assert (row.state, row.file, row.sha256, row.faults) == (State.RECOVERED, "articles/a.md", "f", ("“x”",))
    assert [found.id for found in ledger.articles(State.UNRECOVERABLE, State.WAITING)] == [2, 3]
    assert ledger.article(99) is None


def test_reasons_come_most_frequent_first(ledger: Ledger) -> None:
    list_all(ledger, *[(number, capture(number)) for number in (1, 2, 3)])
    for number, reason in ((1, "blank"), (2, "farewell"), (3, "farewell")):
        ledger.settle(ArticleRow(number, State.UNRECOVERABLE, reason=reason), 1)
    assert list(ledger.reasons(State.UNRECOVERABLE).items()) == [("farewell", 2), ("blank", 1)]


def test_an_article_given_up_is_due_again_when_a_new_capture_is_listed(ledger: Ledger) -> None:
    nothing_new, another_listed, newer, another_spelling = 1, 2, 3, 4
    for number in (nothing_new, another_listed, newer, another_spelling):
        list_all(ledger, (number, capture(number)))
        ledger.note(ledger.captures(number)[0].id, answer="capture", verdict="farewell")
        ledger.settle(ArticleRow(number, State.UNRECOVERABLE, reason="farewell"), 1)
    list_all(
        ledger,
        (nothing_new, capture(nothing_new)),
        (9, capture(9)),
        (newer, capture(newer, "20220101000000", B)),
        (another_spelling, capture(another_spelling, slug="/x")),
    )
    assert [row.id for row in ledger.articles(State.LISTED)] == [newer, another_spelling, 9]
    assert [row.id for row in ledger.articles(State.UNRECOVERABLE)] == [nothing_new, another_listed]


def test_a_recovered_article_stays_so_when_a_new_capture_is_listed(ledger: Ledger) -> None:
    list_all(ledger, (1, capture(1)))
    ledger.settle(ArticleRow(1, State.RECOVERED, capture=1), 1)
    list_all(ledger, (1, capture(1, "20220101000000", B)))
    assert ledger.due() == []


def test_again_forgets_judgements_but_not_the_store(ledger: Ledger) -> None:
    list_all(ledger, (1, capture(1)), (2, capture(2)), (3, capture(3)))
    for number in (1, 2):
        ledger.note(
            ledger.captures(number)[0].id, answer="capture", verdict="article", digest_result="match", warc="x.warc.gz"
        )
        ledger.settle(ArticleRow(number, State.RECOVERED, capture=number), 1)
    ledger.settle(ArticleRow(3, State.UNRECOVERABLE, reason="blank"), 1)
    assert ledger.retry([1, 3, 77]) == [1]
    assert ledger.due() == [3]
    (row,) = ledger.captures(1)
    assert (row.verdict, row.answer, row.warc, row.digest_result) == ("", "", "x.warc.gz", "match")
    assert ledger.captures(2)[0].verdict == "article"


def test_only_what_this_run_could_not_read_is_reopened(ledger: Ledger) -> None:
    list_all(ledger, *[(number, capture(number)) for number in (1, 2, 3, 4)])
    for number, verdict, run in (
        (1, "unknown_layout", 2),
        (2, "unknown_layout", 1),
        (3, "farewell", 2),
        (4, "extraction_failed", 2),
    ):
        ledger.note(ledger.captures(number)[0].id, verdict=verdict)
        ledger.settle(ArticleRow(number, State.UNRECOVERABLE, reason=verdict), run)
    ledger.reopen_unread(2)
    assert ledger.due() == [1, 4]
    assert [ledger.captures(number)[0].verdict for number in (1, 2, 3, 4)] == ["", "unknown_layout", "farewell", ""]


# Transactions and runs


def test_a_batch_is_written_whole_or_not_at_all(ledger: Ledger) -> None:
    list_all(ledger, (1, capture(1)))

    def torn() -> None:
        with ledger.batch():
            ledger.settle(ArticleRow(1, State.RECOVERED), 1)
            with ledger.batch():
                ledger.set_meta("x", "1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        torn()
    assert ledger.due() == [1]
    assert ledger.meta("x") is None


def test_a_trial_is_seen_inside_and_undone(ledger: Ledger) -> None:
    list_all(ledger, (1, capture(1)))
    ledger.settle(ArticleRow(1, State.UNRECOVERABLE), 1)
    with ledger.trial():
        ledger.retry([1])
        assert ledger.due() == [1]
    assert ledger.due() == []
    with pytest.raises(ZeroDivisionError), ledger.trial():
        raise ZeroDivisionError


def test_what_another_process_reads_is_committed(ledger: Ledger) -> None:
    run = ledger.begin_run({"ids": "1"}, "0.1.0")
    list_all(ledger, (1, capture(1)))
    ledger.attempt(run, ledger.captures(1)[0].id, "timeout", "90 s")
    ledger.end_run(run, 3, "some wait")
    with Ledger(ledger.path) as other:
        assert other.due() == [1]


# What files refer to


def recover(ledger: Ledger, *articles: int) -> None:
    ledger.adopt(articles, "elsewhere")  # a way to have articles without a listing
    for article in articles:
        ledger.settle(ArticleRow(article, State.RECOVERED), 1)


def there(url: str) -> bool:
    return url.endswith("there.jpg")


def test_misled_files(ledger: Ledger) -> None:
    recover(ledger, 1, 2)
    ledger.adopt([3], "elsewhere")
    ledger.note_references(2, {1: True}, {"there.jpg": True})
    cases: list[tuple[dict[int, bool], dict[str, bool], list[int]]] = [
        ({}, {}, []),
        ({1: True, 2: True, 3: False, 9: False}, {"there.jpg": True, "gone.jpg": False}, []),
        ({2: False}, {}, [1]),
        ({3: True}, {}, [1]),
        ({9: True}, {}, [1]),
        ({}, {"there.jpg": False}, [1]),
        ({}, {"gone.jpg": True}, [1]),
    ]
    for articles, pictures, misled in cases:
        ledger.note_references(1, articles, pictures)
        assert ledger.articles_with_stale_links(there) == misled
        ledger.note_references(1, {}, {})
        assert ledger.articles_with_stale_links(there) == []


def test_files_are_misled_by_what_comes_and_goes_and_only_those_that_are_there(ledger: Ledger) -> None:
    recover(ledger, 1, 2)
    ledger.adopt([3], "elsewhere")
    ledger.note_references(1, {3: False}, {})
    ledger.note_references(2, {1: True}, {})
    ledger.settle(ArticleRow(3, State.RECOVERED), 1)
    ledger.note_references(3, {1: False}, {})
    assert ledger.articles_with_stale_links(there) == [1, 3]
    ledger.reopen([3, 1])
    assert ledger.articles_with_stale_links(there) == [2]
    ledger.forget_references()
    assert ledger.articles_with_stale_links(there) == []


def test_a_file_written_anew_keeps_all_but_its_hash(ledger: Ledger) -> None:
    ledger.adopt([1], "elsewhere")
    ledger.settle(ArticleRow(1, State.RECOVERED, file="a.md", sha256="ab", faults=("one",)), 1)
    ledger.rewritten(1, "cd")
    row = ledger.article(1)
    assert row is not None
    assert (row.sha256, row.file, row.faults, row.state) == ("cd", "a.md", ("one",), State.RECOVERED)


# Versions


def row(article: int, timestamp: str, sha256: str, capture: int) -> VersionRow:
    return VersionRow(article, timestamp, f"https://www.hkcnews.com/article/{article}", sha256, capture)


def note(ledger: Ledger, *rows: VersionRow) -> None:
    for one in rows:
        ledger.note_version(one)


def test_versions_come_earliest_first_and_lowest_article_first(ledger: Ledger) -> None:
    rows = [row(7, SECOND, "b", 3), row(5, THIRD, "a", 2), row(5, FIRST, "a", 1)]
    note(ledger, *rows)
    assert ledger.versions(5) == [rows[2], rows[1]]
    assert ledger.versions(6) == []
    assert list(ledger.all_versions()) == [rows[2], rows[1], rows[0]]


def test_a_capture_that_is_extracted_again_has_one_version(ledger: Ledger) -> None:
    note(ledger, row(5, FIRST, "a", 1), row(5, FIRST, "b", 1))
    assert ledger.versions(5) == [row(5, FIRST, "b", 1)]


def test_counts_are_of_different_texts(ledger: Ledger) -> None:
    note(ledger, row(5, FIRST, "a", 1), row(5, SECOND, "a", 2), row(5, THIRD, "b", 3), row(7, FIRST, "a", 4))
    assert ledger.version_counts() == {5: 2, 7: 1}


def test_captures_extracted_anew_lose_the_versions_that_they_are_no_more_and_others_keep_theirs(ledger: Ledger) -> None:
    note(ledger, row(5, FIRST, "a", 1), row(5, SECOND, "b", 2), row(5, THIRD, "c", 3))
    ledger.renew_versions(5, (1, 2), (row(5, SECOND, "B", 2),))
    assert ledger.versions(5) == [row(5, SECOND, "B", 2), row(5, THIRD, "c", 3)]
