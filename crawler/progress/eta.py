"""How long what is left will take, within the limits and as fast as it went so far."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from crawler.archive.limiter import RAMP_MINUTES

NEARLY: Final = 0.8
"""With this share of the permitted requests sent in a minute, it is the limit that holds a run up, and nothing else."""
WINDOW: Final = 300.0
"""Seconds over which speed is measured."""
LEAST: Final = 10.0
"""Seconds without which a speed tells nothing."""


def sending_seconds(requests: float, permitted: float, most: float) -> float:
    """How long so many requests take at least: at `permitted` a minute, which grows to `most` while the archive answers well
    (crawler/archive/limiter.py: by a tenth of `most` each minute)."""
    growth = most / RAMP_MINUTES
    ramp = max(0.0, (most - permitted) / growth)
    meanwhile = (permitted + most) / 2 * ramp
    if requests >= meanwhile:
        return 60 * (ramp + (requests - meanwhile) / most)
    return 60 * (math.sqrt(permitted**2 + 2 * growth * requests) - permitted) / growth


def seconds_left(
    left: int, each: float, *, permitted: float, most: float, minute: int, speed: float | None, held: float = 0.0
) -> float | None:
    """How long `left` articles or images will take, with `each` of so many requests. The longer of what the limits allow and of what the
    `speed` so far (a minute) makes of it; after a hold of so many seconds. None when neither is known.

    `minute`: requests sent in the last one. As long as these are about all that was permitted, the speed says nothing of its own, and
    would be behind a limit that grows.
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
        """At `now` (seconds that only go forward) so many were settled; `held`: the time since the last note was a pause."""
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
