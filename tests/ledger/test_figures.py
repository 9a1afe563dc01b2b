"""The ledger on single runs: what one of them was answered, judged and settled, apart from all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.ledger import ArticleRow, Ledger, State
from crawler.ledger.rows import FieldCount
from crawler.wayback.cdx import CdxPage
from tests.recovering import capture

EVERYTHING = {"title": "markup h1", "date": "info line", "tags": "markup a"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    moments = (datetime(2026, 11, 22, 10, tzinfo=UTC) + timedelta(seconds=number) for number in range(10_000))
    with Ledger(tmp_path / "ledger.sqlite", "https://archive.example", now=lambda: next(moments)) as opened:
        listing, _ = opened.open_listing("all")
        rows = [(number, capture(number, "20210712000000", digest="A" * 32)) for number in range(1, 6)]
        opened.add_page(listing, "wayback", rows, 2, CdxPage(rejected=("no capture",)))
        yield opened


def test_a_run_has_its_times(ledger: Ledger) -> None:
    run = ledger.begin_run({}, "1")
    started, ended = ledger.run_times(run)
    assert started.startswith("2026-11-22T10:00:")
    assert ended == ""
    ledger.end_run(run, 0, "")
    assert ledger.run_times(run)[0] == started < ledger.run_times(run)[1]


def test_answers_verdicts_and_digests_are_of_one_run(ledger: Ledger) -> None:
    first, second = ledger.begin_run({}, "1"), ledger.begin_run({}, "1")
    for number, verdict in ((1, "article"), (2, "article"), (3, "farewell"), (4, None)):
        (row,) = ledger.captures(number)
        ledger.attempt(
            first if number == 1 else second, row.id, "outage page" if number == 4 else "capture", "HTTP 200"
        )
        if verdict:
            ledger.note(row.id, answer="capture", verdict=verdict, digest_result="match" if number < 3 else "mismatch")
    (row,) = ledger.captures(2)
    ledger.attempt(second, row.id, "capture", "HTTP 200")
    assert ledger.run_counts(second, "answer") == {"capture": 3, "outage page": 1}
    assert ledger.run_counts(second, "verdict") == {"article": 1, "farewell": 1}, (
        "a capture asked for twice is judged once"
    )
    assert ledger.run_counts(second, "digest_result") == {"match": 1, "mismatch": 1}
    assert ledger.run_counts(first, "answer") == {"capture": 1}
    assert not any(ledger.run_counts(99, column) for column in ("verdict", "answer", "digest_result"))


def test_fields_are_counted_of_this_run_and_of_the_earlier_ones(ledger: Ledger) -> None:
    first, second, third = (ledger.begin_run({}, "1") for _ in range(3))
    ledger.settle(ArticleRow(1, State.RECOVERED), first, EVERYTHING)
    ledger.settle(ArticleRow(2, State.RECOVERED), second, {"title": "markup h1"})
    ledger.settle(ArticleRow(3, State.RECOVERED), third, {"title": "markup h1", "date": "info line"})
    ledger.settle(ArticleRow(4, State.UNRECOVERABLE), third)
    ledger.adopt([5], "in a tree")
    names = ("title", "date", "tags")
    assert ledger.field_counts(third, names) == {
        "title": FieldCount(1, 0, 2, 0),
        "date": FieldCount(1, 0, 2, 1),
        "tags": FieldCount(1, 1, 2, 1),
    }
    assert ledger.field_counts(first, names)["tags"] == FieldCount(1, 0, 0, 0)
    assert ledger.settled_in_run(third, State.RECOVERED) == {3}
    assert ledger.settled_in_run(third, State.UNRECOVERABLE) == {4}


def test_what_listings_brought_since_then(ledger: Ledger) -> None:
    rows, newest = ledger.listed_so_far()
    assert (rows, ledger.listed_after(0), ledger.listed_after(newest)) == (7, 5, 0)
    listing, _ = ledger.open_listing("all")
    old = capture(1, "20210712000000", digest="A" * 32)
    new = capture(1, "20220101000000", digest="B" * 32)
    ledger.add_page(listing, "wayback", [(1, old), (1, new)], 0, CdxPage())
    assert ledger.listed_so_far()[0] - rows == 2
    assert ledger.listed_after(newest) == 1
