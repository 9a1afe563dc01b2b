"""The spider: asks the sources for what they list, then for the captures that the recovery wants, and hands over articles."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.archive.budget import Endpoint
from crawler.archive.playback import Answer
from crawler.archive.site import Site
from crawler.archive.warcrecord import WarcDamaged
from crawler.better import better_known
from crawler.command import unless_nobody_reads
from crawler.ending import Fatal, Status
from crawler.failures import answer_for, in_words
from crawler.handlers import headers_of
from crawler.items import ArticleItem
from crawler.ledger import CaptureRow, State
from crawler.ledger.images import ImageState
from crawler.options import Arguments, read_arguments
from crawler.recovery import Fetch, Recovery, Write
from crawler.session import Session
from crawler.sources import reply_of, where_held
from crawler.spiders.asking import LOOK_SECONDS, ROOM
from crawler.spiders.gaps import GapSpider
from crawler.spiders.images import ImagesSpider
from crawler.spiders.sources import SourcesSpider
from crawler.spiders.telling import in_waiting, tell_choices, tell_estimate, tell_kept
from crawler.wording import some

logger = logging.getLogger(__name__)


class ArticlesSpider(SourcesSpider, ImagesSpider, GapSpider):
    """Recovers the articles of hkcnews.com, then their images; see the README for its arguments."""

    name = "articles"

    def __init__(self, session: Session | None = None, **given: str) -> None:
        if session is None:
            raise Fatal(Status.USAGE, "run this spider by `scrapy crawl articles`: the command opens ledger and store for it")
        super().__init__(session)
        self.arguments: Arguments = read_arguments(given)
        if session.only is not None:
            self.arguments = self.arguments.narrowed(session.only)
        self.recovery: Recovery | None = None
        self._unsettled = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.item_failed, signal=signals.item_error)
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider.item_done, signal=signal)
        return spider

    # The run

    async def start(self) -> AsyncIterator[Any]:
        try:
            async for thing in self._everything():
                yield thing
            if self.session.ending is None:
                # What was yielded last gets through the pipelines meanwhile; found busy now, Scrapy looks again only after five seconds.
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            logger.warning("stopping: what is under way is finished; Ctrl-C again stops at once")
            self.session.end(Status.INTERRUPTED, "interrupted; what was settled stays settled, run again to go on")
            raise
        except Exception as error:
            self.session.failed(error, "while choosing what to fetch")
        finally:
            self.session.manners.close("the run is ending")
        self._conclude()

    async def _everything(self) -> AsyncIterator[Any]:
        """Listings, articles, what the listings lack, images: one after the other."""
        async for request in self._list_sources(self.arguments.choice.ids):
            yield request
        if self.session.ending is None:
            async for thing in self._recover():
                yield thing
        if self.session.gap_requests and self.arguments.whole:
            async for thing in self._recover_gaps():
                yield thing
        if self.session.images:
            async for request in self._recover_images():
                yield request

    async def _recover(self) -> AsyncIterator[Any]:
        """Hand out what can be done until nothing is left, waiting for answers and for passes that are due later."""
        session, arguments = self.session, self.arguments
        if arguments.dry_run:
            with session.ledger.trial():
                again = session.ledger.again(arguments.again)
                tell_estimate(session, arguments.choice, again)
                with unless_nobody_reads():
                    tell_choices(self._recovery(again=again))
            return
        again = session.ledger.again(arguments.again)
        session.ledger.again_images(arguments.again)
        better = self._better() if session.renewing else []
        tell_estimate(session, arguments.choice, [*better, *again])
        self.recovery = recovery = self._recovery(better, again)
        while session.ending is None:
            for step in recovery.steps(ROOM):
                for thing in self._take(step):
                    yield thing
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
            session.manners.close("the run is ending")
        tell_kept(recovery)
        await self._answers()

    async def _settled(self) -> None:
        """Wait until every article that was handed over is settled."""
        while self._unsettled and self.session.ending is None:
            await self._something(LOOK_SECONDS)

    async def _recover_gaps(self) -> AsyncIterator[Any]:
        """Articles that no listing has: asked for, and recovered if there are any."""
        await self._settled()
        before = len(self.session.ledger.known_ids())
        for site in self.session.sites:
            if self.session.ending is None:
                async for request in self._fill_gaps(site):
                    yield request
        if self.session.ending is None and len(self.session.ledger.known_ids()) > before:
            async for thing in self._recover():
                yield thing

    async def _recover_images(self) -> AsyncIterator[Request]:
        """The images of what is recovered, once it is all settled."""
        await self._settled()
        if self.session.ending is None:
            choice = self.arguments.choice
            async for request in self._fetch_images(choice.ids, choice.limit, tell_only=self.arguments.dry_run):
                yield request

    def _better(self) -> list[int]:
        """Recovered articles that a capture is known of which would be preferred."""
        session, choice = self.session, self.arguments.choice
        sources = [source.name for source in session.sources]
        found = better_known(session.ledger, choice.ids, choice.since, choice.until, sources)
        if found:
            logger.info("%d recovered articles have a capture that may be better: %s", len(found), some(found))
            session.reopened.update(found)
        return found

    def _recovery(self, better: Collection[int] = (), again: Collection[int] = ()) -> Recovery:
        session = self.session
        return Recovery(
            session.ledger,
            session.store,
            session.run,
            self.arguments.choice,
            time.monotonic,
            session.retry_seconds,
            read_page=session.read,
            style_for=session.styles,
            sources=[source.name for source in session.sources],
            recovered=better,
            again=again,
        )

    def _conclude(self) -> None:
        """Decide how the run ended, once nothing is under way."""
        session, recovery = self.session, self.recovery
        if session.ending is not None:
            return
        ids = self.arguments.choice.ids
        waiting = sum(1 for row in session.ledger.articles(State.WAITING) if ids is None or row.id in ids)
        if recovery is not None and recovery.judge.layout_unknown(at_end=True):
            self._layout_unknown()
        elif self._incomplete:
            session.end(Status.UNAVAILABLE, f"the listing could not be made whole: {self._incomplete}")
        elif waiting and not self.arguments.dry_run:
            session.end(Status.UNAVAILABLE, f"{in_waiting(waiting, 'article')}: the archive had troubles of its own. Run again later")
        elif self.images is not None and (number := self.images.done[ImageState.WAITING]):
            session.end(Status.UNAVAILABLE, f"{in_waiting(number, 'image')}: the archive had troubles of its own. Run again later")

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

    def _take(self, step: Fetch | Write) -> Iterator[Request | ArticleItem]:
        """What is to be done for a step: an article to write, a request, or a look into a file of web archives."""
        if isinstance(step, Write):
            yield self._item(step)
            return
        row, site = step.row, self.session.site(step.row.source)
        if site is not None:
            url = site.playback_url(row.capture.timestamp, row.capture.original)
            yield self._request(url, Endpoint.PLAYBACK, site, self.parse_capture, self.capture_failed, row=row)
            return
        self._in_flight += 1
        write = None
        with self._answered(row):
            write = self._held(row)
        if write is not None:
            yield self._item(write)

    def _held(self, row: CaptureRow) -> Write | None:
        """A capture out of a file of web archives; one that cannot be read any more is passed over like one that is not archived."""
        assert self.recovery is not None
        try:
            reply = reply_of(row)
        except (OSError, WarcDamaged) as error:
            logger.warning("article %d: %s holds capture %s no more: %s", row.article, row.source, row.capture.timestamp, error)
            self.recovery.troubled(row, Answer.NOT_ARCHIVED, str(error))
            return None
        return self.recovery.received(row, reply, where_held(row))

    def parse_capture(self, response: Response) -> Iterator[ArticleItem]:
        """The archive's answer to a request for a capture."""
        row: CaptureRow = response.meta["row"]
        assert self.recovery is not None
        write: Write | None = None
        with self._answered(row):
            site: Site = response.meta["site"]
            reply = site.read_reply(row.capture, response.status, headers_of(response), response.body)
            if reply.answer is Answer.REFUSED:
                self.recovery.abandoned(row)
                self.session.end(
                    Status.REFUSING, f"the archive {site.name} refuses to play back captures: HTTP {reply.status} for article {row.article}"
                )
            else:
                counted, whole = not self._in_outage(row), "partial" not in response.flags
                write = self.recovery.received(row, reply, response.url, counted, whole)
        if write is not None:
            yield self._item(write)

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
                self.recovery.troubled(row, answer, in_words(failure), counted=not self._in_outage(row))

    def _in_outage(self, row: CaptureRow) -> bool:
        return self.session.manners.of(row.source).in_outage

    def lost(self, row: CaptureRow | None) -> None:
        if row is not None and self.recovery is not None:
            self.recovery.abandoned(row)

    def _item(self, write: Write) -> ArticleItem:
        self._unsettled += 1
        return ArticleItem(write)

    def item_done(self) -> None:
        """An article is through the pipelines, whatever came of it."""
        self._unsettled -= 1
        self._news.set()

    def item_failed(self, item: ArticleItem, failure: Failure) -> None:
        """A pipeline raised: the article stays due, and the run may not end as if nothing had happened."""
        assert isinstance(failure.value, Exception)
        self.session.failed(failure.value, f"article {item.write.article.id}, when it was written")
