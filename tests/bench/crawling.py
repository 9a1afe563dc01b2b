"""What the crawl itself costs: with nothing new to do, and against an archive without limits."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from crawler.ledger import Ledger, State
from crawler.recovery.listing import queries
from crawler.wayback.cdx import CdxQuery
from tests.bench.generate import PUBLIC, write_settled
from tests.bench.processes import Cost, scrapy
from tests.bench.rounds import Rounds, interleaved, timed
from tests.bench.serve import Kind, serving

LISTING, CRAWL, STATUS = "listing", "crawl", "status"
FEW, ALL = "few", "all"
_FAST = {
    "PLAYBACK_RATE": "1e6",
    "PLAYBACK_RATE_START": "1e6",
    "CDX_RATE": "1e6",
    "PROGRESS_SECONDS": "0",
    "ARCHIVE_PUBLIC_URL": PUBLIC,
}
"""Nobody is to be spared on loopback."""


def start_up(articles: int, folder: Path, rounds: int) -> Rounds:
    """With so many articles settled: the bare listing, fetched by a client that does nothing with it; a crawl that
    finds nothing new; `citizen-news status`."""
    output = folder / "settled"
    write_settled(output, articles)
    with serving(Kind.SETTLED, articles, folder) as address:
        settings = {**_FAST, "ARCHIVE_URL": address, "OUTPUT_DIR": output}
        steps = {
            LISTING: lambda: timed(lambda: fetch_listing(address)),
            CRAWL: lambda: scrapy("crawl articles", settings=settings),
            STATUS: lambda: scrapy("status", settings={"OUTPUT_DIR": output}),
        }
        assert fetch_listing(address) == 2 * articles
        measured = interleaved(steps, rounds)
    with Ledger(output / "ledger.sqlite") as ledger:
        assert ledger.counts()[State.RECOVERED] == articles, "the crawl found something to do"
    shutil.rmtree(output)
    return measured


def fetch_listing(address: str) -> int:
    """The listing page by page, as the crawl asks for it; gives the number of rows."""
    (query,) = queries(None, 5000)
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    rows, key = 0, ""
    while True:
        page = _fetch(connection, query, key or None)
        key = page.pop()[0] if len(page) > 1 and page[-2] == [] else ""
        rows += sum(1 for row in page if row) - bool(page)
        if not key:
            connection.close()
            return rows


def _fetch(connection: http.client.HTTPConnection, query: CdxQuery, key: str | None) -> list[list[str]]:
    connection.request("GET", query.request_url("", key), headers={"User-Agent": "tests.bench"})
    page: list[list[str]] = json.loads(connection.getresponse().read())
    return page


def fetching(articles: int, folder: Path, rounds: int) -> Rounds:
    """A crawl of all of an archive of so many articles, and one of a tenth of them that lists all, each into a new
    directory."""
    turns = count()

    def crawl(*arguments: str) -> Callable[[], Cost]:
        def step() -> Cost:
            output = folder / f"crawl-{next(turns)}"
            cost = scrapy(
                "crawl articles", *arguments, settings={**_FAST, "ARCHIVE_URL": address, "OUTPUT_DIR": output}
            )
            written = sum(1 for _ in output.glob("articles/*/*.md"))
            assert written == (articles // 10 if arguments else articles), written
            shutil.rmtree(output)
            return cost

        return step

    with serving(Kind.PAGES, articles, folder) as address:
        return interleaved({FEW: crawl("-a", f"limit={articles // 10}"), ALL: crawl()}, rounds)
