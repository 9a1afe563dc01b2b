"""`citizen-news recover` on a tree that is there: what is new, what is better, and what a changed extractor makes
otherwise."""

from __future__ import annotations

from pathlib import Path

from crawler.ledger import Ledger
from crawler.recovery import formats as extractor
from crawler.utils.exit_status import ExitStatus
from tests.e2e.test_recover import records, recover
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


def test_what_is_new_better_or_made_otherwise_by_now_is_taken_once_and_only_what_came_since_is_listed(
    tmp_path: Path,
) -> None:
    archive = archive_of_two()
    with StandIn(archive) as standin:
        assert recover(standin, tmp_path, None, **LONG).status == ExitStatus.DONE
        archive.add(address(1), LATER, CORRECTED)
        archive.add(address(2), LATER, FAREWELL)
        archive.add(address(3), LATER, article(3))
        right = text_of(tmp_path, 2)
        of_old = tmp_path / "articles" / "1-1000" / "article_2.md"
        of_old.write_text(right.replace("燈塔今晚亮起", "灯塔今晚亮起"), "utf-8")  # as another extractor had written it
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            assert extractor.is_current_extractor(ledger)
            ledger.set_meta(extractor.EXTRACTOR_KEY, "another")
        standin.reset()
        second = recover(standin, tmp_path, None, **LONG)
        assert all("from=" in request.target for request in standin.cdx_requests())
        asked = sorted((request.timestamp, request.original) for request in standin.playback_requests())
        assert asked == [(LATER, address(number)) for number in (1, 2, 3)]
        standin.reset()
        third = recover(standin, tmp_path, None, **LONG)
        assert standin.playback_requests() == []
    assert second.status == ExitStatus.DONE, second.err
    assert "the extractor has changed since the files were written" in second.err
    assert "2 recovered articles have a capture that may be better: 1, 2" in second.err
    assert "改正" in text_of(tmp_path, 1)
    assert text_of(tmp_path, 2) == right
    told = records(tmp_path)[1]
    assert (told["due"], told["recovered"], told["improved"], told["given_up"], told["listing"]["new"]) == (
        1,
        1,
        1,
        0,
        3,
    )
    assert third.status == ExitStatus.DONE, third.err
    assert "the extractor has changed" not in third.err
    assert [(record["rewritten"], record["improved"]) for record in records(tmp_path)] == [(0, 0), (1, 1), (0, 0)]
