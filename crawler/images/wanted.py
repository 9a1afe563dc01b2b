"""Which images are wanted: those of recovered articles, as their pages name them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from crawler.archive.politeness_report import span
from crawler.archive.warcrecord import StoredCapture, WarcDamaged
from crawler.images.paths import image_file
from crawler.judging import Judge
from crawler.ledger import CaptureRow, Ledger
from crawler.reading import Read
from crawler.wording import in_bytes

logger = logging.getLogger(__name__)

TYPICAL_BYTES = 150_000
"""Of an image, where none is there yet to tell: the site's names say `_large`, and news sites' pictures of 2017 to 2021 have some
hundred kilobytes. A supposition."""
TYPICAL_REQUESTS = 2
"""For an image: the jump from the time of the article to the nearest capture, then that capture. A supposition."""
ENOUGH = 20
"""So many images tell what an image has in bytes."""


def want(ledger: Ledger, article: int, capture: int, urls: Iterable[str]) -> None:
    """Tell the ledger which images an article has, as it was recovered from this capture."""
    ledger.want_images(article, capture, places(urls))


def places(urls: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each image's file, relative to the output directory, and its address."""
    return tuple((str(image_file(url)), url) for url in urls)


def look_for_images(ledger: Ledger, take: Callable[[CaptureRow], StoredCapture], read_page: Read) -> Iterator[tuple[int, int]]:
    """Read the pages of articles whose images are not known, and tell the ledger. `take` gives a capture from the store, or from the file
    of web archives that has it. Gives, after each, how many were looked at and how many there are. Articles whose page cannot be read
    any more are left out, with a warning."""
    articles = ledger.without_images()
    judge = Judge(read_page, lambda *_, **__: None)
    for number, article in enumerate(articles, 1):
        settled = ledger.article(article)
        row = next((row for row in ledger.captures(article) if settled is not None and row.id == settled.capture), None)
        if row is not None and (row.warc or row.held is not None):
            try:
                found = judge.recovered(row, take(row))
                why = found.judgement.because
            except (OSError, WarcDamaged) as error:
                found, why = None, str(error)
            if found is not None and found.article is not None:
                want(ledger, article, row.id, found.article.images)
            else:
                logger.warning("the images of article %d are not known: its page cannot be read: %s", article, why)
        yield number, len(articles)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What fetching some images may come to; `size` is in bytes, of the files and the store together, `seconds` at the permitted rate."""

    images: int
    requests: int
    seconds: float
    size: int
    each: int
    measured: bool

    def __str__(self) -> str:
        how = "measured so far" if self.measured else "supposed"
        return (
            f"{self.images:,} images to fetch. An estimate: {self.requests:,} requests, {span(self.seconds)} at least, "
            f"{in_bytes(self.size)} on the disk ({in_bytes(self.each)} each is {how}, in the store and as a file)"
        )


def estimate(ledger: Ledger, images: int, rate: float) -> Estimate:
    """What so many images may come to at `rate` requests a minute."""
    count, size = ledger.image_bytes()
    each = size // count if count >= ENOUGH else TYPICAL_BYTES
    requests = images * TYPICAL_REQUESTS
    return Estimate(images, requests, requests * 60 / rate, 2 * images * each, each, measured=count >= ENOUGH)
