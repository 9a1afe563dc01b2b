"""The spider: asks the sources for what they list, then for the captures that the recovery wants, and hands over
articles."""

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
from crawler.run.progress import describe_estimate
from crawler.run.session import Session
from crawler.run.settings import SpiderArguments
from crawler.spiders.archive import LOOK_SECONDS, SourcesSpider
from crawler.spiders.images import ImagesSpider
from crawler.utils.exit_status import ExitStatus, UsageError
from crawler.utils.text import counted, first_few, ignore_broken_pipe
from crawler.warc.record import WarcDamaged
from crawler.wayback.playback import Answer

logger = logging.getLogger(__name__)


def _about(row: CaptureRow) -> str:
    return f"article {row.article}, capture {row.capture.timestamp}"


class ArticlesSpider(SourcesSpider, ImagesSpider):
    """Recovers the articles of hkcnews.com, then their images; see the README for its arguments."""

    name = "articles"
    recovery: Recovery | None = None
    _unsettled = 0

    def __init__(self, session: Session | None = None, arguments: SpiderArguments | None = None, **_: str) -> None:
        if session is None or arguments is None:
            raise UsageError("run this spider by `citizen-news crawl`: the command opens ledger and store for it")
        super().__init__(session)
        self.arguments = arguments

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
        """Listings, articles, what the listings lack, images of what is recovered: one after the other."""
        session = self.session
        async for request in self._list_sources(self.arguments.choice.ids):
            yield request
        async for thing in self._recover():
            yield thing
        if session.gap_requests and self.arguments.whole:
            await self._settled()
            before = len(session.ledger.known_ids())
            for site in session.settings.sites:
                if session.ending is None:
                    async for request in self._fill_gaps(site):
                        yield request
            if len(session.ledger.known_ids()) > before:
                async for thing in self._recover():
                    yield thing
        if session.settings.images:
            await self._settled()
            if session.ending is None:
                async for request in self._fetch_images(self.arguments):
                    yield request

    async def _settled(self) -> None:
        """Wait until every article that was handed over is settled."""
        while self._unsettled and self.session.ending is None:
            await self._wait(LOOK_SECONDS)

    async def _recover(self) -> AsyncIterator[Any]:
        """What is due, and what is gone through again; in a dry run that is only told."""
        session, arguments, choice = self.session, self.arguments, self.arguments.choice
        if session.ending is not None:
            return
        if arguments.dry_run:
            with session.ledger.trial():
                again = session.ledger.retry(arguments.again)
                self._log_estimate(again)
                with ignore_broken_pipe():
                    for article, capture in self._recovery(again=again).choices():
                        what = (capture.timestamp, capture.original) if capture else ("-", "no capture left to try")
                        print(article, *what, sep="\t")
            return
        again, better = session.ledger.retry(arguments.again), []
        session.ledger.retry_images(arguments.again)
        if session.renewing:
            sources = [source.name for source in session.settings.sources]
            better = improvable_articles(session.ledger, choice, sources)
            session.reopened.update(better)
        if better:
            logger.info("%d recovered articles have a capture that may be better: %s", len(better), first_few(better))
        self._log_estimate([*better, *again])
        self.recovery = recovery = self._recovery(better, again)
        async for thing in self._work_off(recovery, self._take, self._check_layout):
            yield thing
        less = "of which another capture says less, or something else (`citizen-news inspect ID --versions` shows it)"
        none = "since no capture that was asked for could be had"
        for unchanged, why in ((recovery.not_improved, less), (recovery.left_unchanged, none)):
            if unchanged:
                about, some = counted(len(unchanged), "article"), first_few(unchanged)
                logger.warning("%s kept as before, %s: %s", about, why, some)

    def _log_estimate(self, more: Collection[int]) -> None:
        """What will be asked for, before it is. `more`: recovered articles that are gone through again."""
        session, choice = self.session, self.arguments.choice
        if due := [*session.ledger.due(choice.ids), *more][: choice.limit]:
            images = len(session.ledger.due_images(choice.ids, choice.limit)) if session.settings.images else None
            rate = session.settings.playback_rate
            for line in describe_estimate(session.ledger, due, choice, session.output, rate, images):
                self._say_estimate(line)

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
                f"{judge.unread} of the first {counted(judge.pages, 'page')} have a layout that is not the one known"
                f" here; stopped. Run `citizen-news inspect {judge.example}` to see what was found",
            )

    # Requests and answers

    def _take(self, step: CaptureRow | ArticleItem) -> Iterator[Request | ArticleItem]:
        """What is to be done for a step: an article to write, a request, or a look into a file of web archives."""
        if isinstance(step, ArticleItem):
            yield from self._handed_over(step)
        elif (site := self.session.site(step.source)) is not None:
            yield self._ask(site, step.capture, self.parse_capture, self.capture_failed, row=step)
        else:
            assert self.recovery is not None
            item = None
            self._in_flight += 1
            with self._answered(_about(step)):
                try:
                    reply = reply_from_file(step)
                except (OSError, WarcDamaged) as error:  # passed over like one that is not archived
                    logger.warning("%s is no longer in %s: %s", _about(step), step.source, error)
                    self.recovery.troubled(step, Answer.NOT_ARCHIVED, str(error))
                else:
                    item = self.recovery.received(step, reply, describe_location(step))
            yield from self._handed_over(item)

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
