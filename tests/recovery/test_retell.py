"""The versions of an article told anew from the store, and what is said of captures that it cannot be told from."""

from __future__ import annotations

from pathlib import Path

from crawler.hkcnews.extract import Extraction
from crawler.hkcnews.verdict import Judgement, Verdict
from crawler.ledger.ledger import VersionRow
from crawler.markdown.style import Style
from crawler.recovery.judge import ReadPage, read_page
from crawler.recovery.store import Store
from crawler.recovery.versions import MISMATCH, CaptureText, Version, versions_of
from crawler.warc.record import StoredCapture
from tests.pages import address, article
from tests.recovering import FIRST, SECOND, Bench, capture, memento

BEFORE, AFTER = article(5, "舊文字。"), article(5, "新文字。")
EARLY, LATE = capture(5, FIRST, BEFORE), capture(5, SECOND, AFTER)
GONE = VersionRow(5, "20180101000000", address(5), "0" * 64, 99)


def crawled(folder: Path) -> Bench:
    """Both captures are in the store; the file is from the later one."""
    bench = Bench(folder).lists(EARLY, LATE).serve({EARLY: memento(EARLY, BEFORE), LATE: memento(LATE, AFTER)})
    bench.run(until=FIRST[:4])
    bench.run(again=[5], since=SECOND[:4])
    assert bench.article(5).capture == bench.row(LATE).id
    return bench


def told(bench: Bench, reader: ReadPage = read_page) -> list[Version]:
    return versions_of(bench.ledger, Store(bench.folder / "warc"), bench.article(5), reader)


def tellings(bench: Bench, reader: ReadPage = read_page) -> list[CaptureText]:
    return [one for version in told(bench, reader) for one in version.captures]


def test_each_capture_with_its_text_as_the_ledger_noted_it(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    first, second = told(bench)
    assert (first.text, second.text) == ("燈塔日誌5\n第5日：舊文字。", "燈塔日誌5\n第5日：新文字。")
    assert (first.is_current, second.is_current) == (False, True)
    assert [first.sha256, second.sha256] == [row.sha256 for row in bench.ledger.versions(5)]


def test_what_the_ledger_has_not_noted_is_found_in_the_store(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    before = told(bench)
    bench.ledger.renew_versions(5, [row.id for row in bench.ledger.captures(5)], ())
    assert bench.ledger.versions(5) == []
    assert told(bench) == before


def test_a_capture_that_only_the_ledger_has_is_listed_by_its_digest(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    bench.ledger.note_version(GONE)
    first, *_ = told(bench)
    assert (first.sha256, first.text, first.is_current) == (GONE.sha256, None, False)
    assert first.captures[0].why == "no longer in the store"
    bench.lose_store()
    assert [one.why for one in tellings(bench)] == ["no longer in the store"] * 3
    assert not any(one.damaged for one in tellings(bench))


def test_a_capture_that_cannot_be_read_keeps_its_digest(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    before = [row.sha256 for row in bench.ledger.versions(5)]
    bench.tear_store()
    found = tellings(bench)
    assert [one.sha256 for one in found] == before
    assert all(one.damaged and one.why.startswith("it cannot be read: ") for one in found)


def test_a_page_that_is_too_much_now_is_said_to_be(tmp_path: Path) -> None:
    def failing(served: StoredCapture, article: int, style: Style) -> Extraction:
        return Extraction(Judgement(Verdict.EXTRACTION_FAILED, "it takes longer than 1 s"))

    bench = crawled(tmp_path)
    assert {one.why for one in tellings(bench, failing)} == {
        "this version of the software cannot extract it: it takes longer than 1 s"
    }
    bench.ledger.renew_versions(5, [row.id for row in bench.ledger.captures(5)], ())
    assert tellings(bench, failing) == []


def test_bytes_that_do_not_match_their_digest_are_told_of(tmp_path: Path) -> None:
    bench = crawled(tmp_path)
    bench.ledger.note(bench.row(EARLY).id, digest_result="mismatch")
    assert [one.fault for one in tellings(bench)] == [MISMATCH, ""]
