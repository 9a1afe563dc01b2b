"""What a long job will come to, and how long what is left will take within the limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from crawler.ledger import Ledger
from crawler.politeness.rate_limiter import RAMP_MINUTES
from crawler.recovery.case import Selection
from crawler.recovery.image_recovery import estimate_images
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


def describe_estimate(
    ledger: Ledger, due: Collection[int], choice: Selection, output: Path, rate: float, images: int | None = None
) -> Iterator[str]:
    """What recovering the articles `due` may come to, at `rate` requests a minute, by captures of the time that is
    chosen; then what their images may. `images`: so many images are due already and those of these articles will be;
    None when no images are wanted. Changes nothing."""
    stored = len(ledger.readable_articles(choice.since, choice.until) & set(due))
    fetched = len(due) - stored
    about = f"{counted(len(due), 'article')} to recover"
    if stored:
        about += f", {stored:,} of them without a request from what is stored"
    if fetched:
        asked_articles, asked = ledger.requests_so_far()
        each_requests = asked / asked_articles if asked_articles >= ENOUGH else SUPPOSED_REQUESTS
        requests = max(fetched, round(fetched * each_requests))
        stored_articles, size = ledger.stored()
        measured = stored_articles >= ENOUGH
        files = (output / file for _, file in islice(ledger.files(), _FILES))
        sizes = [path.stat().st_size for path in files if path.is_file()]
        each = sum(sizes) // len(sizes) if len(sizes) >= ENOUGH else SUPPOSED_FILE
        each += size // stored_articles if measured else SUPPOSED_RECORD
        about += (
            f". An estimate: {counted(requests, 'request')}, {format_duration(60 * requests / rate)} at least at"
            f" {rate:,.0f} a minute, {format_size(fetched * each)} on the disk ({format_size(each)} each is"
            f" {'measured so far' if measured else 'supposed'}, in the store and as a file)"
        )
    yield about
    if images is not None:
        known, shown = ledger.shown_images()
        images += round(len(due) * (shown / known if known >= ENOUGH else SUPPOSED_IMAGES))
        if images:
            yield f"After the articles, by their number about {estimate_images(ledger, images, rate)}"
