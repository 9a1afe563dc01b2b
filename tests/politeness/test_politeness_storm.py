"""Random answers in a random order: whatever the archive does, politeness keeps its promises and the crawl goes on."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.politeness.circuit_breaker import Permit
from crawler.politeness.politeness import Politeness
from crawler.politeness.rate_limiter import Endpoint, RequestBudget
from crawler.wayback.playback import Outcome
from tests.clock import VirtualClock

WORKERS = 6
BUDGET = RequestBudget(breaker_trips=10_000, outage_after=4, connections_per_minute=20.0)
LONGEST = 3600.0
"""Seconds of the longest single wait, of a breaker or a Retry-After."""


@dataclass(frozen=True)
class Answer:
    outcome: Outcome
    latency: float
    retry_after: float | None
    new_connection: bool


ANSWERS = st.builds(
    Answer,
    st.sampled_from([Outcome.HEALTHY, *Outcome]),
    st.sampled_from([0.0, 0.5, 5.0, 59.0, 60.0, 61.0, 180.0]) | st.floats(0, 120),
    st.none() | st.sampled_from([0.0, 1.0, 60.0, 200.0, LONGEST]) | st.floats(0, 1000),
    st.booleans(),
)
CALM = Answer(Outcome.HEALTHY, 0.5, None, False)


@dataclass
class Watch:
    """A second, plain reading of the rules; it looks at every request as it goes out."""

    clock: VirtualClock
    politeness: Politeness
    scripted: int
    order: int = 0
    last_pause: int = 0
    last_trip: int = 0
    last_outage: int = 0
    troubles: int = 0
    breaker: bool = False
    outage: bool = False
    paused_until: float = 0.0
    tripped_until: float = 0.0
    outage_until: float = 0.0
    in_flight: dict[int, int] = field(default_factory=dict)
    recent: dict[Endpoint, deque[float]] = field(default_factory=lambda: {endpoint: deque() for endpoint in Endpoint})
    rates: dict[Endpoint, deque[tuple[float, float]]] = field(
        default_factory=lambda: {endpoint: deque() for endpoint in Endpoint}
    )
    last_out: float = 0.0

    def highest(self, endpoint: Endpoint) -> float:
        """The highest rate of the last minute: what was sent before a halving is not held against the halved rate."""
        now, rates = self.clock.monotonic(), self.rates[endpoint]
        rates.append((now, self.politeness.summary().rate[endpoint]))
        while len(rates) > 1 and rates[1][0] + 60 <= now:
            rates.popleft()
        return max(rate for _, rate in rates)

    @property
    def forbidden(self) -> float:
        return max(self.paused_until, self.tripped_until, self.outage_until)

    def permit(self, endpoint: Endpoint) -> None:
        now = self.clock.monotonic()
        assert now >= self.forbidden
        recent = self.recent[endpoint]
        recent.append(now)
        while recent[0] + 60 <= now:
            recent.popleft()
        assert len(recent) <= round(self.highest(endpoint))

    def out(self, permit: Permit) -> int:
        """The request goes on the wire; its order number."""
        assert self.clock.monotonic() >= self.forbidden
        for shut, since in ((self.breaker, self.last_trip), (self.outage, self.last_outage)):
            if shut:
                assert not [order for order in self.in_flight.values() if order > since], "two probes"
        self.order += 1
        self.last_out = self.clock.monotonic()
        self.in_flight[id(permit)] = self.order
        return self.order

    def answered(self, permit: Permit, order: int, answer: Answer) -> None:
        now = self.clock.monotonic()
        del self.in_flight[id(permit)]
        outcome, asked = answer.outcome, answer.retry_after or 0.0
        if outcome is Outcome.HEALTHY:
            self.troubles, self.outage, self.outage_until = 0, False, 0.0
        if outcome not in (Outcome.REFUSED, Outcome.ABANDONED) and order > self.last_trip:
            # A doubtful probe of the breaker leaves one probe at a time: the outage takes over.
            self.outage = self.outage or (self.breaker and outcome in (Outcome.TROUBLE, Outcome.OVERLOADED))
            self.breaker = False
        if outcome is Outcome.RATE_LIMITED and order > self.last_pause:
            asked = max(asked, BUDGET.pause_seconds)
        if outcome in (Outcome.RATE_LIMITED, Outcome.OVERLOADED) and asked > max(0.0, self.paused_until - now):
            self.paused_until, self.last_pause = now + asked, self.order
        if outcome is Outcome.REFUSED and order > self.last_trip:
            self.breaker, self.last_trip = True, self.order
            self.tripped_until = now + BUDGET.breaker_seconds[0]
        if outcome in (Outcome.TROUBLE, Outcome.OVERLOADED) and not (self.outage and order <= self.last_outage):
            self.troubles += 1
            if self.outage or self.troubles >= BUDGET.outage_after:
                self.outage, self.last_outage = True, self.order
                self.outage_until = now + BUDGET.outage_seconds


async def _work(watch: Watch, endpoint: Endpoint, script: list[Answer]) -> None:
    while True:
        answer = script.pop() if script else CALM
        permit = await watch.politeness.permit(endpoint)
        watch.permit(endpoint)
        if answer.new_connection:
            await watch.politeness.permit_connection(permit)
        order = watch.out(permit)
        await watch.clock.sleep(answer.latency)
        watch.answered(permit, order, answer)
        watch.scripted -= answer is not CALM
        watch.highest(endpoint)
        watch.politeness.report(permit, answer.outcome, answer.retry_after)
        assert watch.politeness.in_outage == watch.outage


async def _storm(script: list[Answer]) -> None:
    clock = VirtualClock()
    politeness = Politeness(BUDGET, clock, lambda message, seconds: None)
    watch = Watch(clock, politeness, len(script))
    workers = [
        asyncio.ensure_future(_work(watch, (Endpoint.CDX, Endpoint.PLAYBACK)[n % 2], script)) for n in range(WORKERS)
    ]
    try:
        unasked = 0
        while watch.scripted or politeness.holding():
            await clock.advance(60)
            _raise_from(workers)
            unasked += not script
            assert unasked <= (WORKERS + 2) * LONGEST / 60, "somebody is never let through"
            assert clock.monotonic() - watch.last_out <= LONGEST + 600, "no progress"
        await clock.advance(120)
        _raise_from(workers)
        assert all(len(recent) > 5 for recent in watch.recent.values())
        assert politeness.holding() is None
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def _raise_from(workers: list[asyncio.Task[None]]) -> None:
    for worker in workers:
        if worker.done():
            worker.result()


@pytest.mark.heavy
@given(st.lists(ANSWERS, max_size=80))
def test_no_request_where_none_may_be_and_progress_always(script: list[Answer]) -> None:
    asyncio.run(_storm(list(script)))
