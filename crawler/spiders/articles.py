"""The spider: asks the sources for what they list, then for the captures that the recovery wants, and hands over
articles."""

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

from crawler.ledger import CaptureRow, State
from crawler.ledger.images import ImageState
from crawler.politeness.handler import answer_of_failure, failure_message
from crawler.recovery.case import ArticleItem, improvable_articles
from crawler.recovery.recovery import Recovery
from crawler.recovery.sources import describe_location, reply_from_file
from crawler.run.estimate import describe_estimate
from crawler.run.session import Session
from crawler.run.settings import SpiderArguments, read_arguments
from crawler.spiders.archive import LOOK_SECONDS, GapSpider, SourcesSpider
from crawler.spiders.images import ImagesSpider
from crawler.utils.exit_status import ExitStatus, UsageError
from crawler.utils.text import counted, first_few, ignore_broken_pipe
from crawler.warc.record import WarcDamaged
from crawler.wayback.playback import Answer

logger = logging.getLogger(__name__)


def _about(row: CaptureRow) -> str:
    return f"article {row.article}, capture {row.capture.timestamp}"


class ArticlesSpider(SourcesSpider, ImagesSpider, GapSpider):
    """Recovers the articles of hkcnews.com, then their images; see the README for its arguments."""

    name = "articles"

    def __init__(self, session: Session | None = None, **given: str) -> None:
        if session is None:
            raise UsageError("run this spider by `scrapy crawl articles`: the command opens ledger and store for it")
        super().__init__(session)
        self.arguments: SpiderArguments = read_arguments(given)
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
                # What was yielded last gets through the pipelines meanwhile; found busy now, Scrapy looks again only
                # after five seconds.
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            logger.warning("stopping: what is under way is finished; Ctrl-C again stops at once")
            self.session.end(ExitStatus.INTERRUPTED, "interrupted; what was settled stays settled, run again to go on")
            raise
        except Exception as error:
            self.session.failed(error, "while choosing what to fetch")
        finally:
            self.session.politeness.close("the run is ending")
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
        if self.session.settings.images:
            async for request in self._recover_images():
                yield request

    async def _recover(self) -> AsyncIterator[Any]:
        """What is due, and what is gone through again; in a dry run that is only told."""
        session, arguments = self.session, self.arguments
        if arguments.dry_run:
            with session.ledger.trial():
                again = session.ledger.retry(arguments.again)
                self._log_estimate(again)
                with ignore_broken_pipe():
                    for article, capture in self._recovery(again=again).choices():
                        what = (capture.timestamp, capture.original) if capture else ("-", "no capture left to try")
                        print(article, *what, sep="\t")
            return
        again = session.ledger.retry(arguments.again)
        session.ledger.retry_images(arguments.again)
        better = self._better() if session.renewing else []
        self._log_estimate([*better, *again])
        self.recovery = recovery = self._recovery(better, again)
        async for thing in self._work_off(recovery, self._take, self._check_layout):
            yield thing
        less = "of which another capture says less, or something else (`scrapy versions ID` shows it)"
        none = "since no capture that was asked for could be had"
        for kept, why in ((recovery.not_improved, less), (recovery.left_unchanged, none)):
            if kept:
                logger.warning("%s kept as before, %s: %s", counted(len(kept), "article"), why, first_few(kept))

    def _log_estimate(self, more: Collection[int]) -> None:
        """What will be asked for, before it is. `more`: recovered articles that are gone through again."""
        session, choice = self.session, self.arguments.choice
        if due := [*session.ledger.due(choice.ids), *more][: choice.limit]:
            images = len(session.ledger.due_images(choice.ids, choice.limit)) if session.settings.images else None
            window = {"since": choice.since, "until": choice.until}
            rate = session.settings.playback_rate
            for line in describe_estimate(session.ledger, due, session.output, rate, images=images, **window):
                logger.info("%s", line)

    async def _settled(self) -> None:
        """Wait until every article that was handed over is settled."""
        while self._unsettled and self.session.ending is None:
            await self._wait(LOOK_SECONDS)

    async def _recover_gaps(self) -> AsyncIterator[Any]:
        """Articles that no listing has: asked for, and recovered if there are any."""
        await self._settled()
        before = len(self.session.ledger.known_ids())
        for site in self.session.settings.sites:
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
        sources = [source.name for source in session.settings.sources]
        found = improvable_articles(session.ledger, choice.ids, choice.since, choice.until, sources)
        if found:
            logger.info("%d recovered articles have a capture that may be better: %s", len(found), first_few(found))
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
            session.settings.retry_seconds,
            read_page=session.read,
            style_for=session.styles,
            sources=[source.name for source in session.settings.sources],
            recovered=better,
            again=again,
        )

    def _conclude(self) -> None:
        """Decide how the run ended, once nothing is under way."""
        session, ids = self.session, self.arguments.choice.ids
        if self.recovery is not None:
            self._check_layout(at_end=True)
        if session.ending is not None:
            return
        waiting = {
            "article": sum(1 for row in session.ledger.articles(State.WAITING) if ids is None or row.id in ids),
            "image": self.images.done[ImageState.WAITING] if self.images is not None else 0,
        }
        if self._incomplete:
            session.end(ExitStatus.UNAVAILABLE, f"the listing could not be made whole: {self._incomplete}")
        for thing, number in waiting.items():
            if number and not self.arguments.dry_run:
                wait = f"{counted(number, thing)} {'waits' if number == 1 else 'wait'}"
                session.end(ExitStatus.UNAVAILABLE, f"{wait}: the archive had troubles of its own. Run again later")

    def _check_layout(self, at_end: bool = False) -> None:
        """A layout that is not known ends the run: going on would only burn requests."""
        assert self.recovery is not None
        judge = self.recovery.judge
        if self.session.ending is None and judge.layout_unknown(at_end):
            self.session.ledger.reopen_unread(self.session.run)
            self.session.end(
                ExitStatus.LAYOUT,
                f"{judge.unread} of the first {judge.pages} pages have a layout that is not the one known here;"
                f" stopped. Run `scrapy inspect {judge.example}` to see what was found",
            )

    # Requests and answers

    def _take(self, step: CaptureRow | ArticleItem) -> Iterator[Request | ArticleItem]:
        """What is to be done for a step: an article to write, a request, or a look into a file of web archives."""
        if isinstance(step, ArticleItem):
            yield from self._handed_over(step)
        elif (site := self.session.site(step.source)) is not None:
            yield self._ask(site, step.capture, self.parse_capture, self.capture_failed, row=step)
        else:
            item = None
            self._in_flight += 1
            with self._answered(_about(step)):
                item = self._from_file(step)
            yield from self._handed_over(item)

    def _from_file(self, row: CaptureRow) -> ArticleItem | None:
        """A capture out of a file of web archives; one that cannot be read any more is passed over like one that is not
        archived."""
        assert self.recovery is not None
        try:
            reply = reply_from_file(row)
        except (OSError, WarcDamaged) as error:
            logger.warning("%s is no longer in %s: %s", _about(row), row.source, error)
            self.recovery.troubled(row, Answer.NOT_ARCHIVED, str(error))
            return None
        return self.recovery.received(row, reply, describe_location(row))

    def parse_capture(self, response: Response) -> Iterator[ArticleItem]:
        """The archive's answer to a request for a capture."""
        row: CaptureRow = response.meta["row"]
        item = None
        assert self.recovery is not None
        with self._answered(_about(row)):
            counted, whole = self._counted(row.source), "partial" not in response.flags
            item = self.recovery.received(row, self._reply(response), response.url, counted, whole)
        yield from self._handed_over(item)

    def capture_failed(self, failure: Failure) -> None:
        """No answer came to a request for a capture."""
        row: CaptureRow = failure.request.meta["row"]  # type: ignore[attr-defined]
        assert self.recovery is not None
        with self._answered(_about(row)):
            if self._ends(failure):
                self.recovery.abandoned(row)
            else:
                answer, detail = answer_of_failure(failure.value), failure_message(failure)
                logger.info("article %d: %s (%s)", row.article, answer.value, detail)
                self.recovery.troubled(row, answer, detail, self._counted(row.source))

    def _handed_over(self, item: ArticleItem | None) -> Iterator[ArticleItem]:
        """To the pipelines, if there is an article."""
        if item is not None:
            self._unsettled += 1
            yield item

    def item_done(self) -> None:
        """An article is through the pipelines, whatever came of it."""
        self._unsettled -= 1
        self._news.set()

    def item_failed(self, item: ArticleItem, failure: Failure) -> None:
        """A pipeline raised: the article stays due, and the run may not end as if nothing had happened."""
        assert isinstance(failure.value, Exception)
        self.session.failed(failure.value, f"{item!r}, when it was written")
