"""The ledger, last: what it calls recovered is on the disk."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from crawler.items import ArticleItem
from crawler.ledger import State


class SettlePipeline:
    """Settles the article with its file, the capture it came from, its faults and the sources of its fields."""

    def __init__(self, crawler: Crawler) -> None:
        self._session = crawler.spider.session  # type: ignore[union-attr]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        write = item.write
        self._session.ledger.settle(
            write.article.id,
            State.RECOVERED,
            self._session.run,
            capture=write.row.id,
            file=item.file,
            sha256=item.sha256,
            faults=write.faults,
            sources=write.article.sources,
        )
        return item
