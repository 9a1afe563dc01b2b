"""Articles in several processes: a page that is too much for one costs itself, and the next capture is taken."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from crawler.hkcnews.extract import Extraction
from crawler.markdown.style import Style
from crawler.recovery import extraction_job, judge
from crawler.recovery.extraction_job import WRITTEN, ExtractionJob, ExtractionPlan, LocalWorkers
from crawler.recovery.formats import Format, Styles
from crawler.recovery.store import Store
from crawler.wayback.capture import StoredCapture
from tests.e2e.processes import children_are_forked
from tests.pages import article
from tests.recovering import FIRST, SECOND, Bench, capture, memento

SPOILT = b"<!-- too much -->"
read_page = judge.read_page


def crashing(page: StoredCapture, number: int, style: Style) -> Extraction:
    if SPOILT in page.payload:
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_page(page, number, style)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_page_that_crashes_the_parser_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    spoilt, older = capture(6, SECOND, article(6) + SPOILT), capture(6, FIRST)
    bench = Bench(tmp_path).lists(*(capture(number) for number in (5, 7)), spoilt, older)
    bench.serve({spoilt: [memento(spoilt, article(6) + SPOILT)]}).run(until="2020").run()
    bench.run(again={6})
    numbers = bench.ledger.articles_with_captures()
    jobs = [ExtractionJob(number, tuple(bench.ledger.captures(number)), settled=True) for number in numbers]
    for module in (extraction_job, judge):
        monkeypatch.setattr(module, "read_page", crashing)
    monkeypatch.setattr(extraction_job, "CHUNK", 2)
    with children_are_forked():
        plan, local = ExtractionPlan(Styles(Format(), tmp_path)), LocalWorkers(workers, 900.0, 1500)
        results = list(local.extract(plan, Store(tmp_path / "warc"), jobs))
    assert [one.article for one in results if one.outcome in WRITTEN] == [5, 6, 7]
    assert [columns["verdict"] for _, columns in results[1].notes] == ["extraction_failed", "article"]
    assert results[1].capture == bench.row(older).id
