"""What a long job will come to, said before it begins: requests, time at the permitted rate, room on the disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from crawler.archive.politeness_report import span
from crawler.images import wanted
from crawler.ledger import Ledger
from crawler.progress.eta import sending_seconds
from crawler.wording import in_bytes, many

ENOUGH: Final = 20
"""So many articles tell what an article comes to."""
SUPPOSED_REQUESTS: Final = 1.05
"""An article: 1.8% of the public backup's are of captures that are no article (FACTS section 2), and need another one at least."""
SUPPOSED_RECORD: Final = 20_000
"""Bytes in the store: pages of 84 kB, compressed at 4.5 to one (measured on synthetic pages), and the record's own headers."""
SUPPOSED_FILE: Final = 6_000
"""Bytes of a Markdown file: that of the format's description has 5,001, and it is a short article."""
SUPPOSED_IMAGES: Final = 118_960 / 49_118
"""An article (FACTS section 2, counted in the public backup)."""
_FILES: Final = 500
"""So many files tell what a file has in bytes."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What recovering some articles may come to. `stored` of them are read without a request; `seconds` at `rate` requests a minute;
    `size` in bytes, of store and files together, `each` for an article that is fetched. `images`: what follows, if images are wanted."""

    articles: int
    stored: int
    requests: int
    rate: float
    seconds: float
    size: int
    each: int
    measured: bool
    images: wanted.Estimate | None = None

    def __str__(self) -> str:
        about = f"{many(self.articles, 'article')} to recover"
        if self.stored:
            about += f", {self.stored:,} of them without a request from what is stored"
        if self.articles == self.stored:
            return about
        how = "measured so far" if self.measured else "supposed"
        return (
            f"{about}. An estimate: {many(self.requests, 'request')}, {span(self.seconds)} at least at {self.rate:,.0f} a minute, "
            f"{in_bytes(self.size)} on the disk ({in_bytes(self.each)} each is {how}, in the store and as a file)"
        )

    def sentences(self) -> Iterator[str]:
        """The articles, then the images if any are wanted."""
        yield str(self)
        if self.images is not None:
            yield f"After the articles, by their number about {self.images}"


def estimate(
    ledger: Ledger, due: Collection[int], output: Path, rate: float, *, images: int | None = None, since: str = "", until: str = ""
) -> Estimate:
    """What recovering the articles `due` may come to, at `rate` requests a minute, by captures of the time that is chosen. `images`: so
    many images are due already and those of these articles will be; None when no images are wanted. Changes nothing."""
    stored = len(ledger.readable(since, until) & set(due))
    fetched = len(due) - stored
    asked_articles, asked = ledger.asked_for()
    each_requests = asked / asked_articles if asked_articles >= ENOUGH else SUPPOSED_REQUESTS
    requests = max(fetched, round(fetched * each_requests))
    kept_articles, kept = ledger.stored()
    measured = kept_articles >= ENOUGH
    each = (kept // kept_articles if measured else SUPPOSED_RECORD) + _file_size(ledger, output)
    return Estimate(
        articles=len(due),
        stored=stored,
        requests=requests,
        rate=rate,
        seconds=sending_seconds(requests, rate, rate),
        size=fetched * each,
        each=each,
        measured=measured,
        images=None if images is None else _images(ledger, len(due), images, rate),
    )


def _images(ledger: Ledger, articles: int, images: int, rate: float) -> wanted.Estimate | None:
    known, shown = ledger.shown_images()
    each = shown / known if known >= ENOUGH else SUPPOSED_IMAGES
    number = images + round(articles * each)
    return wanted.estimate(ledger, number, rate) if number else None


def _file_size(ledger: Ledger, output: Path) -> int:
    """Bytes of an article's file, by some that are there."""
    sizes = [path.stat().st_size for _, file in islice(ledger.files(), _FILES) if (path := output / file).is_file()]
    return sum(sizes) // len(sizes) if len(sizes) >= ENOUGH else SUPPOSED_FILE
