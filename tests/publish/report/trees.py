"""Small output directories for the report, made through the ledger's doors, and the report on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.ledger import ArticleRow, Ledger, State
from crawler.ledger.images import ImageRow, ImageState
from crawler.ledger.queries import StoreQueries
from crawler.markdown.document import relative_path
from crawler.publish.report.figures import ReportFigures, gather_figures
from crawler.publish.report.page import report_on
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage
from tests.pages import address

MADE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
PUBLIC = "https://archive.example"
OLD, NEW = "20200801000000", "20210712013906"
SOURCES = {"title": "markup h1", "date": "markup info line"}


def one(tree: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """The first element of a page that a selector names."""
    found = tree.css_first(selector)
    assert found is not None, selector
    return found


def front_matter(date: str, **others: str) -> str:
    """The beginning of a file."""
    lines = "".join(
        f'{key}: "{value}"\n' for key, value in {"title": "燈塔日誌", "date": date, "url": "u", **others}.items()
    )
    return f"---\n{lines}---\n\n# 燈塔日誌\n\n正文。\n"


def capture(number: int, timestamp: str = NEW, original: str = "") -> Capture:
    """A listed capture of an article."""
    return Capture(
        urlkey="k", timestamp=timestamp, original=original or address(number), statuscode="200", digest="A" * 32
    )


class Tree:
    """An output directory with a ledger, on a clock that stands still."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = Ledger(root / "ledger.sqlite", PUBLIC, now=lambda: MADE)
        self.ledger.add_source("wayback", f"{PUBLIC}/web")
        self.run = self.ledger.begin_run({"ids": "1-9"}, "0.1.0")

    def lists(self, *numbers: int, timestamp: str = NEW, source: str = "wayback", original: str = "") -> Tree:
        """Captures of these articles are listed."""
        listing, _ = self.ledger.open_listing(f"{source} {timestamp} {original}")
        self.ledger.add_page(
            listing, source, [(number, capture(number, timestamp, original)) for number in numbers], 0, CdxPage()
        )
        return self

    def recovers(
        self, *numbers: int, date: str = "2021-07-12", digest: str = "match", faults: tuple[str, ...] = (), **keys: str
    ) -> Tree:
        """Listed articles are recovered, each from its first capture."""
        for number in numbers:
            file = f"articles/{relative_path(number)}"
            (self.root / file).parent.mkdir(parents=True, exist_ok=True)
            (self.root / file).write_text(front_matter(date, **keys), "utf-8")
            row = self.ledger.captures(number)[0]
            self.judged(row.id, "article", digest)
            self.ledger.settle(
                ArticleRow(number, State.RECOVERED, capture=row.id, file=file, sha256="0", faults=faults),
                self.run,
                SOURCES,
            )
        return self

    def judged(self, row: int, verdict: str, digest: str = "match", because: str = "") -> None:
        """A capture came and was judged."""
        reason = "unexplained" if digest == "mismatch" else ""
        told = {
            "answer": "capture",
            "verdict": verdict,
            "because": because,
            "digest_result": digest,
            "digest_reason": reason,
        }
        self.ledger.note(row, **told, warc="a.warc.gz", warc_offset=0, warc_length=9)

    def gives_up(self, number: int, reason: str, state: State = State.UNRECOVERABLE, because: str = "") -> Tree:
        """A listed article is not recovered."""
        if state is State.UNRECOVERABLE:
            for row in self.ledger.captures(number):
                self.judged(row.id, reason, because=because)
        self.ledger.settle(ArticleRow(number, state, reason=reason), self.run)
        return self

    def has_images(self, article: int, states: Mapping[str, ImageState], reason: str = "not_archived") -> Tree:
        """A recovered article has images, by address."""
        row = self.ledger.article(article)
        assert row is not None
        self.ledger.want_images(article, row.capture, [(f"images/{url}", url) for url in states])
        for url, state in states.items():
            size = 500_000 if state is ImageState.HAVE else 0
            self.ledger.settle_image(ImageRow(f"images/{url}", url, state, "" if size else reason, size=size), self.run)
        return self

    def record(self, text: str, name: str = "20261123T083000Z.json") -> Tree:
        """A file lies among the runs' records."""
        (self.root / "runs").mkdir(exist_ok=True)
        (self.root / "runs" / name).write_text(text, "utf-8")
        return self

    def ends(self, status: int = 0, verdict: str = "") -> Tree:
        self.ledger.end_run(self.run, status, verdict)
        return self

    def gathered(self) -> ReportFigures:
        """The figures of this directory."""
        self.ledger.close()
        with StoreQueries(self.root / "ledger.sqlite") as ledger:
            return gather_figures(self.root, ledger, MADE)

    def page(self) -> str:
        """The report on this directory."""
        self.ledger.close()
        with StoreQueries(self.root / "ledger.sqlite") as ledger:
            return report_on(self.root, ledger, MADE).decode()


def record(run: int = 1, **others: Any) -> dict[str, object]:
    """A run's record as `crawl` and `recover` write it."""
    endpoint = {"requests": 103, "busiest_minute": 60, "rate": 240.0, "budget_used": 0.41}
    politeness = {
        "cdx": {**endpoint, "requests": 3, "budget_used": None},
        "playback": endpoint,
        "pauses": 1,
        "refusals": 0,
    }
    return {
        "schema": 1,
        "run": run,
        "command": "recover",
        "started": "2026-11-23T08:30:00Z",
        "seconds": 12.3,
        "status": 10,
        "verdict": "2 of 4 articles due recovered",
        "breaches": [{"threshold": "HEALTH_FIELD_LOSS", "limit": 0.2, "value": 0.6, "message": "date is missing"}],
        "recovered": 2,
        "politeness": {"https://web.archive.org": {**politeness, "held_seconds": 60.0, "connections": 2}},
        **others,
    }
