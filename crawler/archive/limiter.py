"""How fast: evenly spaced slots for one endpoint, and the playback rate that adapts to how the archive answers."""

from collections import deque
from typing import Final

MINUTE: Final = 60.0
PLAYBACK_RATE_FLOOR: Final = 15.0
"""Requests a minute below which halving stops: one every four seconds is no load on anybody."""
RAMP_MINUTES: Final = 10.0
"""Minutes of healthy answers from nothing to the full rate: by default 24/min more each minute, 60 to 240 in 7.5 minutes. Slow enough to
meet a limit at a rate just above one that was fine, fast enough to cost a crawl of hours little."""
CATCH_UP_SLOTS: Final = 2
"""Slots a late sender may make good, so that a timer that wakes late loses no budget."""
CATCH_UP_SECONDS: Final = 0.05
"""The same for rates (loopback only) whose slots are shorter than a timer's grain."""


class Limiter:
    """Slots of one kind of request, `rate` a minute; all times are seconds of a monotonic clock.

    Slots are absolute times, `60 / rate` apart. Whatever was caught up, no sliding window of 60 s holds more than the rate (rounded, at
    least 1; the highest one in that window), or with `burst` (as many may go at once after rest) than rate and burst together.
    """

    def __init__(self, rate: float, now: float, burst: int = 0) -> None:
        self.rate = rate
        self.peak = 0
        self.count = 0
        self._burst = burst
        self._window: deque[float] = deque()
        self._last_minute: deque[float] = deque()
        self._slot = now - MINUTE / rate - self._slack()
        if not burst:
            self.not_before(now)
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
        self._slot = max(self._slot + MINUTE / self.rate, now - self._slack())
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
        """A lower rate from now on. What was sent at the rate before is not held against it: sending goes on at once, only slower."""
        self.rate = rate
        self._window.clear()

    def earn(self, seconds: float) -> None:
        """Counts time in which sending was allowed, for `used`."""
        self._earning += seconds * self.rate / MINUTE

    @property
    def used(self) -> float | None:
        """Share, 0 to 1, of the requests that the rate allowed from the first to the last one; None before the second."""
        return min(1.0, (self.count - 1) / self._earned) if self._earned else None

    def _slack(self) -> float:
        slots = self._burst - 1 if self._burst else CATCH_UP_SLOTS
        return max(slots * MINUTE / self.rate, 0.0 if self._burst else CATCH_UP_SECONDS)

    def _expire(self, now: float) -> None:
        for times in (self._window, self._last_minute):
            while times and times[0] + MINUTE <= now:
                times.popleft()


class Adaptation:
    """Additive increase, multiplicative decrease of a limiter's rate, between a floor and `top`."""

    def __init__(self, limiter: Limiter, top: float) -> None:
        self._limiter = limiter
        self._top = top
        self._floor = min(PLAYBACK_RATE_FLOOR, top)
        self._mark = 0

    def set(self, rate: float) -> None:
        self._limiter.rate = min(self._top, max(self._floor, rate))

    def healthy(self, number: int) -> None:
        """A good answer to request `number`. Each adds a share of the step, so that a rate's worth of them (one minute) adds one step."""
        if number > self._mark:
            self.set(self._limiter.rate + self._top / RAMP_MINUTES / self._limiter.rate)

    def halve(self, number: int, issued: int) -> None:
        """Request `number` met a limit; those in flight with it, up to number `issued`, halve nothing more."""
        if number > self._mark:
            self._mark = issued
            self._limiter.lower(max(self._floor, self._limiter.rate / 2))
