"""What happens to a recovered article: its text is checked, written whole, and the article settled in the ledger, in
this order."""

import sqlite3
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.ledger import ArticleRow, State
from crawler.markdown.document import article_file, render, write_article
from crawler.markdown.front_matter import FrontMatterError
from crawler.recovery.case import ArticleItem
from crawler.recovery.image_files import image_places
from crawler.utils.exit_status import ExitStatus


class _Pipeline:
    """With the session that the spider runs in."""

    def __init__(self, crawler: Crawler) -> None:
        self._session = crawler.spider.session  # type: ignore[union-attr]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def _storage_failed(self, item: ArticleItem, what: str, error: Exception) -> DropItem:
        """Nothing more can be written: that ends the run."""
        self._session.end(ExitStatus.STORAGE, f"{item!r} {what}")
        return DropItem(f"{item!r}: {error}")


class CheckPipeline(_Pipeline):
    """Renders the file's text; an article without title or body, or whose fields do not read back, is not written."""

    def process_item(self, item: ArticleItem) -> ArticleItem:
        if not item.article.title or not item.article.body:
            raise self._not_written(item, "no title or no body")
        try:
            form = self._session.styles.format
            evidence = item.evidence if form.for_reading else None
            item.text = render(item.article, item.row.replay, evidence, form.spelling)
        except FrontMatterError as error:
            raise self._not_written(item, str(error)) from error
        return item

    def _not_written(self, item: ArticleItem, why: str) -> DropItem:
        """One article that cannot be written does not stop the others; it stays due, and the run's status tells of
        it."""
        self._session.not_written(item.article.id, why)
        return DropItem(f"{item!r}: {why}")


class MarkdownPipeline(_Pipeline):
    """Writes below OUTPUT_DIR/articles. A disk that cannot take the file ends the run."""

    def process_item(self, item: ArticleItem) -> ArticleItem:
        output = self._session.output
        try:
            item.file, item.sha256 = write_article(output, item.article.id, item.text)
        except OSError as error:
            where = output / article_file(item.article.id)
            raise self._storage_failed(item, f"cannot be written to {where}: {error.strerror}", error) from error
        return item


class SettlePipeline(_Pipeline):
    """Settles the article with its file, the capture it came from, its faults and the sources of its fields."""

    def process_item(self, item: ArticleItem) -> ArticleItem:
        ledger, article = self._session.ledger, item.article
        try:
            with ledger.batch():
                row = ArticleRow(article.id, State.RECOVERED, "", item.row.id, item.file, item.sha256, item.faults)
                ledger.settle(row, self._session.run, article.sources)
                ledger.want_images(article.id, item.row.id, image_places(article.images))
                if item.references is not None:
                    ledger.note_references(article.id, item.references.articles, item.references.pictures)
        except sqlite3.Error as error:
            what = f"cannot be settled in {ledger.path}: {error}. Make room or repair it, then run again"
            raise self._storage_failed(item, what, error) from error
        self._session.styles.add(article.id)
        return item
