"""What the spiders share: politely asking archives, and listing an archive page by page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.archive.budget import Endpoint
from crawler.archive.politeness_report import MustEnd, PolitenessClosed
from crawler.archive.site import Site
from crawler.ending import Status
from crawler.failures import in_words
from crawler.handlers import headers_of
from crawler.ledger import CaptureRow
from crawler.listing import Listing
from crawler.session import Session

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""At least so often the run looks around, whether an outage has lasted too long."""
ROOM = 8
"""Articles or images under way at once: enough to keep the connections busy while pages are read, few enough to stop soon."""


class AskingSpider(scrapy.Spider):
    """Asks archives for captures and for pages of their index; `listing` is the one under way."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.listing: Listing | None = None
        self._news = asyncio.Event()
        self._in_flight = 0

    async def _list(self, site: Site, ids: Collection[int] | None) -> AsyncIterator[Request]:
        """Ask for the listing page by page; each is asked for only after the one before was taken."""
        session = self.session
        overlap = session.listing_overlap_days if session.renewing else 0
        self.listing = Listing(session.ledger, ids, session.page_rows, site.name, session.listing_retry_seconds, overlap)
        while session.ending is None and (question := self.listing.next_question()) is not None:
            if question.after:
                logger.warning("the index gave no page (%s); asking again in %g s", self.listing.trouble, question.after)
                await asyncio.sleep(question.after)
            url = site.listing_url(question.query, question.resume_key)
            yield self._request(url, Endpoint.CDX, site, self.parse_listing, self.listing_failed, query=question.query)
            await self._answers()

    def _request(
        self, url: str, endpoint: Endpoint, site: Site, callback: Callable[..., Any], errback: Callable[..., Any], **more: Any
    ) -> Request:
        self._in_flight += 1
        coding = {"Accept-Encoding": "gzip" if endpoint is Endpoint.CDX else site.accept_encoding}
        meta = {"endpoint": endpoint, "source": site.name, "site": site, "verbatim_url": True, **more}
        return Request(url, callback, headers=coding, errback=errback, meta=meta, dont_filter=True)

    def parse_listing(self, response: Response) -> None:
        """One page of an archive's index."""
        assert self.listing is not None
        site: Site = response.meta["site"]
        headers = dict(headers_of(response))
        with self._answered():
            self.listing.answered(site.read_listing(response.meta["query"], response.status, headers, response.body))

    def listing_failed(self, failure: Failure) -> None:
        """No page of the index came."""
        assert self.listing is not None
        with self._answered():
            if not self._ends(failure):
                self.listing.failed(in_words(failure))

    async def _answers(self) -> None:
        """Wait until nothing is in flight."""
        while self._in_flight:
            await self._something()

    async def _something(self, seconds: float | None = None) -> None:
        """Wait for an answer, or so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
        self._news.clear()

    def _ends(self, failure: Failure) -> bool:
        """Whether a request failed because the run must end."""
        if isinstance(failure.value, MustEnd):
            self.session.end(Status.REFUSING, str(failure.value))
        return isinstance(failure.value, PolitenessClosed)

    @contextmanager
    def _answered(self, row: CaptureRow | None = None, about: str = "the listing") -> Iterator[None]:
        """Around the handling of an answer: it is no longer in flight, and whatever goes wrong ends the run instead of losing an
        article."""
        self._in_flight -= 1
        try:
            yield
        except Exception as error:
            self.lost(row)
            self.session.failed(error, f"article {row.article}, capture {row.capture.timestamp}" if row else about)
        finally:
            self._news.set()

    def lost(self, row: CaptureRow | None) -> None:
        """The answer on a capture could not be taken."""
