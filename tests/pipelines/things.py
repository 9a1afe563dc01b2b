"""What the pipelines are given in their tests: a session without Scrapy, and an article."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from scrapy.crawler import Crawler

from crawler.ledger import CaptureRow, Ledger
from crawler.markdown.article import Article
from crawler.recovery.case import ArticleItem
from crawler.recovery.formats import Format, Styles
from crawler.utils.exit_status import ExitStatus, RunResult
from crawler.wayback.capture import Capture
from tests.pages import address

ARTICLE = Article(
    id=5,
    timestamp="20210712013906",
    original=address(5),
    title="燈塔日誌",
    date="2021-07-12",
    body="燈塔今晚亮起。",
    sources={"title": "h1"},
)


@dataclass
class FakeSession:
    """As much of a session as the pipelines use."""

    output: Path
    ledger: Ledger
    run: int = 3
    ending: RunResult | None = None
    unwritten: list[str] = field(default_factory=list)
    format: Format = field(default_factory=Format)

    @property
    def styles(self) -> Styles:
        return Styles(self.format, self.output)

    def end(self, status: ExitStatus, message: str) -> None:
        self.ending = RunResult(status, message)

    def not_written(self, article: int, why: str) -> None:
        self.unwritten.append(f"article {article}: {why}")


@dataclass
class Desk:
    """A session, and the crawler that leads the pipelines to it."""

    session: FakeSession

    @property
    def spider(self) -> Desk:
        return self

    @property
    def crawler(self) -> Crawler:
        return cast(Crawler, cast(Any, self))


def item(article: Article, capture: int = 1, faults: tuple[str, ...] = ()) -> ArticleItem:
    """A recovered article on its way."""
    listed = Capture(timestamp=article.timestamp, original=article.original)
    row = CaptureRow(capture, article.id, listed, replay="https://archive.example/web")
    return ArticleItem(row, article, faults)
