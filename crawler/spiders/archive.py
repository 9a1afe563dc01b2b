"""What the spiders share: asking archives politely, listing them page by page, and asking for what no listing has."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.ledger import CaptureRow
from crawler.politeness.handler import failure_message, headers_of
from crawler.politeness.policy import ArchiveStop, PolitenessClosed
from crawler.politeness.rate_limiter import Endpoint
from crawler.recovery import listing as gaps
from crawler.recovery.listing import LISTINGS, MOST_LISTINGS, GapEvidence, Listing, ListingEnd
from crawler.recovery.sources import WebArchiveFiles, index_files
from crawler.recovery.store import CaptureOrigin, reconcile
from crawler.run.session import Session
from crawler.utils.exit_status import ExitStatus
from crawler.utils.text import first_few
from crawler.warc.captures import NotAWebArchive
from crawler.wayback import digest as digests
from crawler.wayback.archive import WebArchive
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage, CdxQuery
from crawler.wayback.http import CodingError, declared_coding, decode
from crawler.wayback.playback import ANSWERS, Action

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""At least so often the run looks around, whether an outage has lasted too long."""
ROOM = 8
"""Articles or images under way at once: enough to keep the connections busy while pages are read, few enough to stop
soon."""


class ArchiveSpider(scrapy.Spider):
    """Asks archives for captures and for pages of their index; `listing` is the one under way."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.listing: Listing | None = None
        self._news = asyncio.Event()
        self._in_flight = 0

    async def _list(self, site: WebArchive, ids: Collection[int] | None) -> AsyncIterator[Request]:
        """Ask for the listing page by page; each is asked for only after the one before was taken."""
        session = self.session
        overlap = session.listing_overlap_days if session.renewing else 0
        self.listing = Listing(
            session.ledger, ids, session.page_rows, site.name, session.listing_retry_seconds, overlap
        )
        while session.ending is None and (question := self.listing.next_question()) is not None:
            if question.after:
                logger.warning(
                    "the index gave no page (%s); asking again in %g s", self.listing.trouble, question.after
                )
                await asyncio.sleep(question.after)
            url = site.listing_url(question.query, question.resume_key)
            yield self._request(url, Endpoint.CDX, site, self.parse_listing, self.listing_failed, query=question.query)
            await self._answers()

    def _request(
        self,
        url: str,
        endpoint: Endpoint,
        site: WebArchive,
        callback: Callable[..., Any],
        errback: Callable[..., Any],
        **more: Any,
    ) -> Request:
        self._in_flight += 1
        coding = {"Accept-Encoding": "gzip" if endpoint is Endpoint.CDX else site.accept_encoding}
        meta = {"endpoint": endpoint, "source": site.name, "site": site, "verbatim_url": True, **more}
        return Request(url, callback, headers=coding, errback=errback, meta=meta, dont_filter=True)

    def parse_listing(self, response: Response) -> None:
        """One page of an archive's index."""
        assert self.listing is not None
        site: WebArchive = response.meta["site"]
        headers = dict(headers_of(response))
        with self._answered():
            self.listing.answered(site.read_listing(response.meta["query"], response.status, headers, response.body))

    def listing_failed(self, failure: Failure) -> None:
        """No page of the index came."""
        assert self.listing is not None
        with self._answered():
            if not self._ends(failure):
                self.listing.failed(failure_message(failure))

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
        if isinstance(failure.value, ArchiveStop):
            self.session.end(ExitStatus.REFUSING, str(failure.value))
        return isinstance(failure.value, PolitenessClosed)

    @contextmanager
    def _answered(self, row: CaptureRow | None = None, about: str = "the listing") -> Iterator[None]:
        """Around the handling of an answer: it is no longer in flight, and whatever goes wrong ends the run instead of
        losing an article."""
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


class SourcesSpider(ArchiveSpider):
    """Lists every source of the session, in order."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._incomplete = ""
        """Which listing could not be made whole, and why."""

    async def _list_sources(self, ids: Collection[int] | None) -> AsyncIterator[Request]:
        """Ask what there is, of these articles or of all."""
        for source in self.session.sources:
            if isinstance(source, WebArchiveFiles):
                self._take_stock(source)
            else:
                async for request in self._list(source, ids):
                    yield request
                self._listed(source)
        self._all_listed(ids)

    def _take_stock(self, source: WebArchiveFiles) -> None:
        try:
            index_files(source, self.session.ledger)
        except NotAWebArchive as error:
            self.session.end(ExitStatus.USAGE, f"SOURCES: {error}")

    def _listed(self, site: WebArchive) -> None:
        """What follows from how the listing of an archive ended."""
        listing, session = self.listing, self.session
        assert listing is not None
        if session.ending is not None:
            return
        if listing.end is ListingEnd.NOT_AUTHORISED:
            session.end(
                ExitStatus.REFUSING,
                f"the archive {site.name} does not allow listing the whole site (403: bulk queries need authorization)."
                " What still works: naming the articles, as in `-a ids=33951,40000-40100`",
            )
        elif listing.end is ListingEnd.REFUSED:
            session.end(ExitStatus.REFUSING, f"the archive {site.name} refuses to list the site: {listing.trouble}")
        elif listing.end is ListingEnd.INCOMPLETE:
            self._incomplete = f"{site.name}: {listing.trouble}"
            logger.warning(
                "the listing of %s is not whole (%s); going on with what is listed", site.name, listing.trouble
            )
        if listing.exact_only:
            logger.warning(
                "bulk queries need authorization (403): only captures of bare addresses, without a slug, could be"
                " listed"
            )
        rows, new = listing.progress.rows, listing.progress.new
        logger.info("listed at %s: %s rows in this run, %s of them new", site.name, f"{rows:,}", f"{new:,}")

    def _all_listed(self, ids: Collection[int] | None) -> None:
        session = self.session
        missing = sorted(i for i in ids or () if session.ledger.article(i) is None)
        if missing and not self._incomplete and session.ending is None:
            logger.warning(
                "no source lists a capture of %d of the articles asked for: %s", len(missing), first_few(missing, 20)
            )
        reconcile(session.ledger, session.store)  # captures of articles that the ledger did not list before


class GapSpider(ArchiveSpider):
    """Spends `session.gap_requests` requests on what no listing has."""

    async def _fill_gaps(self, site: WebArchive) -> AsyncIterator[Request]:
        """Read archived lists, then ask for articles one by one, best evidence first; what is found is due in the
        ledger."""
        ledger, left = self.session.ledger, self.session.gap_requests
        async for request in self._read_lists(site, int(left * MOST_LISTINGS)):
            left -= 1
            yield request
        files = (file for _, file in ledger.files())
        evidence = {
            GapEvidence.ON_A_LIST: ledger.on_lists(),
            GapEvidence.LINKED: gaps.linked_ids(self.session.output, files),
        }
        asked = new = 0
        for article, why in gaps.gap_candidates(ledger.known_ids(), evidence, ledger.gap_asked(site.name)):
            if left <= 0 or self.session.ending is not None:
                break
            async for request in self._list(site, {article}):
                left -= 1
                yield request
            if self.listing is not None and self.listing.end is not None and not self.listing.trouble:
                ledger.note_gap(site.name, article, why.value, len(ledger.captures(article)))
                asked, new = asked + 1, new + bool(ledger.captures(article))
        if asked:
            logger.info("asked %s for %d articles that no listing has: %d of them have captures", site.name, asked, new)

    async def _read_lists(self, site: WebArchive, most: int) -> AsyncIterator[Request]:
        """Ask which captures of the site's lists there are, and read some that were not read yet, within so many
        requests: half of them for the index at most."""
        found: dict[str, list[Capture]] = {}
        questions: deque[tuple[CdxQuery, str | None]] = deque()
        questions += ((CdxQuery(url, match_type, self.session.page_rows), None) for url, match_type in LISTINGS)
        left = most
        while questions and 2 * left > most and self.session.ending is None:
            query, key = questions.popleft()
            left -= 1
            pages: list[CdxPage] = []
            url = site.listing_url(query, key)
            yield self._request(url, Endpoint.CDX, site, self.parse_lists, self.list_failed, query=query, pages=pages)
            await self._answers()
            for page in pages:
                found.setdefault(query.url, []).extend(page.captures)
                if page.resume_key is not None:
                    questions.append((query, page.resume_key))
        for capture in islice(gaps.unread(found.values(), self.session.ledger.lists_read(site.name)), left):
            if self.session.ending is not None:
                return
            url = site.playback_url(capture.timestamp, capture.original)
            yield self._request(url, Endpoint.PLAYBACK, site, self.parse_list, self.list_failed, capture=capture)
            await self._answers()

    def parse_lists(self, response: Response) -> None:
        """Which captures of the site's lists there are; what cannot be had of them is no loss to the articles that are
        listed."""
        with self._answered():
            site: WebArchive = response.meta["site"]
            reply = site.read_listing(
                response.meta["query"], response.status, dict(headers_of(response)), response.body
            )
            if reply.page is not None:
                response.meta["pages"].append(reply.page)

    def parse_list(self, response: Response) -> None:
        """One of the site's lists: the articles that it names."""
        with self._answered():
            site, capture = response.meta["site"], response.meta["capture"]
            reply = site.read_reply(capture, response.status, headers_of(response), response.body)
            action = ANSWERS[reply.answer].action
            if action is Action.STOP:
                self.session.end(
                    ExitStatus.REFUSING, f"the archive {site.name} refuses to play back captures: HTTP {reply.status}"
                )
            if action is not Action.JUDGE:
                if action in (Action.FOLLOW, Action.NEXT_CAPTURE):  # nothing else will come of it
                    self.session.ledger.note_list(site.name, capture.timestamp, capture.original, ())
                return
            coding = declared_coding(reply.headers)
            check = digests.compare_digest(reply.body, coding, capture.digest, headers=reply.headers)
            self.session.store.add(reply, check, CaptureOrigin(response.url, capture.digest, site.name, site.public))
            try:
                text = decode(reply.body, coding).body.decode("utf-8", "replace")
            except CodingError as error:
                logger.info(
                    "a list of the site's cannot be decoded (%s): %s %s", error, capture.timestamp, capture.original
                )
                text = ""
            self.session.ledger.note_list(site.name, capture.timestamp, capture.original, gaps.ids_in(text))

    def list_failed(self, failure: Failure) -> None:
        """No answer came; the next run asks again."""
        with self._answered():
            self._ends(failure)
