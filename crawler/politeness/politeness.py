"""Never banned by the archive: leave to send is asked for here, and what came of it told. Pure: no sockets, no clock of
its own.

One object for one archive and one event loop; not for several threads.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from crawler.politeness.circuit_breaker import Permit
from crawler.politeness.policy import (
    ArchiveStop,
    PolitenessClosed,
    PolitenessPolicy,
    PolitenessSummary,
    RequestPace,
    StopReason,
)
from crawler.politeness.rate_limiter import Clock, Endpoint, RateLimiter, RequestBudget
from crawler.wayback.playback import Outcome

Notify = Callable[[str, float], None]

LEAST_NAP: Final = 0.001
"""Seconds; a shorter sleep may not move a clock at all."""


class Politeness:
    """Before each request `permit`, before each new TCP connection for it `permit_connection`, after it `report`,
    whatever happened.

    `notify(message, seconds)` hears when a pause, breaker or outage begins (and for how long) or ends (0); that is also
    the time to save `state()`, and it comes before anything more is permitted.
    """

    def __init__(self, budget: RequestBudget, clock: Clock, notify: Notify) -> None:
        self._conduct = PolitenessPolicy(budget, clock)
        self._clock = clock
        self._notify = notify
        self._turns = {endpoint: asyncio.Lock() for endpoint in Endpoint}
        self._naps: set[asyncio.Task[None]] = set()
        self._closed: str | None = None

    async def permit(self, endpoint: Endpoint, about: str = "") -> Permit:
        """Waits, first come first served, until one request may be put on the wire; send it without awaiting anything
        else before.

        MustEnd or PolitenessClosed when nothing will be sent any more.
        """
        permit = Permit(endpoint, 0, about)
        async with self._turns[endpoint]:
            await self._pass(permit, self._conduct.limiters[endpoint])
        return permit

    async def permit_connection(self, permit: Permit) -> None:
        """Waits until a new TCP connection may be opened for a permitted request; a pause that began meanwhile is
        waited out too.

        Errors as for `permit`; the permit still has to be reported.
        """
        # No queue as in permit(): a request that waits here for the probe's answer must not stand in the probe's way.
        await self._pass(permit, self._conduct.connections)

    def report(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        """What came of a permitted request, once for each; `retry_after` is the header in seconds from now (429 and 503
        only)."""
        self._conduct.report(permit, outcome, retry_after)
        self._wake()
        self._tell()

    def close(self, message: str) -> None:
        """Wakes all who wait, with PolitenessClosed; outstanding requests may still be reported."""
        self._closed = message
        self._wake()

    @property
    def must_end(self) -> StopReason | None:
        """Set once nothing more will be permitted in this run."""
        return self._conduct.must_end

    @property
    def in_outage(self) -> bool:
        return self._conduct.in_outage

    def holding(self) -> tuple[str, float] | None:
        """What all requests wait for, and the seconds left (0: until a probe is answered); None when only the rates
        hold."""
        return self._conduct.holding()

    def paces(self) -> dict[Endpoint, RequestPace]:
        """How fast each kind of request goes now, and may go."""
        return self._conduct.paces()

    def state(self) -> dict[str, float | int]:
        """For `restore` in the next run; JSON-serialisable. Save it when notified and from time to time (the learned
        rate)."""
        return self._conduct.state().to_json()

    def restore(self, state: Mapping[str, object]) -> None:
        """Goes on where an earlier run stopped; before the first permit. ValueError, and nothing changed, when the
        state is damaged.

        Time between the runs counts as waited, never as healthy. With the clock set back since, waits go on from where
        they were saved.
        """
        self._conduct.restore(state)
        self._tell()

    def summary(self) -> PolitenessSummary:
        return self._conduct.summary()

    async def _pass(self, permit: Permit, limiter: RateLimiter) -> None:
        """Asks again after each sleep: what was free when it began may be held when it ends."""
        while True:
            if self.must_end:
                raise ArchiveStop(self.must_end)
            if self._closed is not None:
                raise PolitenessClosed(self._closed)
            wait = self._conduct.wait(permit, limiter)
            if wait <= 0:
                break
            await self._nap(max(wait, LEAST_NAP))
        self._conduct.go(permit, limiter)
        self._tell()

    async def _nap(self, seconds: float) -> None:
        nap = asyncio.ensure_future(self._clock.sleep(seconds))
        self._naps.add(nap)
        try:
            await asyncio.wait({nap})
        finally:
            self._naps.discard(nap)
            nap.cancel()
        if not nap.cancelled():
            nap.result()

    def _wake(self) -> None:
        """Ends all naps early; who was woken looks again."""
        for nap in self._naps:
            nap.cancel()

    def _tell(self) -> None:
        """Last in each change, so that who is told may save the state."""
        news, self._conduct.news = self._conduct.news, []
        for message, seconds in news:
            self._notify(message, seconds)
