"""The generator: its pages are articles as the site's are, always the same, and written as the crawl writes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from statistics import mean

import pytest

from crawler.hkcnews.extract import Extraction, extract_capture
from crawler.hkcnews.verdict import Verdict
from crawler.ledger import Ledger, State
from crawler.markdown.style import SeedStyle
from crawler.recovery.store import Store
from crawler.warc.writer import RecordLocation
from tests.bench import generate
from tests.bench.generate import page_archive, settled_archive, write_settled, write_store
from tests.bench.pages import Page, page
from tests.e2e.processes import children_are_forked


@cache
def pages() -> list[Page]:
    return [page(number) for number in range(1, 121)]


def recovered(one: Page) -> Extraction:
    style = SeedStyle("https://archive.example/web", one.timestamp, one.original)
    return extract_capture(one.body, "text/html; charset=utf-8", 200, one.number, one.timestamp, one.original, style)


def test_every_page_is_an_article_without_differences_and_has_what_the_sites_have_as_often() -> None:
    found = [recovered(one) for one in pages()]
    assert {one.verdict for one in found} == {Verdict.ARTICLE}
    assert [one.differences for one in found if one.differences] == []
    articles = [one.article for one in found if one.article is not None]
    assert len(articles) == len(pages())
    assert all(
        one.title and one.date and one.author and one.category and one.tags and not one.faults for one in articles
    )

    shares = {
        "note": (mean(bool(one.note) for one in articles), 0.84),
        "blogger": (mean(bool(one.bloggers) for one in articles), 0.38),
        "last updated": (mean(bool(one.last_updated) for one in articles), 0.28),
        "figure": (mean("<figure>" in one.body for one in articles), 0.91),
        "video": (mean("{{< video" in one.body for one in articles), 0.39),
        "heading": (
            mean("\n## " in one.body or "\n### " in one.body or "\n#### " in one.body for one in articles),
            0.45,
        ),
    }
    assert {name: share for name, share in shares.items() if abs(share[0] - share[1]) > 0.1} == {}
    assert 58_000 < mean(len(one.body) for one in pages()) < 70_000


def test_the_same_number_gives_the_same_page_and_another_another() -> None:
    assert page(7) == pages()[6]
    assert page(7, seed=1).body != pages()[6].body
    assert len({hashlib.sha1(one.body).digest() for one in pages()}) == len(pages())
    assert len({one.original for one in pages()}) == len(pages())


def test_a_store_has_the_pages_and_its_ledger_knows_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FULL", 20)
    output = tmp_path / "output"
    with children_are_forked():
        write_store(output, range(1, 24))
    store = Store(output / "warc")
    with Ledger(output / "ledger.sqlite") as ledger:
        assert ledger.due() == []
        assert ledger.articles_with_captures() == list(range(1, 24))
        for one in pages()[:23]:
            (row,) = ledger.captures(one.number)
            stored = store.read(RecordLocation(row.warc, row.warc_offset, row.warc_length))
            assert (stored.original, stored.timestamp, stored.payload) == (one.original, one.timestamp, one.body)


def test_the_same_pages_give_the_same_files_whatever_process_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_store(tmp_path / "one", range(1, 9))
    monkeypatch.setattr(generate, "FULL", 4)
    with children_are_forked():
        write_store(tmp_path / "two", range(1, 9))
        write_store(tmp_path / "three", range(1, 9))
    both = [Store(tmp_path / name / "warc") for name in ("one", "two")]
    payloads = [
        [thing.capture.digest for name in store.files() for thing in store.records(name) if hasattr(thing, "capture")]
        for store in both
    ]
    assert payloads[0] == payloads[1]
    assert len(payloads[0]) == 8
    files = [
        sorted((path.name, path.read_bytes()) for path in (tmp_path / name / "warc").iterdir())
        for name in ("two", "three")
    ]
    assert files[0] == files[1]


def test_what_is_settled_is_what_the_archive_lists(tmp_path: Path) -> None:
    write_settled(tmp_path / "output", 30)
    with Ledger(tmp_path / "output" / "ledger.sqlite") as ledger:
        assert ledger.counts()[State.RECOVERED] == 30
        known = {
            (row.capture.timestamp, row.capture.original, row.capture.digest)
            for i in range(1, 31)
            for row in ledger.captures(i)
        }
        files = [row.file for row in ledger.articles()]
    assert {(row.timestamp, row.original, row.digest) for row in settled_archive(30).rows} == known
    assert len(known) == 60
    assert all((tmp_path / "output" / file).is_file() for file in files)


def test_an_archive_of_pages_can_replay_them() -> None:
    archive = page_archive(range(3, 6))
    assert len(archive.rows) == 3
    for one in pages()[2:5]:
        capture = archive.find(one.original, one.timestamp)
        assert capture is not None
        assert capture.body == one.body
