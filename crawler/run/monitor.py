"""The extension that shows and notes the progress of a run while it goes on."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

from scrapy import signals
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call

from crawler.ledger import State
from crawler.ledger.images import ImageState
from crawler.politeness.policy import RequestPace
from crawler.politeness.rate_limiter import Endpoint
from crawler.recovery.image_recovery import TYPICAL_REQUESTS
from crawler.run.estimate import ENOUGH, SUPPOSED_REQUESTS, Speed, seconds_left
from crawler.run.progress import PROGRESS_KEY, Hold, Phase, ProgressSnapshot, describe_progress, progress_table
from crawler.run.terminal import Terminal, is_terminal

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.recovery.image_recovery import ImageRecovery
    from crawler.recovery.listing import Listing
    from crawler.recovery.recovery import Recovery
    from crawler.run.session import Session
    from crawler.run.settings import SpiderArguments

logger = logging.getLogger(__name__)

SUPPOSED: Final = {Phase.ARTICLES: SUPPOSED_REQUESTS, Phase.IMAGES: float(TYPICAL_REQUESTS)}
"""Requests that one takes, as long as fewer than ENOUGH were settled in the run."""


class RunningSpider(Protocol):
    """What a monitor sees of the spider."""

    session: Session
    arguments: SpiderArguments
    listing: Listing | None
    recovery: Recovery | None
    images: ImageRecovery | None


@dataclass(frozen=True, slots=True)
class _Work:
    """How much the present phase had to do and what of it is left; `wait`: seconds until the next of `later` is due.
    `queue` tells one phase's work from another's."""

    queue: object = None
    due: int = 0
    left: int = 0
    later: int = 0
    wait: float = 0.0
    have: int = 0
    missing: int = 0


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
        session, listing, phase, work = running.session, running.listing, phase_of(running), _work(running)
        counts = session.ledger.counts()
        held = session.politeness.holding()
        paces = session.politeness.paces()
        return ProgressSnapshot(
            run=session.run,
            at=now,
            started=self._started,
            phase=phase,
            source=listing.source if listing is not None else "",
            rows=listing.progress.rows if listing is not None else 0,
            known=sum(counts.values()),
            recovered=counts[State.RECOVERED],
            given_up=counts[State.UNRECOVERABLE],
            waiting=counts[State.WAITING],
            due=work.due,
            left=work.left,
            later=work.later,
            later_at=now + work.wait if work.later else 0.0,
            have=work.have,
            missing=work.missing,
            eta=self._eta(phase, work, paces, held[1] if held else None, ticks),
            hold=Hold(held[0], now + held[1]) if held else None,
            paces=paces,
        )

    def _eta(
        self, phase: Phase, work: _Work, paces: tuple[RequestPace, ...], held: float | None, ticks: float
    ) -> float | None:
        playback = [pace for pace in paces if pace.kind == Endpoint.PLAYBACK.value]
        sent = sum(pace.sent for pace in playback)
        if work.queue is not self._queue:
            self._queue, self._speed, self._sent = work.queue, Speed(), sent
        if phase not in SUPPOSED:
            return None
        settled = work.due - work.left
        self._speed.note(ticks, settled, held is not None)
        busiest = max(playback, key=lambda pace: pace.sent, default=None)
        seconds = seconds_left(
            work.left,
            (sent - self._sent) / settled if settled >= ENOUGH else SUPPOSED[phase],
            permitted=busiest.permitted if busiest else 0.0,
            most=busiest.most if busiest else 0.0,
            minute=busiest.minute if busiest else 0,
            speed=self._speed.a_minute,
            held=held or 0.0,
        )
        return None if seconds is None else max(seconds, work.wait if work.later else 0.0)


def phase_of(running: RunningSpider) -> Phase:
    """What a run is doing."""
    if running.images is not None:
        return Phase.IMAGES
    if running.recovery is None:
        return Phase.LISTING
    filling = running.recovery.finished and running.arguments.whole and running.session.gap_requests > 0
    return Phase.GAPS if filling else Phase.ARTICLES


def _work(running: RunningSpider) -> _Work:
    if (images := running.images) is not None:
        due, have, missing = sum(images.done.values()), images.done[ImageState.HAVE], images.done[ImageState.MISSING]
        return _Work(images, due + images.left, images.left, have=have, missing=missing)
    if (recovery := running.recovery) is not None:
        return _Work(recovery, recovery.due, recovery.left, recovery.later, recovery.wait() or 0.0)
    return _Work()


DRAWN = 1.0
"""Seconds between two drawings on a terminal."""
SAVED = 5.0
"""Seconds between two snapshots in the ledger."""


class ProgressExtension:
    """Tells where the run stands: on a terminal all the time, else every PROGRESS_SECONDS. Whatever goes wrong in it,
    the run goes on."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._seconds = crawler.settings.getfloat("PROGRESS_SECONDS")
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

    def _opened(self) -> None:
        from twisted.internet import reactor  # noqa: PLC0415 - installs one

        running = self._running()
        if running is None:
            return
        # Choices that a dry run prints belong to whoever reads them, and a display would stand in their way.
        if self._seconds and not running.arguments.dry_run and is_terminal(sys.stderr):
            self._terminal = Terminal(sys.stderr)
        # A second Ctrl-C ends the reactor without closing the spider.
        reactor.addSystemEventTrigger("before", "shutdown", self._stop)  # type: ignore[arg-type]  # its interface is told without self
        self._loop = cast(AsyncioLoopingCall, create_looping_call(self._tick))
        self._loop.start(min(DRAWN, self._seconds or DRAWN))

    def _closed(self) -> None:
        running = self._running()
        self._stop()
        if running is not None:
            try:
                self._save(running, replace(self._snapshot(running), phase=Phase.ENDED))
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
        try:
            self._show()
        except Exception:
            self._stop()
            logger.warning("the progress of the run is not shown any more, by an error of this software", exc_info=True)

    def _show(self) -> None:
        running, now = self._running(), time.monotonic()
        is_saved = now - self._saved >= SAVED
        is_logged = self._terminal is None and 0 < self._seconds <= now - self._logged
        if running is None or not (is_saved or is_logged or self._terminal):
            return
        snapshot = self._snapshot(running)
        if is_saved:
            self._saved = now
            self._save(running, snapshot)
        if is_logged:
            self._logged = now
            logger.info("%s", describe_progress(snapshot))
        if self._terminal is not None:
            self._terminal.show(progress_table(snapshot))

    def _running(self) -> RunningSpider | None:
        spider = self._crawler.spider
        return cast("RunningSpider", spider) if spider is not None and spider.name == "articles" else None

    def _snapshot(self, running: RunningSpider) -> ProgressSnapshot:
        return self._monitor.snapshot(running, time.time(), time.monotonic())

    def _save(self, running: RunningSpider, snapshot: ProgressSnapshot) -> None:
        running.session.ledger.set_meta(PROGRESS_KEY, snapshot.to_json())
