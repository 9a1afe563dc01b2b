"""Never banned by the archive: a permit is asked for here before anything is sent, and what came of it reported.

Pure: no sockets, no clock of its own. One object for one archive and one event loop; not for several threads.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from crawler.politeness.circuit_breaker import CircuitBreaker, Pause, Permit, doubling_waits
from crawler.politeness.rate_limiter import AdaptiveRate, Clock, Endpoint, RateLimiter, RequestBudget
from crawler.politeness.summary import PolitenessSummary, RequestPace
from crawler.utils.text import format_duration
from crawler.wayback.playback import Outcome

LEAST_SLEEP: Final = 0.001
"""Seconds; a shorter sleep may not move a clock at all."""
MOST_RETRY_AFTER: Final = 7 * 86400.0
"""Seconds; a longer Retry-After is taken for a mistake and counted as this, or the saved state would lock its owner out
for good."""


class PolitenessClosed(Exception):
    """Nothing more will be permitted: the crawl is being ended."""


class ArchiveStop(PolitenessClosed):
    """Nothing more will be permitted: the archive's limits end the run."""


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why nothing more may be sent in this run; `until` is the wall-clock time (seconds since the epoch) from which
    another may start."""

    message: str
    until: float


class Politeness:
    """Before each request `permit`, before each new TCP connection for it `permit_connection`, after it `report`,
    whatever happened.

    `notify(message, seconds)` hears when a pause, breaker or outage begins (and for how long) or ends (0); that is also
    the time to save `state()`, and it comes before anything more is permitted.
    """

    def __init__(self, budget: RequestBudget, clock: Clock, notify: Callable[[str, float], None]) -> None:
        self._budget, self._clock, self._notify = budget, clock, notify
        now = clock.monotonic()
        start = min(budget.playback_rate_start, budget.playback_rate)
        self._limiters = {Endpoint.CDX: RateLimiter(budget.cdx_rate, now), Endpoint.PLAYBACK: RateLimiter(start, now)}
        self._connections = RateLimiter(budget.connections_per_minute, now, budget.connections_burst)
        self._playback = AdaptiveRate(self._limiters[Endpoint.PLAYBACK], budget.playback_rate)
        self._pause = Pause(doubling_waits(budget.pause_seconds, budget.pause_max_seconds))
        self._breaker = CircuitBreaker(budget.breaker_seconds)
        self._outage = CircuitBreaker(doubling_waits(budget.outage_seconds, budget.outage_max_seconds))
        self.stop_reason: StopReason | None = None
        """Set once nothing more will be permitted in this run."""
        self._closed: str | None = None
        self._turns = {endpoint: asyncio.Lock() for endpoint in Endpoint}
        self._sleeps: set[asyncio.Task[None]] = set()
        self._news: list[tuple[str, float]] = []
        self._issued = 0
        self._troubled: set[str] = set()
        """What met trouble since the last healthy answer."""
        self._faulty: set[str] = set()
        """What met trouble while the archive was well, as a probe has shown."""
        self._booked = now
        self._calm = 0.0
        self._held_seconds = self._pause_seconds = 0.0
        self._refusals = self._trips = self._outages = 0

    # Permission

    async def permit(self, endpoint: Endpoint, about: str = "") -> Permit:
        """Waits, first come first served, until one request may be put on the wire; send it without awaiting anything
        else before.

        ArchiveStop or PolitenessClosed when nothing will be sent any more.
        """
        permit = Permit(endpoint, 0, about)
        async with self._turns[endpoint]:
            await self._pass(permit, self._limiters[endpoint])
        return permit

    async def permit_connection(self, permit: Permit) -> None:
        """Waits until a new TCP connection may be opened for a permitted request; a pause that began meanwhile is
        waited out too. Errors as for `permit`; the permit still has to be reported."""
        # No queue as in permit(): a request that waits here for the probe's answer must not stand in the probe's way.
        await self._pass(permit, self._connections)

    async def _pass(self, permit: Permit, limiter: RateLimiter) -> None:
        """Asks again after each sleep: what was free when it began may be held when it ends."""
        while True:
            if self.stop_reason:
                raise ArchiveStop(self.stop_reason.message)
            if self._closed is not None:
                raise PolitenessClosed(self._closed)
            now = self._book()
            held = max(self._pause.wait(now), self._breaker.wait(now, permit), self._outage.wait(now, permit))
            wait = max(held, limiter.wait(now))
            if wait <= 0:
                break
            sleep = asyncio.ensure_future(self._clock.sleep(max(wait, LEAST_SLEEP)))
            self._sleeps.add(sleep)
            try:
                await asyncio.wait({sleep})
            finally:
                self._sleeps.discard(sleep)
                sleep.cancel()
            if not sleep.cancelled():
                sleep.result()
        self._issued += 1
        permit.number = self._issued
        self._breaker.enter(permit, now)
        self._outage.enter(permit, now)
        limiter.take(now)
        if self._pause.announced:
            self._pause.announced = False
            self._news.append(("The pause is over", 0.0))
        self._tell()

    def close(self, message: str) -> None:
        """Wakes all who wait, with PolitenessClosed; outstanding requests may still be reported."""
        self._closed = message
        self._wake()

    def _wake(self) -> None:
        """Ends all sleeps early; who was woken looks again."""
        for sleep in self._sleeps:
            sleep.cancel()

    def _tell(self) -> None:
        """Last in each change, so that who is told may save the state."""
        news, self._news = self._news, []
        for message, seconds in news:
            self._notify(message, seconds)

    # What came of it

    def report(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        """What came of a permitted request, once for each; `retry_after` is the header in seconds from now (429 and 503
        only)."""
        now = self._book()
        was_breaker_probe = self._breaker.release(permit)
        self._outage.release(permit)
        asked = 0.0 if retry_after is None or math.isnan(retry_after) else min(max(0.0, retry_after), MOST_RETRY_AFTER)
        if outcome is Outcome.REFUSED:
            self._refused(permit, now)
        elif outcome is not Outcome.ABANDONED and self._breaker.is_open and self._breaker.is_news(permit):
            # An answer to a request sent before the trip came over a connection that was open already: it says nothing
            # about new ones.
            self._breaker.reset()
            self._news.append(("The archive accepts connections again", 0.0))
        if outcome is Outcome.HEALTHY:
            if permit.endpoint is Endpoint.PLAYBACK:
                self._playback.healthy(permit.number)
            if self._outage.is_open:
                self._faulty |= self._troubled
                self._outage.reset()
                self._news.append(("The archive's outage is over", 0.0))
            self._outage.level = 0
            self._troubled.clear()
        if outcome in (Outcome.RATE_LIMITED, Outcome.OVERLOADED):
            self._limited(permit, now, asked, doubles=outcome is Outcome.RATE_LIMITED)
        if outcome in (Outcome.TROUBLE, Outcome.OVERLOADED):
            self._trouble(permit, now, at_once=was_breaker_probe)
        self._wake()
        self._tell()

    def _limited(self, permit: Permit, now: float, asked: float, *, doubles: bool) -> None:
        """A 429, after which pauses double, or a 503. The first is a limit for the address, whichever endpoint met it;
        an overloaded CDX server says nothing about playback."""
        if doubles or permit.endpoint is Endpoint.PLAYBACK:
            self._playback.halve(permit.number, self._issued)
        if doubles and self._calm >= self._budget.healthy_seconds:
            self._pause.level = 0
        least = self._pause.next_wait() if doubles and self._pause.is_news(permit) else 0.0
        if seconds := self._pause.extend(max(asked, least), self._issued, now):
            about = "Too many requests (429)" if doubles else "Overloaded (503 with Retry-After)"
            self._hold(f"{about}: nothing is sent to the archive", seconds)
        self._end_if_longer(asked)

    def _refused(self, permit: Permit, now: float) -> None:
        self._refusals += 1
        self._playback.halve(permit.number, self._issued)
        if not self._breaker.is_news(permit):
            return
        if self._calm >= self._budget.healthy_seconds:
            self._breaker.level = 0
        self._trips += 1
        seconds = self._breaker.trip(self._issued, now)
        self._hold("Connection refused, one probe follows: nothing is sent to the archive", seconds)
        if self._breaker.level >= self._budget.breaker_trips:
            self._end(f"The archive refused connections {self._breaker.level} times in a row", seconds)

    def _trouble(self, permit: Permit, now: float, at_once: bool) -> None:
        """`at_once`: the probe of an open breaker came through, but to trouble; the next still go one at a time."""
        if self._outage.is_open and not self._outage.is_news(permit):
            return
        about = permit.about or f"request {permit.number}"
        if about in self._faulty and not self._outage.is_open:
            return
        self._troubled.add(about)
        if self._outage.is_open or at_once or len(self._troubled) >= self._budget.outage_after:
            self._outages += not self._outage.is_open
            self._hold("The archive has an outage: waiting, then one probe", self._outage.trip(self._issued, now))

    def _hold(self, message: str, seconds: float) -> None:
        self._calm = 0.0
        until = f", until {format_time(self._clock.time() + seconds)}" if seconds >= 60 else ""
        self._news.append((f"{message} for {format_duration(seconds)}{until}", seconds))

    def _end_if_longer(self, asked: float) -> None:
        if asked > self._budget.retry_after_limit:
            self._end(f"The archive asks to be left alone for {format_duration(asked)} (Retry-After)", asked)

    def _end(self, message: str, seconds: float) -> None:
        until = self._clock.time() + seconds
        if self.stop_reason is None or until > self.stop_reason.until:
            advice = f"this run ends. Start again after {format_time(until)}; what is recovered is kept."
            self.stop_reason = StopReason(f"{message}: {advice}", until)

    def _book(self) -> float:
        """Books the time since the last booking, before anything changes how it counts; returns the time."""
        now = self._clock.monotonic()
        passed = now - self._booked
        is_open = self._breaker.is_open or self._outage.is_open
        paused = max(0.0, min(now, self._pause.until) - self._booked)
        held = passed if is_open else paused
        self._booked = now
        self._pause_seconds += paused
        self._held_seconds += held
        self._calm += passed - held
        for limiter in self._limiters.values():
            limiter.earn(passed - held)
            if held:  # time without sending leaves nothing to catch up
                limiter.not_before(now if is_open else min(now, self._pause.until))
        return now

    # What is told

    @property
    def in_outage(self) -> bool:
        return self._outage.is_open

    def holding(self) -> tuple[str, float] | None:
        """What all requests wait for, and seconds left (0: until a probe is answered); None if only rates hold."""
        now = self._clock.monotonic()
        holds = {
            "connections refused": self._breaker.left(now),
            "the archive has an outage": self._outage.left(now),
            "the archive asked for a pause": self._pause.wait(now) or None,
        }
        left = [(seconds, name) for name, seconds in holds.items() if seconds is not None]
        return max(left)[::-1] if left else None

    def paces(self, host: str) -> list[RequestPace]:
        """How fast each kind of request goes now, and may go; `host` is what the archive is called."""
        now = self._clock.monotonic()
        most = {Endpoint.CDX: self._budget.cdx_rate, Endpoint.PLAYBACK: self._budget.playback_rate}
        return [
            RequestPace(host, kind.value, limiter.count, limiter.last_minute(now), limiter.rate, most[kind])
            for kind, limiter in self._limiters.items()
        ]

    def summary(self) -> PolitenessSummary:
        self._book()
        return PolitenessSummary(
            requests={endpoint: limiter.count for endpoint, limiter in self._limiters.items()},
            busiest_minute={endpoint: limiter.peak for endpoint, limiter in self._limiters.items()},
            rate={endpoint: limiter.rate for endpoint, limiter in self._limiters.items()},
            budget_used={endpoint: limiter.used for endpoint, limiter in self._limiters.items()},
            pauses=self._pause.count,
            pause_seconds=self._pause_seconds,
            refusals=self._refusals,
            breaker_trips=self._trips,
            outages=self._outages,
            held_seconds=self._held_seconds,
            connections=self._connections.count,
        )

    # From one run to the next

    def state(self) -> dict[str, float]:
        """For `restore` in the next run; JSON-serialisable. Save it when notified and from time to time (the learned
        rate). Waits are the seconds left at `saved_at` (wall clock), so that no jump of that clock can lengthen
        them."""
        now = self._book()
        return {
            "version": STATE_VERSION,
            "saved_at": self._clock.time(),
            "playback_rate": self._limiters[Endpoint.PLAYBACK].rate,
            "calm_seconds": self._calm,
            "pause_left": self._pause.wait(now),
            "pause_level": self._pause.level,
            "breaker_shut": int(self._breaker.is_open),
            "breaker_left": self._breaker.left(now) or 0.0,
            "breaker_level": self._breaker.level,
            "outage_shut": int(self._outage.is_open),
            "outage_left": self._outage.left(now) or 0.0,
            "outage_level": self._outage.level,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Goes on where an earlier run stopped; before the first permit. ValueError, and nothing changed, when the
        state is damaged.

        Time between the runs counts as waited, never as healthy. A clock now behind `saved_at` was set back: none of a
        wait counts as served. One set forward cannot be told from time that passed.
        """
        saved = _checked(state, self.state().keys())
        now = self._book()
        passed = max(0.0, self._clock.time() - saved["saved_at"])
        self._calm = saved["calm_seconds"]
        self._playback.set(saved["playback_rate"])
        self._pause.level = saved["pause_level"]
        breakers = {"breaker": (self._breaker, "refused connections"), "outage": (self._outage, "an outage")}
        for name, (breaker, after) in breakers.items():
            left = max(0.0, saved[f"{name}_left"] - passed)
            breaker.restore(bool(saved[f"{name}_shut"]), saved[f"{name}_level"], left, now)
            if breaker.is_open:
                self._hold(f"Waiting on after {after} in the last run, then one probe", breaker.until - now)
        left = min(MOST_RETRY_AFTER, saved["pause_left"] - passed)
        if seconds := self._pause.extend(left, 0, now):
            self._hold("The pause of the last run goes on: nothing is sent to the archive", seconds)
            self._end_if_longer(seconds)
        self._tell()


STATE_VERSION: Final = 1
NO_NUMBER: Final = 1e12
"""Above any time in seconds that makes sense, the epoch's included."""


def _checked(state: Mapping[str, object], keys: Set[str]) -> dict[str, Any]:
    """ValueError when a key is missing or unknown, a value makes no sense, or another version wrote the state."""
    if state.get("version") != STATE_VERSION:
        raise ValueError(f"politeness state: version {state.get('version')!r} instead of {STATE_VERSION}")
    for name in keys:
        value, is_count = state.get(name), name.endswith(("_level", "_shut"))
        if not isinstance(value, int if is_count else (int, float)) or not 0 <= value < NO_NUMBER:
            raise ValueError(f"politeness state: {name} is {value!r}")
    if unknown := state.keys() - keys:
        raise ValueError(f"politeness state: unknown {', '.join(sorted(unknown))}")
    return dict(state)


def format_time(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
