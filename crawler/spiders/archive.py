"""What the spiders share: asking archives politely, listing them page by page, and asking for what no listing has."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.politeness.handler import failure_message, headers_of
from crawler.politeness.politeness import ArchiveStop, PolitenessClosed
from crawler.politeness.rate_limiter import Endpoint
from crawler.recovery import listing as gaps
from crawler.recovery.image_recovery import ImageRecovery
from crawler.recovery.listing import LISTINGS, MOST_LISTINGS, GapEvidence, Listing, ListingEnd
from crawler.recovery.recovery import Recovery
from crawler.recovery.sources import WebArchiveFiles, index_files
from crawler.recovery.store import compare_served, reconcile
from crawler.run.session import Session
from crawler.utils.exit_status import CommandError, ExitStatus
from crawler.utils.text import counted, first_few
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.archive import WebArchive
from crawler.wayback.capture import Capture
from crawler.wayback.cdx import CdxPage, CdxQuery, CdxReply
from crawler.wayback.http import CodingError, declared_coding, decode
from crawler.wayback.playback import ANSWERS, Action, Answer, Reply

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""At least so often the run looks around, whether an outage has lasted too long."""
ROOM = 8
"""Articles or images under way at once: enough to keep the connections busy while pages are read, few enough to stop
soon."""


def read_reply(response: Response) -> Reply:
    """What the answer to a request for a capture is."""
    site: WebArchive = response.meta["site"]
    return site.read_reply(response.meta["asked"], response.status, headers_of(response), response.body)


def read_listing(response: Response) -> CdxReply:
    """What an answer of the index is."""
    site: WebArchive = response.meta["site"]
    return site.read_listing(response.status, dict(headers_of(response)), response.body)


class ArchiveSpider(scrapy.Spider):
    """Asks archives for captures and for pages of their index; `listing` is the one under way."""

    listing: Listing | None = None
    _in_flight = 0

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._news = asyncio.Event()

    async def _list(self, site: WebArchive, ids: Collection[int] | None) -> AsyncIterator[Request]:
        """Ask for the listing page by page; each is asked for only after the one before was taken."""
        session, settings = self.session, self.session.settings
        overlap = settings.listing_overlap_days if session.renewing else 0
        waits = settings.listing_retry_seconds
        self.listing = listing = Listing(session.ledger, ids, settings.page_rows, site.name, waits, overlap)
        while session.ending is None and (question := listing.next_question()) is not None:
            if question.after:
                logger.warning("no page of the index (%s); asking again in %g s", listing.trouble, question.after)
                await asyncio.sleep(question.after)
            yield self._ask(site, question.query, self.parse_listing, self.listing_failed, key=question.resume_key)
            await self._all_answered()

    async def _work_off(
        self,
        queue: Recovery | ImageRecovery,
        things_for: Callable[[Any], Iterator[Any]],
        check: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Any]:
        """Hand out what there is to do for each step of a queue until nothing is left, waiting for answers and for
        passes that are due later. `check` may end the run after any step: answers come while this goes on."""
        session = self.session
        while session.ending is None:
            for step in queue.steps(ROOM):
                for thing in things_for(step):
                    yield thing
                check()
                if session.ending is not None:
                    break
            check()
            if session.outage_lasts(time.monotonic()) or not (queue.left or self._in_flight):
                break
            if session.ending is None:
                await self._wait(min(queue.wait() or LOOK_SECONDS, LOOK_SECONDS))
        if session.ending is not None:
            session.politeness.close("the run is ending")
        await self._all_answered()

    def _ask(
        self,
        site: WebArchive,
        asked: CdxQuery | Capture,
        callback: Callable[..., Any],
        errback: Callable[..., Any],
        *,
        key: str | None = None,
        flag: str = "id_",
        **meta: Any,
    ) -> Request:
        """A request to an archive: to its index, from the resume key on, or for a capture."""
        if isinstance(asked, CdxQuery):
            endpoint, coding, url = Endpoint.CDX, "gzip", site.listing_url(asked, key)
        else:
            endpoint, coding = Endpoint.PLAYBACK, site.accept_encoding
            url = site.playback_url(asked.timestamp, asked.original, flag)
        meta |= {"endpoint": endpoint, "source": site.name, "site": site, "asked": asked, "verbatim_url": True}
        headers = {"Accept-Encoding": coding}
        self._in_flight += 1
        return Request(url, callback, headers=headers, errback=errback, meta=meta, dont_filter=True)

    def parse_listing(self, response: Response) -> None:
        """One page of an archive's index."""
        assert self.listing is not None
        with self._answered("the listing"):
            self.listing.answered(read_listing(response))

    def listing_failed(self, failure: Failure) -> None:
        """No page of the index came."""
        assert self.listing is not None
        with self._answered("the listing"):
            if not self._ends(failure):
                self.listing.failed(failure_message(failure))

    async def _all_answered(self) -> None:
        """Wait until nothing is in flight."""
        while self._in_flight:
            await self._wait()

    async def _wait(self, seconds: float | None = None) -> None:
        """Wait for an answer, or so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
        self._news.clear()

    def _reply(self, response: Response) -> Reply:
        """What an archive answered to a request for a capture; that it refuses ends the run."""
        reply = read_reply(response)
        if ANSWERS[reply.answer].action is Action.STOP:
            name, asked = response.meta["source"], response.meta["asked"]
            about = f"HTTP {reply.status} for {asked.original} of {asked.timestamp}"
            self.session.end(ExitStatus.REFUSING, f"the archive {name} refuses to play back captures: {about}")
        return reply

    def _ends(self, failure: Failure) -> bool:
        """Whether a request failed because the run must end."""
        if isinstance(failure.value, ArchiveStop):
            self.session.end(ExitStatus.REFUSING, str(failure.value))
        return isinstance(failure.value, PolitenessClosed)

    def _counted(self, source: str) -> bool:
        """Whether troubles at a source count as attempts: not in an outage of the whole archive."""
        return not self.session.politeness.towards(source).in_outage

    @contextmanager
    def _answered(self, about: str) -> Iterator[None]:
        """Around the handling of an answer: it is no longer in flight, and whatever goes wrong ends the run instead of
        losing an article."""
        self._in_flight -= 1
        try:
            yield
        except Exception as error:
            self.session.failed(error, about)
        finally:
            self._news.set()


class SourcesSpider(ArchiveSpider):
    """Lists every source of the session, in order, and spends requests on what no listing has."""

    _incomplete = ""
    """Which listing could not be made whole, and why."""

    async def _list_sources(self, ids: Collection[int] | None) -> AsyncIterator[Request]:
        """Ask what there is, of these articles or of all."""
        session = self.session
        for source in session.settings.sources:
            if isinstance(source, WebArchiveFiles):
                try:
                    index_files(source, session.ledger)
                except CommandError as error:
                    session.end(error.status, f"SOURCES: {error}")
            else:
                async for request in self._list(source, ids):
                    yield request
                if session.ending is None:
                    self._listed(source.name)
        missing = sorted(i for i in ids or () if session.ledger.article(i) is None)
        if missing and not self._incomplete and session.ending is None:
            about, some = "no source lists a capture of %d of the articles asked for: %s", first_few(missing, 20)
            logger.warning(about, len(missing), some)
        # Captures of articles that the ledger did not list before.
        reconcile(session.ledger, session.store)

    def _listed(self, name: str) -> None:
        """What follows from how the listing of an archive ended."""
        listing = self.listing
        assert listing is not None
        end, trouble = listing.end, listing.trouble
        if end is ListingEnd.NOT_AUTHORISED:
            why = "does not allow listing the whole site (403: bulk queries need authorization)"
            advice = "What still works: naming the articles, as in `--ids 33951,40000-40100`"
            self.session.end(ExitStatus.REFUSING, f"the archive {name} {why}. {advice}")
        elif end is ListingEnd.REFUSED:
            self.session.end(ExitStatus.REFUSING, f"the archive {name} refuses to list the site: {trouble}")
        elif end is ListingEnd.INCOMPLETE:
            self._incomplete = f"{name}: {trouble}"
            logger.warning("the listing of %s is not whole (%s); going on with what is listed", name, trouble)
        if listing.exact_only:
            only = "only captures of bare addresses, without a slug, are listed"
            logger.warning("bulk queries need authorization (403): %s", only)
        logger.info("listed at %s: %s, %s of them new", name, counted(listing.captures, "capture"), f"{listing.new:,}")

    async def _fill_gaps(self, site: WebArchive) -> AsyncIterator[Request]:
        """Read archived lists, then ask for articles one by one, best evidence first, with `session.gap_requests` in
        all; what is found is due in the ledger."""
        ledger, left = self.session.ledger, self.session.gap_requests
        async for request in self._read_lists(site, int(left * MOST_LISTINGS)):
            left -= 1
            yield request
        linked = gaps.linked_ids(self.session.output, (file for _, file in ledger.files()))
        evidence = {GapEvidence.ON_A_LIST: ledger.on_lists(), GapEvidence.LINKED: linked}
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
            what = counted(asked, "article")
            logger.info("asked %s for %s that no listing has; with captures: %s", site.name, what, f"{new:,}")

    async def _read_lists(self, site: WebArchive, most: int) -> AsyncIterator[Request]:
        """Ask which captures of the site's lists there are, and read some that were not read yet, within so many
        requests: half of them for the index at most."""
        session, rows = self.session, self.session.settings.page_rows
        found: dict[str, list[Capture]] = {}
        questions: deque[tuple[CdxQuery, str | None]] = deque()
        questions += ((CdxQuery(url, match_type, rows), None) for url, match_type in LISTINGS)
        left = most
        while questions and 2 * left > most and session.ending is None:
            query, key = questions.popleft()
            left -= 1
            pages: list[CdxPage] = []
            yield self._ask(site, query, self.parse_lists, self.list_failed, key=key, pages=pages)
            await self._all_answered()
            for page in pages:
                found.setdefault(query.url, []).extend(page.captures)
                if page.resume_key is not None:
                    questions.append((query, page.resume_key))
        for capture in islice(gaps.unread(found.values(), session.ledger.lists_read(site.name)), left):
            if session.ending is not None:
                return
            yield self._ask(site, capture, self.parse_list, self.list_failed)
            await self._all_answered()

    def parse_lists(self, response: Response) -> None:
        """Which captures of the site's lists there are; what cannot be had of them is no loss to the articles that are
        listed."""
        with self._answered("the site's lists"):
            reply = read_listing(response)
            if reply.page is not None:
                response.meta["pages"].append(reply.page)

    def parse_list(self, response: Response) -> None:
        """One of the site's lists: the articles that it names."""
        with self._answered("the site's lists"):
            site, capture, reply = response.meta["site"], response.meta["asked"], self._reply(response)
            named: set[int] = set()
            if reply.answer is Answer.CAPTURE:
                check = compare_served(reply, capture.digest)
                self.session.store.add(reply, check, CaptureOrigin(response.url, site.name, site.public))
                try:
                    page = decode(reply.payload, declared_coding(reply.headers)).body
                    named = gaps.ids_in(page.decode("utf-8", "replace"))
                except CodingError as error:
                    what = f"({error}): {capture.timestamp} {capture.original}"
                    logger.info("a list of the site's cannot be decoded %s", what)
            elif ANSWERS[reply.answer].action not in (Action.FOLLOW, Action.NEXT_CAPTURE):
                return  # the next run asks again
            self.session.ledger.note_list(site.name, capture.timestamp, capture.original, named)

    def list_failed(self, failure: Failure) -> None:
        """No answer came; the next run asks again."""
        with self._answered("the site's lists"):
            self._ends(failure)
