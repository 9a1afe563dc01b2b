"""What happens to a recovered article: its text is checked, written whole, and the article settled in the ledger, in
this order."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.ledger import State
from crawler.markdown.document import relative_path, render
from crawler.markdown.front_matter import FrontMatterError
from crawler.recovery.image_recovery import note_images
from crawler.recovery.recovery import RecoveredArticle
from crawler.utils.exit_status import ExitStatus
from crawler.utils.files import write_file


@dataclass(slots=True, repr=False)
class ArticleItem:
    """A recovered article on its way to the disk. The pipelines fill in `text`, then `file` and `sha256`."""

    write: RecoveredArticle
    text: str = ""
    file: str = ""
    sha256: str = ""

    def __repr__(self) -> str:
        return f"article {self.write.article.id}"


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
            item.text = render(
                article, item.write.row.replay, item.write.evidence if self._session.format.for_reading else None
            )
        except FrontMatterError as error:
            raise self._dropped(article.id, str(error)) from error
        return item

    def _dropped(self, article: int, why: str) -> DropItem:
        """One article that cannot be written does not stop the others; it stays due, and the run's status tells of
        it."""
        self._session.not_written(article, why)
        return DropItem(f"article {article}: {why}")


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
            self._session.end(
                ExitStatus.STORAGE,
                f"article {article} cannot be written to {self._session.output / file}: {error.strerror}",
            )
            raise DropItem(f"article {article}: {error}") from error
        item.file = file.as_posix()
        item.sha256 = hashlib.sha256(data).hexdigest()
        return item


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
            message = (
                f"article {article} cannot be settled in {self._session.ledger.path}: {error}. Make room or repair it,"
                " then run again"
            )
            self._session.end(ExitStatus.STORAGE, message)
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
            note_images(session.ledger, write.article.id, write.row.id, write.article.images)
            if write.references is not None:
                session.ledger.note_references(write.article.id, write.references.articles, write.references.pictures)
        session.styles.add(write.article.id)
