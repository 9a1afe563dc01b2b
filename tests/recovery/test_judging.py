"""Which captures are noted as versions while articles are recovered: those that were extracted without loss, chosen or
not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crawler.hkcnews.extract import Extraction
from crawler.markdown.style import Style
from crawler.recovery.judge import read_page
from crawler.warc.record import StoredCapture
from tests.pages import FAREWELL, article, cut
from tests.recovering import FIRST, SECOND, THIRD, Bench, capture, memento


def noted(bench: Bench) -> list[tuple[str, int]]:
    return [(row.timestamp, row.capture) for row in bench.ledger.versions(5)]


def test_captures_with_a_fault_are_noted_like_the_one_that_is_chosen(tmp_path: Path) -> None:
    """Bytes without their digest have the recovery look at the next capture too."""
    old, new = article(5, "舊文字。"), article(5, "新文字。")
    late, early = capture(5, SECOND, digest="A" * 32), capture(5, FIRST, digest="B" * 32)
    bench = Bench(tmp_path).lists(late, early).serve({late: memento(late, new), early: memento(early, old)}).run()
    assert len(bench.requests) == 2
    assert noted(bench) == [(FIRST, bench.row(early).id), (SECOND, bench.row(late).id)]
    assert len({row.sha256 for row in bench.ledger.versions(5)}) == 2


def test_pages_that_are_not_the_article_are_no_versions(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    pages = {capture(5, THIRD, FAREWELL): FAREWELL, capture(5, SECOND, cut(5)): cut(5), capture(5, FIRST): article(5)}
    bench.lists(*pages).serve({of: memento(of, body) for of, body in pages.items()}).run()
    assert [timestamp for timestamp, _ in noted(bench)] == [FIRST]


def test_an_extraction_that_lost_something_is_no_version(tmp_path: Path) -> None:
    def unfaithful(served: StoredCapture, number: int, style: Style) -> Extraction:
        found = read_page(served, number, style)
        return replace(found, differences=("a word is missing",)) if served.timestamp == SECOND else found

    bench = Bench(tmp_path)
    bench.lists(capture(5, SECOND), capture(5, FIRST, article(5, "別的。")))
    bench.serve({capture(5, FIRST, article(5, "別的。")): memento(capture(5, FIRST), article(5, "別的。"))}).run(
        reader=unfaithful
    )
    assert bench.article(5).capture == bench.row(capture(5, FIRST)).id
    assert [timestamp for timestamp, _ in noted(bench)] == [FIRST]
