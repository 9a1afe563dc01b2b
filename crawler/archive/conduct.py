"""The rules of politeness as a machine without waiting: what each outcome of a request does to pause, gates and rates."""

import math
from collections.abc import Mapping
from typing import Final

from crawler.archive.breaker import Pause, Permit, ProbeGate, growing
from crawler.archive.budget import Budget, Endpoint, Outcome
from crawler.archive.clock import Clock
from crawler.archive.limiter import Adaptation, Limiter
from crawler.archive.politeness_report import EndKind, EndReason, Pace, PolitenessSummary, SavedState, moment, span

MOST_RETRY_AFTER: Final = 7 * 86400.0
"""Seconds; a longer Retry-After is taken for a mistake and counted as this, or the saved state would lock its owner out for good."""


class Conduct:
    """Each call first books the time since the last one, by the rules that held then."""

    def __init__(self, budget: Budget, clock: Clock) -> None:
        self._budget = budget
        self._clock = clock
        now = clock.monotonic()
        start = min(budget.playback_rate_start, budget.playback_rate)
        self.limiters = {Endpoint.CDX: Limiter(budget.cdx_rate, now), Endpoint.PLAYBACK: Limiter(start, now)}
        self.connections = Limiter(budget.connections_per_minute, now, budget.connections_burst)
        self.must_end: EndReason | None = None
        self.news: list[tuple[str, float]] = []
        self._playback = Adaptation(self.limiters[Endpoint.PLAYBACK], budget.playback_rate)
        self._pause = Pause(budget.pause_seconds, budget.pause_max_seconds)
        self._breaker = ProbeGate(budget.breaker_seconds)
        self._outage = ProbeGate(growing(budget.outage_seconds, budget.outage_max_seconds))
        self._issued = 0
        self._troubled: set[str] = set()
        """What met trouble since the last healthy answer."""
        self._faulty: set[str] = set()
        """What met trouble while the archive was well, as a probe has shown."""
        self._booked = now
        self._calm = 0.0
        self._held_seconds = self._pause_seconds = 0.0
        self._refusals = self._trips = self._outages = 0

    def wait(self, permit: Permit, limiter: Limiter) -> float:
        """Seconds after which to ask again; 0 when the request may go now."""
        now = self._book()
        return max(self._pause.wait(now), self._breaker.wait(now, permit), self._outage.wait(now, permit), limiter.wait(now))

    def go(self, permit: Permit, limiter: Limiter) -> None:
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
        elif outcome is not Outcome.ABANDONED:
            self._connected(permit)
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
        return self._outage.shut

    def holding(self) -> tuple[str, float] | None:
        now = self._clock.monotonic()
        holds = [
            (max(0.0, gate.until - now), name)
            for gate, name in ((self._breaker, "connections refused"), (self._outage, "the archive has an outage"))
            if gate.shut
        ]
        if left := self._pause.wait(now):
            holds.append((left, "the archive asked for a pause"))
        if not holds:
            return None
        seconds, name = max(holds)
        return name, seconds

    def paces(self) -> dict[Endpoint, Pace]:
        now = self._clock.monotonic()
        most = {Endpoint.CDX: self._budget.cdx_rate, Endpoint.PLAYBACK: self._budget.playback_rate}
        return {
            endpoint: Pace(limiter.count, limiter.last_minute(now), limiter.rate, most[endpoint])
            for endpoint, limiter in self.limiters.items()
        }

    def state(self) -> SavedState:
        now = self._book()
        return SavedState(
            saved_at=self._clock.time(),
            playback_rate=self.limiters[Endpoint.PLAYBACK].rate,
            calm_seconds=self._calm,
            pause_left=self._pause.wait(now),
            pause_level=self._pause.level,
            breaker_shut=int(self._breaker.shut),
            breaker_left=max(0.0, self._breaker.until - now),
            breaker_level=self._breaker.level,
            outage_shut=int(self._outage.shut),
            outage_left=max(0.0, self._outage.until - now),
            outage_level=self._outage.level,
        )

    def restore(self, state: Mapping[str, object]) -> None:
        saved = SavedState.from_json(state)
        now, wall = self._book(), self._clock.time()
        self._calm = saved.calm_seconds
        self._playback.set(saved.playback_rate)
        self._breaker.restore(bool(saved.breaker_shut), saved.breaker_level, saved.left(saved.breaker_left, wall), now)
        self._outage.restore(bool(saved.outage_shut), saved.outage_level, saved.left(saved.outage_left, wall), now)
        self._pause.level = saved.pause_level
        for gate, name in ((self._breaker, "refused connections"), (self._outage, "an outage")):
            if gate.shut:
                self._hold(f"Waiting on after {name} in the last run, then one probe", gate.until - now)
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
        if self._outage.shut:
            self._faulty |= self._troubled
            self._outage.open()
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

    def _connected(self, permit: Permit) -> None:
        # An answer to a request sent before the trip came over a connection that was open already: it says nothing about new ones.
        if self._breaker.shut and self._breaker.fresh(permit):
            self._breaker.open()
            self.news.append(("The archive accepts connections again", 0.0))

    def _refused(self, permit: Permit, now: float) -> None:
        self._refusals += 1
        self._playback.halve(permit.number, self._issued)
        if not self._breaker.fresh(permit):
            return
        if self._calm >= self._budget.healthy_seconds:
            self._breaker.level = 0
        self._trips += 1
        seconds = self._breaker.close(self._issued, now)
        self._hold("Connection refused: nothing is sent to the archive, then one probe", seconds)
        if self._breaker.level >= self._budget.breaker_trips:
            self._end(EndKind.REFUSED, f"The archive refused connections {self._breaker.level} times in a row", seconds)

    def _trouble(self, permit: Permit, now: float, at_once: bool) -> None:
        """`at_once`: the probe of a shut breaker came through, but to trouble; the next ones still go one at a time."""
        if self._outage.shut and not self._outage.fresh(permit):
            return
        about = permit.about or f"request {permit.number}"
        if about in self._faulty and not self._outage.shut:
            return
        self._troubled.add(about)
        if self._outage.shut or at_once or len(self._troubled) >= self._budget.outage_after:
            self._outages += not self._outage.shut
            self._hold("The archive has an outage: waiting, then one probe", self._outage.close(self._issued, now))

    def _hold(self, message: str, seconds: float) -> None:
        self._calm = 0.0
        self.news.append((f"{message}, for {span(seconds)}, until {moment(self._clock.time() + seconds)}", seconds))

    def _end_if_longer(self, asked: float) -> None:
        if asked > self._budget.retry_after_limit:
            self._end(EndKind.RETRY_AFTER, f"The archive asks to be left alone for {span(asked)} (Retry-After)", asked)

    def _end(self, kind: EndKind, message: str, seconds: float) -> None:
        until = self._clock.time() + seconds
        if self.must_end is None or until > self.must_end.until:
            text = f"{message}: this run ends. Start again after {moment(until)}; what is recovered is kept."
            self.must_end = EndReason(kind, text, until)

    def _book(self) -> float:
        """Books the time since the last booking, before anything changes how it counts; returns the time."""
        now = self._clock.monotonic()
        passed = now - self._booked
        shut = self._breaker.shut or self._outage.shut
        paused = max(0.0, min(now, self._pause.until) - self._booked)
        held = passed if shut else paused
        self._booked = now
        self._pause_seconds += paused
        self._held_seconds += held
        self._calm += passed - held
        for limiter in self.limiters.values():
            limiter.earn(passed - held)
            if held:  # time without sending leaves nothing to catch up
                limiter.not_before(now if shut else min(now, self._pause.until))
        return now
