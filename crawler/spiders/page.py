"""The spider behind `scrapy inspect`: fetches one capture into the store, politely, and settles nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.archive import digest as digests
from crawler.archive.budget import Endpoint
from crawler.archive.capture import Capture
from crawler.archive.cdx import read_reply as read_listing
from crawler.archive.coding import CodingError, decode
from crawler.archive.headers import declared_coding
from crawler.archive.playback import Answer, Reply, playback_url, read_reply
from crawler.ending import Status
from crawler.handlers import headers_of
from crawler.hkcnews.choice import SHARED_BY, ranked
from crawler.hkcnews.extract import recover
from crawler.hkcnews.verdict import ANY_ARTICLE
from crawler.learnt import learnt
from crawler.listing import Listing, ListingEnd
from crawler.session import Session

MOST = 5
"""So many requests for captures are made: redirects and jumps are followed, and behind a farewell page may be the article."""


class PageSpider(scrapy.Spider):
    """Fetches `capture`, or the best capture of `article`; `reply` is what came."""

    name = "page"

    def __init__(self, session: Session, article: int, capture: Capture | None = None) -> None:
        super().__init__()
        self.session = session
        self.reply: Reply | None = None
        self._article = article
        self._capture = capture
        self._others: list[Capture] = []
        self._news = asyncio.Event()

    async def start(self) -> AsyncIterator[Any]:
        try:
            if self._capture is None:
                async for request in self._choose():
                    yield request
            for _ in range(MOST):
                if self._capture is None or self.session.ending is not None:
                    return
                url = playback_url(self.session.archive_url, self._capture.timestamp, self._capture.original)
                yield self._request(url, Endpoint.PLAYBACK, self.parse_capture)
                await self._news.wait()
        finally:
            self.session.politeness.close("the run is ending")

    async def _choose(self) -> AsyncIterator[Request]:
        """List the article and take its best capture."""
        session = self.session
        listing = Listing(
            session.ledger, {self._article}, self.settings.getint("LISTING_PAGE_ROWS"), session.archive_url, session.listing_retry_seconds
        )
        while session.ending is None and (question := listing.next_question()) is not None:
            await asyncio.sleep(question.after)
            url = question.query.request_url(session.archive_url, question.resume_key)
            yield self._request(url, Endpoint.CDX, self.parse_listing, listing=listing)
            await self._news.wait()
        captures = [row.capture for row in session.ledger.captures(self._article)]
        if listing.end is not ListingEnd.WHOLE and not captures:
            session.end(Status.UNAVAILABLE, f"article {self._article} could not be listed: {listing.trouble}")
        elif not captures:
            session.end(Status.UNAVAILABLE, f"the archive lists no capture of article {self._article}")
        else:
            self._capture, *self._others = ranked(captures, session.ledger.shared_digests(SHARED_BY))

    def _request(self, url: str, endpoint: Endpoint, callback: Callable[..., None], **more: Any) -> Request:
        self._news.clear()
        meta = {"endpoint": endpoint, "verbatim_url": True, **more}
        headers = {"Accept-Encoding": "identity"}
        return Request(url, callback, headers=headers, errback=self.failed, meta=meta, dont_filter=True)

    def parse_listing(self, response: Response) -> None:
        response.meta["listing"].answered(read_listing(response.status, dict(headers_of(response)), response.body))
        self._news.set()

    def parse_capture(self, response: Response) -> None:
        assert self._capture is not None
        reply = read_reply(self.session.archive_url, self._capture, response.status, headers_of(response), response.body)
        row = next((row for row in self.session.ledger.captures(self._article) if row.capture == self._capture), None)
        if reply.answer is Answer.CAPTURE:
            self._keep(reply, row.id if row else None, response.url)
            self.reply = reply
            self._capture = self._others.pop(0) if self._others and not self._fits(reply) else None
        elif reply.location is not None:
            timestamp, original = reply.location
            self._capture = Capture(timestamp=timestamp, original=original)
        else:
            hint = "Name the capture exactly as the archive lists it" if reply.answer is Answer.NOT_ARCHIVED else "Try again later"
            self.session.end(Status.UNAVAILABLE, f"the archive's answer: {reply.answer.value} (HTTP {reply.status}). {hint}")
        self._news.set()

    def _fits(self, reply: Reply) -> bool:
        """Whether the page is one to look at, rather than one that every address answered with."""
        try:
            body = decode(reply.body, declared_coding(reply.headers)).body
        except CodingError:
            return False
        style = self.session.style(reply.timestamp, reply.original)
        return recover(body, "", reply.status, self._article, reply.timestamp, reply.original, style).verdict not in ANY_ARTICLE

    def _keep(self, reply: Reply, row: int | None, fetched_from: str) -> None:
        """Into the store with it, so that the crawl does not fetch it again."""
        assert self._capture is not None
        check = digests.check(reply.body, declared_coding(reply.headers), self._capture.digest, headers=reply.headers)
        payload = check.payload if check.result.value.startswith("match") else reply.body
        place = self.session.store.add(reply, payload, fetched_from, self._capture.digest, check.result.value, check.codings)
        if row is None and (added := self.session.ledger.add_capture(self._article, self._capture, "inspect")) is not None:
            row = added.id
        if row is not None:
            columns = learnt(reply.answer, reply.status, reply.headers, reply.timestamp, reply.original, check, place)
            self.session.ledger.note(row, **columns)

    def failed(self, failure: Failure) -> None:
        self.session.end(Status.UNAVAILABLE, f"no answer from the archive: {failure.value or type(failure.value).__name__}")
        self._news.set()
