"""One image on its way: what to ask for next, and what was wrong with what came."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from crawler.ledger.images import ImageRow
from crawler.recovery.case import OpenCase
from crawler.recovery.image_content import ImageFault
from crawler.utils.timestamps import read_moment
from crawler.wayback.capture import EMPTY_DIGEST, Capture
from crawler.wayback.playback import escape

MOST_FOLLOWED = 5
"""So many jumps and archived redirects are followed for one image at one source."""
MOST_LISTED = 3
"""So many of the captures that an index gives are asked for."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Ask a source for an image. `capture.digest` is what the index says of it, empty where it was not asked."""

    file: str
    source: str
    capture: Capture

    @property
    def key(self) -> tuple[str, str, str]:
        """By which the ledger has the answer: source, time and address asked for."""
        return self.source, self.capture.timestamp, escape(self.capture.original)

    def digest_of(self, timestamp: str) -> str:
        """What to compare the bytes of a capture of this time with."""
        return self.capture.digest if timestamp == self.capture.timestamp else "-"


@dataclass(frozen=True, slots=True)
class ImageLookup:
    """Ask the index of a source for the captures of exactly this address."""

    file: str
    source: str
    url: str


@dataclass(slots=True)
class ImageCase(OpenCase):
    """An image that is being looked for: first at the time of its article's capture, then where the source's index has
    it, then at the next source. `wanted` is that time, `sources` what is still to be asked, the first one now. `best`:
    one whose bytes do not match their digest, taken when nothing better comes."""

    row: ImageRow
    wanted: str
    sources: list[str]
    queue: deque[Capture] = field(default_factory=deque)
    looked: bool = False
    followed: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    best: ImageRow | None = None
    best_data: bytes = b""

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.queue = deque([Capture(timestamp=self.wanted, original=self.row.url)])
        self.looked, self.followed, self.tries = False, 0, 0
        self.seen.clear()

    @property
    def step(self) -> ImageRequest | ImageLookup | None:
        """What to ask for now; None when there is nothing left to ask."""
        while self.sources:
            if self.queue:
                return ImageRequest(self.row.file, self.sources[0], self.queue[0])
            if not self.looked:
                return ImageLookup(self.row.file, self.sources[0], escape(self.row.url))
            del self.sources[0]
            self._begin()
        return None

    def not_archived(self, fault: ImageFault) -> None:
        """The source has nothing under the address asked for. Where that is the image's own its index has nothing."""
        self.looked = self.looked or fault is ImageFault.EXCLUDED or self.queue[0].original == self.row.url
        if fault is ImageFault.EXCLUDED:
            self.queue = deque([self.queue[0]])
        self.reject(fault)

    def reject(self, reason: str, because: str = "", timestamp: str = "") -> None:
        """What came is no good; `timestamp` is that of the capture served."""
        capture = self.queue.popleft()
        self.tries = 0
        self.seen |= {_key(capture), _key(capture, timestamp)}
        self.reasons.append(reason)
        detail = f"{timestamp or capture.timestamp} {capture.original}: {reason}"
        self.details.append(f"{detail}: {because}" if because else detail)

    def redirected_to(self, timestamp: str, original: str) -> None:
        """A jump or a redirect to another capture, which is asked for next."""
        here, there = self.queue[0], Capture(timestamp=timestamp, original=original)
        if self.followed == MOST_FOLLOWED or _key(there) in self.seen or _key(there) == _key(here):
            self.reject(ImageFault.REDIRECTS, f"leads to {timestamp} {original}")
            return
        self.seen.add(_key(here))
        self.followed += 1
        self.tries = 0
        self.queue[0] = there

    def listed(self, captures: Iterable[Capture]) -> None:
        """The captures worth asking for that the source's index gave, the nearest first."""
        times = {timestamp for timestamp, _ in self.seen}
        self.looked = True
        self.tries = 0
        self.queue.extend(capture for capture in captures if capture.timestamp not in times)

    def reason(self) -> str:
        """Why there is no image: the different reasons, most frequent first."""
        return ", ".join(reason for reason, _ in Counter(self.reasons).most_common()) or ImageFault.NOT_ARCHIVED


def _key(capture: Capture, timestamp: str = "") -> tuple[str, str]:
    return timestamp or capture.timestamp, escape(capture.original)


def nearest(captures: Iterable[Capture], wanted: str) -> list[Capture]:
    """Of what an index gives, the few good images that are nearest in time to `wanted`, each digest once."""
    moment = read_moment(wanted)
    good = [
        capture
        for capture in captures
        if capture.statuscode == "200"
        and capture.mimetype.lower().startswith("image/")
        and capture.digest != EMPTY_DIGEST
    ]

    def away(capture: Capture) -> float:
        at = capture.moment
        return abs((at - moment).total_seconds()) if at is not None and moment is not None else float("inf")

    found: dict[str, Capture] = {}
    for capture in sorted(good, key=away):
        found.setdefault(capture.digest if len(capture.digest) > 1 else capture.timestamp, capture)
    return list(found.values())[:MOST_LISTED]
