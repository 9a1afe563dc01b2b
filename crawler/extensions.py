"""The progress of a run, so that one of hours is seen to live: on a terminal, as a line a minute, and in the ledger for other terminals."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self, cast

from scrapy import signals
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call

from crawler.progress.course import Course
from crawler.progress.display import display
from crawler.progress.line import line
from crawler.progress.moment import KEY, Moment, Phase
from crawler.progress.terminal import Terminal, is_terminal

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.progress.course import Running

logger = logging.getLogger(__name__)

DRAWN = 1.0
"""Seconds between two drawings on a terminal."""
SAVED = 5.0
"""Seconds between two moments in the ledger."""


class ProgressLine:
    """Tells where the run stands: on a terminal all the time, else every PROGRESS_SECONDS. Whatever goes wrong in it, the run goes on."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._seconds = crawler.settings.getfloat("PROGRESS_SECONDS")
        self._loop: AsyncioLoopingCall | None = None
        self._terminal: Terminal | None = None
        self._course = Course(time.time())
        self._told = time.monotonic()
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
                self._save(running, replace(self._moment(running), phase=Phase.ENDED))
            except Exception:
                logger.debug("the last moment of the run could not be noted", exc_info=True)

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
            self._tell()
        except Exception:
            self._stop()
            logger.warning("the progress of the run is not shown any more, by an error of this software", exc_info=True)

    def _tell(self) -> None:
        running, now = self._running(), time.monotonic()
        is_saved = now - self._saved >= SAVED
        is_told = self._terminal is None and 0 < self._seconds <= now - self._told
        if running is None or not (is_saved or is_told or self._terminal):
            return
        moment = self._moment(running)
        if is_saved:
            self._saved = now
            self._save(running, moment)
        if is_told:
            self._told = now
            logger.info("%s", line(moment))
        if self._terminal is not None:
            self._terminal.show(display(moment))

    def _running(self) -> Running | None:
        spider = self._crawler.spider
        return cast("Running", spider) if spider is not None and spider.name == "articles" else None

    def _moment(self, running: Running) -> Moment:
        return self._course.moment(running, time.time(), time.monotonic())

    def _save(self, running: Running, moment: Moment) -> None:
        running.session.ledger.set_meta(KEY, moment.to_json())
