"""The last look at a file before it is written: it has what every article must have, and its front matter reads back."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.items import ArticleItem
from crawler.markdown.document import render
from crawler.markdown.frontmatter import FrontMatterError


class CheckPipeline:
    """Renders the file's text; an article without title or body, or whose fields do not read back, is not written."""

    def __init__(self, crawler: Crawler) -> None:
        self._session = crawler.spider.session  # type: ignore[union-attr]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        article = item.write.article
        if not article.title or not article.body:
            raise self._dropped(article.id, "no title or no body")
        try:
            item.text = render(article, item.write.row.replay, item.write.evidence if self._session.format.for_reading else None)
        except FrontMatterError as error:
            raise self._dropped(article.id, str(error)) from error
        return item

    def _dropped(self, article: int, why: str) -> DropItem:
        """One article that cannot be written does not stop the others; it stays due, and the run's status tells of it."""
        self._session.not_written(article, why)
        return DropItem(f"article {article}: {why}")
