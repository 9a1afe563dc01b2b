"""One page after another in this process, as a worker of the extraction does it: parsed only, to an article, and to its
file."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import TypeVar

from lxml import html  # type: ignore[import-untyped]

from crawler.hkcnews.extract import extract_capture
from crawler.hkcnews.urls import article_id
from crawler.hkcnews.verdict import Verdict
from crawler.ledger import Ledger
from crawler.markdown.document import relative_path
from crawler.markdown.style import SeedStyle
from crawler.recovery.extraction_job import (
    CHUNK,
    WRITTEN,
    ExtractionJob,
    ExtractionPlan,
    Extractor,
)
from crawler.recovery.formats import Format, Styles
from crawler.recovery.judge import read_page
from crawler.recovery.store import Store
from crawler.utils.workers import settle_memory
from crawler.wayback.http import decode
from tests.bench.generate import PUBLIC, write_ledger, write_warc
from tests.bench.pages import Page, page
from tests.bench.processes import Cost
from tests.bench.rounds import Step, timed
from tests.standin import load_archive

Thing = TypeVar("Thing")
PARSE, ARTICLE, FILE, BARE = "parse", "article", "file", "bare"
_TYPE = "text/html; charset=utf-8"
_REPLAY = f"{PUBLIC}/web"
_FILE_BYTES = 6000
"""What an article's file has on average."""


def quiet() -> None:
    """This process as the extraction's workers have it."""
    settle_memory()


def generated(number: int) -> list[Page]:
    """So many invented pages."""
    return [page(n) for n in range(1, number + 1)]


def sampled(folder: Path, number: int) -> list[Page]:
    """Pages of the sample's articles, the newest of each that is one, without their codings; none where there is no
    sample."""
    if not (folder / "cdx.json").exists():
        return []
    archive = load_archive(folder)
    found: dict[int, Page] = {}
    for row in archive.rows:
        capture, article = archive.find(row.original, row.timestamp), article_id(row.original)
        if capture is None or article is None or capture.status != 200:
            continue
        body = decode(capture.body, capture.header("Content-Encoding") or None).body
        if recovers(Page(article, row.timestamp, row.original, body)):
            found[article] = Page(article, row.timestamp, row.original, body)
    return list(found.values())[:number]


def recovers(one: Page) -> bool:
    """Whether a page is an article that is recovered without a difference."""
    recovered = extract_capture(
        one.body, _TYPE, 200, one.number, one.timestamp, one.original, SeedStyle(_REPLAY, one.timestamp, one.original)
    )
    return recovered.verdict is Verdict.ARTICLE and not recovered.differences


def steps(pages: Sequence[Page], folder: Path) -> dict[str, Step]:
    """The steps over some pages; `folder` does not exist yet. A step costs what all pages cost. `BARE` is what the disk
    takes: a file of an article's size written beside its place and renamed, by the plainest means."""
    return {
        PARSE: lambda: _each(
            pages, lambda one: html.document_fromstring(one.body, parser=html.HTMLParser(encoding="utf-8"))
        ),
        ARTICLE: lambda: _each(pages, _must_recover),
        FILE: _to_files(pages, folder),
        BARE: lambda: _bare_files(pages, folder / "bare"),
    }


def _must_recover(one: Page) -> None:
    assert recovers(one), one.number


def _to_files(pages: Sequence[Page], folder: Path) -> Step:
    """From the record in the store to a file that was not there before."""
    (folder / "warc").mkdir(parents=True)
    write_ledger(folder / "ledger.sqlite", [list(write_warc(folder / "warc" / "hkcnews-bench.warc.gz", pages))])
    with Ledger(folder / "ledger.sqlite") as ledger:
        jobs = [ExtractionJob(one.number, tuple(ledger.captures(one.number)), settled=True) for one in pages]
    store, turns = Store(folder / "warc"), count()

    def step() -> Cost:
        output = folder / f"turn-{next(turns)}"
        for job in jobs:  # a thousand articles share a folder, of which a sample has only a few
            (output / "articles" / relative_path(job.article)).parent.mkdir(parents=True, exist_ok=True)
        extractor = Extractor(ExtractionPlan(Styles(Format(), output)), store, read_page)

        def must_write(job: ExtractionJob) -> None:
            assert extractor(job).outcome in WRITTEN, job.article

        # Left where it is until the end: ext4 makes files slowly where others were deleted just before.
        return _each(jobs, must_write)

    return step


def _bare_files(pages: Sequence[Page], folder: Path) -> Cost:
    folder.mkdir()
    data = b"-" * _FILE_BYTES

    def write(one: Page) -> None:
        path, beside = f"{folder}/{one.number}.md", f"{folder}/.part"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, data)
        os.close(descriptor)
        os.rename(beside, path)  # noqa: PTH104 - the plainest means

    try:
        return _each(pages, write)
    finally:
        shutil.rmtree(folder)


def _each(things: Sequence[Thing], do: Callable[[Thing], object]) -> Cost:
    """What it costs to do something with each, and to collect the garbage after so many as a worker does it."""

    def work() -> None:
        for number, thing in enumerate(things, 1):
            do(thing)
            if number % CHUNK == 0:
                gc.collect()

    gc.collect()
    return timed(work)
