"""The extension that shows and notes the progress of a run while it goes on."""

import logging
import sys
import time
from dataclasses import replace
from typing import Final, Protocol, Self, cast

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call

from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.politeness.rate_limiter import Endpoint
from crawler.recovery.image_recovery import TYPICAL_REQUESTS, ImageRecovery
from crawler.recovery.listing import Listing
from crawler.recovery.recovery import Recovery
from crawler.run.progress import (
    ENOUGH,
    PROGRESS_KEY,
    SUPPOSED_REQUESTS,
    Hold,
    Phase,
    ProgressSnapshot,
    Speed,
    describe_progress,
    progress_table,
    seconds_left,
)
from crawler.run.session import Session
from crawler.run.settings import SpiderArguments
from crawler.run.terminal import Terminal, is_terminal

logger = logging.getLogger(__name__)

SUPPOSED: Final = {Phase.ARTICLES: SUPPOSED_REQUESTS, Phase.IMAGES: float(TYPICAL_REQUESTS)}
"""Requests that one takes, as long as fewer than ENOUGH were settled in the run."""
DRAWN: Final = 1.0
"""Seconds between two drawings on a terminal."""
SAVED: Final = 5.0
"""Seconds between two snapshots in the ledger."""


class RunningSpider(Protocol):
    """What a monitor sees of the spider."""

    session: Session
    arguments: SpiderArguments
    listing: Listing | None
    recovery: Recovery | None
    images: ImageRecovery | None


class ProgressMonitor:
    """Of one run, from when it is made. `now` is the time in seconds since the epoch, `ticks` are seconds that only go
    forward."""

    def __init__(self, now: float) -> None:
        self._started = now
        self._queue: object = None
        self._speed = Speed()
        self._sent = 0

    def snapshot(self, running: RunningSpider, now: float, ticks: float) -> ProgressSnapshot:
        """Where the run stands."""
        session, listing, recovery, images = running.session, running.listing, running.recovery, running.images
        counts, hold = session.ledger.counts(), session.politeness.holding()
        snapshot = ProgressSnapshot(
            run=session.run,
            at=now,
            started=self._started,
            phase=Phase.LISTING,
            source=listing.source if listing is not None else "",
            rows=listing.rows if listing is not None else 0,
            known=sum(counts.values()),
            recovered=counts[State.RECOVERED],
            given_up=counts[State.UNRECOVERABLE],
            waiting=counts[State.WAITING],
            hold=Hold(hold[0], now + hold[1]) if hold else None,
            paces=session.politeness.paces(),
        )
        if images is not None:
            snapshot = replace(
                snapshot,
                phase=Phase.IMAGES,
                due=sum(images.done.values()) + images.left,
                left=images.left,
                have=images.done[ImageState.HAVE],
                missing=images.done[ImageState.MISSING],
            )
        elif recovery is not None:
            filling = not recovery.left and running.arguments.whole and session.gap_requests > 0
            snapshot = replace(
                snapshot,
                phase=Phase.GAPS if filling else Phase.ARTICLES,
                due=recovery.due,
                left=recovery.left,
                later=recovery.later,
                later_at=now + (recovery.wait() or 0.0) if recovery.later else 0.0,
            )
        return replace(snapshot, eta=self._eta(snapshot, recovery if images is None else images, ticks))

    def _eta(self, snapshot: ProgressSnapshot, queue: object, ticks: float) -> float | None:
        """Seconds that are left; `queue` tells one phase's work from another's."""
        playback = [pace for pace in snapshot.paces if pace.kind == Endpoint.PLAYBACK.value]
        sent = sum(pace.sent for pace in playback)
        if queue is not self._queue:
            self._queue, self._speed, self._sent = queue, Speed(), sent
        if snapshot.phase not in SUPPOSED:
            return None
        settled, hold = snapshot.due - snapshot.left, snapshot.hold
        self._speed.note(ticks, settled, hold is not None)
        busiest = max(playback, key=lambda pace: pace.sent, default=None)
        seconds = seconds_left(
            snapshot.left,
            (sent - self._sent) / settled if settled >= ENOUGH else SUPPOSED[snapshot.phase],
            permitted=busiest.permitted if busiest else 0.0,
            most=busiest.most if busiest else 0.0,
            minute=busiest.minute if busiest else 0,
            speed=self._speed.a_minute,
            held=hold.until - snapshot.at if hold else 0.0,
        )
        return None if seconds is None else max(seconds, snapshot.later_at - snapshot.at)


class ProgressExtension:
    """Tells where the run stands: on a terminal all the time, else every PROGRESS_SECONDS. Whatever goes wrong in it,
    the run goes on."""

    def __init__(self, crawler: Crawler) -> None:
        self._seconds = crawler.settings.getfloat("PROGRESS_SECONDS")
        self._running: RunningSpider | None = None
        self._loop: AsyncioLoopingCall | None = None
        self._terminal: Terminal | None = None
        self._monitor = ProgressMonitor(time.time())
        self._logged = time.monotonic()
        self._saved = float("-inf")
        crawler.signals.connect(self._opened, signal=signals.spider_opened)
        crawler.signals.connect(self._closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def _opened(self, spider: Spider) -> None:
        from twisted.internet import reactor  # noqa: PLC0415 - installs one

        if spider.name != "articles":
            return
        self._running = cast("RunningSpider", spider)
        # Choices that a dry run prints belong to whoever reads them, and a display would stand in their way.
        if self._seconds and not self._running.arguments.dry_run and is_terminal(sys.stderr):
            self._terminal = Terminal(sys.stderr)
        # A second Ctrl-C ends the reactor without closing the spider.
        reactor.addSystemEventTrigger("before", "shutdown", self._stop)  # type: ignore[arg-type]  # its interface is told without self
        self._loop = cast(AsyncioLoopingCall, create_looping_call(self._tick))
        self._loop.start(min(DRAWN, self._seconds or DRAWN))

    def _closed(self) -> None:
        self._stop()
        if self._running is not None:
            try:
                snapshot = self._monitor.snapshot(self._running, time.time(), time.monotonic())
                ended = replace(snapshot, phase=Phase.ENDED)
                self._running.session.ledger.set_meta(PROGRESS_KEY, ended.to_json())
            except Exception:
                logger.debug("the last snapshot of the run could not be noted", exc_info=True)

    def _stop(self) -> None:
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            try:
                terminal.stop()
            except Exception:
                logger.debug("the terminal could not be given back", exc_info=True)

    def _tick(self) -> None:
        assert self._running is not None
        now = time.monotonic()
        is_saved = now - self._saved >= SAVED
        is_logged = self._terminal is None and 0 < self._seconds <= now - self._logged
        if not (is_saved or is_logged or self._terminal):
            return
        try:
            snapshot = self._monitor.snapshot(self._running, time.time(), now)
            if is_saved:
                self._saved = now
                self._running.session.ledger.set_meta(PROGRESS_KEY, snapshot.to_json())
            if is_logged:
                self._logged = now
                logger.info("%s", describe_progress(snapshot))
            if self._terminal is not None:
                self._terminal.show(progress_table(snapshot))
        except Exception:
            self._stop()
            logger.warning("the progress of the run is not shown any more, by an error of this software", exc_info=True)
