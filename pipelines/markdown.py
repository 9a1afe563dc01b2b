"""One file for each article, written beside its place and renamed: never half a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.ending import Status
from crawler.files import write_file
from crawler.items import ArticleItem
from crawler.markdown.document import relative_path


class MarkdownPipeline:
    """Writes below OUTPUT_DIR/articles. A disk that cannot take the file ends the run."""

    def __init__(self, crawler: Crawler) -> None:
        self._session = crawler.spider.session  # type: ignore[union-attr]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: ArticleItem) -> ArticleItem:
        file = Path("articles") / relative_path(item.write.article.id)
        data = item.text.encode("utf-8")
        try:
            write_file(self._session.output, file, data)
        except OSError as error:
            article = item.write.article.id
            self._session.end(Status.STORAGE, f"article {article} cannot be written to {self._session.output / file}: {error.strerror}")
            raise DropItem(f"article {article}: {error}") from error
        item.file = file.as_posix()
        item.sha256 = hashlib.sha256(data).hexdigest()
        return item
