"""How much an archive may be asked for: budgets with their sources, evenly spaced slots, the rate that adapts."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

# Requests a minute and address. edgi-govdata-archiving/wayback v0.5.1 (2026-06-19, issues 206 and 208): CDX hard 30,
# and v0.5.0 (2026-05): playback hard 600, of which the archive asks clients to use 80% (issue 147, 2023-12).
CDX_RATE_CEILING: Final = 30.0
PLAYBACK_RATE_CEILING: Final = 480.0
_CEILINGS = {
    "cdx_rate": CDX_RATE_CEILING,
    "playback_rate": PLAYBACK_RATE_CEILING,
    "playback_rate_start": PLAYBACK_RATE_CEILING,
}


class Endpoint(Enum):
    CDX = "cdx"
    PLAYBACK = "playback"


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """The limits of one run. Rates are a minute, times in seconds, all above zero.

    `pause_seconds` doubles with each 429 and `breaker_seconds` goes on to its next time with each refusal, until there
    were `healthy_seconds` without either or an outage. `breaker_trips` refusals with no such time between end the run,
    and so does a `Retry-After` above `retry_after_limit`. Troubles with `outage_after` different things in a row begin
    an outage, probed after `outage_seconds`, then after twice that and so on.
    """

    cdx_rate: float = 24.0
    playback_rate: float = 240.0
    playback_rate_start: float = 60.0
    pause_seconds: float = 60.0
    pause_max_seconds: float = 900.0
    healthy_seconds: float = 600.0
    retry_after_limit: float = 3600.0
    breaker_seconds: tuple[float, ...] = (300.0, 900.0, 3600.0)
    breaker_trips: int = 3
    outage_after: int = 10
    outage_seconds: float = 30.0
    outage_max_seconds: float = 600.0
    # New TCP connections are what the archive refuses: after 15 to 17 downloads with one connection each (issues 267,
    # 273, 275 of hartator/wayback-machine-downloader, 2023-11 on). Four at once for the kept-alive ones, then eight a
    # minute: never above twelve.
    connections_per_minute: float = 8.0
    connections_burst: int = 4


def cap_rates(budget: RequestBudget, loopback: bool) -> tuple[RequestBudget, list[str]]:
    """The budget with rates lowered to the archive's ceilings, and a warning for each; as it is on loopback."""
    if loopback:
        return budget, []
    above = {name: ceiling for name, ceiling in _CEILINGS.items() if getattr(budget, name) > ceiling}
    warnings = [
        f"{name} {getattr(budget, name):g}/min is above what the archive allows; {ceiling:g}/min is used"
        for name, ceiling in above.items()
    ]
    return replace(budget, **above), warnings  # type: ignore[arg-type]  # the three rates are floats


class Clock:
    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean anything."""
        return time.monotonic()

    def time(self) -> float:
        """Wall-clock seconds since the epoch; may jump either way."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Waits about that long; may wake late, and a hair early."""
        await asyncio.sleep(seconds)


MINUTE: Final = 60.0
PLAYBACK_RATE_FLOOR: Final = 15.0
"""Requests a minute below which halving stops: one every four seconds is no load on anybody."""
RAMP_MINUTES: Final = 10.0
"""Minutes of healthy answers from nothing to the full rate: by default 24/min more each minute, 60 to 240 in 7.5
minutes. Slow enough to meet a limit at a rate just above one that was fine, fast enough to cost a crawl of hours
little."""
CATCH_UP_SLOTS: Final = 2
"""Slots a late sender may make good, so that a timer that wakes late loses no budget."""
CATCH_UP_SECONDS: Final = 0.05
"""The same for rates (loopback only) whose slots are shorter than a timer's grain."""


class RateLimiter:
    """Slots of one kind of request, `rate` a minute; all times are seconds of a monotonic clock.

    Slots are absolute times, `60 / rate` apart. Whatever was caught up, no sliding window of 60 s holds more than the
    rate (rounded, at least 1; the highest one in that window), or with `burst` (as many may go at once after rest) than
    rate and burst together.
    """

    def __init__(self, rate: float, now: float, burst: int = 0) -> None:
        self.rate = rate
        self.peak = 0
        self.count = 0
        self._burst = burst
        self._window: deque[float] = deque()
        self._last_minute: deque[float] = deque()
        self._slot = now - (burst or 1) * MINUTE / rate
        self._earned = 0.0
        self._earning = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next slot; 0 when one is free."""
        self._expire(now)
        due = self._slot + MINUTE / self.rate
        allowed = max(1, round(self.rate)) + self._burst
        if len(self._window) >= allowed:
            due = max(due, self._window[len(self._window) - allowed] + MINUTE)
        return max(0.0, due - now)

    def take(self, now: float) -> None:
        """Uses the slot that `wait` found free."""
        each = MINUTE / self.rate
        late = (self._burst - 1) * each if self._burst else max(CATCH_UP_SLOTS * each, CATCH_UP_SECONDS)
        self._slot = max(self._slot + each, now - late)
        self._expire(now)
        self._window.append(now)
        self._last_minute.append(now)
        self.peak = max(self.peak, len(self._last_minute))
        if self.count:
            self._earned += self._earning
        self._earning = 0.0
        self.count += 1

    def last_minute(self, now: float) -> int:
        """How many slots were used in the last 60 seconds."""
        self._expire(now)
        return len(self._last_minute)

    def not_before(self, moment: float) -> None:
        """No slot before that moment, and none to catch up from before it."""
        self._slot = max(self._slot, moment - MINUTE / self.rate)

    def lower(self, rate: float) -> None:
        """A lower rate from now on. What was sent at the rate before is not held against it: sending goes on at once,
        only slower."""
        self.rate = rate
        self._window.clear()

    def earn(self, seconds: float) -> None:
        """Counts time in which sending was allowed, for `used`."""
        self._earning += seconds * self.rate / MINUTE

    @property
    def used(self) -> float | None:
        """Share, 0 to 1, of the requests that the rate allowed from first to last; None before the second."""
        return min(1.0, (self.count - 1) / self._earned) if self._earned else None

    def _expire(self, now: float) -> None:
        for times in (self._window, self._last_minute):
            while times and times[0] + MINUTE <= now:
                times.popleft()


class AdaptiveRate:
    """Additive increase, multiplicative decrease of a limiter's rate, between a floor and `top`."""

    def __init__(self, limiter: RateLimiter, top: float) -> None:
        self._limiter = limiter
        self._top = top
        self._floor = min(PLAYBACK_RATE_FLOOR, top)
        self._mark = 0

    def set(self, rate: float) -> None:
        self._limiter.rate = min(self._top, max(self._floor, rate))

    def healthy(self, number: int) -> None:
        """A good answer to request `number`. Each adds a share of the step, so that a rate's worth of them (one minute)
        adds one step."""
        if number > self._mark:
            self.set(self._limiter.rate + self._top / RAMP_MINUTES / self._limiter.rate)

    def halve(self, number: int, issued: int) -> None:
        """Request `number` met a limit; those in flight with it, up to number `issued`, halve nothing more."""
        if number > self._mark:
            self._mark = issued
            self._limiter.lower(max(self._floor, self._limiter.rate / 2))
