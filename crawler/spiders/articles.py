"""The spider: asks the archive for its listing, then for the captures that the recovery wants, and hands over articles."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import scrapy
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.archive.budget import Endpoint
from crawler.archive.cdx import read_reply as read_listing
from crawler.archive.playback import Answer, playback_url, read_reply
from crawler.archive.politeness_report import MustEnd, PolitenessClosed
from crawler.command import unless_nobody_reads
from crawler.ending import Fatal, Status
from crawler.failures import answer_for, in_words
from crawler.handlers import headers_of
from crawler.items import ArticleItem
from crawler.ledger import CaptureRow, LedgerError, State
from crawler.listing import Listing, ListingEnd
from crawler.options import Arguments, read_arguments
from crawler.reconcile import reconcile
from crawler.recovery import Fetch, Recovery, Write
from crawler.session import Session

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""At least so often the run looks around, whether an outage has lasted too long."""
ROOM = 8
"""Articles under way at once: enough to keep the connections busy while pages are read, few enough to stop soon."""


class ArticlesSpider(scrapy.Spider):
    """Recovers the articles of hkcnews.com; see the README for its arguments."""

    name = "articles"

    def __init__(self, session: Session | None = None, **given: str) -> None:
        super().__init__()
        if session is None:
            raise Fatal(Status.USAGE, "run this spider by `scrapy crawl articles`: the command opens ledger and store for it")
        self.session = session
        self.arguments: Arguments = read_arguments(given)
        self.listing: Listing | None = None
        self.recovery: Recovery | None = None
        self._news = asyncio.Event()
        self._in_flight = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.item_failed, signal=signals.item_error)
        return spider

    # The run

    async def start(self) -> AsyncIterator[Any]:
        try:
            async for request in self._list():
                yield request
            if self.session.ending is None:
                async for thing in self._recover():
                    yield thing
                # What was yielded last gets through the pipelines meanwhile; found busy now, Scrapy looks again only after five seconds.
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            logger.warning("stopping: what is under way is finished; Ctrl-C again stops at once")
            self.session.end(Status.INTERRUPTED, "interrupted; what was settled stays settled, run again to go on")
            raise
        except Exception as error:
            self.failed(error, "while choosing what to fetch")
        finally:
            self.session.politeness.close("the run is ending")
        self._conclude()

    async def _list(self) -> AsyncIterator[Request]:
        """Ask for the listing page by page; each is asked for only after the one before was taken."""
        session, choice = self.session, self.arguments.choice
        self.listing = Listing(session.ledger, choice.ids, session.page_rows, session.archive_url, session.listing_retry_seconds)
        while self.session.ending is None and (question := self.listing.next_question()) is not None:
            if question.after:
                logger.warning("the index gave no page (%s); asking again in %g s", self.listing.trouble, question.after)
                await asyncio.sleep(question.after)
            url = question.query.request_url(session.archive_url, question.resume_key)
            yield self._request(url, Endpoint.CDX, self.parse_listing, self.listing_failed)
            await self._something()
        self._listed()

    def _listed(self) -> None:
        listing, session = self.listing, self.session
        assert listing is not None
        if listing.end is ListingEnd.NOT_AUTHORISED:
            session.end(
                Status.REFUSING,
                "the archive does not allow listing the whole site (403: bulk queries need authorization). "
                "What still works: naming the articles, as in `-a ids=33951,40000-40100`",
            )
        elif listing.end is ListingEnd.REFUSED:
            session.end(Status.REFUSING, f"the archive refuses to list the site: {listing.trouble}")
        elif listing.end is ListingEnd.INCOMPLETE:
            logger.warning("the listing is not whole (%s); going on with what is listed", listing.trouble)
        if listing.exact_only:
            logger.warning("bulk queries need authorization (403): only captures of bare addresses, without a slug, could be listed")
        missing = sorted(i for i in self.arguments.choice.ids or () if session.ledger.article(i) is None)
        if missing and listing.end is ListingEnd.WHOLE:
            shown = ", ".join(map(str, missing[:20])) + (", …" if len(missing) > 20 else "")
            logger.warning("the archive lists no capture of %d of the articles asked for: %s", len(missing), shown)
        reconcile(session.ledger, session.store)  # captures of articles that the ledger did not list before
        logger.info("listed: %s rows in this run, %s of them new", f"{listing.progress.rows:,}", f"{listing.progress.new:,}")

    async def _recover(self) -> AsyncIterator[Any]:
        """Hand out what can be done until nothing is left, waiting for answers and for passes that are due later."""
        session, arguments = self.session, self.arguments
        if arguments.dry_run:
            with session.ledger.trial():
                session.ledger.again(arguments.again)
                with unless_nobody_reads():
                    self._tell_choices(self._recovery())
            return
        session.ledger.again(arguments.again)
        self.recovery = recovery = self._recovery()
        while session.ending is None:
            for step in recovery.steps(ROOM):
                yield self._request_for(step) if isinstance(step, Fetch) else ArticleItem(step)
                if session.ending is not None or recovery.judge.layout_unknown():
                    break  # answers come while this goes on, so it can go on for long
            if session.outage_lasts(time.monotonic()):
                break
            if recovery.judge.layout_unknown():
                self._layout_unknown()
            elif recovery.finished and not self._in_flight:
                break
            else:
                await self._something(min(recovery.wait() or LOOK_SECONDS, LOOK_SECONDS))
        if session.ending is not None:
            session.politeness.close("the run is ending")
        while self._in_flight:
            await self._something()

    def _recovery(self) -> Recovery:
        session = self.session
        return Recovery(
            session.ledger,
            session.store,
            session.run,
            self.arguments.choice,
            session.style,
            time.monotonic,
            session.retry_seconds,
            read_page=session.read,
        )

    def _tell_choices(self, recovery: Recovery) -> None:
        for article, capture in recovery.choices():
            print(f"{article}\t{capture.timestamp}\t{capture.original}" if capture else f"{article}\t-\tno capture left to try")

    async def _something(self, seconds: float | None = None) -> None:
        """Wait for an answer, or so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
        self._news.clear()

    def _conclude(self) -> None:
        """Decide how the run ended, once nothing is under way."""
        session, recovery, listing = self.session, self.recovery, self.listing
        if session.ending is not None:
            return
        ids = self.arguments.choice.ids
        waiting = sum(1 for row in session.ledger.articles(State.WAITING) if ids is None or row.id in ids)
        if recovery is not None and recovery.judge.layout_unknown(at_end=True):
            self._layout_unknown()
        elif listing is not None and listing.end is ListingEnd.INCOMPLETE:
            session.end(Status.UNAVAILABLE, f"the listing could not be made whole: {listing.trouble}")
        elif waiting and not self.arguments.dry_run:
            session.end(Status.UNAVAILABLE, f"{waiting} articles wait: the archive had troubles of its own. Run again later")

    def _layout_unknown(self) -> None:
        assert self.recovery is not None
        judge = self.recovery.judge
        self.session.ledger.reopen_unread(self.session.run)
        self.session.end(
            Status.LAYOUT,
            f"{judge.unread} of the first {judge.pages} pages have a layout that is not the one known here; stopped. "
            f"Run `scrapy inspect {judge.example}` to see what was found",
        )

    # Requests and answers

    def _request(self, url: str, endpoint: Endpoint, callback: Callable[..., Any], errback: Callable[..., Any], **more: Any) -> Request:
        self._in_flight += 1
        coding = {"Accept-Encoding": "gzip" if endpoint is Endpoint.CDX else "identity"}
        meta = {"endpoint": endpoint, "verbatim_url": True, **more}
        return Request(url, callback, headers=coding, errback=errback, meta=meta, dont_filter=True)

    def _request_for(self, step: Fetch) -> Request:
        capture = step.row.capture
        url = playback_url(self.session.archive_url, capture.timestamp, capture.original)
        return self._request(url, Endpoint.PLAYBACK, self.parse_capture, self.capture_failed, row=step.row)

    def parse_listing(self, response: Response) -> None:
        """One page of the archive's index."""
        assert self.listing is not None
        headers = dict(headers_of(response))
        with self._answered():
            self.listing.answered(read_listing(response.status, headers, response.body))

    def listing_failed(self, failure: Failure) -> None:
        """No page of the index came."""
        assert self.listing is not None
        with self._answered():
            if not self._ends(failure):
                self.listing.failed(in_words(failure))

    def parse_capture(self, response: Response) -> Iterator[ArticleItem]:
        """The archive's answer to a request for a capture."""
        row: CaptureRow = response.meta["row"]
        assert self.recovery is not None
        write: Write | None = None
        with self._answered(row):
            reply = read_reply(self.session.archive_url, row.capture, response.status, headers_of(response), response.body)
            if reply.answer is Answer.REFUSED:
                self.recovery.abandoned(row)
                self.session.end(
                    Status.REFUSING, f"the archive refuses to play back captures: HTTP {reply.status} for article {row.article}"
                )
            else:
                counted, whole = not self.session.politeness.in_outage, "partial" not in response.flags
                write = self.recovery.received(row, reply, response.url, counted, whole)
        if write is not None:
            yield ArticleItem(write)

    def capture_failed(self, failure: Failure) -> None:
        """No answer came to a request for a capture."""
        row: CaptureRow = failure.request.meta["row"]  # type: ignore[attr-defined]
        assert self.recovery is not None
        with self._answered(row):
            if self._ends(failure):
                self.recovery.abandoned(row)
            else:
                answer = answer_for(failure)
                logger.info("article %d: %s (%s)", row.article, answer.value, in_words(failure))
                self.recovery.troubled(row, answer, in_words(failure), counted=not self.session.politeness.in_outage)

    def _ends(self, failure: Failure) -> bool:
        """Whether a request failed because the run must end."""
        if isinstance(failure.value, MustEnd):
            self.session.end(Status.REFUSING, str(failure.value))
        return isinstance(failure.value, PolitenessClosed)

    @contextmanager
    def _answered(self, row: CaptureRow | None = None) -> Iterator[None]:
        """Around the handling of an answer: it is no longer in flight, and whatever goes wrong ends the run instead of losing an
        article."""
        self._in_flight -= 1
        try:
            yield
        except Exception as error:
            if row is not None and self.recovery is not None:
                self.recovery.abandoned(row)
            self.failed(error, f"article {row.article}, capture {row.capture.timestamp}" if row else "the listing")
        finally:
            self._news.set()

    def item_failed(self, item: ArticleItem, failure: Failure) -> None:
        """A pipeline raised: the article stays due, and the run may not end as if nothing had happened."""
        assert isinstance(failure.value, Exception)
        self.failed(failure.value, f"article {item.write.article.id}, when it was written")

    def failed(self, error: Exception, about: str) -> None:
        """End the run: for storage that cannot be used, or for an error of ours."""
        if isinstance(error, (OSError, sqlite3.Error, LedgerError)):
            message = f"cannot write to {self.session.output}: {error}. Nothing was damaged; make room or repair it, then run again"
            self.session.end(Status.STORAGE, message)
        else:
            logger.error("an error of this software: %s", about, exc_info=error)
            self.session.end(Status.ERROR, f"an error of this software: {about}: {error!r}; please report it with the log")
