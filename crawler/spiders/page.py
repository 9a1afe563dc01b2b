"""The spider behind `citizen-news inspect`: fetches one capture into the store, politely, and settles nothing."""

from collections.abc import AsyncIterator
from typing import Any

from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.hkcnews.verdict import ANY_ARTICLE, Verdict
from crawler.ledger import CaptureRow, Found
from crawler.markdown.style import SeedStyle
from crawler.politeness.handler import failure_message
from crawler.recovery.case import SHARED_BY, Selection, open_case
from crawler.recovery.judge import read_page
from crawler.recovery.listing import ListingEnd
from crawler.recovery.store import capture_columns, compare_served
from crawler.run.session import Session
from crawler.spiders.archive import ArchiveSpider, read_reply
from crawler.utils.exit_status import ExitStatus
from crawler.warc.writer import CaptureOrigin
from crawler.wayback.archive import WebArchive
from crawler.wayback.capture import Capture
from crawler.wayback.playback import Answer, Reply

MOST = 5
"""So many requests for captures are made: redirects and jumps are followed, and behind a farewell page may be the
article."""
_NO_PAGE = (*ANY_ARTICLE, Verdict.UNDECODABLE)
"""Verdicts on a page that is not one to look at, but one that every address answered with."""


class PageSpider(ArchiveSpider):
    """Fetches `capture`, or the best capture of `article` at an archive; `reply` is what came."""

    name = "page"
    reply: Reply | None = None

    def __init__(self, session: Session, site: WebArchive, article: int, capture: Capture | None = None) -> None:
        super().__init__(session)
        self._site = site
        self._article = article
        self._queue: list[CaptureRow] = [] if capture is None else [self._row(capture)]

    async def start(self) -> AsyncIterator[Any]:
        try:
            if not self._queue:
                async for request in self._list(self._site, {self._article}):
                    yield request
                self._choose_captures()
            for _ in range(MOST):
                if not self._queue or self.session.ending is not None:
                    return
                row = self._queue.pop(0)
                yield self._ask(self._site, row.capture, self.parse_capture, self.capture_failed, row=row)
                await self._all_answered()
        finally:
            self.session.politeness.close("the run is ending")

    def _row(self, capture: Capture) -> CaptureRow:
        """A capture that no listing has."""
        return CaptureRow(0, self._article, capture, self._site.name, Found.INSPECT, self._site.public)

    def _choose_captures(self) -> None:
        """Take the article's best captures."""
        assert self.listing is not None
        ledger, article, site = self.session.ledger, self._article, self._site.name
        rows = [row for row in ledger.captures(article) if row.source == site]
        if not rows:
            unlisted = f"article {article} could not be listed: {self.listing.trouble}"
            none = f"the archive {site} lists no capture of article {article}"
            if self.listing.end is ListingEnd.WHOLE:
                self.session.end(ExitStatus.NOTHING, none)
            self.session.end(ExitStatus.UNAVAILABLE, unlisted)
        self._queue = open_case(article, rows, ledger.shared_digests(SHARED_BY), Selection()).queue

    def parse_capture(self, response: Response) -> None:
        """The archive's answer to a request for a capture; it goes into the store, so that the crawl does not fetch it
        again."""
        row: CaptureRow = response.meta["row"]
        ledger, article = self.session.ledger, self._article
        with self._answered(f"article {article}"):
            reply = read_reply(response)
            if reply.answer is Answer.CAPTURE:
                listed = (one for one in ledger.captures(article) if one.source == row.source)
                asked = row.capture.timestamp, row.capture.original
                known = next((one for one in listed if (one.capture.timestamp, one.capture.original) == asked), None)
                check = compare_served(reply, (known or row).capture.digest)
                origin = CaptureOrigin(response.url, row.source, row.replay, found=row.found.value)
                place = self.session.store.add(reply, check, origin)
                known = known or ledger.add_capture(article, row.capture, row.source, Found.INSPECT)
                if known is not None:
                    ledger.note(known.id, **capture_columns(reply, check, place))
                self.reply = reply
                style = SeedStyle(self._site.public, reply.timestamp, reply.original)
                if read_page(reply, article, style).verdict not in _NO_PAGE:
                    self._queue.clear()
            elif reply.location is not None:
                timestamp, original = reply.location
                self._queue = [self._row(Capture(timestamp=timestamp, original=original))]
            else:
                exact = "Name the capture exactly as the archive lists it"
                advice = exact if reply.answer is Answer.NOT_ARCHIVED else "Try again later"
                about = f"the archive's answer: {reply.answer.value} (HTTP {reply.status})"
                self.session.end(ExitStatus.UNAVAILABLE, f"{about}. {advice}")

    def capture_failed(self, failure: Failure) -> None:
        """No answer came to a request for a capture."""
        with self._answered(f"article {self._article}"):
            if not self._ends(failure):
                self.session.end(ExitStatus.UNAVAILABLE, f"no answer from the archive: {failure_message(failure)}")
