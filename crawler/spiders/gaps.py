"""What the articles' spider asks for beside the listing: archived lists of the site's, and single articles that it lacks."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator
from itertools import islice

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import gaps
from crawler.archive import digest as digests
from crawler.archive.budget import Endpoint
from crawler.archive.capture import Capture
from crawler.archive.cdx import CdxPage, CdxQuery
from crawler.archive.coding import CodingError, decode
from crawler.archive.headers import declared_coding
from crawler.archive.playback import WHAT_NEXT, Answer, Next
from crawler.archive.site import Site
from crawler.ending import Status
from crawler.gaps import LISTINGS, MOST_LISTINGS, Why
from crawler.handlers import headers_of
from crawler.spiders.asking import AskingSpider
from crawler.store import Origin

logger = logging.getLogger(__name__)


class GapSpider(AskingSpider):
    """Spends `session.gap_requests` requests on what no listing has."""

    async def _fill_gaps(self, site: Site) -> AsyncIterator[Request]:
        """Read archived lists, then ask for articles one by one, best evidence first; what is found is due in the ledger."""
        ledger, left = self.session.ledger, self.session.gap_requests
        async for request in self._read_lists(site, int(left * MOST_LISTINGS)):
            left -= 1
            yield request
        files = (file for _, file in ledger.files())
        evidence = {Why.ON_A_LIST: ledger.on_lists(), Why.LINKED: gaps.linked(self.session.output, files)}
        asked = new = 0
        for article, why in gaps.candidates(ledger.known_ids(), evidence, ledger.gap_asked(site.name)):
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

    async def _read_lists(self, site: Site, most: int) -> AsyncIterator[Request]:
        """Ask which captures of the site's lists there are, and read some that were not read yet, within so many requests: half of them
        for the index at most."""
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
        """Which captures of the site's lists there are; what cannot be had of them is no loss to the articles that are listed."""
        with self._answered():
            site: Site = response.meta["site"]
            reply = site.read_listing(response.meta["query"], response.status, dict(headers_of(response)), response.body)
            if reply.page is not None:
                response.meta["pages"].append(reply.page)

    def parse_list(self, response: Response) -> None:
        """One of the site's lists: the articles that it names."""
        with self._answered():
            site, capture = response.meta["site"], response.meta["capture"]
            reply = site.read_reply(capture, response.status, headers_of(response), response.body)
            if reply.answer is Answer.REFUSED:
                self.session.end(Status.REFUSING, f"the archive {site.name} refuses to play back captures: HTTP {reply.status}")
            if reply.answer is not Answer.CAPTURE:
                if WHAT_NEXT[reply.answer] in (Next.FOLLOW, Next.NEXT_CAPTURE):  # nothing else will come of it
                    self.session.ledger.note_list(site.name, capture.timestamp, capture.original, ())
                return
            coding = declared_coding(reply.headers)
            check = digests.check(reply.body, coding, capture.digest, headers=reply.headers)
            self.session.store.add(reply, check, Origin(response.url, capture.digest, site.name, site.public))
            try:
                text = decode(reply.body, coding).body.decode("utf-8", "replace")
            except CodingError as error:
                logger.info("a list of the site's cannot be decoded (%s): %s %s", error, capture.timestamp, capture.original)
                text = ""
            self.session.ledger.note_list(site.name, capture.timestamp, capture.original, gaps.ids_in(text))

    def list_failed(self, failure: Failure) -> None:
        """No answer came; the next run asks again."""
        with self._answered():
            self._ends(failure)
