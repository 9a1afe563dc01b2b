"""The part of the crawl that lists: archives page by page, files of web archives at once, and what follows from how that ended."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection

from scrapy import Request

from crawler.archive.site import Site
from crawler.ending import Status
from crawler.listing import ListingEnd
from crawler.reconcile import reconcile
from crawler.session import Session
from crawler.sources import Files, NotAnArchive, take_stock
from crawler.spiders.asking import AskingSpider
from crawler.wording import some

logger = logging.getLogger(__name__)


class SourcesSpider(AskingSpider):
    """Lists every source of the session, in order."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._incomplete = ""
        """Which listing could not be made whole, and why."""

    async def _list_sources(self, ids: Collection[int] | None) -> AsyncIterator[Request]:
        """Ask what there is, of these articles or of all."""
        for source in self.session.sources:
            if isinstance(source, Files):
                self._take_stock(source)
            else:
                async for request in self._list(source, ids):
                    yield request
                self._listed(source)
        self._all_listed(ids)

    def _take_stock(self, source: Files) -> None:
        try:
            take_stock(source, self.session.ledger)
        except NotAnArchive as error:
            self.session.end(Status.USAGE, f"SOURCES: {error}")

    def _listed(self, site: Site) -> None:
        """What follows from how the listing of an archive ended."""
        listing, session = self.listing, self.session
        assert listing is not None
        if session.ending is not None:
            return
        if listing.end is ListingEnd.NOT_AUTHORISED:
            session.end(
                Status.REFUSING,
                f"the archive {site.name} does not allow listing the whole site (403: bulk queries need authorization). "
                "What still works: naming the articles, as in `-a ids=33951,40000-40100`",
            )
        elif listing.end is ListingEnd.REFUSED:
            session.end(Status.REFUSING, f"the archive {site.name} refuses to list the site: {listing.trouble}")
        elif listing.end is ListingEnd.INCOMPLETE:
            self._incomplete = f"{site.name}: {listing.trouble}"
            logger.warning("the listing of %s is not whole (%s); going on with what is listed", site.name, listing.trouble)
        if listing.exact_only:
            logger.warning("bulk queries need authorization (403): only captures of bare addresses, without a slug, could be listed")
        rows, new = listing.progress.rows, listing.progress.new
        logger.info("listed at %s: %s rows in this run, %s of them new", site.name, f"{rows:,}", f"{new:,}")

    def _all_listed(self, ids: Collection[int] | None) -> None:
        session = self.session
        missing = sorted(i for i in ids or () if session.ledger.article(i) is None)
        if missing and not self._incomplete and session.ending is None:
            logger.warning("no source lists a capture of %d of the articles asked for: %s", len(missing), some(missing, 20))
        reconcile(session.ledger, session.store)  # captures of articles that the ledger did not list before
