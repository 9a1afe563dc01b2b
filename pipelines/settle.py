"""The ledger, last: what it calls recovered is on the disk."""

from __future__ import annotations

import sqlite3
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.ending import Status
from crawler.images.wanted import want
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
        try:
            self._settle(item)
        except sqlite3.Error as error:
            article = item.write.article.id
            message = f"article {article} cannot be settled in {self._session.ledger.path}: {error}. Make room or repair it, then run again"
            self._session.end(Status.STORAGE, message)
            raise DropItem(f"article {article}: {error}") from error
        return item

    def _settle(self, item: ArticleItem) -> None:
        write, session = item.write, self._session
        with session.ledger.batch():
            session.ledger.settle(
                write.article.id,
                State.RECOVERED,
                session.run,
                capture=write.row.id,
                file=item.file,
                sha256=item.sha256,
                faults=write.faults,
                sources=write.article.sources,
            )
            want(session.ledger, write.article.id, write.row.id, write.article.images)
            if write.references is not None:
                session.ledger.refer(write.article.id, write.references.articles, write.references.pictures)
        session.styles.add(write.article.id)
