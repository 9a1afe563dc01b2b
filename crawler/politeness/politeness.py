"""Never banned by the archive: a permit is asked for here before anything is sent, and what came of it reported.

Pure: no sockets, no clock of its own. One object for one archive and one event loop; not for several threads.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from crawler.politeness.circuit_breaker import Permit
from crawler.politeness.policy import ArchiveStop, PolitenessClosed, PolitenessPolicy
from crawler.politeness.rate_limiter import Clock, Endpoint, RateLimiter, RequestBudget
from crawler.wayback.playback import Outcome

Notify = Callable[[str, float], None]

LEAST_SLEEP: Final = 0.001
"""Seconds; a shorter sleep may not move a clock at all."""


class Politeness(PolitenessPolicy):
    """Before each request `permit`, before each new TCP connection for it `permit_connection`, after it `report`,
    whatever happened.

    `notify(message, seconds)` hears when a pause, breaker or outage begins (and for how long) or ends (0); that is also
    the time to save `state()`, and it comes before anything more is permitted.
    """

    def __init__(self, budget: RequestBudget, clock: Clock, notify: Notify) -> None:
        super().__init__(budget, clock)
        self._notify = notify
        self._turns = {endpoint: asyncio.Lock() for endpoint in Endpoint}
        self._sleeps: set[asyncio.Task[None]] = set()
        self._closed: str | None = None

    async def permit(self, endpoint: Endpoint, about: str = "") -> Permit:
        """Waits, first come first served, until one request may be put on the wire; send it without awaiting anything
        else before.

        ArchiveStop or PolitenessClosed when nothing will be sent any more.
        """
        permit = Permit(endpoint, 0, about)
        async with self._turns[endpoint]:
            await self._pass(permit, self.limiters[endpoint])
        return permit

    async def permit_connection(self, permit: Permit) -> None:
        """Waits until a new TCP connection may be opened for a permitted request; a pause that began meanwhile is
        waited out too. Errors as for `permit`; the permit still has to be reported."""
        # No queue as in permit(): a request that waits here for the probe's answer must not stand in the probe's way.
        await self._pass(permit, self.connections)

    def report(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        """What came of a permitted request, once for each; `retry_after` is the header in seconds from now (429 and 503
        only)."""
        super().report(permit, outcome, retry_after)
        self._wake()
        self._tell()

    def close(self, message: str) -> None:
        """Wakes all who wait, with PolitenessClosed; outstanding requests may still be reported."""
        self._closed = message
        self._wake()

    def restore(self, state: Mapping[str, object]) -> None:
        super().restore(state)
        self._tell()

    async def _pass(self, permit: Permit, limiter: RateLimiter) -> None:
        """Asks again after each sleep: what was free when it began may be held when it ends."""
        while True:
            if self.stop_reason:
                raise ArchiveStop(self.stop_reason)
            if self._closed is not None:
                raise PolitenessClosed(self._closed)
            wait = self.wait(permit, limiter)
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
        self.go(permit, limiter)
        self._tell()

    def _wake(self) -> None:
        """Ends all sleeps early; who was woken looks again."""
        for sleep in self._sleeps:
            sleep.cancel()

    def _tell(self) -> None:
        """Last in each change, so that who is told may save the state."""
        news, self.news = self.news, []
        for message, seconds in news:
            self._notify(message, seconds)
