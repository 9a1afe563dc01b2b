"""What a long job will come to, and how long what is left will take within the limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from crawler.ledger import Ledger
from crawler.politeness.rate_limiter import RAMP_MINUTES
from crawler.recovery import image_recovery as wanted
from crawler.utils.text import counted, format_duration, format_size

NEARLY: Final = 0.8
"""With this share of the permitted requests sent in a minute, it is the limit that holds a run up, and nothing else."""
WINDOW: Final = 300.0
"""Seconds over which speed is measured."""
LEAST: Final = 10.0
"""Seconds without which a speed tells nothing."""


def sending_seconds(requests: float, permitted: float, most: float) -> float:
    """How long so many requests take at least: at `permitted` a minute, which grows to `most` while the archive answers
    well (crawler/politeness/rate_limiter.py: by a tenth of `most` each minute)."""
    growth = most / RAMP_MINUTES
    ramp = max(0.0, (most - permitted) / growth)
    meanwhile = (permitted + most) / 2 * ramp
    if requests >= meanwhile:
        return 60 * (ramp + (requests - meanwhile) / most)
    return 60 * (math.sqrt(permitted**2 + 2 * growth * requests) - permitted) / growth


def seconds_left(
    left: int, each: float, *, permitted: float, most: float, minute: int, speed: float | None, held: float = 0.0
) -> float | None:
    """How long `left` articles or images will take, with `each` of so many requests. The longer of what the limits
    allow and of what the `speed` so far (a minute) makes of it; after a hold of so many seconds. None when neither is
    known.

    `minute`: requests sent in the last one. As long as these are about all that was permitted, the speed says nothing
    of its own, and would be behind a limit that grows.
    """
    if left <= 0:
        return held
    by_limit = sending_seconds(left * each, permitted, most) if permitted > 0 else None
    if speed is None or (by_limit is not None and each > 0 and minute >= NEARLY * permitted):
        return None if by_limit is None else held + by_limit
    return held + max(by_limit or 0.0, 60 * left / speed)


class Speed:
    """How many a minute were settled over the last minutes in which the archive let us send."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, int]] = deque()
        self._last: float | None = None
        self._active = 0.0

    def note(self, now: float, settled: int, held: bool) -> None:
        """At `now` (seconds that only go forward) so many were settled; `held`: the time since the last note was a
        pause."""
        if self._last is not None and not held:
            self._active += now - self._last
        self._last = now
        self._noted.append((self._active, settled))
        while self._noted[0][0] < self._active - WINDOW:
            self._noted.popleft()

    @property
    def a_minute(self) -> float | None:
        """None while it is too early to tell, and when nothing was settled."""
        if not self._noted:
            return None
        (then, before), (now, settled) = self._noted[0], self._noted[-1]
        return 60 * (settled - before) / (now - then) if now - then >= LEAST and settled > before else None


ENOUGH: Final = 20
"""So many articles tell what an article comes to."""
SUPPOSED_REQUESTS: Final = 1.05
"""An article: 1.8% of the public backup's are of captures that are no article (FACTS section 2), and need another one
at least."""
SUPPOSED_RECORD: Final = 20_000
"""Bytes in the store: pages of 84 kB, compressed at 4.5 to one (measured on synthetic pages), and the record's own
headers."""
SUPPOSED_FILE: Final = 6_000
"""Bytes of a Markdown file: that of the format's description has 5,001, and it is a short article."""
SUPPOSED_IMAGES: Final = 118_960 / 49_118
"""An article (FACTS section 2, counted in the public backup)."""
_FILES: Final = 500
"""So many files tell what a file has in bytes."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What recovering some articles may come to. `stored` of them are read without a request; `seconds` at `rate`
    requests a minute; `size` in bytes, of store and files together, `each` for an article that is fetched. `images`:
    what follows, if images are wanted."""

    articles: int
    stored: int
    requests: int
    rate: float
    seconds: float
    size: int
    each: int
    measured: bool
    images: wanted.ImageEstimate | None = None

    def __str__(self) -> str:
        about = f"{counted(self.articles, 'article')} to recover"
        if self.stored:
            about += f", {self.stored:,} of them without a request from what is stored"
        if self.articles == self.stored:
            return about
        how = "measured so far" if self.measured else "supposed"
        return (
            f"{about}. An estimate: {counted(self.requests, 'request')}, {format_duration(self.seconds)} at least at"
            f" {self.rate:,.0f} a minute, {format_size(self.size)} on the disk"
            f" ({format_size(self.each)} each is {how}, in the store and as a file)"
        )

    def sentences(self) -> Iterator[str]:
        """The articles, then the images if any are wanted."""
        yield str(self)
        if self.images is not None:
            yield f"After the articles, by their number about {self.images}"


def estimate(
    ledger: Ledger,
    due: Collection[int],
    output: Path,
    rate: float,
    *,
    images: int | None = None,
    since: str = "",
    until: str = "",
) -> Estimate:
    """What recovering the articles `due` may come to, at `rate` requests a minute, by captures of the time that is
    chosen. `images`: so many images are due already and those of these articles will be; None when no images are
    wanted. Changes nothing."""
    stored = len(ledger.readable_articles(since, until) & set(due))
    fetched = len(due) - stored
    asked_articles, asked = ledger.requests_so_far()
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


def _images(ledger: Ledger, articles: int, images: int, rate: float) -> wanted.ImageEstimate | None:
    known, shown = ledger.shown_images()
    each = shown / known if known >= ENOUGH else SUPPOSED_IMAGES
    number = images + round(articles * each)
    return wanted.estimate_images(ledger, number, rate) if number else None


def _file_size(ledger: Ledger, output: Path) -> int:
    """Bytes of an article's file, by some that are there."""
    sizes = [path.stat().st_size for _, file in islice(ledger.files(), _FILES) if (path := output / file).is_file()]
    return sum(sizes) // len(sizes) if len(sizes) >= ENOUGH else SUPPOSED_FILE
