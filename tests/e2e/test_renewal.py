"""`scrapy recover` on a tree that is there: what is new, what is better, and what a changed extractor makes otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler import extractor
from crawler.ending import Status
from crawler.ledger import Ledger
from tests.e2e.crawling import crawl
from tests.e2e.test_recover import last, records, recover
from tests.pages import FAREWELL, address, article
from tests.standin import Archive, StandIn

WHEN, LATER = "20210712013906", "20211231000000"
LONG = {"LISTING_OVERLAP_DAYS": "36000"}
"""Reaches back to the captures of these tests, whose listing is of today."""
CORRECTED = article(1, "燈塔改正了昨晚的時間。")


def archive_of_two() -> Archive:
    archive = Archive()
    for number in (1, 2):
        archive.add(address(number), WHEN, article(number))
    return archive


def text_of(output: Path, number: int) -> str:
    return (output / "articles" / "1-1000" / f"article_{number}.md").read_text("utf-8")


def test_what_is_new_and_what_is_better_is_taken_and_only_what_came_since_is_listed(tmp_path: Path) -> None:
    archive = archive_of_two()
    with StandIn(archive) as standin:
        assert recover(standin, tmp_path, None, **LONG).status == Status.DONE
        archive.add(address(1), LATER, CORRECTED)
        archive.add(address(2), LATER, FAREWELL)
        archive.add(address(3), LATER, article(3))
        unchanged = text_of(tmp_path, 2)
        standin.reset()
        second = recover(standin, tmp_path, None, **LONG)
        assert all("from=" in request.target for request in standin.cdx_requests())
        asked = sorted((request.timestamp, request.original) for request in standin.playback_requests())
        assert asked == [(LATER, address(number)) for number in (1, 2, 3)]
        standin.reset()
        third = recover(standin, tmp_path, None, **LONG)
        assert standin.playback_requests() == []
    assert second.status == Status.DONE, second.err
    assert "2 recovered articles have a capture that may be better: 1, 2" in second.err
    assert "改正" in text_of(tmp_path, 1)
    assert text_of(tmp_path, 2) == unchanged
    assert third.status == Status.DONE, third.err
    assert last(third)["improved"] == 0


@pytest.mark.heavy
def test_the_record_tells_what_became_better(tmp_path: Path) -> None:
    archive = archive_of_two()
    with StandIn(archive) as standin:
        recover(standin, tmp_path)
        archive.add(address(1), LATER, CORRECTED)
        ended = recover(standin, tmp_path, None, **LONG)
    told = last(ended)
    assert (told["due"], told["recovered"], told["improved"], told["given_up"], told["listing"]["new"]) == (0, 0, 1, 0, 1)


def test_a_changed_extractor_has_files_written_anew_without_a_request(tmp_path: Path) -> None:
    with StandIn(archive_of_two()) as standin:
        crawl(standin, tmp_path)
        right = text_of(tmp_path, 1)
        of_old = tmp_path / "articles" / "1-1000" / "article_1.md"
        of_old.write_text(right.replace("燈塔今晚亮起", "灯塔今晚亮起"), "utf-8")  # as another extractor had written it
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            assert extractor.is_present(ledger)
            ledger.set_meta(extractor.KEY, "another")
        standin.reset()
        renewed = recover(standin, tmp_path)
        assert standin.playback_requests() == []
        again = recover(standin, tmp_path)
    assert renewed.status == Status.DONE, renewed.err
    assert "the extractor has changed since the files were written" in renewed.err
    assert text_of(tmp_path, 1) == right
    assert "the extractor has changed" not in again.err
    assert [record["rewritten"] for record in records(tmp_path)] == [0, 1, 0]
