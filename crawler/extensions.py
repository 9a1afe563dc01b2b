"""A line of progress every few seconds, so that a run of hours is seen to live."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call

from crawler.ledger import State
from crawler.ledger.images import ImageState

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.images.fetching import Images

logger = logging.getLogger(__name__)


class ProgressLine:
    """Logs where the run stands every PROGRESS_SECONDS."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._seconds = crawler.settings.getfloat("PROGRESS_SECONDS")
        self._loop: AsyncioLoopingCall | None = None
        crawler.signals.connect(self._opened, signal=signals.spider_opened)
        crawler.signals.connect(self._closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def _opened(self) -> None:
        if self._seconds > 0:
            self._loop = create_looping_call(self._tell)  # type: ignore[assignment]
            assert self._loop is not None
            self._loop.start(self._seconds, now=False)

    def _closed(self) -> None:
        if self._loop is not None and self._loop.running:
            self._loop.stop()

    def _tell(self) -> None:
        spider = self._crawler.spider
        if spider is not None and spider.name == "articles":
            logger.info("%s", progress(spider))


def progress(spider: object) -> str:
    """Where a run stands, in one line."""
    images: Images | None = spider.images  # type: ignore[attr-defined]
    session, recovery, listing = spider.session, spider.recovery, spider.listing  # type: ignore[attr-defined]
    counts = session.ledger.counts()
    held = session.manners.holding()
    waiting = f"; {held[0]}, {held[1]:.0f} s left" if held else ""
    if recovery is None:
        rows = listing.progress.rows if listing is not None else 0
        return f"listing: {rows:,} rows so far, {sum(counts.values()):,} articles known{waiting}"
    if images is not None:
        have, missing = images.done[ImageState.HAVE], images.done[ImageState.MISSING]
        return f"images: {have:,} fetched in this run, {missing:,} missing, {images.left:,} to do{waiting}"
    if not held and recovery.later:
        waiting = f"; {recovery.later:,} wait for a later pass, the next in {recovery.wait() or 0:.0f} s"
    return f"{counts[State.RECOVERED]:,} articles recovered, {counts[State.UNRECOVERABLE]:,} cannot be, {recovery.left:,} to do{waiting}"
