"""The rules of politeness as a machine without waiting, and what they tell: why a run must end, the state kept between
runs."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Self

from crawler.politeness.circuit_breaker import CircuitBreaker, Pause, Permit, doubling_waits
from crawler.politeness.rate_limiter import AdaptiveRate, Clock, Endpoint, RateLimiter, RequestBudget
from crawler.utils.text import format_duration
from crawler.wayback.playback import Outcome

STATE_VERSION: Final = 1
NO_NUMBER: Final = 1e12
"""Above any time in seconds that makes sense, the epoch's included."""


class StopKind(Enum):
    RETRY_AFTER = "retry_after"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why nothing more may be sent in this run; `until` is the wall-clock time (seconds since the epoch) from which
    another may start."""

    kind: StopKind
    message: str
    until: float


class PolitenessClosed(Exception):
    """Nothing more will be permitted: the crawl is being ended."""


class ArchiveStop(PolitenessClosed):
    """Nothing more will be permitted: the archive's limits end the run."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PolitenessState:
    """What a restart must know. Waits are the seconds left at `saved_at` (wall clock), so that no jump of that clock
    can lengthen them."""

    saved_at: float
    playback_rate: float
    calm_seconds: float
    pause_left: float
    pause_level: int
    breaker_shut: int
    breaker_left: float
    breaker_level: int
    outage_shut: int
    outage_left: float
    outage_level: int
    version: int = STATE_VERSION

    @classmethod
    def from_json(cls, state: Mapping[str, object]) -> Self:
        """ValueError when a key is missing or unknown, a value makes no sense, or another version wrote it."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"politeness state: version {state.get('version')!r} instead of {STATE_VERSION}")
        values: dict[str, int | float] = {}
        for field in fields(cls):
            value = state.get(field.name)
            if not isinstance(value, int if field.type is int else (int, float)) or not 0 <= value < NO_NUMBER:
                raise ValueError(f"politeness state: {field.name} is {value!r}")
            values[field.name] = value
        if unknown := state.keys() - values.keys():
            raise ValueError(f"politeness state: unknown {', '.join(sorted(unknown))}")
        return cls(**values)  # type: ignore[arg-type]  # checked just above

    def left(self, seconds: float, now: float) -> float:
        """What is left at wall-clock time `now` of a wait that had `seconds` to go when saved.

        A clock now behind `saved_at` was set back: none of the wait counts as served. One set forward cannot be told
        from time that passed.
        """
        return max(0.0, seconds - max(0.0, now - self.saved_at))


@dataclass(frozen=True, slots=True)
class RequestPace:
    """Requests of one kind (the value of an `Endpoint`) to one archive: sent in this run, sent in the last 60 seconds,
    permitted a minute now, and at most."""

    host: str
    kind: str
    sent: int
    minute: int
    permitted: float
    most: float


@dataclass(frozen=True, slots=True)
class PolitenessSummary:
    """Figures of one run. Times are seconds; `busiest_minute` is the highest number of requests in any sliding 60 s.

    `budget_used` is, for each endpoint, the share (0 to 1) of the requests that its rate of the moment allowed between
    its first and its last request, leaving out pauses, breaker and outage times; None before the second request. Below
    1 the crawl was held up by something else: slow answers, too few at once, or no more to ask for.
    """

    requests: Mapping[Endpoint, int]
    busiest_minute: Mapping[Endpoint, int]
    rate: Mapping[Endpoint, float]
    budget_used: Mapping[Endpoint, float | None]
    pauses: int
    pause_seconds: float
    refusals: int
    breaker_trips: int
    outages: int
    held_seconds: float
    connections: int

    def describe(self) -> str:
        """A few lines for people."""
        lines = []
        for endpoint, count in self.requests.items():
            used, busiest = self.budget_used[endpoint], self.busiest_minute[endpoint]
            share = "" if used is None else f", {used:.1%} of the permitted budget used"
            lines.append(f"{endpoint.value}: {count} requests, at most {busiest} in any minute{share}")
        paused, held = format_duration(self.pause_seconds), format_duration(self.held_seconds)
        lines.append(f"pauses after 429: {self.pauses} ({paused}); new connections: {self.connections}")
        lines.append(
            f"refused connections: {self.refusals}, breaker trips: {self.breaker_trips}, outages: {self.outages};"
            f" nothing or only probes sent for {held} in all"
        )
        return "\n".join(lines)


def format_time(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


MOST_RETRY_AFTER: Final = 7 * 86400.0
"""Seconds; a longer Retry-After is taken for a mistake and counted as this, or the saved state would lock its owner out
for good."""


class PolitenessPolicy:
    """Each call first books the time since the last one, by the rules that held then."""

    def __init__(self, budget: RequestBudget, clock: Clock) -> None:
        self._budget = budget
        self._clock = clock
        now = clock.monotonic()
        start = min(budget.playback_rate_start, budget.playback_rate)
        self.limiters = {Endpoint.CDX: RateLimiter(budget.cdx_rate, now), Endpoint.PLAYBACK: RateLimiter(start, now)}
        self.connections = RateLimiter(budget.connections_per_minute, now, budget.connections_burst)
        self.stop_reason: StopReason | None = None
        """Set once nothing more will be permitted in this run."""
        self.news: list[tuple[str, float]] = []
        self._playback = AdaptiveRate(self.limiters[Endpoint.PLAYBACK], budget.playback_rate)
        self._pause = Pause(budget.pause_seconds, budget.pause_max_seconds)
        self._breaker = CircuitBreaker(budget.breaker_seconds)
        self._outage = CircuitBreaker(doubling_waits(budget.outage_seconds, budget.outage_max_seconds))
        self._issued = 0
        self._troubled: set[str] = set()
        """What met trouble since the last healthy answer."""
        self._faulty: set[str] = set()
        """What met trouble while the archive was well, as a probe has shown."""
        self._booked = now
        self._calm = 0.0
        self._held_seconds = self._pause_seconds = 0.0
        self._refusals = self._trips = self._outages = 0

    def wait(self, permit: Permit, limiter: RateLimiter) -> float:
        """Seconds after which to ask again; 0 when the request may go now."""
        now = self._book()
        held = max(self._pause.wait(now), self._breaker.wait(now, permit), self._outage.wait(now, permit))
        return max(held, limiter.wait(now))

    def go(self, permit: Permit, limiter: RateLimiter) -> None:
        """The request goes, `wait` having said 0 at this very time."""
        now = self._book()
        self._issued += 1
        permit.number = self._issued
        self._breaker.enter(permit, now)
        self._outage.enter(permit, now)
        limiter.take(now)
        if self._pause.announced:
            self._pause.announced = False
            self.news.append(("The pause is over", 0.0))

    def report(self, permit: Permit, outcome: Outcome, retry_after: float | None) -> None:
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
            self.news.append(("The archive accepts connections again", 0.0))
        if outcome is Outcome.HEALTHY:
            self._healthy(permit)
        elif outcome is Outcome.RATE_LIMITED:
            self._rate_limited(permit, now, asked)
        elif outcome in (Outcome.TROUBLE, Outcome.OVERLOADED):
            if outcome is Outcome.OVERLOADED:
                self._overloaded(permit, now, asked)
            self._trouble(permit, now, at_once=was_breaker_probe)

    @property
    def in_outage(self) -> bool:
        return self._outage.is_open

    def holding(self) -> tuple[str, float] | None:
        """What all requests wait for, and the seconds left (0: until a probe is answered); None when only the rates
        hold."""
        now = self._clock.monotonic()
        holds = {
            "connections refused": self._breaker.left(now),
            "the archive has an outage": self._outage.left(now),
            "the archive asked for a pause": self._pause.wait(now) or None,
        }
        return max(
            ((name, seconds) for name, seconds in holds.items() if seconds is not None),
            key=lambda hold: hold[::-1],
            default=None,
        )

    def paces(self, host: str) -> list[RequestPace]:
        """How fast each kind of request goes now, and may go; `host` is what the archive is called."""
        now = self._clock.monotonic()
        most = {Endpoint.CDX: self._budget.cdx_rate, Endpoint.PLAYBACK: self._budget.playback_rate}
        return [
            RequestPace(host, kind.value, limiter.count, limiter.last_minute(now), limiter.rate, most[kind])
            for kind, limiter in self.limiters.items()
        ]

    def state(self) -> dict[str, float | int]:
        """For `restore` in the next run; JSON-serialisable. Save it when notified and from time to time (the learned
        rate)."""
        now = self._book()
        state = PolitenessState(
            saved_at=self._clock.time(),
            playback_rate=self.limiters[Endpoint.PLAYBACK].rate,
            calm_seconds=self._calm,
            pause_left=self._pause.wait(now),
            pause_level=self._pause.level,
            breaker_shut=int(self._breaker.is_open),
            breaker_left=self._breaker.left(now) or 0.0,
            breaker_level=self._breaker.level,
            outage_shut=int(self._outage.is_open),
            outage_left=self._outage.left(now) or 0.0,
            outage_level=self._outage.level,
        )
        return asdict(state)

    def restore(self, state: Mapping[str, object]) -> None:
        """Goes on where an earlier run stopped; before the first permit. ValueError, and nothing changed, when the
        state is damaged.

        Time between the runs counts as waited, never as healthy. With the clock set back since, waits go on from where
        they were saved.
        """
        saved = PolitenessState.from_json(state)
        now, wall = self._book(), self._clock.time()
        self._calm = saved.calm_seconds
        self._playback.set(saved.playback_rate)
        self._breaker.restore(bool(saved.breaker_shut), saved.breaker_level, saved.left(saved.breaker_left, wall), now)
        self._outage.restore(bool(saved.outage_shut), saved.outage_level, saved.left(saved.outage_left, wall), now)
        self._pause.level = saved.pause_level
        for breaker, name in ((self._breaker, "refused connections"), (self._outage, "an outage")):
            if breaker.is_open:
                self._hold(f"Waiting on after {name} in the last run, then one probe", breaker.until - now)
        if left := self._pause.extend(min(MOST_RETRY_AFTER, saved.left(saved.pause_left, wall)), 0, now):
            self._hold("The pause of the last run goes on: nothing is sent to the archive", left)
            self._end_if_longer(left)

    def summary(self) -> PolitenessSummary:
        self._book()
        return PolitenessSummary(
            requests={endpoint: limiter.count for endpoint, limiter in self.limiters.items()},
            busiest_minute={endpoint: limiter.peak for endpoint, limiter in self.limiters.items()},
            rate={endpoint: limiter.rate for endpoint, limiter in self.limiters.items()},
            budget_used={endpoint: limiter.used for endpoint, limiter in self.limiters.items()},
            pauses=self._pause.count,
            pause_seconds=self._pause_seconds,
            refusals=self._refusals,
            breaker_trips=self._trips,
            outages=self._outages,
            held_seconds=self._held_seconds,
            connections=self.connections.count,
        )

    def _healthy(self, permit: Permit) -> None:
        if permit.endpoint is Endpoint.PLAYBACK:
            self._playback.healthy(permit.number)
        if self._outage.is_open:
            self._faulty |= self._troubled
            self._outage.reset()
            self.news.append(("The archive's outage is over", 0.0))
        self._outage.level = 0
        self._troubled.clear()

    def _rate_limited(self, permit: Permit, now: float, asked: float) -> None:
        # One limit for the address, whichever endpoint met it.
        self._playback.halve(permit.number, self._issued)
        if self._calm >= self._budget.healthy_seconds:
            self._pause.level = 0
        if seconds := self._pause.begin(permit, self._issued, now, asked):
            self._hold("Too many requests (429): nothing is sent to the archive", seconds)
        self._end_if_longer(asked)

    def _overloaded(self, permit: Permit, now: float, asked: float) -> None:
        # An overloaded CDX server says nothing about playback.
        if permit.endpoint is Endpoint.PLAYBACK:
            self._playback.halve(permit.number, self._issued)
        if seconds := self._pause.extend(asked, self._issued, now):
            self._hold("Overloaded (503 with Retry-After): nothing is sent to the archive", seconds)
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
        self._hold("Connection refused: nothing is sent to the archive, then one probe", seconds)
        if self._breaker.level >= self._budget.breaker_trips:
            message = f"The archive refused connections {self._breaker.level} times in a row"
            self._end(StopKind.REFUSED, message, seconds)

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
        until = format_time(self._clock.time() + seconds)
        self.news.append((f"{message}, for {format_duration(seconds)}, until {until}", seconds))

    def _end_if_longer(self, asked: float) -> None:
        if asked > self._budget.retry_after_limit:
            message = f"The archive asks to be left alone for {format_duration(asked)} (Retry-After)"
            self._end(StopKind.RETRY_AFTER, message, asked)

    def _end(self, kind: StopKind, message: str, seconds: float) -> None:
        until = self._clock.time() + seconds
        if self.stop_reason is None or until > self.stop_reason.until:
            text = f"{message}: this run ends. Start again after {format_time(until)}; what is recovered is kept."
            self.stop_reason = StopReason(kind, text, until)

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
        for limiter in self.limiters.values():
            limiter.earn(passed - held)
            if held:  # time without sending leaves nothing to catch up
                limiter.not_before(now if is_open else min(now, self._pause.until))
        return now
